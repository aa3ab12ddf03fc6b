"""A run as JSON and as a page of tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from clearprop.benchmark.accuracy import standing
from clearprop.benchmark.accuracy.entrants import CATBOOST, LIGHTGBM, REALMLP, SCIKIT, Entrant, entrant
from clearprop.benchmark.accuracy.standing import ALL, BY_FOLD, Outcome
from clearprop.benchmark.accuracy.suite import Run
from clearprop.benchmark.report import seconds, table, times
from clearprop.drawing.numerals import MISSING, share

PEERS = (REALMLP, LIGHTGBM, CATBOOST, SCIKIT)
METRICS = {
    ALL: "all",
    BY_FOLD: "all, fold by fold",
    "log_loss": "log-loss",
    "accuracy": "accuracy",
    "r2": "R²",
    "ece": "calibration error",
    "rmse": "RMSE",
}
COUNTED = (
    "How ranks are counted: in each task, by log-loss and by accuracy where the target is a class, by R² where it is a "
    "number, 1 is the best mean over the folds; who are equal share the mean of their ranks. The mean is over all of "
    "these, each counted once, so that a task with classes counts twice as much as one with a number. *Fold by fold*, "
    "each fold of each task is ranked by itself, so that chance has more of a say. Each entrant of "
    "clearprop is ranked among itself and the peers alone, as if there were no other of clearprop; the peers' ranks "
    "are those beside the first. *Loss to RealMLP-TD* is the mean of ln(loss/its loss) over tasks and metrics alike, "
    "below 0 where it is better; the losses are log-loss, the share of wrong answers (half a row more is counted as "
    "wrong) and 1 − R², each a mean over the folds first. A task is *won* where the mean of these logarithms over its "
    "metrics is below 0. The calibration error has 15 bins of equal width. A probability below 1e-7 counts as 1e-7."
)
TIMED = (
    "Times are those of fits that had as many processors to themselves as they were allowed threads, the same number "
    "for all; of a task the median over the folds that were timed. Preparing the columns is part of them, importing is "
    "not."
)


def to_json(run: Run) -> dict[str, Any]:
    """Everything that was found, and what follows from it."""
    return {
        "about": asdict(run.about),
        "entrants": [asdict(one) for one in run.entrants],
        "tasks": [_task(run, one) for one in run.outcomes],
        "standing": {name: standings(run.entrants, found) for name, found in groups(run).items()},
    }


def to_text(run: Run) -> str:
    """The JSON as it is written."""
    return json.dumps(to_json(run), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _task(run: Run, outcome: Outcome) -> dict[str, Any]:
    task = outcome.task
    return {
        "name": task.name,
        "kind": task.kind,
        "what": task.what,
        "unseen": task.unseen,
        "absent": dict(outcome.absent),
        "entrants": {
            name: {
                "rank": _rank(run.entrants, outcome, name),
                "scores": {metric: outcome.score(name, metric) for metric in rows[0].fitted.scores},
                "folds": [row.fitted.scores for row in rows],
                "fit_seconds": outcome.seconds(name, standing.fit_seconds),
                "predict_seconds": outcome.seconds(name, standing.predict_seconds),
            }
            for name, rows in outcome.rows.items()
        },
    }


def standings(entrants: Sequence[Entrant], outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """What follows from some tasks, for each entrant: who has no task has nothing."""
    return {
        one.name: {
            "rank": standing.mean_ranks(outcomes, field_of(one.name, entrants))[one.name],
            "log_ratio": standing.log_ratios(outcomes, one.name, REALMLP),
            "won": {peer: standing.won(outcomes, one.name, peer) for peer in PEERS if peer != one.name},
            "ece": standing.calibration(outcomes, one.name),
            "times_as_long": {
                peer: standing.times_as_long(outcomes, one.name, peer) for peer in PEERS if peer != one.name
            },
        }
        for one in entrants
        if any(one.name in outcome.rows for outcome in outcomes)
    }


def field_of(name: str, entrants: Sequence[Entrant]) -> list[str]:
    """Among whom an entrant is ranked: the peers and one of clearprop, itself if it is one, else the first.

    >>> field_of("clearprop-quick", [entrant("clearprop"), entrant("clearprop-quick"), entrant("catboost")])
    ['clearprop-quick', 'catboost']
    """
    ours = [one.name for one in entrants if one.ours]
    mine = [name] if name in ours else ours[:1]
    return [*mine, *(one.name for one in entrants if not one.ours)]


def _rank(entrants: Sequence[Entrant], outcome: Outcome, name: str) -> float | None:
    return standing.task_ranks(outcome, field_of(name, entrants)).get(name)


def groups(run: Run) -> dict[str, list[Outcome]]:
    """The tasks over which a mean is taken, by title: those of the suite, those that no recipe was tuned on."""
    halves = {False: "The suite", True: "Tables that no recipe was tuned on"}
    found = {title: [one for one in run.outcomes if one.task.unseen == half] for half, title in halves.items()}
    return {title: outcomes for title, outcomes in found.items() if outcomes}


def to_markdown(run: Run) -> str:
    """The page: how it was made, who is better, every task, the notes."""
    about = run.about
    versions = ", ".join(f"{name} {number}" for name, number in about.versions.items())
    lines = [
        "# Which model is better",
        "",
        f"{about.when}; {about.draw.folds} folds; seed {about.draw.seed}; {about.processor}; {about.threads} threads; "
        f"{about.machine}; load before the run {'unknown' if about.load is None else f'{about.load:.1f}'}.",
        f"{versions}.",
        "",
        *(["**A quick run: few rows of each table, and the figures say little.**", ""] if about.draw.quick else []),
    ]
    for title, outcomes in groups(run).items():
        lines += [f"## {title}", "", *_table(standing_cells(run.entrants, outcomes)), ""]
    lines += [COUNTED, "", TIMED, ""]
    for outcome in run.outcomes:
        lines += [f"## {outcome.task.name}", "", *_outcome(run, outcome), ""]
    lines += ["## Who takes part", "", *[f"- {one.title}: {one.note}." for one in run.entrants], ""]
    return "\n".join(lines)


def standing_cells(entrants: Sequence[Entrant], outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Who is better over some tasks: a head, and a row an entrant."""
    found = standings(entrants, outcomes)
    metrics = [metric for metric in METRICS if any(metric in one["rank"] for one in found.values())]
    head = [
        "",
        *(f"rank, {METRICS[one]}" for one in metrics),
        "loss to RealMLP-TD",
        "won against RealMLP-TD",
        "against scikit-learn's MLP",
        "calibration error",
        "RealMLP-TD's fit time",
        "CatBoost's",
        "scikit-learn's MLP's",
    ]
    return [head, *([entrant(name).title, *_standing(one, metrics)] for name, one in found.items())]


