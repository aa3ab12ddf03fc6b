"""Members that learn side by side: the engine computes, the course keeps the books between its calls."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, get_args

import numpy as np

from clearprop.container import Contents
from clearprop.engines import base
from clearprop.engines.base import Array, Engine, Outcome, Samples, Tick
from clearprop.engines.distributed import Workers
from clearprop.engines.distributed.members import Shared
from clearprop.engines.source import Source
from clearprop.errors import WorkerError
from clearprop.tabular.member import Member, mean_history
from clearprop.tabular.recipe import Recipe
from clearprop.training.callbacks import Callback, Ending, Moment
from clearprop.training.checkpoint import Checkpoint, checksum, fingerprint, memories
from clearprop.training.interrupts import asked_to_end
from clearprop.training.loop import REASONS

TICK_SECONDS = 0.05
_FINAL = ("early stopping",)


class Course:
    """One call of `learn`: where it stands, and who is asked what when."""

    def __init__(
        self,
        recipe: Recipe,
        members: list[Member],
        samples: Samples | Source,
        watched: Samples | None,
        engine: Engine,
        threads: int,
        seed: int,
        callbacks: Sequence[Callback],
        workers: Workers,
        shared: Shared | None,
    ) -> None:
        self.recipe, self.members, self.samples, self.watched = recipe, members, samples, watched
        self.engine, self.threads, self.seed, self.workers, self.shared = engine, threads, seed, workers, shared
        self.checkpoint = next((one for one in callbacks if isinstance(one, Checkpoint)), None)
        callbacks = [one for one in callbacks if workers.is_first or not one.only_first]
        self.callbacks = [one for one in callbacks if one is not self.checkpoint]
        # An engine trains networks of one shape together; workers divide members of all shapes.
        by_shape = groupby(members, key=lambda member: member.network)
        self.groups = [members] if shared else [list(group) for _, group in by_shape]
        self.batches = sum(member.batches for member in members)
        self.epoch = 0
        self.history = mean_history(members)
        self.ended: Ending | None = None
        self.began = self.ticked = time.perf_counter()
        self.before = self.last_batch = 0  # batches of this epoch by members that are done with it; of the one at work
        self.pausing: list[Callback] = []
        self.error: BaseException | None = None
        self.starts: set[int] = set()  # the updates at which members stood when the engine was called

    def run(self) -> Ending:
        try:
            self._start()
            try:
                while self.ended is None:
                    self._advance()
            except WorkerError as error:
                raise self._left_behind(error) from error
            self._keep()
            moment = replace(self._moment(), ended=self.ended)
            for callback in self.callbacks:
                callback.on_end(moment)
            return self.ended
        finally:
            for callback in self.callbacks:
                callback.close()

    @property
    def going(self) -> list[Member]:
        """Those that have not diverged."""
        return [member for member in self.members if not member.lost]

    def _start(self) -> None:
        found = None
        # Which rows these are takes as long as to read all of them.
        about = self._about() if self.checkpoint or self.workers.count > 1 else {}
        if self.checkpoint:
            found = self.checkpoint.open(about, self.callbacks, writes=self.workers.is_first)
        if self.checkpoint and found:
            with self.checkpoint.reading():
                self._unpack(found)
        if self.workers.count > 1:
            now = found and {name: checksum(array) for name, array in found.tensors.items()}
            self.workers.check_same({**about, "epochs": self.recipe.epochs, "checkpoint": now})
        moment = self._moment()
        for callback in (*self.callbacks, *([self.checkpoint] if self.checkpoint else [])):
            callback.on_start(moment)
        if self.checkpoint and found:
            self.checkpoint.remind(memories(found), moment)
        self._look_whether_done()

    def _advance(self) -> None:
        """All members to the end of the epoch that is under way, unless something comes between."""
        self.before = self.last_batch = 0
        for group in self.groups:
            done = self.before
            learning = [member for member in group if not member.lost and member.state.epoch == self.epoch]
            if learning:
                self._train(learning)
                if self._is_held_up():
                    break
            self.before, self.last_batch = done + sum(member.batches for member in group), 0
        if all(member.state.epoch > self.epoch for member in self.going):
            self._end_epoch()
        if self.error is not None:
            self._raise(self.error)
        self._agree(False)
        if self.pausing and self.ended is None:
            moment = self._moment()
            for callback in self.pausing:
                callback.on_pause(moment)
        self.pausing = []
        if self._is_due and self.ended is None:
            self._keep()

    def _train(self, learning: list[Member]) -> None:
        started = time.perf_counter()
        self.starts = {member.state.step for member in learning}
        lost: WorkerError | None = None
        try:
            outcomes = self._computed(learning)
        except WorkerError as error:
            outcomes, lost = error.outcome if isinstance(error.outcome, list) else [], error
        seconds = (time.perf_counter() - started) / len(learning)
        for member, outcome in zip(learning, outcomes, strict=lost is None):
            member.take(outcome, seconds)
        if lost is not None:
            raise lost

    def _is_held_up(self) -> bool:
        """Whether something comes between, for any worker, before more members learn; where the run ends, for all."""
        return self._agree(bool(self.pausing or self.error or self._is_due))

    def _agree(self, held_up: bool) -> bool:
        go_on = len(REASONS) + 1
        own = REASONS.index(self.ended) if self.ended else go_on - held_up
        least = self.workers.least(own)
        if least < len(REASONS):
            self.ended = REASONS[least]
        return least < go_on

    def _left_behind(self, error: WorkerError) -> WorkerError:
        """What there is, kept; and the error that says where."""
        end = "; start again, with any number of workers"
        if self.checkpoint and self.going:
            self.checkpoint.take_over(self._updates)
            self._keep()
            end += (
                f", and go on from {self.checkpoint.path}, which holds {self._updates} updates of all members together"
            )
        return WorkerError(f"worker {self.workers.rank}: {error}{end}")

    @property
    def _updates(self) -> int:
        return sum(member.state.step for member in self.members)

    def _computed(self, learning: list[Member]) -> list[Outcome]:
        told = [member.as_told() for member in learning]
        try:
            if self.shared is None:
                return self._trained(learning, told, self._tick)
            return self.shared.train(
                told,
                lambda places, now, tick: self._trained([learning[place] for place in places], now, tick),
                self._tick,
            )
        finally:
            for member in learning:
                member.let_go()

    def _trained(self, learning: list[Member], told: Sequence[base.Member], tick: Tick) -> list[Outcome]:
        """What the engine makes of members as told; where one is stopped, those of other shapes do not begin."""
        if isinstance(self.samples, Source):
            return self._one_by_one(learning, told, tick)
        outcomes: list[Outcome] = []
        for _, group in groupby(told, key=lambda one: one.parameters.network):
            some = list(group)
            if any(outcome.ended == "stopped" for outcome in outcomes):
                outcomes += [Outcome(one.parameters, one.state, np.empty(0), "stopped") for one in some]
                continue
            outcomes += self.engine.train_many(
                some, self.samples, epochs=self.epoch + 1, threads=self.threads, tick=tick
            )
        return outcomes

    def _one_by_one(self, learning: list[Member], told: Sequence[base.Member], tick: Tick) -> list[Outcome]:
        """Of a source: each member reads its own rows; where one is stopped, those after it do not begin."""
        outcomes: list[Outcome] = []
        for member, now in zip(learning, told, strict=True):
            assert member.streamed is not None
            if outcomes and outcomes[-1].ended == "stopped":
                outcomes.append(Outcome(now.parameters, now.state, np.empty(0), "stopped"))
                continue
            try:
                outcome = member.streamed.train_epochs(
                    now.parameters, now.plan, now.state, epochs=self.epoch + 1, tick=tick
                )
            except WorkerError as error:
                error.outcome = [*outcomes, *([error.outcome] if isinstance(error.outcome, Outcome) else [])]
                raise
            outcomes.append(outcome)
            if outcome.ended != "stopped":
                member.let_go()  # its windows make room for those of the next
        return outcomes

    def _end_epoch(self) -> None:
        for member in self.going:
            member.judge(self.samples, self.watched, self.engine, self.threads)
        self.epoch += 1
        self.starts = set()
        self.before = self.last_batch = 0
        self._look_whether_done()
        if self.callbacks:
            self.history = mean_history(self.going)
        moment = self._moment()
        for callback in self.callbacks:
            if callback.each_epoch and self.going and callback.on_epoch_end(moment) is False and self.ended is None:
                self.ended = callback.ending
        if self.ended is None and self.error is None:
            self._tick(self.epoch, 0, moment.step)
        every = self.checkpoint.every_epochs if self.checkpoint else None
        if every and self.ended is None and self.epoch % every == 0:
            self._keep()

    def _look_whether_done(self) -> None:
        if self.ended is None and (self.epoch >= self.recipe.epochs or not self.going):
            self.ended = "epochs done"

    def _tick(self, epoch: int, batch: int, step: int) -> bool:
        """Whether the engine may go on. No error is thrown through the engine: it waits until the engine hands over."""
        try:
            if self.ended is not None or self.error is not None:
                return False
            if asked_to_end():
                self.ended = "interrupted"
                return False
            now = time.perf_counter()
            # A callback that always asks for a pause must not hold the run up for ever: first some member goes on.
            if step in self.starts or now - self.ticked < TICK_SECONDS:
                return True
            self.ticked = now
            return self._ask(batch, step) and not self._is_due
        except BaseException as error:
            self.error = error
            return False

    def _ask(self, batch: int, step: int) -> bool:
        if batch < self.last_batch:  # the engine has come to another member
            self.before += self.last_batch
        self.last_batch = batch
        moment = replace(self._moment(), batch=min(self.before + batch, self.batches), step=step)
        for callback in self.callbacks:
            answer = callback.on_tick(moment)
            if answer is True:
                self.pausing.append(callback)
            elif answer is False and self.ended is None:
                self.ended = callback.ending
        return self.ended is None and not self.pausing

    def _raise(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.ended = self.ended or "interrupted"
            self._keep()
        raise error

    def _moment(self) -> Moment:
        return Moment(
            epoch=self.epoch,
            batch=0,
            step=max((member.state.step for member in self.going), default=0),
            epochs=self.recipe.epochs,
            batches=self.batches,
            rows=sum(member.rows_an_epoch(len(self.samples)) for member in self.members),
            elapsed=time.perf_counter() - self.began,
            history=self.history,
        )

    # The checkpoint

    @property
    def _is_due(self) -> bool:
        return self.checkpoint is not None and self.checkpoint.is_due

    def _about(self) -> dict[str, Any]:
        """All that the result depends on: a run goes on only as what it was."""
        return {
            "recipe": self.recipe.to_json(),
            "engine": self.engine.name,
            "seed": self.seed,
            "training data": fingerprint(self.samples),
            "validation data": None if self.watched is None else fingerprint(self.watched),
        }

    def _keep(self) -> None:
        if self.checkpoint is None or not self.going:
            return
        tensors: dict[str, Array] = {}
        about: list[dict[str, Any]] = []
        for member in self.members:
            own, values = member.pack()
            tensors |= {f"{member.number}/{name}": array for name, array in own.items()}
            about.append(values)
        self.checkpoint.write(tensors, {"epoch": self.epoch, "members": about, "ended": self.ended}, self._updates)

    def _unpack(self, contents: Contents) -> None:
        metadata = contents.metadata
        for member, values in zip(self.members, metadata["members"], strict=True):
            prefix = f"{member.number}/"
            own = {name.removeprefix(prefix): one for name, one in contents.tensors.items() if name.startswith(prefix)}
            member.unpack(own, values)
        self.epoch, ended = int(metadata["epoch"]), metadata["ended"]
        if any(not 0 <= member.state.epoch - self.epoch <= 1 for member in self.going):
            raise ValueError("the members stand in other epochs than the run")
        if ended is not None and ended not in get_args(Ending):
            raise ValueError(f"unknown ending {ended!r}")
        self.ended = ended if ended in _FINAL else None
        self.history = mean_history(self.going)
