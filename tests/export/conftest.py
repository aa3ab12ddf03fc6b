"""Models of every kind, and what onnxruntime says of their graphs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clearprop.artefact import TableModel
from clearprop.model import Model
from clearprop.network.columns import Embedding, Plain
from clearprop.network.spec import Dense, Network
from clearprop.table import Encoding, as_table


@pytest.fixture
def run():
    """What onnxruntime gives for a graph and its inputs, by the outputs' names."""
    runtime = pytest.importorskip("onnxruntime")

    def outputs(graph, inputs):
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        session = runtime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return dict(zip([one.name for one in session.get_outputs()], session.run(None, inputs), strict=True))

    return outputs


def table_model(frame, target, *, seed=0, dtype="float32", task=None, kinds=None, one_hot_to=None):
    """A table model with random weights, of the encoding that a frame teaches; numbers of categories are embedded."""
    encoding = Encoding.learn(as_table(frame), target, task=task, kinds=kinds, one_hot_to=one_hot_to)
    codes = encoding.input_categories
    columns = [Embedding(categories=code, outputs=3) if code else Plain() for code in codes] if any(codes) else []
    classes = len(encoding.classes)
    last = Dense(classes, "softmax") if classes else Dense(1, "identity")
    loss = "cross_entropy" if classes else "half_squared_error"
    network = Network(len(encoding.input_names), [Dense(7, "tanh"), last], loss, columns=columns)
    model = Model.initialized(network, "normal", scale=0.7, seed=seed, dtype=dtype)
    return TableModel(model, encoding)


def fed(table_model, frame):
    """A frame as the inputs of a table model's graph: each column (B, 1), by the documented rules."""
    given = {}
    for column in table_model.encoding.columns:
        if not column.input_names:
            continue
        values = frame[column.name]
        if column.kind == "category":
            numbers = [None if value is None else str(value) for value in values]
            array = np.array(["" if text is None else text for text in numbers], dtype=object)
        elif column.kind == "date":
            array = (values.cast(pl.Datetime("us")).dt.epoch("us") / 1e6).fill_null(float("nan")).to_numpy()
        else:
            array = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        given[column.name] = array[:, None]
    return given
