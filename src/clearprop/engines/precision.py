"""In what precision products are computed: all bits of the float type, or operands rounded to bfloat16."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from clearprop.engines.base import Array, Engine
from clearprop.errors import InputError


def to_bfloat16(array: Array) -> Array:
    """Each float32 number rounded to the nearest that has 8 significant bits, ties to even; still float32.

    What is below the smallest normal number, about 1.2e-38, becomes 0, as in the processor's instructions.

    >>> to_bfloat16(np.array([1.0, 1.00390625, 1.01171875, 0.1, 1e-39], np.float32)).tolist()
    [1.0, 1.0, 1.015625, 0.10009765625, 0.0]
    """
    bits = array.view(np.uint32)
    nearest = (bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000).view(np.float32)
    normal = np.where(np.abs(array) < np.finfo(np.float32).tiny, np.float32(0), nearest)
    return np.where(np.isnan(array), array, normal)


def unrounded(array: Array) -> Array:
    """The array as it is."""
    return array


ROUNDINGS: dict[str, Callable[[Array], Array]] = {"full": unrounded, "bfloat16": to_bfloat16}
"""What becomes of the operands of a product, by the precision's name."""

PRECISIONS = tuple(ROUNDINGS)


def check_precision(precision: str, engine: Engine, dtype: np.dtype[Any]) -> None:
    """Raises an `InputError` where the engine cannot train a model of this float type in a precision."""
    if precision not in PRECISIONS:
        raise InputError(
            f'precision: expected "full" (products in {dtype}, the model\'s own float type) or "bfloat16" (their '
            f"operands rounded to it), got {precision!r}"
        )
    if precision == "full":
        return
    if dtype != np.float32:
        raise InputError(
            f'precision: "{precision}" goes with weights in float32, and the model is {dtype}; '
            'make it with dtype="float32", or leave out precision'
        )
    engine.check_precision(precision)
