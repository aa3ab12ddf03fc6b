"""The order in which an epoch visits the rows: a function of (order, seed, epoch, row count) alone.

`shuffled` has two levels, so that a table that does not fit in memory can be read in the same order: the table is cut
into blocks of 1,024 rows, the blocks are put in random order, and the rows of each window of 64 blocks are shuffled
among themselves. A table of up to 65,536 rows is one window, that is, shuffled as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearprop.random import Stream, permutation, uniforms, words_of_blocks

BLOCK = 1024
WINDOW = 64
ORDERS = ("shuffled", "sequential", "replacement")
STREAMED = ("shuffled", "sequential")
"""The orders that visit a table window by window."""

Rows = NDArray[np.int64]


def epoch_order(order: str | Rows, seed: int, epoch: int, rows: int) -> Rows:
    """The row numbers in the order in which an epoch visits them.

    "sequential": as they lie; "shuffled": two-level shuffle; "replacement": each drawn afresh from all rows, as many as
    there are rows; an array of row numbers: these, at each epoch.

    >>> epoch_order("sequential", seed=0, epoch=0, rows=4).tolist()
    [0, 1, 2, 3]
    >>> sorted(epoch_order("shuffled", seed=0, epoch=0, rows=4).tolist())
    [0, 1, 2, 3]
    """
    if not isinstance(order, str):
        return order
    if order == "replacement":
        return (uniforms(seed, Stream.REPLACEMENT, rows, time=epoch) * rows).astype(np.int64)
    if order == "sequential":
        return np.arange(rows)
    windows = Windows(order, seed, epoch, rows)
    return np.concatenate([windows[number].visited for number in range(len(windows))])


@dataclass(frozen=True)
class Window:
    """Blocks of a table that are visited before all others.

    Attributes:
        rows: the numbers of their rows, block after block.
        order: the places among `rows` in the order in which these are visited.
    """

    rows: Rows
    order: Rows

    @property
    def visited(self) -> Rows:
        """The row numbers in the order in which they are visited."""
        return self.rows[self.order]


class Windows:
    """An epoch in one of the orders `STREAMED`, window by window.

    Attributes:
        starts: how many rows are visited before each window, and by all (windows + 1,).

    >>> windows = Windows("shuffled", seed=0, epoch=0, rows=200_000)
    >>> len(windows), windows[0].rows[:3] % BLOCK, int(windows.starts[-1])
    (4, array([0, 1, 2]), 200000)
    """

    def __init__(self, order: str, seed: int, epoch: int, rows: int) -> None:
        self.order, self.seed, self.epoch = order, seed, epoch
        count = -(-rows // BLOCK)
        shuffled = order == "shuffled"
        self.blocks = permutation(seed, Stream.ORDER_BLOCKS, count, time=epoch) if shuffled else np.arange(count)
        self.rows = rows
        sizes = np.minimum(BLOCK, rows - self.blocks * BLOCK)
        self.starts = np.concatenate([[0], np.cumsum(np.add.reduceat(sizes, np.arange(0, count, WINDOW)))])

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> Window:
        blocks = self.blocks[number * WINDOW : (number + 1) * WINDOW]
        rows = (blocks[:, None] * BLOCK + np.arange(BLOCK)).reshape(-1)
        there = rows < self.rows
        if self.order == "sequential":
            rows = rows[there]
            return Window(rows, np.arange(len(rows)))
        size = min(BLOCK, 4 * -(-self.rows // 4))  # no more words than the rows of a small table need
        rows = rows[there]
        keys = words_of_blocks(self.seed, Stream.ORDER_ROWS, blocks, size, time=self.epoch).reshape(-1)
        keys = keys[: len(rows)] if size < BLOCK else keys[there]
        # Sorted together with the places, which fit in 16 bits, so that equal keys keep theirs: faster than an argsort.
        keyed = keys.astype(np.uint64) << np.uint64(16) | np.arange(len(keys), dtype=np.uint64)
        return Window(rows, (np.sort(keyed) & np.uint64(0xFFFF)).astype(np.int64))

    def holding(self, place: int) -> int:
        """The number of the window in which the row that is visited after `place` others is."""
        return int(np.searchsorted(self.starts, place, side="right")) - 1
