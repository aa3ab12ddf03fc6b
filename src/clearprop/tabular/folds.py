"""Which rows each member of an ensemble leaves out, and the seed of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearprop.engines.base import Array
from clearprop.random import Stream, check_seed, words
from clearprop.training.split import AT_ONCE, strata

LANE = 1  # of the splits of a seed; the one that holds rows out for good has lane 0


def folds(Y: Array, count: int, seed: int = 0) -> NDArray[np.int64]:
    """The fold of each row (N,), from 0 to count - 1: a function of (Y, count, seed) alone.

    Folds are equally large, give or take one row, and so are the shares of each class in them: the rows of a class are
    shuffled and dealt out one by one, and the next class goes on where that one ended. Numbers are dealt out as one
    class.

    Args:
        Y: targets, (N, outputs), or class indices (N,).
        count: how many folds, at least 1.
        seed: a whole number from 0 up.

    >>> dealt = folds(np.array([0, 0, 0, 0, 1, 1]), 2, seed=3)
    >>> np.bincount(dealt).tolist(), np.bincount(dealt[:4]).tolist()
    ([3, 3], [2, 2])

    Kohavi, "A study of cross-validation and bootstrap", IJCAI 1995.
    """
    return dealt_out(strata(Y), len(Y), count, seed).astype(np.int64)


def dealt_out(classes: int | NDArray[np.integer], rows: int, count: int, seed: int = 0) -> NDArray[np.unsignedinteger]:
    """The fold of each of so many rows, of classes as `strata` or `strata_of` tell them, in the smallest type."""
    keys = np.empty(rows, np.uint32)
    for start in range(0, rows, AT_ONCE):
        part = keys[start : start + AT_ONCE]
        part[...] = words(check_seed(seed), Stream.SPLIT, len(part), lane=LANE, start=start)
    dealt, done = np.empty(rows, np.min_scalar_type(count - 1)), 0
    for label in [None] if isinstance(classes, int) else np.unique(classes):
        own = slice(None) if label is None else np.flatnonzero(classes == label)
        order = np.argsort(keys[own], kind="stable")
        turn = np.empty(len(order), dealt.dtype)
        turn[order] = (done + np.arange(len(order))) % count
        dealt[own] = turn
        done += len(order)
    return dealt


def member_seeds(seed: int, count: int) -> list[int]:
    """A seed for each member: of its start, its order of rows and its dropout masks.

    >>> member_seeds(0, 3)[:2] == member_seeds(0, 2)
    True
    """
    pairs = words(check_seed(seed), Stream.MEMBER, 2 * count).reshape(-1, 2).astype(np.uint64)
    return [int(high) << 32 | int(low) for low, high in pairs]
