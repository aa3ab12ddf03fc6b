"""Where members start: on the data, the same for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import get_engine
from clearprop.network.initializers import initial
from clearprop.tabular.start import start

X = np.random.default_rng(0).normal(size=(300, 6)) * [1, 10, 0.1, 1, 1, 1] + 3


def net_inputs(network, parameters, rows, skip_bias):
    """Z of every layer, with or without the layer's own bias."""
    A, found = rows, []
    for layer, W, b in zip(network.layers, parameters.weights, parameters.biases, strict=True):
        found.append(A @ W if skip_bias else A @ W + b)
        A = layer.function.value(A @ W + b)
    return found


@pytest.mark.parametrize("activation", ["relu", "selu", "mish", "tanh"])
@pytest.mark.parametrize("engine", ["reference", "native"])
def test_every_net_input_has_deviation_one(activation, engine):
    network = cp.Network.parse("6-20-10-3", hidden=activation, output="softmax", loss="cross_entropy")
    drawn = start(network, X, "data", seed=1, engine=get_engine(engine), threads=2, dtype="float64")
    for Z in net_inputs(network, drawn, X, skip_bias=False):
        np.testing.assert_allclose(Z.std(axis=0), 1.0, rtol=1e-9)


def test_every_unit_turns_among_the_rows():
    """Minus a convex combination of the unit's own net inputs: between the smallest and the largest, and not the same
    for all."""
    network = cp.Network.parse("6-40-20-1", hidden="relu", output="identity")
    drawn = start(network, X, "data", seed=2, engine=get_engine("reference"), threads=1, dtype="float64")
    for Z, b in zip(net_inputs(network, drawn, X, skip_bias=True), drawn.biases, strict=True):
        assert (Z.min(axis=0) <= -b).all() and (-b <= Z.max(axis=0)).all()
        assert len(np.unique(b)) == len(b)
        # The mean of five is nearer to the middle than one: about 1/√3 of a deviation.
        if len(b) > 10:
            assert 0.3 < (b + Z.mean(axis=0)).std() < 0.9


def test_weights_are_normal_before_they_are_scaled():
    network = cp.Network.parse("6-200-1", hidden="relu", output="identity")
    drawn = start(network, X, "data", seed=3, engine=get_engine("reference"), threads=1, dtype="float64")
    direction = drawn.weights[0] / np.linalg.norm(drawn.weights[0], axis=0)
    expected = initial(network, "lecun", seed=3).weights[0]
    np.testing.assert_allclose(direction, expected / np.linalg.norm(expected, axis=0), rtol=1e-12)


def test_inputs_that_never_vary_leave_weights_as_they_are_drawn():
    network = cp.Network.parse("3-4-2", hidden="relu", output="identity")
    drawn = start(network, np.full((9, 3), 2.0), "data", seed=0, engine=get_engine("reference"), threads=1)
    np.testing.assert_array_equal(drawn.weights[0], initial(network, "lecun", dtype="float32").weights[0])
    assert np.isfinite(drawn.flat).all()


@pytest.mark.parametrize("bias", ["layer", "none"])
def test_other_kinds_of_bias_start_at_zero(bias):
    network = cp.Network.parse("6-4-2", bias=bias, output="identity")
    drawn = start(network, X, "data", seed=0, engine=get_engine("reference"), threads=1)
    assert not any(b.any() for b in drawn.biases)


def test_threads_change_no_bit_and_seeds_do():
    network = cp.Network.parse("6-64-64-2", hidden="selu", output="softmax", loss="cross_entropy")
    many = np.random.default_rng(1).normal(size=(3000, 6)).astype(np.float32)
    native = get_engine("native")
    drawn = [start(network, many, "data", seed=5, engine=native, threads=count).flat for count in (1, 2, 3)]
    assert drawn[0].tobytes() == drawn[1].tobytes() == drawn[2].tobytes()
    assert (start(network, many, "data", seed=6, engine=native, threads=1).flat != drawn[0]).any()


def test_it_may_be_any_other_start():
    network = cp.Network.parse("6-4-2")
    drawn = start(network, X, "he", seed=4, engine=get_engine("reference"), threads=1)
    np.testing.assert_array_equal(drawn.flat, initial(network, "he", seed=4, dtype="float32").flat)
    with pytest.raises(cp.InputError, match="unknown initializer"):
        start(network, X, "hee", seed=4, engine=get_engine("reference"), threads=1)
