"""The members of an ensemble, divided among workers: each trains its own, and all then have the outcomes of all."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from clearprop.engines.base import Array, Engine, Member, Outcome, State, Sums, Tick
from clearprop.engines.distributed.engine import DataParallel
from clearprop.engines.distributed.group import ProcessGroup
from clearprop.network.parameters import Parameters

SLICE_SECONDS = 3.0
"""Workers hear from each other at least so often, so that one that waits can tell a slow one from a dead one."""
STOP, ON, DONE = range(3)

Work = Callable[[Sequence[int], Sequence[Member], Tick], list[Outcome]]
"""Trains some members, as they stand now; their places among all are said as well."""


class Shared:
    """What one process would make of members, made by several: `engine` is the one that each trains its own with."""

    def __init__(self, engine: Engine, workers: ProcessGroup) -> None:
        self.engine, self.workers = engine, workers

    @staticmethod
    def of(engine: Engine, members: int) -> Shared | None:
        """What divides so many members; None where there are fewer than workers, or one process is all there is."""
        if isinstance(engine, DataParallel) and members >= engine.workers.count:
            return Shared(engine.engine, engine.workers)
        return None

    def train(self, members: Sequence[Member], work: Work, tick: Tick) -> list[Outcome]:
        """The outcomes of all, in their order. These may be fewer than workers: some then have none to train."""
        counts = [len(members) * worker // self.workers.count for worker in range(self.workers.count + 1)]
        first, end = counts[self.workers.rank :][:2]
        own = list(members[first:end])
        outcomes = [Outcome(one.parameters, one.state, np.empty(0), "stopped") for one in own]
        asked = False

        slice_seconds = min(SLICE_SECONDS, self.workers.timeout / 4)
        ends: float | None = None

        def go_on(epoch: int, batch: int, step: int) -> bool:
            nonlocal asked, ends
            asked = asked or not tick(epoch, batch, step)
            if ends is None:  # an engine may take long before it begins, and some update must come of each slice
                ends = time.monotonic() + slice_seconds
            return not asked and (step in stand or time.monotonic() < ends)

        while True:
            ends = None
            stand = {outcome.state.step for outcome in outcomes}
            going = [place for place, outcome in enumerate(outcomes) if outcome.ended == "stopped"]
            if going:
                now = [replace(own[at], parameters=outcomes[at].parameters, state=outcomes[at].state) for at in going]
                found = work([first + place for place in going], now, go_on)
                for place, outcome in zip(going, found, strict=True):
                    losses = np.concatenate([outcomes[place].losses, outcome.losses])
                    outcomes[place] = replace(outcome, losses=losses)
            is_done = all(_is_done(one, outcome) for one, outcome in zip(own, outcomes, strict=True))
            if self.workers.least(STOP if asked else DONE if is_done else ON) != ON:
                break
        return [found for worker in range(self.workers.count) for found in self._of(worker, members, counts, outcomes)]

    def _of(self, worker: int, members: Sequence[Member], counts: list[int], own: list[Outcome]) -> list[Outcome]:
        """The outcomes of a worker's members, told by it to all."""
        theirs = members[counts[worker] : counts[worker + 1]]
        if not theirs:
            return []
        is_mine = worker == self.workers.rank
        plain = json.loads(self.workers.lent_text(json.dumps([_plain(one) for one in own]) if is_mine else "", worker))
        names = list(theirs[0].state.slots)
        ends = np.cumsum([(1 + len(names)) * len(one.parameters.flat) for one in theirs])
        buffer = np.empty(ends[-1], theirs[0].parameters.flat.dtype)
        rooms = np.split(buffer, ends[:-1])
        if is_mine:
            for room, outcome in zip(rooms, own, strict=True):
                room[...] = np.concatenate([outcome.parameters.flat, *(outcome.state.slots[name] for name in names)])
        self.workers.lend(buffer, worker)
        return [
            _outcome(values, room.reshape(1 + len(names), -1), one.parameters, names)
            for values, room, one in zip(plain, rooms, theirs, strict=True)
        ]


def _is_done(member: Member, outcome: Outcome) -> bool:
    return outcome.ended != "stopped" or outcome.state.step == member.steps


def _plain(outcome: Outcome) -> dict[str, object]:
    state = outcome.state
    counts = {name: int(getattr(state, name)) for name in ("seed", "epoch", "batch", "step")}
    return {"ended": outcome.ended, "losses": outcome.losses.tolist(), "state": counts, "sums": asdict(state.sums)}


def _outcome(plain: dict[str, Any], arrays: Array, like: Parameters, names: list[str]) -> Outcome:
    slots = {name: slot.copy() for name, slot in zip(names, arrays[1:], strict=True)}
    state = State(**plain["state"], slots=slots, sums=Sums(**plain["sums"]))
    return Outcome(Parameters(like.network, arrays[0].copy()), state, np.array(plain["losses"]), plain["ended"])
