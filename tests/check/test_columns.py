"""Gradients of column layers, checked: every parameter, kinks told from errors, and errors that are planted."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.check.places import places
from clearprop.network.columns import ColumnLayer, Embedding, PiecewiseLinear
from tests.explain.columns import LAYERS, MIXED, model, samples


@pytest.mark.parametrize("method", ["complex step", "central differences"])
@pytest.mark.parametrize(
    "layers", [*MIXED, list(LAYERS.values())], ids=lambda layers: "-".join(one.kind for one in layers)
)
def test_every_parameter_is_checked(layers: list[ColumnLayer], method: str) -> None:
    given = model(layers, scale=True)
    report = cp.check_gradients(given, *samples(given, 3), engine="reference", method=method)
    trace = cp.trace(given, *samples(given, 3))
    ids = [trace.text(ref) for whole in trace.given for ref in trace.elements(whole) if whole.parameter]
    assert report.ok and {row.id for row in report.rows} == set(ids)
    assert len(report.rows) == given.network.parameter_count == len(ids)


def test_places_are_those_of_the_flat_vector() -> None:
    given = model(list(LAYERS.values()), scale=True)
    trace = cp.trace(given, *samples(given, 1))
    for place in places(given.network, given.network.parameter_count, seed=0):
        assert trace.value(trace.checked(place.id)) == given.parameters.flat[place.flat]


def test_float32_is_told_from_errors() -> None:
    given = model(list(LAYERS.values()), scale=True)
    own = given.parameters
    single = cp.Model(given.network, own.weights, own.biases, columns=own.columns, scale=own.scale, dtype="float32")
    assert cp.check_gradients(single, *samples(given, 4), engine="reference").ok


def at_kinks() -> cp.Model:
    """Bins from 0 to 1 and from 1 to 3."""
    network = cp.Network(1, [cp.Dense(1, "identity")], columns=[PiecewiseLinear(1, outputs=1, bins=2)])
    columns = [{"W": [[1.0, 0.5]], "b": [[0.0, -0.5]], "m": [[0.5, 0.5]], "U": [[[2.0], [4.0]]]}]
    return cp.Model(network, [[[1.0], [2.0]]], [[0.1]], columns=columns)


@pytest.mark.parametrize("method", ["complex step", "central differences"])
def test_edges_of_bins_are_kinks(method: str) -> None:
    report = cp.check_gradients(at_kinks(), [[1.0], [2.0]], [[0.0], [1.0]], engine="reference", method=method)
    kinks = {row.id for row in report.of("kink")}
    assert report.ok and kinks == {"Wc1[1]", "bc1[1]", "Wc1[2]", "bc1[2]"}
    inside = cp.check_gradients(at_kinks(), [[0.5], [2.0]], [[0.0], [1.0]], engine="reference", method=method)
    assert inside.ok and not inside.of("kink")


@pytest.mark.parametrize("id", ["Wc2", "bc2", "Uc2", "cc2", "Wc3", "Uc3", "mc3", "Tc4", "scale", "W1"])
def test_a_planted_error_is_found(id: str) -> None:
    given = model(list(LAYERS.values()), scale=True)
    X, Y = samples(given, 4)
    right = given.loss_and_gradients(X, Y, engine="reference")[1].named()
    wrong = {**right, id: right[id] * 1.001 + 1e-4}
    assert cp.check_gradients(given, X, Y, gradients=right).ok
    report = cp.check_gradients(given, X, Y, gradients=wrong)
    assert {row.place.array for row in report.of("wrong")} == {id}
    assert report.first_wrong_layer == (1 if id == "W1" else 0)
    where = "1 (W1" if id == "W1" else "the column layers (Wc2"
    assert f"first layer that disagrees, from the output back: {where}" in str(report)


def test_gradients_of_column_layers_are_missed_and_their_shapes_looked_at() -> None:
    given = model([Embedding(1, categories=3, outputs=1)], scale=False)
    X, Y = samples(given, 2)
    named = given.loss_and_gradients(X, Y, engine="reference")[1].named()
    with pytest.raises(cp.InputError, match=r"Tc1 of shape \(1, 3, 1\) is missing"):
        cp.check_gradients(given, X, Y, gradients={key: one for key, one in named.items() if key != "Tc1"})
    with pytest.raises(cp.InputError, match=r"Tc1 has shape \(1, 3, 1\), got \(3,\)"):
        cp.check_gradients(given, X, Y, gradients={**named, "Tc1": np.zeros(3)})


def test_a_module_has_no_column_layers() -> None:
    given = model([Embedding(1)], scale=False)
    with pytest.raises(cp.InputError, match="column layers have no counterpart"):
        cp.check_gradients(given, *samples(given, 2), module=object())
