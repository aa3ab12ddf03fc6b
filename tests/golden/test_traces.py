"""The documents' numbers through a trace, each by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import clearprop as cp

Figures = dict[str, Any]
ONE_STEP = 1e-12


def traced(document: Figures, network: cp.Network) -> cp.Trace:
    model = cp.Model(network, document["weights"], document.get("biases", [None] * len(network.layers)))
    return cp.trace(model, document["x"], document["y"], optimizer=cp.SGD(document["rate"]))


def assert_all(trace: cp.Trace, figures: Figures, others: dict[str, Callable[[cp.Trace], Any]]) -> None:
    for name, expected in figures.items():
        found = others[name](trace) if name in others else trace[name].value
        np.testing.assert_allclose(np.ravel(found), np.ravel(expected), rtol=ONE_STEP, err_msg=name)


def test_document_000(figures: Callable[[str], Figures]) -> None:
    document = figures("document_000")
    trace = traced(document, cp.Network.parse("2-2-2", bias="layer", train_bias=False))
    by_unit = traced({**document, "biases": [[0.35] * 2, [0.6] * 2]}, cp.Network.parse("2-2-2"))
    others = {
        "E of each output": lambda trace: trace["E[:]"].value,
        "dE of each output/da1": lambda trace: [trace[f"dE[{k}]/da1"].value for k in (1, 2)],
        "dE/db2 of each unit": lambda trace: by_unit["dE/db2"].value,
        "dE/db1 of each unit": lambda trace: by_unit["dE/db1"].value,
    }
    assert_all(trace, document["before"], others)
    for layer, W in enumerate(document["after"]["1"]["weights"], start=1):
        np.testing.assert_allclose(trace[f"W{layer}'"].value, W, rtol=ONE_STEP)
    assert trace["b1'"].value == 0.35 and trace["dE/db1"].value == pytest.approx(0.018725609394704128, rel=ONE_STEP)


def test_document_002(figures: Callable[[str], Figures]) -> None:
    document = figures("document_002")
    trace = traced(document, cp.Network.parse("2-2-1", bias="none"))
    assert_all(trace, document["before"], {})
    for layer, W in enumerate(document["after"]["1"]["weights"], start=1):
        np.testing.assert_allclose(trace[f"W{layer}'"].value, W, rtol=ONE_STEP)


def test_document_004(figures: Callable[[str], Figures]) -> None:
    document = figures("document_004")
    trace = traced(document, cp.Network.parse("4-3-1", reduction="sum"))
    others = {
        "y - a2": lambda trace: -trace["dE/da2"].value,
        "mean squared error": lambda trace: 2.0 / 3.0 * trace["E"].value,
    }
    assert_all(trace, document["before"], others)
    after = document["after"]["1"]
    for layer in (1, 2):
        np.testing.assert_allclose(trace[f"W{layer}'"].value, after["weights"][layer - 1], rtol=ONE_STEP)
        np.testing.assert_allclose(trace[f"b{layer}'"].value, after["biases"][layer - 1], rtol=ONE_STEP)


def test_document_001_threshold_units(figures: Callable[[str], Figures]) -> None:
    document = figures("document_001")
    units = document["xor from three units"]
    network = cp.Network(2, [cp.Dense(2, "step"), cp.Dense(1, "step")], "perceptron")
    thresholds = [units["theta1"], units["theta2"]]
    model = cp.Model(network, [units["W1"], units["W2"]], [[-one for one in theta] for theta in thresholds])
    trace = cp.trace(model, document["x"], units["a2"])
    assert trace["a1"].value.tolist() == units["a1"] and trace["a2"].value.tolist() == units["a2"]
    assert trace["E"].value == 0.0 and not trace["delta2"].value.any()
