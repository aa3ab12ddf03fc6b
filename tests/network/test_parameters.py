"""The flat vector and its views."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.errors import InputError
from clearprop.network.parameters import Parameters, float_type
from clearprop.network.spec import Dense, Network

MIXED = Network(2, [Dense(3, bias="unit"), Dense(2, bias="layer", train_bias=False), Dense(2, bias="none")])


def test_order_of_the_flat_vector() -> None:
    parameters = Parameters(MIXED, np.arange(float(MIXED.parameter_count)))
    assert parameters.weights[0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert parameters.biases[0].tolist() == [6, 7, 8]
    assert parameters.weights[1].tolist() == [[9, 10], [11, 12], [13, 14]]
    assert parameters.biases[1].tolist() == [15]
    assert parameters.weights[2].tolist() == [[16, 17], [18, 19]]
    assert parameters.biases[2].tolist() == []


def test_views_share_the_memory() -> None:
    parameters = Parameters(MIXED, np.zeros(MIXED.parameter_count))
    parameters.weights[1][2, 1] = 5.0
    parameters.biases[1][...] = 7.0
    assert parameters.flat[14] == 5.0 and parameters.flat[15] == 7.0


def test_masks() -> None:
    parameters = Parameters(MIXED, np.zeros(MIXED.parameter_count))
    assert np.flatnonzero(~parameters.trained()).tolist() == [15]
    assert np.flatnonzero(~parameters.are_weights()).tolist() == [6, 7, 8, 15]


def test_factors_of_the_learning_rate() -> None:
    layers = [Dense(2, weight_rate=0.5), Dense(2, bias="layer", bias_rate=0.1), Dense(1, bias="none", bias_rate=7.0)]
    network = Network(1, layers)
    factors = Parameters(network, np.zeros(network.parameter_count, np.float32)).rate_factors()
    assert factors.dtype == np.float32
    assert factors.tolist() == [0.5, 0.5, 1, 1, 1, 1, 1, 1, np.float32(0.1), 1, 1]


def test_joined_takes_every_form_of_a_bias() -> None:
    weights = [np.ones((2, 3)), np.ones((3, 2)), np.ones((2, 2))]
    joined = Parameters.joined(MIXED, weights, [0.5, 0.25, None], np.dtype(np.float64))
    assert joined.biases[0].tolist() == [0.5] * 3 and joined.biases[1].tolist() == [0.25]
    same = Parameters.joined(MIXED, weights, [[0.5, 0.5, 0.5], [0.25], []], np.dtype(np.float64))
    assert np.array_equal(joined.flat, same.flat)


def test_wrong_count() -> None:
    with pytest.raises(InputError, match=r"expected 20 numbers, got shape \(19,\)"):
        Parameters(MIXED, np.zeros(19))


def test_float_types() -> None:
    assert float_type("float32") == float_type(np.float32) == float_type(np.dtype("float32")) == np.float32
    assert float_type("float64") == np.float64
    for wrong in ("float16", "double64", int, 3, object()):
        with pytest.raises(InputError, match="unknown dtype"):
            float_type(wrong)
