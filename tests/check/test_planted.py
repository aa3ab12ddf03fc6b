"""Every slip that somebody may make is found, in the layer where it was made, and named where it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import reference
from clearprop.engines.base import Array
from clearprop.network import activations, losses
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES
from clearprop.network.penalty import penalty
from tests.check.networks import drawn
from tests.check.slips import MODEL, SLIPS, WEIGHTS, X, Y, backpropagation

CAUSES = {
    "residual: sign": (3, "W3 and b3: the sign is wrong"),
    "residual: twice": (3, "W3 and b3: twice as large as it should be: a factor 1/2 is missing"),
    "residual: half": (3, "W3 and b3: averaged over the outputs, not summed: 2 times too small"),
    "batch: summed": (3, "W3 and b3: summed over the batch, not averaged: 5 times too large"),
    "batch: divided twice": (3, "W3 and b3: divided by the size of the batch, 5, twice"),
    "batch: weights left out": (3, "W3 and b3: the sample weights are left out"),
    "batch: last row left out": (3, "W3 and b3: the last row is left out"),
    "outputs: averaged": (3, "W3 and b3: averaged over the outputs, not summed: 2 times too small"),
    "derivative: missing at the output": (3, "W3 and b3: f′ is missing"),
    "derivative: missing in hidden layers": (2, "W2 and b2: f′ is missing"),
    "derivative: of the activation": (3, "W3 and b3: f′(a) in the place of f′(z)"),
    "back: by W, not its transpose": (1, "W1 and b1: Δ of the layer above is multiplied by its W, not by Wᵀ"),
    "weights: transposed": (2, "W2: transposed"),
    "weights: reshaped": (1, "W1: laid out as (units, inputs), then only reshaped"),
    "weights: net inputs for outputs": (3, "W3: made with the net inputs of the layer below, not with its outputs"),
    "weights: outputs for inputs": (2, "W2: made with the outputs of the layer, not with its inputs"),
    "penalty: left out": (3, "W3: the penalty is left out"),
    "penalty: sign": (3, "W3: the penalty has the wrong sign"),
    "penalty: twice": (3, "W3: the penalty is twice as large as it should be"),
    "penalty: over the batch": (3, "W3: the penalty is divided by the size of the batch"),
    "penalty: on the biases": (3, "b3: the penalty is on the biases, too"),
    "bias: summed over the units": (2, "b2: summed over the units, not over the rows"),
    "bias: averaged": (3, "b3: averaged over the rows, not summed"),
    "bias: of the first row": (3, "b3: of the first row alone"),
    "bias: 0": (3, "b3: all are 0"),
}

FIRST_WRONG = {
    "residual: squared": 3,
    "outputs: first alone goes back": 2,
    "derivative: twice": 3,
    "derivative: of tanh": 3,
    "back: by updated weights": 2,
    "back: a layer skipped": 1,
    "weights: one entry a little off": 2,
    "weights: one entry 0": 3,
    "weights: not a number": 3,
    "weights: two units swapped": 1,
    "weights: clipped": 3,
    "penalty: l1 without sign": 3,
    "bias: of the layer above": 1,
}


def test_right_gradients_pass() -> None:
    written = backpropagation()
    report = cp.check_gradients(MODEL, X, Y, gradients=(written.weights, written.biases), sample_weight=WEIGHTS)
    assert report.ok and report.first_wrong_layer is None and report.cause is None
    assert len(report.of("right")) == MODEL.network.parameter_count


def test_all_slips_have_an_answer() -> None:
    assert len(SLIPS) >= 30
    assert set(SLIPS) == set(CAUSES) | set(FIRST_WRONG)
    assert not set(CAUSES) & set(FIRST_WRONG)


@pytest.mark.parametrize("slip", SLIPS)
def test_slip_is_found(slip: str) -> None:
    written = backpropagation(slip)
    report = cp.check_gradients(MODEL, X, Y, gradients=(written.weights, written.biases), sample_weight=WEIGHTS)
    assert not report.ok
    layer, cause = CAUSES.get(slip, (FIRST_WRONG.get(slip), None))
    assert report.first_wrong_layer == layer
    if cause:
        assert report.cause is not None and cause in report.cause.split(" or ")
    else:
        assert report.cause is None


# Derivatives that stand wrong in the registries themselves: the numeric side uses values alone.

SPOILT: dict[str, Callable[[Array], Array]] = {
    "factor": lambda derivative: derivative * (1.0 + 1e-4),
    "shift": lambda derivative: derivative + 1e-4,
    "sign": lambda derivative: -derivative,
}


def small(last: str, loss: str, hidden: str) -> cp.Model:
    network = cp.Network(3, [cp.Dense(4, hidden), cp.Dense(2, last)], loss, l1=0.01, l2=0.1)
    return cp.Model.initialized(network, "normal", scale=0.4, seed=3)


@pytest.mark.parametrize(
    ("name", "slip"),
    [(name, slip) for name, slip in product(ACTIVATIONS, SPOILT) if name != "step" or slip == "shift"],
)
def test_wrong_derivative_of_an_activation(name: str, slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small("sigmoid" if name == "tanh" else "tanh", "half_squared_error", name)
    assert cp.check_gradients(model, X, Y, engine="reference").ok
    entry, spoilt = ACTIVATIONS[name], SPOILT[slip]
    wrong = replace(entry, derivative=lambda Z, *numbers: spoilt(entry.derivative(Z, *numbers)))
    monkeypatch.setitem(activations.ACTIVATIONS, name, wrong)
    report = cp.check_gradients(model, X, Y, engine="reference")
    assert report.first_wrong_layer == 1
    assert report.cause is None


@pytest.mark.parametrize(("name", "slip"), list(product(LOSSES, SPOILT)))
def test_wrong_gradient_of_a_loss(name: str, slip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, spoilt = LOSSES[name], SPOILT[slip]

    def wrong(pair: losses.Pair) -> losses.Pair:
        def spoilt_pair(*given: Array) -> tuple[Array, Array]:
            shares, gradient = pair(*given)
            return shares, spoilt(gradient)

        return spoilt_pair

    joint = {last: wrong(pair) for last, pair in entry.of_net_input.items()}
    of_output = wrong(entry.of_output) if entry.of_output else None
    targets = np.eye(2)[[0, 1, 1, 0]]
    for last in [*joint, *(["softplus"] if of_output else [])]:
        model = small(last, name, "tanh")
        assert cp.check_gradients(model, X, targets, engine="reference").ok
        with monkeypatch.context() as patch:
            patch.setitem(losses.LOSSES, name, replace(entry, of_output=of_output, of_net_input=joint))
            assert cp.check_gradients(model, X, targets, engine="reference").first_wrong_layer == 2


def test_wrong_gradient_of_the_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = lambda W, l1, l2: (penalty(W, l1, l2)[0], penalty(W, l1, 1.001 * l2)[1])  # noqa: E731
    monkeypatch.setattr(reference, "penalty", spoilt)
    report = cp.check_gradients(MODEL, X, Y, engine="reference")
    assert {row.place.array for row in report.of("wrong")} == {"W1", "W2", "W3"}


def test_a_large_network_is_sampled_in_every_layer() -> None:
    network = cp.Network.parse("784-256-128-10", hidden="relu", output="softmax", loss="cross_entropy", l2=1e-4)
    model = cp.Model.initialized(network, "he", seed=1)
    rng = np.random.default_rng(0)
    X, classes = rng.random((16, 784)), rng.integers(0, 10, 16)
    _, right = model.loss_and_gradients(X, classes)
    assert cp.check_gradients(model, X, classes, gradients=right).ok
    dW1, dW2, dW3 = right.weights
    given = ([dW1, dW2 - network.l2 * model.parameters.weights[1], dW3], right.biases)
    report = cp.check_gradients(model, X, classes, gradients=given)
    assert report.cause == "W2: the penalty is left out"


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e300])
@pytest.mark.parametrize("tolerance", [0.0, 1e-6, 0.5])
def test_no_tolerance_passes_what_is_not_finite(value: float, tolerance: float) -> None:
    _, gradients = MODEL.loss_and_gradients(X, Y)
    flat = gradients.flat.copy()
    flat[7] = value
    given = type(gradients)(MODEL.network, flat)
    report = cp.check_gradients(MODEL, X, Y, gradients=given, tolerance=tolerance)
    assert [row.place.flat for row in report.of("wrong")] == [7]


@pytest.mark.parametrize("number", range(40))
def test_one_wrong_entry_in_any_network(number: int) -> None:
    """Deep, saturated, float32: what is off by a thousandth and by more than rounding is wrong, and nothing else."""
    case = drawn(number)
    model = case.model
    _, gradients = model.loss_and_gradients(case.X, case.Y, sample_weight=case.sample_weight)
    right = cp.check_gradients(model, case.X, case.Y, sample_weight=case.sample_weight, gradients=gradients)
    assert right.ok
    telling = [row for row in right.of("right") if abs(row.numeric) > 1e-2 * max(abs(r.numeric) for r in right.rows)]
    for row in telling[:: max(1, len(telling) // 3)]:
        flat = gradients.flat.copy()
        flat[row.place.flat] *= 1.001
        wrong = cp.check_gradients(
            model,
            case.X,
            case.Y,
            sample_weight=case.sample_weight,
            gradients=type(gradients)(model.network, flat),
        )
        assert [one.id for one in wrong.of("wrong")] == [row.id]
