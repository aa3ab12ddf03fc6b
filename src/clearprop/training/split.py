"""Rows to learn from and rows to judge by: a random split, stratified where there are classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.random import Stream, check_seed, words
from clearprop.training.metrics import are_classes

Rows = NDArray[np.int64]


def split(rows: int | NDArray[np.integer], share: float, seed: int = 0, *, lane: int = 0) -> tuple[Rows, Rows]:
    """Training rows and validation rows, both sorted: a function of (rows, share, seed, lane) alone.

    Each class gives its share of the validation rows, as nearly as whole rows allow. Both sides get at least one row;
    a class with two rows or more keeps one in training, a class of a single row stays in training.

    Args:
        rows: how many rows there are, or the class of each row (N,).
        share: the share of the rows that go to validation, above 0 and below 1.
        seed: a whole number from 0 up.
        lane: another split of the same seed, so that rows held out twice are held out independently.

    Raises:
        InputError: fewer than two rows, or a share out of range.

    >>> training, validation = split(np.array([0, 0, 0, 0, 1, 1]), 0.4, seed=1)
    >>> len(training), len(validation), (validation >= 4).sum().item()
    (4, 2, 1)
    """
    classes = np.zeros(rows, np.int64) if isinstance(rows, int) else np.unique(rows, return_inverse=True)[1]
    count = len(classes)
    if count < 2:
        raise InputError(f"a split needs at least two rows, one on each side; got {count}")
    share = check_share(share)
    keys = words(check_seed(seed), Stream.SPLIT, count, lane=lane)
    sizes = np.bincount(classes)
    taken = _taken(sizes, share)
    if not taken.any():  # every class is a single row: one of them has to go
        classes, sizes, taken = np.zeros(count, np.int64), np.array([count]), np.array([1])
    by_class = np.lexsort((keys, classes))
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(count) - np.repeat(starts, sizes)
    held_out = np.zeros(count, dtype=bool)
    held_out[by_class] = rank < np.repeat(taken, sizes)
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def check_share(share: object) -> float:
    """The share, if it is a number above 0 and below 1."""
    if isinstance(share, bool) or not isinstance(share, int | float | np.number) or not 0 < share < 1:
        raise InputError(f"share of validation rows: expected a number above 0 and below 1, got {share!r}")
    return float(share)


def strata(Y: Array) -> int | NDArray[np.int64]:
    """What a split of targets goes by: the class of each row for class indices, 0 and 1, or one-hot; else their count.

    >>> strata(np.array([[0.0, 1.0], [1.0, 0.0]])).tolist(), strata(np.array([[0.3], [2.0]]))
    ([1, 0], 2)
    """
    if Y.ndim == 1:
        return Y.astype(np.int64)
    if not are_classes(Y):
        return len(Y)
    if Y.shape[1] == 1:
        return Y[:, 0].astype(np.int64)
    return Y.argmax(axis=1) if (Y.sum(axis=1) == 1).all() else len(Y)


def _taken(sizes: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """How many rows of each class go to validation: the largest remainders get what whole rows leave over."""
    total = int(sizes.sum())
    limits = sizes - 1
    wanted = min(max(round(share * total), 1), int(limits.sum()))
    quota = wanted * sizes / total
    taken: NDArray[np.int64] = np.minimum(quota.astype(np.int64), limits)
    while (missing := wanted - int(taken.sum())) > 0:
        remainder = np.where(taken < limits, quota - taken, -np.inf)
        most = np.argsort(-remainder, kind="stable")[:missing]
        taken[most[taken[most] < limits[most]]] += 1
    return taken
