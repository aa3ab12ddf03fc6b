"""Document 004: twelve steps on a full batch, thousands of epochs, and one pass sample by sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import step
from clearprop.network.activations import activation

Figures = dict[str, Any]
ONE_STEP, MANY_STEPS = 1e-12, 1e-9
EPOCHS = [1, 2, 3, 10, 100, 1000, 5000]


@pytest.fixture
def document(figures: Callable[[str], Figures]) -> Figures:
    return figures("document_004")


def model(document: Figures, **settings: Any) -> cp.Model:
    network = cp.Network.parse("4-3-1", **{"reduction": "sum", **settings})
    return cp.Model(network, document["weights"], document["biases"])


def assert_parameters(end: cp.Model, figures: Figures, relative: float) -> None:
    for W, expected in zip(end.parameters.weights, figures["weights"], strict=True):
        np.testing.assert_allclose(W, expected, rtol=relative)
    for b, expected in zip(end.parameters.biases, figures["biases"], strict=True):
        np.testing.assert_allclose(b, expected, rtol=relative)


def test_every_step_of_the_twelve(document: Figures) -> None:
    start, before = model(document), dict(document["before"])
    seen: dict[str, Array] = {}
    samples = Samples(np.array(document["x"]), np.array(document["y"]))
    step(start.parameters, samples, record=seen.__setitem__)
    slope = activation("sigmoid").derivative
    seen |= {"da1/dz1": slope(seen["z1"]), "da2/dz2": slope(seen["z2"]), "y - a2": samples.Y - seen["a2"]}
    seen["dE/da1"] = seen["delta2"] @ start.parameters.weights[1].T
    squared = model(document, loss="mean_squared_error", reduction="mean")
    assert squared.loss(document["x"], document["y"], engine="reference") == pytest.approx(
        before.pop("mean squared error"), rel=ONE_STEP
    )
    for name, expected in before.items():
        np.testing.assert_allclose(seen[name], expected, rtol=ONE_STEP, err_msg=name)


def test_before(document: Figures, engine: str) -> None:
    start, before = model(document), document["before"]
    np.testing.assert_allclose(start.predict(document["x"], engine=engine), before["a2"], rtol=ONE_STEP)
    E, gradients = start.loss_and_gradients(document["x"], document["y"], engine=engine)
    assert pytest.approx(before["E"], rel=ONE_STEP) == E
    delta1, delta2 = np.array(before["delta1"]), np.array(before["delta2"])
    np.testing.assert_allclose(gradients.weights[1], np.array(before["a1"]).T @ delta2, rtol=ONE_STEP)
    np.testing.assert_allclose(gradients.biases[0], delta1.sum(axis=0), rtol=ONE_STEP)
    np.testing.assert_allclose(gradients.weights[0], np.array(document["x"]).T @ delta1, rtol=ONE_STEP)


@pytest.mark.parametrize("rate", ["0.1", "0.01"])
def test_after_one_epoch(document: Figures, rate: str, engine: str) -> None:
    optimizer = cp.SGD(float(rate))
    end = cp.train(model(document), document["x"], document["y"], optimizer=optimizer, engine=engine).model
    assert_parameters(end, document["after one epoch"][rate], ONE_STEP)


@pytest.mark.parametrize("epochs", EPOCHS)
def test_after(document: Figures, epochs: int, engine: str) -> None:
    assert [int(each) for each in document["after"]] == EPOCHS
    relative = ONE_STEP if epochs < 1000 else MANY_STEPS
    optimizer = cp.SGD(document["rate"])
    end = cp.train(
        model(document), document["x"], document["y"], optimizer=optimizer, epochs=epochs, engine=engine
    ).model
    after = document["after"][str(epochs)]
    assert_parameters(end, after, relative)
    np.testing.assert_allclose(end.predict(document["x"], engine=engine), after["outputs"], rtol=relative)


def test_one_pass_sample_by_sample(document: Figures, engine: str) -> None:
    now = model(document)
    for sample, figures in enumerate(document["one pass, sample by sample"]):
        rows = slice(sample, sample + 1)
        now = cp.train(
            now, document["x"][rows], document["y"][rows], optimizer=cp.SGD(document["rate"]), engine=engine
        ).model
        assert_parameters(now, figures, ONE_STEP)
    pass_in_one = cp.train(
        model(document), document["x"], document["y"], optimizer=cp.SGD(document["rate"]),
        batch_size=1, order="sequential", engine=engine,
    )  # fmt: skip
    assert_parameters(pass_in_one.model, document["one pass, sample by sample"][-1], ONE_STEP)
