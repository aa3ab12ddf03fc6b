"""Gradients of PyTorch modules."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.network.losses import LOSSES
from tests.check.networks import LOSS_NAMES, targets
from tests.check.slips import MODEL, X, Y

torch = pytest.importorskip("torch")

FUNCTIONS = {
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
    "leaky_relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU,
    "selu": torch.nn.SELU,
    "gelu": torch.nn.GELU,
    "silu": torch.nn.SiLU,
    "mish": torch.nn.Mish,
    "softplus": torch.nn.Softplus,
    "softmax": lambda: torch.nn.Softmax(dim=1),
}
LAST = {"poisson": "exp", "binary_cross_entropy": "sigmoid", "perceptron": "step"}
LAST |= {name: "softmax" for name in LOSS_NAMES if LOSSES[name.split("(")[0]].of_classes}


def module_of(network: cp.Network, **changed: Any) -> Any:
    """The same layers in PyTorch, without the last activation where the loss takes net inputs."""
    functions = FUNCTIONS | changed
    parts = []
    for inputs, layer in zip(network.sizes, network.layers, strict=False):
        parts.append(torch.nn.Linear(inputs, layer.units, bias=layer.bias != "none"))
        if layer.activation in functions and not (layer is network.layers[-1] and network.joint_pair):
            parts.append(functions[layer.activation]())
    return torch.nn.Sequential(*parts)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("bias", ["unit", "layer", "none"])
@pytest.mark.parametrize("hidden", FUNCTIONS)
def test_activations(hidden: str, bias: str, dtype: str) -> None:
    network = cp.Network.parse("3-5-4-2", hidden=hidden, output="sigmoid", bias=bias, l2=0.1, reduction="sum")
    model = cp.Model.initialized(network, "normal", scale=2.0, seed=2, dtype=dtype)
    report = cp.check_gradients(model, X, Y, module=module_of(network))
    assert report.ok and report.note is None and report.subject == "the PyTorch module", str(report)
    assert len(report.of("right")) > 20


@pytest.mark.parametrize(("dtype", "scale"), [("float32", 2.0), ("float64", 6.0)])
def test_tail_of_gelu(dtype: str, scale: float) -> None:
    """1 + erf(z / √2) leaves nothing of the tail, where clearprop's own has all digits: no fault of the gradient."""
    network = cp.Network.parse("3-5-4-2", hidden="gelu", output="sigmoid", reduction="sum")
    for seed in range(5):
        model = cp.Model.initialized(network, "normal", scale=scale, seed=seed, dtype=dtype)
        assert cp.check_gradients(model, X, Y, module=module_of(network)).ok


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_losses(loss: str) -> None:
    network = cp.Network(3, [cp.Dense(4, "tanh"), cp.Dense(2, LAST.get(loss, "identity"))], loss, l1=0.01)
    model = cp.Model.initialized(network, seed=4)
    Y = targets(loss, np.random.default_rng(3), len(X), 2)
    assert cp.check_gradients(model, X, Y, module=module_of(network), sample_weight=[1.0, 0.5, 0.0, 2.0]).ok


def test_a_loss_of_its_own() -> None:
    network = cp.Network.parse("3-4-3", output="softmax", loss="cross_entropy", l2=0.1)
    model, classes = cp.Model.initialized(network, seed=1), [0, 2, 1, 1]
    module = module_of(network)
    right = cp.check_gradients(model, X, classes, module=module, module_loss=torch.nn.CrossEntropyLoss())
    assert right.ok
    summed = torch.nn.CrossEntropyLoss(reduction="sum")
    wrong = cp.check_gradients(model, X, classes, module=module, module_loss=summed)
    assert wrong.cause == "W2 and b2: summed over the batch, not averaged: 4 times too large"


def test_another_activation_is_found() -> None:
    report = cp.check_gradients(MODEL, X, Y, module=module_of(MODEL.network, sigmoid=torch.nn.Tanh))
    assert report.first_wrong_layer == 3
    assert report.note is not None and "look at its way forward first" in str(report)


def test_a_way_back_that_is_cut_off() -> None:
    class Detached(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = (torch.nn.Linear(*size) for size in ((3, 4), (4, 4), (4, 2)))

        def forward(self, x: Any) -> Any:
            hidden = torch.sigmoid(self.second(torch.sigmoid(self.first(x)).detach()))
            return torch.sigmoid(self.third(hidden))

    report = cp.check_gradients(MODEL, X, Y, module=Detached())
    assert report.first_wrong_layer == 1 and report.cause == "W1 and b1: all are 0"


def test_the_module_stays_as_it_is() -> None:
    module = torch.nn.Sequential(module_of(MODEL.network), torch.nn.Dropout(0.5))
    module[1].train()
    module[0].eval()
    before = [one.detach().clone() for one in module.parameters()]
    assert cp.check_gradients(MODEL, X, Y, module=module).ok
    assert all(torch.equal(one, was) and one.grad is None for one, was in zip(module.parameters(), before, strict=True))
    assert module.training and module[1].training and not module[0].training


def linear(*sizes: int, **settings: Any) -> Any:
    return torch.nn.Sequential(*(torch.nn.Linear(a, b, **settings) for a, b in pairwise(sizes)))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (3, "module: expected a torch.nn.Module, got 3"),
        (linear(3, 2), "expected 3 Linear layers, got 1"),
        (linear(3, 4, 5, 2), r"layer 2: expected Linear\(4, 4\), got Linear\(4, 5\)"),
        (linear(3, 4, 4, 2, bias=False), "layer 1: the network has a bias there; give its Linear bias=True"),
        (torch.nn.Sequential(linear(3, 4, 4, 2), torch.nn.PReLU()), "1.weight belong to no Linear layer"),
        (
            torch.nn.Sequential(linear(3, 4, 4, 2), torch.nn.Flatten(0)),
            r"expected outputs of shape \(4, 2\), got \(8,\)",
        ),
    ],
)
def test_modules_that_do_not_fit(module: Any, message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.check_gradients(MODEL, X, Y, module=module)


def test_probabilities_where_net_inputs_are_wanted() -> None:
    network = cp.Network.parse("3-2", output="softmax", loss="cross_entropy")
    module = torch.nn.Sequential(module_of(network), torch.nn.Softmax(dim=1))
    with pytest.raises(cp.InputError, match="leave out the softmax at its end, or give module_loss"):
        cp.check_gradients(cp.Model.initialized(network, seed=1), X, [0, 1, 0, 1], module=module)
