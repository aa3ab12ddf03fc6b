"""Matrices side by side, each cell named by its id: those being computed and those used can be marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import number
from clearprop.drawing.placing import slots

MOST, KEPT = 10, 6  # rows or columns that are all shown, and how many places stay where there are more
ROW, NARROWEST, DOTS = 24.0, 34.0, 22.0
HEAD = 20.0
GAP_ACROSS, GAP_DOWN = 18.0, 14.0


@dataclass(frozen=True)
class Cell:
    """One number: its id, how it is written, and what is told when it is pointed at."""

    id: str
    text: str
    tip: str = ""


@dataclass(frozen=True)
class Matrix:
    """A matrix: its id, what is written above it, rows and columns, and the cell at a place, counted from 1.

    Only the cells that are shown are asked for.
    """

    id: str
    name: str
    shape: tuple[int, int]
    cell: Callable[[int, int], Cell]


def matrix(one: Matrix, *, prefix: str, label: str, marks: Mapping[str, str] | None = None) -> Markup:
    """One matrix. `marks` are classes ("used", "computed") of cells, or by the matrix's own id of all of them.

    Of more than ten rows or columns the first ones and the last are shown.

    >>> def cell(row, column):
    ...     return Cell(f"W1[{row}->{column}]", "0.5")
    >>> drawing = matrix(Matrix("W1", "W", (2, 3), cell), prefix="m", label="W1", marks={"W1[2->3]": "used"})
    >>> drawing.count("<rect"), 'data-id="W1[2-&gt;3]" class="cell used"' in drawing
    (6, True)
    """
    return matrices([one], prefix=prefix, label=label, marks=marks)


def matrices(
    several: Sequence[Matrix], *, prefix: str, label: str, marks: Mapping[str, str] | None = None, width: float = 640.0
) -> Markup:
    """Matrices in reading order, in rows of at most `width` pixels where no single one is wider."""
    drawn = [_drawn(prefix, one, marks or {}) for one in several]
    parts, x, y, tallest, widest = [], 0.0, 0.0, 0.0, 0.0
    for wide, high, body in drawn:
        if x and x + wide > width:
            x, y, tallest = 0.0, y + tallest + GAP_DOWN, 0.0
        parts.append(element("g", body, transform=f"translate({x:.0f} {y:.0f})") if x or y else body)
        widest, tallest = max(widest, x + wide), max(tallest, high)
        x += wide + GAP_ACROSS
    return picture(prefix, widest + 1, y + tallest + 1, label, *parts)


def _drawn(prefix: str, one: Matrix, marks: Mapping[str, str]) -> tuple[float, float, Markup]:
    """The width and height of a matrix, and itself."""
    rows, columns = (slots(size, size if size <= MOST else KEPT) for size in one.shape)
    cells = {at: one.cell(*at) for at in product(_shown(rows), _shown(columns))}
    widths = [_width([cells[row, column] for row in _shown(rows)]) if column else DOTS for column in columns]
    heights = [ROW if row else DOTS for row in rows]
    name = one.name if max(one.shape) <= MOST else f"{one.name}  {number(one.shape[0])} × {number(one.shape[1])}"
    parts = [element("text", name, x=1, y=HEAD - 7, class_="small muted name")]
    y = HEAD
    for row, high in zip(rows, heights, strict=True):
        x = 1.0
        for column, wide in zip(columns, widths, strict=True):
            if row and column:
                parts.append(_cell(prefix, cells[row, column], (x, y, wide), marks))
            else:
                sign = "⋱" if not row and not column else "⋮" if not row else "⋯"
                parts.append(element("text", sign, x=x + wide / 2, y=y + high / 2 + 4, class_="small muted middle"))
            x += wide
        y += high
    across = max(1 + sum(widths), lettering.width(name, lettering.SMALL) + 2)
    return across, HEAD + sum(heights), group(prefix, one.id, *parts, class_=_class("matrix", marks.get(one.id)))


def _shown(places: Sequence[int | None]) -> list[int]:
    return [place for place in places if place is not None]


def _width(column: Sequence[Cell]) -> float:
    return max(NARROWEST, *(lettering.width(one.text, lettering.SMALL) + 12 for one in column))


def _cell(prefix: str, one: Cell, at: tuple[float, float, float], marks: Mapping[str, str]) -> Markup:
    x, y, wide = at
    return group(
        prefix,
        one.id,
        element("title", one.tip) if one.tip else None,
        element("rect", x=x, y=y, width=wide, height=ROW),
        element("text", one.text, x=x + wide - 6, y=y + ROW / 2 + 4, class_="small end value"),
        class_=_class("cell", marks.get(one.id)),
    )


def _class(name: str, mark: str | None) -> str:
    return f"{name} {mark}" if mark else name
