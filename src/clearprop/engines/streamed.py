"""Training on rows that are read window by window: an engine is called for each, and comes to the same as in memory.

An engine is given a window's rows, and before them those of the window before that did not fill a batch. It takes them
for an epoch of their own, which it is not let end before the last window has come: so what the true epoch has added up
stays added up. Dropout masks and learning rates go by the number of the update, which is the true one.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from clearprop.engines.base import Engine, Outcome, Plan, Samples, State, Sums, Tick
from clearprop.engines.distributed.engine import DataParallel
from clearprop.engines.order import Rows, Windows
from clearprop.engines.source import STEP, Source
from clearprop.errors import WorkerError
from clearprop.network.parameters import Parameters

Place = tuple[int, int]
"""An epoch, and the number of a window in it."""


def rows_in_memory(source: Source, batch_size: int) -> int:
    """How many rows each of the two buffers has, of which one is learnt from while the other is filled."""
    return min(len(source), STEP) + batch_size - 1


class Streamed:
    """An engine that learns from a source, whose rows come checked, in the types that it wants.

    Where several workers compute together, all must stop at the same update: one that is told to stop after the last
    update of a window waits until it is told again.
    """

    def __init__(self, engine: Engine, source: Source) -> None:
        self.engine, self.source, self.several = engine, source, isinstance(engine, DataParallel)
        self.feed: _Feed | None = None

    def train_epochs(
        self,
        parameters: Parameters,
        plan: Plan,
        state: State,
        *,
        epochs: int,
        steps: int | None = None,
        tick: Tick | None = None,
    ) -> Outcome:
        """What `Engine.train_epochs` would make of all rows, in one of the orders `STREAMED`."""
        losses: list[float] = []
        batches = plan.batches(len(self.source))
        with ThreadPoolExecutor(1) as ahead:
            while state.epoch < epochs:
                feed = self._feed(plan, state)
                order, last = feed.rows(ahead, epochs)
                full, left = len(order) // plan.batch_size, batches - state.batch
                if not last and not full:
                    feed.advance(ahead, epochs)
                    continue
                asked, to_end, end = _Asked(tick, state), last or full >= left, state.step + full
                limit = steps if to_end else end if steps is None else min(end, steps)
                try:
                    outcome = self.engine.train_epochs(
                        parameters,
                        feed.samples,
                        _to_the_end(plan, order, left) if to_end else _not_to_the_end(plan, order, full),
                        state.moved(epoch=0, batch=0),
                        epochs=1,
                        steps=limit,
                        tick=asked if tick else None,
                    )
                except WorkerError as error:
                    if isinstance(error.outcome, Outcome):
                        losses += error.outcome.losses.tolist()
                        error.outcome = replace(
                            error.outcome, state=_truly(error.outcome.state, state), losses=np.array(losses)
                        )
                    raise
                parameters, own = outcome.parameters, outcome.state
                if outcome.ended == "diverged":
                    return Outcome(parameters, state.moved(step=own.step), np.array(losses), "diverged")
                losses += outcome.losses.tolist()
                state = _truly(own, state)
                refused = asked.refused and not self.several
                if outcome.ended == "stopped" and (refused or state.step == steps or state.step != limit):
                    return Outcome(parameters, state, np.array(losses), "stopped")
        return Outcome(parameters, state, np.array(losses), "done")

    def _feed(self, plan: Plan, state: State) -> _Feed:
        """Of the epoch and the batch at which the run stands."""
        place = state.batch * plan.batch_size
        if self.feed is None or not self.feed.serves(plan, state):
            self.feed = _Feed(self.source, plan, state.seed)
        self.feed.seek(state.epoch, place)
        return self.feed


class _Asked:
    """Asks a run's own tick with where the run truly stands, and remembers whether it was to stop."""

    def __init__(self, tick: Tick | None, state: State) -> None:
        self.tick, self.state, self.refused = tick, state, False

    def __call__(self, epoch: int, batch: int, step: int) -> bool:
        assert self.tick is not None
        going = self.tick(self.state.epoch, self.state.batch + batch, step)
        self.refused = self.refused or not going
        return going


def _truly(own: State, before: State) -> State:
    """Where a run stands, of which an engine has said where it stands in the rows that it was given."""
    if own.epoch:
        return own.moved(epoch=before.epoch + 1, batch=0, sums=Sums())
    return own.moved(epoch=before.epoch, batch=before.batch + own.batch)


def _to_the_end(plan: Plan, order: Rows, batches: int) -> Plan:
    """The rest of an epoch, of so many batches."""
    return replace(plan, order=order[: batches * plan.batch_size])


