"""Document 001: how many parameters, the perceptron on AND, XOR from three threshold units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import clearprop as cp

Figures = dict[str, Any]


@pytest.fixture
def document(figures: Callable[[str], Figures]) -> Figures:
    return figures("document_001")


def test_parameter_counts(document: Figures) -> None:
    for case in document["parameter counts"]:
        d, q, l = case["sizes"]
        network = cp.Network.parse(f"{d}-{q}-{l}")
        assert network.parameter_count == case["count"] == (d + l + 1) * q + l
        assert len(cp.Model.initialized(network).parameters.flat) == case["count"]


def test_xor_from_three_threshold_units(document: Figures, engine: str) -> None:
    units = document["xor from three units"]
    thresholds = [np.array(units["theta1"]), np.array(units["theta2"])]
    network = cp.Network.parse("2-2-1", hidden="step", output="step", loss="perceptron")
    model = cp.Model(network, [units["W1"], units["W2"]], [-theta for theta in thresholds])
    assert model.predict(document["x"], engine=engine).tolist() == units["a2"]
    hidden = cp.Network.parse("2-2", output="step")
    first = cp.Model(hidden, [units["W1"]], [-thresholds[0]])
    assert first.predict(document["x"], engine=engine).tolist() == units["a1"]


def perceptron() -> cp.Model:
    network = cp.Network.parse("2-1", output="step", loss="perceptron", reduction="sum")
    return cp.Model.initialized(network, "zeros")


RUNS = [f"{task}, {how}" for task in ("AND", "XOR") for how in ("all samples at once", "sample by sample")]


@pytest.mark.parametrize("name", RUNS)
def test_perceptron_rule(document: Figures, name: str, engine: str) -> None:
    """W ← W + η Σ (y - ŷ) x with η = 1, from zero: every step is exact, so the figures are, too."""
    run = document["perceptron"][name]
    batch_size = 1 if name.endswith("sample by sample") else None
    model, state = perceptron(), None
    for epoch, (w1, w2, theta) in enumerate(run["w1, w2, theta after each epoch"]):
        if epoch:
            result = cp.train(
                model, document["x"], run["y"], optimizer=cp.SGD(1.0), batch_size=batch_size,
                order="sequential", epochs=1, state=state, engine=engine,
            )  # fmt: skip
            model, state = result.model, result.state
        parameters = model.parameters
        assert parameters.weights[0].ravel().tolist() == [w1, w2]
        assert parameters.biases[0].tolist() == [-theta]
        right = bool((model.predict(document["x"], engine=engine) == run["y"]).all())
        assert right == (epoch == run["right after"])


@pytest.mark.parametrize("name", RUNS)
def test_it_ends_when_all_is_right(document: Figures, name: str, engine: str) -> None:
    run = document["perceptron"][name]
    result = cp.train(
        perceptron(), document["x"], run["y"], optimizer=cp.SGD(1.0), order="sequential", epochs=50,
        batch_size=1 if name.endswith("sample by sample") else None, stop_when_right=True, engine=engine,
    )  # fmt: skip
    if run["right after"] is None:
        assert result.ended == "epochs done" and result.state.epoch == 50
    else:
        assert result.ended == "all right" and result.state.epoch == run["right after"]


def test_weight_of_a_constant_input_is_the_threshold(document: Figures, engine: str) -> None:
    """The document's dummy node: an input that is always -1, whose weight is θ, in a network without biases."""
    run = document["perceptron"]["AND, all samples at once"]
    network = cp.Network.parse("3-1", output="step", loss="perceptron", reduction="sum", bias="none")
    X = np.column_stack([document["x"], np.full(4, -1.0)])
    result = cp.train(
        cp.Model.initialized(network, "zeros"), X, run["y"], optimizer=cp.SGD(1.0), epochs=5, engine=engine
    )
    assert result.model.parameters.weights[0].ravel().tolist() == run["w1, w2, theta after each epoch"][5]
