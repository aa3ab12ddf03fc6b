"""Who is better, from the fits that are done: ranks, log-ratios of losses, tasks won, calibration and times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
from scipy.stats import rankdata

from clearprop.benchmark.accuracy.cache import Row
from clearprop.benchmark.accuracy.scores import HIGHER_IS_BETTER, RANKED, losses
from clearprop.benchmark.accuracy.task import Task

ALL = "all"
"""Beside the name of a metric: all metrics alike."""
BY_FOLD = "by fold"
"""Beside it: all metrics, each fold by itself."""


@dataclass(frozen=True)
class Outcome:
    """What has come of a task.

    Attributes:
        rows: of each entrant that took part, the fits done, one a fold; all have the same folds.
        absent: why the others did not.
    """

    task: Task
    rows: Mapping[str, Sequence[Row]]
    absent: Mapping[str, str]

    @property
    def metrics(self) -> tuple[str, ...]:
        """By which this task is ranked."""
        return RANKED[self.task.kind]

    def score(self, name: str, metric: str) -> float:
        """An entrant's mean over the folds."""
        return fmean(row.fitted.scores[metric] for row in self.rows[name])

    def loss(self, name: str, metric: str) -> float:
        """An entrant's mean loss over the folds, never 0."""
        return fmean(losses(self.task.kind, row.fitted.scores, row.fitted.rows)[metric] for row in self.rows[name])

    def log_ratio(self, name: str, other: str, metric: str) -> float:
        """ln of an entrant's loss over another's: below 0 where it is better."""
        return float(np.log(self.loss(name, metric) / self.loss(other, metric)))

    def seconds(self, name: str, of: Callable[[Row], float]) -> float | None:
        """The median over the folds that were timed, or None where none was."""
        timed = [of(row) for row in self.rows[name] if row.timed]
        return median(timed) if timed else None


def ranks(values: Mapping[str, float], metric: str) -> dict[str, float]:
    """The rank of each, 1 for the best; those that are equal share the mean of their ranks.

    >>> ranks({"a": 0.9, "b": 0.8, "c": 0.9}, "accuracy")
    {'a': 1.5, 'b': 3.0, 'c': 1.5}
    """
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0
    return dict(zip(values, map(float, rankdata([sign * one for one in values.values()])), strict=True))


def task_ranks(outcome: Outcome, field: Sequence[str]) -> dict[str, float]:
    """The mean rank of each of the field in one task over its metrics, by the means of its folds."""
    found = [one for _, one in _ranks_of_means(outcome, field)]
    return {name: fmean(one[name] for one in found) for name in field} if found else {}


def mean_ranks(outcomes: Sequence[Outcome], field: Sequence[str]) -> dict[str, dict[str, float]]:
    """Of each of the field its mean rank among them: by metric, over all, and over all fold by fold.

    Each task gives one rank by each of its metrics (log-loss and accuracy, or R²), of the mean over its folds; the mean
    is over all these, each counted once. Fold by fold, each fold of each task gives one by each metric. A task in which
    one of the field did not take part is left out.
    """
    found = [pair for outcome in outcomes for pair in _ranks_of_means(outcome, field)]
    by_fold = [one for outcome in outcomes for _, one in _fold_ranks(outcome, field)]
    metrics = [*dict.fromkeys(metric for metric, _ in found)]
    if not found:
        return {name: {} for name in field}
    return {
        name: {
            ALL: fmean(one[name] for _, one in found),
            BY_FOLD: fmean(one[name] for one in by_fold),
            **{metric: fmean(one[name] for other, one in found if other == metric) for metric in metrics},
        }
        for name in field
    }


def _ranks_of_means(outcome: Outcome, field: Sequence[str]) -> Iterator[tuple[str, dict[str, float]]]:
    if all(name in outcome.rows for name in field):
        for metric in outcome.metrics:
            # What is equal but for how a sum was rounded is equal.
            yield metric, ranks({name: round(outcome.score(name, metric), 12) for name in field}, metric)


def _fold_ranks(outcome: Outcome, field: Sequence[str]) -> Iterator[tuple[str, dict[str, float]]]:
    if not all(name in outcome.rows for name in field):
        return
    for fold in range(len(outcome.rows[field[0]])):
        for metric in outcome.metrics:
            yield metric, ranks({name: outcome.rows[name][fold].fitted.scores[metric] for name in field}, metric)


def log_ratios(outcomes: Sequence[Outcome], name: str, other: str) -> dict[str, float]:
    """The mean of ln(loss/other's loss) over the tasks, by metric and over all pairs of a task and a metric alike."""
    both = _both(outcomes, name, other)
    found = [(metric, one.log_ratio(name, other, metric)) for one in both for metric in one.metrics]
    metrics = [*dict.fromkeys(metric for metric, _ in found)]
    return {
        **({ALL: fmean(value for _, value in found)} if found else {}),
        **{metric: fmean(value for known, value in found if known == metric) for metric in metrics},
    }


def won(outcomes: Sequence[Outcome], name: str, other: str) -> tuple[int, int]:
    """In how many tasks an entrant is better than another, and of how many.

    Better: the mean of the log-ratios of the task's losses is below 0.
    """
    pairs = _both(outcomes, name, other)
    better = [fmean(one.log_ratio(name, other, metric) for metric in one.metrics) < 0.0 for one in pairs]
    return sum(better), len(pairs)


def times_as_long(outcomes: Sequence[Outcome], name: str, other: str) -> float | None:
    """How many times as long as an entrant another one learns: the sums over all tasks in which both were timed."""
    both = [(one.seconds(name, fit_seconds), one.seconds(other, fit_seconds)) for one in _both(outcomes, name, other)]
    timed = [(ours, theirs) for ours, theirs in both if ours is not None and theirs is not None]
    return sum(theirs for _, theirs in timed) / sum(ours for ours, _ in timed) if timed else None


def calibration(outcomes: Sequence[Outcome], name: str) -> float | None:
    """The mean expected calibration error over the tasks with classes, or None."""
    errors = [one.score(name, "ece") for one in outcomes if one.task.kind == "classes" and name in one.rows]
    return fmean(errors) if errors else None


def fit_seconds(row: Row) -> float:
    return row.fitted.fit_seconds


def predict_seconds(row: Row) -> float:
    return row.fitted.predict_seconds


def _both(outcomes: Sequence[Outcome], name: str, other: str) -> list[Outcome]:
    return [one for one in outcomes if name in one.rows and other in one.rows]
