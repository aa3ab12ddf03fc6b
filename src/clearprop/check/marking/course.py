"""The run of a sheet: what is true after any number of updates, and what a slip makes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from clearprop.check.marking.compiled import MOST_NUMBERS, Run
from clearprop.check.marking.rules import Rules, Values
from clearprop.engines import get_engine
from clearprop.engines.base import Array, Samples, State
from clearprop.engines.order import epoch_order
from clearprop.engines.samples import check_samples
from clearprop.errors import InputError
from clearprop.explain.ref import Ref
from clearprop.explain.trace import Trace, trace
from clearprop.model import Model
from clearprop.sheet import Sheet
from clearprop.training.prepare import plan_of

FEW = 25
"""So many updates take less time by whole matrices than code for single numbers takes to compile."""
MOST_BY_MATRICES = 200
"""So many updates of a large network by a slip are followed, and no more."""


class Course:
    """A sheet's step before the first update, and after any number of them.

    The step after n updates is on the rows that update n + 1 takes.
    """

    def __init__(self, sheet: Sheet) -> None:
        model = sheet.model
        self.sheet = sheet
        self.samples = check_samples(model.network, model.parameters.flat.dtype, sheet.X, sheet.Y)
        order = sheet.order if isinstance(sheet.order, str) else list(sheet.order)
        size = sheet.batch_size
        self.plan = plan_of(sheet.optimizer, size, order, False, len(self.samples), threads=1, precision="full")
        self._traces: dict[int, Trace] = {}
        self._states: dict[Rules, dict[int, dict[Ref, Array] | None]] = {}

    def step(self, updates: int) -> Trace:
        """The step after so many updates, as it truly is.

        Raises:
            InputError: training leaves the finite numbers before.
        """
        if updates not in self._traces:
            self._traces[updates] = self._traced(updates)
        return self._traces[updates]

    def values_of(self, updates: int, ref: Ref) -> Array:
        """What a whole quantity of the step after so many updates truly is."""
        return np.asarray(self.step(updates).value(ref))

    @property
    def known(self) -> Collection[int]:
        """After how many updates steps were looked at."""
        return self._traces.keys()

    def given(self, updates: int) -> dict[Ref, Array]:
        """What the true step after so many updates starts from."""
        step = self.step(updates)
        return {ref: np.asarray(step.value(ref)) for ref in step.given}

    def values(self, rules: Rules, updates: int) -> Values | None:
        """The step after so many updates where all of them were done by these rules; None if they cannot be."""
        state = self.state(rules, updates)
        return None if state is None else Values(rules, {**self.given(updates), **state})

    def state(self, rules: Rules, updates: int) -> dict[Ref, Array] | None:
        """The parameters, and what the optimizer remembers, after so many updates by these rules."""
        states = self._states.setdefault(rules, {0: self._start(rules)})
        if updates not in states:
            begun = max(number for number in states if number < updates)
            state = states[begun]
            states[updates] = None if state is None else self._followed(rules, state, begun, updates)
        return states[updates]

    def rows(self, updates: int) -> Array:
        """The rows that the next update takes."""
        batches = self.plan.batches(len(self.samples))
        epoch, batch = divmod(updates, batches)
        order = epoch_order(self.plan.order, self.sheet.seed, epoch, len(self.samples))
        size = self.plan.batch_size
        return order[batch * size : (batch + 1) * size]

    def _start(self, rules: Rules) -> dict[Ref, Array]:
        given = self.given(0)
        state = {old: np.broadcast_to(given[old], rules.shapes.of(old)) for old, _ in rules.after()}
        start = Values(
            Rules(rules.shapes, {Ref(f"{ref.kind}'", ref.layer): f for ref, f in rules.start.items()}), given
        )
        return {**state, **{ref: start[Ref(f"{ref.kind}'", ref.layer)] for ref in rules.start}}

    def _followed(self, rules: Rules, state: dict[Ref, Array], begun: int, updates: int) -> dict[Ref, Array] | None:
        numbers = sum(array.size for array in state.values())
        if updates - begun <= FEW or numbers > MOST_NUMBERS:
            return self._by_matrices(rules, state, begun, updates)
        given = self.given(0)
        varying = self._varying(given)
        run = Run(rules, {**given, **state}, varying)
        if not varying:
            return run(state, given, updates - begun)
        found: dict[Ref, Array] | None = state
        for update in range(begun, updates):
            if found is not None:
                found = run(found, self._fresh(update, varying), 1)
        return found

    def _by_matrices(self, rules: Rules, state: dict[Ref, Array], begun: int, updates: int) -> dict[Ref, Array] | None:
        if updates - begun > MOST_BY_MATRICES:
            return None
        for update in range(begun, updates):
            values = Values(rules, {**self.given(update), **state})
            state = {old: values[new] for old, new in rules.after()}
        return state

    def _varying(self, given: Mapping[Ref, Array]) -> list[Ref]:
        """What differs from update to update, beside the parameters."""
        batches = self.plan.batches(len(self.samples))
        found = [ref for ref in given if ref.kind == "mask"]
        if batches > 1:
            found += [ref for ref in given if ref.kind in ("x", "y")]
        constant = len({float(rate) for rate in self.sheet.optimizer.schedule.rates(np.arange(8))}) == 1
        return found + [Ref("t")] * bool(self.sheet.optimizer.slots) + [Ref("eta")] * (not constant)

    def _fresh(self, update: int, varying: list[Ref]) -> dict[Ref, Array]:
        if not any(ref.kind == "mask" for ref in varying):
            rows = self.rows(update)
            Y = self.given(0)[Ref("y")] if len(rows) == len(self.samples) else _targets(self.samples, rows, self.sheet)
            rate = self.sheet.optimizer.schedule.rates(np.array([update]))[0]
            return {
                Ref("x"): self.samples.X[rows],
                Ref("y"): Y,
                Ref("t"): np.array(update + 1.0),
                Ref("eta"): np.array(float(rate)),
            }
        return self.given(update)

    def _traced(self, updates: int) -> Trace:
        sheet = self.sheet
        model, state = self._trained(updates)
        rows = self.rows(updates)
        return trace(model, self.samples.X[rows], self.samples.Y[rows], optimizer=sheet.optimizer, state=state)

    def _trained(self, updates: int) -> tuple[Model, State]:
        model = self.sheet.model
        start = State.start(model.network, self.sheet.optimizer, self.sheet.seed, model.parameters.flat.dtype)
        if updates == 0:
            return model, start
        outcome = get_engine("auto").train_epochs(
            model.parameters, self.samples, self.plan, start, epochs=updates, steps=updates
        )
        if outcome.ended == "diverged":
            raise InputError(
                f"training leaves the finite numbers at update {outcome.state.step + 1}; "
                "claim nothing after it, or give a smaller learning_rate"
            )
        return Model.of(outcome.parameters), outcome.state


def _targets(samples: Samples, rows: Array, sheet: Sheet) -> Array:
    if samples.Y.ndim == 2:
        return samples.Y[rows]
    return np.eye(sheet.network.outputs)[samples.Y[rows]]
