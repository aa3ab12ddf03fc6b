"""RealMLP-TD, as pytabkit has it."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from clearprop.benchmark.accuracy.entrants import Array, Learner
from clearprop.benchmark.accuracy.entrants.columns import Columns
from clearprop.benchmark.accuracy.task import Kind

if TYPE_CHECKING:
    import pandas as pd


def begin(kind: Kind, settings: dict[str, Any], threads: int, seed: int) -> Learner:
    with _quiet():
        from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)  # which else tells of each of its 256 epochs
    estimator = (RealMLP_TD_Classifier if kind == "classes" else RealMLP_TD_Regressor)(
        device="cpu", n_threads=threads, random_state=seed, **settings
    )
    return _RealMLP(kind, estimator)


class _RealMLP:
    def __init__(self, kind: Kind, estimator: Any) -> None:
        self.kind, self.estimator = kind, estimator

    def fit(self, frame: pl.DataFrame, target: Array) -> None:
        self.columns = Columns.learn(frame)
        numbers = self.columns.frame(frame)[list(self.columns.numbers)]
        self.medians = numbers.median()
        self.gaps = [name for name in self.columns.numbers if numbers[name].isna().any()]
        with _quiet():
            self.estimator.fit(self._filled(frame), target, cat_col_names=list(self.columns.categories))

    def predict(self, frame: pl.DataFrame) -> tuple[Array, Array | None]:
        with _quiet():
            if self.kind == "classes":
                return self.estimator.predict_proba(self._filled(frame)), np.asarray(self.estimator.classes_)
            return self.estimator.predict(self._filled(frame)), None

    def _filled(self, frame: pl.DataFrame) -> pd.DataFrame:
        made = self.columns.frame(frame)
        for name in self.gaps:
            made[f"{name} is missing"] = made[name].isna().astype(float)
        return made.fillna(self.medians)


class _quiet(warnings.catch_warnings):
    """Without the warnings of the packages below it, which say nothing about its results."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
