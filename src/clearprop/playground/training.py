"""Training in small pieces: the numbers of `clearprop.train`, so many updates at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clearprop.engines import get_engine
from clearprop.engines.base import Array, Plan, Samples, State
from clearprop.engines.order import epoch_order
from clearprop.engines.samples import check_samples
from clearprop.model import Model
from clearprop.playground.play import Play
from clearprop.playground.refusals import Diverged
from clearprop.training.prepare import plan_of, rows_of, within


class Trainer:
    """What trains a play, as long as nothing but the training changes it.

    Raises:
        InputError: network and data do not go together.
    """

    def __init__(self, play: Play) -> None:
        network, dtype = play.network, play.model.parameters.flat.dtype
        data = play.data
        self.engine = get_engine("auto")
        self.samples = check_samples(network, dtype, data.X, data.targets(network))
        self.held_out: Samples | None = None
        if len(data.held_X):
            with within("held out"):
                self.held_out = check_samples(network, dtype, data.held_X, data.targets(network, held=True))
        order = play.order if isinstance(play.order, str) else np.array(play.order)
        self.plan = plan_of(play.optimizer, play.batch_size, order, False, len(self.samples), 1, "full")

    @property
    def batches(self) -> int:
        """How many updates an epoch has."""
        return self.plan.batches(len(self.samples))

    def next_rows(self, state: State) -> Array:
        """The rows that the next update learns from, in their order."""
        order = epoch_order(self.plan.order, state.seed, state.epoch, len(self.samples))
        size = self.plan.batch_size
        return order[state.batch * size : (state.batch + 1) * size]

    def rows(self, play: Play) -> Array:
        """The rows of the update that is looked at: those of the next one, or the one row that was chosen."""
        return self.next_rows(play.state) if play.sample is None else np.array([play.sample])

    def advance(self, play: Play, updates: int) -> Play:
        """So many updates further, as `train` makes them.

        Raises:
            Diverged: a number is no longer finite; its `result` is the play before the update that did it.
        """
        return self._made(play, self.samples, self.plan, play.state, updates)

    def apply(self, play: Play) -> Play:
        """The update that is looked at, made."""
        if play.sample is None:
            return self.advance(play, 1)
        samples = rows_of(self.samples, self.rows(play))
        plan = replace(self.plan, batch_size=len(samples), order="sequential")
        state = State(play.state.seed, 0, 0, play.state.step, play.state.slots)
        made = self._made(play, samples, plan, state, 1)
        # What was learnt out of turn moves nothing in the order of the others.
        return replace(made, state=play.state.moved(step=made.state.step, slots=made.state.slots))

    def loss(self, model: Model) -> float:
        return self.engine.loss(model.parameters, self.samples, 1)

    def held_out_loss(self, model: Model) -> float | None:
        return None if self.held_out is None else self.engine.loss(model.parameters, self.held_out, 1)

    def _made(self, play: Play, samples: Samples, plan: Plan, state: State, updates: int) -> Play:
        goal = state.step + updates
        epochs = state.epoch + updates // plan.batches(len(samples)) + 2
        parameters = play.model.parameters
        outcome = self.engine.train_epochs(parameters, samples, plan, state, epochs=epochs, steps=goal)
        if outcome.ended == "diverged":
            failed = outcome.state.step
            outcome = self.engine.train_epochs(parameters, samples, plan, state, epochs=epochs, steps=failed)
            before = replace(play, model=Model.of(outcome.parameters), state=outcome.state)
            raise Diverged(before, update=failed + 1, rate=play.optimizer.schedule.at(failed))
        return replace(play, model=Model.of(outcome.parameters), state=outcome.state)
