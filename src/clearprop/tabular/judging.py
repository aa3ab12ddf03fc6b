"""How good outputs are on rows that were left out, and the temperature that makes them best."""

from __future__ import annotations

import math

import numpy as np

from clearprop.engines.base import Array, Samples
from clearprop.engines.source import Source
from clearprop.ensemble import tempered
from clearprop.network.spec import Network
from clearprop.training.metrics import are_indices, have_classes

LOG_LOSSES = ("cross_entropy", "smoothed_cross_entropy", "binary_cross_entropy")
SHARPEST = 5.0
"""The exponent 1/T is looked for from 1/5 to 5."""
_TOLERANCE = 1e-6


def judged_by_log_loss(network: Network) -> bool:
    """Whether the outputs are probabilities that are learnt by how likely they make the targets."""
    return network.loss_function.kind in LOG_LOSSES and network.layers[-1].activation in ("softmax", "sigmoid")


def left_out_loss(network: Network, outputs: Array, samples: Samples) -> float:
    """The mean loss of rows that were left out: without penalties, and of smoothed targets as if they were not.

    Args:
        outputs: (B, O), what the network, or an ensemble of such, gives for the rows.
        samples: the rows.

    >>> network = Network.parse("1-2", output="softmax", loss="cross_entropy")
    >>> samples = Samples(np.zeros((2, 1)), np.array([0, 1]))
    >>> round(left_out_loss(network, np.array([[0.5, 0.5], [0.75, 0.25]]), samples), 6)
    1.039721
    """
    outputs, Y = outputs.astype(np.float64), samples.Y
    if judged_by_log_loss(network):
        shares = _log_losses(outputs, Y, network.layers[-1].activation)
    else:
        function = network.loss_function
        if function.of_output is None:
            return math.nan
        with np.errstate(over="ignore", invalid="ignore"):
            shares = function.of_output(outputs, Y.astype(np.float64), *function.numbers)[0].sum(axis=1)
    weights = None if samples.weights is None else samples.weights.astype(np.float64)
    return float(np.average(shares, weights=weights))


def metric_of(network: Network, samples: Samples | Source) -> str | None:
    """The metric to show beside the loss: of classes accuracy, of numbers R², of several labels none.

    Of a source all rows are looked at, so that it is the metric of the same rows in memory.
    """
    if judged_by_log_loss(network):
        one_class = network.layers[-1].activation == "softmax" or network.outputs == 1
        return "accuracy" if one_class and have_classes(samples) else None
    return None if are_indices(samples) else "r2"


def fitted_temperature(network: Network, outputs: Array, samples: Samples) -> float:
    """The temperature T with the smallest log-loss of outputs^(1/T), 1/T from 1/5 to 5; 1 where there is none to find.

    It is found on the logarithm of 1/T, in which the log-loss has one valley.

    >>> network = Network.parse("1-2", output="softmax", loss="cross_entropy")
    >>> samples = Samples(np.zeros((4, 1)), np.array([0, 0, 0, 1]))
    >>> round(fitted_temperature(network, np.full((4, 2), [0.9, 0.1]), samples), 3)  # surer than 3 in 4 are right
    2.0
    """
    from scipy.optimize import minimize_scalar

    if not judged_by_log_loss(network) or not len(outputs):
        return 1.0
    activation, P = network.layers[-1].activation, outputs.astype(np.float64)

    def log_loss(sharpness: float) -> float:
        return left_out_loss(network, tempered(P, math.exp(-sharpness), activation), samples)

    most = math.log(SHARPEST)
    found = minimize_scalar(log_loss, bounds=(-most, most), method="bounded", options={"xatol": _TOLERANCE})
    return math.exp(-float(found.x))


def _log_losses(P: Array, Y: Array, activation: str) -> Array:
    """-Σ y log p of each row (B,); of sigmoids, -Σ (y log p + (1 - y) log(1 - p))."""
    tiny = np.finfo(np.float64).tiny
    logs = np.log(np.maximum(P, tiny))
    if Y.ndim == 1:
        return np.asarray(-logs[np.arange(len(P)), Y])
    likely = Y * logs
    if activation == "sigmoid":
        likely = likely + (1.0 - Y) * np.log(np.maximum(1.0 - P, tiny))
    return np.asarray(-likely.sum(axis=1))
