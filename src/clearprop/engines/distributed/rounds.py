"""Rounds in which each worker makes several updates by itself, and then all take the mean: local SGD."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clearprop.engines.base import Array, Engine, Member, Outcome, Samples, State, Sums
from clearprop.engines.distributed.updates import Told, share
from clearprop.engines.distributed.workers import Workers
from clearprop.network.parameters import Parameters

FIELDS = 6
"""What a worker tells: whether it was told to stop, whether its numbers are finite, and its sums."""


class Rounds:
    """A run of rounds under way; a round ends with its last update, and with the epoch.

    `asked` says that some worker was told to stop before the last round.
    """

    def __init__(self, engine: Engine, workers: Workers, every: int, member: Member, samples: Samples) -> None:
        self.engine, self.workers, self.every, self.member, self.samples = engine, workers, every, member, samples
        self.rows = len(samples) if member.rows is None else len(member.rows)
        self.state: State = member.state
        self.network = member.parameters.network
        self.asked = False
        flat, slots = member.parameters.flat, member.state.slots
        self.told = Told(workers.rank, workers.count, FIELDS, flat.dtype)
        self.buffer = np.concatenate([flat, *slots.values(), np.empty(self.told.size, flat.dtype)])
        self.room = self.buffer[len(self.buffer) - self.told.size :]

    @property
    def parameters(self) -> Parameters:
        return Parameters(self.network, self.buffer[: self.network.parameter_count].copy())

    @property
    def slots(self) -> dict[str, Array]:
        count = self.network.parameter_count
        places = {name: count * number for number, name in enumerate(self.member.state.slots, 1)}
        return {name: self.buffer[start : start + count].copy() for name, start in places.items()}

    def advance(self, order: Array, ask: bool) -> bool:
        """One round; False where a number is no longer finite. `ask` says that this worker was told to stop."""
        state, size, kept = self.state, self.member.plan.batch_size, self.buffer.copy()
        end = min(state.batch - state.batch % self.every + self.every, self.member.plan.batches(self.rows))
        if self.member.steps is not None:
            end = min(end, state.batch + self.member.steps - state.step)
        batches = [order[batch * size : (batch + 1) * size] for batch in range(state.batch, end)]
        found = self._alone(batches)
        rows = sum(map(len, batches))
        own = sum(len(self._share(batch)) for batch in batches)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                arrays = [found.parameters.flat, *found.state.slots.values()]
                self.buffer[: len(self.buffer) - self.told.size] = np.concatenate(arrays)
                self.buffer *= own / rows
                sums, lost = found.state.sums, found.ended == "diverged"
                self.told.write(self.room, (ask, lost, sums.loss, sums.weight, sums.penalty, sums.rows))
                self.workers.sum(self.buffer)
        except BaseException:
            self.buffer = kept  # the last round that all workers have
            raise
        told = self.told.read(self.room)
        self.asked = bool(told[:, 0].any())
        if told[:, 1].any() or not np.isfinite(self.buffer).all():
            return False
        old = state.sums
        added = [float(column.sum()) for column in told[:, 2:].T]
        before = old.loss, old.weight, old.penalty, old.rows
        new = Sums(*(one + more for one, more in zip(before, added, strict=True)))
        self.state = state.moved(batch=end, step=state.step + len(batches), sums=new)
        return True

    def _share(self, batch: Array) -> Array:
        return share(batch, self.workers.rank, self.workers.count)[1]

    def _alone(self, batches: list[Array]) -> Outcome:
        """What this worker makes of its share of some batches by itself."""
        seed = (self.state.seed + self.workers.rank) % 2**64  # so that each draws dropout masks of its own
        state = State(seed, step=self.state.step, slots=self.slots)
        outcome = Outcome(self.parameters, state, np.empty(0), "stopped")
        shares = [self._share(batch) for batch in batches]
        # The last batch of an epoch may be shorter than the others.
        short = len(shares) - 1 if len(shares[-1]) < len(shares[0]) else len(shares)
        for some in (shares[:short], shares[short:]):
            if not some or not len(some[0]) or outcome.ended == "diverged":
                continue
            state = outcome.state
            # With one batch more than is asked for the epoch is not over, and its sums are still there.
            rows = np.concatenate([*some, some[0]])
            plan = replace(self.member.plan, order=rows, batch_size=len(some[0]), drop_last=False)
            steps = state.step + len(some)
            start = State(seed, step=state.step, slots=state.slots)
            found = self.engine.train_epochs(
                outcome.parameters, self.samples, plan, start, epochs=1, steps=steps, tick=None
            )
            before, more = state.sums, found.state.sums
            sums = Sums(
                before.loss + more.loss,
                before.weight + more.weight,
                before.penalty + more.penalty,
                before.rows + more.rows,
            )
            outcome = replace(found, state=found.state.moved(sums=sums))
        return outcome
