"""Document 000: its worked step, its 10,000 steps, its own program, and where its wrong figures come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import affine, step
from clearprop.network.activations import activation
from clearprop.network.losses import loss

Figures = dict[str, Any]
ONE_STEP, MANY_STEPS = 1e-12, 1e-9


@pytest.fixture
def document(figures: Callable[[str], Figures]) -> Figures:
    return figures("document_000")


def model(document: Figures, bias: str = "layer", train_bias: bool = False) -> cp.Model:
    network = cp.Network.parse("2-2-2", bias=bias, train_bias=train_bias)
    return cp.Model(network, document["weights"], document["biases"])


Trained = Callable[..., cp.Result]


@pytest.fixture(scope="module")
def trained() -> Trained:
    """Runs of so many steps; the reference engine needs seconds for 10,000, so each is done once."""
    done: dict[tuple[object, ...], cp.Result] = {}

    def train(start: cp.Model, document: Figures, y: Any, steps: int, engine: str) -> cp.Result:
        key = (start.network, str(y), steps, engine)
        if key not in done:
            optimizer = cp.SGD(document["rate"])
            done[key] = cp.train(start, document["x"], y, optimizer=optimizer, epochs=steps, engine=engine)
        return done[key]

    return train


def assert_after(result: cp.Result, figures: Figures, document: Figures, y: Any, engine: str) -> None:
    steps = result.state.step
    relative = ONE_STEP if steps < 100 else MANY_STEPS
    for W, expected in zip(result.model.parameters.weights, figures["weights"], strict=True):
        np.testing.assert_allclose(W, expected, rtol=relative)
    for b, expected in zip(result.model.parameters.biases, figures.get("biases", []), strict=False):
        np.testing.assert_allclose(b, expected, rtol=relative)
    np.testing.assert_allclose(result.model.predict(document["x"], engine=engine), figures["outputs"], rtol=relative)
    assert result.model.loss(document["x"], y, engine=engine) == pytest.approx(figures["E"], rel=relative)


def test_every_intermediate(document: Figures) -> None:
    """Each quantity of the step as the reference engine records it; the rest from the registries' entries."""
    start, before = model(document), document["before"]
    seen: dict[str, Array] = {}
    samples = Samples(np.array(document["x"]), np.array(document["y"]))
    step(start.parameters, samples, record=seen.__setitem__)
    sigmoid = activation("sigmoid")
    shares, dA2 = loss("half_squared_error").of_output(seen["a2"], samples.Y)
    seen |= {
        "E of each output": shares,
        "dE/da2": dA2,
        "da2/dz2": sigmoid.derivative(seen["z2"]),
        "da1/dz1": sigmoid.derivative(seen["z1"]),
        "dE of each output/da1": seen["delta2"].T * start.parameters.weights[1].T,
        "dE/da1": seen["delta2"] @ start.parameters.weights[1].T,
    }
    by_unit = model(document, bias="unit")
    _, of_units = by_unit.loss_and_gradients(document["x"], document["y"], engine="reference")
    seen |= {f"dE/db{layer + 1} of each unit": of_units.biases[layer] for layer in (0, 1)}
    assert set(before) <= set(seen)
    for name, expected in before.items():
        np.testing.assert_allclose(seen[name], expected, rtol=ONE_STEP, err_msg=name)


@pytest.mark.parametrize("bias", ["layer", "unit"])
def test_before(document: Figures, bias: str, engine: str) -> None:
    start, before = model(document, bias), document["before"]
    np.testing.assert_allclose(start.predict(document["x"], engine=engine), before["a2"], rtol=ONE_STEP)
    E, gradients = start.loss_and_gradients(document["x"], document["y"], engine=engine)
    assert pytest.approx(before["E"], rel=ONE_STEP) == E
    end = " of each unit" if bias == "unit" else ""
    for layer in (1, 2):
        np.testing.assert_allclose(gradients.weights[layer - 1], before[f"dE/dW{layer}"], rtol=ONE_STEP)
        np.testing.assert_allclose(gradients.biases[layer - 1], before[f"dE/db{layer}{end}"], rtol=ONE_STEP)


@pytest.mark.parametrize("steps", [1, 10_000])
def test_after(document: Figures, steps: int, engine: str, trained: Trained) -> None:
    start = model(document)
    result = trained(start, document, document["y"], steps, engine)
    assert_after(result, document["after"][str(steps)], document, document["y"], engine)
    assert np.array_equal(result.model.parameters.biases[1], start.parameters.biases[1])


@pytest.mark.parametrize("which", ["text", "program"])
def test_errors_on_the_way(document: Figures, which: str, engine: str, trained: Trained) -> None:
    part = document if which == "text" else document["program"]
    history = trained(model(document), document, part["y"], 10_000, engine).history
    for after, expected in part["E after each step"].items():
        if int(after) < 10_000:
            relative = ONE_STEP if int(after) < 100 else MANY_STEPS
            assert history.loss[int(after)] == pytest.approx(expected, rel=relative)


