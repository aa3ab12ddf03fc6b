"""Modules of PyTorch as models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clearprop.errors import InputError, needed
from clearprop.export.pieces import COUNTERPARTS
from clearprop.model import Model
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.named import canonical
from clearprop.network.spec import Dense, Network

FITTING = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "step": "perceptron"}
"""The loss that a last activation has where none is named; any other has the half squared error."""

HINTS = {
    "LogSoftmax": 'end with Softmax, or with output="softmax" without either',
    "Hardswish": "SiLU is the smooth one",
    "BatchNorm1d": "fold it into the Linear before it (torch.nn.utils.fusion.fuse_linear_bn_eval)",
    "PReLU": "LeakyReLU has a slope that is not trained",
}


def from_pytorch(sequential: Any, loss: str | None = None, output: str = "identity") -> Model:
    """The model of a `torch.nn.Sequential` of Linear, activation and Dropout modules, also of nested ones.

    Args:
        sequential: the module; it stays as it is, and its values are copied.
        loss: what the model minimises; where none is named, the cross-entropy of a last Softmax, the binary
            cross-entropy of a last Sigmoid, else half the squared error.
        output: the last activation of a module that ends with a Linear, as those do whose loss in PyTorch takes net
            inputs: "softmax" for CrossEntropyLoss, "sigmoid" for BCEWithLogitsLoss, "exp" for PoissonNLLLoss.

    Raises:
        InputError: PyTorch is not installed; a module is not known, or stands where it cannot; the float types are
            mixed, or neither float32 nor float64.
    """
    torch = needed("torch", "torch")
    if not isinstance(sequential, torch.nn.Sequential):
        raise InputError(f"from_pytorch: expected a torch.nn.Sequential, got {type(sequential).__name__}")
    layers: list[Dense] = []
    linear: list[Any] = []
    closed = True  # whether the layer has its activation
    for place, module in _flat(torch, sequential, ""):
        kind = type(module).__name__
        if type(module) is torch.nn.Linear:
            _check_chain(place, module, linear)
            layers.append(_dense(module))
            linear.append(module)
            closed = False
        elif type(module) is torch.nn.Dropout:
            if not layers:
                raise InputError(f"{place}: Dropout of the inputs has no counterpart; leave it out")
            kept = (1.0 - layers[-1].dropout) * (1.0 - module.p)
            layers[-1], closed = replace(layers[-1], dropout=1.0 - kept), True
        else:
            name = _activation(place, module)
            if name == "identity":
                continue
            if closed:
                where = "follows no Linear" if not layers else "follows another activation, or a Dropout"
                raise InputError(f"{place}: {kind} {where}; a layer is a Linear, one activation, then Dropout")
            layers[-1], closed = replace(layers[-1], activation=name), True
    if not layers:
        raise InputError("from_pytorch: there is no Linear module in it")
    if output != "identity":
        if layers[-1].activation != "identity":
            raise InputError(f'output "{output}": the module ends with {layers[-1].activation} already')
        layers[-1] = replace(layers[-1], activation=output)
    last = layers[-1].activation
    network = Network(linear[0].in_features, layers, loss or FITTING.get(last, "half_squared_error"))
    biases = [None if module.bias is None else _numbers(module.bias) for module in linear]
    return Model(network, [_numbers(module.weight).T for module in linear], biases, dtype=_dtype(linear))


def _flat(torch: Any, sequential: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """The modules in order, with the place of each, "module 1.0"."""
    for name, module in sequential.named_children():
        if type(module) is torch.nn.Sequential:
            yield from _flat(torch, module, f"{prefix}{name}.")
        else:
            yield f"module {prefix}{name}", module


def _dense(module: Any) -> Dense:
    has_bias = module.bias is not None
    return Dense(
        module.out_features,
        "identity",
        "unit" if has_bias else "none",
        train_bias=bool(module.bias.requires_grad) if has_bias else True,
    )


def _check_chain(place: str, module: Any, before: list[Any]) -> None:
    if before and before[-1].out_features != module.in_features:
        raise InputError(
            f"{place}: Linear takes {module.in_features} inputs, the Linear before it gives {before[-1].out_features}"
        )


def _activation(place: str, module: Any) -> str:
    kind = type(module).__name__
    for name, counterpart in COUNTERPARTS.items():
        if counterpart.module != kind:
            continue
        for option, values in counterpart.alike.items():
            if getattr(module, option) not in values:
                known = " or ".join(repr(value) for value in values)
                raise InputError(f"{place}: {kind} with {option}={getattr(module, option)!r}: expected {known}")
        number = None if counterpart.number is None else float(getattr(module, counterpart.number))
        return canonical(name, ACTIVATIONS[name].parameter, number)
    known = ", ".join(sorted({"Linear", "Dropout", "Sequential", *(one.module for one in COUNTERPARTS.values())}))
    hint = f"; {HINTS[kind]}" if kind in HINTS else ""
    raise InputError(f"{place}: {kind} is not known{hint}. Known: {known}")


def _dtype(linear: list[Any]) -> str:
    kinds = sorted({str(values.dtype).removeprefix("torch.") for module in linear for values in module.parameters()})
    if len(kinds) != 1 or kinds[0] not in ("float32", "float64"):
        raise InputError(f"from_pytorch: expected float32 or float64 throughout, got {', '.join(kinds)}")
    return kinds[0]


def _numbers(values: Any) -> Any:
    return values.detach().cpu().double().numpy()
