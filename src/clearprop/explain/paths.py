"""The paths that the error takes to a parameter: each a product of an output's δ, weights, slopes and what came in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.explain.definitions import outputs_below
from clearprop.explain.ref import Ref
from clearprop.explain.trace import Trace

MOST = 10


@dataclass(frozen=True)
class Path:
    """One path: what it is the product of, and that product."""

    factors: tuple[Ref, ...]
    value: float


@dataclass(frozen=True)
class Paths:
    """The paths to one parameter.

    Attributes:
        gradient: ∂E/∂ of the parameter, which all paths add up to.
        strongest: those of the largest products, the largest first.
        count: how many there are in all.
        others: what those that are not among the strongest add up to.
    """

    gradient: Ref
    strongest: tuple[Path, ...]
    count: int
    others: float


@dataclass(frozen=True)
class _Hop:
    """From units to units further down: the product of the factors between each two, and which these are."""

    values: Array  # (units, units further down)
    factors: Callable[[int, int], tuple[Ref, ...]]


def gradient_of(trace: Trace, ref: Ref) -> Ref | None:
    """The number ∂E/∂w of the parameter that a quantity belongs to; None where it belongs to none, or to many."""
    letter = "W" if ref.by_weight else "b" if ref.by_bias else ""
    gradient = Ref(f"dE/d{letter}", ref.layer, ref.place)
    return gradient if letter and (ref.place or not trace.shapes.of(gradient)) else None


def paths(trace: Trace, gradient: Ref, most: int = MOST) -> Paths:
    """The paths from the error to a parameter: ∂E/∂w = Σ δ·w·f′·…·a over all ways through the layers above.

    Which are the strongest is found layer by layer: a path is among the strongest only if what it is up to any of its
    units is among the strongest up to there, so no layer keeps more than `most` a unit.

    Args:
        trace: the step.
        gradient: a number, `dE/dW…` or `dE/db…`.
        most: how many paths to name.
    """
    layer, last = gradient.layer, len(trace.network.layers)
    if gradient.by_weight:
        ends = [int(gradient.place[1]) - 1]
    elif gradient.place:
        ends = [int(gradient.place[0]) - 1]
    else:
        ends = list(range(trace.network.layers[layer - 1].units))
    found: list[Path] = []
    count = 0
    for sample in range(len(trace.samples)):
        hops = [hop for above in range(last, layer, -1) for hop in _hops(trace, above, sample)]
        count += len(ends) * prod(_ways(hop) for hop in hops)
        found += _strongest(trace, gradient, sample, hops, ends, most)
    found = sorted((path for path in found if path.value != 0.0), key=_strength, reverse=True)[:most]
    rest = float(trace.value(gradient) - sum(path.value for path in found)) if len(found) < count else 0.0
    return Paths(gradient, tuple(found), count, rest)


def _hops(trace: Trace, above: int, sample: int) -> list[_Hop]:
    """From the net inputs of a layer down to those of the layer below it, for one sample."""
    below = above - 1
    described = trace.network.layers[below - 1]
    weights = trace.value(Ref("W", above)).T
    slopes = trace.value(Ref("da/dz", below))[sample]
    masked = trace.step.dropout and bool(described.dropout)
    mask = trace.value(Ref("mask", below))[sample] if masked else np.ones(weights.shape[1])

    def to_output(v: int, u: int) -> tuple[Ref, ...]:
        weight = Ref("W", above, (u + 1, v + 1))
        return (weight, Ref("mask", below, (sample + 1, u + 1))) if masked else (weight,)

    def slope(*units: int) -> Ref:
        return Ref("da/dz", below, (sample + 1, *(unit + 1 for unit in units)))

    with np.errstate(all="ignore"):
        if described.function.across_units:
            return [_Hop(weights * mask, to_output), _Hop(slopes, lambda k, u: (slope(k, u),))]
        return [_Hop(weights * mask * slopes, lambda v, u: (*to_output(v, u), slope(u)))]


def _ways(hop: _Hop) -> int:
    return len(hop.values)


def _strongest(trace: Trace, gradient: Ref, sample: int, hops: list[_Hop], ends: list[int], most: int) -> list[Path]:
    """The strongest paths of one sample."""
    last = len(trace.network.layers)
    values = trace.value(Ref("delta", last))[sample][:, None]  # (units, kept)
    trails = np.arange(len(values))[:, None, None]  # (units, kept, units passed so far)
    with np.errstate(all="ignore"):
        for hop in hops:
            values, trails = _further(values, trails, hop.values, most)
    below = outputs_below(trace.network, gradient.layer)
    came_in = below.at(sample + 1, int(gradient.place[0])) if gradient.by_weight else None
    found = []
    for end in ends:
        for value, trail in zip(values[end], trails[end].tolist(), strict=True):
            factors = [Ref("delta", last, (sample + 1, trail[0] + 1))]
            for hop, v, u in zip(hops, trail, trail[1:], strict=False):
                factors += hop.factors(v, u)
            if came_in:
                factors.append(came_in)
                value = value * trace.value(came_in)
            found.append(Path(tuple(factors), float(value)))
    return found


def _further(values: Array, trails: Any, factors: Array, most: int) -> tuple[Array, Any]:
    """One hop on: at each unit the `most` strongest of all ways to it."""
    units, kept = values.shape
    ways = (values[:, :, None] * factors[:, None, :]).reshape(units * kept, -1)
    order = np.argsort(-np.nan_to_num(np.abs(ways), nan=np.inf), axis=0, kind="stable")[:most]  # (kept, units)
    chosen = np.take_along_axis(ways, order, axis=0).T
    passed = trails.reshape(units * kept, -1)[order.T]
    here = np.broadcast_to(np.arange(len(chosen))[:, None, None], (*chosen.shape, 1))
    return chosen, np.concatenate([passed, here], axis=2)


def _strength(path: Path) -> float:
    return float(np.nan_to_num(abs(path.value), nan=np.inf))