def test_its_own_program(document: Figures, engine: str, trained: Trained) -> None:
    """Its target is mistyped, 0.09 for 0.99; line i is the error after step i, counted from 0."""
    program, start = document["program"], model(document)
    assert program["y"] == [[0.01, 0.09]] and document["y"] == [[0.01, 0.99]]
    E, gradients = start.loss_and_gradients(document["x"], program["y"], engine=engine)
    assert pytest.approx(program["E before"], rel=ONE_STEP) == E
    for layer in (1, 2):
        np.testing.assert_allclose(gradients.weights[layer - 1], program[f"dE/dW{layer}"], rtol=ONE_STEP)
    lines = {}
    for steps in (1, 10_000):
        result = trained(start, document, program["y"], steps, engine)
        assert_after(result, program["after"][str(steps)], document, program["y"], engine)
        lines[steps] = f"{steps - 1} {round(result.model.loss(document['x'], program['y'], engine=engine), 9)}"
    assert lines == {1: program["first line"], 10_000: program["last line"]}
    assert lines == {1: "0 0.496045683", 10_000: "9999 1.8102e-05"}


def output_weights_first(document: Figures, steps: int) -> tuple[cp.Model, float]:
    """The slip behind the published figures: the hidden deltas are computed with output weights already updated."""
    start, x, y = model(document), np.array(document["x"]), np.array(document["y"])
    (W1, W2), (b1, b2) = (W.copy() for W in start.parameters.weights), start.parameters.biases
    sigmoid, half_squared = activation("sigmoid"), loss("half_squared_error").of_output
    for _ in range(steps):
        Z1, _ = affine(W1, b1, x)
        A1, back1 = sigmoid.forward(Z1)
        Z2, _ = affine(W2, b2, A1)
        A2, back2 = sigmoid.forward(Z2)
        delta2 = back2(half_squared(A2, y)[1])
        W2 = W2 - document["rate"] * A1.T @ delta2
        delta1 = back1(delta2 @ W2.T)
        W1 = W1 - document["rate"] * x.T @ delta1
    end = cp.Model(start.network, [W1, W2], [b1, b2])
    return end, end.loss(x, y, engine="reference")


def test_published_wrong_figures_come_from_updating_the_output_weights_first(document: Figures) -> None:
    wrong = document["published wrongly"]
    for steps, relative in ((1, ONE_STEP), (10_000, MANY_STEPS)):
        end, E = output_weights_first(document, steps)
        expected = document["output weights updated first"][str(steps)]
        assert pytest.approx(expected["E"], rel=relative) == E
        for W, figures in zip(end.parameters.weights, expected["weights"], strict=True):
            np.testing.assert_allclose(W, figures, rtol=relative)
        if steps == 1:
            assert f"{E:.9f}" == f"{wrong['E after 1']:.9f}" == "0.291027924"
        else:
            assert f"{E:.9f}" == wrong["E after 10000"] == "0.000035085"
            outputs = end.predict(document["x"], engine="reference")[0]
            assert outputs.round(9).tolist() == wrong["outputs after 10000"] == [0.015912196, 0.984065734]
    for steps, digits in (("1", "0.291027774"), ("10000", "0.000035102")):
        assert f"{document['after'][steps]['E']:.9f}" == digits


@pytest.mark.parametrize("steps", [1, 10_000])
def test_trained_biases_of_each_unit(document: Figures, steps: int, engine: str, trained: Trained) -> None:
    result = trained(model(document, "unit", train_bias=True), document, document["y"], steps, engine)
    expected = document["trained biases of each unit"][str(steps)]
    assert len(expected["biases"]) == 2
    assert_after(result, expected, document, document["y"], engine)


def test_a_trained_bias_of_each_layer(document: Figures, engine: str, trained: Trained) -> None:
    start = model(document, "layer", train_bias=True)
    result = trained(start, document, document["y"], 1, engine)
    before = document["before"]
    for layer, b in enumerate(result.model.parameters.biases, 1):
        expected = document["biases"][layer - 1] - 0.5 * np.array(before[f"dE/db{layer}"])
        np.testing.assert_allclose(b, expected, rtol=ONE_STEP)
    E = result.model.loss(document["x"], document["y"], engine=engine)
    assert round(E, 9) == document["E after 1 with a trained bias of each layer"]


def test_xor_one_random_sample_at_a_time(document: Figures, engine: str) -> None:
    """From weights and one frozen bias a layer, all uniform in [0, 1): each seed learns it."""
    xor = document["xor"]
    network = cp.Network.parse("2-5-1", bias="layer", train_bias=False)
    for seed in range(10 if engine == "native" else 2):
        start = cp.Model.initialized(network, "uniform", seed=seed)
        result = cp.train(
            start, xor["x"], xor["y"], optimizer=cp.SGD(xor["rate"]), batch_size=1,
            order="replacement", epochs=xor["steps"] // 4, seed=seed, engine=engine,
        )  # fmt: skip
        assert result.state.step == xor["steps"]
        answers = result.model.predict(xor["x"], engine=engine) >= xor["threshold"]
        assert answers.tolist() == (np.array(xor["y"]) == 1).tolist()
        assert (start.predict(xor["x"], engine=engine) >= xor["threshold"]).tolist() != answers.tolist()
