"""Marks in rows, each at its place: what the drawings of the benchmarks have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearprop.drawing.markup import Markup, element

LANE, PAD, RADIUS = 15.0, 11.0, 5.5
"""How far apart marks over each other are, the room beside the outer ones, and half the size of a mark."""
# Okabe and Ito's colours (2008), darkened for white.
BLACK, ORANGE, RED, PURPLE = "#000000", "#b35900", "#c0392b", "#8e3a80"
BLUE, GREEN, GREY = "#00658f", "#00795a", "#5b5b5b"
INK, GRID, FAINT = "#1c1b19", "#cfcabf", "#eeece7"
STYLE = f"text {{ font: 12px system-ui, sans-serif; fill: {INK}; }} .end {{ text-anchor: end; }}"
STYLE += " .middle { text-anchor: middle; } .small { font-size: 11px; fill: #66625b; } .title { font-weight: 600; }"


@dataclass(frozen=True)
class Spot:
    """Where in a row a mark stands, and from where to where its quartiles reach, in pixels."""

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


def lanes_of(spots: Sequence[Spot]) -> list[list[Spot]]:
    """What would overlap, one over the other: each spot in the first lane in which there is room for it.

    >>> spots = [Spot("a", 10, 10, 10), Spot("b", 12, 12, 12), Spot("c", 40, 40, 40)]
    >>> [[spot.name for spot in lane] for lane in lanes_of(spots)]
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


def line(x1: float, x2: float, y1: float, y2: float, colour: str, width: float = 1.0) -> Markup:
    return element("line", x1=x1, x2=x2, y1=y1, y2=y2, stroke=colour, stroke_width=width)


def mark(shape: str, colour: str, x: float, y: float) -> Markup:
    """A circle, square, triangle, diamond, cross, bar, or a triangle upside down, its middle at x, y."""
    paths = {
        "square": f"M{x - 5} {y - 5}h10v10h-10z",
        "triangle": f"M{x} {y - 6}l6 11h-12z",
        "diamond": f"M{x} {y - 7}l7 7l-7 7l-7 -7z",
        "upside down": f"M{x} {y + 6}l6 -11h-12z",
        "cross": f"M{x - 6} {y - 2}h4v-4h4v4h4v4h-4v4h-4v-4h-4z",
        "bar": f"M{x - 6} {y - 2.5}h12v5h-12z",
    }
    if shape == "circle":
        return element("circle", cx=x, cy=y, r=RADIUS, fill=colour)
    return element("path", d=paths[shape], fill=colour)
