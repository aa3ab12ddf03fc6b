"""A model, an ensemble or a table model as one graph of ONNX."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop import __version__
from clearprop.container import replacing
from clearprop.export.graph import ML, Graph
from clearprop.export.members import Exported, parts
from clearprop.export.onnx_activations import activated
from clearprop.export.onnx_features import features
from clearprop.model import Model

if TYPE_CHECKING:
    from clearprop.artefact import TableModel
    from clearprop.table import Target

OPSET, ML_OPSET = 26, 5
"""Of ONNX and of its operators for tables."""


def to_onnx(model: Model | TableModel | Any, path: str | os.PathLike[str] | None = None) -> Any:
    """The model of ONNX that predicts what `model.predict` does, and its file where a path is given.

    A Model or an Ensemble has one input, `X` (B, inputs), and one output, `outputs` (B, outputs), both of its float
    type. A TableModel has one input a column of the table, (B, 1), by the column's name:

    - number: float64, NaN where missing;
    - boolean: float64, 1 true, 0 false, NaN missing;
    - category: a text as `clearprop` writes the category (3 and 3.0 are "3", truth values "true" and "false"); the
      empty text is missing, and so are "NA" and the others that say so in a file; one that training did not have is
      unknown; all are what they are to `predict`;
    - date: float64, seconds since 1970-01-01 00:00 UTC, NaN where missing; a time without a zone counts as UTC.

    Its outputs are `label` (B,), of the type that the labels have, and `probabilities` (B, classes) in the order of the
    labels; for numbers `prediction` (B, 1), float64, in the target's own unit. A graph refuses nothing: where `predict`
    has an error for a value, the graph has an answer. Names that a column has already get a number behind them.

    Args:
        model: a Model, an Ensemble or a TableModel.
        path: where to write the file, whole or not at all.

    Returns:
        The `onnx.ModelProto`, checked by ONNX's own checker.

    Raises:
        InputError: ONNX is not installed, the file cannot be written, or something of the model has no form in ONNX.
    """
    given = parts(model)
    graph = Graph(given.dtype)
    inputs, X = _table(graph, given) if given.encoding else _plain(graph, given)
    outputs = _outputs(graph, given, X)
    finished = _finished(graph, given, inputs, outputs)
    if path is not None:
        with replacing(path) as file:
            file.write(finished.SerializeToString())
    return finished


def _plain(graph: Graph, given: Exported) -> tuple[list[Any], str]:
    X = graph.name("X")
    return [_value(graph, X, graph.real, given.members[0].network.inputs)], X


def _table(graph: Graph, given: Exported) -> tuple[list[Any], str]:
    from clearprop.export.onnx_columns import encoded

    assert given.encoding is not None
    taken = {column.name: graph.name(column.name) for column in given.encoding.columns if column.input_names}
    types = {column.name: object if column.kind == "category" else np.float64 for column in given.encoding.columns}
    X = encoded(graph, given.encoding, taken)
    return [_value(graph, name, types[name], 1) for name in taken], X


def _outputs(graph: Graph, given: Exported, X: str) -> list[Any]:
    A = _mean(graph, given, X)
    size = given.members[0].network.outputs
    if given.encoding is None:
        return [_value(graph, graph.add("Identity", A, to="outputs"), graph.real, size)]
    if given.encoding.task == "numbers":
        return [_value(graph, _in_its_unit(graph, given.encoding.target, A), np.float64, 1)]
    label, shares = graph.name("label"), graph.name("probabilities")
    labels = np.asarray(given.encoding.classes)
    labels = labels.astype(object) if labels.dtype.kind == "U" else labels
    likeliest = graph.add("ArgMax", A, to="likeliest", axis=1, keepdims=0)
    known = graph.constant(labels, "labels", labels.dtype)
    make = graph.onnx.helper.make_node
    graph.nodes += [make("Gather", [known, likeliest], [label], axis=0), make("Identity", [A], [shares])]
    return [_value(graph, label, labels.dtype, None), _value(graph, shares, graph.real, size)]


def _mean(graph: Graph, given: Exported, X: str) -> str:
    """The mean of the members' outputs; of probabilities, sharpened by the temperature."""
    several = len(given.members) > 1
    each = [_network(graph, member, X, f"member{m}/" if several else "") for m, member in enumerate(given.members, 1)]
    if not several:
        return _tempered(graph, given, each[0])
    mean = graph.add("Div", graph.add("Sum", *each, to="sum"), graph.constant(len(each), "count"), to="mean")
    return _tempered(graph, given, mean)


