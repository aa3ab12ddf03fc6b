"""scikit-learn's MLPClassifier and MLPRegressor, behind a pipeline that makes numbers of the columns."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import polars as pl
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from clearprop.benchmark.accuracy.entrants import Array, Learner
from clearprop.benchmark.accuracy.entrants.columns import Columns
from clearprop.benchmark.accuracy.task import Kind


def begin(kind: Kind, settings: dict[str, Any], threads: int, seed: int) -> Learner:
    import_module("pandas")  # which is else imported in the time of the first fit
    return _Pipeline(kind, settings, seed)


class _Pipeline:
    def __init__(self, kind: Kind, settings: dict[str, Any], seed: int) -> None:
        self.kind = kind
        if kind == "classes":
            self.last = MLPClassifier(random_state=seed, **settings)
        else:
            regressor = MLPRegressor(random_state=seed, **settings)
            self.last = TransformedTargetRegressor(regressor, transformer=StandardScaler())

    def fit(self, frame: pl.DataFrame, target: Array) -> None:
        self.columns = Columns.learn(frame)
        numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
        one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        prepared = make_column_transformer(
            (numbers, list(self.columns.numbers)), (one_hot, list(self.columns.categories))
        )
        self.pipeline = make_pipeline(prepared, self.last)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 200 epochs are its default, and what is compared
            self.pipeline.fit(self.columns.frame(frame), target)

    def predict(self, frame: pl.DataFrame) -> tuple[Array, Array | None]:
        given = self.columns.frame(frame)
        if self.kind == "classes":
            return self.pipeline.predict_proba(given), self.pipeline.classes_
        return self.pipeline.predict(given), None
