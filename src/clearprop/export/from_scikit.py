"""scikit-learn's networks as models."""

from __future__ import annotations

from typing import Any

from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.spec import Dense, Network

ACTIVATIONS = {
    "identity": "identity",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "softmax": "softmax",
    "exp": "exp",
}
LOSSES = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}


def from_sklearn(estimator: Any) -> Model:
    """The model of a fitted MLPClassifier or MLPRegressor of scikit-learn.

    A regressor's `predict` is the model's. A classifier's outputs are probabilities in the order of its `classes_`; of
    two classes there is one output, the probability of the second. The penalty `alpha`, which scikit-learn divides by
    the size of the batch, is not taken over, and of several outputs its loss takes half the mean, not half the sum:
    both matter to who trains on, not to what is predicted.

    Raises:
        InputError: it is neither of the two, or not fitted.

    >>> from sklearn.neural_network import MLPRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
    >>> estimator = MLPRegressor(hidden_layer_sizes=3, solver="lbfgs", tol=1.0).fit(X, y)
    >>> model = from_sklearn(estimator)
    >>> bool(abs(model.predict(X)[:, 0] - estimator.predict(X)).max() < 1e-12)
    True
    """
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if not isinstance(estimator, MLPClassifier | MLPRegressor):
        raise InputError(
            f"from_sklearn: expected an MLPClassifier or MLPRegressor of scikit-learn, got {type(estimator).__name__}"
        )
    if not hasattr(estimator, "coefs_"):
        raise InputError(f"from_sklearn: this {type(estimator).__name__} is not fitted yet; call its fit(X, y) first")
    hidden, last = ACTIVATIONS[estimator.activation], ACTIVATIONS[estimator.out_activation_]
    units = [W.shape[1] for W in estimator.coefs_]
    layers = [*(Dense(size, hidden) for size in units[:-1]), Dense(units[-1], last)]
    loss = "poisson" if estimator.loss == "poisson" else LOSSES.get(last, "half_squared_error")
    network = Network(estimator.coefs_[0].shape[0], layers, loss)
    return Model(network, estimator.coefs_, estimator.intercepts_, dtype=str(estimator.coefs_[0].dtype))
