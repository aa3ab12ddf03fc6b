"""How good predictions are on rows that were not learnt from, beside what an answer without looking would get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearprop.drawing.numerals import number, share
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.table import Encoding

Values = NDArray[np.float64]

SHARES = ("accuracy", "balanced_accuracy")
"""Measures that are parts of one."""


@dataclass(frozen=True)
class Score:
    """One measure, and what the trivial baseline gets: always the shares of the classes, or the mean, of training."""

    name: str
    value: float
    baseline: float
    higher_is_better: bool


@dataclass(frozen=True)
class Scores:
    """The measures over some rows, the most telling first, and what they are computed from.

    For classes `true` and `predicted` are class indices and `confusion[true][predicted]` counts; for numbers they are
    in the target's own unit and `confusion` is empty.
    """

    measures: tuple[Score, ...]
    true: NDArray[Any]
    predicted: NDArray[Any]
    confusion: NDArray[np.int64]

    @property
    def rows(self) -> int:
        return len(self.true)

    def to_json(self) -> dict[str, dict[str, float]]:
        return {one.name: {"value": one.value, "baseline": one.baseline} for one in self.measures}


def written(name: str, value: float) -> str:
    """A measure for people: a share as a percentage; an R² near 0 to three decimals, the rest of which is rounding.

    >>> written("accuracy", 0.974), written("r2", -8.8e-5), written("r2", 0.98713), written("rmse", 12.5)
    ('97.4%', '0.000', '0.9871', '12.50')
    """
    if name in SHARES:
        return share(value)
    if name == "r2" and abs(value) < 0.1:
        return f"{value:.3f}".replace("-0.000", "0.000").replace("-", "−")
    return number(value)


def score_outputs(encoding: Encoding, shares: object, outputs: NDArray[Any], true: NDArray[Any]) -> Scores:
    """Scores what a network gave (B, outputs) for rows whose targets are `true`, as `Encoding.targets` gives them.

    `shares` are those of the classes in training, a list; they are the baseline's answer.
    """
    outputs = outputs.astype(np.float64)
    if encoding.task == "classes":
        return _of_classes(true, outputs, _shares(shares, len(encoding.classes)))
    return _of_numbers(true[:, 0], encoding.target.predicted(outputs[:, 0]), encoding.target.mean)


def _of_classes(true: NDArray[Any], probabilities: Values, shares: Values) -> Scores:
    from sklearn import metrics

    classes = np.arange(probabilities.shape[1])
    predicted = probabilities.argmax(axis=1)
    always = np.full(len(true), shares.argmax())
    trivial = np.broadcast_to(shares, probabilities.shape)
    measures = [
        Score("accuracy", float((predicted == true).mean()), float((always == true).mean()), True),
        Score("balanced_accuracy", _balanced(true, predicted), _balanced(true, always), True),
        Score("log_loss", _log_loss(true, probabilities), _log_loss(true, trivial), False),
    ]
    if len(classes) == 2 and len(np.unique(true)) == 2:
        measures.insert(1, Score("roc_auc", float(metrics.roc_auc_score(true, probabilities[:, 1])), 0.5, True))
    return Scores(tuple(measures), true, predicted, metrics.confusion_matrix(true, predicted, labels=classes))


def _of_numbers(true: Values, predicted: Values, mean: float) -> Scores:
    from sklearn import metrics

    always = np.full(len(true), mean)

    def measured(name: str, measure: Callable[[Values, Values], float], higher_is_better: bool) -> Score:
        return Score(name, float(measure(true, predicted)), float(measure(true, always)), higher_is_better)

    measures = [
        measured("rmse", metrics.root_mean_squared_error, False),
        measured("mae", metrics.mean_absolute_error, False),
    ]
    if len(np.unique(true)) > 1:
        measures.insert(0, measured("r2", metrics.r2_score, True))
    return Scores(tuple(measures), true, predicted, np.zeros((0, 0), np.int64))


def _balanced(true: NDArray[Any], predicted: NDArray[Any]) -> float:
    """The mean recall of the classes that occur."""
    return float(np.mean([(predicted[true == label] == label).mean() for label in np.unique(true)]))


def _log_loss(true: NDArray[Any], probabilities: Values) -> float:
    chosen = probabilities[np.arange(len(true)), true] / probabilities.sum(axis=1)
    return float(-np.log(np.maximum(chosen, np.finfo(np.float64).tiny)).mean())


def _shares(shares: object, classes: int) -> Values:
    if not isinstance(shares, list) or len(shares) != classes:
        raise InputError("the model's file does not say how common the classes were in training")
    return np.array(shares, dtype=np.float64)
