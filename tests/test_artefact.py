"""Models to files and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

import clearprop as cp
from clearprop import container
from clearprop.network.activations import ACTIVATIONS


def some_model(dtype="float64", **settings):
    return cp.Model.initialized(cp.Network.parse("3-4-2", **settings), "lecun", seed=1, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", ["unit", "layer", "none"])
def test_a_model_comes_back_as_it_was(tmp_path, dtype, bias):
    model = some_model(dtype, bias=bias, l2=0.1, reduction="sum")
    cp.save(model, tmp_path / "model.safetensors")
    again = cp.load(tmp_path / "model.safetensors")
    assert again == model
    assert again.parameters.flat.tobytes() == model.parameters.flat.tobytes()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_survives(tmp_path, name):
    model = some_model(hidden=name)
    cp.save(model, tmp_path / "m")
    assert cp.load(tmp_path / "m").network.layers[0].activation == name


def test_a_number_of_an_activation_survives(tmp_path):
    cp.save(some_model(hidden="leaky_relu(0.3)"), tmp_path / "m")
    assert cp.load(tmp_path / "m").network.layers[0].activation == "leaky_relu(0.3)"


def test_rates_of_layers_and_a_smoothed_loss_survive(tmp_path):
    layers = [cp.Dense(4, "tanh", weight_rate=6.0), cp.Dense(2, "softmax", bias_rate=0.1)]
    model = cp.Model.initialized(cp.Network(3, layers, "smoothed_cross_entropy(0.25)"), seed=2)
    cp.save(model, tmp_path / "m")
    again = cp.load(tmp_path / "m")
    assert again == model and again.network.layers[0].weight_rate == 6.0 and again.network.layers[1].bias_rate == 0.1
    assert again.network.loss == "smoothed_cross_entropy(0.25)"


def test_a_file_from_before_layers_had_rates_is_read(tmp_path):
    def forget(tensors, metadata):
        for layer in metadata["network"]["layers"]:
            del layer["weight_rate"], layer["bias_rate"]

    assert cp.load(rewritten(tmp_path, forget)) == some_model()


def rewritten(tmp_path, change):
    """A valid model file whose contents `change` has altered, checksum and all."""
    path = tmp_path / "model.safetensors"
    cp.save(some_model(), path)
    contents = container.read(path)
    tensors, metadata = dict(contents.tensors), json.loads(json.dumps(contents.metadata))
    change(tensors, metadata)
    container.write(path, tensors, metadata)
    return path


def drop(key):
    return lambda tensors, metadata: tensors.pop(key)


def put(key, value):
    return lambda tensors, metadata: tensors.__setitem__(key, value)


def network(**changes):
    return lambda tensors, metadata: metadata["network"].update(changes)


def layer(**changes):
    return lambda tensors, metadata: metadata["network"]["layers"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop("W1"), "W1"),
        (put("W3", np.zeros((2, 2))), "W3"),
        (put("W1", np.zeros((4, 3))), "W1: expected shape"),
        (put("W1", np.full((3, 4), np.nan)), "finite"),
        (put("W1", np.zeros((3, 4), np.float32)), "float32 or float64 throughout"),
        (put("W1", np.zeros((3, 4), np.int64)), "int64"),
        (layer(activation="relux"), 'did you mean "relu"'),
        (layer(units=5), "W1: expected shape"),
        (layer(units=-1), "units"),
        (layer(surprise=1), "surprise"),
        (network(inputs=4), "W1: expected shape"),
        (network(loss="cross_entropy"), "softmax"),
        (network(layers=[]), "layers"),
        (network(layers="none"), "list of layers"),
        (lambda tensors, metadata: metadata.update(kind="checkpoint"), "checkpoint"),
        (lambda tensors, metadata: metadata.pop("network"), "network"),
        (lambda tensors, metadata: metadata.update(encoding={"columns": 3}), "encoding"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path, change, words):
    path = rewritten(tmp_path, change)
    with pytest.raises(cp.InputError, match=words) as caught:
        cp.load(path)
    assert "model.safetensors" in str(caught.value)


def test_a_plain_model_is_no_table_model(tmp_path):
    cp.save(some_model(), tmp_path / "m")
    with pytest.raises(cp.InputError, match=r"clearprop\.load"):
        cp.TableModel.load(tmp_path / "m")


def test_what_is_no_model_is_not_saved(tmp_path):
    with pytest.raises(cp.InputError, match="dict"):
        cp.save({}, tmp_path / "m")
    assert not list(tmp_path.iterdir())
