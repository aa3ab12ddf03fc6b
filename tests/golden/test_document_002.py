"""Document 002: a network without biases, before and after a step, and its program with the update put right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import step

Figures = dict[str, Any]
ONE_STEP, MANY_STEPS = 1e-12, 1e-9


@pytest.fixture
def document(figures: Callable[[str], Figures]) -> Figures:
    return figures("document_002")


def model(document: Figures) -> cp.Model:
    return cp.Model(cp.Network.parse("2-2-1", bias="none"), document["weights"], [None, None])


def train(document: Figures, rate: float, steps: int, engine: str) -> cp.Result:
    return cp.train(model(document), document["x"], document["y"], optimizer=cp.SGD(rate), epochs=steps, engine=engine)


def test_every_intermediate(document: Figures) -> None:
    seen: dict[str, Array] = {}
    samples = Samples(np.array(document["x"]), np.array(document["y"]))
    step(model(document).parameters, samples, record=seen.__setitem__)
    for name, expected in document["before"].items():
        np.testing.assert_allclose(seen[name], expected, rtol=ONE_STEP, err_msg=name)


def test_before(document: Figures, engine: str) -> None:
    before, start = document["before"], model(document)
    np.testing.assert_allclose(start.predict(document["x"], engine=engine), before["a2"], rtol=ONE_STEP)
    E, gradients = start.loss_and_gradients(document["x"], document["y"], engine=engine)
    assert pytest.approx(before["E"], rel=ONE_STEP) == E
    for layer in (1, 2):
        np.testing.assert_allclose(gradients.weights[layer - 1], before[f"dE/dW{layer}"], rtol=ONE_STEP)
        assert gradients.biases[layer - 1].shape == (0,)


@pytest.mark.parametrize("steps", [1, 200])
def test_after(document: Figures, steps: int, engine: str) -> None:
    after = document["after"][str(steps)]
    end = train(document, document["rate"], steps, engine).model
    for W, expected in zip(end.parameters.weights, after["weights"], strict=True):
        np.testing.assert_allclose(W, expected, rtol=ONE_STEP)
    assert end.loss(document["x"], document["y"], engine=engine) == pytest.approx(after["E"], rel=ONE_STEP)
    if "outputs" in after:
        np.testing.assert_allclose(end.predict(document["x"], engine=engine), after["outputs"], rtol=ONE_STEP)


@pytest.mark.parametrize("epochs", [1, 2, 3, 200])
def test_corrected_program(document: Figures, epochs: int, engine: str) -> None:
    program = document["corrected program"]
    expected = program["epochs"][str(epochs)]
    relative = ONE_STEP if epochs < 100 else MANY_STEPS
    result = train(document, program["rate"], epochs, engine)
    assert result.history.loss[epochs - 1] == pytest.approx(expected["E before"], rel=relative)
    for W, figures in zip(result.model.parameters.weights, expected["weights"], strict=True):
        np.testing.assert_allclose(W, figures, rtol=relative)
    if epochs == 200:
        output = float(result.model.predict(document["x"], engine=engine)[0, 0])
        assert output == pytest.approx(program["output after 200"], rel=relative)
