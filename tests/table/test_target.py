"""The target: which task it is, and its values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from clearprop.errors import InputError
from clearprop.table import Table, Target, from_frame, labelled


def target(values: Any, task: str | None = None) -> Target:
    return Target.learn(table(values), "y", task)


def table(values: Any) -> Table:
    return from_frame(pl.DataFrame({"y": values}))


TASKS: dict[str, tuple[list[Any], str | None, str, tuple[Any, ...]]] = {
    "texts": (["b", "a", None, "b"], None, "classes", ("a", "b")),
    "truth values": ([True, False, True], None, "classes", (False, True)),
    "few whole numbers": ([3, 1, 1, 3, 10, 10, 3], None, "classes", (1, 3, 10)),
    "whole numbers as floats": ([0.0, 1.0, None, 1.0, 0.0, 1.0], None, "classes", (0.0, 1.0)),
    "half as many whole numbers as rows": ([0, 1, 1, 0], None, "numbers", ()),
    "just fewer than half": ([0, 1, 1, 0, 0], None, "classes", (0, 1)),
    "20 whole numbers": ([*range(20)] * 3, None, "classes", tuple(range(20))),
    "21 whole numbers": ([*range(21)] * 3, None, "numbers", ()),
    "fractions": ([0.5, 1.0] * 5, None, "numbers", ()),
    "classes asked of whole numbers": ([0, 1, 1, 0], "classes", "classes", (0, 1)),
    "classes asked of fractions": ([0.5, 1.5, 0.5, 1.5], "classes", "classes", (0.5, 1.5)),
    "numbers asked of whole numbers": ([0, 1] * 10, "numbers", "numbers", ()),
    "numbers asked of truth values": ([True, False] * 10, "numbers", "numbers", ()),
    "numbers asked of texts": (["1", "2.5"] * 10, "numbers", "numbers", ()),
    "many classes asked for": ([*range(30)] * 2, "classes", "classes", tuple(range(30))),
    "digits as texts": (["10", "9", "10", "9"], None, "classes", ("10", "9")),
}


@pytest.mark.parametrize("case", TASKS)
def test_tasks(case: str) -> None:
    values, asked, task, classes = TASKS[case]
    found = target(values, asked)
    assert (found.task, found.classes) == (task, classes)
    assert [type(label) for label in found.classes] == [type(label) for label in classes]


def test_class_indices() -> None:
    found = target(["b", "a", "b"]).values(table(["a", "a", "b"]))
    assert found.dtype == np.int64
    assert found.tolist() == [0, 0, 1]


@pytest.mark.parametrize("other", [["3", "1"], [3.0, 1.0], ["3.0", "1"]], ids=["text", "float", "text of floats"])
def test_classes_of_another_type_are_the_same_classes(other: list[Any]) -> None:
    assert target([1, 3] * 5).values(table(other)).tolist() == [1, 0]


def test_truth_values_as_text_are_the_same_classes() -> None:
    assert target([True, False]).values(table(["True", "false"])).tolist() == [1, 0]


def test_numbers_are_a_column_in_their_own_unit() -> None:
    y = np.array([1.5, 4.0, 9.25])
    found = target(y)
    assert (found.low, found.high) == (1.5, 9.25)
    np.testing.assert_allclose([found.mean, found.deviation], [y.mean(), y.std()], rtol=1e-15)
    values = found.values(table(y))
    assert values.shape == (3, 1)
    np.testing.assert_array_equal(values[:, 0], y)
    standard = found.standardise(values)
    np.testing.assert_allclose([standard.mean(), standard.std()], [0, 1], atol=1e-15)
    np.testing.assert_allclose(found.unstandardise(standard), values, rtol=1e-15)
    np.testing.assert_allclose(found.unstandardise(standard.astype(np.float32)), values, rtol=1e-6)


def test_no_answer_lies_beyond_the_training_rows() -> None:
    found = target([1.5, 9.25, 4.0])
    outputs = np.array([-1e30, -1.0, 0.0, 1.0, 1e30])
    answers = found.predicted(outputs)
    assert answers.min() == 1.5 and answers.max() == 9.25
    np.testing.assert_array_equal(answers[1:4], np.clip(found.unstandardise(outputs[1:4]), 1.5, 9.25))
    assert found.predicted(found.standardise(np.array([4.0])))[0] == pytest.approx(4.0, rel=1e-15)


def test_learn_scale_keeps_the_classes_and_takes_the_rows() -> None:
    numbers = target([1.0, 2.0, 30.5]).learn_scale(table([5.0, None, 7.0]))
    assert (numbers.mean, numbers.deviation, numbers.low, numbers.high) == (6.0, 1.0, 5.0, 7.0)
    classes = target(["a", "b", "c", "a"])
    assert classes.learn_scale(table(["a", "b"])) == classes


def test_labelled() -> None:
    assert labelled(table([None, 1, None, 2]), "y").tolist() == [1, 3]
    with pytest.raises(InputError, match='unknown column "z"'):
        labelled(table([1]), "z")


@pytest.mark.parametrize("values", [["b", "a"], [True, False], [1, 3] * 5, [0.5, 1.5, 3.5], [1.0, 3.0] * 5])
def test_json(values: list[Any]) -> None:
    found = target(values)
    again = Target.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    assert [type(label) for label in again.classes] == [type(label) for label in found.classes]


@pytest.mark.parametrize(
    "change",
    [
        {"task": "class"},
        {"classes": ["a"]},
        {"classes": []},
        {"classes": ["a", "a"]},
        {"classes": ["3", 3]},
        {"classes": ["a", None]},
        {"classes": "ab"},
        {"deviation": 0.0},
        {"deviation": -1.0},
        {"deviation": float("nan")},
        {"mean": "0"},
        {"mean": True},
        {"mean": float("inf")},
        {"name": 1},
        {"more": 1},
        {"notes": [1]},
    ],
    ids=str,
)
def test_json_is_read_strictly(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"target|task"):
        Target.from_json(target(["a", "b"]).to_json() | change)
