"""How good predictions are on rows that were not learnt from, beside what an answer without looking would get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
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


@dataclass(frozen=True)
class Answers:
    """What the measures need of each row (N,): all that is kept of a table that is scored part by part.

    Attributes:
        true, predicted: as in `Scores`.
        chosen: for classes the probability of the true class, for numbers empty.
        second: of two classes the probability of the second, else empty.
    """

    true: NDArray[Any]
    predicted: NDArray[Any]
    chosen: Values
    second: Values

    @staticmethod
    def of(encoding: Encoding, outputs: NDArray[Any], true: NDArray[Any]) -> Answers:
        """Of what a network gave (B, outputs) for rows whose targets are `true`, as `Encoding.targets` gives them."""
        outputs, none = outputs.astype(np.float64), np.empty(0)
        if encoding.task == "numbers":
            return Answers(true[:, 0], encoding.target.predicted(outputs[:, 0]), none, none)
        second = outputs[:, 1].copy() if outputs.shape[1] == 2 else none
        return Answers(true, outputs.argmax(axis=1), _chosen(true, outputs), second)

    @staticmethod
    def joined(parts: Sequence[Answers]) -> Answers:
        """Those of some rows and the rows below them."""
        names = [field.name for field in fields(Answers)]
        return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def scores(self, encoding: Encoding, shares: object) -> Scores:
        """How good they are; `shares` are those of the classes in training, a list, which the baseline answers."""
        if encoding.task == "numbers":
            return _of_numbers(self.true, self.predicted, encoding.target.mean)
        return _of_classes(self, _shares(shares, len(encoding.classes)))


def _of_classes(answers: Answers, shares: Values) -> Scores:
    from sklearn import metrics

    true, predicted = answers.true, answers.predicted
    always = np.full(len(true), shares.argmax())
    trivial = _chosen(true, np.broadcast_to(shares, (len(true), len(shares))))
    measures = [
        Score("accuracy", float((predicted == true).mean()), float((always == true).mean()), True),
        Score("balanced_accuracy", _balanced(true, predicted), _balanced(true, always), True),
        Score("log_loss", _log_loss(answers.chosen), _log_loss(trivial), False),
    ]
    if len(shares) == 2 and len(np.unique(true)) == 2:
        measures.insert(1, Score("roc_auc", float(metrics.roc_auc_score(true, answers.second)), 0.5, True))
    confusion = metrics.confusion_matrix(true, predicted, labels=np.arange(len(shares)))
    return Scores(tuple(measures), true, predicted, confusion)


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


def _chosen(true: NDArray[Any], probabilities: Values) -> Values:
    """The probability of the true class of each row."""
    chosen: Values = probabilities[np.arange(len(true)), true] / probabilities.sum(axis=1)
    return chosen


def _log_loss(chosen: Values) -> float:
    return float(-np.log(np.maximum(chosen, np.finfo(np.float64).tiny)).mean())


def _shares(shares: object, classes: int) -> Values:
    if not isinstance(shares, list) or len(shares) != classes:
        raise InputError("the model's file does not say how common the classes were in training")
    return np.array(shares, dtype=np.float64)
