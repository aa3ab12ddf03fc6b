"""Column layers as graphs of ONNX."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.errors import InputError

pytest.importorskip("onnx")
columns = pytest.importorskip("clearprop.network.columns")

COUNT = 3


def of_kind(kind):
    settings = {"embedding": {"categories": 5, "outputs": 4}}.get(kind, {})
    return columns.COLUMN_LAYERS[kind](COUNT, **settings)


def random_model(layers, dtype, scale=True):
    inputs = sum(layer.count for layer in layers)
    network = cp.Network(
        inputs, [cp.Dense(6, "tanh"), cp.Dense(2, "identity")], columns=layers, scale=columns.Scale() if scale else None
    )
    model = cp.Model.initialized(network, seed=1, dtype=dtype)
    flat = model.parameters.flat + 0.3 * np.random.default_rng(0).normal(size=network.parameter_count)
    return cp.Model.of(type(model.parameters)(network, flat.astype(dtype)))


def rows(layers, dtype):
    """Numbers from -4 to 4, and numbers of categories, as the layers take them."""
    rng = np.random.default_rng(2)
    parts = [
        rng.integers(0, layer.categories, (40, layer.count))
        if layer.kind == "embedding"
        else rng.uniform(-4, 4, (40, layer.count))
        for layer in layers
    ]
    return np.concatenate(parts, axis=1).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", sorted(columns.COLUMN_LAYERS))
def test_every_kind_is_what_the_definition_says(kind, dtype, run):
    for scale in (False, True):
        model = random_model([of_kind(kind)], dtype, scale)
        X = rows(model.network.columns, dtype)
        outputs = run(cp.export.to_onnx(model), {"X": X})["outputs"]
        np.testing.assert_allclose(outputs, model.predict(X, engine="reference"), rtol=1e-5, atol=1e-5)


def test_all_kinds_side_by_side(run):
    model = random_model([of_kind(kind) for kind in sorted(columns.COLUMN_LAYERS)], "float32")
    X = rows(model.network.columns, "float32")
    outputs = run(cp.export.to_onnx(model), {"X": X})["outputs"]
    np.testing.assert_allclose(outputs, model.predict(X, engine="reference"), rtol=1e-5, atol=1e-5)


def test_a_kind_without_a_form_is_refused(monkeypatch):
    from clearprop.export import onnx_features

    monkeypatch.delitem(onnx_features.FORMS, "periodic")
    with pytest.raises(InputError, match='column layer "periodic" has no form in ONNX yet'):
        cp.export.to_onnx(random_model([of_kind("periodic")], "float32"))
