"""The values of a TOML text as the numbers that they are to be, or an error that says what they are instead."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.sheet.document import Literal
from clearprop.sheet.sheet import Claimed
from clearprop.sheet.written import Written


def plain(value: Any) -> Any:
    """The value with floats in the place of literals."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return float(value.text) if isinstance(value, Literal) else value


def shown(value: Any) -> str:
    """The value as a message shows it, cut short."""
    text = value.text if isinstance(value, Literal) else json.dumps(plain(value), ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def array(name: str, value: Any) -> Array:
    """A number, or nested lists of numbers, in float64, all of them finite."""
    try:
        return np.array(_numbers(name, value, ()), dtype=np.float64)
    except InputError:
        raise
    except ValueError:
        raise InputError(f"{name}: the rows have different lengths") from None


def _numbers(name: str, value: Any, index: tuple[int, ...]) -> Any:
    if isinstance(value, list):
        return [_numbers(name, inner, (*index, place)) for place, inner in enumerate(value)]
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    if isinstance(value, bool) or not isinstance(value, int | Literal):
        mend = "; leave out the quotes" if isinstance(value, str) else ""
        raise InputError(f"{place}: expected a number, got {shown(value)}{mend}")
    try:
        number = float(plain(value))
    except OverflowError:
        number = math.inf
    if math.isinf(number) and "inf" not in shown(value):
        raise InputError(f"{place}: {shown(value)} is too large: a float ends at 1.8e308")
    if not math.isfinite(number):
        raise InputError(f"{place}: expected a finite number, got {shown(value)}")
    return number


def claimed(value: Any) -> Claimed:
    """What a claim says: a number as it is written, in quotes or without, or lists of such."""
    if isinstance(value, list):
        return _rows(value)
    if isinstance(value, str):
        return Written(value)
    if isinstance(value, Literal):
        return Written(value.text.replace("_", ""))  # TOML may group digits
    if isinstance(value, int) and not isinstance(value, bool):
        return Written(str(value))
    raise InputError(f"expected a number, got {shown(value)}")


def _rows(values: list[Any]) -> Claimed:
    if not values:
        raise InputError("expected numbers, got an empty list")
    rows = tuple(claimed(value) for value in values)
    if len({_shape(row) for row in rows}) > 1:
        raise InputError("the rows have different lengths")
    return rows


def _shape(written: Claimed) -> tuple[int, ...]:
    return (len(written), *_shape(written[0])) if isinstance(written, tuple) else ()
