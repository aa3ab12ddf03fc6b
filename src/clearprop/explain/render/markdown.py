"""An explanation as Markdown, formulas between dollars as GitHub and notebooks set them."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.explain.answer import Answer
from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.render.answers import answer_lines, answer_words
from clearprop.explain.render.equations import Rows, equation, given_equations, path_equations
from clearprop.explain.render.given import given_groups
from clearprop.explain.render.inputs import became, read_of
from clearprop.explain.row import Row

MOST_ROWS = 24  # of one block; longer ones are slow to set


def markdown(explanation: Explanation) -> str:
    """The explanation as Markdown."""
    return "\n\n".join(_blocks(explanation)) + "\n"


def _blocks(explanation: Explanation) -> Iterator[str]:
    words = explanation.words
    yield f"# {plain(explanation.title)}"
    if explanation.row:
        yield from _row(explanation, explanation.row)
    for section in explanation.sections:
        yield f"## {plain(section.heading)}"
        if section.words:
            yield plain(words.paragraph(section.words))
        if section.part is None:
            yield "\n".join(_given(explanation, section.lines))
        else:
            yield from _displays([equation(explanation, line) for line in section.lines])
    if explanation.paths:
        yield f"## {plain(explanation.paths.heading)}"
        yield plain(words.paragraph(explanation.paths.words))
        yield from _displays(list(path_equations(explanation)))
    if explanation.answer:
        yield from answer_blocks(explanation, explanation.answer)


def answer_blocks(explanation: Explanation, answer: Answer) -> Iterator[str]:
    """The answer in the table's words, under its heading."""
    words = explanation.words
    yield f"## {plain(words.answer_heading)}"
    yield plain(words.paragraph(answer_words(answer, words)))
    lines = answer_lines(answer, words, explanation.digits)
    yield "\n".join(f"- {plain(label)}: {plain(said)}" for label, said in lines)


def _displays(equations: list[Rows]) -> Iterator[str]:
    rows: Rows = []
    for number, one in enumerate(equations):
        rows += one
        if len(rows) >= MOST_ROWS or number == len(equations) - 1:
            body = " \\\\\n".join(rows)
            yield f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"
            rows = []


def _given(explanation: Explanation, lines: tuple[Line, ...]) -> Iterator[str]:
    for group in given_groups(explanation, lines):
        said = f"${given_equations(explanation, group)}$" if group.lines else plain(group.note)
        yield f"- {plain(group.label)}: {said}"


def _row(explanation: Explanation, row: Row) -> Iterator[str]:
    words = explanation.words
    yield f"## {plain(words.row_heading)}"
    yield plain(words.sentence("row", place=row.place))
    table = [f"| {words.label('columns')} | {words.label('read')} | {words.label('became')} |", "| --- | --- | --- |"]
    for cell in row.cells:
        lines = "<br>".join(map(plain, became(explanation, cell)))
        kind = words.label(cell.kind)
        table.append(f"| {plain(cell.column)} ({kind}) | {plain(read_of(explanation, cell))} | {lines} |")
    yield "\n".join(table)


def plain(words: str) -> str:
    """Words in which no sign means anything to Markdown.

    >>> print(plain("half_squared_error"))
    half\\_squared\\_error
    """
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>#|$" else letter for letter in words)
