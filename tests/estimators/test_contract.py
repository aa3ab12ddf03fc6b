"""All of scikit-learn's checks of an estimator, with the defaults of every recipe."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import clearprop as cp
from clearprop.estimators.recipes import RECIPES

ESTIMATORS = [
    *(kind(recipe=recipe) for kind in (cp.MLPClassifier, cp.MLPRegressor, cp.Autoencoder) for recipe in RECIPES),
    cp.Perceptron(),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_contract(estimator: Any, check: Any) -> None:
    check(estimator)
