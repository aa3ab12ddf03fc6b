"""Watching a run: when it has got no better for long enough, and which weights were the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from clearprop.model import Model
from clearprop.training import Callback, Moment
from clearprop.training.run import Run


class Watch(Callback):
    """Ends a run after more than `patience` epochs that were not better than the best by `tol`, as scikit-learn does.

    Args:
        tol: by how much a score must pass the best one so far to count as better.
        patience: None never ends the run.
        score: how good a model is on rows held out, higher is better; None takes minus the training loss.
        held_out: whether there are rows held out: then the best weights are given back, and where `score` is None the
            score is minus their loss.

    Attributes:
        scores: of each epoch.
        best: the highest.
        best_epoch: its number, from 1.
    """

    ending = "early stopping"

    def __init__(
        self, tol: float, patience: int | None, score: Callable[[Model], float] | None = None, held_out: bool = False
    ) -> None:
        self.tol = tol
        self.patience = patience
        self.score = score
        self.held_out = held_out
        self.on_start(None)

    def on_start(self, moment: Moment | None) -> None:
        self._before = 0 if moment is None else len(moment.history)
        self.scores: list[float] = []
        self.best = -math.inf
        self.best_epoch = 0
        self._waited = 0
        self._best_run: Run | None = None

    def on_epoch_end(self, moment: Moment) -> bool:
        for value in self._values(moment):
            self.scores.append(value)
            self._waited = 0 if value >= self.best + self.tol else self._waited + 1
            if value > self.best:
                self.best, self.best_epoch = value, len(self.scores)
                self._best_run = moment.run if self.held_out else None
        return self.patience is None or self._waited <= self.patience

    @property
    def epochs_at_once(self) -> int:
        """As many as it takes at least until the patience is at its end, where only the loss is looked at."""
        if self.held_out or self.score is not None or self.patience is None:
            return 1
        return self.patience + 1 - self._waited

    def on_end(self, moment: Moment) -> Moment | None:
        if self._best_run is None or moment.ended == "diverged":
            return None
        return replace(moment, run=self._best_run)

    def _values(self, moment: Moment) -> list[float]:
        """The scores of the epochs that are new."""
        if self.score is not None:
            return [self.score(moment.model)]
        losses = moment.history.validation_loss if self.held_out else moment.history.loss
        return [-loss for loss in losses[self._before + len(self.scores) :]]
