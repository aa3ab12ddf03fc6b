"""The parameters of a network: one flat vector, with a named view for each layer's weights and bias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.errors import InputError, unknown
from clearprop.network.spec import Network

Array = NDArray[Any]

DTYPES = {"float64": np.dtype(np.float64), "float32": np.dtype(np.float32)}


def float_type(name: object) -> np.dtype[Any]:
    """The NumPy type of "float64" or "float32"."""
    for known in DTYPES:
        if name in (known, DTYPES[known]):
            return np.dtype(known)
    raise unknown("dtype", name, DTYPES)


class Parameters:
    """Weights and biases (or their gradients, or an optimizer's slots) of one network.

    Attributes:
        network: the network they belong to.
        flat: all numbers in one vector: W1 row by row, b1, W2, b2, …
        weights: W of each layer, (I, O), views of `flat`.
        biases: b of each layer, (O,), (1,) or (0,) as its `bias` says, views of `flat`.
        columns: the parameters of each column layer by name, views of `flat`, which holds them behind those of all
            layers.
        scale: the factor of each number that the first layer takes in, or (0,); it stands last.

    >>> parameters = Parameters(Network.parse("2-2-1"), np.arange(9.0))
    >>> parameters.weights[1].tolist(), parameters.biases[0].tolist()
    ([[6.0], [7.0]], [4.0, 5.0])
    """

    def __init__(self, network: Network, flat: Array) -> None:
        if flat.shape != (network.parameter_count,):
            raise InputError(f"parameters: expected {network.parameter_count} numbers, got shape {flat.shape}")
        self.network = network
        self.flat = flat

    @cached_property
    def weights(self) -> list[Array]:
        return [W for W, _ in self._views()]

    @cached_property
    def biases(self) -> list[Array]:
        return [b for _, b in self._views()]

    @cached_property
    def columns(self) -> list[dict[str, Array]]:
        return columns_of(self.network, self.of_columns)

    @property
    def of_columns(self) -> Array:
        """The parameters of all column layers, one after the other; a view of `flat`."""
        return self.flat[self.dense_count :][: self.network.columns_size]

    @cached_property
    def scale(self) -> Array:
        return self.flat[len(self.flat) - self.network.scale_size :]

    def named(self) -> dict[str, Array]:
        """Every array by its name: W1, b1, W2, …, then Wc1 and so on of each column layer, and scale; views of `flat`.

        >>> list(Parameters(Network.parse("2-2-1", bias="none"), np.zeros(6)).named())
        ['W1', 'W2']
        """
        found: dict[str, Array] = {}
        for number, (W, b) in enumerate(zip(self.weights, self.biases, strict=True), 1):
            found[f"W{number}"] = W
            if b.size:
                found[f"b{number}"] = b
        for number, own in enumerate(self.columns, 1):
            found |= {f"{letter}c{number}": array for letter, array in own.items()}
        return found | ({"scale": self.scale} if self.scale.size else {})

    @property
    def dense_count(self) -> int:
        """How many of the numbers, the first ones, are weights and biases of layers."""
        return sum(W.size + b.size for W, b in self._views())

    def _views(self) -> Iterator[tuple[Array, Array]]:
        start = 0
        for (inputs, units), layer in zip(pairwise(self.network.sizes), self.network.layers, strict=True):
            end = start + inputs * units
            yield self.flat[start:end].reshape(inputs, units), self.flat[end : end + layer.bias_size]
            start = end + layer.bias_size

    @staticmethod
    def joined(
        network: Network,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike | None],
        dtype: np.dtype[Any],
        columns: Sequence[Mapping[str, ArrayLike]] = (),
        scale: ArrayLike | None = None,
    ) -> Parameters:
        """The parameters of given arrays; a bias is (O,), one number for the whole layer, or None for none."""
        if not isinstance(network, Network):
            raise InputError(f"network: expected a Network, got {network!r}")
        count = len(network.layers)
        for name, given in (("weights", weights), ("biases", biases)):
            if not isinstance(given, Sequence | np.ndarray):
                raise InputError(f"{name}: expected a list, one for each of the {count} layers, got {given!r}")
            if len(given) != count:
                raise InputError(f"{name}: expected one for each of the {count} layers, got {len(given)}")
        parameters = Parameters(network, np.empty(network.parameter_count, dtype))
        for number, (W, weight, b, bias) in enumerate(
            zip(parameters.weights, weights, parameters.biases, biases, strict=True), 1
        ):
            with np.errstate(over="ignore"):  # whether all is finite is looked at below
                W[...] = _fitting(f"W{number}", weight, W.shape)
                b[...] = _fitting_bias(f"b{number}", bias, b.shape)
        parameters._join_columns(columns, scale)
        if not np.isfinite(parameters.flat).all():
            raise InputError("parameters: every weight and bias must be a finite number")
        return parameters

    def _join_columns(self, columns: Sequence[Mapping[str, ArrayLike]], scale: ArrayLike | None) -> None:
        layers = self.network.columns
        if len(columns) != len(layers):
            raise InputError(
                f"columns: expected parameters for each of the {len(layers)} column layers, got {len(columns)}"
            )
        for number, (own, given) in enumerate(zip(self.columns, columns, strict=True), 1):
            if set(given) != set(own):
                raise InputError(
                    f"columns: column layer {number} has {', '.join(own) or 'none'}, got {', '.join(given)}"
                )
            for name, array in own.items():
                array[...] = _fitting(f"{name}c{number}", given[name], array.shape, "shape")
        if self.network.scale:
            self.scale[...] = 1.0 if scale is None else _fitting("scale", scale, self.scale.shape, "shape")
        elif scale is not None:
            raise InputError("scale: the network has none; give None")

    def trained(self) -> NDArray[np.bool_]:
        """Which of the numbers an optimizer may change (P,): all but frozen biases and what column layers freeze."""
        mask = Parameters(self.network, np.ones(len(self.flat), dtype=bool))
        for bias, layer in zip(mask.biases, self.network.layers, strict=True):
            bias[...] = layer.train_bias
        for own, columns in zip(mask.columns, self.network.columns, strict=True):
            for name in columns.frozen:
                own[name][...] = False
        return mask.flat

    def are_weights(self) -> NDArray[np.bool_]:
        """Which of the numbers are weights of layers, not biases, nor of column layers or the scale (P,)."""
        mask = Parameters(self.network, np.zeros(len(self.flat), dtype=bool))
        for weights in mask.weights:
            weights[...] = True
        return mask.flat

    def rate_factors(self) -> Array:
        """What the learning rate of each of the numbers is multiplied by (P,)."""
        factors = Parameters(self.network, np.empty_like(self.flat))
        for W, b, layer in zip(factors.weights, factors.biases, self.network.layers, strict=True):
            W[...] = layer.weight_rate
            b[...] = layer.bias_rate
        for own, columns in zip(factors.columns, self.network.columns, strict=True):
            for array in own.values():
                array[...] = columns.learning_rate_factor
        if self.network.scale:
            factors.scale[...] = self.network.scale.rate
        return factors.flat


def columns_of(network: Network, flat: Array) -> list[dict[str, Array]]:
    """The parameters of each column layer by name, views of one vector of them all."""
    views: list[dict[str, Array]] = []
    start = 0
    for layer in network.columns:
        views.append({})
        for name, shape in layer.shapes.items():
            views[-1][name] = flat[start : start + prod(shape)].reshape(shape)
            start += prod(shape)
    return views


def _fitting(name: str, given: ArrayLike, shape: tuple[int, ...], expected: str = "shape (inputs, units) =") -> Array:
    array = real_array(name, given)
    if array.shape != shape:
        raise InputError(f"{name}: expected {expected} {shape}, got {array.shape}")
    return array


def _fitting_bias(name: str, given: ArrayLike | None, shape: tuple[int, ...]) -> Array:
    array = real_array(name, 0.0 if given is None else given)
    if given is None and shape != (0,):
        raise InputError(f"{name}: the layer has a bias, got None; give {shape[0]} numbers or one")
    if array.ndim > 0 and array.shape != shape:
        raise InputError(f"{name}: expected one number or shape {shape}, got {array.shape}")
    if shape == (0,) and array.ndim == 0 and given is not None:
        raise InputError(f'{name}: the layer has bias="none"; give None')
    return array


def real_array(name: str, given: ArrayLike) -> Array:
    """What is given as an array of real numbers, or an `InputError` that begins with its name."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise InputError(f"{name}: the rows have different lengths") from None
    if array.dtype.kind not in "fiub":
        raise InputError(f"{name}: expected real numbers, got {_kind(array)}")
    return array


def _kind(array: Array) -> str:
    known = {"O": "Python objects", "U": "text", "S": "bytes", "c": "complex numbers", "M": "dates", "m": "durations"}
    return known.get(array.dtype.kind, str(array.dtype))
