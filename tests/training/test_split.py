"""Splits: what is held out, and what stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.training.split import split, strata


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=2, max_size=60),
    st.floats(0.001, 0.999),
    st.integers(0, 2**64 - 1),
)
def test_a_split_of_classes(classes: list[int], share: float, seed: int) -> None:
    labels = np.array(classes)
    training, held_out = split(labels, share, seed)
    assert sorted([*training, *held_out]) == list(range(len(labels)))
    assert (np.diff(training) > 0).all()
    assert (np.diff(held_out) > 0).all()
    assert len(training) >= 1
    assert len(held_out) >= 1
    values, counts = np.unique(labels, return_counts=True)
    for value, count in zip(values, counts, strict=True):
        if count >= 2:
            assert (labels[training] == value).any()
            limit = len(labels) - len(values)
            wanted = min(max(round(share * len(labels)), 1), limit)
            expected = wanted * count / len(labels)
            # Classes that cannot give what they should leave it to others.
            if (counts * wanted / len(labels) <= counts - 1).all():
                assert abs((labels[held_out] == value).sum() - expected) < 1
    again = split(labels, share, seed)
    assert (again[0] == training).all()


def test_rows_without_classes() -> None:
    training, held_out = split(1000, 0.2, seed=1)
    assert (len(training), len(held_out)) == (800, 200)
    assert 400 < held_out.mean() < 600
    assert [len(part) for part in split(2, 0.01)] == [1, 1]
    assert [len(part) for part in split(2, 0.99)] == [1, 1]


def test_seed_and_lane_make_other_splits() -> None:
    first = split(100, 0.3, seed=1)[1].tolist()
    assert split(100, 0.3, seed=1)[1].tolist() == first
    assert split(100, 0.3, seed=2)[1].tolist() != first
    assert split(100, 0.3, seed=1, lane=1)[1].tolist() != first


def test_the_order_of_rows_within_a_class_is_all_that_is_random() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    assert [int((labels[split(labels, 0.3, seed)[1]] == 1).sum()) for seed in range(20)] == [3] * 20


def test_classes_of_one_row_each() -> None:
    training, held_out = split(np.arange(5), 0.4, seed=0)
    assert (len(training), len(held_out)) == (4, 1)


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan"), "0.2", True, None])
def test_a_share_is_between_0_and_1(share: object) -> None:
    with pytest.raises(cp.InputError, match="expected a number above 0 and below 1"):
        split(10, share)  # type: ignore[arg-type]


def test_one_row_cannot_be_split() -> None:
    with pytest.raises(cp.InputError, match="needs at least two rows, one on each side; got 1"):
        split(1, 0.5)


def test_strata_of_targets() -> None:
    assert np.asarray(strata(np.array([2, 0, 1]))).tolist() == [2, 0, 1]
    assert np.asarray(strata(np.array([[1.0], [0.0]]))).tolist() == [1, 0]
    assert np.asarray(strata(np.array([[0.0, 1.0], [1.0, 0.0]]))).tolist() == [1, 0]
    assert strata(np.array([[1.0, 1.0], [1.0, 0.0]])) == 2
    assert strata(np.array([[0.5], [0.0]])) == 2
