"""Activations as operators of ONNX: one form for each entry of the registry.

Where an operator of the activation's name has no float64 in onnxruntime, or takes its number as float32 whatever the
graph computes in, the form is made of those that do.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from clearprop.errors import InputError
from clearprop.export.graph import Graph
from clearprop.network.activations import Activation

Form = Callable[..., str]
"""From a graph, the net inputs' name, a prefix for the names of values, and the number of those that take one."""


def activated(graph: Graph, function: Activation, z: str, at: str) -> str:
    """The name of A = f(Z); an activation without a form is an `InputError`."""
    form = FORMS.get(function.kind)
    if form is None:
        raise InputError(f'export: the activation "{function.name}" has no form in ONNX yet')
    return form(graph, z, at, *function.numbers)


def _operator(name: str, **attributes: int) -> Form:
    return lambda graph, z, at: graph.add(name, z, to=f"{at}/a", **attributes)


def _step(graph: Graph, z: str, at: str) -> str:
    return graph.cast(
        graph.add("GreaterOrEqual", z, graph.constant(0.0, f"{at}/0"), to=f"{at}/fires"), graph.real, f"{at}/a"
    )


def _leaky_relu(graph: Graph, z: str, at: str, slope: float) -> str:
    return _where_positive(graph, z, z, graph.add("Mul", z, graph.constant(slope, f"{at}/slope"), to=f"{at}/leak"), at)


def _elu(graph: Graph, z: str, at: str, alpha: float, scale: float = 1.0) -> str:
    """scale · (z if z > 0 else alpha · (exp(min(z, 0)) − 1))."""
    low = graph.add("Min", z, graph.constant(0.0, f"{at}/0"), to=f"{at}/low")
    less = graph.add("Sub", graph.add("Exp", low, to=f"{at}/exp"), graph.constant(1.0, f"{at}/1"), to=f"{at}/less")
    tail = graph.add("Mul", less, graph.constant(scale * alpha, f"{at}/alpha"), to=f"{at}/tail")
    line = z if scale == 1.0 else graph.add("Mul", z, graph.constant(scale, f"{at}/scale"), to=f"{at}/line")
    return _where_positive(graph, z, line, tail, at)


def _selu(graph: Graph, z: str, at: str) -> str:
    return _elu(graph, z, at, alpha=1.6732632423543772, scale=1.0507009873554805)


def _gelu(graph: Graph, z: str, at: str) -> str:
    """z · ½(1 + erf(z/√2)); onnxruntime has erf in float32 only, to about 1e-7."""
    argument = graph.add("Mul", z, graph.constant(math.sqrt(0.5), f"{at}/root"), to=f"{at}/argument")
    if graph.real == np.float32:
        erf = graph.add("Erf", argument, to=f"{at}/erf")
    else:
        single = graph.cast(argument, np.float32, f"{at}/single")
        erf = graph.cast(graph.add("Erf", single, to=f"{at}/erf"), graph.real, f"{at}/double")
    twice = graph.add("Add", erf, graph.constant(1.0, f"{at}/1"), to=f"{at}/twice")
    share = graph.add("Mul", twice, graph.constant(0.5, f"{at}/half"), to=f"{at}/share")
    return graph.add("Mul", z, share, to=f"{at}/a")


def _silu(graph: Graph, z: str, at: str) -> str:
    return graph.add("Mul", z, graph.add("Sigmoid", z, to=f"{at}/sigmoid"), to=f"{at}/a")


def _mish(graph: Graph, z: str, at: str) -> str:
    grown = graph.add("Tanh", _softplus(graph, z, f"{at}/softplus"), to=f"{at}/tanh")
    return graph.add("Mul", z, grown, to=f"{at}/a")


def _softplus(graph: Graph, z: str, at: str) -> str:
    """max(z, 0) + log(1 + exp(−|z|)), which cannot overflow."""
    shrunk = graph.add("Exp", graph.add("Neg", graph.add("Abs", z, to=f"{at}/size"), to=f"{at}/minus"), to=f"{at}/exp")
    rest = graph.add("Log", graph.add("Add", shrunk, graph.constant(1.0, f"{at}/1"), to=f"{at}/sum"), to=f"{at}/log")
    return graph.add("Add", graph.add("Relu", z, to=f"{at}/line"), rest, to=f"{at}/a")


def _where_positive(graph: Graph, z: str, above: str, below: str, at: str) -> str:
    positive = graph.add("Greater", z, graph.constant(0.0, f"{at}/0"), to=f"{at}/positive")
    return graph.add("Where", positive, above, below, to=f"{at}/a")


FORMS: dict[str, Form] = {
    "identity": lambda graph, z, at: z,
    "step": _step,
    "sigmoid": _operator("Sigmoid"),
    "tanh": _operator("Tanh"),
    "relu": _operator("Relu"),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": _silu,
    "mish": _mish,
    "softplus": _softplus,
    "exp": _operator("Exp"),
    "softmax": _operator("Softmax", axis=1),
}
