"""Every gradient of the reference engine, over the whole registry, against derivatives that share no code with it.

A complex step, Im f(w + ih) / h with h = 1e-20, subtracts nothing and so is right to the last digits; central
differences use real numbers only, and so also see a value whose complex branch differs from its real one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, product

import numpy as np
import pytest

from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import affine, dropout_masks, joined, step, value
from clearprop.errors import InputError
from clearprop.network import activations, losses
from clearprop.network.activations import ACTIVATIONS, activation
from clearprop.network.losses import LOSSES
from clearprop.network.parameters import Parameters
from clearprop.network.penalty import penalty
from clearprop.network.spec import BIASES, REDUCTIONS, Dense, Network

RELATIVE = 1e-12
ROWS = 4
WIDTHS = {1: (), 2: (3,), 3: (3, 2), 4: (2, 3, 2)}
# Entries that take a number are also proved at another one.
ACTIVATION_NAMES = [*ACTIVATIONS, "leaky_relu(0.3)", "elu(0.7)"]
LOSS_NAMES = [*LOSSES, "huber(0.4)", "quantile(0.9)", "smoothed_cross_entropy(0.4)"]


def fits(last: str, loss: str) -> bool:
    try:
        Network(2, [Dense(2, last)], loss)
    except InputError:
        return False
    return True


PAIRS = [(last, loss) for last, loss in product(ACTIVATION_NAMES, LOSS_NAMES) if fits(last, loss)]
LAST_OF = {"poisson": "exp", "binary_cross_entropy": "sigmoid", "perceptron": "step"}
LAST_OF |= {name: "softmax" for name, entry in LOSSES.items() if entry.of_classes}


def targets(loss: str, rng: np.random.Generator, outputs: int) -> Array:
    shape = (ROWS, outputs)
    kind = loss.split("(")[0]
    if kind == "poisson":
        return rng.integers(0, 4, shape).astype(float)
    if kind == "binary_cross_entropy":
        return rng.choice([0.0, 1.0, 0.3], shape)
    if LOSSES[kind].of_classes:
        return rng.dirichlet(np.ones(outputs), ROWS)
    if kind == "perceptron":
        return rng.integers(0, 2, shape).astype(float)
    return rng.normal(0.0, 1.5, shape)


def near_kink(parameters: Parameters, samples: Samples) -> bool:
    """Whether a net input or a residual lies so near to a kink that a central difference could step over it."""
    near: list[float] = [1.0]

    def look(name: str, quantity: Array) -> None:
        layer = parameters.network.layers[int(name[1:]) - 1] if name[0] in "za" else None
        if layer and name[0] == "z":
            near.extend(np.abs(quantity - kink).min() for kink in layer.function.kinks)
        if name == f"a{len(parameters.network.layers)}":
            loss = parameters.network.loss_function
            near.extend(np.abs(quantity - samples.Y - kink * (loss.number or 1.0)).min() for kink in loss.kinks)

    step(parameters, samples, record=look)
    return min(near) < 1e-3 and parameters.network.loss != "perceptron"


def case(network: Network, seed: int = 0, weighted: bool = False) -> tuple[Parameters, Samples]:
    for attempt in range(100):
        rng = np.random.default_rng([seed, attempt])
        scale = 0.3 if any(layer.activation == "exp" for layer in network.layers) else 0.8
        parameters = Parameters(network, rng.normal(0.0, scale, network.parameter_count))
        weights = np.array([0.5, 2.0, 0.0, 1.5]) if weighted else None
        Y = targets(network.loss, rng, network.outputs)
        samples = Samples(rng.normal(0.0, 1.0, (ROWS, network.inputs)), Y, weights)
        if not near_kink(parameters, samples):
            return parameters, samples
    raise AssertionError("no data away from the kinks")


def complex_step(J: Callable[[Parameters], Array], parameters: Parameters) -> Array:
    derivatives = np.empty(len(parameters.flat))
    for index in range(len(derivatives)):
        flat = parameters.flat.astype(complex)
        flat[index] += 1e-20j
        derivatives[index] = J(Parameters(parameters.network, flat)).imag / 1e-20
    return derivatives


def central_differences(J: Callable[[Parameters], Array], parameters: Parameters) -> Array:
    derivatives = np.empty(len(parameters.flat))
    for index in range(len(derivatives)):
        ends = []
        for h in (1e-5, -1e-5):
            flat = parameters.flat.copy()
            flat[index] += h
            ends.append(J(Parameters(parameters.network, flat)))
        derivatives[index] = (ends[0] - ends[1]) / 2e-5
    return derivatives


def assert_equal(gradient: Array, true: Array, relative: float = RELATIVE) -> None:
    """Equal to a relative error; a derivative that is 0 but for rounding, to some eps of what was added up to it."""
    eps = 16 * np.finfo(float).eps if relative == RELATIVE else relative
    floor = eps * max(np.abs(true).max(initial=0.0), 0.05)
    wrong = np.abs(gradient - true) > relative * np.abs(true) + floor
    assert not wrong.any(), f"at {np.flatnonzero(wrong)}: {gradient[wrong]} instead of {true[wrong]}"


def assert_right(parameters: Parameters, samples: Samples) -> None:
    E, R, gradients = step(parameters, samples)
    np.testing.assert_allclose(E + R, value(parameters, samples), rtol=1e-14)
    assert_equal(gradients.flat, complex_step(lambda shifted: value(shifted, samples), parameters))


def networks(last: str, loss: str) -> Iterator[tuple[Network, bool]]:
    """The last layer's pair with every bias, reduction, penalty and weighting; the depths take turns."""
    depths = cycle(WIDTHS)
    for bias, reduction, (l1, l2), weighted in product(
        BIASES, REDUCTIONS, ((0.0, 0.0), (0.03, 0.0), (0.0, 0.2), (0.01, 0.1)), (False, True)
    ):
        hidden = [Dense(units, "tanh", bias) for units in WIDTHS[next(depths)]]
        network = Network(2, [*hidden, Dense(2, last, bias)], loss, l1=l1, l2=l2, reduction=reduction)
        yield network, weighted
    next(depths)


