"""Stopping when what is watched gets no better."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from clearprop.errors import InputError, check_count, check_number, unknown
from clearprop.training.callbacks import Callback, Memory, Moment
from clearprop.training.history import MONITORS
from clearprop.training.run import Run


class EarlyStopping(Callback):
    """Ends the run after `patience` epochs without an improvement, and gives back the best weights.

    With `restore_best` the model and the state that `train` returns are those of the best epoch however the run ends:
    by patience, with its last epoch, or interrupted. Two ends have a model of their own: when all rows are right
    (`stop_when_right`) it is that one, and a run that diverges gives its last finite one. A checkpoint
    always holds both the newest weights and the best.

    Args:
        patience: how many epochs may pass without an improvement, at least 1.
        min_delta: an improvement is more than this; the best epoch is the best in any case.
        restore_best: False gives back the last weights.
        monitor: "validation_loss", "validation_metric" or "loss".

    Prechelt, "Early stopping - but when?", 1998.

    >>> EarlyStopping(patience=3)
    EarlyStopping(patience=3, min_delta=0.0, restore_best=True, monitor='validation_loss')
    """

    ending = "early stopping"

    _best: float
    _reference: float
    _waited: int
    _best_run: Run | None

    def __init__(
        self,
        patience: int = 10,
        min_delta: float = 0.0,
        restore_best: bool = True,
        monitor: str = "validation_loss",
    ) -> None:
        if monitor not in MONITORS:
            raise unknown("monitor", monitor, MONITORS)
        self.patience = check_count("patience", patience)
        self.min_delta = check_number("min_delta", min_delta)
        self.restore_best = bool(restore_best)
        self.monitor = monitor
        self._forget()

    def on_start(self, moment: Moment) -> None:
        self._forget()

    def on_epoch_end(self, moment: Moment) -> bool:
        value = moment.history.last(self.monitor)
        assert value is not None, "train has checked that what is watched is computed"
        if moment.history.higher_is_better(self.monitor):
            value = -value
        if value < self._best:
            self._best = value
            if self.restore_best:
                self._best_run = moment.run
        if value < self._reference - self.min_delta:
            self._reference, self._waited = value, 0
        else:
            self._waited += 1
        return self._waited < self.patience

    def on_end(self, moment: Moment) -> Moment | None:
        if self._best_run is None or moment.ended in ("all right", "diverged"):
            return None
        return replace(moment, run=self._best_run)

    def save(self) -> Memory:
        values: dict[str, Any] = {
            "settings": self._settings(),
            "best": _finite(self._best),
            "reference": _finite(self._reference),
            "waited": self._waited,
        }
        if self._best_run is None:
            return Memory(values)
        tensors, state = self._best_run.pack()
        return Memory({**values, "state": state}, tensors)

    def load(self, memory: Memory, moment: Moment) -> None:
        values, settings = memory.values, self._settings()
        for name, setting in settings.items():
            if values["settings"][name] != setting:
                raise InputError(f"EarlyStopping: {name} was {values['settings'][name]!r}, and is {setting!r} here")
        self._best, self._reference = (
            math.inf if values[name] is None else float(values[name]) for name in ("best", "reference")
        )
        self._waited = int(values["waited"])
        if "state" in values:
            self._best_run = Run.unpack(moment.model.network, memory.tensors, values["state"])

    def _settings(self) -> dict[str, Any]:
        return {
            "patience": self.patience,
            "min_delta": self.min_delta,
            "restore_best": self.restore_best,
            "monitor": self.monitor,
        }

    def _forget(self) -> None:
        self._best = self._reference = math.inf
        self._waited = 0
        self._best_run = None

    def __repr__(self) -> str:
        return f"EarlyStopping({', '.join(f'{name}={value!r}' for name, value in self._settings().items())})"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
