"""Numbers as an explanation prints them: each rounded once, from the trace's value."""

from __future__ import annotations

import math


def computed(value: float, digits: int) -> str:
    """A computed number to so many decimals; one too small or too large for that with an exponent.

    >>> computed(0.3775, 9), computed(3.51e-12, 9), computed(-0.0, 3)
    ('0.377500000', '3.51e-12', '0.000')
    """
    if not math.isfinite(value):
        return {True: "NaN", False: "∞" if value > 0 else "-∞"}[math.isnan(value)]
    if value and (abs(value) < 0.5 * 10.0**-digits or abs(value) >= 1e15):
        return f"{value:.{max(digits - 1, 0)}e}" if abs(value) >= 1e15 else _shortest_exponent(value, digits)
    return f"{value + 0.0:.{digits}f}"


def given(value: float, digits: int) -> str:
    """A number that was given, as it was written if that has no more than so many decimals; below 1e-4 by its exponent.

    >>> given(0.05, 9), given(1.0, 9), given(1 / 3, 4), given(1e-8, 9)
    ('0.05', '1', '0.3333', '1e-08')
    """
    shortest = repr(value + 0.0).removesuffix(".0")
    decimals = shortest.partition("e")[0].partition(".")[2]
    return shortest if math.isfinite(value) and len(decimals) <= digits else computed(value, digits)


def _shortest_exponent(value: float, digits: int) -> str:
    short = f"{value:.{max(digits - 1, 0)}e}"
    exact = repr(value)
    return exact if len(exact) < len(short) else short
