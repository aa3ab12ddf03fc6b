"""Column layers: their values by hand, their gradients by a complex step, and what a network asks of them."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import step, value
from clearprop.network.column_values import bins, start_columns
from clearprop.network.columns import COLUMN_LAYERS, ColumnLayer, Embedding, Periodic, PiecewiseLinear, Plain
from clearprop.network.parameters import Parameters

H = 1e-20
LAYERS: list[ColumnLayer] = [
    Plain(2),
    Periodic(2, outputs=2, frequencies=3),
    PiecewiseLinear(2, outputs=2, bins=4),
    Embedding(2, categories=3, outputs=2),
]


def inputs(layers: list[ColumnLayer], rows: int, rng: np.random.Generator) -> Array:
    parts = [
        rng.integers(0, layer.categories, (rows, layer.count))
        if isinstance(layer, Embedding)
        # between the corners of the bins, where a slope is one number
        else rng.uniform(-2.5, 2.5, (rows, layer.count))
        for layer in layers
    ]
    return np.concatenate(parts, axis=1).astype(np.float64)


def random_network(layers: list[ColumnLayer], scale: bool, seed: int) -> tuple[Parameters, Samples]:
    rng = np.random.default_rng(seed)
    network = cp.Network(
        sum(layer.count for layer in layers),
        [cp.Dense(4, "tanh"), cp.Dense(2, "identity")],
        l2=0.1,
        columns=layers,
        scale=cp.Scale() if scale else None,
    )
    parameters = Parameters(network, rng.normal(0.0, 0.5, network.parameter_count))
    parameters.flat[len(parameters.flat) - network.scale_size :] += 1.0
    return parameters, Samples(inputs(layers, 5, rng), rng.normal(size=(5, 2)))


def test_every_column_layer_is_tried() -> None:
    assert {type(layer) for layer in LAYERS} == set(COLUMN_LAYERS.values())


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("layers", [[layer] for layer in LAYERS] + [LAYERS], ids=lambda layers: layers[0].kind)
def test_gradients_are_those_of_a_complex_step(layers: list[ColumnLayer], scale: bool) -> None:
    parameters, samples = random_network(layers, scale, seed=len(layers))
    _, _, gradients = step(parameters, samples)
    for place in range(len(parameters.flat)):
        moved = parameters.flat.astype(complex)
        moved[place] += 1j * H
        expected = value(Parameters(parameters.network, moved), samples).imag / H
        assert gradients.flat[place] == pytest.approx(expected, rel=1e-12, abs=1e-15), place


def test_what_is_frozen_stays_and_the_rest_moves() -> None:
    parameters, samples = random_network(LAYERS, True, seed=3)
    model = cp.Model.of(parameters)
    trained = cp.train(model, samples.X, samples.Y, optimizer=cp.Adam(0.1), epochs=3, engine="reference").model
    for layer, before, after in zip(LAYERS, parameters.columns, trained.parameters.columns, strict=True):
        for name in before:
            moved = not np.array_equal(before[name], after[name])
            assert moved == (name not in layer.frozen), (layer.kind, name)
    assert not np.array_equal(parameters.scale, trained.parameters.scale)


def test_decay_and_penalties_are_for_weights_of_layers_alone() -> None:
    parameters, _ = random_network(LAYERS, True, seed=1)
    mask = parameters.are_weights()
    assert mask.sum() == sum(W.size for W in parameters.weights)
    assert mask[: parameters.weights[0].size].all()


def test_bins_lie_between_quantiles() -> None:
    rows = np.linspace(0.0, 8.0, 9)[:, None]
    found = bins(rows, PiecewiseLinear(1, bins=4))
    assert found["W"].tolist() == [[0.5] * 4]
    assert found["b"].tolist() == [[0.0, -1.0, -2.0, -3.0]]
    expected = [np.clip(0.5 * rows[:, 0] + b, 0, 1).mean() for b in found["b"][0]]
    assert found["m"][0] == pytest.approx(expected)


def test_a_bin_in_which_nothing_lies_is_0() -> None:
    rows = np.array([[0.0]] * 9 + [[1.0]])
    found = bins(rows, PiecewiseLinear(1, bins=4))
    assert (found["W"] == 0).any() and np.isfinite(found["W"]).all()
    assert (found["b"][found["W"] == 0] == 0).all() and (found["m"][found["W"] == 0] == 0).all()


def test_a_bin_too_narrow_for_float32_is_0() -> None:
    rows = np.array([[0.0]] * 4 + [[1e-40]] * 4 + [[1.0]] * 4)
    found = bins(rows, PiecewiseLinear(1, bins=8))
    with np.errstate(over="raise"):
        W = found["W"].astype(np.float32)
    assert np.isfinite(W).all() and (W > 0).any()


def test_the_start_is_a_function_of_the_seed() -> None:
    network = random_network(LAYERS, True, seed=0)[0].network
    first, again, other = (Parameters(network, np.zeros(network.parameter_count)) for _ in range(3))
    for parameters, seed in ((first, 1), (again, 1), (other, 2)):
        start_columns(parameters, seed)
    assert np.array_equal(first.flat, again.flat) and not np.array_equal(first.flat, other.flat)
    assert (first.scale == 1).all()
    assert np.abs(first.columns[1]["b"]).max() <= np.pi and np.abs(first.columns[1]["U"]).max() <= 0.25


def test_json_and_back() -> None:
    network = random_network(LAYERS, True, seed=0)[0].network
    assert cp.Network.from_json(network.to_json()) == network
    assert "columns" not in cp.Network.parse("2-1").to_json()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"columns": [Plain(2)]}, "they take 2 inputs, the network has 3"),
        ({"columns": [cp.Dense(2)]}, "column layer 1: expected one such as Periodic"),
        ({"columns": 3}, "columns: expected a list"),
        ({"scale": 2.0}, "scale: expected Scale"),
    ],
)
def test_what_does_not_fit(settings: dict[str, object], message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.Network(3, [cp.Dense(1)], **settings)  # type: ignore[arg-type]


def test_a_scale_alone_takes_the_inputs_as_they_are() -> None:
    assert cp.Network(3, [cp.Dense(1)], scale=cp.Scale()).columns == (Plain(3),)


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize(("dtype", "most"), [("float32", 2.0**23), ("float64", 2.0**52)])
def test_numbers_so_far_out_that_no_wave_tells_them_apart(dtype: str, most: float, engine: str) -> None:
    net = cp.Network(2, [cp.Dense(1)], columns=[Plain(1), Periodic(1)])
    model = cp.Model.initialized(net, dtype=dtype)
    assert np.isfinite(model.predict([[0.0, most], [0.0, -most]], engine=engine)).all()
    for far in (1.01 * most, -1e37):
        X = [[0.0, 0.0], [0.0, far]]
        told = r"X\[1, 1\] is .*: a periodic layer takes numbers of float(32|64) from -.* to .*; scale its inputs first"
        with pytest.raises(cp.InputError, match=told):
            model.predict(X, engine=engine)
        with pytest.raises(cp.InputError, match=told):
            cp.train(model, X, [[0.0], [1.0]], optimizer=cp.SGD(0.1), engine=engine)


@pytest.mark.parametrize("wrong", [-1.0, 3.0, 0.5])
def test_what_is_no_category(wrong: float) -> None:
    net = cp.Network(2, [cp.Dense(1)], columns=[Plain(1), Embedding(1, categories=3)])
    with pytest.raises(cp.InputError, match=r"X\[1, 1\] is .*: expected the number of a category, from 0 to 2"):
        cp.Model.initialized(net).predict([[0.0, 0.0], [0.0, wrong]], engine="reference")


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"kind": "periodc"}, 'did you mean "periodic"'),
        ({"kind": "plain", "counts": 2}, 'did you mean "count"'),
        ({"kind": "plain", "count": 0}, "count: expected"),
        (["plain"], "expected a table of settings"),
    ],
)
def test_descriptions_that_are_wrong(description: object, message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.Network.from_json({"inputs": 1, "layers": [{"units": 1}], "columns": [description]})
