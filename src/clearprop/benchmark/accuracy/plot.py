"""A run as one drawing: a row a task, a mark an entrant, further left the less its loss is beside RealMLP-TD's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean

from clearprop.benchmark.accuracy.entrants import (
    CATBOOST,
    LIGHTGBM,
    QUICK,
    REALMLP,
    SCIKIT,
    STRONG,
    Entrant,
    entrant,
)
from clearprop.benchmark.accuracy.standing import Outcome
from clearprop.benchmark.accuracy.suite import About, Run
from clearprop.benchmark.marks import (
    BLACK,
    BLUE,
    FAINT,
    GREEN,
    GREY,
    GRID,
    INK,
    LANE,
    ORANGE,
    PAD,
    PURPLE,
    RADIUS,
    STYLE,
    Spot,
    lanes_of,
    line,
    mark,
)
from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import evenly, moment

WIDTH, TOP, BOTTOM, MARGIN = 900.0, 92.0, 44.0, 24.0
# Told apart without colour, too: each has a shape beside its own colour.
MARKS = {
    STRONG: ("square", BLACK),
    QUICK: ("diamond", GREY),
    REALMLP: ("bar", PURPLE),
    LIGHTGBM: ("upside down", GREEN),
    CATBOOST: ("circle", BLUE),
    SCIKIT: ("triangle", ORANGE),
}
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)

Place = Callable[[float], float]
"""From a ratio to pixels."""


def ratios(outcome: Outcome, to: str) -> dict[str, float]:
    """Each entrant's loss over that of one: the geometric mean over the task's metrics."""
    logarithms = {name: [outcome.log_ratio(name, to, one) for one in outcome.metrics] for name in outcome.rows}
    return {name: math.exp(fmean(found)) for name, found in logarithms.items()}


def draw(run: Run) -> Markup:
    """The SVG, with the tasks in which the one that all are compared with took part and at least one other."""
    to = _compared_with(run.entrants)
    found = {one.task.name: ratios(one, to) for one in run.outcomes if to in one.rows and len(one.rows) > 1}
    ticks = _ticks([ratio for one in found.values() for ratio in one.values()])
    left = max([lettering.width(_title(one)) for one in run.outcomes], default=0.0) + MARGIN
    right = WIDTH - MARGIN

    def place(ratio: float) -> float:
        part = math.log(ratio / ticks[0]) / math.log(ticks[-1] / ticks[0])
        return left + min(max(part, 0.0), 1.0) * (right - left)

    rows, bottom = [], TOP
    for outcome in run.outcomes:
        if outcome.task.name in found:
            row, height = _row(outcome, found[outcome.task.name], place, left, bottom)
            rows += [row, line(left, right, bottom, bottom, FAINT)]
            bottom += height
    height = bottom + BOTTOM
    axis = f"times {entrant(to).title}'s loss, the geometric mean over the metrics (log scale; left is better)"
    return picture(
        "accuracy",
        WIDTH,
        height,
        f"How many times {entrant(to).title}'s loss each entrant has, a row a task",
        element("style", Markup(STYLE)),
        element("rect", width=WIDTH, height=height, fill="#ffffff"),
        *_titles(run.about, entrant(to).title),
        _legend([name for name in MARKS if any(name in one for one in found.values())]),
        _grid(ticks, place, bottom),
        *rows,
        element("text", axis, x=right, y=height - 8, class_="end"),
    )


def _compared_with(entrants: Sequence[Entrant]) -> str:
    """RealMLP-TD, or where it is not there the last that is."""
    there = [one.name for one in entrants]
    return REALMLP if REALMLP in there or not there else there[-1]


def _ticks(found: Sequence[float]) -> tuple[float, ...]:
    """The numbers on the axis: those between which all that is found lies, as far as they reach."""
    low, high = min([0.8, *found]), max([1.25, *found])
    first = max([place for place, tick in enumerate(TICKS) if tick <= low], default=0)
    last = min([place for place, tick in enumerate(TICKS) if tick >= high], default=len(TICKS) - 1)
    return TICKS[first : last + 1]


def _title(outcome: Outcome) -> str:
    return outcome.task.name.replace("_", " ") + (" (not tuned on)" if outcome.task.unseen else "")


def _titles(about: About, to: str) -> list[Markup]:
    title = f"Losses on rows that were left out, {to} = 1" + (" (a quick run: says little)" if about.draw.quick else "")
    where = f"{about.draw.folds} folds; {about.processor.name}; {moment(about.when)}"
    return [
        element("text", title, x=MARGIN, y=24.0, class_="title"),
        element("text", where, x=MARGIN, y=42.0, class_="small"),
    ]


def _legend(names: Sequence[str]) -> Markup:
    parts = []
    for number, name in enumerate(names):
        x = MARGIN + RADIUS + number * (WIDTH - 2 * MARGIN) / len(MARKS)
        parts += [mark(*MARKS[name], x, 68.0), element("text", entrant(name).title, x=x + 11, y=72.0, class_="small")]
    return element("g", *parts)


def _grid(ticks: Sequence[float], place: Place, bottom: float) -> Markup:
    lines = []
    for tick, written in zip(ticks, evenly(ticks), strict=True):
        x = place(tick)
        lines.append(line(x, x, TOP - 4, bottom, INK if tick == 1.0 else GRID))
        lines.append(element("text", written, x=x, y=bottom + 16, class_="middle small"))
    return element("g", *lines)


def _row(outcome: Outcome, found: dict[str, float], place: Place, left: float, top: float) -> tuple[Markup, float]:
    """A row, and how high it is."""
    lanes = lanes_of([Spot(name, place(ratio), place(ratio), place(ratio)) for name, ratio in found.items()])
    height = LANE * (len(lanes) - 1) + 2 * PAD
    parts = [element("text", _title(outcome), x=left - 12, y=top + height / 2 + 4, class_="end")]
    for number, lane in enumerate(lanes):
        for spot in lane:
            said = element("title", f"{_title(outcome)}, {entrant(spot.name).title}: {found[spot.name]:.3f} ×")
            shape = mark(*MARKS[spot.name], spot.x, top + PAD + LANE * number)
            parts.append(group("accuracy", f"{outcome.task.name}[{spot.name}]", said, shape))
    return element("g", *parts), height
