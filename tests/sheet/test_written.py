"""Written numbers: their value, and how many digits they claim."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearprop.errors import InputError
from clearprop.sheet import Written

NUMBERS = {
    "0.3775": (0.3775, 4, 1e-4),
    "0.680": (0.68, 3, 1e-3),
    "-.5": (-0.5, 1, 0.1),
    "5.": (5.0, 0, 1.0),
    "+7": (7.0, 0, 1.0),
    "120": (120.0, 0, 1.0),
    "3.5e-05": (3.5e-05, 6, 1e-6),
    "1.25E3": (1250.0, 0, 10.0),
    "0": (0.0, 0, 1.0),
    "−0.25": (-0.25, 2, 0.01),
}
NO_NUMBERS = ["", " ", "0.37x", "1,5", "1 5", "1_000", ".", "e5", "--1", "0x10", "٣", "1/3", "nan", "inf", "0.5 "]


@pytest.mark.parametrize("text", NUMBERS)
def test_digits(text: str) -> None:
    number = Written(text)
    assert (number.value, number.decimals, number.unit) == NUMBERS[text]
    assert str(number) == text


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_no_number(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Written(text)
    assert str(caught.value) == f'expected a number, got "{text}"'


@pytest.mark.parametrize("text", ["1e309", "-2e308", "0e400", "9" * 400])
def test_too_large(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Written(text)
    assert str(caught.value) == f"{text} is too large: a float ends at 1.8e308"


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 12))
def test_a_rounded_number_is_within_half_a_unit_of_what_was_rounded(value: float, decimals: int) -> None:
    number = Written(f"{value:.{decimals}f}")
    assert number.decimals == decimals
    assert math.isclose(number.value, value, rel_tol=1e-15, abs_tol=number.unit * 0.5000001)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_as_python_writes_it(value: float) -> None:
    assert Written(repr(value)).value == value


def test_equal_in_digits_not_in_value_alone() -> None:
    assert Written("0.5") == Written("0.5") != Written("0.50")
