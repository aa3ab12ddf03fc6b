"""A function of one number, and the points that it is to go through."""

from __future__ import annotations

from collections.abc import Sequence

from clearprop.drawing.curves import BOTTOM, TOP, axes, room_beside
from clearprop.drawing.markup import Markup, coordinate, element, group, picture
from clearprop.drawing.scale import finite, linear

Point = tuple[float, float, bool]


def function(
    at: Sequence[float],
    values: Sequence[float],
    points: Sequence[Point],
    *,
    prefix: str,
    label: str,
    across: str,
    up: str,
    width: float = 360.0,
    height: float = 240.0,
) -> Markup:
    """The curve of `values` over `at`, and points (across, up, held out); those held out are rings.

    Both axes reach as far as the points, and the curve runs along the edge where it leaves them.

    >>> drawing = function([0, 1], [0, 2], [(0.5, 1.0, False)], prefix="f", label="f", across="x", up="y")
    >>> 'data-id="curve"' in drawing, drawing.count("<circle")
    (True, 1)
    """
    vertical = linear([one[1] for one in points] or finite(values), height - BOTTOM, TOP)
    left = room_beside(vertical)
    horizontal = linear([at[0], at[-1]], left, width - 12)
    path = "L".join(
        f"{coordinate(horizontal(x))} {coordinate(vertical(y))}" for x, y in zip(at, values, strict=True) if y == y
    )
    dots = [
        element("circle", cx=horizontal(x), cy=vertical(y), r=2.5, class_="ring first" if held else None)
        for x, y, held in points
    ]
    return picture(
        prefix,
        width,
        height,
        label,
        axes(prefix, horizontal, vertical, across, up),
        group(prefix, "points", *dots, class_="points"),
        group(prefix, "curve", element("path", d=f"M{path}", class_="curve second")) if path else None,
    )