def _not_to_the_end(plan: Plan, order: Rows, batches: int) -> Plan:
    """So many batches, and one more that does not come to be computed, but keeps the epoch from ending."""
    used = batches * plan.batch_size
    return replace(plan, order=np.concatenate([order[:used], order[:1]]), drop_last=False)


class _Feed:
    """The rows of an epoch, in its order, as far as they are at hand."""

    def __init__(self, source: Source, plan: Plan, seed: int) -> None:
        self.source, self.order, self.batch_size, self.seed = source, str(plan.order), plan.batch_size, seed
        self.room = plan.batch_size - 1  # for rows of the window before
        self.samples, self.other = (Samples(*source.room(rows_in_memory(source, plan.batch_size))) for _ in range(2))
        self.windows: dict[int, Windows] = {}
        self.at: Place | None = None
        self.place = 0  # how many rows of the epoch were visited before those at hand
        self.at_hand: Rows = np.empty(0, np.int64)
        self.filled: tuple[Place, Rows] | None = None  # what the other samples hold
        self.filling: tuple[Place, Future[Rows]] | None = None
        self.sought: int | None = None  # where in a window that is yet to be read the run goes on

    def serves(self, plan: Plan, state: State) -> bool:
        """Whether it goes with a plan and a seed."""
        return (plan.order, plan.batch_size, state.seed) == (self.order, self.batch_size, self.seed)

    def seek(self, epoch: int, place: int) -> None:
        """Lets go of the rows at hand that come before a place of an epoch; of all, where it is in another window."""
        end = self.place + len(self.at_hand)
        if self.at and self.at[0] == epoch and self.place <= place <= end:
            self.at_hand, self.place = self.at_hand[place - self.place :], place
            return
        number = self._windows(epoch).holding(place)
        self.at, self.place, self.at_hand = (epoch, number), place, np.empty(0, np.int64)
        self.sought = place - int(self._windows(epoch).starts[number])

    def rows(self, ahead: Executor, epochs: int) -> tuple[Rows, bool]:
        """The places of the rows at hand among the samples, and whether they are the last of the epoch.

        Meanwhile the next window is being read.
        """
        assert self.at is not None
        if self.sought is not None:
            found = self._fetched(self.at, ahead)
            self.samples, self.other = self.other, self.samples
            self.at_hand, self.sought = self.room + found[self.sought :], None
        self._begin(self._after(self.at, epochs), ahead)
        return self.at_hand, self.at[1] == len(self._windows(self.at[0])) - 1

    def advance(self, ahead: Executor, epochs: int) -> None:
        """Goes on to the next window of the epoch, and takes along the rows at hand."""
        assert self.at is not None
        following = self.at[0], self.at[1] + 1
        found, count = self._fetched(following, ahead), len(self.at_hand)
        carried = slice(self.room - count, self.room)
        self.other.X[carried], self.other.Y[carried] = self.samples.X[self.at_hand], self.samples.Y[self.at_hand]
        self.samples, self.other = self.other, self.samples
        self.at_hand = np.concatenate([np.arange(carried.start, carried.stop), self.room + found])
        self.at = following

    def _after(self, place: Place, epochs: int) -> Place | None:
        epoch, number = place
        if number + 1 < len(self._windows(epoch)):
            return epoch, number + 1
        return (epoch + 1, 0) if epoch + 1 < epochs else None

    def _begin(self, place: Place | None, ahead: Executor) -> None:
        """Has a window read into the other samples, unless they hold it."""
        known = self.filling or self.filled
        if place is not None and (known is None or known[0] != place):
            self._settle()
            self.filled, self.filling = None, (place, ahead.submit(self._read, place, self.other))

    def _fetched(self, place: Place, ahead: Executor) -> Rows:
        """The order of a window that the other samples hold now."""
        self._begin(place, ahead)
        self._settle()
        assert self.filled is not None and self.filled[0] == place
        order = self.filled[1]
        self.filled = None
        return order

    def _settle(self) -> None:
        if self.filling is not None:
            (place, future), self.filling = self.filling, None
            self.filled = place, future.result()

    def _read(self, place: Place, samples: Samples) -> Rows:
        """Reads a window, and tells in which order its rows are visited."""
        window = self._windows(place[0])[place[1]]
        starts = np.flatnonzero(np.diff(window.rows, prepend=-2) != 1)
        for start, end in zip(starts, [*starts[1:], len(window.rows)], strict=True):
            own = slice(self.room + start, self.room + end)
            self.source.read(int(window.rows[start]), samples.X[own], samples.Y[own])
        return window.order

    def _windows(self, epoch: int) -> Windows:
        if epoch not in self.windows:
            kept = {other: windows for other, windows in self.windows.items() if abs(other - epoch) == 1}
            self.windows = {**kept, epoch: Windows(self.order, self.seed, epoch, len(self.source))}
        return self.windows[epoch]
