"""Data of the playground: ready-made, drawn, typed in, of tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from clearprop.errors import InputError
from clearprop.network.spec import Network
from clearprop.playground.data import MOST_CELLS, data_from_json, named, numbers, points, points_of
from clearprop.playground.datasets import DATASETS, MOST_ROWS
from clearprop.playground.tables import pasted, read_pasted, row_as_read


def same(one, other):
    arrays = ("X", "Y", "held_X", "held_Y")
    plain = ("kind", "name", "inputs", "outputs", "classes", "encoding", "cells")
    return all(np.array_equal(getattr(one, key), getattr(other, key)) for key in arrays) and all(
        getattr(one, key) == getattr(other, key) for key in plain
    )


@pytest.mark.parametrize("name", DATASETS)
def test_ready_made_data(name):
    entry, data = DATASETS[name], named(name, {})
    assert data.task == entry.task
    assert len(data.inputs) == (2 if entry.task == "classes" else 1)
    assert np.isfinite(data.X).all()
    assert np.abs(data.X).max() < 1.6
    assert same(data, data_from_json(json.loads(json.dumps(data.to_json()))))
    if entry.settings:
        assert len(data) + len(data.held_X) == entry.settings["rows"]
        assert len(data.held_X) == round(0.2 * entry.settings["rows"])
        other = named(name, {"seed": 1})
        assert not np.array_equal(other.X, data.X)
        assert not len(named(name, {"held_out": "0"}).held_X)
    if entry.task == "classes":
        assert set(data.Y) == set(range(len(data.classes)))


def test_settings_are_checked():
    assert dict(named("moons", {"rows": "50", "noise": "0,1"}).settings) == {
        "rows": 50,
        "noise": 0.1,
        "held_out": 0.2,
        "seed": 0,
    }
    for settings, said in (
        ({"rows": 3}, "rows: expected a whole number from 4 to 20,000, got 3"),
        ({"rows": MOST_ROWS + 1}, "rows: expected a whole number from 4"),
        ({"rows": 4.5}, "rows: expected a whole number"),
        ({"held_out": 1}, "held_out: expected a number from 0 to below 1, got 1"),
        ({"noise": "much"}, 'noise: expected a number, got "much"'),
        ({"colour": 1}, 'unknown setting of moons "colour"'),
    ):
        with pytest.raises(InputError, match=said):
            named("moons", settings)
    with pytest.raises(InputError, match="they have no settings"):
        named("xor", {"rows": 8})


def test_what_outputs_are_to_be():
    two, three = named("moons", {}), named("blobs", {})
    alone = Network.parse("2-1", output="sigmoid", loss="binary_cross_entropy")
    each = Network.parse("2-3", output="softmax", loss="cross_entropy")
    assert two.targets(alone).tolist() == [[float(kind)] for kind in two.Y]
    assert three.targets(each).argmax(axis=1).tolist() == three.Y.tolist()
    assert (two.width("half_squared_error", "tanh"), two.width("cross_entropy", "sigmoid")) == (1, 2)
    assert (two.width("half_squared_error", "softmax"), three.width("binary_cross_entropy", "sigmoid")) == (2, 3)


def test_points():
    drawn = points([[0.1, -0.2, 0], [0.5, 0.5, 2]])
    assert points_of(drawn) == [[0.1, -0.2, 0], [0.5, 0.5, 2]]
    assert drawn.classes == ("1", "2", "3")
    assert drawn.ranges == ((-1.0, 1.0), (-1.0, 1.0))
    for wrong in ([], [[1.0, 2.0]], [[0.0, 0.0, 6]], [[0.0, 0.0, 0.5]], [[0.0, 0.0, -1]]):
        with pytest.raises(InputError, match="points: expected"):
            points(wrong)


def test_numbers():
    data = numbers([[1, 2], [3, 4]], [[5], [6]], ["a", "b", "<i>c</i>"])
    assert (data.inputs, data.outputs) == (("a", "b"), ("<i>c</i>",))
    assert same(data, data_from_json(data.to_json()))
    assert numbers([[1]], [[2, 3]], ["only one"]).outputs == ("y1", "y2")
    with pytest.raises(InputError, match="as many rows of targets as of inputs, got 2 and 1"):
        numbers([[1], [2]], [[1]])
    with pytest.raises(InputError, match="at most 20,000 rows, 1,000 inputs"):
        numbers([[0.0]] * (MOST_ROWS + 1), [[0.0]] * (MOST_ROWS + 1))
    assert MOST_CELLS >= 8 * 16


CSV = "age,city,when,income\n" + "".join(
    f"{20 + at},{('Ulm', 'Bonn', 'Köln')[at % 3]},2020-01-{1 + at % 28:02},{1000 + at * at}\n" for at in range(60)
)


def test_a_table():
    data = pasted(read_pasted("people.csv", CSV), "income")
    assert (data.kind, data.task, data.outputs, len(data), len(data.held_X)) == (
        "table",
        "numbers",
        ("income",),
        48,
        12,
    )
    assert "city=Köln" in data.inputs
    assert abs(float(data.Y.mean())) < 1e-9  # standardised by the rows that are learnt from
    assert same(data, data_from_json(json.loads(json.dumps(data.to_json()))))
    assert row_as_read(data, 0).cells[0].read == data.cells.splitlines()[1].split(",")[0]
    few = pasted(read_pasted("few.csv", "a,b\n1,x\n2,y\n3,x\n"), "b")
    assert (few.classes, len(few.held_X)) == (("x", "y"), 0)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("X", None, "X: expected the description of an array"),
        ("X", {"shape": [2, 9], "kind": "float64", "data": ""}, "X: its numbers do not fit its shape"),
        ("X", {"shape": [1, 1], "kind": "object", "data": ""}, "X: expected the description of an array"),
        ("inputs", ["a", "b"], "do not fit each other"),
        ("classes", ["x"], "of none of the classes"),
    ],
)
def test_a_table_that_is_none(key, value, said):
    told = pasted(read_pasted("few.csv", "a,b\n1,x\n2,y\n3,x\n"), "b").to_json()
    with pytest.raises(InputError, match=said):
        data_from_json({**told, key: value})


def test_no_data_at_all():
    with pytest.raises(InputError, match="expected named data, points, numbers or a table"):
        data_from_json({"kind": "numbers"})
