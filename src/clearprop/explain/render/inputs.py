"""How the columns of a row became inputs, in words and numbers."""

from __future__ import annotations

from clearprop.explain.explanation import Explanation
from clearprop.explain.render.numerals import computed, given
from clearprop.explain.row import Cell, Input
from clearprop.network.columns import Embedding


def read_of(explanation: Explanation, cell: Cell) -> str:
    return explanation.words.label("missing") if cell.read is None else cell.read


def became(explanation: Explanation, cell: Cell) -> list[str]:
    """A line for each input of a column, such as "s = (52 - 47) / 13 = 0.385, age = s / √(1 + (s / 3)²) = 0.381"."""
    if cell.kind == "left out":
        return []
    lines = [line for one in cell.inputs for line in _lines(explanation, one)]
    if cell.zeros:
        lines.append(explanation.words.label("zeros", count=cell.zeros))
    return lines


def _lines(explanation: Explanation, one: Input) -> list[str]:
    if one.category is None or one.place is None:
        return [_line(one, explanation.digits)]
    label = explanation.words.label(one.category) if one.rest else one.category
    number = f"{one.name} = {one.value:.0f} ({label})"
    row = _row_of(explanation, one.place - 1, int(one.value))
    return [number] if row is None else [number, row]


def _row_of(explanation: Explanation, place: int, code: int) -> str | None:
    """What an embedding makes of a category, such as "row 18 of Tc2 = (0.25, -0.5)"; None where there is none."""
    parameters, first = explanation.trace.model.parameters, 0
    for number, (layer, own) in enumerate(zip(parameters.network.columns, parameters.columns, strict=True), 1):
        if isinstance(layer, Embedding) and first <= place < first + layer.count:
            row = (place - first) * layer.categories + code + 1
            numbers = ", ".join(computed(float(value), explanation.digits) for value in own["T"][place - first, code])
            return explanation.words.label("row of", row=row, table=f"Tc{number}") + f" = ({numbers})"
        first += layer.count
    return None


def _line(one: Input, digits: int) -> str:
    if one.scaling is None:
        return f"{one.name} = {given(one.value, digits)}"
    number, centre, width = (given(part, 17) for part in (one.scaling.number, one.scaling.centre, one.scaling.width))
    centre = f"({centre})" if centre.startswith("-") else centre
    quotient = f"({number} - {centre}) / {width} = {computed(one.scaling.quotient, digits)}"
    if not one.scaling.soft:
        return f"{one.name} = {quotient}"
    return f"s = {quotient}, {one.name} = s / √(1 + (s / 3)²) = {computed(one.value, digits)}"
