"""Outputs do not depend on how many rows are asked for at once: a few rows take a way of their own."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop._native import instruction_sets
from clearprop.engines.base import Engine
from clearprop.network.initializers import initial
from clearprop.network.losses import LOSSES
from clearprop.network.spec import Dense, Network

SIZES = [
    (30, 128, 128, 2),
    (37, 101, 53, 7),
    (3, 5, 1),
    (200, 300, 3),
    (1, 1),
    (17, 16, 33),
    (64, 8, 2),
    (40, 129, 4, 9),
]
ENDS = [("identity", "half_squared_error"), ("softmax", "cross_entropy"), ("softmax", "half_squared_error")]


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "-".join(map(str, sizes)))
def test_same_bits_for_any_number_of_rows(
    sizes: tuple[int, ...],
    dtype: str,
    instruction_set: str,
    native: Engine,
    reference: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLEARPROP_INSTRUCTION_SET", instruction_set)
    assert all(loss in LOSSES for _, loss in ENDS)
    for number, (last, loss) in enumerate(ENDS):
        if last == "softmax" and sizes[-1] == 1:
            continue
        bias = ("unit", "layer", "none")[number]
        layers = [Dense(units, ("relu", "gelu", "tanh")[number], bias) for units in sizes[1:-1]]
        network = Network(sizes[0], [*layers, Dense(sizes[-1], last, bias)], loss)
        parameters = initial(network, "glorot", seed=number, dtype=dtype)
        X = np.random.default_rng(0).normal(size=(13, sizes[0])).astype(dtype)
        whole = native.predict(parameters, X, 2)
        np.testing.assert_allclose(whole, reference.predict(parameters, X, 1), rtol=2e-3, atol=1e-5)
        parts = [native.predict(parameters, X[start:end], 1) for start, end in ((0, 1), (1, 3), (3, 7), (7, 13))]
        assert np.vstack(parts).tobytes() == whole.tobytes()
