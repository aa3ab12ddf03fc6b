"""Metrics against scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as theirs

from clearprop.engines.base import Samples
from clearprop.training.metrics import METRICS, decisions


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("r2", theirs.r2_score),
        ("mean_absolute_error", theirs.mean_absolute_error),
        ("root_mean_squared_error", theirs.root_mean_squared_error),
    ],
)
def test_metrics_of_numbers(name: str, function: Any, weighted: bool) -> None:
    random = np.random.default_rng(0)
    Y, A = random.normal(size=(50, 3)), random.normal(size=(50, 3))
    Y[:, 2] = 4.0
    weights = random.uniform(size=50) if weighted else None
    X = np.empty((50, 0))
    assert METRICS[name].measure(A, Samples(X, Y, weights)) == pytest.approx(
        function(Y, A, sample_weight=weights), rel=1e-12
    )
    assert METRICS[name].measure(Y, Samples(X, Y, weights)) == function(Y, Y, sample_weight=weights)


def test_accuracy_is_the_share_of_right_decisions() -> None:
    X = np.empty((4, 0))
    A = np.array([[0.1, 0.9], [0.8, 0.2], [0.6, 0.4], [0.5, 0.5]])
    accuracy = METRICS["accuracy"]
    assert accuracy.measure(A, Samples(X, np.array([1, 0, 1, 0]))) == 0.75
    assert accuracy.measure(A, Samples(X, np.eye(2)[[1, 0, 1, 0]])) == 0.75
    assert accuracy.measure(A, Samples(X, np.array([1, 0, 1, 0]), np.array([1.0, 1.0, 2.0, 0.0]))) == 0.5
    assert accuracy.measure(A[:, 1:], Samples(X, np.array([[1.0], [0.0], [1.0], [1.0]]))) == 0.75


def test_an_output_of_one_half_is_class_one_as_the_step_function_has_it() -> None:
    assert decisions(np.array([[0.5], [np.nextafter(0.5, 0.0)]])).tolist() == [1, 0]


def test_every_metric_says_which_way_is_better() -> None:
    random = np.random.default_rng(0)
    for metric in METRICS.values():
        Y = random.integers(0, 2, size=(40, 1)).astype(float)
        samples = Samples(np.empty((40, 0)), Y)
        good, bad = metric.measure(np.abs(Y - 0.1), samples), metric.measure(np.abs(Y - 0.9), samples)
        assert (good > bad) == metric.higher_is_better
