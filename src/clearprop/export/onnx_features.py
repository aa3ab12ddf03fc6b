"""Column layers as operators of ONNX: one form for each kind, from some inputs (B, count) to features (B, width)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.export.graph import Graph
from clearprop.network.parameters import Parameters

Form = Callable[[Graph, Mapping[str, Array], str, str], str]
"""From a graph, the layer's parameters, the name of its inputs and a prefix for the names of values."""


def features(graph: Graph, parameters: Parameters, X: str, prefix: str) -> str:
    """The name of what the first layer takes in, (B, width), of the inputs X (B, inputs)."""
    network = parameters.network
    if not network.columns:
        return X
    made, first = [], 0
    for number, (layer, own) in enumerate(zip(network.columns, parameters.columns, strict=True), 1):
        at = f"{prefix}column{number}"
        form = FORMS.get(layer.kind)
        if form is None:
            raise InputError(f'export: the column layer "{layer.kind}" has no form in ONNX yet')
        places = graph.constant(np.arange(first, first + layer.count), f"{at}/places", np.int64)
        made.append(form(graph, own, graph.add("Gather", X, places, to=f"{at}/x", axis=1), at))
        first += layer.count
    together = made[0] if len(made) == 1 else graph.add("Concat", *made, to=f"{prefix}e", axis=1)
    if network.scale is None:
        return together
    scale = graph.constant(parameters.scale, f"{prefix}scale")
    return graph.add("Mul", together, scale, to=f"{prefix}h")


def _plain(graph: Graph, own: Mapping[str, Array], x: str, at: str) -> str:
    return x


def _periodic(graph: Graph, own: Mapping[str, Array], x: str, at: str) -> str:
    """[x, cos(2π·W·x + b)·U + c]."""
    turned = graph.add("Mul", x, graph.constant(2.0 * math.pi, f"{at}/2pi"), to=f"{at}/turned")
    A = graph.add("Cos", _lines(graph, own, turned, at), to=f"{at}/a")
    return _beside(graph, own, x, A, at)


def _piecewise_linear(graph: Graph, own: Mapping[str, Array], x: str, at: str) -> str:
    """[x, (clip(W·x + b, 0, 1) − m)·U]."""
    low, high = graph.constant(0.0, f"{at}/0"), graph.constant(1.0, f"{at}/1")
    come = graph.add("Clip", _lines(graph, own, x, at), low, high, to=f"{at}/come")
    A = graph.add("Sub", come, graph.constant(own["m"], f"{at}/m"), to=f"{at}/a")
    return _beside(graph, own, x, A, at)


def _embedding(graph: Graph, own: Mapping[str, Array], x: str, at: str) -> str:
    """T[x]; the tables of all inputs stand under each other, and each input's numbers begin at its own."""
    T = own["T"]
    starts = graph.constant(np.arange(len(T)) * T.shape[1], f"{at}/starts", np.int64)
    rows = graph.add("Add", graph.cast(x, np.int64, f"{at}/codes"), starts, to=f"{at}/rows")
    found = graph.add("Gather", graph.constant(T.reshape(-1, T.shape[2]), f"{at}/T"), rows, to=f"{at}/v", axis=0)
    return graph.add("Flatten", found, to=f"{at}/e", axis=1)


def _lines(graph: Graph, own: Mapping[str, Array], x: str, at: str) -> str:
    """W·x + b, (B, count, functions)."""
    column = graph.add("Unsqueeze", x, graph.constant([2], f"{at}/axes", np.int64), to=f"{at}/column")
    steep = graph.add("Mul", column, graph.constant(own["W"], f"{at}/W"), to=f"{at}/steep")
    return graph.add("Add", steep, graph.constant(own["b"], f"{at}/b"), to=f"{at}/z")


def _beside(graph: Graph, own: Mapping[str, Array], x: str, A: str, at: str) -> str:
    """[x, A·U + c], the numbers of all inputs side by side."""
    U = graph.constant(own["U"], f"{at}/U")
    V = graph.add("Einsum", A, U, to=f"{at}/v", equation="bjk,jkm->bjm")
    if "c" in own:
        V = graph.add("Add", V, graph.constant(own["c"], f"{at}/c"), to=f"{at}/v")
    return graph.add("Concat", x, graph.add("Flatten", V, to=f"{at}/flat", axis=1), to=f"{at}/e", axis=1)


FORMS: dict[str, Form] = {
    "plain": _plain,
    "periodic": _periodic,
    "piecewise_linear": _piecewise_linear,
    "embedding": _embedding,
}
