"""Descriptions of networks: to and from JSON and the short form, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES
from clearprop.network.parameters import Parameters
from clearprop.network.spec import BIASES, REDUCTIONS, Dense, Network

activation_names = st.one_of(
    st.sampled_from(sorted(ACTIVATIONS)),
    st.builds("leaky_relu({!r})".format, st.floats(-5, 5)),
    st.builds("elu({!r})".format, st.floats(1e-9, 100)),
)
loss_names = st.one_of(
    st.sampled_from(sorted(LOSSES)),
    st.builds("huber({!r})".format, st.floats(1e-9, 100)),
    st.builds("quantile({!r})".format, st.floats(0.001, 0.999)),
    st.builds("smoothed_cross_entropy({!r})".format, st.floats(0.001, 0.999)),
)
units = st.integers(1, 12)
penalties = st.floats(0.0, 1e6)
hidden = st.builds(
    Dense,
    units,
    activation_names,
    st.sampled_from(BIASES),
    st.booleans(),
    st.floats(0, 1, exclude_max=True),
    penalties,
    penalties,
)
last = st.builds(Dense, units, activation_names, st.sampled_from(BIASES), st.booleans())


@st.composite
def networks(draw: st.DrawFn) -> Network:
    layers = [*draw(st.lists(hidden, max_size=5)), draw(last)]
    strength = {"l1": draw(penalties), "l2": draw(penalties)}
    try:
        return Network(draw(units), layers, draw(loss_names), reduction=draw(st.sampled_from(REDUCTIONS)), **strength)
    except InputError:
        assume(False)
        raise


@given(networks())
def test_to_json_and_back(network: Network) -> None:
    text = json.dumps(network.to_json(), allow_nan=False)
    again = Network.from_json(json.loads(text))
    assert again == network and hash(again) == hash(network)
    assert json.dumps(again.to_json()) == text


@given(hidden)
def test_a_layer_is_written_as_it_is_made(layer: Dense) -> None:
    assert eval(repr(layer), {"Dense": Dense}) == layer
    assert ("weight_rate" in repr(layer)) == (layer.weight_rate != 1.0)


@given(networks())
def test_sizes_and_counts(network: Network) -> None:
    parameters = Parameters(network, np.arange(float(network.parameter_count)))
    assert sum(W.size for W in parameters.weights) + sum(b.size for b in parameters.biases) == network.parameter_count
    assert [W.shape for W in parameters.weights] == list(zip(network.sizes, network.sizes[1:], strict=False))
    assert network.outputs == network.sizes[-1] and network.inputs == network.sizes[0]
    assert all(layer.activation in str(network) for layer in network.layers)


@given(
    st.lists(units, min_size=2, max_size=6),
    st.sampled_from(BIASES),
    st.booleans(),
    st.sampled_from([0.0, 0.25]),
    st.sampled_from(REDUCTIONS),
)
def test_parse_is_the_long_form(sizes: list[int], bias: str, train_bias: bool, dropout: float, reduction: str) -> None:
    short = Network.parse(
        "-".join(map(str, sizes)), hidden="tanh", output="softplus", loss="poisson",
        bias=bias, train_bias=train_bias, dropout=dropout, l1=0.5, l2=0.25, reduction=reduction,
    )  # fmt: skip
    inner = [Dense(size, "tanh", bias, train_bias, dropout) for size in sizes[1:-1]]
    layers = [*inner, Dense(sizes[-1], "softplus", bias, train_bias)]
    assert short == Network(sizes[0], layers, "poisson", l1=0.5, l2=0.25, reduction=reduction)


def test_usual_values() -> None:
    network = Network.parse("2-3-1")
    assert network == Network(2, [Dense(3), Dense(1)])
    assert (network.loss, network.l1, network.l2, network.reduction) == ("half_squared_error", 0.0, 0.0, "mean")
    assert network.layers[0] == Dense(3, "sigmoid", "unit", True, 0.0)
    assert Network.from_json({"inputs": 2, "layers": [{"units": 3}, {"units": 1}]}) == network


def test_descriptions_do_not_change() -> None:
    network = Network.parse("2-3-1")
    with pytest.raises(FrozenInstanceError):
        network.l2 = 1.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        network.layers[0].units = 5  # type: ignore[misc]
    layers = [Dense(3), Dense(1)]
    held = Network(2, layers)
    layers.append(Dense(2))
    assert len(held.layers) == 2
    assert replace(network, l2=0.5).l2 == 0.5 and network.l2 == 0.0


def test_numbers_of_numpy_become_plain() -> None:
    network = Network(np.int64(2), [Dense(np.int32(3), dropout=np.float32(0.5)), Dense(1)], l2=np.float32(0.5))
    assert json.dumps(network.to_json())
    assert type(network.inputs) is int and type(network.l2) is float and type(network.layers[0].units) is int


def test_a_bias_counts_as_its_kind_says() -> None:
    for bias, count in (("unit", 12), ("layer", 10), ("none", 8)):
        assert Network.parse("2-2-2", bias=bias).parameter_count == count


def from_json(**changes: Any) -> Callable[[], object]:
    return lambda: Network.from_json({"inputs": 2, "layers": [{"units": 3}, {"units": 1}], **changes})


NAN = float("nan")
BAD: list[tuple[Callable[[], object], list[str]]] = [
    (lambda: Dense(0), ["units", "from 1 up", "0"]),
    (lambda: Dense(2.0), ["units", "whole number", "2.0"]),  # type: ignore[arg-type]
    (lambda: Dense(True), ["units", "True"]),
    (lambda: Dense("3"), ["units", "'3'"]),  # type: ignore[arg-type]
    (lambda: Dense(3, "sigmod"), ['unknown activation "sigmod"', 'did you mean "sigmoid"?']),
    (lambda: Dense(3, bias="units"), ['unknown bias "units"', 'did you mean "unit"?']),
    (lambda: Dense(3, bias=None), ['unknown bias "None"', "layer, none, unit"]),  # type: ignore[arg-type]
    (lambda: Dense(3, train_bias=1), ["train_bias", "True or False", "1"]),  # type: ignore[arg-type]
    (lambda: Dense(3, dropout=1.0), ["dropout", "below 1", "1.0"]),
    (lambda: Dense(3, dropout=-0.1), ["dropout", "from 0 up", "-0.1"]),
    (lambda: Dense(3, dropout=NAN), ["dropout", "nan"]),
    (lambda: Network(0, [Dense(1)]), ["inputs", "from 1 up"]),
    (lambda: Network(2, []), ["layers", "at least one"]),
    (lambda: Network(2, 3), ["layers", "list of layers", "3"]),  # type: ignore[arg-type]
    (lambda: Network(2, Dense(2)), ["layers", "list of layers", "Dense"]),  # type: ignore[arg-type]
    (lambda: Network(2, [Dense(2), 1]), ["layer 2", "Dense layer", "1"]),  # type: ignore[list-item]
    (lambda: Dense(2, weight_rate=-1.0), ["weight_rate", "from 0 up", "-1.0"]),
    (lambda: Dense(2, bias_rate=float("inf")), ["bias_rate", "from 0 up", "inf"]),
    (lambda: Network(2, [Dense(2)], "cross_entrpy"), ["unknown loss", 'did you mean "cross_entropy"?']),
    (lambda: Network(2, [Dense(2)], ["cross_entropy"]), ["unknown loss"]),  # type: ignore[arg-type]
    (lambda: Network(2, [Dense(2)], l1=-1.0), ["l1", "from 0 up"]),
    (lambda: Network(2, [Dense(2)], l2=NAN), ["l2", "nan"]),
    (lambda: Network(2, [Dense(2)], l2=float("inf")), ["l2", "inf"]),
    (lambda: Network(2, [Dense(2)], l2="0.1"), ["l2", "'0.1'"]),  # type: ignore[arg-type]
    (lambda: Network(2, [Dense(2)], reduction="avg"), ['unknown reduction "avg"', "mean, sum"]),
    (lambda: Network(2, [Dense(2), Dense(2, dropout=0.5)]), ["layer 2", "dropped", "dropout=0"]),
    (lambda: Network.parse("2-3", output="tanh", loss="cross_entropy"), ['needs "softmax"', 'layer 1 has "tanh"']),
    (lambda: Network.parse("2-3-2", loss="cross_entropy"), ['needs "softmax"', 'layer 2 has "sigmoid"']),
    (
        lambda: Network.parse("2-1", output="softmax", loss="binary_cross_entropy"),
        ['needs "sigmoid"', 'has "softmax"'],
    ),
    (lambda: Network.parse("2-1", output="sigmoid", loss="perceptron"), ['needs "step"', 'has "sigmoid"']),
    (lambda: Network.parse("2-1", output="relu", loss="poisson"), ["outputs above 0", '"softplus"', 'has "relu"']),
    (lambda: Network.parse("2-1", loss="huber(-1)"), ["delta must lie between"]),
    (lambda: Network.parse("2-3-1", hidden="elu(0)"), ["alpha must lie between"]),
    (lambda: Network.parse(""), ['layers ""', '"2-3-1"']),
    (lambda: Network.parse("5"), ['layers "5"', "inputs first"]),
    (lambda: Network.parse("2-"), ['layers "2-"']),
    (lambda: Network.parse("2--1"), ['layers "2--1"']),
    (lambda: Network.parse("2x3x1"), ['layers "2x3x1"']),
    (lambda: Network.parse("2-3.5-1"), ['layers "2-3.5-1"']),
    (lambda: Network.parse("2-0-1"), ["units", "from 1 up", "0"]),
    (lambda: Network.parse(None), ['layers "None"']),  # type: ignore[arg-type]
    (lambda: Network.from_json([]), ["network", "table of settings"]),  # type: ignore[arg-type]
    (lambda: Network.from_json({"inputs": 2}), ["network", "list of layers"]),
    (lambda: Network.from_json({"layers": [{"units": 1}]}), ["network", '"inputs" is missing']),
    (from_json(layers="2-2"), ["network", "list of layers"]),
    (from_json(layers=[]), ["layers", "at least one"]),
    (from_json(layers=[{"units": 3}, {"activation": "tanh"}]), ["layer 2", '"units" is missing']),
    (from_json(layers=[3]), ["layer 1", "table of settings", "3"]),
    (from_json(layers=[{"units": 3, "activaton": "tanh"}]), ["key of layer 1", 'did you mean "activation"?']),
    (from_json(los="x"), ['unknown key of network "los"', 'did you mean "loss"?']),
    (from_json(inputs="2"), ["inputs", "'2'"]),
    (from_json(l2=None), ["l2", "None"]),
    (from_json(reduction=["mean"]), ["unknown reduction"]),
]


@pytest.mark.parametrize(("make", "expected"), BAD)
def test_bad_descriptions(make: Callable[[], object], expected: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        make()
    for part in expected:
        assert part in str(raised.value)
