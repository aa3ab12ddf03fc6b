"""Curves over epochs: losses and metrics, with the best epoch marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, coordinate, element, group, join, picture
from clearprop.drawing.numerals import number, share
from clearprop.drawing.scale import Scale, counting, fitting, linear

MOST_POINTS = 600
TOP, BOTTOM = 24.0, 44.0
LINE = 15.0  # from one direct label to the next


@dataclass(frozen=True)
class Series:
    """One curve: its name, a value for each place on the horizontal axis, and its colour's class.

    Values that are not finite leave a gap. `parts` are curves drawn faintly behind it, such as those that it is the
    mean of.
    """

    name: str
    values: Sequence[float]
    role: str = "first"
    parts: Sequence[Sequence[float]] = ()


@dataclass(frozen=True)
class Best:
    """The place on the horizontal axis that is marked, and the words written there."""

    at: float
    label: str


def curves(
    series: Sequence[Series],
    at: Sequence[float],
    *,
    prefix: str,
    label: str,
    across: str,
    up: str,
    best: Best | None = None,
    percent: bool = False,
    width: float = 400.0,
    height: float = 240.0,
) -> Markup:
    """Curves over the whole numbers `at` (epochs); the axis is logarithmic beyond two decades.

    `across` and `up` name the axes, `label` stands for the drawing where it cannot be seen, `percent` says
    that the values are parts of one (then the axis is linear). Each curve is a group `curve[name]`, those behind
    it `curve[name 1]`, `curve[name 2]` and so on, the mark is `best`.

    >>> both = [Series("training", [1.0, 0.5]), Series("validation", [1.1, 0.7], "second")]
    >>> drawing = curves(both, [1, 2], prefix="c", label="loss", across="epoch", up="loss")
    >>> 'data-id="curve[training]"' in drawing
    True
    """
    right = max((lettering.width(one.name) for one in series), default=0.0) + 12
    values = [value for one in series for curve in (one.values, *one.parts) for value in curve]
    low, high = height - BOTTOM, TOP
    vertical = linear(values, low, high, percent=True) if percent else fitting(values, low, high)
    left = room_beside(vertical)
    horizontal = counting(at, left, width - right)
    return picture(
        prefix,
        width,
        height,
        label,
        axes(prefix, horizontal, vertical, across, up),
        *(
            _curve(prefix, f"{one.name} {place}", part, f"{one.role} faint", at, horizontal, vertical)
            for one in series
            for place, part in enumerate(one.parts, 1)
        ),
        *(_curve(prefix, one.name, one.values, one.role, at, horizontal, vertical) for one in series),
        None
        if best is None
        else _mark(prefix, best, series, at, horizontal, vertical, lettering.width(up, lettering.SMALL) + 10),
        _names(series, width - right + 8, vertical),
    )


def room_beside(vertical: Scale) -> float:
    """The width that the labels of an upward axis take, to its left."""
    return max(lettering.width(tick, lettering.SMALL) for tick in vertical.labels) + 12


def axes(prefix: str, horizontal: Scale, vertical: Scale, across: str, up: str) -> Markup:
    """The two axes of a plot: ticks, their numbers, faint lines across, and what is counted."""
    low, left, right = vertical.start, horizontal.start, horizontal.end
    parts = [element("text", up, x=0, y=12, class_="small muted")]
    for tick, written in zip(vertical.ticks, vertical.labels, strict=True):
        y = vertical(tick)
        parts.append(element("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(element("text", written, x=left - 6, y=y + 4, class_="small muted end"))
    for tick, written in zip(horizontal.ticks, horizontal.labels, strict=True):
        x = horizontal(tick)
        parts.append(element("line", x1=x, x2=x, y1=low, y2=low + 4, class_="axis"))
        parts.append(element("text", written, x=x, y=low + 17, class_="small muted middle"))
    parts.append(element("line", x1=left, x2=right, y1=low, y2=low, class_="axis"))
    parts.append(element("text", across, x=(left + right) / 2, y=low + 36, class_="small muted middle"))
    return group(prefix, "axes", *parts)


def _curve(
    prefix: str,
    name: str,
    values: Sequence[float],
    role: str,
    at: Sequence[float],
    horizontal: Scale,
    vertical: Scale,
) -> Markup:
    path, pen_down = [], False
    for place, value in _thinned(at, values):
        if math.isfinite(value):
            x, y = coordinate(horizontal(place)), coordinate(vertical(value))
            path.append(f"{'L' if pen_down else 'M'}{x} {y}")
        pen_down = math.isfinite(value)
    if len(path) == 1:  # a single point: a line of no length, which the round caps make visible
        path.append("h0")
    line = element("path", d="".join(path), class_=f"curve {role}")
    return group(prefix, f"curve[{name}]", element("title", name), line)


def _thinned(at: Sequence[float], values: Sequence[float]) -> list[tuple[float, float]]:
    """About `MOST_POINTS` points: of each stretch its lowest and its highest, so that no spike is lost."""
    points = [(float(place), float(value)) for place, value in zip(at, values, strict=True)]
    if len(points) <= MOST_POINTS:
        return points
    stretch = math.ceil(2 * len(points) / MOST_POINTS)
    kept = {0, len(points) - 1}
    for start in range(0, len(points), stretch):
        indices = range(start, min(start + stretch, len(points)))
        drawn = [index for index in indices if math.isfinite(points[index][1])]
        if drawn:
            kept |= {choose(drawn, key=lambda index: points[index][1]) for choose in (min, max)}
        else:
            kept.add(start)  # one point that is not finite keeps the gap
    return [points[index] for index in sorted(kept)]


def _mark(
    prefix: str,
    best: Best,
    series: Sequence[Series],
    at: Sequence[float],
    horizontal: Scale,
    vertical: Scale,
    leftmost: float,
) -> Markup:
    """A dashed line at the best epoch, and a ring on the last curve, which is the one that was judged.

    Its words begin no further left than `leftmost`, where the axis has its own.
    """
    x = horizontal(best.at)
    words, ring = best.label, None
    judged = [v for place, v in zip(at, series[-1].values, strict=True) if place == best.at] if series else []
    if judged and math.isfinite(judged[0]):
        words = f"{best.label} · {share(judged[0]) if vertical.percent else number(judged[0])}"
        ring = element("circle", cx=x, cy=vertical(judged[0]), r=4, class_=f"ring {series[-1].role}")
    half = lettering.width(words, lettering.SMALL) / 2
    centre = max(max(horizontal.start, leftmost) + half, min(x, horizontal.end + lettering.LABEL - half))
    line = element("line", x1=x, x2=x, y1=vertical.end, y2=vertical.start, class_="guide")
    return group(prefix, "best", line, ring, element("text", words, x=centre, y=TOP - 8, class_="small middle"))


def _names(series: Sequence[Series], x: float, vertical: Scale) -> Markup:
    """Each curve's name at its end, moved apart where two curves end together."""
    ends = []
    for one in series:
        numbers = [value for value in one.values if math.isfinite(value)]
        if numbers:
            ends.append((vertical(numbers[-1]), one))
    ends.sort(key=lambda pair: pair[0])
    parts, above = [], -math.inf
    for place, (y, one) in enumerate(ends):
        room_below = vertical.start - LINE * (len(ends) - 1 - place)
        above = max(above + LINE, min(y, room_below))
        parts.append(element("text", one.name, x=x, y=above + 4, class_=one.role))
    return join(parts)
