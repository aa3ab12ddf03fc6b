"""Networks drawn at random over all that there is: activations, losses, biases, penalties, weights, types, shapes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES
from clearprop.network.parameters import Parameters
from clearprop.network.spec import BIASES, REDUCTIONS, Dense, Network

NUMBERED = ["leaky_relu(0.2)", "elu(0.5)", "huber(0.3)", "quantile(0.9)", "smoothed_cross_entropy(0.3)"]


def fits(last: str, loss: str) -> bool:
    try:
        Network(2, [Dense(2, last)], loss)
    except InputError:
        return False
    return True


HIDDEN = [*ACTIVATIONS, *(name for name in NUMBERED if name.split("(")[0] in ACTIVATIONS)]
LOSS_NAMES = [*LOSSES, *(name for name in NUMBERED if name.split("(")[0] in LOSSES)]
PAIRS = [(last, loss) for last, loss in product(HIDDEN, LOSS_NAMES) if fits(last, loss)]
DEPTHS = [(), (3,), (5, 4), (1, 1, 1), (4, 3, 5, 2), (3,) * 8]
SCALES = [0.5, 1.0, 1.0, 4.0, 20.0]


@dataclass(frozen=True)
class Drawn:
    """A model, and rows to check it on."""

    model: Model
    X: Array
    Y: Array
    sample_weight: Array | None

    def __str__(self) -> str:
        network = self.model.network
        return (
            f"{network} {network.layers[0].bias} {network.reduction} l1={network.l1} l2={network.l2} {self.model.dtype}"
        )


def drawn(number: int) -> Drawn:
    """The network of a number: last layer and loss take turns, the rest is drawn."""
    rng = np.random.default_rng(number)
    last, loss = PAIRS[number % len(PAIRS)]
    widths = DEPTHS[rng.integers(len(DEPTHS))]
    scale = float(rng.choice(SCALES))
    inputs, outputs, rows = rng.integers(1, 5), rng.integers(1, 4), int(rng.choice([1, 2, 5, 16]))
    names = [str(name) for name in rng.choice(HIDDEN, len(widths))]
    bias = str(rng.choice(BIASES))
    layers = [Dense(units, name, bias) for units, name in zip(widths, names, strict=True)]
    l1, l2 = [(0.0, 0.0), (0.03, 0.0), (0.0, 0.2), (0.01, 0.1)][rng.integers(4)]
    network = Network(
        int(inputs),
        [*layers, Dense(int(outputs), last, bias)],
        loss,
        l1=l1,
        l2=l2,
        reduction=str(rng.choice(REDUCTIONS)),
    )
    if "exp" in [*names, last]:  # a tower of them leaves the floats
        scale = min(scale, 0.3)
    if loss == "poisson":  # divides by outputs, which must not underflow to 0
        scale = min(scale, 1.0)
    flat = rng.normal(0.0, scale, network.parameter_count)
    flat[rng.random(flat.shape) < rng.choice([0.0, 0.0, 0.2])] = 0.0
    dtype = str(rng.choice(["float64", "float64", "float32"]))
    weights = [None, rng.uniform(0.0, 3.0, rows), np.arange(rows) % 2 + 0.0][rng.integers(3)]
    if weights is not None and not weights.any():
        weights = None
    model = Model.of(Parameters(network, flat.astype(dtype)))
    return Drawn(model, rng.normal(0.0, 1.0, (rows, int(inputs))), targets(loss, rng, rows, int(outputs)), weights)


def targets(loss: str, rng: np.random.Generator, rows: int, outputs: int) -> Array:
    shape = (rows, outputs)
    if loss == "poisson":
        return rng.integers(0, 4, shape).astype(float)
    if loss == "binary_cross_entropy":
        return rng.choice([0.0, 1.0, 0.3], shape)
    if LOSSES[loss.split("(")[0]].of_classes:
        return rng.integers(0, outputs, rows) if rng.random() < 0.5 else rng.dirichlet(np.ones(outputs), rows)
    if loss == "perceptron":
        return rng.integers(0, 2, shape).astype(float)
    return rng.normal(0.0, 1.5, shape)
