"""A fitted estimator of feed-forward networks: what can be asked of it, and its parts by scikit-learn's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from clearprop.engines.base import Array, State
from clearprop.engines.reference import taken_in
from clearprop.ensemble import Ensemble
from clearprop.estimators.inputs import ArrayInputs, Inputs, read, slices
from clearprop.estimators.recipes import is_scaled
from clearprop.model import Model

if TYPE_CHECKING:
    from clearprop.artefact import TableModel
    from clearprop.table import Encoding


class FittedNetwork(BaseEstimator):  # type: ignore[misc]
    """The part of an estimator that answers, once it is fitted."""

    ensemble_: Ensemble
    loss_curve_: list[float]
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    best_loss_: float | None
    n_iter_: int
    n_features_in_: int
    _inputs: Inputs
    _answers: Any
    _states: tuple[State, ...]

    def _outputs(self, X: Any) -> Array:
        """The members' mean (N, outputs), float64."""
        shown: Array | None = self.__dict__.get("_shown")
        if shown is not None:
            return shown
        parts = [
            self.ensemble_.predict(self._inputs.matrix(part), engine=self.engine, threads=self.threads)
            for part in slices(self._read(X))
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _read(self, X: Any) -> Any:
        check_is_fitted(self)
        return read(self, X, reset=False, missing=self._inputs.missing_allowed)

    def activations(self, X: Any) -> list[Array]:
        """What each layer of the first member gives, (N, units) each: the hidden layers, then the outputs.

        A = f(A_before·W + b), from the inputs as the estimator encodes them.
        """
        A = np.concatenate([self._inputs.matrix(part) for part in slices(self._read(X))])
        return layer_outputs(self.estimators_[0], A)

    @property
    def estimators_(self) -> list[Model]:
        """The members."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"this {type(self).__name__} is not fitted yet")
        return list(self.ensemble_.members)

    @property
    def coefs_(self) -> list[Array]:
        """W of each layer of the first member, (inputs, units)."""
        return list(self._first.parameters.weights)

    @property
    def intercepts_(self) -> list[Array]:
        """b of each layer of the first member, (units,)."""
        return list(self._first.parameters.biases)

    @property
    def n_layers_(self) -> int:
        """How many layers there are, inputs and outputs among them."""
        return len(self._first.network.sizes)

    @property
    def n_outputs_(self) -> int:
        """How many outputs the networks have."""
        return self._first.network.outputs

    @property
    def out_activation_(self) -> str:
        """The last layer's activation, as scikit-learn calls it."""
        last = self._first.network.layers[-1].activation
        return {"sigmoid": "logistic"}.get(last, last)

    @property
    def loss_(self) -> float:
        """The loss of the last epoch."""
        return self.loss_curve_[-1]

    @property
    def _first(self) -> Model:
        return self.estimators_[0]

    def to_onnx(self, path: Any) -> None:
        """Writes the fitted estimator, the encoding of its columns included, as an ONNX file.

        Raises:
            InputError: ONNX is not installed, or something of it has no form there.
        """
        from clearprop import export

        export.to_onnx(self.as_model(), path)

    def as_model(self) -> TableModel | Model | Any:
        """What is saved and exported: the members and the temperature, with how columns and answers are encoded.

        A `TableModel` where the inputs are scaled or encoded (the columns of an array are called x0, x1, …) and there
        is one answer a row, and for each class the output of its probability; else the `Model` or `Ensemble`, with
        inputs and outputs as the network has them.
        """
        check_is_fitted(self)
        members = self.ensemble_.members
        model: Any = members[0] if len(members) == 1 else self.ensemble_
        encoding = self._encoding()
        if encoding is None or members[0].network.outputs != max(1, len(encoding.classes)) or not self._answers.one:
            return model
        if getattr(self._answers, "squared", False):  # no file tells how such outputs become probabilities
            return model
        from clearprop.artefact import TableModel

        return TableModel(model, encoding, self._answers.about)

    def _encoding(self) -> Encoding | None:
        inputs = self._inputs
        if not isinstance(inputs, ArrayInputs):
            return inputs.encoding
        return inputs.encoding(self._answers.as_target("y"), 0) if inputs.missing_allowed else None

    def __sklearn_is_fitted__(self) -> bool:
        return "ensemble_" in self.__dict__ or "_shown" in self.__dict__

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = is_scaled(self.recipe)
        return tags


def layer_outputs(model: Model, A: Array, start: int = 0) -> list[Array]:
    """What each layer from `start` (from 0) on gives, (N, units) each, where it gets what that takes in."""
    layers, found = model.network.layers[start:], []
    parameters = model.parameters
    if start == 0:
        A, _ = taken_in(parameters, A)
    for layer, W, b in zip(layers, parameters.weights[start:], parameters.biases[start:], strict=True):
        A = layer.function.value(A @ W + b, *layer.function.numbers)
        found.append(A)
    return found
