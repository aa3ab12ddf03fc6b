"""A run as one drawing: a row a case, a mark a contestant, further right the more times as long it took."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clearprop.benchmark.contestants import CONTESTANTS, OURS, contestant
from clearprop.benchmark.race import Outcome
from clearprop.benchmark.report import times
from clearprop.benchmark.suite import About, Run
from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import moment

WIDTH, TOP, BOTTOM, MARGIN = 900.0, 92.0, 44.0, 24.0
LANE, PAD, RADIUS = 15.0, 11.0, 5.5
"""How far apart marks over each other are, the room beside the outer ones, and half the size of a mark."""
# Told apart without colour, too: each has a shape beside its own colour (Okabe and Ito, 2008, darkened for white).
COLOURS = {
    OURS: "#000000",
    "scikit-learn": "#b35900",
    "torch": "#c0392b",
    "torch-compile": "#8e3a80",
    "jax": "#00658f",
    "numpy": "#00795a",
    "c": "#5b5b5b",
}
INK, GRID, FAINT = "#1c1b19", "#cfcabf", "#eeece7"
STYLE = f"text {{ font: 12px system-ui, sans-serif; fill: {INK}; }} .end {{ text-anchor: end; }}"
STYLE += " .middle { text-anchor: middle; } .small { font-size: 11px; fill: #66625b; } .title { font-weight: 600; }"

Place = Callable[[float], float]
"""From a ratio to pixels."""


@dataclass(frozen=True)
class Spot:
    """Where in a row a contestant's mark stands, and from where to where its quartiles reach, in pixels."""

    name: str
    x: float
    low: float
    high: float

    def overlaps(self, other: Spot) -> bool:
        first, second = sorted((self, other), key=lambda spot: spot.left)
        return second.left < first.right + 2

    @property
    def left(self) -> float:
        return min(self.low, self.x - RADIUS)

    @property
    def right(self) -> float:
        return max(self.high, self.x + RADIUS)


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
        lanes = _lanes(_spots(outcome, place))
        height = LANE * (len(lanes) - 1) + 2 * PAD
        rows += [_row(outcome, lanes, left, bottom, height), _line(left, right, bottom, bottom, FAINT)]
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
            lines += [_line(x, x, TOP, bottom, FAINT) for x in (place(part * 10.0**power) for part in range(2, 10))]
        x = place(10.0**power)
        lines.append(_line(x, x, TOP - 4, bottom, GRID if power else INK))
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


def _lanes(spots: Sequence[Spot]) -> list[list[Spot]]:
    """What would overlap, one over the other: each spot in the first lane in which there is room for it.

    >>> spots = [Spot("a", 10, 10, 10), Spot("b", 12, 12, 12), Spot("c", 40, 40, 40)]
    >>> [[spot.name for spot in lane] for lane in _lanes(spots)]
    [['a', 'c'], ['b']]
    """
    lanes: list[list[Spot]] = []
    for spot in spots:
        free = [lane for lane in lanes if not any(spot.overlaps(other) for other in lane)]
        if free:
            free[0].append(spot)
        else:
            lanes.append([spot])
    return lanes


def _row(outcome: Outcome, lanes: Sequence[Sequence[Spot]], left: float, top: float, height: float) -> Markup:
    case = outcome.case.name
    parts = [element("text", case, x=left - 12, y=top + height / 2 + 4, class_="end")]
    for number, lane in enumerate(lanes):
        y = top + PAD + LANE * number
        for spot in lane:
            title = f"{case}, {contestant(spot.name).title}: {times(outcome.ratio(spot.name) or 1.0)}"
            whisker = _line(spot.low, spot.high, y, y, COLOURS[spot.name], 2.0)
            mark = _mark(spot.name, spot.x, y)
            parts.append(group("bench", f"{case}[{spot.name}]", element("title", title), whisker, mark))
    return element("g", *parts)


def _legend(names: set[str]) -> Markup:
    shown = [one for one in CONTESTANTS if one.name in names]
    parts = []
    for number, one in enumerate(shown):
        x = MARGIN + RADIUS + number * (WIDTH - 2 * MARGIN) / len(CONTESTANTS)
        parts += [_mark(one.name, x, 68.0), element("text", one.title, x=x + 11, y=72.0, class_="small")]
    return element("g", *parts)


def _line(x1: float, x2: float, y1: float, y2: float, colour: str, width: float = 1.0) -> Markup:
    return element("line", x1=x1, x2=x2, y1=y1, y2=y2, stroke=colour, stroke_width=width)


def _mark(name: str, x: float, y: float) -> Markup:
    colour = COLOURS[name]
    shapes = {
        OURS: f"M{x - 5} {y - 5}h10v10h-10z",
        "scikit-learn": f"M{x} {y - 6}l6 11h-12z",
        "torch-compile": f"M{x} {y - 7}l7 7l-7 7l-7 -7z",
        "jax": f"M{x} {y + 6}l6 -11h-12z",
        "numpy": f"M{x - 6} {y - 2}h4v-4h4v4h4v4h-4v4h-4v-4h-4z",
        "c": f"M{x - 6} {y - 2.5}h12v5h-12z",
    }
    if name not in shapes:
        return element("circle", cx=x, cy=y, r=RADIUS, fill=colour)
    return element("path", d=shapes[name], fill=colour)
