"""What a difference between two derivatives means: right, wrong, or a kink."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from clearprop.check.gradient_report import GradientRow, Verdict
from clearprop.check.kinks import Sides, at_corner, sides
from clearprop.check.numeric import Numeric, central_differences, complex_step
from clearprop.check.perturbed import Point
from clearprop.check.places import Place
from clearprop.check.rounding import Rounding, rounding


@dataclass(frozen=True)
class Judge:
    """Tells errors from rounding and from kinks.

    Attributes:
        numeric: finds the derivative by a parameter at a point.
        at: both sides of what is at a kink in float64, where the numeric derivatives are found.
        near: both sides of what an engine of the checked float type may see on the other side.
    """

    point: Point
    numeric: Numeric
    rounding: Rounding
    at: Sides | None
    near: Sides | None
    tolerance: float

    @staticmethod
    def at_point(
        point: Point, dtype: np.dtype[Any], careful: bool, method: str, step: float | None, tolerance: float
    ) -> Judge:
        """A judge of gradients computed in a float type; `careful` as in `rounding`."""
        numeric = complex_step if method == "complex step" else partial(central_differences, step=step)
        with np.errstate(all="ignore"):
            reach = rounding(point, dtype, careful)
            share = float(np.finfo(np.float64).eps / np.finfo(dtype).eps)
            return Judge(point, numeric, reach, sides(point, reach, share), sides(point, reach), tolerance)

    def row(self, place: Place, value: float) -> GradientRow:
        """A parameter's row: its numeric derivative beside the value that is checked."""
        with np.errstate(all="ignore"):
            found = self.numeric(self.point, place)
            reach = self.tolerance * abs(found.value) + float(self.rounding.gradients[place.flat]) + found.error
            error = abs(value - found.value)
            verdict: Verdict = "wrong"
            if found.over_kink or at_corner(self.point, place) or self._two_sided(place, reach):
                verdict = "kink"
            elif error <= reach:
                verdict = "right"
            elif self._explained_by_near_kinks(place, found.value, error, reach):
                verdict = "kink"
        return GradientRow(place, found.value, value, verdict)

    def _two_sided(self, place: Place, reach: float) -> bool:
        """Whether the derivatives on the two sides of a kink differ."""
        if self.at is None:
            return False
        below, above = (self.numeric(side, place).value for side in (self.at.below, self.at.above))
        return abs(above - below) > reach

    def _explained_by_near_kinks(self, place: Place, numeric: float, error: float, reach: float) -> bool:
        """Whether rounding may have put net inputs on the other side, which moves the derivative about so far."""
        if self.near is None:
            return False
        jumps = (abs(self.numeric(side, place).value - numeric) for side in (self.near.below, self.near.above))
        moved = sum(jumps)
        # Twice over, because jumps of several kinks may partly cancel.
        return moved > 0.0 and error <= reach + 2.0 * moved
