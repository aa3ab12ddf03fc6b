"""The perceptron on scikit-learn's contract: one step unit a class, learnt by its own rule."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from clearprop.engines.base import Array
from clearprop.errors import InputError, unknown
from clearprop.model import Model
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD
from clearprop.training import Callback, Moment, Result, train

BATCHES = ("all", "one")
THRESHOLDS = ("bias", "dummy")


class Perceptron(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Rosenblatt's perceptron: ŷ = step(W·x - θ) with step(0) = 1, and W ← W + η Σ (y - ŷ) x from zero until ŷ = y.

    It ends when every row is right. Where the rule comes back to weights it had before while rows are still wrong, it
    will do so for ever: no line separates the classes, and a `ConvergenceWarning` says so. Three or more classes are
    learnt one against the rest, each by a unit of its own; the largest net input decides.

    Args:
        learning_rate: η.
        batch: "all" sums over all rows before an update, "one" updates after each row.
        threshold: "bias" learns the bias b = -θ; "dummy" learns θ as the weight of a further input that is always -1.
            The numbers are the same.
        max_iter: after how many epochs to give up.
        shuffle: with batch "one", visit the rows in a new order in each epoch.
        random_state: of that order.
        engine: "auto", "native", "reference", "torch" or "torch:DEVICE".

    Attributes:
        classes_: the classes, in sorted order; with two, the second is the one that ŷ = 1 stands for.
        coef_, intercept_: W (units, inputs) and b (units,); one unit for two classes.
        threshold_: θ = -b.
        n_iter_: how many epochs there were.
        converged_: whether all rows are right.
        period_: after how many epochs the weights repeat, or None where they were not seen to.
        trajectory_: W and θ at the start and after each epoch, (n_iter_ + 1, inputs + 1), or with three
            or more classes (n_iter_ + 1, units, inputs + 1).

    Rosenblatt, Psychological Review 1958; Minsky and Papert, "Perceptrons", 1969.

    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> perceptron = Perceptron(engine="reference").fit(X, [0, 0, 0, 1])
    >>> perceptron.trajectory_.tolist()[-1], perceptron.n_iter_, perceptron.converged_
    ([1.0, 1.0, 2.0], 5, True)
    >>> perceptron.predict(X).tolist()
    [0, 0, 0, 1]
    """

    classes_: NDArray[Any]
    coef_: Array
    intercept_: Array
    threshold_: Array
    n_iter_: int
    converged_: bool
    period_: int | None
    trajectory_: Array

    def __init__(
        self,
        learning_rate: float = 1.0,
        *,
        batch: str = "all",
        threshold: str = "bias",
        max_iter: int = 1000,
        shuffle: bool = False,
        random_state: Any = 0,
        engine: str = "auto",
    ) -> None:
        self.learning_rate = learning_rate
        self.batch = batch
        self.threshold = threshold
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.engine = engine

    def fit(self, X: ArrayLike, y: ArrayLike) -> Perceptron:
        """Learns from X (N, inputs) and the classes y (N,).

        Raises:
            InputError: a setting is wrong, or there is only one class.
        """
        if self.batch not in BATCHES:
            raise unknown("batch", self.batch, BATCHES)
        if self.threshold not in THRESHOLDS:
            raise unknown("threshold", self.threshold, THRESHOLDS)
        inputs, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, indices = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(f"y: expected two classes or more, got one class: {self.classes_.tolist()[0]!r}")
        targets = np.eye(len(self.classes_))[indices] if len(self.classes_) > 2 else indices[:, None]

        dummy = self.threshold == "dummy"
        units, bias = targets.shape[1], "none" if dummy else "unit"
        rows = np.column_stack([inputs, np.full(len(inputs), -1.0)]) if dummy else inputs
        net = Network(rows.shape[1], [Dense(units, "step", bias)], loss="perceptron", reduction="sum")
        shuffled = self.shuffle and self.batch == "one"
        path = _Path(repeats_matter=not shuffled)
        result = train(
            Model.initialized(net, "zeros"),
            rows,
            targets,
            optimizer=SGD(self.learning_rate),
            batch_size=None if self.batch == "all" else 1,
            epochs=self.max_iter,
            order="shuffled" if shuffled else "sequential",
            seed=self._seed(),
            callbacks=[path],
            stop_when_right=True,
            engine=self.engine,
        )
        self._keep(result, path)
        self._warn(int(self._wrong(inputs, indices).sum()))
        return self

    def decision_function(self, X: ArrayLike) -> Array:
        """The net inputs W·x - θ: (N,) for two classes, else (N, classes)."""
        check_is_fitted(self)
        inputs = validate_data(self, X, dtype=np.float64, reset=False)
        Z: Array = inputs @ self.coef_.T + self.intercept_
        return Z[:, 0] if Z.shape[1] == 1 else Z

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each row (N,)."""
        Z = self.decision_function(X)
        return np.asarray(self.classes_[(Z >= 0).astype(np.int64) if Z.ndim == 1 else Z.argmax(axis=1)])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def _keep(self, result: Result, path: _Path) -> None:
        with_threshold = np.stack([_with_threshold(model) for model in path.models])
        self.coef_, self.threshold_ = with_threshold[-1, :, :-1].copy(), with_threshold[-1, :, -1].copy()
        self.intercept_ = 0.0 - self.threshold_
        self.trajectory_ = with_threshold[:, 0] if with_threshold.shape[1] == 1 else with_threshold
        self.n_iter_ = result.state.epoch
        self.converged_ = result.ended == "all right"
        self.period_ = path.period

    def _wrong(self, inputs: Array, indices: NDArray[np.int64]) -> NDArray[np.bool_]:
        """The rows that a unit is wrong about."""
        outputs = inputs @ self.coef_.T + self.intercept_ >= 0
        wanted = np.arange(len(self.classes_)) == indices[:, None]
        wrong: NDArray[np.bool_] = (outputs != (wanted if outputs.shape[1] > 1 else wanted[:, 1:])).any(axis=1)
        return wrong

    def _warn(self, wrong: int) -> None:
        rows = "1 row is" if wrong == 1 else f"{wrong} rows are"
        if self.period_ is not None:
            warnings.warn(
                f"the weights repeat with period {self.period_}, and {rows} still wrong: "
                "the classes cannot be separated by a line, the rule would go on for ever",
                ConvergenceWarning,
                stacklevel=3,
            )
        elif not self.converged_:
            warnings.warn(
                f"after max_iter={self.max_iter} epochs {rows} still wrong: raise max_iter, "
                "or take a network with a hidden layer if no line separates the classes",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer) and not isinstance(self.random_state, bool):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))


class _Path(Callback):
    """Keeps the weights after each epoch, and ends a run whose weights have come back to what they were."""

    def __init__(self, *, repeats_matter: bool) -> None:
        self.models: list[Model] = []
        self.period: int | None = None
        self._repeats_matter = repeats_matter
        self._seen: dict[bytes, int] = {}

    def on_start(self, moment: Moment) -> None:
        self._add(moment)

    def on_epoch_end(self, moment: Moment) -> bool:
        before = self._add(moment)
        if self._repeats_matter and before is not None:
            self.period = moment.epoch - before
        return self.period is None

    def on_end(self, moment: Moment) -> None:
        if moment.ended == "all right":
            self.period = None

    def _add(self, moment: Moment) -> int | None:
        """The epoch after which the weights were the same, if there was one."""
        self.models.append(moment.model)
        key = moment.model.parameters.flat.tobytes()
        before = self._seen.get(key)
        self._seen[key] = moment.epoch
        return before


def _with_threshold(model: Model) -> Array:
    """W and θ of each unit (units, inputs + 1); a dummy node's weight is θ already, a bias is -θ."""
    W, b = model.parameters.weights[0], model.parameters.biases[0]
    return W.T if len(b) == 0 else np.column_stack([W.T, 0.0 - b])
