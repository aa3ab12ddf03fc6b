"""Document 003: the mean over samples with weight decay, its residuals' sign, and its initial values."""

from __future__ import annotations

import math

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import step, value
from clearprop.network.parameters import Parameters

DECAY = 0.1
X = np.array([[0.3, -0.8, 0.5], [1.2, 0.1, -0.4], [-0.6, 0.9, 0.2]])
Y = np.array([[0.2, 0.9], [0.7, 0.1], [0.4, 0.6]])


def model(decay: float = DECAY) -> cp.Model:
    return cp.Model.initialized(cp.Network.parse("3-4-3-2", l2=decay), "uniform", seed=3)


def complex_step(parameters: Parameters) -> Array:
    derivatives = np.empty(len(parameters.flat))
    for index in range(len(derivatives)):
        flat = parameters.flat.astype(complex)
        flat[index] += 1e-20j
        derivatives[index] = value(Parameters(parameters.network, flat), Samples(X, Y)).imag / 1e-20
    return derivatives


def test_gradient_of_the_whole_cost(engine: str) -> None:
    _, gradients = model().loss_and_gradients(X, Y, engine=engine)
    np.testing.assert_allclose(gradients.flat, complex_step(model().parameters), rtol=1e-12)


def test_it_is_the_mean_over_samples_and_decay_of_the_weights_alone(engine: str) -> None:
    plain = cp.Model(cp.Network.parse("3-4-3-2"), model().parameters.weights, model().parameters.biases)
    single = [plain.loss_and_gradients(X[i : i + 1], Y[i : i + 1], engine=engine) for i in range(3)]
    J, gradients = model().loss_and_gradients(X, Y, engine=engine)
    R = DECAY / 2 * sum((W * W).sum() for W in model().parameters.weights)
    assert pytest.approx(sum(E for E, _ in single) / 3 + R, rel=1e-12) == J
    for layer, W in enumerate(model().parameters.weights):
        mean_W = sum(each.weights[layer] for _, each in single) / 3
        mean_b = sum(each.biases[layer] for _, each in single) / 3
        np.testing.assert_allclose(gradients.weights[layer], mean_W + DECAY * W, rtol=1e-12)
        np.testing.assert_allclose(gradients.biases[layer], mean_b, rtol=1e-12, atol=1e-17)


def test_residuals(engine: str) -> None:
    """δ of the last layer is -(y - a) f′(z), the minus included; the others are δ W f′; ∂J/∂W = δ a."""
    one, seen = model(0.0), {}
    step(one.parameters, Samples(X[:1], Y[:1]), record=seen.__setitem__)
    a = {0: X[:1], **{layer: seen[f"a{layer}"] for layer in (1, 2, 3)}}
    delta = -(Y[:1] - a[3]) * a[3] * (1 - a[3])
    _, gradients = one.loss_and_gradients(X[:1], Y[:1], engine=engine)
    for layer in (3, 2, 1):
        np.testing.assert_allclose(seen[f"delta{layer}"], delta, rtol=1e-12)
        np.testing.assert_allclose(gradients.weights[layer - 1], a[layer - 1].T @ delta, rtol=1e-12)
        np.testing.assert_allclose(gradients.biases[layer - 1], delta[0], rtol=1e-12)
        delta = delta @ one.parameters.weights[layer - 1].T * a[layer - 1] * (1 - a[layer - 1])


def test_a_step_decays(engine: str) -> None:
    start = model()
    _, gradients = start.loss_and_gradients(X, Y, engine=engine)
    end = cp.train(start, X, Y, optimizer=cp.SGD(0.2), engine=engine).model
    np.testing.assert_allclose(end.parameters.flat, start.parameters.flat - 0.2 * gradients.flat, rtol=1e-12)


def test_initial_values_are_normal_of_deviation_a_hundredth() -> None:
    start = cp.Model.initialized(cp.Network.parse("100-200-50"), "normal", seed=0)
    drawn = np.concatenate([W.ravel() for W in start.parameters.weights]) / 0.01
    count = math.sqrt(len(drawn))
    assert abs(drawn.mean()) < 4 / count
    assert abs(drawn.var() - 1) < 4 * math.sqrt(2) / count
    assert abs((drawn**4).mean() - 3) < 4 * math.sqrt(96) / count
    assert not any(b.any() for b in start.parameters.biases)
