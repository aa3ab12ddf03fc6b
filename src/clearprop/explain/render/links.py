"""The links of a line, name = formula = numbers put in = result, in the language of a renderer."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

import numpy as np

from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.expression import Expression, Number, Symbol, symbols
from clearprop.explain.notation import Name
from clearprop.explain.ref import Ref
from clearprop.explain.render.numerals import computed, given
from clearprop.explain.typeset import ATOM, RAISED, Leaf, Piece, Style, write

MOST_SHOWN = 8  # rows or columns of a matrix that are shown before its middle is left out
SHOWN_FIRST, SHOWN_LAST = 5, 2
MOST_PUT_IN = 16  # numbers of a matrix that are put into a formula
MOST_PUT_IN_TOGETHER = 48
LEFT_OUT = "…"


class Writer(Protocol):
    """How a renderer writes what formulas are made of; `symbol` is a name within a formula, as tight as it holds."""

    @property
    def style(self) -> Style: ...

    def name(self, name: Name) -> str: ...
    def symbol(self, name: Name) -> Piece: ...
    def number(self, printed: str) -> Piece: ...
    def matrix(self, rows: Grid) -> str: ...


Grid = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Links:
    """A line, written; `formula` and `numbers` are left out where they would only repeat what stands beside them.

    Attributes:
        name: of the quantity.
        formula: in symbols.
        numbers: the formula with numbers put in, as far as they fit.
        result: the value; of a matrix, as a matrix.
    """

    name: str
    formula: str
    numbers: str
    result: str

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(link for link in (self.name, self.formula, self.numbers, self.result) if link)


def links(explanation: Explanation, line: Line, writer: Writer) -> Links:
    """A line in the language of a writer."""
    name = writer.name(line.name)
    result = written_result(explanation, line, writer)
    if line.formula is None:
        return Links(name, "", "", result)
    formula = write(line.formula, writer.style, named(explanation, writer))
    numbers = ""
    if fits(explanation, line.formula):
        numbers = write(line.formula, writer.style, put_in(explanation, writer))
    if numbers in (formula, result):
        numbers = ""
    return Links(name, "" if formula == result else formula, numbers, result)


def written_result(explanation: Explanation, line: Line, writer: Writer) -> str:
    if explanation.is_matrix(line.ref):
        return writer.matrix(grid(explanation, line.ref, line.value))
    return writer.number(result_of(explanation, line)).text


def result_of(explanation: Explanation, line: Line) -> str:
    """The value of a line that is one number, as printed: as the number it is equal to, where it is one."""
    match line.formula:
        case None:
            return explanation.printed(line.ref, line.value)
        case Number(value):
            return given(value, explanation.digits)
        case Symbol(ref):
            return explanation.number(ref)
    return computed(line.value, explanation.digits)


def holding(name: Name) -> int:
    """How tightly a name holds together once it is set: a fraction, or a letter with something above, is no atom."""
    return RAISED if name.by or name.mark.sup else ATOM


def named(explanation: Explanation, writer: Writer) -> Leaf:
    """Leaves that are written by their names."""

    def leaf(node: Symbol | Number) -> Piece:
        if isinstance(node, Number):
            return writer.number(given(node.value, 17))
        return writer.symbol(explanation.name(node.ref))

    return leaf


def put_in(explanation: Explanation, writer: Writer) -> Leaf:
    """Leaves that are written by their values."""

    def leaf(node: Symbol | Number) -> Piece:
        if isinstance(node, Number):
            return writer.number(given(node.value, 17))
        if explanation.is_matrix(node.ref):
            return Piece(writer.matrix(grid(explanation, node.ref, explanation.value(node.ref))))
        return writer.number(explanation.number(node.ref))

    return leaf


def fits(explanation: Explanation, formula: Expression) -> bool:
    """Whether the matrices of a formula are small enough to be put in."""
    shapes = [explanation.trace.shapes.of(ref) for ref in symbols(formula) if explanation.is_matrix(ref)]
    small = all(max(shape) <= MOST_SHOWN and prod(shape) <= MOST_PUT_IN for shape in shapes)
    return small and sum(map(prod, shapes)) <= MOST_PUT_IN_TOGETHER


def grid(explanation: Explanation, ref: Ref, value: Any) -> Grid:
    """The numbers of a matrix as printed, its middle rows and columns left out where there are many."""
    matrix = np.asarray(value)
    matrix = matrix.reshape(-1, matrix.shape[-1])
    rows = [
        tuple(LEFT_OUT if j is None else explanation.printed(ref, matrix[i, j]) for j in shown(matrix.shape[1]))
        for i in shown(matrix.shape[0])
        if i is not None
    ]
    if len(matrix) > MOST_SHOWN:
        rows.insert(SHOWN_FIRST, (LEFT_OUT,) * len(rows[0]))
    return tuple(rows)


def shown(count: int) -> list[int | None]:
    """Which of so many are shown; None stands for those left out."""
    if count <= MOST_SHOWN:
        return list(range(count))
    return [*range(SHOWN_FIRST), None, *range(count - SHOWN_LAST, count)]
