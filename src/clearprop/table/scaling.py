"""Robust scaling with smooth clipping: what makes a column of numbers fit for a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError

QUARTILES = (0.25, 0.5, 0.75)
LARGEST = float(np.finfo(np.float64).max)
DOWN = 2.0**-4
"""Brings any two finite numbers to where their difference is finite, and changes none of their digits."""


@dataclass(frozen=True)
class Scale:
    """z = (x − centre) / width, then z / √(1 + (z/3)²), which leaves |z| < 1 nearly as it is and never passes ±3.

    `centre` is the median and `width` the distance between the quartiles (half the range where the quartiles are
    equal), so a few wild values move neither (Holzmüller, Grinsztajn, Steinwart, "Better by default", NeurIPS 2024,
    section 3).

    >>> scale = Scale.learn(np.array([1.0, 2.0, 3.0, 4.0, np.nan, 1e308]))
    >>> scale
    Scale(centre=3.0, width=2.0)
    >>> scale(np.array([3.0, 5.0, 1e308, np.nan])).round(3).tolist()
    [0.0, 0.949, 3.0, 0.0]
    """

    centre: float
    width: float

    def __post_init__(self) -> None:
        if not self.width > 0.0:
            raise InputError(f"scale: expected a width above 0, got {self.width!r}")

    @staticmethod
    def learn(values: NDArray[np.float64], weights: NDArray[np.floating[Any]] | None = None) -> Scale | None:
        """The scale of the values that are not NaN; None where they are all equal.

        With weights (N,), above 0, the quartiles are values that occur, those of each value repeated as often as it
        weighs.

        >>> Scale.learn(np.array([1.0, 2.0, 9.0]), np.array([1.0, 3.0, 1.0]))
        Scale(centre=2.0, width=4.0)
        """
        there = ~np.isnan(values)
        present = values[there]
        low, high = float(present.min()), float(present.max())
        if low == high:
            return None
        down = DOWN if max(-low, high) > LARGEST * DOWN else 1.0
        if weights is None:
            quartiles = np.quantile(present * down, QUARTILES)
        else:
            quartiles = np.quantile(present * down, QUARTILES, weights=weights[there], method="inverted_cdf")
        lower, centre, upper = (float(q) for q in quartiles)
        span = high * down - low * down
        width = (upper - lower) or span / 2 or span
        return Scale(centre / down, min(width, LARGEST * down) / down)

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scaled values; NaN becomes 0, which is the median."""
        z = np.clip(quotient(values, self.centre, self.width), -1e100, 1e100)
        z /= np.sqrt(1.0 + np.square(z / 3.0))
        return np.nan_to_num(z, copy=False)


def only_two(values: NDArray[np.float64]) -> bool:
    """Whether the values that are not NaN are two different ones and no more.

    >>> only_two(np.array([1.0, np.nan, 0.0, 1.0])), only_two(np.array([1.0, 1.0])), only_two(np.arange(3.0))
    (True, False, False)
    """
    present = values[~np.isnan(values)]
    if not len(present) or present.min() == present.max():
        return False
    return bool(((present == present.min()) | (present == present.max())).all())


def quotient(values: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    """(x − centre) / width, right also where the difference passes the largest float64."""
    with np.errstate(over="ignore"):
        difference = values - centre
        result: NDArray[np.float64] = difference / width
        far = np.isinf(difference)
        if far.any():
            result[far] = (values[far] * DOWN - centre * DOWN) / width / DOWN
    return result


def restored(scaled: NDArray[np.float64], centre: float, width: float) -> NDArray[np.float64]:
    """scaled · width + centre, the inverse of `quotient`, with the same care."""
    with np.errstate(over="ignore"):
        result: NDArray[np.float64] = scaled * width + centre
        far = np.isinf(result)
        if far.any():
            result[far] = (scaled[far] * (width * DOWN) + centre * DOWN) / DOWN
    return result
