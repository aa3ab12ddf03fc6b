"""Labels on lines: each near its line's start, none over another, a unit or, if it can be, another line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEIGHT = 18.0
# Where along its line a label is tried, the best place first: the source's third, then further away from it.
TRIED = (0.33, 0.26, 0.40, 0.20, 0.47, 0.54, 0.61, 0.68, 0.75)


@dataclass(frozen=True)
class Box:
    """A rectangle around its centre."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    def overlaps(self, other: Box, room: float = 2.0) -> bool:
        """Whether two rectangles come nearer than so many pixels.

        >>> Box(0, 0, 10, 10).overlaps(Box(11, 0, 10, 10)), Box(0, 0, 10, 10).overlaps(Box(13, 0, 10, 10))
        (True, False)
        """
        apart_x = abs(self.x - other.x) - (self.width + other.width) / 2
        apart_y = abs(self.y - other.y) - (self.height + other.height) / 2
        return apart_x < room and apart_y < room


@dataclass(frozen=True)
class Segment:
    """A straight line from one point to another."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def length(self) -> float:
        return math.hypot(self.x2 - self.x1, self.y2 - self.y1)


def slots(size: int, most: int) -> list[int | None]:
    """Which of so many things are shown, counted from 1; None stands for those left out before the last.

    >>> slots(3, 5), slots(256, 5)
    ([1, 2, 3], [1, 2, 3, None, 256])
    """
    if size <= most:
        return list(range(1, size + 1))
    return [*range(1, most - 1), None, size]


def along(line: Segment, part: float) -> tuple[float, float]:
    """The point at a part of the way, 0 the start and 1 the end."""
    return line.x1 + part * (line.x2 - line.x1), line.y1 + part * (line.y2 - line.y1)


def crosses(line: Segment, box: Box) -> bool:
    """Whether a line enters a rectangle: what is left of it between the four sides is not empty.

    >>> crosses(Segment(0, 0, 10, 10), Box(5, 5, 2, 2)), crosses(Segment(0, 0, 10, 10), Box(8, 2, 2, 2))
    (True, False)
    """
    enter, leave = 0.0, 1.0
    for start, end, low, size in (
        (line.x1, line.x2, box.left, box.width),
        (line.y1, line.y2, box.top, box.height),
    ):
        if start == end:
            if not low <= start <= low + size:
                return False
            continue
        first, last = sorted(((low - start) / (end - start), (low + size - start) / (end - start)))
        enter, leave = max(enter, first), min(leave, last)
    return enter <= leave


def place_labels(
    lines: Mapping[str, Segment],
    widths: Mapping[str, float],
    others: Mapping[str, Segment],
    taken: Sequence[Box],
) -> tuple[dict[str, Box], bool]:
    """A rectangle on each line over nothing that is `taken`, no other label, and as few `others` as can be.

    The second result says whether all of them found such a place.
    """
    placed: dict[str, Box] = {}
    clear = True
    for name, line in lines.items():
        best, least = None, (math.inf, math.inf)
        for part in TRIED:
            box = Box(*along(line, part), widths[name], HEIGHT)
            covered = sum(box.overlaps(other) for other in (*taken, *placed.values()))
            cost = (covered, sum(crosses(other, box) for key, other in others.items() if key != name))
            if cost < least:
                best, least = box, cost
        if best is not None:
            placed[name] = best
            clear = clear and least[0] == 0
    return placed, clear
