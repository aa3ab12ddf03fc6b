"""Initial values: one entry each, how the weights of a layer are drawn from its fan-in and fan-out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError, unknown
from clearprop.network.column_values import start_columns
from clearprop.network.parameters import Parameters, float_type
from clearprop.network.spec import Network
from clearprop.random import Stream, check_seed, normals, uniforms


@dataclass(frozen=True)
class Initializer:
    """How a layer starts.

    `spread` gives, from inputs I and units O, the deviation of normal numbers, or half the width of uniform ones
    about 0; `biases_too` draws the biases like the weights, otherwise they start at 0.
    """

    name: str
    distribution: str  # "normal", "symmetric" (uniform in ±spread), "positive" (uniform in [0, spread)), "zeros"
    spread: Callable[[int, int], float]
    scale: float
    source: str
    biases_too: bool = False


_ENTRIES = [
    Initializer("normal", "normal", lambda I, O: 1.0, 0.01, "Ng, UFLDL tutorial, 2011: N(0, 0.01²)"),
    Initializer("uniform", "positive", lambda I, O: 1.0, 1.0, "uniform in [0, 1), biases too", biases_too=True),
    Initializer("glorot", "symmetric", lambda I, O: math.sqrt(6.0 / (I + O)), 1.0, "Glorot and Bengio, AISTATS 2010"),
    Initializer("he", "normal", lambda I, O: math.sqrt(2.0 / I), 1.0, "He and others, ICCV 2015"),
    Initializer("lecun", "normal", lambda I, O: math.sqrt(1.0 / I), 1.0, "LeCun and others, Efficient BackProp, 1998"),
    Initializer("zeros", "zeros", lambda I, O: 0.0, 1.0, "the start of Rosenblatt's perceptron, 1958"),
]

INITIALIZERS: dict[str, Initializer] = {entry.name: entry for entry in _ENTRIES}


def initial(
    network: Network, name: str = "glorot", *, scale: float | None = None, seed: int = 0, dtype: str = "float64"
) -> Parameters:
    """Initial parameters, a function of (network, name, scale, seed) alone.

    They are drawn in float64 and then rounded, so both types start at the same point.

    Args:
        name: one of `INITIALIZERS`.
        scale: multiplies the spread; None takes the entry's own (0.01 for normal, else 1).

    >>> initial(Network.parse("2-3-1"), "normal", seed=7).biases[0].tolist()
    [0.0, 0.0, 0.0]
    """
    if not isinstance(name, str) or name not in INITIALIZERS:
        raise unknown("initializer", name, INITIALIZERS)
    if scale is not None and not (isinstance(scale, int | float) and math.isfinite(scale)):
        raise InputError(f"scale: expected a finite number, got {scale!r}")
    entry = INITIALIZERS[name]
    factor = entry.scale if scale is None else scale
    seed = check_seed(seed)
    parameters = Parameters(network, np.zeros(network.parameter_count))
    for layer, (W, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        drawn = _draw(entry, seed, layer, W.size + (b.size if entry.biases_too else 0))
        drawn *= factor * entry.spread(*W.shape)
        W[...] = drawn[: W.size].reshape(W.shape)
        if entry.biases_too:
            b[...] = drawn[W.size :]
    start_columns(parameters, seed)
    return Parameters(network, parameters.flat.astype(float_type(dtype)))


def _draw(entry: Initializer, seed: int, layer: int, count: int) -> NDArray[np.float64]:
    if entry.distribution == "zeros":
        return np.zeros(count)
    if entry.distribution == "normal":
        return normals(seed, Stream.INITIAL, count, lane=layer)
    drawn = uniforms(seed, Stream.INITIAL, count, lane=layer)
    return drawn if entry.distribution == "positive" else 2.0 * drawn - 1.0
