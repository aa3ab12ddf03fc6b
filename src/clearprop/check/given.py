"""Gradients as users have them -> gradients of a network, in float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from clearprop.engines.base import Array
from clearprop.errors import InputError, unknown
from clearprop.network.parameters import Parameters, real_array
from clearprop.network.spec import Network

Given = Parameters | Mapping[str, ArrayLike] | Sequence[Any]


def given_gradients(network: Network, gradients: Given) -> tuple[Parameters, np.dtype[Any]]:
    """A user's gradients, and the coarsest float type among them.

    Args:
        gradients: `Parameters` as `loss_and_gradients` gives them; {"W1": (I, O), "b1": (O,), …}; or two lists,
            [W1, W2, …] and [b1, b2, …], None for a layer without bias; those of column layers by name alone.

    Raises:
        InputError: an array is missing, or too many, or its shape is not that of its parameters.
    """
    if isinstance(gradients, Parameters):
        own, expected = gradients.named(), Parameters(network, np.zeros(network.parameter_count)).named()
        if {name: one.shape for name, one in own.items()} != {name: one.shape for name, one in expected.items()}:
            raise InputError(f"gradients: expected those of {network}, got those of {gradients.network}")
        named: Mapping[str, Any] = own
    elif isinstance(gradients, Mapping):
        named = gradients
    else:
        named = _from_lists(network, gradients)
    return _joined(network, named)


def _from_lists(network: Network, gradients: object) -> dict[str, Any]:
    count = len(network.layers)
    if not isinstance(gradients, Sequence) or len(gradients) != 2:
        mend = "; split the array into one for each W and b" if isinstance(gradients, np.ndarray) else ""
        raise InputError(
            'gradients: expected {"W1": …, "b1": …}, ([W1, W2, …], [b1, b2, …]) or what loss_and_gradients gives, '
            f"got {type(gradients).__name__}{mend}"
        )
    for name, arrays in zip(("weights", "biases"), gradients, strict=True):
        if not isinstance(arrays, Sequence) or len(arrays) != count:
            found = len(arrays) if isinstance(arrays, Sequence) else type(arrays).__name__
            mend = "; put the arrays into brackets, as [W1, W2]" if isinstance(arrays, np.ndarray) else ""
            raise InputError(f"gradients: expected a list of {name}, one a layer, so {count}, got {found}{mend}")
    return _named(*gradients)


def _named(weights: Sequence[Any], biases: Sequence[Any]) -> dict[str, Any]:
    pairs = enumerate(zip(weights, biases, strict=True), 1)
    return {f"{letter}{layer}": array for layer, both in pairs for letter, array in zip("Wb", both, strict=True)}


def _joined(network: Network, named: Mapping[str, Any]) -> tuple[Parameters, np.dtype[Any]]:
    joined = Parameters(network, np.zeros(network.parameter_count))
    without = (number for number, layer in enumerate(network.layers, 1) if layer.bias == "none")
    expected = joined.named() | {f"b{number}": np.zeros(0) for number in without}
    for name in named:
        if name not in expected:
            raise unknown("gradient", name, expected)
    types = []
    for name, place in expected.items():
        given = named.get(name)
        if given is None and place.size == 0:
            continue
        if given is None:
            raise InputError(f"gradients: {name} of shape {place.shape} is missing")
        array = real_array(f"gradients of {name}", given)
        _fill(name, place, array)
        types.append(array.dtype if array.dtype.kind == "f" else np.dtype(np.float64))
    return joined, max(types, key=lambda one: float(np.finfo(one).eps))


def _fill(name: str, place: Array, array: Array) -> None:
    if array.ndim == 0 and place.size == 1:
        array = array.reshape(place.shape)
    if array.shape != place.shape:
        mend = "; it looks transposed, give its .T" if array.shape == place.shape[::-1] else ""
        of_layer = name[1:].isdecimal()
        where, kind = f"gradients, layer {name[1:]}", "(inputs, units) = " if name[0] == "W" else "(units,) = "
        if not of_layer:
            where, kind = "gradients", ""
        raise InputError(f"{where}: {name} has shape {kind}{place.shape}, got {array.shape}{mend}")
    place[...] = array
