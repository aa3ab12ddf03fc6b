"""Networks as graphs of ONNX: what onnxruntime computes is what we compute."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.ensemble import Ensemble
from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

TOLERANCE = 1e-5
NUMBERS = {"leaky_relu": "leaky_relu(0.2)", "elu": "elu(0.7)"}
SPREAD = np.array([-700.0, -88.0, -30.0, -5.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 1.0, 5.0, 30.0, 80.0, 700.0])


def random_model(activation, dtype, seed=0, last="identity", bias="unit"):
    layers = [cp.Dense(6, activation, bias), cp.Dense(5, activation, bias), cp.Dense(3, last)]
    loss = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}.get(last, "half_squared_error")
    return cp.Model.initialized(cp.Network(4, layers, loss), "normal", scale=0.4, seed=seed, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*ACTIVATIONS, *NUMBERS.values()])
def test_every_activation_is_native_in_hidden_layers(name, dtype, run):
    model = random_model(name, dtype)
    X = np.random.default_rng(0).normal(size=(50, 4)).astype(dtype)
    outputs = run(cp.export.to_onnx(model), {"X": X})["outputs"]
    assert outputs.dtype == dtype
    np.testing.assert_allclose(outputs, model.predict(X), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*ACTIVATIONS, *NUMBERS.values()])
def test_every_activation_is_native_far_out(name, dtype, run):
    layer = cp.Dense(2, name, "none")
    model = cp.Model(
        cp.Network(2, [layer], "cross_entropy" if name == "softmax" else "half_squared_error"),
        [np.eye(2)],
        [None],
        dtype=dtype,
    )
    X = np.stack([SPREAD, SPREAD[::-1]], axis=1).astype(dtype)
    X = np.clip(X, None, 80.0) if name == "exp" else X
    outputs = run(cp.export.to_onnx(model), {"X": X})["outputs"]
    np.testing.assert_allclose(outputs, model.predict(X), rtol=TOLERANCE, atol=TOLERANCE)


def test_an_activation_without_a_form_is_refused(monkeypatch):
    monkeypatch.setitem(ACTIVATIONS, "sine", replace(ACTIVATIONS["tanh"], name="sine"))
    with pytest.raises(InputError, match='"sine" has no form in ONNX'):
        cp.export.to_onnx(random_model("sine", "float32"))


def test_all_that_a_network_is_made_of_is_known_here():
    """A new part of a network has to be exported, or refused; then it is added here."""
    known_of_network = {"inputs", "layers", "loss", "l1", "l2", "reduction", "columns", "scale"}
    known_of_layer = {"units", "activation", "bias", "train_bias", "dropout", "weight_rate", "bias_rate"}
    assert {field.name for field in fields(cp.Network)} <= known_of_network
    assert {field.name for field in fields(cp.Dense)} <= known_of_layer


@pytest.mark.parametrize("bias", ["layer", "none"])
def test_a_bias_of_the_whole_layer_and_none(bias, run):
    model = random_model("tanh", "float64", bias=bias)
    X = np.random.default_rng(1).normal(size=(9, 4))
    outputs = run(cp.export.to_onnx(model), {"X": X})["outputs"]
    np.testing.assert_allclose(outputs, model.predict(X), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("last", "temperature"), [("identity", 1.0), ("softmax", 1.0), ("softmax", 0.3), ("softmax", 4.0), ("sigmoid", 0.3)]
)
def test_an_ensemble_is_one_graph(last, temperature, dtype, run):
    members = [random_model(name, dtype, seed, last) for seed, name in enumerate(["relu", "mish", "selu"])]
    ensemble = Ensemble(members, temperature)
    X = np.random.default_rng(2).normal(size=(20, 4)).astype(dtype)
    outputs = run(cp.export.to_onnx(ensemble), {"X": X})["outputs"]
    np.testing.assert_allclose(outputs, ensemble.predict(X), rtol=TOLERANCE, atol=TOLERANCE)


def test_a_sharp_temperature_keeps_the_probabilities_finite(run):
    member = random_model("tanh", "float32", last="softmax")
    X = np.random.default_rng(3).normal(size=(20, 4)).astype(np.float32)
    outputs = run(cp.export.to_onnx(Ensemble([member], 1e-3)), {"X": X})["outputs"]
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-6)
    assert (outputs.argmax(axis=1) == member.predict(X).argmax(axis=1)).all()


def test_the_file_is_the_graph(tmp_path, run):
    model, path = random_model("relu", "float32"), tmp_path / "model.onnx"
    graph = cp.export.to_onnx(model, path)
    loaded = onnx.load(path)
    assert loaded == graph and loaded.producer_name == "clearprop"
    assert {one.domain: one.version for one in loaded.opset_import} == {"": 26}
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.onnx"]


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="expected a Model, an Ensemble or a TableModel, got ndarray"):
        cp.export.to_onnx(np.eye(2), tmp_path / "model.onnx")
    with pytest.raises(InputError, match="cannot be written"):
        cp.export.to_onnx(random_model("relu", "float32"), tmp_path / "none" / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_without_onnx_one_message_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match=re.escape('ONNX is not installed; pip install "clearprop[onnx]"')):
        cp.export.to_onnx(random_model("relu", "float32"))
