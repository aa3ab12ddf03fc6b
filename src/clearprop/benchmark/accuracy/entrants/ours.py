"""clearprop's MLPClassifier and MLPRegressor."""

from __future__ import annotations

from typing import Any

import polars as pl

import clearprop
from clearprop.benchmark.accuracy.entrants import Array, Learner
from clearprop.benchmark.accuracy.task import Kind


def begin(kind: Kind, settings: dict[str, Any], threads: int, seed: int) -> Learner:
    made = getattr(clearprop, "MLPClassifier" if kind == "classes" else "MLPRegressor")
    return _Ours(kind, made(threads=threads, random_state=seed, **settings))


class _Ours:
    def __init__(self, kind: Kind, estimator: Any) -> None:
        self.kind, self.estimator = kind, estimator

    def fit(self, frame: pl.DataFrame, target: Array) -> None:
        self.estimator.fit(frame, target)

    def predict(self, frame: pl.DataFrame) -> tuple[Array, Array | None]:
        if self.kind == "classes":
            return self.estimator.predict_proba(frame), self.estimator.classes_
        return self.estimator.predict(frame), None
