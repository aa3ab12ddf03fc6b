"""Gradients of some rows of a batch add up to those of the whole: their dropout masks go by their place in it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from clearprop.engines import get_engine
from clearprop.engines.base import Part, Plan, Samples, State
from clearprop.network.initializers import initial
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD

LAYERS = [Dense(37, "relu", dropout=0.4), Dense(18, "tanh", dropout=0.2), Dense(3, "softmax")]
NETWORK = Network(5, LAYERS, "cross_entropy", reduction="sum")


@pytest.fixture(params=["reference", "native", "torch:cpu"])
def engine(request):
    if request.param.startswith("torch"):
        pytest.importorskip("torch")
    return get_engine(request.param)


def samples(dtype):
    rng = np.random.default_rng(0)
    return Samples(rng.normal(size=(53, 5)).astype(dtype), rng.integers(0, 3, 53), rng.uniform(0, 2, 53).astype(dtype))


def of(whole, rows):
    return Samples(whole.X[rows], whole.Y[rows], whole.weights[rows])


@pytest.mark.parametrize("cuts", [(0, 53), (0, 1, 53), (0, 7, 26, 53)])
@pytest.mark.parametrize("fade", [1.0, 0.25, 0.0])
def test_shares_of_an_update_add_up(engine, cuts, fade):
    whole, parameters = samples("float64"), initial(NETWORK, "he", seed=1)
    E, gradient = 0.0, np.zeros_like(parameters.flat)
    for first, end in pairwise(cuts):
        part = Part(seed=7, step=3, first=first, fade=fade)
        own, found = engine.loss_and_gradients(parameters, of(whole, slice(first, end)), 2, part)
        E, gradient = E + own, gradient + found.flat
    # One update of plain descent at a rate of 1, by the definition, takes the gradient away.
    plan = Plan(SGD(1.0, fade=fade), 53, "sequential")
    reference = get_engine("reference")
    outcome = reference.train_epochs(parameters, whole, plan, State(seed=7, step=3), epochs=2, steps=4)
    np.testing.assert_allclose(gradient, parameters.flat - outcome.parameters.flat, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(E, outcome.losses[0], rtol=1e-12)


def test_a_part_that_is_the_whole_without_dropout_is_as_no_part(engine):
    network = replace(NETWORK, layers=tuple(replace(layer, dropout=0.0) for layer in NETWORK.layers), l2=0.1, l1=0.2)
    parameters, whole = initial(network, "he", seed=1), samples("float64")
    found = [engine.loss_and_gradients(parameters, whole, 1, part) for part in (None, Part(seed=7, step=3))]
    assert found[0][0] == found[1][0]
    assert np.array_equal(found[0][1].flat, found[1][1].flat)


@pytest.mark.parametrize("name", ["native", "torch:cpu"])
def test_precision_of_a_part(name):
    if name.startswith("torch"):
        pytest.importorskip("torch")
    try:
        get_engine(name).check_precision("bfloat16")
    except ValueError as error:
        pytest.skip(str(error))
    parameters, whole = initial(NETWORK, "he", seed=1, dtype="float32"), samples("float32")
    part = Part(seed=7, step=3, first=11, precision="bfloat16")
    own, expected = (get_engine(one).loss_and_gradients(parameters, whole, 1, part) for one in (name, "reference"))
    full = get_engine("reference").loss_and_gradients(parameters, whole, 1, replace(part, precision="full"))
    np.testing.assert_allclose(own[1].flat, expected[1].flat, rtol=0.02, atol=0.02)
    assert np.abs(own[1].flat - expected[1].flat).mean() < 0.2 * np.abs(full[1].flat - expected[1].flat).mean()
