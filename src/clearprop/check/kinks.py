"""Kinks: net inputs and residuals so near to one that rounding decides the side, and the derivatives on either side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clearprop.check.numeric import column_kinks, residual_kinks
from clearprop.check.perturbed import Point, Side
from clearprop.check.places import Place
from clearprop.check.rounding import Rounding
from clearprop.engines.base import Array


@dataclass(frozen=True)
class Sides:
    """The same point twice, with all that is at a kink moved clearly below it, and clearly above."""

    below: Point
    above: Point


def sides(point: Point, rounding: Rounding, share: float = 1.0) -> Sides | None:
    """Both sides of what lies within this share of the rounding of a kink; None where nothing does."""
    below, above = (_side(point, rounding, share, sign) for sign in (-1.0, 1.0))
    if below.outputs is None and all(one is None for one in below.net_inputs) and not below.columns:
        return None
    return Sides(Point(point.parameters, point.samples, below), Point(point.parameters, point.samples, above))


def at_corner(point: Point, place: Place) -> bool:
    """Whether a weight is at the corner of its own penalty, l1 |w| at 0."""
    is_weight = place.input is not None
    return is_weight and point.parameters.network.l1 > 0 and bool(point.parameters.flat[place.flat] == 0)


def _side(point: Point, rounding: Rounding, share: float, sign: float) -> Side:
    network = point.parameters.network
    net_inputs = tuple(
        _near(Z, layer.function.kinks, share * reach, sign)
        for layer, Z, reach in zip(network.layers, point.net_inputs, rounding.net_inputs, strict=True)
    )
    columns = {
        name: near
        for name, kinks in column_kinks(network).items()
        if (near := _near(point.columns[name], kinks, share * rounding.columns[name], sign))
    }
    kinks, Y = residual_kinks(network), point.samples.Y
    if not kinks:
        return Side(net_inputs, None, columns)
    near = _near(point.outputs - Y, kinks, share * (rounding.outputs + np.spacing(np.abs(Y))), sign)
    return Side(net_inputs, near and (near[0], _clear_of(Y + near[1], Y, sign)), columns)


def _near(values: Array, kinks: tuple[float, ...], reach: Array, sign: float) -> tuple[Array, Array] | None:
    """Which of the values are within reach of a kink, and where they are clear of it."""
    where, moved = np.zeros(values.shape, dtype=bool), values.copy()
    for kink in kinks:
        at = np.abs(values - kink) <= reach
        where |= at
        moved[at] = _clear_of(np.asarray(kink), np.asarray(kink), sign)
    return (where, moved) if where.any() else None


def _clear_of(value: Array, size: Array, sign: float) -> Array:
    """A little more or less, by some roundings of a size."""
    moved: Array = value + sign * (4.0 * np.spacing(np.abs(size)) + 1e-300)
    return moved
