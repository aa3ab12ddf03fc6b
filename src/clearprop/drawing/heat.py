"""A confusion matrix: counts by true and predicted class, shaded by each row's shares."""

from __future__ import annotations

from collections.abc import Sequence

from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import number, share
from clearprop.errors import InputError

LONGEST_NAME = 110.0
FAINTEST = 0.3  # a single mistake among thousands must still be seen
COUNTS_FROM = 24.0  # the smallest cell that holds a count


def heat(
    counts: Sequence[Sequence[int]], names: Sequence[str], *, prefix: str, label: str, down: str, across: str
) -> Markup:
    """A square of counts, rows the true classes (`down`), columns the predicted ones (`across`).

    The diagonal is blue and what is off it orange, the stronger the larger its share of the row. Cells are
    `count[2,1]`, row first, counted from 1; each tells its names, count and share when pointed at.

    >>> drawing = heat([[8, 2], [0, 0]], ["no", "yes"], prefix="h", label="", down="true", across="predicted")
    >>> 'data-id="count[1,2]"' in drawing
    True

    Raises `InputError` if the counts are no square of the names' size.
    """
    size = len(names)
    if size == 0 or len(counts) != size or any(len(row) != size for row in counts):
        raise InputError(f"a confusion matrix of {size} classes needs {size} x {size} counts")
    widest = max(lettering.width(name, lettering.SMALL) for name in names)
    side = _side(size)
    flat = widest <= side - 4
    room = min(widest, LONGEST_NAME)
    left = 22 + room + 8
    top = 22 + (16 if flat else room + 8)
    middle = side * size / 2
    turned = f"rotate(-90 12 {top + middle:.2f})"
    parts = [
        element("text", across, x=left + middle, y=12, class_="small muted middle"),
        element("text", down, x=12, y=top + middle, transform=turned, class_="small muted middle"),
    ]
    for place, name in enumerate(names):
        short = lettering.shortened(name, LONGEST_NAME, lettering.SMALL)
        centre = place * side + side / 2
        parts.append(_name(prefix, f"row[{place + 1}]", name, short, left - 8, top + centre + 4, "small end"))
        if flat:
            parts.append(_name(prefix, f"column[{place + 1}]", name, short, left + centre, top - 8, "small middle"))
        else:
            x, y = left + centre + 4, top - 8
            turn = f"rotate(-90 {x:.2f} {y:.2f})"
            parts.append(_name(prefix, f"column[{place + 1}]", name, short, x, y, "small", turn))
    for row, line in enumerate(counts):
        total = sum(line)
        for column, count in enumerate(line):
            part = count / total if total else 0.0
            tip = f"{names[row]} → {names[column]}: {number(count)} ({share(part)})" if count else None
            x, y = left + column * side, top + row * side
            parts.append(_cell(prefix, (row, column), int(count), part, tip, (x, y, side)))
    return picture(prefix, left + side * size + 4, top + side * size + 4, label, *parts)


def _side(size: int) -> float:
    """Larger cells for fewer classes, so that the whole keeps its size; none too small to be pointed at."""
    return max(14.0, min(84.0, 340.0 / size))


def _name(
    prefix: str,
    id_: str,
    name: str,
    short: str,
    x: float,
    y: float,
    class_: str,
    transform: str | None = None,
) -> Markup:
    words = element("text", short, x=x, y=y, class_=class_, transform=transform)
    return group(prefix, id_, element("title", name) if short != name else None, words)


def _cell(
    prefix: str,
    at: tuple[int, int],
    count: int,
    part: float,
    tip: str | None,
    square: tuple[float, float, float],
) -> Markup:
    row, column = at
    x, y, side = square
    shade = None
    if count:
        kind, strength = ("right" if row == column else "wrong"), FAINTEST + (1 - FAINTEST) * part
        shade = element("rect", x=x, y=y, width=side, height=side, class_=kind, fill_opacity=strength)
    words = None
    written = number(count) if count else "·"
    if side >= COUNTS_FROM and lettering.width(written, lettering.SMALL) <= side:
        class_ = ("middle" if side > 40 else "small middle") if count else "small muted middle"
        words = element("text", written, x=x + side / 2, y=y + side / 2 + 4, class_=class_)
    ground = element("rect", x=x, y=y, width=side, height=side)
    title = None if tip is None else element("title", tip)
    return group(prefix, f"count[{row + 1},{column + 1}]", title, ground, shade, words, class_="cell")
