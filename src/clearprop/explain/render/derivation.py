"""A derivation as plain text."""

from __future__ import annotations

import textwrap

from clearprop.explain.derive import Derivation, Equation
from clearprop.explain.expression import Number, Partial, Symbol
from clearprop.explain.render.numerals import given
from clearprop.explain.typeset import Piece, Text, write

WIDTH = 100
STYLE = Text()


def text(derivation: Derivation) -> str:
    """Headings underlined, sentences wrapped, one equation a line."""
    found = []
    for number, chapter in enumerate(derivation.chapters, start=1):
        title = f"{number}. {chapter.title}"
        lines = [title, "-" * len(title), *textwrap.wrap(chapter.text, WIDTH)]
        lines += ["    " + _equation(derivation, one) for one in chapter.equations]
        found.append("\n".join(lines))
    return "\n\n".join(found)


def _equation(derivation: Derivation, equation: Equation) -> str:
    def leaf(node: Symbol | Number | Partial) -> Piece:
        if isinstance(node, Number):
            return Piece(given(node.value, 17))
        if isinstance(node, Partial):
            return Piece(f"∂{derivation.name(node.top).text}/∂{derivation.name(node.bottom).text}")
        return Piece(derivation.name(node.ref).text)

    return " = ".join([equation.name.text, *(write(one, STYLE, leaf) for one in equation.chain)])
