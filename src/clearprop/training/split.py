"""Rows to learn from and rows to judge by: a random split, stratified where there are classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearprop.engines.base import Array
from clearprop.engines.source import Source
from clearprop.errors import InputError
from clearprop.random import Stream, check_seed, words
from clearprop.training.metrics import are_classes

Rows = NDArray[np.int64]

AT_ONCE = 1 << 18


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
    held_out = are_held_out(rows, share, seed, lane=lane)
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def are_held_out(rows: int | NDArray[np.integer], share: float, seed: int = 0, *, lane: int = 0) -> NDArray[np.bool_]:
    """For each row (N,) whether `split` takes it for validation; of many rows it needs little more than 8 bytes each.

    >>> are_held_out(5, 0.4, seed=1).sum().item()
    2
    """
    count = rows if isinstance(rows, int) else len(rows)
    if count < 2:
        raise InputError(f"a split needs at least two rows, one on each side; got {count}")
    share = check_share(share)
    keys = np.empty(count, np.uint32)
    for start in range(0, count, AT_ONCE):
        part = keys[start : start + AT_ONCE]
        part[...] = words(check_seed(seed), Stream.SPLIT, len(part), lane=lane, start=start)
    values, sizes = (None, np.array([count])) if isinstance(rows, int) else np.unique(rows, return_counts=True)
    taken = _taken(sizes, share)
    if not taken.any():  # every class is a single row: one of them has to go
        values, taken = None, np.array([1])
    held_out = np.zeros(count, dtype=bool)
    for place, most in enumerate(taken.tolist()):
        own = slice(None) if values is None else np.asarray(rows == values[place])
        held_out[own] = _smallest(keys[own], most)
    return held_out


def _smallest(keys: NDArray[np.uint32], count: int) -> NDArray[np.bool_]:
    """Which are the smallest so many; of equal ones the first."""
    if not count:
        return np.zeros(len(keys), dtype=bool)
    limit = np.partition(keys, count - 1)[count - 1]
    smallest: NDArray[np.bool_] = keys < limit
    smallest[np.flatnonzero(keys == limit)[: count - int(smallest.sum())]] = True
    return smallest


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


def strata_of(source: Source) -> int | NDArray[np.unsignedinteger]:
    """`strata` of the targets of a source: the class of each row, in the smallest type that has it; else their count.

    >>> from clearprop.engines.source import ArraySource
    >>> strata_of(ArraySource(np.zeros((3, 1)), np.array([0, 2, 0])))
    array([0, 2, 0], dtype=uint8)
    """
    classes: list[NDArray[np.unsignedinteger]] = []
    for _, _, Y in source.parts():
        found = strata(Y)
        if isinstance(found, int):
            return len(source)
        classes.append(found.astype(np.min_scalar_type(int(found.max()))))
    return np.concatenate(classes)


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
