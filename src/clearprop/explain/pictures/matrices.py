"""All matrices of a step in the order of computation, as document 004 draws them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from clearprop.drawing import Cell, Matrix
from clearprop.drawing import matrices as drawn
from clearprop.drawing.markup import Markup
from clearprop.explain.explanation import Explanation, Line, Passage
from clearprop.explain.pictures import lettering
from clearprop.explain.pictures.marks import marks
from clearprop.explain.ref import SETTINGS, Ref


def grids(explanation: Explanation, passage: Passage) -> list[Matrix]:
    """The matrices that a passage computes, or that were given; of numbers that it leaves out only the places."""
    whole = dict.fromkeys(ref.whole for ref in passage.refs)
    told = frozenset(passage.refs)
    return [_grid(explanation, ref, told) for ref in whole if ref.kind not in SETTINGS]


def matrices(explanation: Explanation, lines: Iterable[Line] = (), *, width: float = 640.0) -> Markup:
    """All matrices in one drawing; what the lines compute is yellow, what they use orange."""
    several = [one for passage in explanation.passages for one in grids(explanation, passage)]
    lit = marks(explanation.trace, lines).matrices
    return drawn(several, prefix="matrices", label=explanation.title, marks=lit, width=width)


def _grid(explanation: Explanation, ref: Ref, told: frozenset[Ref]) -> Matrix:
    trace = explanation.trace
    shape = trace.shapes.of(ref)
    values = np.atleast_2d(explanation.value(ref))
    values = values.reshape(-1, values.shape[-1])
    name = lettering.name(explanation, ref)

    def cell(row: int, column: int) -> Cell:
        one = ref.at(*_place(explanation, shape, row, column))
        if ref not in told and one not in told:
            return Cell(_id(explanation, one), "")
        value = float(values[row - 1, column - 1])
        tip = f"{lettering.name(explanation, one)} = {explanation.printed(ref, value)}"
        return Cell(_id(explanation, one), lettering.number(explanation, ref, value), tip)

    return Matrix(trace.text(ref), name, (values.shape[0], values.shape[1]), cell)


def _place(explanation: Explanation, shape: tuple[int, ...], row: int, column: int) -> tuple[int, ...]:
    """Where a number that is written in a row and a column stands in the trace."""
    if len(shape) == 3:  # a Jacobian a sample, one below the other
        sample, unit = divmod(row - 1, shape[1])
        return sample + 1, unit + 1, column
    if explanation.notation.columns:
        return (column, row)[2 - len(shape) :]
    return (row, column)[2 - len(shape) :]


def _id(explanation: Explanation, ref: Ref) -> str:
    """A cell's id; that of a number which is no matrix would be the matrix's own."""
    id_ = explanation.trace.text(ref)
    return id_ if ref.place else f"{id_} label"
