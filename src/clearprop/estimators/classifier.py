"""Classes by feed-forward networks, on scikit-learn's contract."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from clearprop.engines.base import Array
from clearprop.errors import InputError, check_number, unknown
from clearprop.estimators.base import NetworkEstimator
from clearprop.estimators.explained import explain
from clearprop.estimators.recipes import Settings
from clearprop.estimators.targets import Classes, class_loss
from clearprop.training.split import strata


class MLPClassifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]
    """Classes by networks of dense layers: p = softmax(z), the mean of the members', learnt by cross-entropy.

    X may be an array, a sparse matrix or a DataFrame (pandas, polars, Arrow) with numbers, categories, booleans, dates
    and missing values. `recipe` gives every setting; an option that is not None replaces its own.

    - "strong": eight members that each leave out a fold of the rows, by which their best epoch and the temperature of
      their mean are chosen; numbers scaled robustly; three layers of 128 units with dropout.
    - "quick": four smaller members, for who is in a hurry.
    - "scikit-learn": the defaults of that library's MLPClassifier, and its results; numbers as they are.
    - "textbook": gradient descent on half the squared error of sigmoid layers, all rows at once, rate 0.5.

    Rows of a total weight below 64 are learnt plainly by "strong" and "quick": one member, two layers of 32 units, all
    rows in each update, float64, no folds, no dropout, no smoothing; so that a row of weight 2 is two rows of weight 1.

    Args:
        hidden_layer_sizes: units of the hidden layers; () for none.
        activation: of the hidden layers, a name of clearprop's, or "logistic" for "sigmoid".
        recipe: "strong", "quick", "scikit-learn" or "textbook".
        loss: "cross_entropy", or "squared": half the squared error of sigmoid outputs.
        alpha: α of the penalty α/(2n)·ΣW², n the total weight of a batch.
        dropout: the share of each hidden layer's outputs set to 0 in training.
        label_smoothing: ε of the targets (1 - ε)·y + ε/K.
        optimizer: one of clearprop's, or its name, which takes `learning_rate_init`.
        batch_size: rows an update; "full" for all, "auto" for min(200, N).
        max_iter: epochs.
        n_estimators: members; "auto" as the recipe says, fewer of many rows and where they would take long.
        early_stopping: hold out `validation_fraction` of the rows (or watch X_val, y_val), end after `n_iter_no_change`
            epochs that are not better by `tol`, and give back the best weights. With X_val, None means True; but then
            "strong" and "quick" do all epochs, and keep the weights of the epoch that is best on these rows.
        metric: what is watched, higher is better: a scorer's name of scikit-learn, or a callable(estimator, X, y);
            None is minus the loss, or with "scikit-learn" the accuracy. It turns early stopping on.
        class_weight: "balanced", or a weight by class.
        callbacks: of `clearprop.Callback`, for each member's run.
        warm_start: fit goes on from the weights there are.
        random_state: of everything that is drawn.
        engine, threads: "auto", "native", "reference", "torch" or "torch:DEVICE"; None is one thread a processor.

    Attributes:
        classes_: in order.
        estimators_: the members, each a `clearprop.Model`; `coefs_` and `intercepts_` are the first one's.
        loss_curve_, best_loss_, loss_: of the first member, by epoch.
        validation_scores_, validation_loss_curve_, best_validation_score_: None where no rows were held out.
        n_iter_, n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_: as in scikit-learn.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = MLPClassifier(recipe="quick", engine="reference", max_iter=8).fit(X, y)
    >>> len(classifier.estimators_), classifier.predict(X[:3]).tolist(), classifier.predict_proba(X).shape
    (4, [0, 0, 0], (150, 3))

    The contract is scikit-learn's (Pedregosa and others, JMLR 2011); folds, scaling and smoothing follow Holzmüller,
    Grinsztajn and Steinwart, "Better by default", NeurIPS 2024.
    """

    predicts_numbers = False
    classes_: NDArray[Any]
    _answers: Classes

    def __init__(
        self,
        hidden_layer_sizes: Any = None,
        activation: str | None = None,
        *,
        recipe: str = "strong",
        loss: str | None = None,
        alpha: float | None = None,
        dropout: float | None = None,
        label_smoothing: float | None = None,
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
        class_weight: Any = None,
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
        self.label_smoothing = label_smoothing
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
        self.class_weight = class_weight
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
    ) -> MLPClassifier:
        """Learns from X (N, columns) and y (N,), the class of each row, or (N, K) of 0 and 1, K answers each.

        Args:
            sample_weight: (N,), from 0 up; rows of weight 0 are left out.
            X_val, y_val: rows to watch instead of a part of X.

        Raises:
            InputError: an option or a value is wrong; the estimator is then as it was before.
            DivergenceError: the numbers left the finite ones.
        """
        self._fit(X, y, sample_weight, X_val, y_val)
        return self

    def partial_fit(
        self, X: Any, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> MLPClassifier:
        """One epoch over these rows, from the weights there are.

        The first call decides the classes (those of `classes`, else of y) and how columns are scaled and encoded, and
        makes one member unless `n_estimators` says otherwise.

        Raises:
            InputError: a label is none of the classes that the first call knew.
        """
        if classes is not None:
            given = np.unique(np.asarray(classes))
            if self.__sklearn_is_fitted__() and not np.array_equal(given, self.classes_):
                known = self.classes_.tolist()
                raise InputError(f"classes: expected those of the first call, {known}, got {given.tolist()}")
            classes = given
        self._partial_fit(X, y, classes, sample_weight)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each row (N,), or 0 and 1 (N, K)."""
        return self._answers_for(X).chosen(self._outputs(X))

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class (N, classes); with several answers of each one (N, K)."""
        return self._answers_for(X).probabilities(self._outputs(X))

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of `predict_proba`, -inf where that is 0."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def decision_function(self, X: Any) -> Array:
        """The net inputs that the members' mean probabilities p have.

        Two classes: log(p₁/p₀), (N,), above 0 for the second; more: log p, (N, classes), which softmax takes back to p;
        several answers: log(p/(1 - p)), (N, K).
        """
        return self._answers_for(X).net_inputs(self._outputs(X))

    def explain(self, X: Any, y: ArrayLike, row: int = 0, member: int | str = 1, **options: Any) -> Any:
        """One step on one row as worked arithmetic: a member's, or that of "all" and their mean.

        Args:
            X, y: a table and the classes of its rows.
            row: its index, from 0.
            member: from 1, or "all".
            options: notation, language, digits, form and focus, as in `Trace.explain`.

        Returns:
            An `Explanation`; for "all" an `Explained` with that of each member, their outputs and the mean.
        """
        return explain(self, X, y, row, member, options)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _answers_for(self, X: Any) -> Classes:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return self._answers

    def _checked_targets(self, y: Any, name: str) -> Array:
        if y is None:
            raise InputError(f"{name}: {type(self).__name__} requires y to be passed, but the target y is None")
        if hasattr(y, "toarray"):
            y = y.toarray()
        kind = _kind_of(y, name)
        if kind == "multilabel-indicator" and np.isin(y, (0, 1)).all():
            return np.asarray(y, dtype=np.int64)
        if kind.endswith(("multioutput", "indicator")):
            raise InputError(f"{name}: several answers a row must be 0 or 1 each; for one answer give shape (N,)")
        labels: Array = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        return labels

    def _learn_answers(self, y: Array | None, weights: Array, settings: Settings, classes: Any) -> Classes:
        squared = class_loss(self.loss, settings.squared)
        if y is not None and y.ndim == 2:
            labels = np.arange(y.shape[1])
        else:
            labels = np.unique(classes)
            if len(labels) < 2:
                raise InputError(f"y: expected two classes or more, got one class: {labels.tolist()[0]!r}")
            present = labels if y is None else np.unique(y)
            if len(present) < 2 and len(weights) > 0 and classes is not None and len(classes) == len(labels):
                present = labels
            if len(present) < 2:
                raise InputError(f"y: the rows that weigh more than 0 have one class: {present.tolist()[0]!r}")
        self.classes_ = labels
        several = y is not None and y.ndim == 2
        shares: tuple[float, ...] = ()
        if y is not None and not several:
            counts = np.bincount(np.searchsorted(labels, y), minlength=len(labels))
            shares = tuple((counts / len(y)).tolist())
        return Classes(labels, several, squared, single=not settings.scaled, shares=shares)

    def _class_weights(self, y: Array | None, weights: Array) -> Array | None:
        if self.class_weight is None or y is None:
            return None
        if y.ndim == 2:
            raise InputError("class_weight: with several answers a row there is no class to weigh; give sample_weight")
        labels, indices = np.unique(y, return_inverse=True)
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            totals = np.bincount(indices, weights=weights)
            factors = totals.sum() / (len(labels) * np.where(totals > 0, totals, 1.0))
        elif isinstance(self.class_weight, dict):
            classes = labels.tolist()
            strange = [one for one in self.class_weight if one not in classes]
            # A part of the rows may lack a class; but where another has no weight, that one is meant.
            if strange and any(one not in self.class_weight for one in classes):
                raise unknown("class of class_weight", strange[0], map(str, classes))
            factors = np.array(
                [check_number(f"class_weight[{one!r}]", self.class_weight.get(one, 1.0)) for one in classes]
            )
        else:
            raise InputError(f'class_weight: expected "balanced" or a dict, got {self.class_weight!r}')
        found: Array = factors[indices]
        return found

    def _strata(self, Y: Array) -> int | NDArray[np.int64]:
        return strata(Y)

    def _usual_metric(self) -> str | None:
        return "accuracy" if self.recipe == "scikit-learn" else None

    def _decoded(self, Y: Array) -> Array:
        answers = self._answers
        if answers.several:
            return np.asarray(Y, dtype=np.int64)
        indices = Y if Y.ndim == 1 else Y[:, 0].astype(np.int64) if Y.shape[1] == 1 else Y.argmax(axis=1)
        return np.asarray(answers.labels[indices])


def _kind_of(y: Any, name: str) -> str:
    if hasattr(y, "__array__"):
        labels = np.asarray(y)
        if labels.dtype == object and labels.ndim == 1:
            _check_one_type(labels, name)
        elif labels.dtype.kind == "f" and not np.isfinite(labels).all():
            place = tuple(int(index) for index in np.argwhere(~np.isfinite(labels))[0])
            what = "NaN" if np.isnan(labels[place]) else "infinity"
            raise InputError(f"{name}[{', '.join(map(str, place))}]: Input {name} contains {what}; leave such rows out")
    try:
        kind: str = type_of_target(y, input_name=name, raise_unknown=True)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    return kind


def _check_one_type(labels: Array, name: str) -> None:
    for row, label in enumerate(labels.tolist()):
        if label is None or label != label:
            raise InputError(f"{name}[{row}] is {label}: Input {name} contains NaN; leave out rows without a label")
        if isinstance(label, str) != isinstance(labels[0], str):
            raise InputError(
                f"{name}[{row}] is {label!r}, {name}[0] is {labels[0]!r}: labels must be of one type, all texts or all "
                "numbers"
            )
