"""Numbers by feed-forward networks, on scikit-learn's contract."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted, column_or_1d

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.estimators.base import NetworkEstimator
from clearprop.estimators.explained import explain
from clearprop.estimators.recipes import Settings
from clearprop.estimators.targets import Numbers
from clearprop.network.parameters import real_array


class MLPRegressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """Numbers by networks of dense layers: the mean of the members' outputs, learnt by the squared error or another.

    X and the recipes are those of `MLPClassifier`. "strong" and "quick" standardise y, each output by itself, and hold
    predictions to the range that y had in training; "textbook" has an identity as its last layer, since a sigmoid
    gives no number above 1.

    Args:
        hidden_layer_sizes: units of the hidden layers; () for none.
        activation: of the hidden layers, a name of clearprop's, or "logistic" for "sigmoid".
        recipe: "strong", "quick", "scikit-learn" or "textbook".
        loss: "squared" (½(a - y)²), "absolute", "huber(d)" with d in the unit of y, "quantile(q)", or "poisson" for
            counts, whose outputs are exp(z).
        alpha: α of the penalty α/(2n)·ΣW², n the total weight of a batch.
        dropout: the share of each hidden layer's outputs set to 0 in training.
        optimizer: one of clearprop's, or its name, which takes `learning_rate_init`.
        batch_size: rows an update; "full" for all, "auto" for min(200, N).
        max_iter: epochs.
        n_estimators: members; "auto" as the recipe says, fewer of many rows and where they would take long.
        early_stopping, validation_fraction, n_iter_no_change, tol, metric: as in `MLPClassifier`; "scikit-learn"
            watches R².
        callbacks, warm_start, random_state, engine, threads: as in `MLPClassifier`.

    Attributes:
        estimators_: the members, each a `clearprop.Model`; `coefs_` and `intercepts_` are the first one's.
        loss_curve_, best_loss_, loss_, validation_scores_, validation_loss_curve_, best_validation_score_, n_iter_,
            n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_: as in `MLPClassifier`.

    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> regressor = MLPRegressor(recipe="quick", engine="reference", max_iter=8).fit(X, y)
    >>> regressor.predict(X[:3]).shape, regressor.score(X, y) > 0.3
    ((3,), True)
    """

    _answers: Numbers

    def __init__(
        self,
        hidden_layer_sizes: Any = None,
        activation: str | None = None,
        *,
        recipe: str = "strong",
        loss: str | None = None,
        alpha: float | None = None,
        dropout: float | None = None,
        optimizer: Any = None,
        learning_rate_init: float | None = None,
        batch_size: int | str | None = None,
        max_iter: int | None = None,
        n_estimators: int | str = "auto",
        early_stopping: bool | None = None,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float | None = None,
        metric: Any = None,
        callbacks: Any = (),
        warm_start: bool = False,
        random_state: Any = 0,
        engine: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.recipe = recipe
        self.loss = loss
        self.alpha = alpha
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.n_estimators = n_estimators
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.metric = metric
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.random_state = random_state
        self.engine = engine
        self.threads = threads

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
    ) -> MLPRegressor:
        """Learns from X (N, columns) and the numbers y (N,) or (N, outputs).

        Args:
            sample_weight: (N,), from 0 up; rows of weight 0 are left out.
            X_val, y_val: rows to watch instead of a part of X.

        Raises:
            InputError: an option or a value is wrong; the estimator is then as it was before.
            DivergenceError: the numbers left the finite ones.
        """
        self._fit(X, y, sample_weight, X_val, y_val)
        return self

    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> MLPRegressor:
        """One epoch over these rows, from the weights there are.

        The first call decides how columns and y are scaled and encoded, and makes one member unless `n_estimators` says
        otherwise. Predictions stay within the range of y in the first call where the recipe scales.
        """
        self._partial_fit(X, y, None, sample_weight)
        return self

    def predict(self, X: Any) -> Array:
        """The number of each row (N,), or (N, outputs) where y had several."""
        check_is_fitted(self)
        return self._answers.predicted(self._outputs(X))

    def explain(self, X: Any, y: ArrayLike, row: int = 0, member: int | str = 1, **options: Any) -> Any:
        """One step on one row as worked arithmetic; as `MLPClassifier.explain`."""
        return explain(self, X, y, row, member, options)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _checked_targets(self, y: Any, name: str) -> Array:
        if y is None:
            raise InputError(f"{name}: {type(self).__name__} requires y to be passed, but the target y is None")
        array = np.asarray(y)
        if array.dtype == object:
            try:
                array = array.astype(np.float64)
            except (TypeError, ValueError) as error:
                raise InputError(f"{name}: expected real numbers, got Python objects: {error}") from None
        numbers = real_array(name, array).astype(np.float64)
        if numbers.ndim == 2 and numbers.shape[1] == 1:
            numbers = column_or_1d(numbers, warn=True)
        if numbers.ndim not in (1, 2) or numbers.size == 0:
            raise InputError(f"{name}: y should be a 1d array or have one column an output, got shape {numbers.shape}")
        if not np.isfinite(numbers).all():
            place = tuple(int(index) for index in np.argwhere(~np.isfinite(numbers))[0])
            kind = "NaN" if np.isnan(numbers[place]) else "infinity"
            raise InputError(f"{name}[{', '.join(map(str, place))}]: Input {name} contains {kind}; leave such rows out")
        return numbers

    def _learn_answers(self, y: Array | None, weights: Array, settings: Settings, classes: Any) -> Numbers:
        assert y is not None
        return Numbers.learn(y, weights, self.loss, scaled=settings.scaled)

    def _usual_metric(self) -> str | None:
        return "r2" if self.recipe == "scikit-learn" else None

    def _decoded(self, Y: Array) -> Array:
        return self._answers.predicted(Y)
