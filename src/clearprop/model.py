"""A model: a network and its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from clearprop.engines import get_engine, thread_count
from clearprop.engines.base import Array
from clearprop.engines.samples import check_inputs, check_samples
from clearprop.network.initializers import initial
from clearprop.network.inspection import inspected, sketched
from clearprop.network.parameters import Parameters, float_type
from clearprop.network.spec import Network


class Model:
    """A network with values for its weights and biases; it never changes.

    Args:
        network: what it is.
        weights: W of each layer, (I, O).
        biases: b of each layer, (O,) for bias "unit", (1,) for "layer", or one number; None where there is none.
        dtype: "float64" or "float32", what it computes in.
        columns: the parameters of each column layer by name, such as {"W": …, "b": …, "U": …, "c": …}.
        scale: the factor of each number that the first layer takes in; None is 1 each.

    Raises:
        InputError: a shape does not fit the network, or a number is not finite.

    >>> net = Network.parse("2-2-2", bias="layer")
    >>> W1, W2 = [[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]
    >>> model = Model(net, weights=[W1, W2], biases=[0.35, 0.60])
    >>> model.predict([[0.05, 0.10]], engine="reference").round(9).tolist()
    [[0.75136507, 0.772928465]]
    >>> round(model.loss([[0.05, 0.10]], [[0.01, 0.99]], engine="reference"), 9)
    0.298371109
    """

    def __init__(
        self,
        network: Network,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike | None],
        dtype: str = "float64",
        *,
        columns: Sequence[Mapping[str, ArrayLike]] = (),
        scale: ArrayLike | None = None,
    ) -> None:
        self._hold(Parameters.joined(network, weights, biases, float_type(dtype), columns, scale))

    @staticmethod
    def of(parameters: Parameters) -> Model:
        """The model of parameters that are there already; they are not copied and must not be written to again."""
        model = object.__new__(Model)
        model._hold(parameters)
        return model

    @staticmethod
    def initialized(
        network: Network,
        initializer: str = "glorot",
        *,
        scale: float | None = None,
        seed: int = 0,
        dtype: str = "float64",
    ) -> Model:
        """A model with initial values: "normal", "uniform", "glorot", "he", "lecun" or "zeros".

        >>> model = Model.initialized(Network.parse("2-3-1"), "normal", scale=0.01, seed=0)
        >>> model.parameters.weights[0].shape
        (2, 3)
        """
        return Model.of(initial(network, initializer, scale=scale, seed=seed, dtype=dtype))

    @property
    def parameters(self) -> Parameters:
        """The weights and biases, read-only."""
        return self._parameters

    @property
    def network(self) -> Network:
        return self.parameters.network

    @property
    def dtype(self) -> str:
        """The name of the float type, "float64" or "float32"."""
        return str(self.parameters.flat.dtype)

    def predict(self, X: ArrayLike, *, engine: str = "auto", threads: int | None = None) -> Array:
        """The outputs (B, outputs) for inputs X (B, inputs).

        Raises:
            InputError: the shape does not fit, or a number is not finite.
        """
        inputs = check_inputs(self.network, self.parameters.flat.dtype, X)
        return get_engine(engine).predict(self.parameters, inputs, thread_count(threads))

    def loss(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        engine: str = "auto",
        threads: int | None = None,
    ) -> float:
        """J = E + R over X (B, inputs) and targets Y (B, outputs), or class indices (B,) for cross-entropy."""
        samples = check_samples(self.network, self.parameters.flat.dtype, X, Y, sample_weight)
        return get_engine(engine).loss(self.parameters, samples, thread_count(threads))

    def loss_and_gradients(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        engine: str = "auto",
        threads: int | None = None,
    ) -> tuple[float, Parameters]:
        """J and its gradient by every parameter: `.weights[l]` (I, O), `.biases[l]` (O,), also of frozen biases."""
        samples = check_samples(self.network, self.parameters.flat.dtype, X, Y, sample_weight)
        return get_engine(engine).loss_and_gradients(self.parameters, samples, thread_count(threads))

    def _hold(self, parameters: Parameters) -> None:
        frozen = parameters.flat.view()
        frozen.flags.writeable = False
        self._parameters = Parameters(parameters.network, frozen)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Model)
            and self.network == other.network
            and self.dtype == other.dtype
            and np.array_equal(self.parameters.flat, other.parameters.flat)
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return inspected(self.parameters)

    def _repr_svg_(self) -> str:
        return sketched(self.parameters)

    _repr_html_ = _repr_svg_

    def __repr__(self) -> str:
        return f"Model({self.network}; {self.network.parameter_count} parameters, {self.dtype})"
