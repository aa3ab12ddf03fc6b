"""How good predictions are on rows that were not learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEAST = 1e-7
"""A probability that is told as less counts as this: about the step of float32 below 1."""
BINS = 15

HIGHER_IS_BETTER = {"log_loss": False, "accuracy": True, "ece": False, "r2": True, "rmse": False}
RANKED = {"classes": ("log_loss", "accuracy"), "numbers": ("r2",)}
"""By which metrics entrants are ranked."""


def of_classes(probabilities: Array, true: Array) -> dict[str, float]:
    """Log-loss, accuracy and expected calibration error.

    −1/N Σ ln p(yᵢ), with p at least 1e-7; the share of rows whose likeliest class is right; and
    Σ_b n_b/N · |accuracy_b − confidence_b| over 15 bins, equally wide, of the likeliest class's probability.

    Args:
        probabilities: (N, classes), rows that sum to 1; they are divided by their sum.
        true: (N,) class indices.

    >>> of_classes(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]))
    {'log_loss': 0.5108..., 'accuracy': 0.5, 'ece': 0.35}

    Source: Guo and others, "On calibration of modern neural networks", 2017 (the calibration error).
    """
    shares = np.asarray(probabilities, dtype=np.float64)
    shares = shares / shares.sum(axis=1, keepdims=True)
    right = shares.argmax(axis=1) == true
    confidence = shares.max(axis=1)
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, weights=right - confidence, minlength=BINS)
    return {
        "log_loss": float(-np.log(np.maximum(shares[np.arange(len(true)), true], LEAST)).mean()),
        "accuracy": float(right.mean()),
        "ece": float(np.abs(gaps).sum() / len(true)),
    }


def of_numbers(predicted: Array, true: Array) -> dict[str, float]:
    """R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², ȳ the mean of these rows, and the root of the mean squared error.

    >>> of_numbers(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]))
    {'r2': 0.357..., 'rmse': 1.73...}
    """
    squares = np.square(true - np.asarray(predicted, dtype=np.float64).ravel())
    return {
        "r2": float(1.0 - squares.sum() / np.square(true - true.mean()).sum()),
        "rmse": float(np.sqrt(squares.mean())),
    }


def losses(kind: str, scores: dict[str, float], rows: int) -> dict[str, float]:
    """What is to be small, by metric, and is never 0, so that it has a logarithm.

    Log-loss, and the error (1 − accuracy) with half a row more that is wrong; 1 − R².

    >>> losses("classes", {"log_loss": 0.25, "accuracy": 1.0, "ece": 0.1}, rows=99)
    {'log_loss': 0.25, 'accuracy': 0.005}
    """
    if kind == "classes":
        error = ((1.0 - scores["accuracy"]) * rows + 0.5) / (rows + 1)
        return {"log_loss": max(scores["log_loss"], LEAST), "accuracy": error}
    return {"r2": max(1.0 - scores["r2"], LEAST)}
