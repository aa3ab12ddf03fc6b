"""Predicted against true numbers, and how the errors are spread."""

from __future__ import annotations

import math
from collections.abc import Sequence

from clearprop.drawing.curves import BOTTOM, TOP, axes, room_beside
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import number
from clearprop.drawing.scale import finite, linear

MOST_POINTS = 2000
BINS = 24


def scatter(
    true: Sequence[float],
    predicted: Sequence[float],
    *,
    prefix: str,
    label: str,
    across: str,
    up: str,
    width: float = 400.0,
    height: float = 380.0,
) -> Markup:
    """Each row as a point, true value across and predicted value up; what is right lies on the diagonal.

    Of more than 2,000 rows one in so many is drawn. Both axes show the same numbers.

    >>> drawing = scatter([1.0, 2.0], [1.1, 1.9], prefix="s", label="", across="true", up="predicted")
    >>> drawing.count("<circle")
    2
    """
    pairs = [(float(t), float(p)) for t, p in zip(true, predicted, strict=True)]
    pairs = [pair for pair in pairs if all(map(math.isfinite, pair))]
    shown = pairs[:: _every(len(pairs))]
    both = [value for pair in pairs for value in pair]
    vertical = linear(both, height - BOTTOM, TOP)
    left = room_beside(vertical)
    horizontal = linear(both, left, width - 24)
    low, high = vertical.low, vertical.high
    diagonal = element(
        "line", x1=horizontal(low), y1=vertical(low), x2=horizontal(high), y2=vertical(high), class_="guide"
    )
    points = [element("circle", cx=horizontal(t), cy=vertical(p), r=2.5) for t, p in shown]
    return picture(
        prefix,
        width,
        height,
        label,
        axes(prefix, horizontal, vertical, across, up),
        group(prefix, "diagonal", diagonal),
        group(prefix, "points", *points, class_="points"),
    )


def drawn(pairs: int) -> int:
    """How many points `scatter` draws of so many.

    >>> drawn(1999), drawn(2001)
    (1999, 1001)
    """
    return math.ceil(pairs / _every(pairs))


def _every(pairs: int) -> int:
    return max(1, math.ceil(pairs / MOST_POINTS))


def histogram(
    values: Sequence[float],
    *,
    prefix: str,
    label: str,
    across: str,
    up: str,
    width: float = 400.0,
    height: float = 240.0,
) -> Markup:
    """How many of the values (errors: predicted minus true) fall into each step of a round width.

    There are about 24 steps, and a line at zero.

    >>> drawing = histogram([-1.0, 0.0, 0.0, 2.0], prefix="e", label="errors", across="error", up="rows")
    >>> 'data-id="bin[1]"' in drawing
    True
    """
    found = finite(values)
    counts, edges = _counted(found)
    vertical = linear([0, *counts, 1], height - BOTTOM, TOP, count=4)
    left = room_beside(vertical)
    horizontal = linear([edges[0], edges[-1], 0.0], left, width - 24)
    bars = []
    for place, count in enumerate(counts):
        x1, x2, y = horizontal(edges[place]), horizontal(edges[place + 1]), vertical(count)
        tip = f"{number(edges[place])} … {number(edges[place + 1])}: {number(count)}"
        bar = element("rect", x=x1, y=y, width=max(0.5, x2 - x1 - 1), height=vertical(0) - y, class_="bar")
        bars.append(group(prefix, f"bin[{place + 1}]", element("title", tip), bar))
    zero = element("line", x1=horizontal(0), x2=horizontal(0), y1=TOP, y2=vertical(0), class_="guide")
    return picture(
        prefix,
        width,
        height,
        label,
        axes(prefix, horizontal, vertical, across, up),
        *bars,
        group(prefix, "zero", zero),
    )


def _counted(values: Sequence[float]) -> tuple[list[int], list[float]]:
    """Counts in steps of round width; a value on an edge belongs to the step above it."""
    axis = linear(values, 0.0, 1.0, count=BINS)
    edges = list(axis.ticks)
    counts = [0] * (len(edges) - 1)
    for value in values:
        counts[min(int(axis(value) * len(counts) + 1e-9), len(counts) - 1)] += 1
    return counts, edges
