"""Categories: an input for each, or one input with the number of the category for a learnt embedding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.errors import InputError
from clearprop.table.column import MOST_ONE_HOT, Column, InputKind, Learning, Matrix
from clearprop.table.table import Table
from clearprop.table.values import categories

MOST_CODES = 1 << 16
"""Categories that may have a number each."""


@dataclass(frozen=True)
class Category(Column):
    """One input for each category of the training rows, 1 where it is the row's.

    One more is for missing, where training rows lack it, and one for all rare categories together. A category that no
    training row has is like the rare ones; where there are none of these, all inputs are 0.

    Of a column that is `coded` the number of the category is the only input: 0, 1, … for the labels, then one for all
    categories that are rare or that no training row has, then one for missing, where training rows lack it.
    """

    kind = "category"

    labels: tuple[str, ...]
    others: int  # how many rare categories are one
    coded: bool

    def __post_init__(self) -> None:
        if len(set(self.labels)) != max(len(self.labels), 1) or self.others < 0:
            raise InputError(f"column {self.name}: there is no category, one stands twice, or fewer than none are rare")

    @staticmethod
    def learn(table: Table, name: str, learning: Learning) -> Category:
        keys = categories(table, name)
        weights = np.ones(len(keys)) if learning.weights is None else learning.weights
        rows = pl.DataFrame({"label": keys, "weight": weights}).drop_nulls("label").group_by("label").agg(
            pl.col("weight").sum()
        )  # fmt: skip
        coded = learning.one_hot_to is not None and rows.height > learning.one_hot_to
        ordered = rows.sort("weight", "label", descending=[True, False])
        labels = tuple(sorted(ordered["label"].head(MOST_CODES if coded else MOST_ONE_HOT)))
        rare = rows.height - len(labels)
        notes = (f"{rare} rare categories {'are taken for one' if coded else 'share one input'}",) if rare else ()
        return Category(name, keys.null_count(), notes, labels, rare, coded)

    @property
    def done(self) -> str:
        if self.coded:
            return f"one input, the number of one of {self.codes} categories"
        return f"one input for each of {len(self.labels) + bool(self.others) + bool(self.missing)} categories"

    @property
    def input_names(self) -> tuple[str, ...]:
        if self.coded:
            return (self.name,)
        named = (f"{self.name}={label}" for label in self.labels)
        return (*named, *((f"{self.name} other",) if self.others else ()), *self._missing_name)

    @property
    def input_kinds(self) -> tuple[InputKind, ...]:
        kind: InputKind = "code" if self.coded else "flag"
        return (kind,) * len(self.input_names)

    @property
    def codes(self) -> int:
        return len(self.labels) + 1 + bool(self.missing) if self.coded else 0

    def code_names(self) -> tuple[str, ...]:
        return () if not self.coded else (*self.labels, "other", *(("missing",) if self.missing else ()))

    def fill(self, table: Table, out: Matrix) -> None:
        codes, other = self._codes(table), len(self.labels)
        if self.coded:
            out[:, 0] = codes
            return
        places = np.where(codes > other, len(self.input_names) - 1, codes)
        named = (codes != other) | bool(self.others)
        out[np.flatnonzero(named), places[named]] = 1.0

    def _codes(self, table: Table) -> NDArray[np.int64]:
        """The number of each row's category (B,): 0, 1, … for the labels, then all others, then missing."""
        keys, other = categories(table, self.name), len(self.labels)
        codes: NDArray[np.int64] = keys.replace_strict(
            self.labels, range(other), default=other, return_dtype=pl.Int64
        ).to_numpy().copy()  # fmt: skip
        codes[keys.is_null().to_numpy()] = other + bool(self.missing)
        return codes
