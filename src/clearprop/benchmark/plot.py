"""A run as one drawing: a line a case, a mark a contestant, further right the more times as long it took."""

from __future__ import annotations

import math

from clearprop.benchmark.contestants import CONTESTANTS, OURS
from clearprop.benchmark.report import times
from clearprop.benchmark.suite import Run
from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture

WIDTH, PITCH, TOP, BOTTOM, RADIUS = 900.0, 26.0, 70.0, 34.0, 5.5
# Told apart without colour, too: each has a letter beside its own colour (Okabe and Ito, 2008, darkened for white).
COLOURS = {
    OURS: "#000000",
    "scikit-learn": "#b35900",
    "torch": "#c0392b",
    "torch-compile": "#8e3a80",
    "jax": "#00658f",
    "numpy": "#00795a",
    "c": "#5b5b5b",
}
STYLE = "text { font: 12px system-ui, sans-serif; fill: #1c1b19; } .end { text-anchor: end; }"
STYLE += " .middle { text-anchor: middle; } .small { font-size: 11px; fill: #66625b; }"


def draw(run: Run) -> Markup:
    """The SVG; cases in which clearprop did not take part are left out."""
    outcomes = [one for one in run.outcomes if one.timing(OURS)]
    ratios = [one.ratio(timing.name) or 1.0 for one in outcomes for timing in one.timings]
    low = math.floor(min([0.0, *map(math.log10, ratios)]))
    high = max(math.ceil(max([1.0, *map(math.log10, ratios)])), low + 1)
    left = max([lettering.width(one.case.name) for one in outcomes], default=0.0) + 24
    right = WIDTH - 24
    bottom = TOP + PITCH * len(outcomes)

    def place(ratio: float) -> float:
        return left + (math.log10(ratio) - low) / (high - low) * (right - left)

    parts = [element("style", Markup(STYLE)), element("rect", width=WIDTH, height=bottom + BOTTOM, fill="#ffffff")]
    parts += [_legend(left)]
    for power in range(low, high + 1):
        x = place(10.0**power)
        colour = "#1c1b19" if power == 0 else "#d9d5cc"
        parts.append(element("line", x1=x, x2=x, y1=TOP - 6, y2=bottom, stroke=colour))
        parts.append(element("text", times(10.0**power), x=x, y=bottom + 16, class_="middle small"))
    parts.append(element("text", "times as long as clearprop", x=right, y=bottom + 31, class_="end small"))
    for number, outcome in enumerate(outcomes):
        y = TOP + PITCH * number + PITCH / 2
        parts.append(element("text", outcome.case.name, x=left - 12, y=y + 4, class_="end"))
        parts.append(element("line", x1=left, x2=right, y1=y, y2=y, stroke="#eeece7"))
        for timing in reversed(outcome.timings):
            ratio = outcome.ratio(timing.name) or 1.0
            parts.append(
                group(
                    "bench",
                    f"{outcome.case.name}[{timing.name}]",
                    element("title", f"{outcome.case.name}, {timing.name}: {times(ratio)}"),
                    _mark(timing.name, place(ratio), y),
                )
            )
    label = "How many times as long as clearprop each contestant took, a line a case"
    return picture("bench", WIDTH, bottom + BOTTOM, label, *parts)


def _legend(left: float) -> Markup:
    parts, x = [], left
    for one in CONTESTANTS:
        parts += [_mark(one.name, x, 24.0), element("text", one.title, x=x + 11, y=28.0)]
        x += lettering.width(one.title) + 30
    return element("g", *parts)


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
