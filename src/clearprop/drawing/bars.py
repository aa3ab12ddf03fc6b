"""Horizontal bars: one number for each name, with a tick where something else reaches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import share

PITCH, THICK = 26.0, 12.0
LONGEST_NAME = 150.0


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its length (0 or more; not finite: no bar), and a class if it has another colour."""

    name: str
    value: float
    role: str = ""


def bars(
    items: Sequence[Bar],
    *,
    prefix: str,
    label: str,
    full: float | None = None,
    written: Callable[[float], str] = share,
    width: float = 400.0,
) -> Markup:
    """Bars one below the other, name on the left, number on the right; `full` is the whole track's length.

    >>> drawing = bars([Bar("cat", 0.5), Bar("dog", 1.0)], prefix="b", label="recall", full=1.0)
    >>> 'data-id="bar[cat]"' in drawing and "50.0%" in drawing
    True
    """
    left = min(max((lettering.width(one.name) for one in items), default=0.0), LONGEST_NAME) + 10
    right = max((lettering.width(written(one.value)) for one in items), default=0.0) + 10
    track = width - left - right
    longest = full or max((one.value for one in items if math.isfinite(one.value)), default=1.0) or 1.0
    parts = []
    for place, one in enumerate(items):
        middle = place * PITCH + PITCH / 2
        part = min(max(one.value / longest, 0.0), 1.0) if math.isfinite(one.value) else 0.0
        short = lettering.shortened(one.name, LONGEST_NAME)
        y = middle - THICK / 2
        whole = element("rect", x=left, y=y, width=track, height=THICK, rx=3, class_="track")
        shape = element("rect", x=left, y=y, width=part * track, height=THICK, rx=3, class_=f"bar {one.role}".rstrip())
        parts.append(
            group(
                prefix,
                f"bar[{one.name}]",
                element("title", one.name) if short != one.name else None,
                element("text", short, x=left - 10, y=middle + 4, class_="end"),
                whole,
                shape if part > 0 else None,
                element("text", written(one.value), x=width, y=middle + 4, class_="end"),
            )
        )
    return picture(prefix, width, max(1, len(items)) * PITCH, label, *parts)
