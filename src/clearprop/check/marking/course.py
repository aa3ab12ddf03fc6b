"""The run of a sheet: what is true after any number of updates, and what a slip makes of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

import numpy as np

from clearprop.check.marking.compiled import MOST_NUMBERS, Run
from clearprop.check.marking.rules import Rules, Values
from clearprop.engines import get_engine
from clearprop.engines.base import Array, State
from clearprop.engines.order import epoch_order
from clearprop.engines.samples import check_samples
from clearprop.errors import InputError
from clearprop.explain.definitions import Step
from clearprop.explain.expression import evaluate
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

    Args:
        start: where the run stands before the first update; nothing is done and remembered unless said.
    """

    def __init__(self, sheet: Sheet, start: State | None = None) -> None:
        model = sheet.model
        self.sheet = sheet
        dtype = model.parameters.flat.dtype
        self.start = start or State.start(model.network, sheet.optimizer, sheet.seed, dtype)
        self.samples = check_samples(model.network, dtype, sheet.X, sheet.Y)
        order = sheet.order if isinstance(sheet.order, str) else list(sheet.order)
        size = sheet.batch_size
        self.plan = plan_of(sheet.optimizer, size, order, False, len(self.samples), threads=1, precision="full")
        self._traces: dict[int, Trace] = {}
        self._orders: dict[int, Array] = {}
        self._varied: dict[tuple[int, int], list[tuple[float, ...]]] = {}
        self._states: dict[Rules, dict[int, dict[Ref, Array] | None]] = {}

    @cached_property
    def described(self) -> Step:
        """What the formulas of all steps depend on."""
        sums = self.samples.Y.sum(axis=1) if self.samples.Y.ndim == 2 else np.ones(1)
        return replace(self.step(0).step, sure=bool((sums == 1.0).all()))

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
        epoch, batch = divmod(self.start.epoch * batches + self.start.batch + updates, batches)
        if epoch not in self._orders:
            self._orders[epoch] = epoch_order(self.plan.order, self.start.seed, epoch, len(self.samples))
        order, size = self._orders[epoch], self.plan.batch_size
        return order[batch * size : (batch + 1) * size]

    def _start(self, rules: Rules) -> dict[Ref, Array]:
        given = self.given(0)
        made = {ref: evaluate(formula, given.__getitem__) for ref, formula in rules.start.items()}
        return {old: np.broadcast_to(made.get(old, given[old]), rules.shapes.of(old)) for old, _ in rules.after()}

    def _followed(self, rules: Rules, state: dict[Ref, Array], begun: int, updates: int) -> dict[Ref, Array] | None:
        given = self.given(0)
        numbers = sum(array.size for array in state.values())
        uneven = len(self.samples) % self.plan.batch_size and self.plan.batches(len(self.samples)) > 1
        if numbers > MOST_NUMBERS or uneven or any(ref.kind == "mask" for ref in given):
            return self._by_matrices(rules, state, begun, updates) if updates - begun <= MOST_BY_MATRICES else None
        if updates - begun <= FEW:
            return self._by_matrices(rules, state, begun, updates)
        return Run(rules, {**given, **state}, self._varying())(state, self._fresh(begun, updates))

    def _by_matrices(self, rules: Rules, state: dict[Ref, Array], begun: int, updates: int) -> dict[Ref, Array]:
        for update in range(begun, updates):
            values = Values(rules, {**self.given(update), **state})
            state = {old: values[new] for old, new in rules.after()}
        return state

    def _varying(self) -> list[Ref]:
        """What differs from update to update, beside the parameters."""
        optimizer = self.sheet.optimizer
        samples = [Ref("x"), Ref("y")] if self.plan.batches(len(self.samples)) > 1 else []
        followed = {"eta": optimizer.schedule, "fade": optimizer.fading}
        changing = [Ref(name) for name, schedule in followed.items() if not schedule.is_constant]
        return [*samples, *([Ref("t")] if optimizer.slots else []), *changing]

    def _fresh(self, begun: int, updates: int) -> list[tuple[float, ...]]:
        """The numbers of what varies, for each of the updates between."""
        if (begun, updates) not in self._varied:
            self._varied[begun, updates] = [self._numbers(update) for update in range(begun, updates)]
        return self._varied[begun, updates]

    def _numbers(self, update: int) -> tuple[float, ...]:
        found: list[float] = []
        step = self.start.step + update
        for ref in self._varying():
            match ref.kind:
                case "x":
                    found += self.samples.X[self.rows(update)].ravel().tolist()
                case "y":
                    found += self._targets[self.rows(update)].ravel().tolist()
                case "t":
                    found.append(step + 1.0)
                case "eta":
                    found.append(self.sheet.optimizer.schedule.at(step))
                case "fade":
                    found.append(self.sheet.optimizer.fading.at(step))
        return tuple(found)

    @cached_property
    def _targets(self) -> Array:
        Y = self.samples.Y
        return Y if Y.ndim == 2 else np.eye(self.sheet.network.outputs)[Y]

    def _traced(self, updates: int) -> Trace:
        sheet = self.sheet
        model, state = self._trained(updates)
        rows = self.rows(updates)
        return trace(model, self.samples.X[rows], self.samples.Y[rows], optimizer=sheet.optimizer, state=state)

    def _trained(self, updates: int) -> tuple[Model, State]:
        model, start = self.sheet.model, self.start
        if updates == 0:
            return model, start
        outcome = get_engine("auto").train_epochs(
            model.parameters,
            self.samples,
            self.plan,
            start,
            epochs=start.epoch + updates + 1,
            steps=start.step + updates,
        )
        if outcome.ended == "diverged":
            raise InputError(
                f"training leaves the finite numbers at update {outcome.state.step + 1}; "
                "claim nothing after it, or give a smaller learning_rate"
            )
        return Model.of(outcome.parameters), outcome.state
