"""An autoencoder on scikit-learn's contract: columns -> a few numbers -> the columns again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.estimators.base import NetworkEstimator
from clearprop.estimators.fitted import layer_outputs
from clearprop.estimators.inputs import ArrayInputs, slices
from clearprop.estimators.recipes import Settings
from clearprop.estimators.targets import Answers

if TYPE_CHECKING:
    from clearprop.table.target import Target


@dataclass(frozen=True)
class Itself:
    """The inputs as what is to be given back."""

    one: bool = False

    def answers(self, inputs: int) -> Answers:
        return Answers("numbers", inputs, "identity", "mean_squared_error")

    def as_target(self, name: str) -> Target:
        from clearprop.table.target import Target

        return Target(name, "numbers", (), 0.0, 1.0, 0.0, 0.0, ())


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, NetworkEstimator):  # type: ignore[misc]
    """A network that gives its inputs back through a layer of few units: E = mean over columns of (a - x)².

    The hidden layers are those of `hidden_layer_sizes`, the last of which is the code, then the same ones backwards.
    `transform` gives the code, `inverse_transform` the columns of a code, `reconstruction_error` tells rows that are
    not like those of training. It takes what `MLPClassifier` takes as X, and its recipes; it has one member, and no
    folds.

    Args:
        hidden_layer_sizes: units of the layers up to the code.
        activation: of all layers but the last, which is the identity.
        recipe, alpha, dropout, optimizer, learning_rate_init, batch_size, max_iter, early_stopping,
            validation_fraction, n_iter_no_change, tol, callbacks, warm_start, random_state, engine, threads: as in
            `MLPClassifier`.

    Attributes:
        estimators_, coefs_, intercepts_, loss_curve_, best_loss_, loss_, validation_loss_curve_, n_iter_, n_layers_,
            n_features_in_, feature_names_in_: as in `MLPClassifier`.

    Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 2006.

    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> autoencoder = Autoencoder((8, 2), engine="reference", max_iter=8).fit(X)
    >>> autoencoder.transform(X).shape, autoencoder.inverse_transform(autoencoder.transform(X)).shape
    ((150, 2), (150, 4))
    """

    _answers: Itself

    def __init__(
        self,
        hidden_layer_sizes: Any = (32, 8),
        activation: str | None = None,
        *,
        recipe: str = "strong",
        alpha: float | None = None,
        dropout: float | None = None,
        optimizer: Any = None,
        learning_rate_init: float | None = None,
        batch_size: int | str | None = None,
        max_iter: int | None = None,
        early_stopping: bool | None = None,
        validation_fraction: float = 0.1,
        n_iter_no_change: int | None = None,
        tol: float | None = None,
        callbacks: Any = (),
        warm_start: bool = False,
        random_state: Any = 0,
        engine: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.recipe = recipe
        self.alpha = alpha
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.random_state = random_state
        self.engine = engine
        self.threads = threads

    def fit(self, X: Any, y: None = None, sample_weight: ArrayLike | None = None, X_val: Any = None) -> Autoencoder:
        """Learns to give back the rows of X (N, columns).

        Args:
            y: not looked at.
            sample_weight: (N,), from 0 up; rows of weight 0 are left out.
            X_val: rows to watch instead of a part of X.
        """
        self._fit(X, None, sample_weight, X_val, None)
        return self

    def partial_fit(self, X: Any, y: None = None, sample_weight: ArrayLike | None = None) -> Autoencoder:
        """One epoch over these rows, from the weights there are; the first call decides how columns are encoded."""
        self._partial_fit(X, None, None, sample_weight)
        return self

    def transform(self, X: Any) -> Array:
        """The code (N, units of the code layer)."""
        rows = self._read(X)
        parts = [layer_outputs(self.estimators_[0], self._inputs.matrix(part))[self._code] for part in slices(rows)]
        return np.concatenate(parts)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """The columns that codes X (N, units of the code layer) stand for, (N, columns), in their own unit.

        Where the columns were a DataFrame's, it is the inputs that they are encoded as: numbers scaled, categories one
        column each.
        """
        check_is_fitted(self)
        model = self.estimators_[0]
        code = check_array(X, dtype=[np.float64, np.float32])
        if code.shape[1] != self._n_features_out:
            raise InputError(f"X: expected codes of {self._n_features_out} numbers, got {code.shape[1]}")
        outputs = layer_outputs(model, code.astype(model.dtype), start=self._code + 1)[-1]
        return self._inputs.restored(outputs) if isinstance(self._inputs, ArrayInputs) else outputs

    def reconstruction_error(self, X: Any) -> Array:
        """The mean over the inputs of (a - x)² of each row (N,), x as the estimator scales and encodes it."""
        parts = []
        for part in slices(self._read(X)):
            matrix = self._inputs.matrix(part)
            A = self.estimators_[0].predict(matrix, engine=self.engine, threads=self.threads)
            parts.append(np.square(A.astype(np.float64) - matrix).mean(axis=1))
        return np.concatenate(parts)

    def score(self, X: Any, y: None = None) -> float:
        """Minus the mean `reconstruction_error`: higher is better."""
        return -float(self.reconstruction_error(X).mean())

    @property
    def _code(self) -> int:
        """Which layer is the code, from 0: the middle one of the hidden layers."""
        return (len(self.estimators_[0].network.layers) - 2) // 2

    @property
    def _n_features_out(self) -> int:
        return self.estimators_[0].network.layers[self._code].units

    @property
    def _needs_y(self) -> bool:
        return False

    def _checked_targets(self, y: Any, name: str) -> None:
        return None

    def _learn_answers(self, y: Array | None, weights: Array, settings: Settings, classes: Any) -> Itself:
        if not settings.hidden:
            raise InputError("hidden_layer_sizes: an autoencoder needs a layer of its own as the code, got none")
        return Itself()

    def _encoded(self, y: Array | None, matrix: Array, name: str) -> Array:
        return matrix

    def _adapted(self, settings: Settings) -> Settings:
        given = {"dropout": 0.0, "members": 1, **settings.given, "hidden": settings.hidden}
        return replace(settings, given=given)

    @property
    def _learns_by_fold(self) -> bool:
        return False

    @property
    def _takes_codes(self) -> bool:
        """Inputs are what is to be given back, and a code is no number that could be nearly right."""
        return False

    def _layers_after(self, settings: Settings) -> tuple[int, ...]:
        return settings.hidden[-2::-1]
