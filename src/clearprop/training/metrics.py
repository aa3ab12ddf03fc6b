"""Metrics: one entry each, how good outputs are, as people who use a model say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clearprop.engines.base import Array, Samples
from clearprop.engines.source import Source
from clearprop.errors import InputError, unknown


@dataclass(frozen=True)
class Metric:
    """How good outputs are.

    `value` takes the outputs (B, O), the targets (B, O) or class indices (B,), and the weights of the rows (B,).
    """

    name: str
    higher_is_better: bool
    of_classes: bool
    value: Callable[[Array, Array, Array], float]
    text: str

    def measure(self, outputs: Array, samples: Samples) -> float:
        """The metric of the outputs for `samples`, computed in float64.

        >>> samples = Samples(np.zeros((2, 1)), np.array([[1.0], [0.0]]))
        >>> METRICS["accuracy"].measure(np.array([[0.9], [0.6]]), samples)
        0.5
        """
        weights = np.ones(len(outputs)) if samples.weights is None else samples.weights.astype(np.float64)
        targets = samples.Y if samples.Y.ndim == 1 else samples.Y.astype(np.float64)
        return float(self.value(outputs.astype(np.float64), targets, weights))


def metric(name: object, samples: Samples | Source) -> Metric:
    """The metric of a name, if it fits the targets; of a source all rows are looked at.

    Raises:
        InputError: the name is unknown; accuracy for targets that are no classes; an error of numbers for classes.
    """
    if not isinstance(name, str) or name not in METRICS:
        raise unknown("metric", name, METRICS)
    entry = METRICS[name]
    if entry.of_classes and not have_classes(samples):
        raise InputError(
            f'metric "{name}": the targets must be classes: class indices, or 0 and 1 in Y; '
            'for numbers take "r2" or "mean_absolute_error"'
        )
    if not entry.of_classes and are_indices(samples):
        raise InputError(f'metric "{name}" is for numbers, and the targets are class indices; take "accuracy"')
    return entry


def are_classes(Y: Array) -> bool:
    """Whether targets are class indices (B,), or (B, O) of 0 and 1 only."""
    return Y.ndim == 1 or bool(((Y == 0) | (Y == 1)).all())


def have_classes(samples: Samples | Source) -> bool:
    """`are_classes` of the targets of all rows; of a source in the types that an engine wants."""
    if isinstance(samples, Samples):
        return are_classes(samples.Y)
    return are_indices(samples) or all(are_classes(Y) for _, _, Y in samples.parts())


def are_indices(samples: Samples | Source) -> bool:
    """Whether targets, in the types that an engine wants, are class indices (N,)."""
    return (samples.Y if isinstance(samples, Samples) else samples.like[1]).ndim == 1


def decisions(values: Array) -> Array:
    """The class that outputs or one-hot targets (B, O) decide on, (B,): the largest; of one alone, whether it is ≥ 0.5.

    An output of exactly 0.5 is class 1, as step(0) = 1.

    >>> decisions(np.array([[0.5], [0.2]])).tolist(), decisions(np.array([[0.1, 0.7, 0.2]])).tolist()
    ([1, 0], [1])
    """
    if values.ndim == 1:
        return values
    if values.shape[1] == 1:
        return np.asarray(values[:, 0] >= 0.5, dtype=np.int64)
    return np.asarray(values.argmax(axis=1))


def _mean(values: Array, weights: Array) -> Array:
    """The weighted mean over the rows."""
    return np.asarray((values.T * weights).sum(axis=-1) / weights.sum())


def _accuracy(A: Array, Y: Array, weights: Array) -> float:
    return float(_mean(decisions(A) == decisions(Y), weights))


def _r2(A: Array, Y: Array, weights: Array) -> float:
    error, spread = _mean((Y - A) ** 2, weights), _mean((Y - _mean(Y, weights)) ** 2, weights)
    # A constant target has no spread to explain: 1 for those who hit it, 0 for the others, as scikit-learn has it.
    constant = np.where(error == 0, 1.0, 0.0)
    return float(np.where(spread > 0, 1.0 - error / np.where(spread > 0, spread, 1.0), constant).mean())


def _mean_absolute_error(A: Array, Y: Array, weights: Array) -> float:
    return float(_mean(np.abs(Y - A), weights).mean())


def _root_mean_squared_error(A: Array, Y: Array, weights: Array) -> float:
    return float(np.sqrt(_mean((Y - A) ** 2, weights)).mean())


_ENTRIES = [
    Metric("accuracy", True, True, _accuracy, "the share of rows whose class is right"),
    Metric("r2", True, False, _r2, "1 - Σ(y - a)² / Σ(y - ȳ)², the mean over the outputs"),
    Metric("mean_absolute_error", False, False, _mean_absolute_error, "the mean of |y - a|"),
    Metric(
        "root_mean_squared_error",
        False,
        False,
        _root_mean_squared_error,
        "the square root of the mean of (y - a)², the mean over the outputs",
    ),
]

METRICS: dict[str, Metric] = {entry.name: entry for entry in _ENTRIES}
