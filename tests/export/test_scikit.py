"""scikit-learn's fitted networks as models."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

import clearprop as cp
from clearprop.errors import InputError


def fitted(estimator, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(X, y)


def settings(activation="relu"):
    return {"hidden_layer_sizes": (7, 5), "activation": activation, "max_iter": 20, "random_state": 0}


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_a_classifier_of_three(activation):
    X, y = make_classification(200, 6, n_informative=4, n_classes=3, random_state=0)
    estimator = fitted(MLPClassifier(**settings(activation)), X, y)
    model = cp.export.from_sklearn(estimator)
    assert model.network.loss == "cross_entropy"
    np.testing.assert_allclose(model.predict(X), estimator.predict_proba(X), atol=1e-12)


def test_a_classifier_of_two_gives_the_second():
    X, y = make_classification(200, 6, random_state=0)
    estimator = fitted(MLPClassifier(**settings()), X, y)
    model = cp.export.from_sklearn(estimator)
    np.testing.assert_allclose(model.predict(X)[:, 0], estimator.predict_proba(X)[:, 1], atol=1e-12)


def test_a_classifier_of_several_labels():
    X, y = make_multilabel_classification(200, 6, random_state=0)
    estimator = fitted(MLPClassifier(**settings()), X, y)
    model = cp.export.from_sklearn(estimator)
    assert model.network.loss == "binary_cross_entropy"
    np.testing.assert_allclose(model.predict(X), estimator.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_regressor(outputs, dtype):
    X, y = make_regression(200, 6, n_targets=outputs, random_state=0)
    X, y = X.astype(dtype), (y / np.abs(y).max()).astype(dtype)
    estimator = fitted(MLPRegressor(**settings()), X, y)
    model = cp.export.from_sklearn(estimator)
    assert model.dtype == dtype
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(model.predict(X), estimator.predict(X).reshape(200, outputs), atol=tolerance)


def test_a_poisson_regressor():
    if "loss" not in MLPRegressor().get_params():
        pytest.skip("this scikit-learn has no Poisson loss")
    X, _ = make_regression(200, 6, random_state=0)
    y = np.random.default_rng(0).poisson(2.0, size=200)
    estimator = fitted(MLPRegressor(loss="poisson", **settings()), X, y)
    model = cp.export.from_sklearn(estimator)
    assert model.network.loss == "poisson"
    np.testing.assert_allclose(model.predict(X)[:, 0], estimator.predict(X), atol=1e-12)


def test_what_is_not_fitted_or_no_network_is_refused():
    with pytest.raises(InputError, match=r"this MLPRegressor is not fitted yet; call its fit\(X, y\) first"):
        cp.export.from_sklearn(MLPRegressor())
    with pytest.raises(InputError, match="expected an MLPClassifier or MLPRegressor of scikit-learn, got Logistic"):
        cp.export.from_sklearn(LogisticRegression())
