"""Models to files and back."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop import container
from clearprop.artefact import TableModel, check_storable
from clearprop.ensemble import Ensemble
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.columns import Embedding
from clearprop.table import Encoding, as_table
from clearprop.tabular import recipe


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


COLUMNS = [cp.Periodic(2, frequencies=3), cp.Plain(1), cp.PiecewiseLinear(1, bins=4), cp.Embedding(1, categories=3)]


def with_columns(columns=COLUMNS, scale=True):
    layers = [cp.Dense(4, "tanh"), cp.Dense(2)]
    inputs = sum(layer.count for layer in columns)
    network = cp.Network(inputs, layers, columns=columns, scale=cp.Scale(rate=6.0) if scale else None)
    return cp.Model.initialized(network, seed=3, dtype="float32")


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("columns", [COLUMNS, [cp.Plain(2)]], ids=["all", "plain"])
def test_column_layers_and_the_scale_survive(tmp_path, columns, scale):
    model = with_columns(columns, scale)
    for saved in (model, Ensemble([model, with_columns(columns, scale)])):
        cp.save(saved, tmp_path / "m")
        assert cp.load(tmp_path / "m") == saved


@pytest.mark.parametrize("size", [0, 3, 10_000])
def test_parameters_of_column_layers_that_do_not_fit_are_refused(tmp_path, size):
    cp.save(with_columns(), tmp_path / "m")
    contents = container.read(tmp_path / "m")
    container.write(tmp_path / "m", {**contents.tensors, "columns": np.zeros(size, np.float32)}, contents.metadata)
    with pytest.raises(cp.InputError, match=r"columns: expected shape \(\d+,\), got"):
        cp.load(tmp_path / "m")


def test_many_columns_with_gaps_can_be_stored():
    """Each is a number and whether it was there, which makes two column layers; of eight members."""
    X = np.stack([np.arange(8.0), np.arange(8) % 2] * 500, axis=1).astype(np.float32)
    networks = recipe("strong", X, 2, "classes").networks
    assert len(networks[0].columns) == 1_000
    check_storable(Ensemble([cp.Model.initialized(network, "zeros", dtype="float32") for network in networks]))


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


def some_ensemble(temperature=0.75, dtype="float32"):
    """Three members of two networks, the first and the last of the same."""
    settings = {"output": "softmax", "loss": "cross_entropy"}
    networks = [cp.Network.parse(text, **settings) for text in ("3-4-2", "3-2-5-2", "3-4-2")]
    made = [cp.Model.initialized(network, "lecun", seed=seed, dtype=dtype) for seed, network in enumerate(networks)]
    return cp.Ensemble(made, temperature)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_ensemble_comes_back_as_it_was(tmp_path, dtype):
    ensemble = some_ensemble(dtype=dtype)
    cp.save(ensemble, tmp_path / "m")
    again = cp.load(tmp_path / "m")
    assert isinstance(again, cp.Ensemble) and again == ensemble
    metadata = container.read(tmp_path / "m").metadata
    assert len(metadata["networks"]) == 2 and metadata["members"] == [0, 1, 0]


def rewritten_ensemble(tmp_path, change):
    """A valid file of an ensemble whose contents `change` has altered, checksum and all."""
    path = tmp_path / "ensemble.safetensors"
    cp.save(some_ensemble(), path)
    contents = container.read(path)
    tensors, metadata = dict(contents.tensors), json.loads(json.dumps(contents.metadata))
    change(tensors, metadata)
    container.write(path, tensors, metadata)
    return path


def renamed(old, new):
    return lambda tensors, metadata: tensors.__setitem__(new, tensors.pop(old))


def told(**changes):
    return lambda tensors, metadata: metadata.update(changes)


def layer_of(network, **changes):
    return lambda tensors, metadata: metadata["networks"][network]["layers"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop("1/W1"), "expected 14 arrays"),
        (put("4/W1", np.zeros((2, 2), np.float32)), "expected 14 arrays"),
        (renamed("1/W1", "4/W1"), "4/W1 belongs to no member"),
        (renamed("1/W1", "0/W1"), "0/W1 belongs to no member"),
        (renamed("1/W1", "W1"), "W1 belongs to no member"),
        (renamed("1/W1", "٣/W1"), "belongs to no member"),
        (renamed("1/W1", "1/W9"), "member 1: expected the arrays W1, b1 to W2, b2"),
        (renamed("1/W1", "2/W1/"), "member 1: expected the arrays"),
        (put("2/W1", np.zeros((4, 3), np.float32)), "member 2: W1: expected shape"),
        (put("2/W1", np.full((3, 2), np.inf, np.float32)), "member 2: .*finite"),
        (put("3/W1", np.zeros((3, 4))), "member 3: expected float32 or float64 throughout"),
        (told(members=[]), "members of 2 networks"),
        (told(members=[0, 1, 2]), "members of 2 networks"),
        (told(members=[0, 1, -1]), "members of 2 networks"),
        (told(members=[0, 0, 0]), "each used"),
        (told(members=[0, 1]), "expected 10 arrays"),
        (told(members=[0, True, 0]), "list of members"),
        (told(members="010"), "list of members"),
        (told(members=[0, 1] + [0] * 300_000), "arrays"),
        (told(networks=[]), "list of networks"),
        (told(networks={}), "list of networks"),
        (told(networks=[1, 2]), "network: expected a table"),
        (told(temperature=0), "temperature"),
        (told(temperature="1"), "temperature"),
        (told(temperature=None), "temperature"),
        (lambda tensors, metadata: metadata.pop("temperature"), "temperature"),
        (layer_of(1, units=5), "member 2: W1: expected shape"),
        (layer_of(0, units=10**12), "member 1: W1: expected shape"),
        (layer_of(0, activation="relux"), 'did you mean "relu"'),
        (told(kind="model"), "network"),
        (told(kind="ensembles"), "ensembles, not a model"),
        (told(encoding={"columns": 3}), "encoding"),
    ],
)
def test_an_ensemble_that_does_not_fit_is_refused(tmp_path, change, words):
    path = rewritten_ensemble(tmp_path, change)
    with pytest.raises(cp.InputError, match=words) as caught:
        cp.load(path)
    assert "ensemble.safetensors" in str(caught.value)


def test_an_ensemble_cut_or_changed_anywhere_is_refused(tmp_path):
    path = tmp_path / "m"
    cp.save(some_ensemble(), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in sorted({0, 7, 8, len(whole) - 1, *rng.integers(0, len(whole), 150).tolist()}):
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        for damaged in (whole[:place], bytes(changed)):
            path.write_bytes(damaged)
            with pytest.raises(cp.InputError):
                cp.load(path)


def test_whatever_an_ensemble_says_of_itself_loads_or_is_refused(tmp_path):
    """Metadata changed at random places behind a right checksum: an ensemble, or one typed error."""
    rng = np.random.default_rng(1)
    values = [None, True, 0, -1, 2, 10**15, 0.5, "", "softmax", [], {}, [0], {"inputs": 3}]

    def change(value):
        """One place of a tree of plain values replaced."""
        if isinstance(value, dict) and value and rng.random() < 0.8:
            key = list(value)[rng.integers(len(value))]
            return {**value, key: change(value[key])}
        if isinstance(value, list) and value and rng.random() < 0.8:
            place = rng.integers(len(value))
            return [change(one) if i == place else one for i, one in enumerate(value)]
        return values[rng.integers(len(values))]

    refused = 0
    for _ in range(200):

        def mutate(tensors, metadata):
            altered = change(metadata)
            metadata.clear()
            metadata.update(altered if isinstance(altered, dict) else {})

        path = rewritten_ensemble(tmp_path, mutate)
        try:
            assert isinstance(cp.load(path), cp.Ensemble | cp.Model)
        except cp.InputError:
            refused += 1
    assert refused > 100


def test_a_small_file_asks_for_no_large_room(tmp_path):
    import tracemalloc

    path = rewritten_ensemble(tmp_path, layer_of(0, units=10**9))
    tracemalloc.start()
    with pytest.raises(cp.InputError):
        cp.load(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 * path.stat().st_size + 16e6


def test_a_plain_model_is_no_table_model(tmp_path):
    cp.save(some_model(), tmp_path / "m")
    with pytest.raises(cp.InputError, match=r"clearprop\.load"):
        cp.TableModel.load(tmp_path / "m")
    cp.save(some_ensemble(), tmp_path / "m")
    with pytest.raises(cp.InputError, match=r"clearprop\.load"):
        cp.TableModel.load(tmp_path / "m")


def test_what_is_no_model_is_not_saved(tmp_path):
    with pytest.raises(cp.InputError, match="dict"):
        cp.save({}, tmp_path / "m")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def shops():
    """A table model of a column of 70,000 categories."""
    frame = pl.DataFrame({"shop": [f'"{k}" 红' for k in range(70_000)], "y": np.arange(70_000.0)})
    encoding = Encoding.learn(as_table(frame), "y", kinds={"shop": "category"}, one_hot_to=9)
    column = Embedding(1, categories=encoding.input_categories[0], outputs=1)
    network = cp.Network(1, [cp.Dense(1, "identity")], loss="half_squared_error", columns=[column])
    return TableModel(cp.Model.initialized(network), encoding)


def test_many_thousand_labels_find_room_in_the_file(shops, tmp_path):
    cp.save(shops, tmp_path / "model.safetensors")
    assert TableModel.load(tmp_path / "model.safetensors") == shops


@pytest.mark.parametrize(
    "labels", [None, b"", b"[]", b"3", b"[3]", b"[[]]", b'[["a"], ["b"]]', b"[" * 100_000, b"\xff"]
)
def test_labels_that_are_none_are_one_message(shops, labels, tmp_path):
    path = tmp_path / "model.safetensors"
    cp.save(shops, path)
    contents = container.read(path)
    tensors = {name: array for name, array in contents.tensors.items() if name != "labels"}
    if labels is not None:
        tensors["labels"] = np.frombuffer(labels, np.uint8)
    container.write(path, tensors, contents.metadata)
    with pytest.raises(cp.InputError, match=r"model\.safetensors: "):
        TableModel.load(path)
