"""A derivation as text, Markdown or LaTeX."""

from __future__ import annotations

from collections.abc import Callable

from clearprop.errors import unknown
from clearprop.explain.derive import Derivation, Equation
from clearprop.explain.expression import Number, Partial, Symbol
from clearprop.explain.render.latex import document, fit
from clearprop.explain.render.layout import width_of, wrapped
from clearprop.explain.render.links import Writer
from clearprop.explain.render.mathematics import WRITER, mark, words
from clearprop.explain.render.numerals import given
from clearprop.explain.render.text import WRITER as TYPED
from clearprop.explain.typeset import MULTIPLIED, RAISED, Piece, write

FORMATS = ("text", "markdown", "latex")
WIDTH = 100


def render(derivation: Derivation, format: str) -> str:
    """The derivation in one of `FORMATS`.

    Raises:
        InputError: there is no such format.
    """
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    written: Callable[[Derivation], str] = {"text": text, "markdown": markdown, "latex": latex}[format]
    return written(derivation)


def text(derivation: Derivation) -> str:
    """Headings underlined, sentences wrapped, one equation a line."""
    found = []
    for number, chapter in enumerate(derivation.chapters, start=1):
        title = f"{number}. {chapter.title}"
        lines = [title, "-" * width_of(title), *wrapped(chapter.text, WIDTH)]
        lines += ["    " + " = ".join(_sides(derivation, one, TYPED)) for one in chapter.equations]
        found.append("\n".join(lines))
    return "\n\n".join(found)


def markdown(derivation: Derivation) -> str:
    """Each equation displayed, in LaTeX between $$."""
    found = []
    for chapter in derivation.chapters:
        found += [f"## {chapter.title}", chapter.text]
        found += [f"$$\n{' = '.join(_in_latex(derivation, one))}\n$$" for one in chapter.equations]
    return "\n\n".join(found) + "\n"


def latex(derivation: Derivation) -> str:
    """A document to compile: with any LaTeX, or where it is not all ASCII with XeLaTeX."""
    body = []
    for chapter in derivation.chapters:
        body += [rf"\subsection*{{{words(chapter.title)}}}", words(chapter.text) + r"\par\medskip"]
        for one in chapter.equations:
            left, *chain = _in_latex(derivation, one)
            body.append(fit([f"{left} &= {chain[0]}", *(f"&= {side}" for side in chain[1:])]))
    return document("\n".join(body))


def _in_latex(derivation: Derivation, equation: Equation) -> list[str]:
    return _sides(derivation, equation, WRITER)


def _sides(derivation: Derivation, equation: Equation, writer: Writer) -> list[str]:
    """The left side of an equation and all that it is equal to."""

    def leaf(node: Symbol | Number | Partial) -> Piece:
        if isinstance(node, Number):
            return Piece(given(node.value, 17))
        if isinstance(node, Symbol):
            return writer.symbol(derivation.name(node.ref))
        top, bottom = derivation.name(node.top), derivation.name(node.bottom)
        if writer is TYPED:
            return Piece(f"∂{top.text}/∂{bottom.text}", MULTIPLIED)
        return Piece(rf"\frac{{\partial {mark(top.mark)}}}{{\partial {mark(bottom.mark)}}}", RAISED)

    return [writer.name(equation.name), *(write(one, writer.style, leaf) for one in equation.chain)]
