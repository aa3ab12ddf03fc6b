"""The different values of a column and how often each comes: what decides about it, whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

MOST = 1 << 16
"""Values that are told apart where a table is too large to be in memory."""


@dataclass(frozen=True)
class Tally:
    """Values that are not null, in the order in which they come first.

    Attributes:
        values: the different ones.
        counts: how often each comes.
        firsts: the index of the row in which each comes first.
        others: how many rows have other values, once there are more than `MOST` of them.

    >>> Tally.of(pl.Series(["b", None, "a", "b"])).counts
    array([2, 1])
    """

    values: pl.Series
    counts: NDArray[np.int64]
    firsts: NDArray[np.int64]
    others: int = 0

    @staticmethod
    def of(column: pl.Series) -> Tally:
        """Of all values of a column."""
        rows = pl.DataFrame({"value": column, "row": np.arange(len(column))}).drop_nulls("value")
        found = rows.group_by("value", maintain_order=True).agg(pl.len().cast(pl.Int64), pl.col("row").first())
        return Tally(found["value"].alias(column.name), found["len"].to_numpy(), found["row"].to_numpy())

    @property
    def rows(self) -> int:
        """How many rows have a value."""
        return int(self.counts.sum()) + self.others

    @property
    def many(self) -> bool:
        """Whether there are more than `MOST` different values, of which some alone are known."""
        return len(self.values) > MOST

    @property
    def different(self) -> int:
        """How many different values there are, as far as they are known."""
        return len(self.values)

    def mapped(self, values: pl.Series) -> Tally:
        """The tally of what became of the values, some of which may be equal now, and some null."""
        return self._summed(pl.DataFrame({"value": values, "count": self.counts, "row": self.firsts}))

    def and_more(self, column: pl.Series, rows: int) -> Tally:
        """The tally with a column below this one, which has so many rows; where there are many, no values of it."""
        if self.many:
            return replace(self, others=self.others + len(column) - column.null_count())
        other = Tally.of(column)
        own = {"value": self.values, "count": self.counts, "row": self.firsts}
        more = {"value": other.values, "count": other.counts, "row": other.firsts + rows}
        return self._summed(pl.concat([pl.DataFrame(own), pl.DataFrame(more)], how="vertical_relaxed"))

    def _summed(self, rows: pl.DataFrame) -> Tally:
        grouped = rows.drop_nulls("value").group_by("value", maintain_order=True)
        found = grouped.agg(pl.col("count").sum(), pl.col("row").min())
        column = found["value"].alias(self.values.name)
        return Tally(column, found["count"].to_numpy(), found["row"].to_numpy(), self.others)
