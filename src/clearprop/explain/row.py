"""How a row of a table became the inputs of a network, and its target what the network is to give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.table import Column, Encoding, Table

FEWEST_LEFT_OUT = 2  # inputs that are 0 and are only counted


@dataclass(frozen=True)
class Scaling:
    """s = (number - centre) / width, and with `soft` s / √(1 + (s / 3)²)."""

    number: float
    centre: float
    width: float
    soft: bool = True

    @property
    def quotient(self) -> float:
        return (self.number - self.centre) / self.width


@dataclass(frozen=True)
class Input:
    """One input: its name, its value, and how it was scaled, if it is a number that was there.

    Of an input that is the number of a category, `category` says which, or with `rest` that it is "other" or "missing",
    and `place`, counted from 1, which input it is.
    """

    name: str
    value: float
    scaling: Scaling | None = None
    category: str | None = None
    rest: bool = False
    place: int | None = None


@dataclass(frozen=True)
class Cell:
    """One column of a row.

    Attributes:
        column: its name.
        kind: "number", "category" and so on, as the encoding has it; "target" for the target.
        read: what stands in the table, as text; None where nothing does.
        inputs: what it became.
        zeros: how many more inputs are 0, of a column with many.
    """

    column: str
    kind: str
    read: str | None
    inputs: tuple[Input, ...]
    zeros: int = 0


@dataclass(frozen=True)
class Row:
    """A row of a table: where it stands, such as "people.csv, row 3", and its columns, the target last if there."""

    place: str
    cells: tuple[Cell, ...]


def row_of(encoding: Encoding, table: Table, number: int) -> tuple[Row, Array, Array | None]:
    """A row as it is read, its inputs (1, I), and its target: a class (1,), or a standardised number (1, 1).

    The target is None where the table has no such column, or no value in this row.

    Args:
        encoding: how the columns of a table become inputs.
        number: of the row, from 1; its place is told as in the table's source.

    Raises:
        InputError: there is no such row, or a value cannot be of its column's kind.
    """
    if not 1 <= number <= len(table):
        raise InputError(f"{table.source}: there is no row {number:,}; rows go from 1 to {len(table):,}")
    row = table.select([number - 1])
    x = encoding.inputs(row)
    cells = [_cell(column, row, x[0], places) for column, places in zip(encoding.columns, encoding.places, strict=True)]
    place = f"{table.source}, {table.rows[number - 1]:,}"
    read = _read(row, encoding.target.name) if encoding.target.name in row.names else None
    if read is None:
        return Row(place, tuple(cells)), x, None
    y = encoding.targets(row)
    if encoding.task == "classes":
        y = np.asarray(y)
        shown = tuple(Input(f"y = {label}", float(code == y[0])) for code, label in enumerate(encoding.classes))
    else:
        scaling = Scaling(float(y[0, 0]), encoding.target.mean, encoding.target.deviation, soft=False)
        y = encoding.standardise(y)
        shown = (Input("y", float(y[0, 0]), scaling),)
    cells.append(_counted(Cell(encoding.target.name, "target", read, shown)))
    return Row(place, tuple(cells)), x, y


def _cell(column: Column, row: Table, x: Array, places: Array) -> Cell:
    scalings = {
        name: Scaling(float(numbers[0]), scale.centre, scale.width)
        for name, numbers, scale in column.measured(row)
        if not np.isnan(numbers[0])
    }
    if column.codes:
        code, place = int(x[places[0]]), int(places[0]) + 1
        rest = code >= column.codes - 1 - bool(column.missing)
        inputs: tuple[Input, ...] = (Input(column.name, float(code), None, column.code_names()[code], rest, place),)
    else:
        named = zip(column.input_names, x[places], strict=True)
        inputs = tuple(Input(name, float(value), scalings.get(name)) for name, value in named)
    read = _read(row, column.name) if column.name in row.names else None
    return _counted(Cell(column.name, column.kind, read, inputs))


def _counted(cell: Cell) -> Cell:
    """A cell whose many inputs of 0 are counted instead of listed."""
    zeros = [one for one in cell.inputs if one.value == 0.0 and one.scaling is None and one.category is None]
    if len(zeros) <= FEWEST_LEFT_OUT:
        return cell
    return Cell(cell.column, cell.kind, cell.read, tuple(one for one in cell.inputs if one not in zeros), len(zeros))


def _read(row: Table, name: str) -> str | None:
    value = row.frame[name][0]
    return None if value is None else str(value)
