"""Outcomes that are made up, and fits that take no time."""

from __future__ import annotations

import pytest

from clearprop.benchmark.accuracy.cache import Key, Row
from clearprop.benchmark.accuracy.fit import Fitted
from clearprop.benchmark.accuracy.standing import Outcome
from clearprop.benchmark.accuracy.tasks import task

CLASSES, NUMBERS = ("log_loss", "accuracy", "ece"), ("r2", "rmse")


def row(name, fold, scores, seconds=1.0, *, timed=True, rows=99):
    key = Key("made up", "0", 2, 0, fold, name, "1", "{}")
    return Row(key, Fitted(scores, rows, seconds, seconds / 10), 2, timed, "a machine", "2026-01-01T00:00:00")


@pytest.fixture
def outcome():
    """outcome("iris", {"lightgbm": [(log-loss, accuracy, ece) of each fold]}, seconds={…}): a task that is done."""

    def outcome(name, scores, seconds=None, absent=None):
        metrics = CLASSES if task(name).kind == "classes" else NUMBERS
        rows = {
            one: [
                row(one, fold, dict(zip(metrics, values, strict=True)), (seconds or {}).get(one, 1.0))
                for fold, values in enumerate(folds)
            ]
            for one, folds in scores.items()
        }
        return Outcome(task(name), rows, absent or {})

    return outcome
