"""Who is better, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from clearprop.benchmark.accuracy import scores, standing
from clearprop.benchmark.accuracy.standing import ALL, BY_FOLD


@pytest.fixture
def two(outcome):
    """iris in two folds and diabetes in one; catboost takes no part in diabetes."""
    iris = outcome(
        "iris",
        {
            "clearprop": [(0.1, 0.9, 0.02), (0.1, 0.9, 0.04)],
            "realmlp": [(0.2, 0.9, 0.1), (0.2, 0.8, 0.1)],
            "catboost": [(0.3, 0.7, 0.2), (0.05, 1.0, 0.2)],
        },
        seconds={"clearprop": 1.0, "realmlp": 10.0, "catboost": 4.0},
    )
    diabetes = outcome("diabetes", {"clearprop": [(0.5, 7.0)], "realmlp": [(0.75, 5.0)]}, {"realmlp": 30.0})
    return [iris, diabetes]


def test_mean_ranks_count_each_task_and_metric_once(two):
    # iris: log-loss 1, accuracy 1; diabetes: R² 2. By fold log-loss 1, 1; accuracy 1.5, 1; R² 2.
    found = standing.mean_ranks(two, ["clearprop", "realmlp"])
    ours = {ALL: 4 / 3, BY_FOLD: 6.5 / 5, "log_loss": 1.0, "accuracy": 1.0, "r2": 2.0}
    assert found["clearprop"] == pytest.approx(ours)
    assert found["realmlp"] == pytest.approx({name: 3.0 - rank for name, rank in ours.items()})


def test_equal_means_share_their_rank(outcome):
    folds = {"clearprop": (0.1, 0.2, 0.3), "realmlp": (0.3, 0.2, 0.1)}  # their sums differ in the last digit
    iris = outcome("iris", {name: [(0.5, one, 0.1) for one in right] for name, right in folds.items()})
    assert standing.task_ranks(iris, ["clearprop", "realmlp"]) == {"clearprop": 1.5, "realmlp": 1.5}


def test_a_task_in_which_one_is_missing_does_not_count(two):
    found = standing.mean_ranks(two, ["clearprop", "realmlp", "catboost"])
    assert found["catboost"][BY_FOLD] == pytest.approx((3 + 1 + 3 + 1) / 4)
    assert found["catboost"][ALL] == pytest.approx((2 + 2.5) / 2)
    assert standing.mean_ranks(two[1:], ["clearprop", "catboost"]) == {"clearprop": {}, "catboost": {}}


def test_log_ratios_and_tasks_won(two):
    error = math.log(((0.1 * 99 + 0.5) / 100) / ((0.15 * 99 + 0.5) / 100))
    found = standing.log_ratios(two, "clearprop", "realmlp")
    assert found == pytest.approx({"log_loss": math.log(0.5), "accuracy": error, "r2": math.log(2.0), ALL: error / 3})
    assert standing.won(two, "clearprop", "realmlp") == (1, 2)
    assert standing.won(two, "realmlp", "clearprop") == (1, 2)
    assert standing.won(two, "realmlp", "realmlp") == (0, 2)


def test_times_are_sums_over_the_tasks_that_both_were_timed_in(two):
    assert standing.times_as_long(two, "clearprop", "realmlp") == pytest.approx(40.0 / 2.0)
    assert standing.times_as_long(two, "clearprop", "catboost") == pytest.approx(4.0)
    assert standing.times_as_long(two, "clearprop", "lightgbm") is None


def test_calibration_is_a_mean_over_tasks_with_classes(two):
    assert standing.calibration(two, "clearprop") == pytest.approx(0.03)
    assert standing.calibration(two[1:], "clearprop") is None


def test_scores_agree_with_scikit_learn():
    from sklearn import metrics

    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(4), 500)
    true = rng.integers(0, 4, 500)
    found = scores.of_classes(shares, true)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(true, shares))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(true, shares.argmax(axis=1)))
    y, told = rng.normal(size=(2, 500))
    assert scores.of_numbers(told, y) == pytest.approx(
        {"r2": metrics.r2_score(y, told), "rmse": metrics.root_mean_squared_error(y, told)}
    )


def test_the_calibration_error_of_who_is_too_sure_of_himself():
    shares = np.tile([0.95, 0.05], (100, 1))
    assert scores.of_classes(shares, np.repeat([0, 1], 50))["ece"] == pytest.approx(0.45)
    assert scores.of_classes(shares, np.repeat([0, 1], [95, 5]))["ece"] == pytest.approx(0.0)
    certain = scores.of_classes(np.array([[1.0, 0.0]]), np.array([1]))
    assert certain["log_loss"] == pytest.approx(-math.log(scores.LEAST)) and certain["ece"] == 1.0
