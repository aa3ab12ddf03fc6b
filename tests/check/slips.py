"""Backpropagation as somebody might write it for one network, and the slips that are made in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from clearprop.engines.base import Array
from clearprop.model import Model
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network

ROWS = 4  # as many as layers 1 and 2 have units: a sum over the wrong axis has the right shape
NETWORK = Network.parse("3-4-4-2", l1=0.02, l2=0.1)
_rng = np.random.default_rng(8)
MODEL = Model.of(Parameters(NETWORK, _rng.normal(0.0, 0.8, NETWORK.parameter_count)))
X = _rng.normal(size=(ROWS, 3))
Y = _rng.uniform(size=(ROWS, 2))
WEIGHTS = np.array([0.5, 2.0, 1.0, 1.5])

SLIPS = [
    "residual: sign",
    "residual: twice",
    "residual: half",
    "residual: squared",
    "batch: summed",
    "batch: divided twice",
    "batch: weights left out",
    "batch: last row left out",
    "outputs: averaged",
    "outputs: first alone goes back",
    "derivative: missing at the output",
    "derivative: missing in hidden layers",
    "derivative: twice",
    "derivative: of the activation",
    "derivative: of tanh",
    "back: by W, not its transpose",
    "back: by updated weights",
    "back: a layer skipped",
    "weights: transposed",
    "weights: reshaped",
    "weights: net inputs for outputs",
    "weights: outputs for inputs",
    "weights: one entry a little off",
    "weights: one entry 0",
    "weights: not a number",
    "weights: two units swapped",
    "weights: clipped",
    "penalty: left out",
    "penalty: sign",
    "penalty: twice",
    "penalty: over the batch",
    "penalty: on the biases",
    "penalty: l1 without sign",
    "bias: summed over the units",
    "bias: averaged",
    "bias: of the first row",
    "bias: 0",
    "bias: of the layer above",
]


@dataclass
class Written:
    """Lists of gradients, W1, W2 … and b1, b2 …"""

    weights: list[Array] = field(default_factory=list)
    biases: list[Array] = field(default_factory=list)


def sigmoid(z: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-z))


def backpropagation(slip: str = "") -> Written:
    """The gradients of MODEL on X, Y and WEIGHTS, right unless there is a slip."""
    W, b = MODEL.parameters.weights, MODEL.parameters.biases
    a, z = [X], [X]
    for layer in range(3):
        z.append(a[-1] @ W[layer] + b[layer])
        a.append(sigmoid(z[-1]))
    share = 1.0 / ROWS if slip == "batch: weights left out" else (WEIGHTS / WEIGHTS.sum())[:, None]
    if slip == "batch: summed":
        share = share * WEIGHTS.sum()
    if slip == "batch: divided twice":
        share = share / WEIGHTS.sum()
    residual = {
        "residual: sign": Y - a[3],
        "residual: twice": 2.0 * (a[3] - Y),
        "residual: half": 0.5 * (a[3] - Y),
        "residual: squared": (a[3] - Y) ** 2,
        "outputs: averaged": (a[3] - Y) / 2,
    }.get(slip, a[3] - Y)

    def derivative(layer: int) -> Array:
        if slip == "derivative: missing at the output" and layer == 3:
            return np.ones_like(a[3])
        if slip == "derivative: missing in hidden layers" and layer < 3:
            return np.ones_like(a[layer])
        if slip == "derivative: of the activation":
            return sigmoid(a[layer]) * (1.0 - sigmoid(a[layer]))
        if slip == "derivative: of tanh":
            return 1.0 - a[layer] ** 2
        return (a[layer] * (1.0 - a[layer])) ** (2 if slip == "derivative: twice" else 1)

    delta = {3: share * residual * derivative(3)}
    if slip == "batch: last row left out":
        delta[3][-1] = 0.0
    for layer in (2, 1):
        above, weights = delta[layer + 1], W[layer]
        if slip == "outputs: first alone goes back" and layer == 2:
            above, weights = above[:, :1], weights[:, :1]
        if slip == "back: by updated weights":
            weights = weights - 0.5 * (a[layer].T @ above)
        if slip == "back: a layer skipped" and layer == 1:
            above, weights = delta[3], W[2]
        wrong_way = slip == "back: by W, not its transpose" and layer == 1
        delta[layer] = above @ (weights if wrong_way else weights.T) * derivative(layer)

    written = Written()
    for layer in (1, 2, 3):
        inputs = a[layer - 1]
        if slip == "weights: net inputs for outputs" and layer > 1:
            inputs = z[layer - 1]
        if slip == "weights: outputs for inputs" and layer == 2:
            inputs = a[2]
        dE = inputs.T @ delta[layer]
        written.weights.append(dE + penalty(W[layer - 1], slip))
        written.biases.append(bias(delta, layer, b[layer - 1], slip))
    return spoilt(written, slip)


def penalty(W: Array, slip: str) -> Array:
    R = NETWORK.l2 * W + NETWORK.l1 * (W if slip == "penalty: l1 without sign" else np.sign(W))
    factors = {
        "penalty: left out": 0.0,
        "penalty: sign": -1.0,
        "penalty: twice": 2.0,
        "penalty: over the batch": 1.0 / WEIGHTS.sum(),
    }
    return factors.get(slip, 1.0) * R


def bias(delta: dict[int, Array], layer: int, b: Array, slip: str) -> Array:
    if slip == "bias: summed over the units" and layer < 3:
        return delta[layer].sum(axis=1)
    if slip == "bias: of the layer above" and layer == 1:
        return delta[2].sum(axis=0)
    if slip == "penalty: on the biases":
        return delta[layer].sum(axis=0) + NETWORK.l2 * b + NETWORK.l1 * np.sign(b)
    return {
        "bias: averaged": delta[layer].mean(axis=0),
        "bias: of the first row": delta[layer][0],
        "bias: 0": np.zeros(delta[layer].shape[1]),
    }.get(slip, delta[layer].sum(axis=0))


def spoilt(written: Written, slip: str) -> Written:
    weights = written.weights
    if slip == "weights: transposed":
        weights[1] = weights[1].T.copy()
    if slip == "weights: reshaped":
        weights[0] = weights[0].T.reshape(weights[0].shape)
    if slip == "weights: one entry a little off":
        weights[1][2, 0] *= 1.0 + 1e-5
    if slip == "weights: one entry 0":
        weights[2][1, 1] = 0.0
    if slip == "weights: not a number":
        weights[2][1, 1] = np.nan
    if slip == "weights: two units swapped":
        weights[0] = weights[0][:, [1, 0, 2, 3]]
    if slip == "weights: clipped":
        written.weights = [np.clip(dW, -0.05, 0.05) for dW in weights]
    return written
