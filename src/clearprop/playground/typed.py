"""Numbers as somebody typed them, or as they are."""

from __future__ import annotations

import math

from clearprop.playground.refusals import Refusal


def number(name: str, given: object) -> float:
    """A finite number; of a text, what it says.

    >>> number("rate", "−0,5"), number("rate", 2)
    (-0.5, 2.0)
    """
    value = math.nan
    if isinstance(given, str):
        try:
            value = float(given.strip().replace("−", "-").replace(",", "."))
        except ValueError:
            raise Refusal("number", name=name, given=given) from None
    elif isinstance(given, int | float) and not isinstance(given, bool):
        value = float(given)
    if not math.isfinite(value):
        raise Refusal("finite", name=name, given=given)
    return value


def whole(name: str, given: object, least: int, most: int) -> int:
    """A whole number in a range.

    >>> whole("seed", "7", 0, 100)
    7
    """
    value = number(name, given)
    if value != int(value) or not least <= value <= most:
        raise Refusal("whole", name=name, least=least, most=most, given=given)
    return int(value)


def share(name: str, given: object) -> float:
    """A number from 0 to below 1."""
    value = number(name, given)
    if not 0.0 <= value < 1.0:
        raise Refusal("share", name=name, given=given)
    return value
