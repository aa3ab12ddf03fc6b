"""One pass over all rows of a table that need not fit in memory: what has to be known before they can be encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.engines.source import PROCESS
from clearprop.errors import InputError, at_least, in_bytes
from clearprop.random import FULL, Draw, Stream
from clearprop.table.column_types import ColumnTypes, tables
from clearprop.table.encoding import SAMPLE
from clearprop.table.files import Chunk, chunks, place
from clearprop.table.parsing import cleaned
from clearprop.table.pool import Pool
from clearprop.table.table import Table, no_rows
from clearprop.table.tally import Tally
from clearprop.table.target import all_missing, column_of, have

MOST_HELD_OUT = 0.75
"""The largest share of the rows that may be held out: the more are, the more must be kept to have others enough."""

READING = 192 << 20
"""About what reading files takes up beside the rows that are kept."""
LOOKED_AT = 8
"""Bytes of a kept value while statistics are learnt from it, beside those in which it is kept."""

MOST_CODED = 1 << 12
"""Values of the target whose numbers are kept for each row."""


@dataclass(frozen=True)
class Survey:
    """What one pass over a table has found.

    Attributes:
        starts, source: its files, with the number of rows before each, and how they are called together.
        types: that of each column.
        rows, labelled: how many rows there are, and how many of them have a target.
        values: those of the target, in the order in which they come first.
        tally: the same, counted.
        codes: for each row with a target the number of its value among `values`; None where these are many, or nothing
            is held out.
        pool: some of the rows with a target, all of them where they are few; each has its number in the whole table.
        pooled: which of the rows with a target these are, counted among them.
    """

    starts: dict[Path, int]
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
        for table in tables(list(self.starts), self.types):
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


def survey(
    paths: Sequence[Path], source: str, named: Sequence[str], seed: int, memory: int, held_out: float | None = None
) -> Survey:
    """Looks at all rows of a table once, and keeps as many as statistics are learnt from where a share is held out.

    Args:
        named: columns that there must be; the first is the target.

    Raises:
        InputError: there is no such column; a file is damaged, its columns are not those of the first; there is no row
            that has a target; or the rows that are kept are too large for the memory.
    """
    draw = Draw(seed, Stream.STATISTICS, pool_size(held_out or 0.0))
    finding = _Finding(source, named, draw, memory, coded=held_out is not None)
    for chunk in chunks(paths):
        finding.see(chunk)
    return finding.found()


class _Finding:
    def __init__(self, source: str, named: Sequence[str], draw: Draw, memory: int, coded: bool) -> None:
        self.source, self.named, self.target, self.draw, self.memory = source, named, named[0], draw, memory
        self.starts: dict[Path, int] = {}
        self.types = ColumnTypes()
        self.rows = self.labelled = 0
        self.tally: Tally | None = None
        self.pool = Pool()
        self.pooled: list[NDArray[np.int64]] = []
        self.codes: list[NDArray[np.unsignedinteger]] | None = [] if coded else None

    def see(self, chunk: Chunk) -> None:
        if not self.starts:
            for name in self.named:
                column_of(Table(chunk.frame, str(chunk.path), np.empty(0, np.int64)), name)
        self.starts.setdefault(chunk.path, chunk.first)
        frame = self.types.see(chunk)
        target = cleaned(frame[self.target]) if chunk.separator else frame[self.target]
        self.tally = Tally.of(target) if self.tally is None else self.tally.and_more(target, self.rows)
        self._code(target.drop_nulls())
        known = np.flatnonzero(target.is_not_null().to_numpy())
        entered = self.draw.enter(self.rows + known)
        self.pool.add(frame[known[entered]])
        self.pooled.append(self.labelled + np.flatnonzero(entered))
        if self.draw.is_full:
            kept = self.draw.kept()
            self.pool.keep(kept)
            self.pooled = [np.concatenate(self.pooled)[kept]]
        self.labelled += len(known)
        self.rows += frame.height
        self._check_memory(frame)

    def _check_memory(self, chunk: pl.DataFrame) -> None:
        rows = len(self.draw.rows)
        kept = self.pool.size + LOOKED_AT * rows * chunk.width
        if not rows or PROCESS + READING + kept <= self.memory:
            return
        enough = PROCESS + READING + kept / rows * (FULL * self.draw.size + chunk.height)
        raise InputError(
            f"memory: {in_bytes(self.memory)} is too little for {self.source}: about this much is taken up: Python and "
            f"its libraries {in_bytes(PROCESS)}, reading {in_bytes(READING)}, and the {rows:,} of the rows so far that "
            f"statistics are learnt from {in_bytes(kept)}; give {at_least(enough)}, which is enough for any number of "
            "such rows, or write files with fewer columns"
        )

    def _code(self, target: pl.Series) -> None:
        assert self.tally is not None
        if self.codes is None or self.tally.different > MOST_CODED:
            self.codes = None
            return
        values = self.tally.values
        codes = target.cast(values.dtype).replace_strict(values, range(len(values)), return_dtype=pl.UInt32)
        self.codes.append(codes.to_numpy().astype(np.min_scalar_type(len(values) - 1)))

    def found(self) -> Survey:
        if not self.rows:
            raise no_rows(self.source)
        if not self.labelled:
            raise all_missing(self.source, self.target)
        assert self.tally is not None
        kept = self.draw.kept()
        values = self.types.read(self.tally.values.alias(self.target).to_frame())[self.target]
        return Survey(
            self.starts,
            self.source,
            self.types,
            self.rows,
            self.labelled,
            values,
            self.tally.mapped(values),
            None if self.codes is None else np.concatenate(self.codes),
            Table(
                pl.DataFrame([self.types.of(column[kept]) for column in self.pool.columns()]),
                self.source,
                self.draw.rows + 1,
                typed=self.types.are_given,
                located=partial(place, self.starts),
            ),
            np.concatenate(self.pooled)[kept],
        )