def test_pairs_cover_the_registries() -> None:
    assert {last.split("(")[0] for last, _ in PAIRS} == set(ACTIVATIONS)
    assert {loss.split("(")[0] for _, loss in PAIRS} == set(LOSSES)


@pytest.mark.parametrize(("last", "loss"), PAIRS)
def test_last_layer(last: str, loss: str) -> None:
    for seed, (network, weighted) in enumerate(networks(last, loss)):
        assert_right(*case(network, seed, weighted))


@pytest.mark.parametrize("hidden", ACTIVATION_NAMES)
@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_hidden_layers(hidden: str, loss: str) -> None:
    last = LAST_OF.get(loss.split("(")[0], "identity")
    for (depth, widths), bias in product(WIDTHS.items(), BIASES):
        layers = [*(Dense(units, hidden, bias) for units in widths), Dense(2, last, bias)]
        assert_right(*case(Network(2, layers, loss, l2=0.1), seed=depth))


@pytest.mark.parametrize(("last", "loss"), PAIRS)
def test_central_differences_agree(last: str, loss: str) -> None:
    layers = [Dense(3, "silu"), Dense(2, last, "layer")]
    parameters, samples = case(Network(2, layers, loss, l1=0.01, l2=0.1), seed=5, weighted=True)
    _, _, gradients = step(parameters, samples)
    true = central_differences(lambda shifted: value(shifted, samples), parameters)
    assert_equal(gradients.flat, true, relative=1e-7)


@pytest.mark.parametrize("hidden", ACTIVATION_NAMES)
def test_central_differences_agree_in_hidden_layers(hidden: str) -> None:
    layers = [Dense(3, hidden), Dense(3, hidden, "layer"), Dense(2, "identity")]
    parameters, samples = case(Network(2, layers), seed=6)
    _, _, gradients = step(parameters, samples)
    true = central_differences(lambda shifted: value(shifted, samples), parameters)
    assert_equal(gradients.flat, true, relative=1e-7)


@pytest.mark.parametrize("fade", [1.0, 0.5])
@pytest.mark.parametrize("hidden", ACTIVATION_NAMES)
def test_with_dropout(hidden: str, fade: float) -> None:
    layers = [Dense(5, hidden, dropout=0.4), Dense(4, hidden, "layer", dropout=0.25), Dense(2, "softmax")]
    parameters, samples = case(Network(2, layers, "cross_entropy", l2=0.1), seed=3)
    network = parameters.network
    masks = dropout_masks(network, 11, 7, np.dtype(float), fade)
    assert any((masks(layer, (ROWS, layers[layer].units)) == 0).any() for layer in (0, 1))

    def masked_value(shifted: Parameters) -> Array:
        A = Z = samples.X
        for number, (layer, W, b) in enumerate(zip(network.layers, shifted.weights, shifted.biases, strict=True)):
            Z, _ = affine(W, b, A)
            A = layer.function.value(Z, *layer.function.numbers)
            A = A * masks(number, A.shape) if layer.dropout else A
        R = sum(penalty(W, network.l1, network.l2)[0] for W in shifted.weights)
        return joined(network, Z, A, samples)[0] + R

    E, R, gradients = step(parameters, samples, masks)
    np.testing.assert_allclose(E + R, masked_value(parameters), rtol=1e-14)
    assert_equal(gradients.flat, complex_step(masked_value, parameters))
    assert abs(E + R - value(parameters, samples)) > 1e-6


