"""The order in which an epoch visits the rows: a function of (order, seed, epoch, row count) alone.

`shuffled` has two levels, so that a table that does not fit in memory can be read in the same order: the table is cut
into blocks of 1,024 rows, the blocks are put in random order, and the rows of each window of 64 blocks are shuffled
among themselves. A table of up to 65,536 rows is one window, that is, shuffled as a whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearprop.random import Stream, permutation, uniforms, words

BLOCK = 1024
WINDOW = 64
ORDERS = ("shuffled", "sequential", "replacement")

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
    if order == "shuffled":
        return _shuffled(seed, epoch, rows)
    if order == "replacement":
        return (uniforms(seed, Stream.REPLACEMENT, rows, time=epoch) * rows).astype(np.int64)
    return np.arange(rows)


def _shuffled(seed: int, epoch: int, rows: int) -> Rows:
    blocks = permutation(seed, Stream.ORDER_BLOCKS, -(-rows // BLOCK), time=epoch)
    keys = words(seed, Stream.ORDER_ROWS, rows, time=epoch)
    windows = []
    for first in range(0, len(blocks), WINDOW):
        window = (blocks[first : first + WINDOW, None] * BLOCK + np.arange(BLOCK)).reshape(-1)
        window = window[window < rows]
        windows.append(window[np.argsort(keys[window], kind="stable")])
    return np.concatenate(windows)
