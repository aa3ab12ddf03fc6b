"""How far rounding alone can move gradients: what is smaller than that is no error.

The gradients are computed several times with noise about as large as one rounding of the float type at every place
where an engine rounds, and compared with those without noise. (Stott Parker, "Monte Carlo arithmetic", 1997; here the
noise is never small, and knows what a sum is made of, not only what it comes to.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearprop.check.numeric import column_kinks, residual_kinks
from clearprop.check.perturbed import Point
from clearprop.engines.base import Array
from clearprop.engines.reference import affine, joined, taken_in
from clearprop.network.activations import Activation
from clearprop.network.losses import total
from clearprop.network.parameters import Parameters
from clearprop.network.penalty import penalty

DRAWS = 4
SAFETY = 8.0
"""Rounding is taken to move a quantity by at most this times what the noise did."""

Noise = Callable[[Array], Array]
Back = Callable[[Array], Any]


@dataclass(frozen=True)
class Rounding:
    """How far rounding may move the gradients (P,), each layer's net inputs (B, O) and the outputs (B, outputs).

    And those net inputs of column layers that may be at a kink, by name.
    """

    gradients: Array
    net_inputs: list[Array]
    outputs: Array
    columns: dict[str, Array]


@dataclass(frozen=True)
class _Pass:
    net_inputs: list[Array]
    outputs: Array
    gradients: Array
    columns: dict[str, Array]


def rounding(point: Point, dtype: np.dtype[Any], careful: bool) -> Rounding:
    """What may be put down to rounding in a float type.

    Args:
        careful: whether derivatives keep their relative accuracy where an activation saturates, as the engines' do;
            a(1 - a) and a - y do not.
    """
    # `tiny` stands for what a float type loses to underflow.
    unit, tiny = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    rng = np.random.default_rng(0)

    def noise(sizes: Array) -> Array:
        # Of different sizes, so that the noise of two places does not cancel.
        signed = rng.choice((-1.0, 1.0), sizes.shape) * rng.uniform(0.5, 1.5, sizes.shape)
        return signed * (unit * sizes + tiny)

    bare = _run(point, np.zeros_like, careful)
    found = [_run(point, noise, careful) for _ in range(DRAWS)]
    return Rounding(
        SAFETY * _farthest(bare.gradients, [one.gradients for one in found]),
        [SAFETY * _farthest(Z, [one.net_inputs[number] for one in found]) for number, Z in enumerate(bare.net_inputs)],
        SAFETY * _farthest(bare.outputs, [one.outputs for one in found]),
        {name: SAFETY * _farthest(Z, [one.columns[name] for one in found]) for name, Z in bare.columns.items()},
    )


def _farthest(bare: Array, found: list[Array]) -> Array:
    farthest: Array = np.max([np.abs(one - bare) for one in found], axis=0)
    return farthest


def _run(point: Point, noise: Noise, careful: bool) -> _Pass:
    """Forward and backward as in `reference.step`, with noise on every result."""
    network, weights = point.parameters.network, point.parameters.weights
    H, columns, columns_back = _taken_in(point, noise)
    net_inputs, activations, ways_back = _forward(point, H, noise, careful)
    Z = _kept(net_inputs[-1], point.net_inputs[-1], network.layers[-1].function.kinks)
    A = activations[-1]
    if residual_kinks(network):
        Y = _targets(point)
        A = Y + _kept(A - Y, point.outputs - Y, residual_kinks(network))
    _, gradient, of_net_input = joined(network, Z, A, point.samples)
    gradients = Parameters(network, np.empty_like(point.parameters.flat))
    for number in reversed(range(len(network.layers))):
        W, function = weights[number], network.layers[number].function
        affine_back, activation_back = ways_back[number]
        delta = gradient if of_net_input else activation_back(gradient)
        sizes = np.abs(delta)
        if function.across_units or not careful:
            dA = None if of_net_input else gradient
            sizes = sizes + _cancelled(point, activations[number + 1], dA, function)
        delta = delta + noise(sizes)
        dW, db, gradient = affine_back(delta)
        dR = penalty(W, network.l1, network.l2)[1]
        terms = np.abs(activations[number]).T @ np.abs(delta) + np.abs(dR)
        gradients.weights[number][...] = dW + dR + noise(terms)
        gradients.biases[number][...] = db + noise(affine_back(np.abs(delta))[1])
        of_net_input = False
    columns_back(gradient + noise(np.abs(delta) @ np.abs(weights[0]).T), gradients)
    for array in [gradients.scale, *(array for own in gradients.columns for array in own.values())]:
        array += noise(np.abs(array))
    return _Pass(net_inputs, activations[-1], gradients.flat, columns)


def _taken_in(point: Point, noise: Noise) -> tuple[Array, dict[str, Array], Callable[[Array, Parameters], None]]:
    """What the first layer takes in, the net inputs of column layers that have kinks, and the way back.

    Noise on each of their parameters is as much as that on the products and sums made of them.
    """
    parameters = point.parameters
    noisy = Parameters(parameters.network, parameters.flat + noise(np.abs(parameters.flat)))
    kinks, told = column_kinks(parameters.network), {}

    def record(name: str, value: Array) -> None:
        if name in kinks:
            told[name] = value.copy()
            value[...] = _kept(value, point.columns[name], kinks[name])  # what is told is what is gone on with

    H, back = taken_in(noisy, point.samples.X, record)
    return (H + noise(np.abs(H)) if parameters.network.columns else H), told, back


def _forward(
    point: Point, H: Array, noise: Noise, careful: bool
) -> tuple[list[Array], list[Array], list[tuple[Back, Back]]]:
    """Net inputs of each layer; inputs, then each layer's outputs; and the ways back through both parts of each."""
    parameters = point.parameters
    net_inputs, activations, ways_back = [], [H], []
    layers = zip(parameters.network.layers, parameters.weights, parameters.biases, point.net_inputs, strict=True)
    for layer, W, b, bare in layers:
        Z, affine_back = affine(W, b, activations[-1])
        Z = Z + noise(np.abs(activations[-1]) @ np.abs(W) + np.abs(b).max(initial=0.0))
        A, activation_back = layer.function.forward(_kept(Z, bare, layer.function.kinks))
        A = A + noise(np.abs(A) + (0.0 if careful else np.abs(Z)))
        net_inputs.append(Z)
        activations.append(A)
        ways_back.append((affine_back, activation_back))
    return net_inputs, activations, ways_back


