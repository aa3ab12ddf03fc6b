"""A table as a model takes it: in one part where it is in memory or fits there, else in many, one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from clearprop.engines.source import MEMORY
from clearprop.errors import InputError, check_size
from clearprop.table.column_types import tables, types_of
from clearprop.table.files import Paths, called, files, fits, names_many
from clearprop.table.frames import as_table
from clearprop.table.table import Table, no_rows


@dataclass(frozen=True)
class Parts:
    """The rows of a table, in their order.

    Attributes:
        source: what the table is called.
        tables: its parts, each with one row at least, of which every row has its number in its own file; to be gone
            through once.
    """

    source: str
    tables: Iterable[Table]

    def row(self, number: int) -> Table:
        """The row of a number, counted from 1 through all parts; an `InputError` where there is none."""
        before = 0
        for table in self.tables:
            if 1 <= number <= before + len(table):
                return table.select([number - before - 1])
            before += len(table)
        raise InputError(f"{self.source}: there is no row {number:,}; rows go from 1 to {before:,}")


Tabular = Parts | Table | Paths | Any
"""What `parts` takes."""


def parts(given: Tabular) -> Parts:
    """The parts of a Table or a DataFrame, which are one, or of a file, a pattern, a folder or a list of these.

    A file is read as one part where it fits in memory, as far as can be told beforehand. Of several files, and of one
    that is larger, the columns have the types that they have in the whole table, so that a value is read the same,
    however the rows are divided.

    Raises:
        InputError: as `as_table` and `TableSource`; also while the parts are gone through.

    >>> import polars as pl
    >>> [len(table) for table in parts(pl.DataFrame({"age": [31, 42]})).tables]
    [2]
    """
    if isinstance(given, Parts):
        return given
    if _are_paths(given) and not _fits(given):
        found, source = files(given), called(given)
        return Parts(source, _read(found, source))
    table = as_table(given)
    return Parts(table.source, [table])


def _are_paths(given: Any) -> TypeGuard[Paths]:
    several = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    return all(isinstance(path, str | os.PathLike) for path in (given if several else [given]))


def _fits(paths: Paths) -> bool:
    """Whether it is one file, and fits in memory."""
    one = isinstance(paths, str | os.PathLike) and not names_many(paths)
    return one and fits(Path(called(paths)), check_size("memory", MEMORY))


def _read(paths: Sequence[Path], source: str) -> Iterator[Table]:
    rows = 0
    for table in tables(paths, types_of(paths)):
        if len(table):
            yield table
        rows += len(table)
    if not rows:
        raise no_rows(source)
