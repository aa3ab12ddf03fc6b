"""One pass over all rows of a table that need not fit in memory: what has to be known before they can be encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.random import Draw, Stream
from clearprop.table.column_types import ColumnTypes, tables
from clearprop.table.encoding import SAMPLE
from clearprop.table.files import Chunk, chunks
from clearprop.table.parsing import cleaned
from clearprop.table.table import Table, no_rows
from clearprop.table.tally import Tally
from clearprop.table.target import all_missing, column_of, have

MOST_HELD_OUT = 0.75
"""The largest share of the rows that may be held out: the more are, the more must be kept to have others enough."""

MOST_CODED = 1 << 12
"""Values of the target whose numbers are kept for each row."""


@dataclass(frozen=True)
class Survey:
    """What one pass over a table has found.

    Attributes:
        paths, source: its files, and how they are called together.
        types: that of each column.
        rows, labelled: how many rows there are, and how many of them have a target.
        values: those of the target, in the order in which they come first.
        tally: the same, counted.
        codes: for each row with a target the number of its value among `values`; None where these are many.
        pool: some of the rows with a target, all of them where they are few; each has its number in the whole table.
        pooled: which of the rows with a target these are, counted among them.
    """

    paths: Sequence[Path]
    source: str
    types: ColumnTypes
    rows: int
    labelled: int
    values: pl.Series
    tally: Tally
    codes: NDArray[np.unsignedinteger] | None
    pool: Table
    pooled: NDArray[np.int64]

    def tables(self) -> Iterator[Table]:
        """The table's rows that have a target, chunk by chunk, in the types that they have in the whole table."""
        for table in tables(self.paths, self.types):
            known = have(table, self.tally.values.name)
            if len(known):
                yield table if len(known) == len(table) else table.select(known)


def pool_size(held_out: float) -> int:
    """How many rows are kept of a large table, so that without the share held out there are `SAMPLE` at least.

    The held-out rows come to be known only when all have been seen. Of rows drawn the others are `SAMPLE` and ten times
    its root on average, from which they stray by less than the root.

    >>> pool_size(0.5)
    534528
    """
    return ceil((SAMPLE + 10 * sqrt(SAMPLE)) / (1 - held_out))


def survey(paths: Sequence[Path], source: str, target: str, seed: int, held_out: float | None = None) -> Survey:
    """Looks at all rows of a table once, and keeps as many as statistics are learnt from where a share is held out.

    Raises:
        InputError: a file is damaged, its columns are not those of the first; or there is no row that has a target.
    """
    finding = _Finding(source, target, Draw(seed, Stream.STATISTICS, pool_size(held_out or 0.0)))
    for chunk in chunks(paths):
        finding.see(chunk)
    return finding.found(paths)


class _Finding:
    def __init__(self, source: str, target: str, draw: Draw) -> None:
        self.source, self.target, self.draw = source, target, draw
        self.types = ColumnTypes()
        self.rows = self.labelled = 0
        self.tally: Tally | None = None
        self.pool: list[pl.DataFrame] = []
        self.pooled: list[NDArray[np.int64]] = []
        self.codes: list[NDArray[np.unsignedinteger]] | None = []

    def see(self, chunk: Chunk) -> None:
        if self.target not in chunk.frame.columns:
            column_of(Table(chunk.frame, str(chunk.path), np.empty(0, np.int64)), self.target)
        frame = self.types.see(chunk)
        target = cleaned(frame[self.target]) if chunk.separator else frame[self.target]
        self.tally = Tally.of(target) if self.tally is None else self.tally.and_more(target, self.rows)
        self._code(target.drop_nulls())
        known = np.flatnonzero(target.is_not_null().to_numpy())
        entered = self.draw.enter(self.rows + known)
        self.pool.append(frame[known[entered]])
        self.pooled.append(self.labelled + np.flatnonzero(entered))
        if self.draw.is_full:
            kept = self.draw.kept()
            self.pool = [pl.concat(self.pool, how="vertical_relaxed")[kept]]
            self.pooled = [np.concatenate(self.pooled)[kept]]
        self.labelled += len(known)
        self.rows += frame.height

    def _code(self, target: pl.Series) -> None:
        assert self.tally is not None
        if self.codes is None or self.tally.different > MOST_CODED:
            self.codes = None
            return
        values = self.tally.values
        codes = target.cast(values.dtype).replace_strict(values, range(len(values)), return_dtype=pl.UInt32)
        self.codes.append(codes.to_numpy().astype(np.min_scalar_type(len(values) - 1)))

    def found(self, paths: Sequence[Path]) -> Survey:
        if not self.rows:
            raise no_rows(self.source)
        if not self.labelled:
            raise all_missing(self.source, self.target)
        assert self.tally is not None
        kept = self.draw.kept()
        frame = pl.concat(self.pool, how="vertical_relaxed")[kept]
        values = self.types.read(self.tally.values.alias(self.target).to_frame())[self.target]
        return Survey(
            paths,
            self.source,
            self.types,
            self.rows,
            self.labelled,
            values,
            self.tally.mapped(values),
            None if self.codes is None else np.concatenate(self.codes),
            Table(self.types.read(frame), self.source, self.draw.rows + 1, typed=self.types.are_given),
            np.concatenate(self.pooled)[kept],
        )
