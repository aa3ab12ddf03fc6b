"""The gradients of a PyTorch module at a model's parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from clearprop.check.perturbed import Point
from clearprop.engines.base import Array
from clearprop.engines.reference import joined
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.parameters import Parameters
from clearprop.network.penalty import penalty

ModuleLoss = Callable[[Any, Any], Any]


def module_gradients(
    model: Model, point: Point, module: Any, loss: ModuleLoss | None
) -> tuple[Parameters, np.dtype[Any], str | None]:
    """∂J/∂w of a module whose Linear layers have a model's parameters; the module itself stays as it is.

    The way back through the module is PyTorch's. It begins with `loss`, a function of (outputs, targets), or without
    one with the derivative of the network's own loss. The penalties R, which no loss of PyTorch has, are added.

    Args:
        point: the model's parameters and the samples in float64.

    Returns:
        The gradients, their float type, and a note where the outputs are not the network's.

    Raises:
        InputError: PyTorch is not there, or the layers or the outputs are not those of the network.
    """
    if model.network.columns:
        raise InputError("module: column layers have no counterpart among Linear layers; check an engine's gradients")
    torch = _torch()
    given = _tensors(torch, module, model)
    like = next(iter(given.values()))
    X = torch.as_tensor(point.samples.X, dtype=like.dtype, device=like.device)
    with _evaluating(module):
        outputs = torch.func.functional_call(module, given, (X,))
    if tuple(outputs.shape) != point.outputs.shape:
        raise InputError(f"module: expected outputs of shape {point.outputs.shape}, got {tuple(outputs.shape)}")
    values, close = _array(outputs), float(np.sqrt(np.finfo(model.dtype).eps))
    if loss is None:
        dE = torch.as_tensor(_own_gradient(point, values, close), dtype=like.dtype, device=like.device)
        found = torch.autograd.grad(outputs, list(given.values()), dE, allow_unused=True)
    else:
        Y = torch.as_tensor(point.samples.Y, device=like.device)
        E = loss(outputs, Y.to(like.dtype) if Y.is_floating_point() else Y)
        found = torch.autograd.grad(E, list(given.values()), allow_unused=True)
    pairs = zip(given.values(), found, strict=True)
    arrays = [np.zeros(tuple(one.shape)) if dw is None else _array(dw) for one, dw in pairs]
    return _gradients(point, arrays), np.dtype(model.dtype), _note(point, values, close)


def _torch() -> Any:
    try:
        return import_module("torch")
    except ImportError:
        raise InputError('module: PyTorch is not installed; pip install "clearprop[torch]"') from None


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Without dropout, as gradients are computed here; each part is then put back as it was."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def _tensors(torch: Any, module: Any, model: Model) -> dict[str, Any]:
    """The model's parameters under the names of the module's, weights (O, I), a layer's one bias once a unit."""
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"module: expected a torch.nn.Module, got {module!r}")
    linear = [(name, part) for name, part in module.named_modules() if isinstance(part, torch.nn.Linear)]
    network = model.network
    if len(linear) != len(network.layers):
        raise InputError(f"module: expected {len(network.layers)} Linear layers, got {len(linear)}")
    tensors = {}
    for number, (name, part) in enumerate(linear):
        W, b = model.parameters.weights[number], model.parameters.biases[number]
        sizes = (part.in_features, part.out_features)
        if sizes != W.shape:
            raise InputError(f"module, layer {number + 1}: expected Linear{W.shape}, got Linear{sizes}")
        if (part.bias is None) != (len(b) == 0):
            has, mend = ("no bias", "bias=False") if len(b) == 0 else ("a bias", "bias=True")
            raise InputError(f"module, layer {number + 1}: the network has {has} there; give its Linear {mend}")
        start = f"{name}." if name else ""
        arrays = {f"{start}weight": W.T} | ({f"{start}bias": np.broadcast_to(b, W.shape[1])} if len(b) else {})
        for key, array in arrays.items():
            tensors[key] = torch.tensor(array.copy(), device=part.weight.device, requires_grad=True)
    others = [name for name, _ in module.named_parameters() if name not in tensors]
    if others:
        raise InputError(f"module: {', '.join(others)} belong to no Linear layer, so the network has nothing like it")
    return tensors


def _own_gradient(point: Point, outputs: Array, close: float) -> Array:
    """∂E/∂outputs by the network's own loss, of net inputs where it is computed from these."""
    network = point.parameters.network
    if network.joint_pair is not None and _difference(outputs, point.outputs) < close:
        last = network.layers[-1].activation
        raise InputError(
            f'module: it gives the outputs of "{last}"; "{network.loss}" is computed from the net inputs: '
            f"leave out the {last} at its end, or give module_loss"
        )
    return joined(network, outputs, outputs, point.samples)[1]


def _note(point: Point, outputs: Array, close: float) -> str | None:
    apart = min(_difference(outputs, own) for own in (point.outputs, point.net_inputs[-1]))
    if apart < close:
        return None
    return f"the module's outputs are not the network's (up to {apart:.2g} apart): look at its way forward first"


def _difference(outputs: Array, own: Array) -> float:
    return float((np.abs(outputs - own) / np.maximum(1.0, np.abs(own))).max())


def _gradients(point: Point, arrays: list[Array]) -> Parameters:
    """Gradients as the module has them, in the network's form, and with those of the penalties."""
    network = point.parameters.network
    gradients = Parameters(network, np.zeros(network.parameter_count))
    left = iter(arrays)
    for number, W in enumerate(point.parameters.weights):
        gradients.weights[number][...] = next(left).T + penalty(W, network.l1, network.l2)[1]
        b = gradients.biases[number]
        if len(b):
            db = next(left)
            b[...] = db.sum() if network.layers[number].bias == "layer" else db
    return gradients


def _array(tensor: Any) -> Array:
    array: Array = tensor.detach().cpu().double().numpy()
    return array
