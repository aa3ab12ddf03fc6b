"""Models as modules of PyTorch and back, and the files that build them."""

from __future__ import annotations

import importlib.util
import pickle
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.ensemble import Ensemble
from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS
from tests.export.test_onnx import NUMBERS, random_model

torch = pytest.importorskip("torch")
nn = torch.nn


def random_network(rng):
    """Any network with a smooth enough loss: two to four layers of any activation, bias and dropout."""
    hidden = [name for name in ACTIVATIONS if name not in ("step", "exp")] + list(NUMBERS.values())
    sizes = rng.integers(1, 7, size=rng.integers(2, 5))
    layers = [
        cp.Dense(int(size), str(rng.choice(hidden)), str(rng.choice(["unit", "layer", "none"]))) for size in sizes[:-1]
    ]
    last, loss = [
        ("identity", "half_squared_error"),
        ("tanh", "half_squared_error"),
        ("softmax", "cross_entropy"),
        ("sigmoid", "binary_cross_entropy"),
    ][rng.integers(4)]
    return cp.Network(int(rng.integers(1, 7)), [*layers, cp.Dense(int(sizes[-1]), last)], loss)


def torch_loss(network, outputs, Y):
    if network.loss == "cross_entropy":
        return -(Y * outputs.log()).sum(dim=1).mean()
    if network.loss == "binary_cross_entropy":
        return -(Y * outputs.log() + (1 - Y) * (1 - outputs).log()).sum(dim=1).mean()
    return 0.5 * ((outputs - Y) ** 2).sum(dim=1).mean()


@pytest.mark.parametrize("seed", range(50))
def test_gradients_are_those_of_autograd(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    model = cp.Model.initialized(network, "normal", scale=0.7, seed=seed)
    X, Y = rng.normal(size=(11, network.inputs)), rng.random(size=(11, network.outputs))
    module = cp.export.to_pytorch(model)
    outputs = module(torch.tensor(X))
    np.testing.assert_allclose(outputs.detach().numpy(), model.predict(X), rtol=1e-9, atol=1e-12)
    torch_loss(network, outputs, torch.tensor(Y)).backward()
    _, gradients = model.loss_and_gradients(X, Y)
    linear = [one for one in module if isinstance(one, nn.Linear)]
    for one, layer, dW, db in zip(linear, network.layers, gradients.weights, gradients.biases, strict=True):
        np.testing.assert_allclose(one.weight.grad.numpy().T, dW, rtol=1e-7, atol=1e-11)
        if layer.bias != "none":
            found = one.bias.grad.numpy()
            np.testing.assert_allclose(found.sum() if layer.bias == "layer" else found, db, rtol=1e-7, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*ACTIVATIONS, *NUMBERS.values()])
def test_there_and_back_is_the_same_model(name, dtype):
    layers = [cp.Dense(5, name, train_bias=False, dropout=0.25), cp.Dense(4, name, "none"), cp.Dense(2, "softmax")]
    model = cp.Model.initialized(cp.Network(3, layers, "cross_entropy"), "normal", scale=0.5, dtype=dtype)
    assert cp.export.from_pytorch(cp.export.to_pytorch(model)) == model


def test_every_activation_has_a_module():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ACTIVATIONS, "sine", replace(ACTIVATIONS["tanh"], name="sine"))
        with pytest.raises(InputError, match='"sine" has no module of PyTorch yet'):
            cp.export.to_pytorch(random_model("sine", "float32"))


def test_a_bias_of_the_whole_layer_stands_once_a_unit():
    model = random_model("relu", "float64", bias="layer")
    model = cp.Model(model.network, model.parameters.weights, [0.5, -0.25, model.parameters.biases[2]])
    module = cp.export.to_pytorch(model)
    assert module[0].bias.tolist() == [0.5] * 6
    back = cp.export.from_pytorch(module)
    X = np.random.default_rng(0).normal(size=(5, 4))
    assert (back.predict(X) == model.predict(X)).all()


def test_what_is_made_is_a_plain_sequential():
    model = cp.Model.initialized(cp.Network(2, [cp.Dense(3, "relu", dropout=0.5), cp.Dense(1, "identity")]))
    state = torch.random.get_rng_state()
    module = cp.export.to_pytorch(model)
    assert [type(one).__name__ for one in module] == ["Linear", "ReLU", "Dropout", "Linear"]
    assert type(module) is nn.Sequential and not module.training
    assert all(parameter.requires_grad and parameter.dtype == torch.float64 for parameter in module.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)
    with torch.no_grad():
        module[0].weight += 1.0
    assert cp.export.to_pytorch(model)[0].weight.tolist() != module[0].weight.tolist()


