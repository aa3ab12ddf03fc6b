"""Categories given by their numbers, and what rows of several weights teach about columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from clearprop.table import Encoding, Table, category, from_frame
from clearprop.table.category import Category
from clearprop.table.column import Learning
from clearprop.table.kinds import learn
from clearprop.table.parsing import MISSING
from tests.table.conftest import Make


def coded(values: list[Any], to: int = 2) -> tuple[Encoding, Category]:
    table = Table.of(pl.DataFrame({"y": np.arange(len(values)) + 0.5, "shop": values}), "shops")
    encoding = Encoding.learn(table, "y", one_hot_to=to)
    column = encoding.columns[0]
    assert isinstance(column, Category)
    return encoding, column


def codes_of(encoding: Encoding, values: list[Any]) -> list[float]:
    numbers: list[float] = encoding.inputs(Table.of(pl.DataFrame({"shop": values}), "new"))[:, 0].tolist()
    return numbers


@pytest.mark.parametrize("gap", [[None], []], ids=["with missing", "without"])
def test_labels_then_any_other_then_missing(gap: list[None]) -> None:
    encoding, column = coded(["b", "a", "c", "b", *gap])
    assert (encoding.input_names, encoding.input_categories) == (("shop",), (4 + len(gap),))
    assert column.code_names() == ("a", "b", "c", "other", "missing")[: column.codes]
    assert codes_of(encoding, ["a", "b", "c", "new", None]) == [0, 1, 2, 3, 3 + len(gap)]
    assert Encoding.from_json(encoding.to_json()) == encoding


def test_as_many_categories_as_are_asked_for_have_an_input_each() -> None:
    values = ["a", "b", "c", "b"]
    assert coded(values, to=3)[0].input_names == ("shop=a", "shop=b", "shop=c")
    assert coded(values, to=2)[0].input_names == ("shop",)
    table = from_frame(pl.DataFrame({"shop": [f"s{k}" for k in range(300)] * 2, "y": np.arange(600.0)}))
    assert set(Encoding.learn(table, "y").input_categories) == {0}


def test_beyond_the_most_the_rarest_are_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category, "MOST_CODES", 3)
    encoding, column = coded(["a", "b", "b", "c", "c", "d", "d", "e"])
    assert (column.labels, column.others, column.codes) == (("b", "c", "d"), 2, 4)
    assert column.notes == ("2 rare categories are taken for one",)
    assert codes_of(encoding, ["d", "a", "e", "new"]) == [2, 3, 3, 3]


def test_a_hundred_thousand_categories() -> None:
    shops = [f"shop {k // 2}" for k in range(200_000)]
    encoding, column = coded(shops)
    assert column.codes == category.MOST_CODES + 1
    assert encoding.inputs(Table.of(pl.DataFrame({"shop": shops}), "new")).shape == (200_000, 1)


def test_inputs_of_a_kind_stand_together_and_keep_their_names() -> None:
    days = [datetime(2024, 1, 1 + k % 28, k % 24) for k in range(40)]
    frame = pl.DataFrame(
        {
            "sold": [k % 3 == 0 for k in range(40)],
            "age": [None if k == 3 else k for k in range(40)],
            "shop": [f"s{k % 13}" for k in range(40)],
            "twice": [1.0 + k % 2 for k in range(40)],
            "seen": days,
            "job": ["smith", "baker"] * 20,
            "size": np.linspace(0, 1, 40),
            "y": np.arange(40.0) % 7,
        }
    )
    table = from_frame(frame)
    encoding = Encoding.learn(table, "y", one_hot_to=9)
    names = ("age", "seen day", "seen weekday", "seen days", "seen hour", "size")
    flags = ("sold", "age missing", "twice", "job=baker", "job=smith")
    assert encoding.input_names == (*names, *flags, "shop")
    assert encoding.input_categories == (*[0] * 11, 14)
    inputs = dict(zip(encoding.input_names, encoding.inputs(table).T, strict=True))
    for column in frame.drop("y").columns:
        alone = Encoding.learn(from_frame(frame.select(column, "y")), "y", one_hot_to=9)
        for name, values in zip(alone.input_names, alone.inputs(table).T, strict=True):
            np.testing.assert_array_equal(inputs[name], values)


def test_a_row_of_weight_2_teaches_what_two_rows_do() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "age": [None if gone else age for gone, age in zip(rng.random(60) < 0.1, rng.normal(size=60), strict=True)],
            "shop": [f"s{k}" for k in rng.integers(0, 20, 60)],
            "seen": [datetime(2024, 1, 1 + day, hour) for day, hour in rng.integers(0, 23, (60, 2))],
        }
    )
    weights = rng.integers(1, 5, 60)
    repeated = from_frame(frame[np.repeat(np.arange(60), weights)])
    for name in frame.columns:
        weighed = learn(from_frame(frame), name, learning=Learning(weights.astype(float)))
        ones = learn(repeated, name, learning=Learning(np.ones(len(repeated))))
        assert weighed.to_json() | {"missing": 0} == ones.to_json() | {"missing": 0}


def test_the_rarest_category_is_the_one_that_weighs_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category, "MOST_ONE_HOT", 2)
    table = Table.of(pl.DataFrame({"x": ["a", "a", "b", "b", "c"]}), "letters")
    learnt = learn(table, "x", learning=Learning(np.array([1.0, 1.0, 1.0, 1.5, 9.0])))
    assert isinstance(learnt, Category)
    assert learnt.labels == ("b", "c")


def test_a_text_that_says_missing_is_missing_wherever_it_comes_from(make: Make) -> None:
    texts = [*MISSING, " NA ", "red", " red ", "blue"]
    table = make({"x": texts, "y": [float(k) for k in range(len(texts))]})
    assert table.frame["x"].to_list() == [None] * (len(MISSING) + 1) + ["red", "red", "blue"]
    encoding = Encoding.learn(table, "y")
    assert encoding.input_names == ("x=blue", "x=red", "x missing")
