"""Column layers as modules of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.errors import InputError

torch = pytest.importorskip("torch")
columns = pytest.importorskip("clearprop.network.columns")

from tests.export.test_onnx_features import of_kind, random_model, rows  # noqa: E402
from tests.export.test_pytorch import built  # noqa: E402


@pytest.mark.parametrize("kind", sorted(columns.COLUMN_LAYERS))
def test_every_kind_and_its_gradients(kind, tmp_path):
    layers = [of_kind(kind), columns.Plain(2)]
    model = random_model(layers, "float64")
    X = rows(model.network.columns, "float64")
    Y = np.random.default_rng(3).normal(size=(len(X), 2))
    module = cp.export.to_pytorch(model)
    outputs = module(torch.tensor(X))
    np.testing.assert_allclose(outputs.detach().numpy(), model.predict(X, engine="reference"), rtol=1e-9, atol=1e-12)
    (0.5 * ((outputs - torch.tensor(Y)) ** 2).sum(dim=1).mean()).backward()
    _, gradients = model.loss_and_gradients(X, Y, engine="reference")
    for name, gradient in gradients.columns[0].items():
        if name not in layers[0].frozen:
            found = getattr(module[0].parts[0], name).grad.numpy()
            np.testing.assert_allclose(found, gradient, rtol=1e-7, atol=1e-11)
    np.testing.assert_allclose(module[0].scale.grad.numpy(), gradients.scale, rtol=1e-7, atol=1e-11)

    cp.export.write_pytorch(model, tmp_path / "net.py")
    assert torch.equal(built(tmp_path / "net.py")(torch.tensor(X)), outputs)


def test_a_kind_without_a_module_is_refused(monkeypatch):
    from clearprop.export import pieces

    monkeypatch.delitem(pieces.COLUMN_MODULES, "periodic")
    with pytest.raises(InputError, match='column layer "periodic" has no module of PyTorch yet'):
        cp.export.to_pytorch(random_model([of_kind("periodic")], "float32"))
