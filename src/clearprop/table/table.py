"""A table: named columns of equal length, and where each row came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.errors import InputError
from clearprop.table.parsing import cleaned, typed


@dataclass(frozen=True, eq=False)
class Table:
    """A polars frame whose rows remember their number in the source, so that every message can name the place.

    Columns are Int64, Float64, Boolean, String, Date or Datetime (UTC, without a zone); durations and times of day are
    seconds; a column of anything else (lists, bytes) is kept as it is, and left out of every encoding. NaN is missing,
    and so is, in a file as in a frame, a text that says so ("", "NA" and the others of `parsing.MISSING`); spaces
    around a text are not part of it.

    `rows` counts data rows from 1; `lines` are lines of a text file, or None; `typed` is false where every value was a
    text in the file, so that a column of texts may once have been meant as numbers. Where rows come from several files,
    `located` says where the one of a number stands.

    >>> table = Table.of(pl.DataFrame({"age": [31, 42, None]}), "people.csv")
    >>> len(table), table.names, table.select([1, 2]).place(0, "age")
    (3, ('age',), 'people.csv, row 2, column "age"')
    """

    frame: pl.DataFrame
    source: str
    rows: NDArray[np.int64]
    lines: NDArray[np.int64] | None = None
    typed: bool = True
    located: Callable[[int], str] | None = None

    @staticmethod
    def of(frame: pl.DataFrame, source: str, lines: NDArray[np.int64] | None = None, typed: bool = True) -> Table:
        """A table of all rows of a frame; raises InputError for a frame without columns or rows."""
        if not frame.width:
            raise InputError(f"{source}: it has no columns")
        if not frame.height:
            raise no_rows(source)
        return Table(
            frame.select(_known(plain(column)) for column in frame),
            source,
            np.arange(1, frame.height + 1),
            lines,
            typed,
        )

    def __len__(self) -> int:
        return self.frame.height

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    def select(self, rows: Sequence[int] | NDArray[np.integer]) -> Table:
        """The table of some rows, given by index from 0, in the order given; each keeps its number in the source."""
        index = np.asarray(rows)
        if index.dtype == np.bool_ or (index.size and (index.min() < 0 or index.max() >= len(self))):
            raise InputError(f"{self.source}: rows are indices from 0 to {len(self) - 1}, not a mask")
        index = index.astype(np.int64)
        lines = None if self.lines is None else self.lines[index]
        return replace(self, frame=self.frame[index], rows=self.rows[index], lines=lines)

    def retyped(self) -> Table:
        """The table as a file of these rows alone would be read: a text elsewhere makes no text of a number here."""
        if self.typed:
            return self
        columns = (typed(column) if column.dtype == pl.String else column for column in self.frame)
        return replace(self, frame=self.frame.select(columns))

    def place(self, index: int, name: str) -> str:
        """Where a value stands, for a message: source, row, line where it is known, column."""
        row = int(self.rows[index])
        if self.located is not None:
            return f"{self.located(row)}, column {quoted(name)}"
        return f"{row_of(self.source, row, None if self.lines is None else self.lines[index])}, column {quoted(name)}"


def row_of(source: str, row: int, line: int | None) -> str:
    """Where a row stands: its source, its number from 1, its line where it is known."""
    return f"{source}, row {row}" + ("" if line is None else f" (line {line})")


def no_rows(source: str) -> InputError:
    return InputError(f"{source}: it has no rows, only names of columns")


def quoted(value: object) -> str:
    """A name or value as it is shown in a message: in quotes, on one line, cut where it is long.

    >>> print(quoted("two\\nlines"), quoted("x" * 100))
    "two\\nlines" "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    """
    text = str(value)
    return json.dumps(text if len(text) <= 60 else text[:56] + "...", ensure_ascii=False)


def _known(column: pl.Series) -> pl.Series:
    """A column of nothing but missing values is one of numbers."""
    return column.cast(pl.Float64) if column.dtype == pl.Null else column


def plain(column: pl.Series) -> pl.Series:
    """A column in the type of the few that stands for its own; one without a type stays without one."""
    dtype = column.dtype
    if dtype.is_integer():
        exact = column.cast(pl.Int64, strict=False)
        return exact if exact.null_count() == column.null_count() else column.cast(pl.Float64)
    if dtype.is_float() or dtype.is_decimal():
        return column.cast(pl.Float64).fill_nan(None)
    if dtype in (pl.Categorical, pl.Enum):
        return cleaned(column.cast(pl.String))
    if dtype == pl.String:
        return cleaned(column)
    if isinstance(dtype, pl.Datetime):
        utc = column if dtype.time_zone is None else column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return utc.dt.cast_time_unit("us")
    if dtype == pl.Duration:
        return column.dt.total_microseconds() / 1e6
    if dtype == pl.Time:
        return column.cast(pl.Int64) / 1e9
    return column
