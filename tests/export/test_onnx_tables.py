"""Table models as graphs of ONNX: rows as they are go in, labels and numbers come out, as `predict` gives them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.table import category
from clearprop.table.parsing import MISSING
from tests.export.conftest import fed, table_model

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

TOLERANCE = 1e-5


def mixed(rows=300, seed=0):
    rng = np.random.default_rng(seed)

    def lacking(values):
        return [None if gone else value for value, gone in zip(values, rng.random(rows) < 0.1, strict=True)]

    start = datetime(1890, 1, 1)
    return pl.DataFrame(
        {
            "size": lacking(rng.normal(50, 10, rows).tolist()),
            "label": rng.lognormal(0, 3, rows),
            "colour": lacking(rng.choice(["red", "green", "blue", "häßlich 红"], rows).tolist()),
            "grade": rng.integers(1, 5, rows).astype(str),
            "member": lacking((rng.random(rows) < 0.5).tolist()),
            "active": rng.random(rows) < 0.5,
            "born": lacking(
                [start + timedelta(days=int(day), minutes=int(day) % 1440) for day in rng.integers(0, 90_000, rows)]
            ),
            "seen": [date(2024, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 800, rows)],
            "constant": [1.0] * (rows - 1) + [None],
            "same": ["one"] * rows,
            "kind": rng.choice(["cat", "dog", "owl"], rows),
            "price": rng.normal(1e6, 3e5, rows),
        }
    )


def assert_same_numbers(model, outputs, own):
    """Equal to 1e-5 of the target's deviation."""
    found = outputs["prediction"][:, 0]
    np.testing.assert_allclose(found, own, atol=TOLERANCE * model.encoding.target.deviation)


