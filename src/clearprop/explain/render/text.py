"""An explanation as plain text."""

from __future__ import annotations

from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.expression import Number, Symbol
from clearprop.explain.render.numerals import given
from clearprop.explain.typeset import ATOM, SIGNED, Piece, Text, write

STYLE = Text()


def text(explanation: Explanation) -> str:
    lines = []
    for section in explanation.sections:
        lines.append(f"== {section.part}")
        lines += [one_line(explanation, line) for line in section.lines]
    return "\n".join(lines)


def one_line(explanation: Explanation, line: Line) -> str:
    def named(leaf: Symbol | Number) -> Piece:
        return Piece(explanation.name(leaf.ref).text if isinstance(leaf, Symbol) else given(leaf.value, 17))

    def put_in(leaf: Symbol | Number) -> Piece:
        if isinstance(leaf, Number):
            return Piece(given(leaf.value, 17))
        number = explanation.number(leaf.ref)
        return Piece(number, SIGNED if number.startswith("-") else ATOM)

    if line.formula is None:
        return f"{line.name.text} = {explanation.number(line.ref)}"
    return " = ".join(
        [
            line.name.text,
            write(line.formula, STYLE, named),
            write(line.formula, STYLE, put_in),
            explanation.number(line.ref),
        ]
    )
