"""What may look on while a network is trained, and end the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from clearprop.engines.base import Array
from clearprop.errors import ClearpropError
from clearprop.model import Model
from clearprop.training.history import History
from clearprop.training.run import Run

Ending = Literal["epochs done", "early stopping", "all right", "stopped", "interrupted", "diverged"]
"""Why a run ended. "all right": every row is; "stopped": a callback asked for it; "interrupted": a signal did."""


@dataclass(frozen=True)
class Moment:
    """Where a run stands, as a callback is shown it.

    Attributes:
        epoch, batch, step: epochs done, batches done of the one under way, updates done, over all calls the run goes on
            through.
        epochs: how many epochs will have been done in all when the call ends.
        batches, rows: how many batches an epoch has, and how many rows it visits.
        elapsed: seconds since the call began.
        history: the epochs of this call that are done.
        ended: why the run ended, or None while it goes on.
        run: what training can go on from; None in `on_tick`, where the engine is at work on it, and where several
            models are learning at once.
    """

    epoch: int
    batch: int
    step: int
    epochs: int
    batches: int
    rows: int
    elapsed: float
    history: History
    ended: Ending | None = None
    run: Run | None = None

    @property
    def model(self) -> Model:
        """The model as it is now; in `on_tick` there is none to be had."""
        if self.run is None:
            raise ClearpropError(
                "there is no model to be had: in on_tick the engine is at work (return True, and take the model in "
                "on_pause), and of an ensemble there are several, which are there when it has learnt"
            )
        return Model.of(self.run.parameters)


@dataclass(frozen=True)
class Memory:
    """What a callback keeps in a checkpoint: arrays by name, and plain numbers, strings and lists."""

    values: Mapping[str, Any]
    tensors: Mapping[str, Array] = field(default_factory=dict)


class Callback:
    """The base of all callbacks; each method does nothing unless it is overridden.

    Overriding `on_epoch_end` makes the engine hand over after every epoch; where nothing asks for that, it runs all
    epochs in one call.

    >>> class FiveUpdates(Callback):
    ...     def on_epoch_end(self, moment):
    ...         return moment.step < 5
    >>> import clearprop as cp
    >>> model = cp.Model.initialized(cp.Network.parse("2-1"))
    >>> settings = {"optimizer": cp.SGD(0.5), "epochs": 100, "engine": "reference"}
    >>> result = cp.train(model, [[0.0, 1.0]], [[1.0]], callbacks=[FiveUpdates()], **settings)
    >>> result.state.step, result.ended
    (5, 'stopped')
    """

    ending: Ending = "stopped"
    """What the run's end is called when this callback asks for it."""

    only_first: bool = False
    """Whether of several workers only the first has anything to do with it: it shows or writes what all have alike."""

    def on_start(self, moment: Moment) -> None:
        """The run is about to begin, or to go on from a checkpoint; forget what another run left."""

    def on_tick(self, moment: Moment) -> bool | None:
        """About ten times a second, between two updates. False ends the run; True asks for `on_pause` now."""

    def on_pause(self, moment: Moment) -> None:
        """What `on_tick` asked for: the engine has handed over, model and state are there."""

    def on_epoch_end(self, moment: Moment) -> bool | None:
        """An epoch is done, and stands in the history. False ends the run."""

    def on_end(self, moment: Moment) -> Moment | None:
        """The run has ended, as `moment.ended` says; a moment given back is the one whose model `train` returns."""

    def close(self) -> None:
        """Always called last, after an error as well."""

    def save(self) -> Memory | None:
        """What a checkpoint must keep so that the run goes on as if it had never stopped; None for nothing."""

    def load(self, memory: Memory, moment: Moment) -> None:
        """Takes back what `save` gave, after `on_start`; raises an `InputError` where the settings are others."""

    @property
    def each_epoch(self) -> bool:
        """Whether `on_epoch_end` has to be called."""
        return type(self).on_epoch_end is not Callback.on_epoch_end

    @property
    def epochs_at_once(self) -> int:
        """How many epochs may be done before `on_epoch_end` is called, once for all of them.

        More than 1 is for who looks at the history alone, and cannot want to end the run before so many are done.
        """
        return 1
