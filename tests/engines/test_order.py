"""The order of samples: a function of (order, seed, epoch, rows) that never changes and that a stream can follow."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from clearprop.engines.order import BLOCK, ORDERS, WINDOW, epoch_order
from clearprop.random import Stream, words

SIZES = [1, 2, 1023, 1024, 1025, 65_536, 65_537, 200_000]


@pytest.mark.parametrize("rows", SIZES)
def test_shuffled_is_a_permutation(rows: int) -> None:
    order = epoch_order("shuffled", seed=3, epoch=1, rows=rows)
    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(rows))


@pytest.mark.parametrize("rows", [65_537, 200_000])
def test_two_levels(rows: int) -> None:
    """Each window of 64 blocks of 1,024 rows is read before the next, so a table larger than memory can be streamed."""
    assert (BLOCK, WINDOW) == (1024, 64)
    order = epoch_order("shuffled", seed=0, epoch=0, rows=rows)
    blocks_in_order = np.argsort(words(0, Stream.ORDER_BLOCKS, -(-rows // BLOCK)), kind="stable")
    keys = words(0, Stream.ORDER_ROWS, rows)
    done = 0
    for first in range(0, len(blocks_in_order), WINDOW):
        inside = [
            row
            for block in blocks_in_order[first : first + WINDOW].tolist()
            for row in range(block * BLOCK, min((block + 1) * BLOCK, rows))
        ]
        window = order[done : done + len(inside)]
        assert np.array_equal(window, sorted(inside, key=keys.tolist().__getitem__))
        done += len(inside)
    assert done == rows


def test_up_to_one_window_is_shuffled_as_a_whole() -> None:
    order = epoch_order("shuffled", seed=1, epoch=0, rows=65_536)
    blocks = order[:1024] // BLOCK
    assert len(np.unique(blocks)) == 64
    correlation = np.corrcoef(order, np.arange(65_536))[0, 1]
    assert abs(correlation) < 4 / np.sqrt(65_536)


@pytest.mark.parametrize("order", ["shuffled", "replacement"])
def test_seeds_and_epochs_differ(order: str) -> None:
    orders = [
        epoch_order(order, seed, epoch, 100).tobytes() for seed in (0, 1, 2**32, 2**64 - 1) for epoch in (0, 1, 2**31)
    ]
    assert len(set(orders)) == len(orders)
    assert epoch_order(order, 0, 0, 100).tobytes() == orders[0]


@pytest.mark.parametrize("rows", SIZES)
def test_replacement_draws_from_all_rows(rows: int) -> None:
    order = epoch_order("replacement", seed=2, epoch=0, rows=rows)
    assert order.dtype == np.int64 and len(order) == rows
    assert order.min() >= 0 and order.max() < rows
    if rows >= 1000:
        assert order.min() < rows / 100 and order.max() > rows - rows / 100
        # Of n draws with replacement, 1 - 1/e of the rows come at least once.
        assert abs(len(np.unique(order)) / rows - 0.6321) < 4 * 0.31 / np.sqrt(rows)


def test_sequential_and_given() -> None:
    assert epoch_order("sequential", 5, 7, 4).tolist() == [0, 1, 2, 3]
    given = np.array([2, 2, 0])
    assert epoch_order(given, 5, 7, 4).tolist() == [2, 2, 0]
    assert ORDERS == ("shuffled", "sequential", "replacement")


def test_frozen_short_orders() -> None:
    assert epoch_order("shuffled", 0, 0, 12).tolist() == [8, 7, 2, 5, 9, 0, 10, 4, 3, 1, 11, 6]
    assert epoch_order("shuffled", 7, 3, 12).tolist() == [3, 10, 8, 1, 11, 7, 2, 0, 5, 6, 4, 9]
    assert epoch_order("replacement", 0, 0, 12).tolist() == [1, 5, 1, 10, 6, 8, 8, 3, 3, 7, 8, 8]


@pytest.mark.parametrize(
    ("order", "seed", "epoch", "rows", "digest"),
    [
        ("shuffled", 0, 0, 1023, "c27eb07e1a4f3f65"),
        ("shuffled", 0, 1, 1024, "56906a83e35abcd6"),
        ("shuffled", 1, 0, 1025, "c7caa79e443b46a5"),
        ("shuffled", 0, 0, 65_536, "43dcf03d64097a95"),
        ("shuffled", 5, 2, 65_537, "336d31f07e7f188e"),
        ("shuffled", 2**64 - 1, 0, 200_000, "bd039ae1fbc0a64f"),
        ("replacement", 1, 0, 1025, "1edf4e6b4b811198"),
        ("replacement", 5, 2, 65_537, "3f919d7677cd9c8b"),
        ("replacement", 2**64 - 1, 0, 200_000, "7915b0600b22196c"),
    ],
)
def test_frozen_orders(order: str, seed: int, epoch: int, rows: int, digest: str) -> None:
    """A run that is taken up by a later version must go on in the same order."""
    drawn = epoch_order(order, seed, epoch, rows).astype("<i8")
    assert hashlib.sha256(drawn.tobytes()).hexdigest()[:16] == digest
