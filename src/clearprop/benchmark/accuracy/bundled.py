"""The tables that scikit-learn brings along."""

from __future__ import annotations

from typing import Any

import polars as pl
from sklearn import datasets

from clearprop.benchmark.accuracy.task import TARGET, Kind, Task


def _task(name: str, kind: Kind, what: str) -> Task:
    def make(seed: int) -> pl.DataFrame:
        bunch: Any = getattr(datasets, f"load_{name}")()
        columns = {str(one): bunch.data[:, k] for k, one in enumerate(bunch.feature_names)}
        target = [str(bunch.target_names[one]) for one in bunch.target] if kind == "classes" else bunch.target
        return pl.DataFrame({**columns, TARGET: target})

    return Task(name, kind, make, what)


BUNDLED: tuple[Task, ...] = (
    _task("breast_cancer", "classes", "569 tumours, 30 numbers, two classes"),
    _task("wine", "classes", "178 wines, 13 numbers, three classes"),
    _task("iris", "classes", "150 flowers, 4 numbers, three classes"),
    _task("digits", "classes", "1,797 pictures of 8 × 8, ten classes"),
    _task("diabetes", "numbers", "442 patients, 10 numbers"),
)
