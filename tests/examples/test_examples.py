"""Each example: its sheet, its golden values with the reference engine, and what it is said to show."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import step
from clearprop.errors import InputError
from clearprop.examples import example, load, names, text
from clearprop.sheet import read_sheet, write_sheet

GOLDEN = Path(__file__).parents[1] / "golden"
ONE_STEP = 1e-12


def golden(document: str) -> Any:
    return json.loads((GOLDEN / f"document_{document}.json").read_text(encoding="utf-8"))


def loss(name: str) -> float:
    sheet = load(name)
    return sheet.model.loss(sheet.X, sheet.Y, engine="reference")


def trained(name: str, epochs: int, engine: str = "reference", **settings: Any) -> cp.Result:
    sheet = load(name)
    return cp.train(
        sheet.model, sheet.X, sheet.Y, optimizer=sheet.optimizer, batch_size=sheet.batch_size, order=sheet.order,
        seed=sheet.seed, epochs=epochs, engine=engine, **settings,
    )  # fmt: skip


def sigmoid(z: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-z))


@pytest.mark.parametrize("name", names())
def test_every_example_is_whole(name: str) -> None:
    sheet, entry = load(name), example(name)
    assert "-" in name and sheet.title
    assert read_sheet(text(name)) == sheet == read_sheet(write_sheet(sheet))
    assert set(entry.summary) == set(entry.shows) == {"en", "zh"}
    assert all("\n" not in line and line.isascii() for line in (entry.summary["en"], entry.shows["en"]))
    assert not any(line.isascii() for line in (entry.summary["zh"], entry.shows["zh"]))
    assert text(name).startswith("# ")


def test_every_sheet_is_in_the_catalogue() -> None:
    found = {path.name for path in files("clearprop.examples").joinpath("sheets").iterdir()}
    assert found == {f"{name}.toml" for name in names()}
    assert len(set(names())) == len(names()) == 17


def test_misspelt_name() -> None:
    for ask in (load, text, example):
        with pytest.raises(InputError) as caught:
            ask("xor-2-5-2")
        known = ", ".join(sorted(names()))
        assert str(caught.value) == f'unknown example "xor-2-5-2"; did you mean "xor-2-5-1"? Known: {known}'


@pytest.mark.parametrize(
    ("name", "document", "place"),
    [
        ("cnblogs-2-2-2", "000", ["before", "E"]),
        ("cnblogs-program", "000", ["program", "E before"]),
        ("csdn-2-2-1", "002", ["before", "E"]),
        ("csdn-program", "002", ["corrected program", "epochs", "1", "E before"]),
        ("matrices-4-3-1", "004", ["before", "E"]),
    ],
)
def test_loss_of_a_document(name: str, document: str, place: list[str]) -> None:
    expected = golden(document)
    for key in place:
        expected = expected[key]
    assert loss(name) == pytest.approx(expected, rel=ONE_STEP)


@pytest.mark.parametrize(
    ("name", "document", "place"),
    [
        ("cnblogs-2-2-2", "000", ["after", "1"]),
        ("cnblogs-program", "000", ["program", "after", "1"]),
        ("csdn-2-2-1", "002", ["after", "1"]),
        ("csdn-program", "002", ["corrected program", "epochs", "1"]),
        ("matrices-4-3-1", "004", ["after", "1"]),
    ],
)
def test_one_update_of_a_document(name: str, document: str, place: list[str]) -> None:
    expected = golden(document)
    for key in place:
        expected = expected[key]
    after = trained(name, 1).model.parameters
    for W, figures in zip(after.weights, expected["weights"], strict=True):
        np.testing.assert_allclose(W, figures, rtol=ONE_STEP)


def test_the_perceptron_learns_and_in_five_updates() -> None:
    trajectory = golden("001")["perceptron"]["AND, all samples at once"]["w1, w2, theta after each epoch"]
    for updates, (w1, w2, theta) in enumerate(trajectory[1:], 1):
        after = trained("and-perceptron", updates).model.parameters
        assert after.flat.tolist() == [w1, w2, -theta]
    assert trained("and-perceptron", 99, stop_when_right=True).state.step == len(trajectory) - 1 == 5


def test_three_threshold_units() -> None:
    units, sheet = golden("001")["xor from three units"], load("xor-threshold-units")
    assert [W.tolist() for W in sheet.model.parameters.weights] == [units["W1"], units["W2"]]
    assert sheet.model.predict(sheet.X, engine="reference").tolist() == units["a2"] == sheet.Y.tolist()


def test_thresholds_change_as_document_001_derives() -> None:
    """Its formulas for Δw, Δθ, Δv and Δγ, written as they stand there, without the common factor η."""
    sheet = load("d-q-l")
    (v, w), (gamma, theta) = sheet.model.parameters.weights, [-b for b in sheet.model.parameters.biases]
    x, y = sheet.X[0], sheet.Y[0]
    b = sigmoid(x @ v - gamma)
    yhat = sigmoid(b @ w - theta)
    assert loss("d-q-l") == pytest.approx(0.5 * ((y - yhat) ** 2).sum(), rel=ONE_STEP)
    g = yhat * (1 - yhat) * (y - yhat)
    e = b * (1 - b) * (w @ g)
    changes = {"v": np.outer(x, e), "gamma": -e, "w": np.outer(b, g), "theta": -g}
    after = trained("d-q-l", 1).model.parameters
    for before, now, change in zip(
        (v, w, gamma, theta), (*after.weights, *(-b for b in after.biases)), ("v", "w", "gamma", "theta"), strict=True
    ):
        np.testing.assert_allclose(now, before + 0.5 * changes[change], rtol=ONE_STEP)
    assert sheet.network.parameter_count == (3 + 2 + 1) * 2 + 2


def test_cost_of_ufldl() -> None:
    sheet = load("ufldl-three-layers")
    (W1, W2), (b1, b2) = sheet.model.parameters.weights, sheet.model.parameters.biases
    assert sheet.model == cp.Model.initialized(sheet.network, "normal", scale=0.01, seed=0)
    h = sigmoid(sigmoid(sheet.X @ W1 + b1) @ W2 + b2)
    cost = 0.5 * ((h - sheet.Y) ** 2).sum() / 3 + 0.1 / 2 * ((W1**2).sum() + (W2**2).sum())
    assert loss("ufldl-three-layers") == pytest.approx(cost, rel=ONE_STEP)


@pytest.mark.parametrize(
    ("kind", "net_input", "output"), [("threshold", 2.0, 1.0), ("weights", 7.0, 1.0), ("bias", -1.0, 0.0)]
)
def test_perceptrons_of_three_inputs(kind: str, net_input: float, output: float) -> None:
    sheet, seen = load(f"perceptron-by-{kind}"), {}
    step(sheet.model.parameters, Samples(sheet.X, sheet.Y), record=seen.__setitem__)
    assert (seen["z1"].item(), seen["a1"].item()) == (net_input, output)
    right = trained(f"perceptron-by-{kind}", 1).model
    assert right.predict(sheet.X, engine="reference").item() == 1.0
    assert (right == sheet.model) == (output == 1.0)


def test_one_update_from_all_or_one_a_sample() -> None:
    sheet = load("full-batch")
    assert sheet.model == load("one-by-one").model
    assert np.array_equal(sheet.X, load("one-by-one").X) and np.array_equal(sheet.Y, load("one-by-one").Y)
    assert len(sheet.X) == 10 and sheet.network.parameter_count == 2
    np.testing.assert_allclose(sheet.Y, sheet.X @ [[2.0], [-1.0]], rtol=0)
    w = np.zeros(2)
    changes = [0.1 * (y - x @ w) * x for x, y in zip(sheet.X, sheet.Y[:, 0], strict=True)]
    np.testing.assert_allclose(trained("full-batch", 1).model.parameters.flat, np.mean(changes, axis=0), rtol=ONE_STEP)
    for x, y in zip(sheet.X, sheet.Y[:, 0], strict=True):
        w = w + 0.1 * (y - x @ w) * x
    one_by_one = trained("one-by-one", 1)
    assert one_by_one.state.step == 10
    np.testing.assert_allclose(one_by_one.model.parameters.flat, w, rtol=ONE_STEP)


def test_logistic_regression_is_one_factor() -> None:
    sheet = load("logistic-regression")
    (W,), (b,) = sheet.model.parameters.weights, sheet.model.parameters.biases
    p = sigmoid(sheet.X @ W + b)
    entropy = -(sheet.Y * np.log(p) + (1 - sheet.Y) * np.log(1 - p)).mean()
    E, gradients = sheet.model.loss_and_gradients(sheet.X, sheet.Y, engine="reference")
    assert pytest.approx(entropy, rel=ONE_STEP) == E
    np.testing.assert_allclose(gradients.weights[0], sheet.X.T @ (p - sheet.Y) / 6, rtol=ONE_STEP)


def test_xor_is_learnt_from_random_samples() -> None:
    sheet = load("xor-2-5-1")
    assert sheet.model == cp.Model.initialized(sheet.network, "uniform", seed=0)
    end = trained("xor-2-5-1", 2500, "native")
    assert end.state.step == 10_000
    assert np.array_equal(end.model.predict(sheet.X) >= 0.5, sheet.Y == 1)
    assert not np.array_equal(sheet.model.predict(sheet.X) >= 0.5, sheet.Y == 1)


def test_the_auto_encoder_learns_a_code_of_three_digits() -> None:
    sheet = load("auto-encoder-8-3-8")
    assert np.array_equal(sheet.X, sheet.Y)
    model = trained("auto-encoder-8-3-8", 2000, "native").model
    assert np.array_equal(model.predict(sheet.X) >= 0.5, sheet.Y == 1)
    codes = sigmoid(sheet.X @ model.parameters.weights[0] + model.parameters.biases[0]) >= 0.5
    assert len({tuple(code) for code in codes.tolist()}) == 8
