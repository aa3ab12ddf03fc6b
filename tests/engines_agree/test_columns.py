"""Column layers: native = reference over every layer × scale × optimizer, alone, together, in pieces, by threads."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array, Engine, Outcome, Plan, Samples, State
from clearprop.network.columns import COLUMN_LAYERS, ColumnLayer, Embedding, Periodic, PiecewiseLinear, Plain
from clearprop.network.initializers import initial
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import Adam
from clearprop.optimize.schedules import FlatCosine
from tests.engines_agree.conftest import Agree
from tests.engines_agree.test_product import RULES, STEPS, run
from tests.engines_agree.test_threads_and_types import digest
from tests.network.test_columns import inputs

# Inputs, functions and outputs that fill no vector, one, and more than go at once.
LAYERS: dict[str, list[ColumnLayer]] = {
    "plain": [Plain(5)],
    "periodic": [Periodic(2)],
    "piecewise_linear": [PiecewiseLinear(3, outputs=2, bins=5)],
    "embedding": [Embedding(1, categories=11, outputs=3)],
    "many outputs": [Periodic(1, outputs=19, frequencies=3), PiecewiseLinear(2, outputs=9, bins=2, rate=0.5)],
    "all": [
        Periodic(3, outputs=1, frequencies=5, rate=0.1),
        Plain(2),
        Embedding(2, categories=4, outputs=5),
        PiecewiseLinear(2, rate=2.0),
        Plain(9),
        Embedding(1, categories=2, outputs=1),
    ],
}


def network_of(layers: list[ColumnLayer], scale: bool, first: int = 17) -> Network:
    return Network(
        sum(layer.count for layer in layers),
        [Dense(first, "silu", dropout=0.2), Dense(3, "softmax")],
        "cross_entropy",
        l2=0.001,
        columns=layers,
        scale=cp.Scale(rate=6.0) if scale else None,
    )


def case(network: Network, rows: int, dtype: str = "float64", seed: int = 0) -> tuple[Parameters, Samples]:
    rng = np.random.default_rng(seed)
    parameters = initial(network, "he", seed=seed, dtype=dtype)
    for own in parameters.columns:  # away from where they begin, the frozen ones, too
        for array in own.values():
            array += rng.normal(0.0, 0.1, array.shape).astype(dtype)
    X = inputs(list(network.columns), rows, rng).astype(dtype)
    return parameters, Samples(X, rng.integers(0, 3, rows), rng.uniform(0.5, 2.0, rows).astype(dtype))


def trained(engine: Engine, network: Network, rows: int, plan: Plan, dtype: str = "float64") -> Outcome:
    parameters, samples = case(network, rows, dtype)
    start = State.start(network, plan.optimizer, 3, parameters.flat.dtype)
    return engine.train_epochs(parameters, samples, plan, start, epochs=2)


def test_every_column_layer_takes_part() -> None:
    assert {layer.kind for layers in LAYERS.values() for layer in layers} == set(COLUMN_LAYERS)


@pytest.mark.parametrize("half", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("scale", [False, True], ids=["", "scaled"])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_same_run(
    layers: list[ColumnLayer], scale: bool, half: int, native: Engine, reference: Engine, assert_same_run: Agree
) -> None:
    for turn, (rule, first) in enumerate(product(RULES, (2, 17, 40))):
        if turn % 2 != half:
            continue
        network = network_of(layers, scale, first)
        parameters, samples = case(network, 23, seed=turn)
        plan = Plan(
            RULES[rule](0.003, FlatCosine(1.0, steps=STEPS)), batch_size=(3, 5, 23)[turn % 3], threads=1 + turn // 2 % 2
        )
        expected = run(reference, parameters, samples, plan, seed=turn)
        assert not np.array_equal(expected.parameters.flat, parameters.flat)
        assert_same_run(run(native, parameters, samples, plan, seed=turn), expected)


@pytest.mark.parametrize("scale", [False, True], ids=["", "scaled"])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_same_gradients_and_outputs(layers: list[ColumnLayer], scale: bool, native: Engine, reference: Engine) -> None:
    network = network_of(layers, scale)
    for rows in (1, 3, 29, 2100):
        parameters, samples = case(network, rows)
        expected, gradients = reference.loss_and_gradients(parameters, samples, 1)
        loss, found = native.loss_and_gradients(parameters, samples, 2)
        assert loss == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(found.flat, gradients.flat, rtol=1e-10, atol=1e-14)
        outputs = reference.predict(parameters, samples.X, 1)
        np.testing.assert_allclose(native.predict(parameters, samples.X, 2), outputs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_bits_for_any_number_of_threads(dtype: str, native: Engine) -> None:
    network = network_of(LAYERS["all"] + [Periodic(9), PiecewiseLinear(9)], True, 160)
    one = trained(native, network, 500, Plan(Adam(0.01), 157), dtype)
    assert one.ended == "done" and one.losses[-1] < one.losses[0]
    for threads in (2, 3, 8):
        assert digest(trained(native, network, 500, Plan(Adam(0.01), 157, threads=threads), dtype)) == digest(one)


def test_a_batch_in_pieces(native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    network = network_of(LAYERS["all"], True)
    plan = Plan(Adam(0.003, epsilon=1e-4), 2500, threads=2)
    assert_same_run(trained(native, network, 2600, plan), trained(reference, network, 2600, plan))


def test_float32_is_near_the_truth(native: Engine) -> None:
    network = network_of(LAYERS["all"], True)
    plan = Plan(Adam(0.003, epsilon=1e-4), 32)
    exact = trained(native, network, 200, plan)
    np.testing.assert_allclose(trained(native, network, 200, plan, "float32").losses, exact.losses, rtol=1e-4)


def test_many_at_once_are_each_alone(native: Engine) -> None:
    network = network_of(LAYERS["all"], True)
    models = [cp.Model.initialized(network, seed=seed, dtype="float32") for seed in range(5)]
    _, samples = case(network, 60, "float32")
    together = cp.train_many(models, samples.X, samples.Y, optimizer=Adam(0.01), batch_size=16, epochs=3)
    for seed, (model, result) in enumerate(zip(models, together, strict=True)):
        alone = cp.train(model, samples.X, samples.Y, optimizer=Adam(0.01), batch_size=16, epochs=3, seed=seed)
        assert alone.model == result.model


def test_epsilon_0_leaves_the_rest_of_a_vector_alone(native: Engine) -> None:
    network = network_of([PiecewiseLinear(1, outputs=1, bins=3)], True)
    outcome = trained(native, network, 60, Plan(Adam(0.001, epsilon=0.0), 60))
    assert outcome.ended == "done" and np.isfinite(outcome.parameters.flat).all()


@pytest.mark.parametrize("far", [1e5, 3e7])
def test_waves_far_out(far: float, native: Engine, reference: Engine) -> None:
    network = network_of([Periodic(1)], False)
    parameters, _ = case(network, 1)
    X: Array = np.array([[far], [-far], [0.5]])
    np.testing.assert_allclose(
        native.predict(parameters, X, 1), reference.predict(parameters, X, 1), rtol=1e-12, atol=1e-15
    )
