"""The values that column layers start with: drawn, or learnt from rows."""

from __future__ import annotations

import numpy as np

from clearprop.network.columns import ColumnLayer, Embedding, Periodic, PiecewiseLinear
from clearprop.network.parameters import Array, Parameters
from clearprop.random import Stream, normals, uniforms

DEVIATION = 0.1
"""Of the frequencies of `Periodic`, in periods a unit of the input."""
REACH = 3.0
"""Where no rows are given, bins go from -REACH to REACH, as inputs do that are scaled and softly clipped."""
NARROWEST = 1e-30
"""Of a bin: 1 / width is then a number of float32 too."""
PROJECTION_DEVIATION = 0.5
TABLE_DEVIATION = 0.1
LANES = 1 << 20
"""Of the generator's lanes those from here on are column layers', four each; those before are layers'."""


def start_columns(parameters: Parameters, seed: int, X: Array | None = None, deviation: float = DEVIATION) -> None:
    """Writes the first values of the column layers and the scale into `parameters`.

    Periodic: W ~ N(0, deviation²), b ~ U(±π), U and c ~ U(±¼). Piecewise linear: bins between quantiles of the rows X
    (B, inputs), or evenly from -3 to 3 where there are none; U ~ N(0, ½²). Embedding: T ~ N(0, 0.1²), and 0 for a
    category that none of the rows X has. Scale: 1.

    Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024.

    >>> from clearprop.network.spec import Dense, Network
    >>> net = Network(1, [Dense(1, "identity")], columns=[PiecewiseLinear(1, bins=2)])
    >>> parameters = Parameters(net, np.zeros(net.parameter_count))
    >>> start_columns(parameters, seed=0, X=np.array([[0.0], [1.0], [3.0]]))
    >>> parameters.columns[0]["W"].tolist(), parameters.columns[0]["b"].tolist()
    ([[1.0, 0.5]], [[-0.0, -0.5]])
    """
    first = 0
    for number, (layer, own) in enumerate(zip(parameters.network.columns, parameters.columns, strict=True)):
        rows = None if X is None else np.asarray(X[:, first : first + layer.count], dtype=np.float64)
        for name, values in _start(layer, seed, LANES + 4 * number, rows, deviation).items():
            own[name][...] = values
        first += layer.count
    parameters.scale[...] = 1.0


def _start(layer: ColumnLayer, seed: int, lane: int, rows: Array | None, deviation: float) -> dict[str, Array]:
    def normal(name: str, turn: int, spread: float) -> Array:
        shape = layer.shapes[name]
        return spread * normals(seed, Stream.INITIAL, int(np.prod(shape)), lane=lane + turn).reshape(shape)

    def uniform(name: str, turn: int, reach: float) -> Array:
        shape = layer.shapes[name]
        drawn = uniforms(seed, Stream.INITIAL, int(np.prod(shape)), lane=lane + turn).reshape(shape)
        return reach * (2.0 * drawn - 1.0)

    if isinstance(layer, Periodic):
        waves = {"W": normal("W", 0, deviation), "b": uniform("b", 1, np.pi)}
        return {**waves, "U": uniform("U", 2, 0.25), "c": uniform("c", 3, 0.25)}
    if isinstance(layer, PiecewiseLinear):
        return {**bins(rows, layer), "U": normal("U", 0, PROJECTION_DEVIATION)}
    if isinstance(layer, Embedding):
        T = normal("T", 0, TABLE_DEVIATION)
        for table, codes in zip(T, () if rows is None else rows.T, strict=rows is not None):
            table[np.setdiff1d(np.arange(layer.categories), codes)] = 0.0
        return {"T": T}
    return {}


def bins(rows: Array | None, layer: PiecewiseLinear) -> dict[str, Array]:
    """W, b and m of a piecewise-linear layer, (count, bins) each: bins between quantiles of its inputs (B, count).

    A bin in which nothing lies, between two quantiles that are equal or nearly so, is 0 throughout: W = b = m = 0.
    """
    shares = np.linspace(0.0, 1.0, layer.bins + 1)
    if rows is None:
        edges = np.broadcast_to((2.0 * REACH * shares - REACH)[:, None], (layer.bins + 1, layer.count))
    else:
        edges = np.quantile(rows, shares, axis=0)
    low, wide = edges[:-1].T, np.diff(edges, axis=0).T
    used = wide > NARROWEST
    W = np.where(used, 1.0 / np.where(used, wide, 1.0), 0.0)
    b = -low * W
    if rows is None:
        return {"W": W, "b": b, "m": np.zeros_like(W)}
    m = np.stack([np.clip(rows * W[:, k] + b[:, k], 0.0, 1.0).mean(axis=0) for k in range(layer.bins)], axis=1)
    return {"W": W, "b": b, "m": m}
