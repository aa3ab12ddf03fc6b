"""An engine made of others: in each process one that computes its share, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clearprop.engines.base import Array, Ended, Engine, Member, Outcome, Part, Plan, Samples, State, Sums, Task, Tick
from clearprop.engines.distributed.group import ProcessGroup
from clearprop.engines.distributed.rounds import Rounds
from clearprop.engines.distributed.updates import Updates
from clearprop.engines.order import epoch_order
from clearprop.errors import WorkerError
from clearprop.network.parameters import Parameters


class DataParallel:
    """Computes each update's batch in shares, one a worker; what is no update each worker computes by itself.

    Plans, samples and parameters must be the same for all workers, and all must make the same calls. `tick` may answer
    each worker otherwise: where one is told to stop, all stop after the same update.
    """

    def __init__(self, engine: Engine, workers: ProcessGroup, every: int) -> None:
        self.engine, self.workers, self.every = engine, workers, every
        # Where the numbers are those of the engine which computes, so is the name: a checkpoint is of use to both.
        self.name = engine.name if every == 1 else f"{engine.name}, the mean every {every} updates"
        self._order: tuple[tuple[Any, ...], Array] = ((), np.empty(0, np.int64))

    def check_precision(self, precision: str) -> None:
        self.engine.check_precision(precision)

    def predict(self, parameters: Parameters, X: Array, threads: int) -> Array:
        return self.engine.predict(parameters, X, threads)

    def loss(self, parameters: Parameters, samples: Samples, threads: int) -> float:
        return self.engine.loss(parameters, samples, threads)

    def loss_and_gradients(
        self, parameters: Parameters, samples: Samples, threads: int, part: Part | None = None
    ) -> tuple[float, Parameters]:
        return self.engine.loss_and_gradients(parameters, samples, threads, part)

    def train_epochs(
        self,
        parameters: Parameters,
        samples: Samples,
        plan: Plan,
        state: State,
        *,
        epochs: int,
        steps: int | None = None,
        tick: Tick | None = None,
    ) -> Outcome:
        """As any engine; where a worker is gone, the `WorkerError` has the outcome of the whole updates so far."""
        return self._train(Member(parameters, plan, state, steps=steps), samples, epochs, tick)[0]

    def train_many(
        self, members: Sequence[Member], samples: Samples, *, epochs: int, threads: int, tick: Tick | None = None
    ) -> list[Outcome]:
        """All workers train one member after another."""
        outcomes, asked = [], False
        for member in members:
            if asked:
                outcomes.append(Outcome(member.parameters, member.state, np.empty(0), "stopped"))
                continue
            own = replace(member, plan=replace(member.plan, threads=threads))
            try:
                outcome, asked = self._train(own, samples, epochs, tick)
            except WorkerError as error:
                rest = [Outcome(one.parameters, one.state, np.empty(0), "stopped") for one in members]
                found = [*outcomes, error.outcome]
                raise WorkerError(str(error), [*found, *rest[len(found) :]]) from error
            outcomes.append(outcome)
        return outcomes

    def train_tasks(self, tasks: Sequence[Task], *, threads: int, tick: Tick | None = None) -> list[list[Outcome]]:
        """One task after another."""
        return [
            self.train_many(task.members, task.samples, epochs=task.epochs, threads=threads, tick=tick)
            for task in tasks
        ]

    def _train(self, member: Member, samples: Samples, epochs: int, tick: Tick | None) -> tuple[Outcome, bool]:
        """What has come of it, and whether some worker was told to stop."""
        plan, kind = member.plan, Updates if self.every == 1 else Rounds
        run = kind(self.engine, self.workers, self.every, member, samples)
        batches = plan.batches(run.rows)
        losses: list[float] = []

        def outcome(ended: Ended) -> Outcome:
            return Outcome(run.parameters, run.state.moved(slots=run.slots), np.array(losses), ended)

        try:
            while run.state.epoch < epochs:
                order = self._rows(member, len(samples), run.state.epoch)
                while run.state.batch < batches:
                    state = run.state
                    if state.step == member.steps or run.asked:
                        return outcome("stopped"), run.asked
                    ask = tick is not None and not tick(state.epoch, state.batch, state.step)
                    if not run.advance(order, ask):
                        return outcome("diverged"), run.asked
                losses.append(run.state.sums.epoch_loss(member.parameters.network.reduction))
                run.state = run.state.moved(epoch=run.state.epoch + 1, batch=0, sums=Sums())
        except WorkerError as error:
            raise WorkerError(str(error), outcome("stopped")) from error
        return outcome("done"), run.asked

    def _rows(self, member: Member, count: int, epoch: int) -> Array:
        """The numbers of the rows in the order of an epoch; the last one that was drawn is kept."""
        order, rows, seed = member.plan.order, member.rows, member.state.seed
        if not isinstance(order, str):
            return order if rows is None else rows[order]
        key = order, id(rows), seed, epoch, count
        if self._order[0] != key:
            found = epoch_order(order, seed, epoch, count if rows is None else len(rows))
            self._order = key, found if rows is None else rows[found]
        return self._order[1]