def test_modules_of_ours_can_be_pickled_by_who_wants_to():
    module = cp.export.to_pytorch(random_model("step", "float32"))
    assert type(pickle.loads(pickle.dumps(module))[1]).__name__ == "Step"


@pytest.mark.parametrize(("last", "temperature"), [("identity", 1.0), ("softmax", 0.3), ("sigmoid", 3.0)])
def test_an_ensemble(last, temperature):
    ensemble = Ensemble([random_model("mish", "float64", seed, last) for seed in range(3)], temperature)
    X = np.random.default_rng(0).normal(size=(5, 4))
    outputs = cp.export.to_pytorch(ensemble)(torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(outputs, ensemble.predict(X), rtol=1e-12)


def test_a_last_linear_takes_the_activation_that_its_loss_takes_for_it():
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    assert cp.export.from_pytorch(module).network.loss == "half_squared_error"
    model = cp.export.from_pytorch(module, loss="cross_entropy", output="softmax")
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    shares = module(torch.tensor(X)).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(model.predict(X), shares, rtol=1e-5)
    with pytest.raises(InputError, match='needs "softmax" as the last activation'):
        cp.export.from_pytorch(module, loss="cross_entropy")


def test_a_sequential_in_a_sequential():
    inner = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    model = cp.export.from_pytorch(nn.Sequential(inner, nn.Sequential(nn.Linear(4, 1, bias=False), nn.Identity())))
    assert [(layer.units, layer.activation, layer.bias) for layer in model.network.layers] == [
        (4, "relu", "unit"),
        (1, "identity", "none"),
    ]


REFUSED = {
    "module 1: BatchNorm1d is not known; fold it": lambda: nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)),
    "module 0.1: PReLU is not known; LeakyReLU": lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.PReLU())),
    "module 0: Conv1d is not known. Known: Dropout, ELU": lambda: nn.Sequential(nn.Conv1d(2, 3, 1)),
    "module 1: LogSoftmax is not known; end with": lambda: nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(dim=1)),
    "module 1: GELU with approximate='tanh': expected 'none'": lambda: nn.Sequential(nn.Linear(2, 3), nn.GELU("tanh")),
    "module 1: Softplus with beta=2": lambda: nn.Sequential(nn.Linear(2, 3), nn.Softplus(beta=2)),
    "module 1: Softmax with dim=0: expected 1 or -1": lambda: nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=0)),
    "module 0: ReLU follows no Linear": lambda: nn.Sequential(nn.ReLU(), nn.Linear(2, 3)),
    "module 2: Tanh follows another activation": lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Tanh()),
    "module 1: Linear takes 4 inputs, the Linear before it gives 3": lambda: nn.Sequential(
        nn.Linear(2, 3), nn.Linear(4, 1)
    ),
    "module 0: Dropout of the inputs": lambda: nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 3)),
    "float32 or float64 throughout, got bfloat16": lambda: nn.Sequential(nn.Linear(2, 3, dtype=torch.bfloat16)),
    "throughout, got float32, float64": lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1, dtype=torch.float64)),
    "there is no Linear module": lambda: nn.Sequential(),
    "expected a torch.nn.Sequential, got Linear": lambda: nn.Linear(2, 3),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_not_known_is_named(message):
    with pytest.raises(InputError, match=re.escape(message)):
        cp.export.from_pytorch(REFUSED[message]())


def built(path):
    """What build() of a file gives."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build()


@pytest.mark.parametrize("name", ["step", "exp", "softplus", "leaky_relu(0.2)", "identity"])
def test_the_written_file_builds_the_module(name, tmp_path):
    model = random_model(name, "float64")
    weights = cp.export.write_pytorch(model, tmp_path / "net.py")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["net.py", weights.name]
    X = torch.tensor(np.random.default_rng(0).normal(size=(5, 4)))
    assert torch.equal(built(tmp_path / "net.py")(X), cp.export.to_pytorch(model)(X))


def test_the_written_file_of_an_ensemble(tmp_path):
    ensemble = Ensemble([random_model(name, "float32", 0, "softmax") for name in ("relu", "exp")], 0.5)
    cp.export.write_pytorch(ensemble, tmp_path / "net.py")
    X = torch.tensor(np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32))
    assert torch.equal(built(tmp_path / "net.py")(X), cp.export.to_pytorch(ensemble)(X))


def test_the_written_file_needs_no_clearprop(tmp_path):
    cp.export.write_pytorch(random_model("exp", "float32"), tmp_path / "net.py")
    code = "import sys; sys.modules['clearprop'] = None; import net; net.build()"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
