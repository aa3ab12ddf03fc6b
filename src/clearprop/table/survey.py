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
from clearprop.table.encoding import SAMPLE
from clearprop.table.files import Chunk, chunks, place
from clearprop.table.parsing import PARSERS, TypeFinder, cleaned, decimal_commas
from clearprop.table.pool import Pool
from clearprop.table.table import Table, plain, quoted
from clearprop.table.tally import Tally
from clearprop.table.target import column_of

MOST_HELD_OUT = 0.75
"""The largest share of the rows that may be held out: the more are, the more must be kept to have others enough."""

READING, READING_TEXT = 128 << 20, 192 << 20
"""About what reading files takes up beside the rows that are kept: of typed columns, and of text."""
LOOKED_AT = 8
"""Bytes of a kept value while statistics are learnt from it, beside those in which it is kept."""

MOST_CODED = 1 << 12
"""Values of the target whose numbers are kept for each row."""


@dataclass(frozen=True)
class Survey:
    """What one pass over a table has found.

    Attributes:
        starts, source: its files, with the number of rows before each, and how they are called together.
        types: of a text file, what finds the values of each column; else the type of each column.
        rows, labelled: how many rows there are, and how many of them have a target.
        values: those of the target, in the order in which they come first.
        tally: the same, counted.
        codes: for each row with a target the number of its value among `values`; None where these are many.
        pool: some of the rows with a target, all of them where they are few; each has its number in the whole table.
        pooled: which of the rows with a target these are, counted among them.
    """

    starts: dict[Path, int]
    source: str
    types: dict[str, TypeFinder] | dict[str, pl.DataType]
    rows: int
    labelled: int
    values: pl.Series
    tally: Tally
    codes: NDArray[np.unsignedinteger] | None
    pool: Table
    pooled: NDArray[np.int64]

    def tables(self) -> Iterator[Table]:
        """The table's rows that have a target, chunk by chunk, in the types that they have in the whole table."""
        for chunk in chunks(list(self.starts)):
            there = Table(
                typed(chunk.frame, self.types),
                str(chunk.path),
                np.arange(chunk.row + 1, chunk.row + chunk.frame.height + 1),
                chunk.lines,
                chunk.lines is None,
            )
            known = np.flatnonzero(there.frame[self.tally.values.name].is_not_null().to_numpy())
            if len(known):
                yield there if len(known) == len(there) else there.select(known)


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
    finding = _Finding(source, named, Draw(seed, Stream.STATISTICS, pool_size(held_out or 0.0)), memory)
    for chunk in chunks(paths):
        finding.see(chunk)
    return finding.found()


class _Finding:
    def __init__(self, source: str, named: Sequence[str], draw: Draw, memory: int) -> None:
        self.source, self.named, self.target, self.draw, self.memory = source, named, named[0], draw, memory
        self.starts: dict[Path, int] = {}
        self.types: dict[str, TypeFinder] = {}
        self.dtypes: dict[str, tuple[pl.DataType, Path]] = {}
        self.rows = self.labelled = 0
        self.tally: Tally | None = None
        self.pool = Pool()
        self.pooled: list[NDArray[np.int64]] = []
        self.codes: list[NDArray[np.unsignedinteger]] | None = []

    def see(self, chunk: Chunk) -> None:
        frame = chunk.frame
        if not self.starts:
            for name in self.named:
                column_of(Table(frame, str(chunk.path), np.empty(0, np.int64)), name)
        self.starts.setdefault(chunk.path, chunk.first)
        if chunk.separator:
            self._see_texts(chunk)
            target = cleaned(frame[self.target])
        else:
            frame = pl.DataFrame([plain(column) for column in frame])
            self._see_values(frame, chunk.path)
            target = frame[self.target]
        if self.tally is None:
            self.tally = Tally.of(target)
        elif self.tally.many:
            self.tally = self.tally.and_others(len(target) - target.null_count())
        else:
            self.tally = self.tally.and_then(Tally.of(target), self.rows)
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
        self._check_memory(frame, READING_TEXT if chunk.separator else READING)

    def _check_memory(self, chunk: pl.DataFrame, reading: int) -> None:
        rows = len(self.draw.rows)
        kept = self.pool.size + LOOKED_AT * rows * chunk.width
        if PROCESS + reading + kept <= self.memory:
            return
        enough = PROCESS + reading + kept / max(1, rows) * (FULL * self.draw.size + chunk.height)
        raise InputError(
            f"memory: {in_bytes(self.memory)} is too little for {self.source}: about this much is taken up: Python and "
            f"its libraries {in_bytes(PROCESS)}, reading {in_bytes(reading)}, and the {rows:,} of the rows so far that "
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

    def _see_texts(self, chunk: Chunk) -> None:
        parsers = PARSERS if chunk.separator == "," else (*PARSERS, decimal_commas)
        for column in chunk.frame:
            self.types.setdefault(column.name, TypeFinder(parsers)).see(column)

    def _see_values(self, frame: pl.DataFrame, path: Path) -> None:
        for name, dtype in frame.schema.items():
            before, first = self.dtypes.get(name, (dtype, path))
            if dtype == before or dtype == pl.Null:
                both = before
            elif before == pl.Null:
                both, first = dtype, path
            elif {dtype, before} == {pl.Int64(), pl.Float64()}:
                both = pl.Float64()
            else:
                raise InputError(
                    f"{path}, column {quoted(name)}: its values are of type {dtype}, those in {first} of type "
                    f"{before}; write all files with the same types"
                )
            self.dtypes[name] = both, first

    def found(self) -> Survey:
        if not self.rows:
            raise InputError(f"{self.source}: it has no rows, only names of columns")
        if not self.labelled:
            raise InputError(f"{self.source}: all values of the target column {quoted(self.target)} are missing")
        assert self.tally is not None
        types: dict[str, TypeFinder] | dict[str, pl.DataType] = self.types or {
            name: pl.Float64() if dtype == pl.Null else dtype for name, (dtype, _) in self.dtypes.items()
        }
        kept = self.draw.kept()
        self.pool.keep(kept)
        values = typed(self.tally.values.alias(self.target).to_frame(), types)[self.target]
        return Survey(
            self.starts,
            self.source,
            types,
            self.rows,
            self.labelled,
            values,
            self.tally.mapped(values),
            None if self.codes is None else np.concatenate(self.codes),
            Table(
                pl.DataFrame([read(column, types) for column in self.pool.columns()]),
                self.source,
                self.draw.rows + 1,
                typed=not self.types,
                located=partial(place, self.starts),
            ),
            np.concatenate(self.pooled)[kept],
        )


def typed(frame: pl.DataFrame, types: dict[str, TypeFinder] | dict[str, pl.DataType]) -> pl.DataFrame:
    """The columns of a frame in the types that they have in the whole table."""
    return frame.select(read(column, types) for column in frame)


def read(column: pl.Series, types: dict[str, TypeFinder] | dict[str, pl.DataType]) -> pl.Series:
    """A column in the type that it has in the whole table."""
    kind = types[column.name]
    return plain(kind.read(column) if isinstance(kind, TypeFinder) else plain(column).cast(kind))