def test_class_indices_are_one_hot_rows() -> None:
    network = Network(2, [Dense(3, "softmax")], "cross_entropy")
    parameters, samples = case(network)
    classes = np.array([2, 0, 1, 1])
    by_index = step(parameters, Samples(samples.X, classes))
    by_row = step(parameters, Samples(samples.X, np.eye(3)[classes]))
    assert by_index[0] == by_row[0]
    assert np.array_equal(by_index[2].flat, by_row[2].flat)


def test_penalty_spares_biases() -> None:
    plain = Network.parse("2-3-2")
    penalised = Network.parse("2-3-2", l1=0.3, l2=0.7)
    parameters, samples = case(plain)
    without = step(parameters, samples)[2]
    under = step(Parameters(penalised, parameters.flat), samples)[2]
    for W, before, after in zip(parameters.weights, without.weights, under.weights, strict=True):
        np.testing.assert_allclose(after - before, 0.3 * np.sign(W) + 0.7 * W, rtol=1e-12)
    for before, after in zip(without.biases, under.biases, strict=True):
        assert np.array_equal(before, after)


def test_layer_bias_has_the_sum_of_the_unit_gradients() -> None:
    unit, layer = Network.parse("2-3-2", bias="unit"), Network.parse("2-3-2", bias="layer")
    parameters, samples = case(layer)
    spread = Parameters(unit, np.empty(unit.parameter_count))
    for l in range(2):
        spread.weights[l][...] = parameters.weights[l]
        spread.biases[l][...] = parameters.biases[l]
    of_units, of_layer = step(spread, samples)[2], step(parameters, samples)[2]
    for each, one in zip(of_units.biases, of_layer.biases, strict=True):
        np.testing.assert_allclose(one, [each.sum()], rtol=1e-13)


# The checker itself: a wrong derivative, planted in any entry, must not pass.


SPOILT: dict[str, Callable[[Array], Array]] = {
    "factor": lambda derivative: derivative * (1.0 + 1e-9),
    "shift": lambda derivative: derivative + 1e-9,
    "sign": lambda derivative: -derivative,
}


@pytest.mark.parametrize(
    ("name", "slip"),
    [(name, slip) for name, slip in product(ACTIVATIONS, SPOILT) if name != "step" or slip == "shift"],
)
def test_wrong_activation_derivative_is_caught(name: str, slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, spoilt = activation(name), SPOILT[slip]
    network = Network(2, [Dense(3, name), Dense(2, name)])
    parameters, samples = case(network, seed=1)
    assert_right(parameters, samples)
    wrong = replace(entry, derivative=lambda Z, *numbers: spoilt(entry.derivative(Z, *numbers)))
    monkeypatch.setitem(activations.ACTIVATIONS, name, wrong)
    with pytest.raises(AssertionError):
        assert_right(parameters, samples)


@pytest.mark.parametrize("slip", SPOILT)
@pytest.mark.parametrize("name", LOSSES)
def test_wrong_loss_gradient_is_caught(name: str, slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, spoilt = LOSSES[name], SPOILT[slip]

    def wrong_pair(pair: losses.Pair) -> losses.Pair:
        def wrong(*given: Array) -> tuple[Array, Array]:
            shares, gradient = pair(*given)
            return shares, spoilt(gradient)

        return wrong

    ways = [("softplus", {"of_output": wrong_pair(entry.of_output)})] if entry.of_output else []
    joint = {last: wrong_pair(pair) for last, pair in entry.of_net_input.items()}
    ways += [(last, {"of_net_input": joint}) for last in joint]
    for last, changes in ways:
        network = Network(2, [Dense(3, "tanh"), Dense(2, last)], name)
        parameters, samples = case(network, seed=2)
        assert_right(parameters, samples)
        with monkeypatch.context() as patch:
            patch.setitem(losses.LOSSES, name, replace(entry, **changes))
            with pytest.raises(AssertionError):
                assert_right(parameters, samples)


def test_wrong_penalty_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters, samples = case(Network.parse("2-3-2", l1=0.1, l2=0.1))
    assert_right(parameters, samples)
    spoilt = lambda W, l1, l2: (penalty(W, l1, l2)[0], penalty(W, l1, 2.0 * l2)[1])  # noqa: E731
    monkeypatch.setattr("clearprop.engines.reference.penalty", spoilt)
    with pytest.raises(AssertionError):
        assert_right(parameters, samples)
