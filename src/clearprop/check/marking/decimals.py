"""Slips of the pen: a point in the wrong place, a digit left out or written twice."""

from __future__ import annotations

import math
from collections.abc import Iterator

from clearprop.sheet import Written

MOST_PLACES = 4  # a point is out of place by no more
FOLLOWING = 3  # digits after the one left out or doubled that must be as they should


def slipped(written: Written, true: float) -> float:
    """How many digits speak for a slip of the pen, 0 where it was none.

    >>> slipped(Written("0.03775"), 0.3775), slipped(Written("0.2983711"), 0.298371109)
    (4.0, 0.0)
    >>> slipped(Written("0.8371109"), 0.298371109) == 0.0, slipped(Written("0.2971109"), 0.298371109)
    (True, 0.0)
    """
    value = written.value
    if not math.isfinite(true) or value == 0.0 or true == 0.0 or (value < 0) != (true < 0):
        return 0.0
    half = 0.5 * written.unit
    for places in (*range(-MOST_PLACES, 0), *range(1, MOST_PLACES + 1)):
        moved = true * 10.0**places
        if abs(moved - value) <= half * (1.0 + 1e-9):
            return float(len(_significant(written)))
        if abs(moved - value) <= 0.01 * abs(moved) and _nearly(_significant(written), moved):
            return FOLLOWING
    digits = _all_digits(f"{abs(value):.{written.decimals}f}")
    return max((float(FOLLOWING) for other in _mistyped(abs(true), written.decimals) if other == digits), default=0.0)


def _significant(written: Written) -> str:
    return f"{abs(written.value):.{written.decimals}f}".replace(".", "").lstrip("0")


def _all_digits(text: str) -> str:
    return text.replace(".", "")


def _mistyped(true: float, decimals: int) -> Iterator[str]:
    """The true digits with one left out, and with one written twice, not far from their end."""
    longer = f"{true:.{decimals + 1}f}"
    whole = len(longer) - decimals - 2
    digits = _all_digits(longer)
    for place in range(whole, len(digits) - FOLLOWING):
        yield digits[:place] + digits[place + 1 :]
    if decimals:
        digits = _all_digits(f"{true:.{decimals - 1}f}")
        for place in range(whole, len(digits) - FOLLOWING):
            yield digits[: place + 1] + digits[place:]


def _nearly(digits: str, true: float) -> bool:
    """Whether the digits, but for one of them, stand in this order among the true ones, rounded somewhere near."""
    rounded = (_all_digits(f"{abs(true):.{len(digits) + more}e}".partition("e")[0]) for more in (0, 1, 2))
    return len(digits) > FOLLOWING and any(_longest_common(digits, one) >= len(digits) - 1 for one in rounded)


def _longest_common(left: str, right: str) -> int:
    """The length of the longest row of characters that both have in this order."""
    lengths = [0] * (len(right) + 1)
    for letter in left:
        diagonal = 0
        for place, other in enumerate(right, 1):
            diagonal, lengths[place] = (
                lengths[place],
                diagonal + 1 if letter == other else max(lengths[place], lengths[place - 1]),
            )
    return lengths[-1]