@pytest.mark.parametrize("one_hot_to", [None, 3], ids=["one-hot", "coded"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_classes(dtype, one_hot_to, run):
    frame = mixed()
    model = table_model(frame.drop("price"), "kind", dtype=dtype, one_hot_to=one_hot_to)
    assert sorted(set(model.encoding.input_categories)) == ([0, 5, 6] if one_hot_to else [0])
    kinds = {column.kind for column in model.encoding.columns}
    assert kinds == {"number", "boolean", "category", "date", "left out"}
    new = mixed(seed=1)
    outputs = run(cp.export.to_onnx(model), fed(model, new))
    own = model.predict(new)
    label, shares = list(outputs)
    assert (label, shares) == ("label_1", "probabilities")  # the table has a column called label
    assert outputs[label].tolist() == own["kind"].to_list()
    np.testing.assert_allclose(outputs[shares], own.drop("kind").to_numpy(), atol=TOLERANCE)


def test_numbers_come_in_their_own_unit(run):
    frame, new = mixed(), mixed(seed=1)
    model = table_model(frame, "price")
    outputs = run(cp.export.to_onnx(model), fed(model, new))
    own = model.predict(new)["price"].to_numpy()
    assert list(outputs) == ["prediction"] and outputs["prediction"].shape == (300, 1)
    assert_same_numbers(model, outputs, own)


@pytest.mark.parametrize("labels", [[0, 1, 2], [1.5, 2.5, 3.5], [False, True], ["a", "b"]])
def test_labels_have_the_type_they_were_given_in(labels, run):
    frame = pl.DataFrame({"x": np.arange(60.0), "y": [labels[row % len(labels)] for row in range(60)]})
    model = table_model(frame, "y", task="classes")
    outputs = run(cp.export.to_onnx(model), fed(model, frame))
    assert outputs["label"].tolist() == model.predict(frame)["y"].to_list()
    assert outputs["label"].dtype == np.asarray(labels, object if isinstance(labels[0], str) else None).dtype


def test_every_day_of_eight_hundred_years(run):
    start = date(1600, 1, 1)
    days = pl.DataFrame({"on": [start + timedelta(days=day) for day in range(292_194)], "y": 0.0})
    learnt = days[::977].with_columns(pl.Series("y", np.arange(300.0)))
    model = table_model(learnt, "y", task="numbers")
    assert [part.name for part in model.encoding.columns[0].parts] == ["year", "month", "day", "weekday", "days"]
    outputs = run(cp.export.to_onnx(model), fed(model, days))
    assert_same_numbers(model, outputs, model.predict(days)["y"])


def test_numbers_at_the_edges_of_float64(run):
    edges = np.array([5e-324, 1e-300, -1e-300, 1e308, -1e308, 1.7e308, -1.7e308, 0.0, 1.0, 9007199254740993.0])
    frame = pl.DataFrame(
        {"tiny": edges * 1e-310, "huge": np.resize([1e308, -1e308, 1.5e308], 10), "wide": edges, "y": np.arange(10.0)}
    )
    model = table_model(frame, "y", task="numbers")
    rows = pl.DataFrame(dict.fromkeys(("tiny", "huge", "wide"), edges))
    outputs = run(cp.export.to_onnx(model), fed(model, rows))
    assert_same_numbers(model, outputs, model.predict(rows)["y"])


@pytest.mark.parametrize("most", [256, 0], ids=["one-hot", "coded"])
def test_categories_that_are_rare_unknown_missing_or_written_otherwise(most, run, monkeypatch):
    monkeypatch.setattr(category, "MOST_CODES", 256)
    labels = [f"c{number}" for number in range(300)] + ["3", "true", "false", "-7"] * 3
    frame = pl.DataFrame({"c": [*labels, None], "y": np.arange(len(labels) + 1.0)})
    model = table_model(frame, "y", task="numbers", kinds={"c": "category"}, one_hot_to=None if most else 0)
    assert model.encoding.columns[0].others and model.encoding.columns[0].missing
    asked = ["c1", "c299", "never seen", None, "3", "3.0", "true", "True", "TRUE", "-7", "-7.0", "03", "3.00001"]
    new = pl.DataFrame({"c": asked})
    outputs = run(cp.export.to_onnx(model), fed(model, new))
    predicted = model.predict(new)["y"]
    assert_same_numbers(model, outputs, predicted)
    assert predicted.n_unique() == 7  # c1, other, missing, 3, true, -7, and 3.00001 and 03 are other


def test_a_missing_category_that_training_did_not_have_is_none_of_them(run):
    frame = pl.DataFrame({"c": ["a", "b", "c"] * 4, "y": np.arange(12.0)})
    model = table_model(frame, "y", task="numbers")
    new = pl.DataFrame({"c": [None, "d", "a"]})
    outputs = run(cp.export.to_onnx(model), fed(model, new))
    assert_same_numbers(model, outputs, model.predict(new)["y"])


@pytest.mark.parametrize("one_hot_to", [None, 1])
@pytest.mark.parametrize("known", [True, False], ids=["missing in training", "never missing"])
def test_texts_that_say_missing_are_missing(known, one_hot_to, run):
    frame = pl.DataFrame({"c": ["NA" if known else "a", "b", "c"] * 4, "y": np.arange(12.0)})
    model = table_model(frame, "y", task="numbers", one_hot_to=one_hot_to)
    assert model.encoding.columns[0].missing == 4 * known
    new = pl.DataFrame({"c": [*MISSING, None, "b", "never seen"]})
    predicted = model.predict(new)["y"]
    assert predicted.head(len(MISSING) + 1).n_unique() == 1
    assert (predicted[0] == predicted[-1]) == (not known)
    graph = cp.export.to_onnx(model)
    outputs = run(graph, {"c": new["c"].fill_null("").to_numpy().astype(object)[:, None]})
    assert_same_numbers(model, outputs, predicted)


def test_a_thousand_columns_take_as_few_operators_as_ten(run):
    def graph(columns):
        frame = pl.DataFrame({f"x{number}": np.random.default_rng(number).normal(size=30) for number in range(columns)})
        return cp.export.to_onnx(table_model(frame.with_columns(y=np.arange(30.0)), "y", task="numbers"))

    assert len(graph(1000).graph.node) == len(graph(10).graph.node)


def test_each_column_is_an_input_of_its_name():
    model = table_model(mixed().drop("price"), "kind")
    graph = cp.export.to_onnx(model).graph
    types = {one.name: one.type.tensor_type.elem_type for one in graph.input}
    number, text = onnx.TensorProto.DOUBLE, onnx.TensorProto.STRING
    assert types == {
        "size": number, "label": number, "colour": text, "grade": text, "member": number, "active": number,
        "born": number, "seen": number, "constant": number,
    }  # fmt: skip
