"""The type of each column of a table that is read in parts, and its parts in these types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from clearprop.errors import InputError
from clearprop.table.files import Chunk, chunks
from clearprop.table.parsing import PARSERS, TypeFinder, decimal_commas
from clearprop.table.table import Table, plain, quoted


class ColumnTypes:
    """What type each column has in the whole table: first all chunks are seen, then any of them can be read."""

    def __init__(self) -> None:
        self._texts: dict[str, TypeFinder] = {}
        self._values: dict[str, tuple[pl.DataType, Path]] = {}

    def see(self, chunk: Chunk) -> pl.DataFrame:
        """Rules out what the values of a chunk are not, and gives them: texts as they are, others in plain types.

        Raises:
            InputError: in a file that is no text, a column is of another type than in one before it.
        """
        if chunk.separator:
            parsers = PARSERS if chunk.separator == "," else (*PARSERS, decimal_commas)
            for column in chunk.frame:
                self._texts.setdefault(column.name, TypeFinder(parsers)).see(column)
            return chunk.frame
        frame = pl.DataFrame([plain(column) for column in chunk.frame])
        for name, dtype in frame.schema.items():
            self._see_values(name, dtype, chunk.path)
        return frame

    def _see_values(self, name: str, dtype: pl.DataType, path: Path) -> None:
        before, first = self._values.get(name, (dtype, path))
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
        self._values[name] = both, first

    @property
    def are_given(self) -> bool:
        """Whether the files say the types of their values, as texts do not."""
        return not self._texts

    def read(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The columns of a chunk in the types that they have in the whole table."""
        return frame.select(self.of(values) for values in frame)

    def of(self, values: pl.Series) -> pl.Series:
        """Values of a column in the type that it has in the whole table."""
        if self._texts:
            return plain(self._texts[values.name].read(values))
        dtype, _ = self._values[values.name]
        return plain(values).cast(pl.Float64() if dtype == pl.Null else dtype)


def types_of(paths: Sequence[Path]) -> ColumnTypes:
    """The types that the columns of some files have; texts are read from the first to the last for them.

    Raises:
        InputError: a file is damaged, or its columns or their types are not those of the first.
    """
    types = ColumnTypes()
    for chunk in chunks(paths, types_only=True):
        types.see(chunk)
    return types


def tables(paths: Sequence[Path], types: ColumnTypes) -> Iterator[Table]:
    """The rows of some files chunk by chunk, in types that have been found; each has its number in its own file."""
    for chunk in chunks(paths):
        numbers = np.arange(chunk.row + 1, chunk.row + chunk.frame.height + 1)
        yield Table(types.read(chunk.frame), str(chunk.path), numbers, chunk.lines, types.are_given)
