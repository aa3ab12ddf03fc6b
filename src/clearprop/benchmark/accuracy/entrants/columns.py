"""A frame in the form that the other tools take: a pandas DataFrame of numbers and categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from polars import selectors

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(missing)"


@dataclass(frozen=True)
class Columns:
    """How the columns of a frame become columns of another tool.

    Attributes:
        numbers: names of the columns of numbers, those that a date is taken apart into among them.
        categories: the values of each other column, sorted; one that is met later counts as missing.
    """

    numbers: tuple[str, ...]
    categories: dict[str, list[str]]

    @staticmethod
    def learn(frame: pl.DataFrame) -> Columns:
        """The columns of the rows to learn from."""
        taken_apart = _dated(frame)
        numbers = tuple(taken_apart.select(selectors.numeric()).columns)
        others = [name for name in taken_apart.columns if name not in numbers]
        values = {name: taken_apart[name].cast(pl.String).drop_nulls().unique().sort().to_list() for name in others}
        return Columns(numbers, values)

    def frame(self, frame: pl.DataFrame) -> pd.DataFrame:
        """Numbers as float64, NaN where one is missing, the others as categories of pandas."""
        import pandas as pd

        taken_apart = _dated(frame)
        columns: dict[str, object] = {name: taken_apart[name].cast(pl.Float64).to_numpy() for name in self.numbers}
        for name, values in self.categories.items():
            texts = taken_apart[name].cast(pl.String).to_list()
            columns[name] = pd.Categorical([one if one in set(values) else None for one in texts], categories=values)
        return pd.DataFrame(columns)

    def texts(self, frame: pl.DataFrame) -> pd.DataFrame:
        """As `frame`, but with categories as texts, a missing one among them."""
        made = self.frame(frame)
        for name in self.categories:
            made[name] = made[name].astype(object).where(made[name].notna(), MISSING)
        return made


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Dates taken apart into year, month, day, weekday and days since 1970.

    >>> from datetime import date
    >>> _dated(pl.DataFrame({"x": [1.0], "on": [date(1970, 3, 1)]})).row(0)
    (1.0, 1970.0, 3.0, 1.0, 7.0, 59.0)
    """
    for name in frame.select(selectors.temporal()).columns:
        day = pl.col(name)
        parts = {
            "year": day.dt.year(),
            "month": day.dt.month(),
            "day": day.dt.day(),
            "weekday": day.dt.weekday(),
            "days": day.dt.epoch("d"),
        }
        frame = frame.with_columns(**{f"{name} {part}": value.cast(pl.Float64) for part, value in parts.items()})
        frame = frame.drop(name)
    return frame