def _standing(one: Mapping[str, Any], metrics: Sequence[str]) -> list[str]:
    ranked = [_number(one["rank"].get(metric), "{:.2f}") for metric in metrics]
    ratios = [one["times_as_long"].get(peer) for peer in (REALMLP, CATBOOST, SCIKIT)]
    return [
        *ranked,
        _number(one["log_ratio"].get(ALL), "{:+.3f}"),
        *(_won(one["won"].get(peer)) for peer in (REALMLP, SCIKIT)),
        _number(one["ece"], "{:.4f}"),
        *(times(ratio) if ratio else MISSING for ratio in ratios),
    ]


def _won(pair: tuple[int, int] | None) -> str:
    return f"{pair[0]} of {pair[1]} ({share(pair[0] / pair[1], 0)})" if pair and pair[1] else MISSING


def _number(value: float | None, form: str) -> str:
    return MISSING if value is None else form.format(value).replace("-", "−")


def _outcome(run: Run, outcome: Outcome) -> list[str]:
    lines = [f"{outcome.task.what[0].upper()}{outcome.task.what[1:]}.", "", *_table(cells(run, outcome))]
    for name, reason in outcome.absent.items():
        lines += ["", f"Without {entrant(name).title}: {reason}."]
    return lines


def cells(run: Run, outcome: Outcome) -> list[list[str]]:
    """What has come of a task: a head, and a row an entrant."""
    metrics = [*next(iter(outcome.rows.values()))[0].fitted.scores] if outcome.rows else []
    head = ["", *(METRICS[one] for one in metrics), "rank", "fit", "predict"]
    return [head, *(_entrant(run, outcome, name, metrics) for name in outcome.rows)]


def _entrant(run: Run, outcome: Outcome, name: str, metrics: Sequence[str]) -> list[str]:
    spans = (outcome.seconds(name, standing.fit_seconds), outcome.seconds(name, standing.predict_seconds))
    return [
        entrant(name).title,
        *(_number(outcome.score(name, metric), "{:.4f}") for metric in metrics),
        _number(_rank(run.entrants, outcome, name), "{:.2f}"),
        *(MISSING if span is None else seconds(span) for span in spans),
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    return table(rows[0], rows[1:])
