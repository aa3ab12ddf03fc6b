"""An explanation as a LaTeX document: in English for any LaTeX, in Chinese for XeLaTeX with ctex."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.render.answers import answer_lines, answer_words
from clearprop.explain.render.equations import Rows, equation, given_equations, path_equations
from clearprop.explain.render.given import given_groups
from clearprop.explain.render.inputs import became, read_of
from clearprop.explain.render.mathematics import words
from clearprop.explain.row import Row

# A formula that is wider than the page is made as wide as the page.
PREAMBLE = r"""\usepackage[a4paper, margin=20mm]{geometry}
\usepackage{amsmath, amssymb, graphicx}
\setlength{\parindent}{0pt}
\newsavebox{\formula}
\newcommand{\fit}[1]{%
  \sbox{\formula}{$\displaystyle\begin{aligned}#1\end{aligned}$}%
  \ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi
  \par\smallskip}
"""


def latex(explanation: Explanation) -> str:
    """The explanation as a document to compile: with any LaTeX, or where it is not all ASCII with XeLaTeX."""
    return document("\n".join(_blocks(explanation)))


def document(body: str) -> str:
    """A whole document around its body: an article, or where it is not all ASCII one for XeLaTeX with ctex."""
    kind = "article" if body.isascii() else "ctexart"
    engine = "" if body.isascii() else "% !TEX program = xelatex\n"
    return f"{engine}\\documentclass{{{kind}}}\n{PREAMBLE}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def _blocks(explanation: Explanation) -> Iterator[str]:
    say = explanation.words
    yield rf"\section*{{{words(explanation.title)}}}"
    if explanation.row:
        yield from _row(explanation, explanation.row)
    for section in explanation.sections:
        yield rf"\subsection*{{{words(section.heading)}}}"
        if section.words:
            yield words(say.paragraph(section.words)) + r"\par\medskip"
        if section.part is None:
            yield from _given(explanation, section.lines)
        else:
            yield from (fit(equation(explanation, line)) for line in section.lines)
    if explanation.paths:
        yield rf"\subsection*{{{words(explanation.paths.heading)}}}"
        yield words(say.paragraph(explanation.paths.words)) + r"\par\medskip"
        yield from map(fit, path_equations(explanation))
    if explanation.answer:
        yield rf"\subsection*{{{words(say.answer_heading)}}}"
        yield words(say.paragraph(answer_words(explanation.answer, say))) + r"\par\medskip"
        for label, said in answer_lines(explanation.answer, say, explanation.digits):
            yield rf"\textbf{{{words(label)}}}: {words(said)}\par\smallskip"


def fit(rows: Rows) -> str:
    """A formula of some lines, as wide as the page at most."""
    return r"\fit{" + r" \\ ".join(rows) + "}"


def _given(explanation: Explanation, lines: tuple[Line, ...]) -> Iterator[str]:
    for group in given_groups(explanation, lines):
        said = rf"\({given_equations(explanation, group)}\)" if group.lines else words(group.note)
        yield rf"{words(group.label)}: {said}\par\smallskip"


def _row(explanation: Explanation, row: Row) -> Iterator[str]:
    say = explanation.words
    yield rf"\subsection*{{{words(say.row_heading)}}}"
    yield words(say.sentence("row", place=row.place)) + r"\par\medskip"
    for cell in row.cells:
        label = rf"\textbf{{{words(cell.column)}}} ({say.label(cell.kind)}): {words(read_of(explanation, cell))}"
        lines = "".join(rf"\\ \hspace*{{1em}}{words(line)}" for line in became(explanation, cell))
        yield label + lines + r"\par\smallskip"
