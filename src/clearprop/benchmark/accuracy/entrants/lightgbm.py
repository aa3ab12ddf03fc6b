"""LightGBM's LGBMClassifier and LGBMRegressor."""

from __future__ import annotations

from typing import Any

import polars as pl

from clearprop.benchmark.accuracy.entrants import Array, Learner
from clearprop.benchmark.accuracy.entrants.columns import Columns
from clearprop.benchmark.accuracy.task import Kind


def begin(kind: Kind, settings: dict[str, Any], threads: int, seed: int) -> Learner:
    from lightgbm import LGBMClassifier, LGBMRegressor

    estimator = (LGBMClassifier if kind == "classes" else LGBMRegressor)(
        n_jobs=threads, random_state=seed, verbosity=-1, **settings
    )
    return _Trees(kind, estimator)


class _Trees:
    def __init__(self, kind: Kind, estimator: Any) -> None:
        self.kind, self.estimator = kind, estimator

    def fit(self, frame: pl.DataFrame, target: Array) -> None:
        self.columns = Columns.learn(frame)
        self.estimator.fit(self.columns.frame(frame), target)

    def predict(self, frame: pl.DataFrame) -> tuple[Array, Array | None]:
        given = self.columns.frame(frame)
        if self.kind == "classes":
            return self.estimator.predict_proba(given), self.estimator.classes_
        return self.estimator.predict(given), None
