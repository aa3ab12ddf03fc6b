"""Scaling, against NumPy in plain sight and against whole-number arithmetic at the edges."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearprop.errors import InputError
from clearprop.table.scaling import Scale, quotient, restored


def formula(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The scaling as its docstring says it, for values of ordinary size."""
    present = values[np.isfinite(values)]
    lower, median, upper = np.percentile(present, [25, 50, 75])
    width = upper - lower if upper > lower else (present.max() - present.min()) / 2
    z = (x - median) / width
    return np.where(np.isnan(x), 0.0, z / np.sqrt(1 + (z / 3) ** 2))


@settings(deadline=None)
@given(st.lists(st.integers(-(2**20), 2**20).map(lambda n: n / 8) | st.just(float("nan")), min_size=2, max_size=40))
def test_against_the_formula(given_values: list[float]) -> None:
    values = np.array(given_values)
    if len(np.unique(values[~np.isnan(values)])) < 2:
        return
    scale = Scale.learn(values)
    assert scale is not None
    x = np.concatenate([values, [-1e7, 0.0, 1e7, np.nan]])
    np.testing.assert_allclose(scale(x), formula(values, x), rtol=1e-12, atol=1e-12)


def test_quartiles_that_are_equal_give_half_the_range() -> None:
    assert Scale.learn(np.array([0.0, 0, 0, 0, 0, 0, 10])) == Scale(0.0, 5.0)


@pytest.mark.parametrize("values", [[2.0], [2.0, 2.0], [2.0, np.nan, 2.0], [1e308, 1e308], [5e-324]])
def test_values_that_do_not_vary_have_no_scale(values: list[float]) -> None:
    assert Scale.learn(np.array(values)) is None


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=8, unique=True))
def test_any_finite_numbers_stay_finite_and_in_order(given_values: list[float]) -> None:
    values = np.array(given_values)
    scale = Scale.learn(values)
    if scale is None:  # 0.0 and -0.0
        return
    scaled = scale(np.sort(values))
    assert np.isfinite(scaled).all()
    assert (np.abs(scaled) <= 3.0).all()
    assert (np.diff(scaled) >= 0).all()
    assert scaled[0] < scaled[-1]


@settings(deadline=None)
@given(*[st.floats(allow_nan=False, allow_infinity=False)] * 2, st.floats(1e-300, 1e300))
def test_a_quotient_is_right_where_the_difference_overflows(x: float, centre: float, width: float) -> None:
    exact = (Fraction(x) - Fraction(centre)) / Fraction(width)
    if abs(exact) > Fraction(1e307) or 0 < abs(exact) < Fraction(1e-300):
        return
    difference = abs(Fraction(x) - Fraction(centre))
    if abs(Fraction(x)) + abs(Fraction(centre)) > 1000 * difference:
        return
    np.testing.assert_allclose(quotient(np.array([x]), centre, width), float(exact), rtol=1e-12)


def test_restored_is_the_inverse_where_the_product_overflows() -> None:
    x = np.array([-1.7e308, 1.7e308])
    np.testing.assert_allclose(restored(quotient(x, 1.7e308, 1e308), 1.7e308, 1e308), x)


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan")])
def test_a_scale_has_a_width(width: float) -> None:
    with pytest.raises(InputError, match="width above 0"):
        Scale(0.0, width)
