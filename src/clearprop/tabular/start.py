"""Where a member starts: weights and biases drawn to fit the rows that it will learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clearprop.engines.base import Array, Engine
from clearprop.engines.source import Source
from clearprop.network.column_values import DEVIATION, start_columns
from clearprop.network.initializers import initial
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.random import Stream, drawn_rows, uniforms, words

DATA = "data"
"""The name of the start that looks at the rows, beside those of `network.initializers`."""

ROWS, ROWS_OF_BINS = 1024, 50_000
COMBINED = 5
_SMALLEST = 1e-6


def start(
    network: Network,
    X: Array | Source,
    initializer: str,
    *,
    seed: int,
    engine: Engine,
    threads: int,
    dtype: str = "float32",
    deviation: float = DEVIATION,
) -> Parameters:
    """Initial parameters: of a name of `network.initializers`, or "data" for those that look at the rows.

    "data" goes layer by layer over at most 1,024 rows. Weights are drawn from N(0, 1/I) and each unit's are divided by
    the deviation of its net input, so that each net input has deviation 1. Its bias is minus a convex combination of 5
    of its own net inputs, Σ cᵢzᵢ with cᵢ = eᵢ/Σe and e from Exp(1): where a unit turns lies somewhere among the rows.
    Column layers start as `network.column_values` says, their bins between quantiles of at most 50,000 rows.

    Args:
        X: (N, inputs), the rows that are learnt from, or a source of them.
        seed: of the weights, the rows looked at and the combinations.
        deviation: of the first frequencies of `Periodic` column layers.
        engine, threads: what computes the net inputs; any number of threads gives the same bits.

    >>> from clearprop.engines import get_engine
    >>> X = 100 * np.arange(20.0).reshape(10, 2) + 7
    >>> network = Network.parse("2-3-1", hidden="relu", output="identity")
    >>> drawn = start(network, X, "data", seed=0, engine=get_engine("reference"), threads=1, dtype="float64")
    >>> (X @ drawn.weights[0]).std(axis=0).round(6).tolist()
    [1.0, 1.0, 1.0]

    Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024; Steinwart, "A sober look at neural network
    initializations", 2019, of the biases.
    """
    if initializer != DATA:
        return initial(network, initializer, seed=seed, dtype=dtype)
    parameters = Parameters(network, initial(network, "lecun", seed=seed).flat)
    start_columns(parameters, seed, _drawn(X, seed, ROWS_OF_BINS), deviation)
    rows = np.ascontiguousarray(_drawn(X, seed, ROWS), dtype=np.float64)
    for number, (W, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True), 1):
        b[...] = 0.0
        Z = _net_inputs(parameters, number, rows, engine, threads)
        spread = Z.std(axis=0)
        scale = np.where(spread > _SMALLEST, 1.0 / np.maximum(spread, _SMALLEST), 1.0)
        W *= scale
        if network.layers[number - 1].bias == "unit":
            b[...] = -_combined(Z * scale, seed, number)
    return Parameters(network, parameters.flat.astype(dtype))


def _drawn(X: Array | Source, seed: int, count: int) -> Array:
    """So many of the rows, drawn by the seed."""
    rows = drawn_rows(seed, Stream.SAMPLE, len(X), count)
    return X.taken(rows)[0] if isinstance(X, Source) else X[rows]


def _net_inputs(parameters: Parameters, number: int, rows: Array, engine: Engine, threads: int) -> Array:
    """Z of a layer (B, O): the outputs of the network that ends there, without the activation."""
    network = parameters.network
    *before, last = network.layers[:number]
    short = replace(network, layers=(*before, Dense(last.units, "identity", last.bias)), loss="half_squared_error")
    taken = sum(W.size + b.size for W, b in zip(parameters.weights[:number], parameters.biases[:number], strict=True))
    flat = np.concatenate([parameters.flat[:taken], parameters.flat[parameters.dense_count :]])
    return engine.predict(Parameters(short, flat), rows, threads)


def _combined(Z: Array, seed: int, number: int) -> Array:
    """A convex combination of a few net inputs of each unit (O,)."""
    units = Z.shape[1]
    chosen = words(seed, Stream.SAMPLE, COMBINED * units, lane=number).reshape(COMBINED, units) % len(Z)
    shares = -np.log1p(-uniforms(seed, Stream.SAMPLE, COMBINED * units, lane=number, time=1)).reshape(COMBINED, units)
    total = shares.sum(axis=0)
    values = Z[chosen, np.arange(units)]
    return np.asarray((shares * values).sum(axis=0) / np.where(total > 0.0, total, 1.0))
