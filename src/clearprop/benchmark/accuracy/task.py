"""One task: a table, the column to predict, and what is written for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold

Kind = Literal["classes", "numbers"]
Rows = NDArray[np.intp]

TARGET = "target"
QUICK_ROWS = 200


@dataclass(frozen=True)
class Task:
    """What is to be learnt.

    Attributes:
        kind: whether the target is a class or a number.
        make: from a seed to the table, the column `target` among its columns; a task of real data takes no notice of
            the seed.
        what: the table in a few words.
        unseen: whether it is one of those that no recipe was ever tuned on.
    """

    name: str
    kind: Kind
    make: Callable[[int], pl.DataFrame]
    what: str
    unseen: bool = False

    def table(self, seed: int, *, quick: bool = False) -> pl.DataFrame:
        """The rows; of a quick run only so many, drawn from all."""
        frame = self.make(seed)
        return frame.sample(min(QUICK_ROWS, frame.height), seed=seed) if quick else frame


def folds(task: Task, table: pl.DataFrame, count: int, seed: int) -> list[tuple[Rows, Rows]]:
    """The rows to learn from and those to be asked about, one pair a fold: a function of table, count and seed alone.

    Classes are spread evenly over the folds.

    >>> from clearprop.benchmark.accuracy.tasks import task
    >>> iris = task("iris")
    >>> [len(test) for _, test in folds(iris, iris.table(0), 5, seed=0)]
    [30, 30, 30, 30, 30]
    """
    split = (StratifiedKFold if task.kind == "classes" else KFold)(count, shuffle=True, random_state=seed)
    return list(split.split(np.zeros(table.height), table[TARGET].to_numpy()))


def fingerprint(table: pl.DataFrame) -> str:
    """A short name for what is in a table, the same wherever it was made.

    Of a column of numbers it sees Σ (i + 1)·xᵢ and Σ |xᵢ| to nine digits, so that the last digit of another machine's
    cosine makes no difference, and a changed definition does.

    >>> one = pl.DataFrame({"x": [1.0, 2.0]})
    >>> fingerprint(one) == fingerprint(one + 1e-15), fingerprint(one) == fingerprint(one[::-1])
    (True, False)
    """
    digest = hashlib.sha256(f"{table.schema} {table.height}".encode())
    for column in table:
        if column.dtype.is_float():
            missing = column.is_null().to_numpy()
            values = column.fill_null(0.0).to_numpy()
            size = float(np.abs(values).sum())
            place = float(values @ np.arange(1.0, len(values) + 1))
            digest.update(f"{size:.9g} {place / (size * len(values) or 1.0):.7f}".encode() + missing.tobytes())
        else:
            digest.update("\0".join(map(str, column.to_list())).encode())
    return digest.hexdigest()[:12]
