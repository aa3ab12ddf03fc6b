"""Errors: one family, exit codes by type, and the nearest known name."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from clearprop.errors import (
    ClearpropError,
    DivergenceError,
    InputError,
    check_count,
    check_number,
    did_you_mean,
    unknown,
)


def test_one_family_that_plain_handlers_catch_too() -> None:
    assert issubclass(InputError, ClearpropError) and issubclass(InputError, ValueError)
    assert issubclass(DivergenceError, ClearpropError) and issubclass(DivergenceError, ArithmeticError)
    assert not issubclass(DivergenceError, InputError)


def test_divergence_carries_the_run() -> None:
    error = DivergenceError("epoch 3, step 41, learning rate 10: the loss is not finite", result="so far")
    assert str(error).startswith("epoch 3") and error.result == "so far"
    assert DivergenceError("x").result is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [("sigmod", "sigmoid"), ("SIGMOID", "sigmoid"), ("tahn", "tanh"), ("softmx", "softmax"), ("xyz", None), ("", None)],
)
def test_nearest_name(name: str, meant: str | None) -> None:
    expected = f'; did you mean "{meant}"?' if meant else ""
    assert did_you_mean(name, ["tanh", "sigmoid", "softmax"]) == expected


def test_unknown_lists_what_is_known() -> None:
    error = unknown("colour", "bleu", ["red", "blue"])
    assert isinstance(error, InputError)
    assert str(error) == 'unknown colour "bleu"; did you mean "blue"? Known: blue, red'
    assert str(unknown("colour", "q", ["red"])) == 'unknown colour "q". Known: red'
    assert "None" in str(unknown("colour", None, ["red"]))


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.5), np.int8(3), np.uint64(7), Fraction(1, 2), 1e308])
def test_numbers(value: object) -> None:
    number = check_number("l2", value)
    assert type(number) is float and number == value


@pytest.mark.parametrize(
    "value", [-1, -1e-300, float("nan"), float("inf"), 10**400, "1", None, True, np.True_, 1j, np.complex64(1), [1.0]]
)
def test_no_numbers(value: object) -> None:
    with pytest.raises(InputError, match="l2: expected a number from 0 up, got"):
        check_number("l2", value)


@pytest.mark.parametrize("value", [1, np.int64(3), 10**30])
def test_counts(value: object) -> None:
    count = check_count("units", value)
    assert type(count) is int and count == value


@pytest.mark.parametrize("value", [0, -1, 1.0, np.float64(2), "3", None, True, float("nan")])
def test_no_counts(value: object) -> None:
    with pytest.raises(InputError, match="units: expected a whole number from 1 up, got"):
        check_count("units", value)
