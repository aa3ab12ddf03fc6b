"""How the columns of a row became inputs, in words and numbers."""

from __future__ import annotations

from clearprop.explain.explanation import Explanation
from clearprop.explain.render.numerals import computed, given
from clearprop.explain.row import Cell, Input


def read_of(explanation: Explanation, cell: Cell) -> str:
    return explanation.words.label("missing") if cell.read is None else cell.read


def became(explanation: Explanation, cell: Cell) -> list[str]:
    """A line for each input of a column, such as "s = (52 - 47) / 13 = 0.385, age = s / √(1 + (s / 3)²) = 0.381"."""
    if cell.kind == "left out":
        return []
    lines = [_line(one, explanation.digits) for one in cell.inputs]
    if cell.zeros:
        lines.append(explanation.words.label("zeros", count=cell.zeros))
    return lines


def _line(one: Input, digits: int) -> str:
    if one.scaling is None:
        return f"{one.name} = {given(one.value, digits)}"
    number, centre, width = (given(part, 17) for part in (one.scaling.number, one.scaling.centre, one.scaling.width))
    centre = f"({centre})" if centre.startswith("-") else centre
    quotient = f"({number} - {centre}) / {width} = {computed(one.scaling.quotient, digits)}"
    if not one.scaling.soft:
        return f"{one.name} = {quotient}"
    return f"s = {quotient}, {one.name} = s / √(1 + (s / 3)²) = {computed(one.value, digits)}"
