"""Derivatives found by moving a parameter: by a complex step where the functions allow it, else by differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from clearprop.check.perturbed import Moved, Point
from clearprop.check.places import Place
from clearprop.engines.base import Array
from clearprop.network.columns import PiecewiseLinear
from clearprop.network.spec import Network

METHODS = ("complex step", "central differences")

COMPLEX_STEP = 1e-20
"""So short that its square is nothing beside any number met here, and its rounding plays no part."""

SMALLEST = 1e-280
"""Derivatives below this times the complex step run into underflow."""

PROBES = np.array([[-2.3, 0.7, 1.1], [0.4, -0.6, -1.7], [1.9, 0.2, -0.1], [-0.9, -3.1, 2.6]])
DIRECTIONS = np.array([[1.0, -0.7, 0.4], [-0.3, 0.8, 1.0], [0.6, 1.0, -0.9], [-1.0, 0.5, 0.2]])


@dataclass(frozen=True)
class Derivative:
    """∂J/∂w of one parameter as found, how far off it may be, and whether a kink was stepped over on the way."""

    value: float
    error: float
    over_kink: bool


Numeric = Callable[[Point, Place], Derivative]


def complex_step(point: Point, place: Place) -> Derivative:
    """Im J(w + ih) / h, which subtracts nothing, so that h can be as short as one likes.

    Source: Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 1998.
    """
    loss = point.moved(place, 1j * COMPLEX_STEP).loss
    return Derivative(float(loss.imag) / COMPLEX_STEP, SMALLEST, over_kink=False)


def central_differences(point: Point, place: Place, step: float | None = None) -> Derivative:
    """(4 D(h/2) - D(h)) / 3 with D(h) = (J(w + h) - J(w - h)) / 2h, whose error is at most about D(h/2) - D(h).

    Without a step h is ε^(1/3) max(1, |w|), where what is cut off and what is rounded are about as large.

    Source: Richardson, Philosophical Transactions A 1911.
    """
    w = float(point.parameters.flat[place.flat])
    eps = float(np.finfo(np.float64).eps)
    h = step if step is not None else eps ** (1 / 3) * max(1.0, abs(w))
    ends = {by: point.moved(place, by) for by in (h, -h, h / 2, -h / 2)}
    coarse, fine = ((float(ends[by].loss) - float(ends[-by].loss)) / (2 * by) for by in (h, h / 2))
    rounding = 16 * eps * abs(float(ends[h].loss)) / h
    return Derivative((4 * fine - coarse) / 3, abs(fine - coarse) + rounding, _over_kink(point, place, ends, h))


def _over_kink(point: Point, place: Place, ends: dict[float, Moved], h: float) -> bool:
    network = point.parameters.network
    if place.input is not None and network.l1 and abs(point.parameters.flat[place.flat]) <= h:
        return True
    low, high = ends[-h], ends[h]
    for (number, _, before), (_, _, after) in zip(low.net_inputs, high.net_inputs, strict=True):
        if any(_parted(before - kink, after - kink) for kink in network.layers[number].function.kinks):
            return True
    for name, kinks in column_kinks(network).items():
        if name in low.columns and any(_parted(low.columns[name] - kink, high.columns[name] - kink) for kink in kinks):
            return True
    residuals = (low.outputs - point.samples.Y, high.outputs - point.samples.Y) if residual_kinks(network) else ()
    return any(_parted(*(residual - kink for residual in residuals)) for kink in residual_kinks(network))


def _parted(before: Array, after: Array) -> bool:
    return bool(((before * after <= 0) & (before != after)).any())


def column_kinks(network: Network) -> dict[str, tuple[float, ...]]:
    """The net inputs of column layers at which their functions have a kink, by name."""
    return {
        f"zc{number}": (0.0, 1.0)
        for number, layer in enumerate(network.columns, 1)
        if isinstance(layer, PiecewiseLinear)
    }


def residual_kinks(network: Network) -> tuple[float, ...]:
    """The residuals at which the loss has a kink."""
    loss = network.loss_function
    return tuple(kink * (loss.number or 1.0) for kink in loss.kinks)


def allows_complex_step(network: Network) -> bool:
    """Whether every function of a network goes on into the complex plane as a complex step needs.

    Each is probed: where its value drops the imaginary part, or takes an absolute value, a complex step misses a
    difference of real values by far.
    """
    activations = {layer.function.name: layer.function for layer in network.layers}.values()
    functions: list[Callable[[Array], Array]] = [
        _loss(network),
        *(partial(_value, one.value, one.numbers) for one in activations),
    ]
    return all(_is_analytic(function) for function in functions)


def _loss(network: Network) -> Callable[[Array], Array]:
    """The loss of outputs, or of net inputs where it is computed from these, at targets that suit any loss."""
    loss = network.loss_function
    pair = network.joint_pair or loss.of_output
    assert pair is not None, "Network has checked that the loss fits the last layer"
    outputs = np.exp if loss.positive and not network.joint_pair else np.asarray
    return lambda P: pair(outputs(P), np.full(P.shape, 0.37), *loss.numbers)[0]


def _value(function: Callable[..., Array], numbers: tuple[float, ...], P: Array) -> Array:
    return function(P, *numbers)


def _is_analytic(function: Callable[[Array], Array]) -> bool:
    h = 1e-6
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of imaginary parts that were dropped
            found = np.imag(function(PROBES + 1j * COMPLEX_STEP * DIRECTIONS)) / COMPLEX_STEP
    except (TypeError, ValueError):
        return False
    true = (function(PROBES + h * DIRECTIONS) - function(PROBES - h * DIRECTIONS)) / (2 * h)
    return bool(np.allclose(found, true, rtol=1e-5, atol=1e-5))
