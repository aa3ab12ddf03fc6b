"""A run as one drawing: a row a case, a mark a contestant, further right the more times as long it took."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from clearprop.benchmark.contestants import CONTESTANTS, OURS, contestant
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
    RED,
    STYLE,
    Spot,
    lanes_of,
    line,
    mark,
)
from clearprop.benchmark.race import Outcome
from clearprop.benchmark.report import times
from clearprop.benchmark.suite import About, Run
from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import moment

WIDTH, TOP, BOTTOM, MARGIN = 900.0, 92.0, 44.0, 24.0
# Told apart without colour, too: each has a shape beside its own colour.
MARKS = {
    OURS: ("square", BLACK),
    "scikit-learn": ("triangle", ORANGE),
    "torch": ("circle", RED),
    "torch-compile": ("diamond", PURPLE),
    "jax": ("upside down", BLUE),
    "numpy": ("cross", GREEN),
    "c": ("bar", GREY),
}

Place = Callable[[float], float]
"""From a ratio to pixels."""


def draw(run: Run) -> Markup:
    """The SVG, with the cases in which clearprop and at least one other took part."""
    outcomes = [one for one in run.outcomes if one.timing(OURS) and len(one.timings) > 1]
    powers = _powers(outcomes)
    left = max([lettering.width(one.case.name) for one in outcomes], default=0.0) + MARGIN
    right = WIDTH - lettering.width(times(10.0 ** powers[-1]), lettering.SMALL) / 2 - 6

    def place(ratio: float) -> float:
        return left + (math.log10(ratio) - powers[0]) / (len(powers) - 1) * (right - left)

    rows, bottom = [], TOP
    for outcome in outcomes:
        lanes = lanes_of(_spots(outcome, place))
        height = LANE * (len(lanes) - 1) + 2 * PAD
        rows += [_row(outcome, lanes, left, bottom, height), line(left, right, bottom, bottom, FAINT)]
        bottom += height
    height = bottom + BOTTOM
    axis = element("text", "times clearprop's time (log scale; right is slower)", x=right, y=height - 8, class_="end")
    whiskers = element("text", "lines reach from the first quartile to the third", x=left, y=height - 8, class_="small")
    return picture(
        "bench",
        WIDTH,
        height,
        "How many times as long as clearprop each contestant took, a row a case",
        element("style", Markup(STYLE)),
        element("rect", width=WIDTH, height=height, fill="#ffffff"),
        *_titles(run.about),
        _legend({timing.name for outcome in outcomes for timing in outcome.timings}),
        _grid(powers, place, bottom),
        *rows,
        axis,
        whiskers,
    )


def _titles(about: About) -> list[Markup]:
    title = "How long the same work takes, clearprop = 1" + (" (a quick run: says little)" if about.quick else "")
    where = f"{about.processor}; {about.cores} threads at most; {moment(about.when)}"
    return [
        element("text", title, x=MARGIN, y=24.0, class_="title"),
        element("text", where, x=MARGIN, y=42.0, class_="small"),
    ]


def _powers(outcomes: Sequence[Outcome]) -> range:
    """The powers of ten on the axis."""
    ratios = [ratio for one in outcomes for timing in one.timings for ratio in _quartiles(one, timing.name)]
    low = math.floor(min([0.0, *map(math.log10, ratios)]))
    return range(low, max(math.ceil(max([1.0, *map(math.log10, ratios)])), low + 1) + 1)


def _grid(powers: range, place: Place, bottom: float) -> Markup:
    """A line at each power of ten, fainter ones at 2 to 9 times as much, a dark one at 1."""
    lines = []
    for power in powers:
        if power < powers[-1]:
            lines += [line(x, x, TOP, bottom, FAINT) for x in (place(part * 10.0**power) for part in range(2, 10))]
        x = place(10.0**power)
        lines.append(line(x, x, TOP - 4, bottom, GRID if power else INK))
        lines.append(element("text", times(10.0**power), x=x, y=bottom + 16, class_="middle small"))
    return element("g", *lines)


def _quartiles(outcome: Outcome, name: str) -> tuple[float, float]:
    """Between how many times our time the middle half of a contestant's rounds lies."""
    ours, timing = outcome.timing(OURS), outcome.timing(name)
    assert ours is not None and timing is not None
    first, third = timing.quartiles
    return first / ours.median, third / ours.median


def _spots(outcome: Outcome, place: Place) -> list[Spot]:
    spots = []
    for timing in outcome.timings:
        low, high = map(place, _quartiles(outcome, timing.name))
        spots.append(Spot(timing.name, place(outcome.ratio(timing.name) or 1.0), low, high))
    return spots


def _row(outcome: Outcome, lanes: Sequence[Sequence[Spot]], left: float, top: float, height: float) -> Markup:
    case = outcome.case.name
    parts = [element("text", case, x=left - 12, y=top + height / 2 + 4, class_="end")]
    for number, lane in enumerate(lanes):
        y = top + PAD + LANE * number
        for spot in lane:
            title = f"{case}, {contestant(spot.name).title}: {times(outcome.ratio(spot.name) or 1.0)}"
            whisker = line(spot.low, spot.high, y, y, MARKS[spot.name][1], 2.0)
            shape = mark(*MARKS[spot.name], spot.x, y)
            parts.append(group("bench", f"{case}[{spot.name}]", element("title", title), whisker, shape))
    return element("g", *parts)


def _legend(names: set[str]) -> Markup:
    shown = [one for one in CONTESTANTS if one.name in names]
    parts = []
    for number, one in enumerate(shown):
        x = MARGIN + RADIUS + number * (WIDTH - 2 * MARGIN) / len(CONTESTANTS)
        parts += [mark(*MARKS[one.name], x, 68.0), element("text", one.title, x=x + 11, y=72.0, class_="small")]
    return element("g", *parts)
