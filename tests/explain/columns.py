"""Column layers of every kind, of few numbers, with steps of networks that begin with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import clearprop as cp
from clearprop.engines.base import Array
from clearprop.network.columns import COLUMN_LAYERS, ColumnLayer, Embedding, Periodic, PiecewiseLinear, Plain
from clearprop.network.parameters import Parameters

LAYERS: dict[str, ColumnLayer] = {
    "plain": Plain(2),
    "periodic": Periodic(2, outputs=2, frequencies=3),
    "piecewise_linear": PiecewiseLinear(2, outputs=2, bins=3),
    "embedding": Embedding(2, categories=3, outputs=2),
}
"""One of each kind; one that is not here, or that has no explanation, fails the tests."""

MIXED: list[list[ColumnLayer]] = [[LAYERS[kind]] for kind in COLUMN_LAYERS] + [
    [Periodic(1, outputs=1, frequencies=1), PiecewiseLinear(1, outputs=2, bins=1)],
    [Embedding(1, categories=3, outputs=1), Plain(1), Periodic(1, outputs=2, frequencies=2)],
]


def inputs(layers: Sequence[ColumnLayer], rows: int, rng: np.random.Generator) -> Array:
    """X (rows, inputs): categories for embeddings, and else numbers, half of which lie within a bin or two."""
    parts = [
        rng.integers(0, layer.categories, (rows, layer.count))
        if isinstance(layer, Embedding)
        else rng.uniform(-1.5, 1.5, (rows, layer.count))
        for layer in layers
    ]
    return np.concatenate(parts, axis=1).astype(np.float64)


def model(layers: Sequence[ColumnLayer], scale: bool, seed: int = 0, outputs: int = 2, hidden: int = 2) -> cp.Model:
    rng = np.random.default_rng(seed)
    network = cp.Network(
        sum(layer.count for layer in layers),
        [cp.Dense(hidden, "tanh"), cp.Dense(outputs, "sigmoid")],
        columns=layers,
        scale=cp.Scale(rate=6.0) if scale else None,
    )
    parameters = Parameters(network, rng.normal(0.0, 0.5, network.parameter_count))
    for layer, own in zip(layers, parameters.columns, strict=True):
        if isinstance(layer, PiecewiseLinear):  # bins that many of the inputs lie in
            own["W"][...], own["b"][...] = rng.uniform(0.3, 0.6, own["W"].shape), rng.uniform(0.2, 0.8, own["b"].shape)
    parameters.scale[...] = rng.uniform(0.5, 1.5, parameters.scale.shape)
    return cp.Model.of(parameters)


def samples(given: cp.Model, rows: int, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return inputs(given.network.columns, rows, rng), rng.random((rows, given.network.outputs))


def step(layers: Sequence[ColumnLayer], scale: bool = True, rows: int = 1, seed: int = 0) -> cp.Trace:
    given = model(layers, scale, seed)
    return cp.trace(given, *samples(given, rows, seed), optimizer=cp.AdamW(0.05))
