"""Predictions, losses and gradients of the native engine are the reference's."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from clearprop._native import instruction_sets
from clearprop.engines.base import Array, Engine, Samples
from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.initializers import initial
from clearprop.network.losses import LOSSES
from clearprop.network.parameters import Parameters
from clearprop.network.spec import BIASES, REDUCTIONS, Dense, Network


def fits(last: str, loss: str) -> bool:
    try:
        Network(2, [Dense(2, last)], loss)
    except InputError:
        return False
    return True


PAIRS = [(last, loss) for last, loss in product(ACTIVATIONS, LOSSES) if fits(last, loss)]
ROWS = 6


def targets(loss: str, rng: np.random.Generator) -> Array:
    if LOSSES[loss].of_classes:
        return rng.dirichlet([1.0, 1.0, 1.0], ROWS)
    if loss in ("binary_cross_entropy", "perceptron"):
        return rng.choice([0.0, 1.0], (ROWS, 3))
    if loss == "poisson":
        return rng.integers(0, 4, (ROWS, 3)).astype(float)
    return rng.normal(size=(ROWS, 3))


def assert_evaluated_alike(native: Engine, reference: Engine, parameters: Parameters, samples: Samples) -> None:
    expected = reference.predict(parameters, samples.X, 1)
    np.testing.assert_allclose(native.predict(parameters, samples.X, 1), expected, rtol=1e-12, atol=1e-15)
    loss, gradients = native.loss_and_gradients(parameters, samples, 1)
    true, true_gradients = reference.loss_and_gradients(parameters, samples, 1)
    np.testing.assert_allclose(loss, true, rtol=1e-12)
    np.testing.assert_allclose(native.loss(parameters, samples, 1), true, rtol=1e-12)
    floor = 1e-15 * max(1.0, float(np.abs(true_gradients.flat).max()))
    np.testing.assert_allclose(gradients.flat, true_gradients.flat, rtol=1e-11, atol=floor)


@pytest.mark.parametrize(("last", "loss"), PAIRS)
def test_every_pair(last: str, loss: str, native: Engine, reference: Engine) -> None:
    for number, (bias, reduction, weighted) in enumerate(product(BIASES, REDUCTIONS, (False, True))):
        rng = np.random.default_rng(number)
        hidden = list(ACTIVATIONS)[(number + PAIRS.index((last, loss))) % len(ACTIVATIONS)]
        layers = [Dense(4, hidden, bias), Dense(3, last, bias)]
        network = Network(2, layers, loss, l1=0.01, l2=0.1, reduction=reduction)
        parameters = Parameters(network, rng.normal(0.0, 0.5, network.parameter_count))
        weights = rng.uniform(0.0, 2.0, ROWS) if weighted else None
        samples = Samples(rng.normal(size=(ROWS, 2)), targets(loss, rng), weights)
        assert_evaluated_alike(native, reference, parameters, samples)


@pytest.mark.parametrize("rows", [1, 2, 7, 64, 65, 1000, 5000])
def test_row_counts(rows: int, native: Engine, reference: Engine) -> None:
    network = Network(13, [Dense(31, "relu"), Dense(5, "softmax")], "cross_entropy")
    rng = np.random.default_rng(rows)
    samples = Samples(rng.normal(size=(rows, 13)), rng.integers(0, 5, rows))
    assert_evaluated_alike(native, reference, initial(network, "he", seed=2), samples)


def test_more_rows_than_go_through_at_once(native: Engine, reference: Engine) -> None:
    network = Network(3, [Dense(5, "tanh"), Dense(2, "identity")], "huber", l1=0.01, l2=0.1)
    rng = np.random.default_rng(1)
    rows = 600_000
    samples = Samples(rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2)), rng.uniform(0.0, 2.0, rows))
    parameters = Parameters(network, rng.normal(0.0, 0.5, network.parameter_count))
    assert_evaluated_alike(native, reference, parameters, samples)
    one, three = (native.loss_and_gradients(parameters, samples, threads) for threads in (1, 3))
    assert one[0] == three[0] and np.array_equal(one[1].flat, three[1].flat)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_over_their_range(name: str, native: Engine, reference: Engine) -> None:
    """Zeros, tails and all between; where the reference is tiny, the native engine is, too."""
    sizes = np.concatenate([np.geomspace(1e-12, 700.0 if name == "exp" else 1e4, 300), np.linspace(0.0, 60.0, 600)])
    Z = np.concatenate([sizes, -sizes])
    network = Network(1, [Dense(1, name, "none")]) if name != "softmax" else Network(2, [Dense(2, name, "none")])
    if name == "softmax":
        Z = np.stack([Z, np.roll(Z, 7)], axis=1)
        parameters = Parameters(network, np.eye(2).ravel())
    else:
        Z = Z[:, None]
        parameters = Parameters(network, np.ones(1))
    expected = reference.predict(parameters, Z, 1)
    np.testing.assert_allclose(native.predict(parameters, Z, 1), expected, rtol=1e-12, atol=1e-290)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax"}))
def test_derivatives_over_their_range(name: str, native: Engine, reference: Engine) -> None:
    """Of one weight w = 1 at one input z: ∂(Σ |f(zw) - y|)/∂w = ± z f′(z)."""
    network = Network(1, [Dense(1, name, "none")], "absolute")
    parameters = Parameters(network, np.ones(1))
    sizes = np.concatenate([np.geomspace(1e-9, 300.0, 40), np.linspace(0.1, 40.0, 60)])
    for z in np.concatenate([sizes, -sizes]).tolist():
        samples = Samples(np.array([[z]]), np.array([[-1e6]]))
        gradient = native.loss_and_gradients(parameters, samples, 1)[1].flat
        true = reference.loss_and_gradients(parameters, samples, 1)[1].flat
        # gelu′, silu′ and mish′ go through 0, where only the error against their terms is small.
        np.testing.assert_allclose(gradient, true, rtol=1e-12, atol=1e-14 if abs(z) < 3 else 1e-300, err_msg=str(z))


def test_losses_of_sure_answers_keep_their_digits(native: Engine, reference: Engine) -> None:
    for loss, last in (("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid")):
        network = Network(2, [Dense(2, last, "none")], loss)
        parameters = Parameters(network, np.eye(2).ravel())
        for size in (1.0, 20.0, 40.0, 300.0):
            samples = Samples(np.array([[size, -size]]), np.array([[1.0, 0.0]]))
            true = reference.loss(parameters, samples, 1)
            assert true > 0
            np.testing.assert_allclose(native.loss(parameters, samples, 1), true, rtol=1e-10)


def test_gradients_of_sure_answers_keep_their_digits(native: Engine, reference: Engine) -> None:
    """A sure right answer still says by how much it falls short, however little that is."""
    network = Network(2, [Dense(2, "sigmoid", "none")], "binary_cross_entropy")
    parameters = Parameters(network, np.eye(2).ravel())
    for size in (1.0, 20.0, 40.0, 300.0):
        samples = Samples(np.array([[size, -size]]), np.array([[1.0, 0.0]]))
        short = 1.0 / (1.0 + np.exp(size)) * size
        expected = np.array([[-short, short], [short, -short]])
        for engine in (native, reference):
            gradients = engine.loss_and_gradients(parameters, samples, 1)[1]
            np.testing.assert_allclose(gradients.weights[0], expected, rtol=1e-14)


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("last", "loss"), PAIRS)
def test_a_row_among_others_is_a_row_alone(
    last: str, loss: str, dtype: str, instruction_set: str, native: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bits, wherever in a batch it stands: several rows go at once, a single one goes as it is."""
    monkeypatch.setenv("CLEARPROP_INSTRUCTION_SET", instruction_set)
    rng = np.random.default_rng(3)
    network = Network(4, [Dense(3, last)], loss, reduction="sum")
    parameters = Parameters(network, rng.normal(0.0, 0.5, network.parameter_count).astype(dtype))
    X = rng.normal(size=(21, 4)).astype(dtype)
    Y = np.concatenate([targets(loss, rng) for _ in range(4)])[:21].astype(dtype)
    weights = rng.uniform(0.0, 2.0, 21).astype(dtype)
    rows = [Samples(X[r : r + 1], Y[r : r + 1], weights[r : r + 1]) for r in range(21)]
    alone = np.concatenate([native.predict(parameters, row.X, 1) for row in rows])
    assert np.array_equal(native.predict(parameters, X, 1), alone)
    assert native.loss(parameters, Samples(X, Y, weights), 1) == sum(native.loss(parameters, row, 1) for row in rows)
    whole = native.loss_and_gradients(parameters, Samples(X, Y, weights), 1)[1].biases[0]
    summed = np.zeros(3, dtype)
    for row in rows:
        summed += native.loss_and_gradients(parameters, row, 1)[1].biases[0]
    assert np.array_equal(whole, summed)
