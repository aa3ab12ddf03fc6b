"""Folds: fair to classes, and a function of their arguments alone."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.tabular.folds import folds, member_seeds


@pytest.mark.parametrize("count", [1, 2, 3, 8, 50])
@pytest.mark.parametrize("rows", [50, 97, 400])
def test_classes_are_shared_out_evenly(count, rows):
    Y = np.random.default_rng(rows).choice(4, rows, p=[0.7, 0.2, 0.08, 0.02])
    dealt = folds(Y, count, seed=1)
    sizes = np.bincount(dealt, minlength=count)
    assert sizes.sum() == rows and sizes.max() - sizes.min() <= 1
    for label in range(4):
        shares = np.bincount(dealt[label == Y], minlength=count)
        assert shares.max() - shares.min() <= 1


def test_numbers_are_dealt_out_as_one():
    dealt = folds(np.random.default_rng(0).normal(size=(100, 2)), 8, seed=1)
    assert sorted(np.bincount(dealt).tolist()) == [12] * 4 + [13] * 4


def test_one_hot_and_indices_give_the_same_folds():
    Y = np.random.default_rng(0).choice(3, 60)
    np.testing.assert_array_equal(folds(Y, 5, 2), folds(np.eye(3)[Y], 5, 2))


def test_seeds_give_other_folds_and_the_same_ones_the_same():
    Y = np.zeros(200, np.int64)
    np.testing.assert_array_equal(folds(Y, 4, 0), folds(Y, 4, 0))
    assert (folds(Y, 4, 0) != folds(Y, 4, 1)).mean() > 0.5


def test_members_have_seeds_of_their_own():
    seeds = member_seeds(7, 1000)
    assert len(set(seeds)) == 1000 and all(0 <= one < 2**64 for one in seeds)
    assert max(seeds) > 2**62
    assert member_seeds(7, 10) == seeds[:10] != member_seeds(8, 10)
