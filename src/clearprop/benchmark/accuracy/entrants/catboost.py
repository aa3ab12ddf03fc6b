"""CatBoost's CatBoostClassifier and CatBoostRegressor."""

from __future__ import annotations

from typing import Any

import polars as pl

from clearprop.benchmark.accuracy.entrants import Array, Learner
from clearprop.benchmark.accuracy.entrants.columns import Columns
from clearprop.benchmark.accuracy.task import Kind


def begin(kind: Kind, settings: dict[str, Any], threads: int, seed: int) -> Learner:
    from catboost import CatBoostClassifier, CatBoostRegressor

    estimator = (CatBoostClassifier if kind == "classes" else CatBoostRegressor)(
        thread_count=threads, random_seed=seed, verbose=False, allow_writing_files=False, **settings
    )
    return _Trees(kind, estimator)


class _Trees:
    def __init__(self, kind: Kind, estimator: Any) -> None:
        self.kind, self.estimator = kind, estimator

    def fit(self, frame: pl.DataFrame, target: Array) -> None:
        self.columns = Columns.learn(frame)
        self.estimator.fit(self.columns.texts(frame), target, cat_features=list(self.columns.categories))

    def predict(self, frame: pl.DataFrame) -> tuple[Array, Array | None]:
        given = self.columns.texts(frame)
        if self.kind == "classes":
            return self.estimator.predict_proba(given), self.estimator.classes_
        return self.estimator.predict(given), None