def _tempered(graph: Graph, given: Exported, P: str) -> str:
    """p^(1/T), divided by the sum over the classes, of a sigmoid by that of p and 1 − p; the largest is 1 first."""
    if given.temperature == 1.0:
        return P
    power = graph.constant(1.0 / given.temperature, "power")
    if given.activation == "sigmoid":
        rest = graph.add("Sub", graph.constant(1.0, "one"), P, to="rest")
        most = graph.add("Max", P, rest, to="most")
        own, other = (
            graph.add("Pow", graph.add("Div", one, most, to="relative"), power, to="sharp") for one in (P, rest)
        )
        return graph.add("Div", own, graph.add("Add", own, other, to="total"), to="tempered")
    axes = graph.constant([1], "axes", np.int64)
    most = graph.add("ReduceMax", P, axes, to="most", keepdims=1)
    sharp = graph.add("Pow", graph.add("Div", P, most, to="relative"), power, to="sharp")
    return graph.add("Div", sharp, graph.add("ReduceSum", sharp, axes, to="total", keepdims=1), to="tempered")


def _network(graph: Graph, model: Model, X: str, prefix: str) -> str:
    parameters = model.parameters
    A = features(graph, parameters, X, prefix)
    for number, layer in enumerate(model.network.layers):
        at = f"{prefix}layer{number + 1}"
        W, b = parameters.weights[number], parameters.biases[number]
        Z = graph.add("MatMul", A, graph.constant(W, f"{at}/W"), to=f"{at}/s")
        if len(b):
            Z = graph.add("Add", Z, graph.constant(b, f"{at}/b"), to=f"{at}/z")
        A = activated(graph, layer.function, Z, at)
    return A


def _in_its_unit(graph: Graph, target: Target, z: str) -> str:
    """z · deviation + mean, in float64, within the range of the training rows."""
    wide = graph.cast(z, np.float64, "standardised")
    moved = graph.add("Mul", wide, graph.constant(target.deviation, "deviation", np.float64), to="moved")
    mean = graph.constant(target.mean, "mean", np.float64)
    low, high = (graph.constant(edge, name, np.float64) for edge, name in ((target.low, "low"), (target.high, "high")))
    return graph.add("Clip", graph.add("Add", moved, mean, to="unclipped"), low, high, to="prediction")


def _value(graph: Graph, name: str, dtype: Any, width: int | None) -> Any:
    """The description of an input or an output (B, width), or (B,)."""
    shape = ["B"] if width is None else ["B", width]
    return graph.onnx.helper.make_tensor_value_info(name, graph.element(dtype), shape)


def _finished(graph: Graph, given: Exported, inputs: list[Any], outputs: list[Any]) -> Any:
    onnx = graph.onnx
    nodes = graph.needed_for(output.name for output in outputs)
    taken = {name for node in nodes for name in node.input}
    constants = [constant for constant in graph.constants if constant.name in taken]
    versions = [onnx.helper.make_opsetid("", OPSET)]
    if any(node.domain == ML for node in nodes):
        versions.append(onnx.helper.make_opsetid(ML, ML_OPSET))
    finished = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "clearprop", inputs, outputs, constants),
        opset_imports=versions,
        ir_version=onnx.helper.find_min_ir_version_for(versions),
        producer_name="clearprop",
        producer_version=__version__,
    )
    if given.encoding:
        onnx.helper.set_model_props(finished, {"target": given.encoding.target.name})
    onnx.checker.check_model(finished, full_check=True)
    return finished