def _cancelled(point: Point, A: Array, dA: Array | None, function: Activation) -> Array:
    """How large the terms of ∂E/∂Z are where they may cancel: of a - y, of a (1 - a), and of softmax's a_i - a_i²."""
    sizes: Array
    if dA is None:
        Y = _targets(point)
        sizes = _row_weights(point) * (np.abs(A) * np.maximum(1.0, Y.sum(axis=1, keepdims=True)) + np.abs(Y))
    elif function.across_units:
        own = np.abs(A * dA)
        sizes = own + np.abs(A) * own.sum(axis=1, keepdims=True)
    else:
        sizes = np.abs(dA)
    return sizes


def _kept(noisy: Array, bare: Array, kinks: tuple[float, ...]) -> Array:
    """Without the noise where it leads over a kink: what happens there is no matter of rounding."""
    for kink in kinks:
        noisy = np.where((noisy - kink) * (bare - kink) > 0, noisy, bare)
    return noisy


def _targets(point: Point) -> Array:
    Y = point.samples.Y
    return Y if Y.ndim == 2 else np.eye(point.parameters.network.outputs)[Y]


def _row_weights(point: Point) -> Array:
    """What each sample's gradient is multiplied by (B, 1)."""
    samples = point.samples
    weights = np.ones(len(samples)) if samples.weights is None else samples.weights
    return total(np.zeros_like(point.outputs), weights, point.parameters.network.reduction)[1]
