"""One counter-based random generator for everything: initial values, order of samples, dropout, splits.

A number is a function of (seed, stream, lane, time, index) alone, never of what was drawn before. So any two engines
draw the same order and the same dropout masks, on any number of threads, and a run can be taken up at any step.

The generator is Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC 2011. `native/philox.hpp` is the same function in C++.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError

_MULTIPLIER = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_ROUNDS = 10


class Stream(IntEnum):
    """What a number is drawn for: streams never share numbers."""

    INITIAL = 1  # lane: layer
    ORDER_BLOCKS = 2  # time: epoch
    ORDER_ROWS = 3  # time: epoch
    REPLACEMENT = 4  # time: epoch
    DROPOUT = 5  # lane: layer, time: step
    SPLIT = 6
    SAMPLE = 7  # lane: layer
    MEMBER = 8  # seeds of the members of an ensemble
    DATASET = 9  # ready-made data; lane: what is drawn
    STATISTICS = 10  # which rows of a large table its statistics are learnt from


def check_seed(seed: object) -> int:
    """The seed as an int in [0, 2**64).

    >>> check_seed(7)
    7
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 2**64:
        raise InputError(f"seed: expected a whole number from 0 to 2**64 - 1, got {seed!r}")
    return int(seed)


def philox(key: tuple[int, int], counter: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Philox4x32-10 of each row of `counter` (n, 4) under a key of two 32-bit words: (n, 4) random words.

    >>> print(*(f"{word:08x}" for word in philox((0, 0), np.zeros((1, 4), dtype=np.uint32))[0]))
    6627e8d5 e169c58d bc57ac4c 9b00dbd8
    """
    c0, c1, c2, c3 = (counter[:, column].astype(np.uint64) for column in range(4))
    k0, k1 = key
    for _ in range(_ROUNDS):
        first, second = c0 * _MULTIPLIER[0], c2 * _MULTIPLIER[1]
        c0, c1, c2, c3 = (
            (second >> _SHIFT) ^ c1 ^ np.uint64(k0),
            second & _MASK,
            (first >> _SHIFT) ^ c3 ^ np.uint64(k1),
            first & _MASK,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


def words(seed: int, stream: Stream, count: int, *, lane: int = 0, time: int = 0, start: int = 0) -> NDArray[np.uint32]:
    """The random 32-bit words number `start` to `start + count - 1` of a stream: (count,).

    >>> whole = words(1, Stream.SAMPLE, 10)
    >>> bool((words(1, Stream.SAMPLE, 4, start=5) == whole[5:9]).all())
    True
    """
    first = start // 4
    counts: NDArray[np.uint64] = np.arange(first, (start + count + 3) // 4).astype(np.uint64)
    drawn = _drawn(seed, stream, counts, lane, time)
    return drawn[start - 4 * first : start - 4 * first + count]


def _drawn(seed: int, stream: Stream, counts: NDArray[np.uint64], lane: int, time: int) -> NDArray[np.uint32]:
    """Four words for each of the counts."""
    counter = np.empty((len(counts), 4), dtype=np.uint32)
    counter[:, 0] = counts & _MASK
    counter[:, 1] = counts >> _SHIFT
    counter[:, 2] = time & 0xFFFFFFFF
    counter[:, 3] = stream | lane << 8
    return philox((seed & 0xFFFFFFFF, seed >> 32), counter).reshape(-1)


def words_at(seed: int, stream: Stream, numbers: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The random words of rising numbers, in memory for these alone, however far they are apart: (numbers,).

    >>> bool((words_at(1, Stream.SAMPLE, np.array([2, 3, 9])) == words(1, Stream.SAMPLE, 10)[[2, 3, 9]]).all())
    True
    """
    fours = numbers // 4
    is_first = np.diff(fours, prepend=-1) != 0
    drawn = _drawn(seed, stream, fours[is_first].astype(np.uint64), 0, 0)
    return drawn[4 * (np.cumsum(is_first) - 1) + numbers % 4]


def words_of_blocks(
    seed: int, stream: Stream, blocks: NDArray[np.int64], size: int, *, time: int = 0
) -> NDArray[np.uint32]:
    """The random words of blocks of `size` (a multiple of 4) each, by the blocks' numbers: (blocks, size).

    >>> bool((words_of_blocks(1, Stream.SAMPLE, np.array([2]), 8)[0] == words(1, Stream.SAMPLE, 8, start=16)).all())
    True
    """
    fours = size // 4
    counts = (blocks[:, None] * fours + np.arange(fours)).reshape(-1).astype(np.uint64)
    return _drawn(seed, stream, counts, 0, time).reshape(len(blocks), size)


def uniforms(seed: int, stream: Stream, count: int, *, lane: int = 0, time: int = 0) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1) with 53 random bits each: (count,).

    >>> drawn = uniforms(0, Stream.SAMPLE, 1000)
    >>> bool(0 <= drawn.min() and drawn.max() < 1)
    True
    """
    pairs = words(seed, stream, 2 * count, lane=lane, time=time).reshape(-1, 2).astype(np.uint64)
    return ((pairs[:, 0] >> np.uint64(5)) * float(2**26) + (pairs[:, 1] >> np.uint64(6))) / float(2**53)


def normals(seed: int, stream: Stream, count: int, *, lane: int = 0, time: int = 0) -> NDArray[np.float64]:
    """Normal numbers of mean 0 and deviation 1 by the transform of Box and Muller (1958): (count,).

    >>> bool(abs(normals(0, Stream.SAMPLE, 10_000).std() - 1) < 0.02)
    True
    """
    pairs = uniforms(seed, stream, count + count % 2, lane=lane, time=time).reshape(-1, 2)
    radius, angle = np.sqrt(-2.0 * np.log1p(-pairs[:, 0])), 2.0 * np.pi * pairs[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:count]


def permutation(seed: int, stream: Stream, count: int, *, time: int = 0, start: int = 0) -> NDArray[np.int64]:
    """The numbers 0 to count - 1 in random order: each has a random word, its key, and they are sorted by it.

    >>> sorted(permutation(3, Stream.SAMPLE, 6).tolist())
    [0, 1, 2, 3, 4, 5]
    """
    return np.argsort(words(seed, stream, count, time=time, start=start), kind="stable")


FULL = 1.5
"""How many times as many rows as are drawn may have come in before some are thrown out."""


class Draw:
    """The rows that come first in a permutation of all, drawn while the rows come by and their number is not known yet.

    `enter` tells which of the rows that come by may be among them; whoever keeps these in the order in which they came
    keeps `rows` in step, if what `kept` says is thrown out each time, and at the end.

    >>> draw = Draw(3, Stream.SAMPLE, 2)
    >>> kept = np.concatenate([part[draw.enter(part)] for part in np.split(np.arange(6), 3)])
    >>> kept[draw.kept()].tolist() == np.sort(permutation(3, Stream.SAMPLE, 6)[:2]).tolist() == draw.rows.tolist()
    True
    """

    def __init__(self, seed: int, stream: Stream, size: int) -> None:
        self.seed, self.stream, self.size = seed, stream, size
        self.rows = np.empty(0, np.int64)
        self._words = np.empty(0, np.uint32)
        self._most = 0xFFFFFFFF  # a larger word has lost

    def enter(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows, larger than all before them, may be among the first (rows,)."""
        drawn = words_at(self.seed, self.stream, rows)
        may = drawn <= self._most
        self.rows = np.concatenate([self.rows, rows[may]])
        self._words = np.concatenate([self._words, drawn[may]])
        return may

    @property
    def is_full(self) -> bool:
        """Whether so many have come in that it is time to throw some out."""
        return len(self.rows) > FULL * self.size

    def kept(self) -> NDArray[np.int64]:
        """Throws out all but the first, and tells the places of these among those that have come in."""
        kept = np.sort(np.argsort(self._words, kind="stable")[: self.size])
        self.rows, self._words = self.rows[kept], self._words[kept]
        if len(kept) == self.size:
            self._most = int(self._words.max())
        return kept


def drawn_rows(seed: int, stream: Stream, count: int, size: int) -> NDArray[np.int64]:
    """The first `size` of a permutation of `count` rows, sorted, in memory for these alone.

    >>> drawn_rows(3, Stream.SAMPLE, 6, 2).tolist() == np.sort(permutation(3, Stream.SAMPLE, 6)[:2]).tolist()
    True
    """
    draw = Draw(seed, stream, size)
    for start in range(0, count, 1 << 18):
        draw.enter(np.arange(start, min(start + (1 << 18), count)))
        if draw.is_full:
            draw.kept()
    draw.kept()
    return draw.rows
