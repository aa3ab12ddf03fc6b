"""Rows of a table that are kept while all others go by: packed, to take up little until they are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

TOGETHER = 16 << 20
"""Bytes of rows that are packed together."""


class Pool:
    """Rows in the order in which they came in. Frames that come in have the same columns.

    >>> pool = Pool()
    >>> for part in (["a", "b"], [], ["c"]):
    ...     pool.add(pl.DataFrame({"x": part}, schema={"x": pl.String}))
    >>> pool.keep(np.array([0, 2]))
    >>> [column.to_list() for column in pool.columns()]
    [['a', 'c']]
    """

    def __init__(self) -> None:
        self._packs: list[bytes] = []
        self._loose: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Takes in rows behind those that are there."""
        if rows.height:
            self._loose.append(rows)
        if self._size_of_loose >= TOGETHER:
            self._pack()

    @property
    def size(self) -> int:
        """About how many bytes they take up."""
        return sum(map(len, self._packs)) + self._size_of_loose

    def keep(self, places: NDArray[np.int64]) -> None:
        """Throws out all rows but those at some places, given in their order."""
        self._pack()
        packs, self._packs = self._packs[::-1], []
        first = 0
        while packs:
            rows = pl.read_ipc(BytesIO(packs.pop()))
            begin, end = np.searchsorted(places, [first, first + rows.height])
            here: NDArray[np.int64] = places[begin:end] - first
            self.add(rows[here])
            first += rows.height

    def columns(self) -> Iterator[pl.Series]:
        """All rows, column by column: only one of them need be in memory as it came."""
        self._pack()
        for name in pl.read_ipc(BytesIO(self._packs[0]), n_rows=0).columns:
            parts = [pl.read_ipc(BytesIO(pack), columns=[name]) for pack in self._packs]
            yield pl.concat(parts, how="vertical_relaxed")[name]

    @property
    def _size_of_loose(self) -> int:
        return sum(int(frame.estimated_size()) for frame in self._loose)

    def _pack(self) -> None:
        if not self._loose:
            return
        packed = BytesIO()
        pl.concat(self._loose, how="vertical_relaxed").write_ipc(packed, compression="zstd")
        self._packs.append(packed.getvalue())
        self._loose = []
