"""An explanation as plain text, and the same with a role for each stretch, so that a terminal can colour it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearprop.explain.answer import Answer
from clearprop.explain.explanation import Explanation, Line, PathsShown, Section
from clearprop.explain.notation import Name
from clearprop.explain.render.answers import answer_lines, answer_words
from clearprop.explain.render.given import FIRST_GIVEN, given_groups
from clearprop.explain.render.inputs import became, read_of
from clearprop.explain.render.layout import padded, width_of, wrapped
from clearprop.explain.render.links import LEFT_OUT, Grid, Links, grid, links
from clearprop.explain.render.numerals import computed
from clearprop.explain.row import Row
from clearprop.explain.typeset import ATOM, MULTIPLIED, RAISED, SIGNED, Piece, Text

WIDTH = 110
INDENT = 2


@dataclass(frozen=True)
class Span:
    """A stretch of a line; the role is "heading", "words", "name", "formula", "numbers", "result" or "note"."""

    role: str
    text: str


Spans = list[Span]


class TextWriter:
    """Names and numbers as typed; a matrix row by row, [1, 2; 3, 4]."""

    style = Text()

    def name(self, name: Name) -> str:
        return name.text

    def symbol(self, name: Name) -> Piece:
        return Piece(name.text, MULTIPLIED if "/" in name.text else RAISED if "^" in name.text else ATOM)

    def number(self, printed: str) -> Piece:
        raised = RAISED if "e" in printed else ATOM  # (2e-05)², as 2e-05² reads as a square of the exponent
        return Piece(printed, SIGNED if printed.startswith("-") else raised)

    def matrix(self, rows: Grid) -> str:
        return "[" + "; ".join(", ".join(row) for row in rows) + "]"


WRITER = TextWriter()


def text(explanation: Explanation, width: int = WIDTH) -> str:
    """The explanation in lines of at most so many columns, as far as names and numbers allow."""
    lines = ("".join(span.text for span in spans).rstrip() for spans in spanned(explanation, width))
    return "\n".join(lines)


def spanned(explanation: Explanation, width: int = WIDTH) -> Iterator[Spans]:
    """Line by line, each as stretches with their roles."""
    yield from _words("heading", explanation.title, width)
    if explanation.row:
        yield from _row(explanation, explanation.row, width)
    for section in explanation.sections:
        yield []
        yield from _words("heading", section.heading, width)
        for sentence in section.words:
            yield from _words("words", sentence, width)
        yield from _given(explanation, section, width) if section.part is None else _lines(explanation, section, width)
    if explanation.paths:
        yield from _paths(explanation, explanation.paths, width)
    if explanation.answer:
        yield []
        yield from answer_spans(explanation, explanation.answer, width)


def answer_spans(explanation: Explanation, answer: Answer, width: int) -> Iterator[Spans]:
    """The answer in the table's words, under its heading."""
    words = explanation.words
    yield from _words("heading", words.answer_heading, width)
    for sentence in answer_words(answer, words):
        yield from _words("words", sentence, width)
    lines = list(answer_lines(answer, words, explanation.digits))
    wide = INDENT + max(width_of(label) for label, _ in lines) + 2
    for label, said in lines:
        first, *more = wrapped(said, max(width - wide, 24), 2)
        yield [Span("name", padded(" " * INDENT + label, wide)), Span("result", first)]
        yield from ([Span("result", " " * wide + one)] for one in more)


def _words(role: str, sentence: str, width: int) -> Iterator[Spans]:
    yield from ([Span(role, line)] for line in wrapped(sentence, width))


def _lines(explanation: Explanation, section: Section, width: int) -> Iterator[Spans]:
    numbers = [line for line in section.lines if not explanation.is_matrix(line.ref)]
    written = {line.ref: links(explanation, line, WRITER) for line in numbers}
    notes = max((width_of(line.note) + 3 for line in numbers if line.note), default=0)
    table = Table(list(written.values()), width - notes)
    for line in section.lines:
        if explanation.is_matrix(line.ref):
            yield from _matrix(explanation, line, width)
        else:
            yield from table.rows(written[line.ref], line.note)


class Table:
    """Lines whose results stand in one column, as far right as the longest line that fits asks for."""

    def __init__(self, written: list[Links], width: int) -> None:
        self.of_result = max((width_of(one.result) for one in written), default=0)
        self.room = max(width - self.of_result - 3, 24)
        ends = [self._broken(one)[-1] for one in written if one.formula or one.numbers]
        self.column = min(self.room, max(map(_width, ends), default=0))

    def rows(self, one: Links, note: str = "") -> Iterator[Spans]:
        *before, last = self._broken(one)
        yield from before
        gap = " " * max(0, self.column - _width(last))
        result = f"{gap} = {' ' * (self.of_result - width_of(one.result))}"
        if not (one.formula or one.numbers):
            result = " = "
        tail = [Span("note", f" ({note})")] if note else []
        yield [*last, Span("formula", result), Span("result", one.result), *tail]

    def _broken(self, one: Links) -> list[Spans]:
        """Name, formula and numbers in as few lines as they fit in, a new line always before an equals sign."""
        first = " " * INDENT + one.name
        hanging = min(width_of(first), self.room // 3)
        rows: list[Spans] = [[Span("name", first)]]
        for role, link in (("formula", one.formula), ("numbers", one.numbers)):
            if not link:
                continue
            first_link = len(rows) == 1 and len(rows[0]) == 1
            if first_link or _width(rows[-1]) + 3 + width_of(link) <= self.room:
                start, free = rows[-1], self.room - _width(rows[-1])
            else:
                start = [Span("name", " " * hanging)]
                rows.append(start)
                free = self.room - hanging
            first_line, *more = wrapped(f" = {link}", max(free, 20))
            start.append(Span(role, first_line))
            rest = " ".join(line.strip() for line in more)
            wide = max(self.room - hanging - 3, 20)
            rows += [[Span(role, " " * (hanging + 3) + line)] for line in (wrapped(rest, wide) if rest else ())]
        return rows


def _width(spans: Spans) -> int:
    return sum(width_of(span.text) for span in spans)


def _matrix(explanation: Explanation, line: Line, width: int) -> Iterator[Spans]:
    """Name and formula, the numbers put in, and the matrix under them."""
    one = links(explanation, line, WRITER)
    rows = grid(explanation, line.ref, line.value)
    first = " " * INDENT + one.name
    start, *more = wrapped(f" = {one.formula or one.numbers}", max(width - width_of(first), 24), hanging=5)
    yield [Span("name", first), Span("formula", start)]
    yield from ([Span("formula", " " * width_of(first) + line)] for line in more)
    if one.formula and one.numbers:
        for put_in in wrapped(f"= {one.numbers}", width - 2 * INDENT, hanging=2):
            yield [Span("numbers", " " * 2 * INDENT + put_in)]
    yield from _boxed(rows, _sizes(line.value), line.note, "= ")


def _boxed(rows: Grid, sizes: str, note: str, before: str = "") -> Iterator[Spans]:
    """A matrix in brackets, its columns aligned on the right, and its sizes."""
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        left, right = _bracket(number, len(rows))
        cells = "  ".join(" " * (wide - width_of(cell)) + cell for wide, cell in zip(widths, row, strict=True))
        equals = before if number == 0 else " " * len(before)
        spans = [
            Span("formula", " " * 2 * INDENT + equals + left),
            Span("result", f" {cells} "),
            Span("formula", right),
        ]
        tail = f"  {sizes}" + (f" ({note})" if note else "")
        yield [*spans, Span("note", tail)] if number == 0 else spans


def _bracket(number: int, count: int) -> tuple[str, str]:
    if count == 1:
        return "[", "]"
    return ("⎡", "⎤") if number == 0 else ("⎣", "⎦") if number == count - 1 else ("⎢", "⎥")


def _sizes(value: Any) -> str:
    return " × ".join(map(str, np.shape(value)))


def _given(explanation: Explanation, section: Section, width: int) -> Iterator[Spans]:
    """What was given, matrix by matrix, each beside what it is."""
    groups = given_groups(explanation, section.lines)
    wide = max((width_of(group.label) for group in groups), default=0)
    for group in groups:
        start = padded(" " * INDENT + group.label, INDENT + wide + 2)
        if not group.lines:
            set_in = width_of(start)
            for number, said in enumerate(wrapped(group.note, max(width - set_in, 24))):
                yield [Span("words", start if number == 0 else " " * set_in), Span("note", said)]
        elif explanation.is_matrix(group.lines[0].ref):
            line = group.lines[0]
            yield [Span("words", start), Span("name", line.name.text)]
            yield from _boxed(grid(explanation, line.ref, line.value), _sizes(line.value), "")
        else:
            cells = [f"{line.name.text} = {explanation.number(line.ref)}" for line in group.lines]
            if group.left_out:
                cells.insert(FIRST_GIVEN, f"{LEFT_OUT} ({group.left_out:,})")
            yield from _side_by_side(start, cells, width)


def _side_by_side(start: str, cells: list[str], width: int) -> Iterator[Spans]:
    """Cells in columns of one width, as many a line as fit."""
    wide = max(map(width_of, cells)) + 3
    count = max(1, (width - width_of(start)) // wide)
    for number in range(0, len(cells), count):
        row = "".join(padded(cell, wide) for cell in cells[number : number + count])
        yield [Span("words", start if number == 0 else " " * width_of(start)), Span("result", row.rstrip())]


def _paths(explanation: Explanation, shown: PathsShown, width: int) -> Iterator[Spans]:
    yield []
    yield from _words("heading", shown.heading, width)
    for sentence in shown.words:
        yield from _words("words", sentence, width)
    written = [_of_path(explanation, line, number) for number, line in enumerate(shown.lines, 1)]
    if shown.others or len(shown.lines) < shown.count:
        count = shown.count - len(shown.lines)
        label = explanation.words.label("others", count=f"{count:,}")
        written.append(Links(label, "", "", computed(shown.others, explanation.digits)))
    table = Table([*written, _total(explanation, shown)], width)
    for one in (*written, _total(explanation, shown)):
        yield from table.rows(one)


def _of_path(explanation: Explanation, line: Line, number: int) -> Links:
    one = links(explanation, line, WRITER)
    return Links(f"{explanation.words.label('path')} {number}", one.formula, one.numbers, one.result)


def _total(explanation: Explanation, shown: PathsShown) -> Links:
    return Links(shown.total.name.text, explanation.words.label("of"), "", explanation.number(shown.total.ref))


def _row(explanation: Explanation, row: Row, width: int) -> Iterator[Spans]:
    words = explanation.words
    yield []
    yield from _words("heading", words.row_heading, width)
    yield from _words("words", words.sentence("row", place=row.place), width)
    labels = [" " * INDENT + f"{cell.column} ({words.label(cell.kind)})" for cell in row.cells]
    wide = max(map(width_of, labels), default=0) + 2
    for label, cell in zip(labels, row.cells, strict=True):
        yield [Span("name", padded(label, wide)), Span("formula", read_of(explanation, cell))]
        for line in became(explanation, cell):
            yield from ([Span("numbers", " " * wide + one)] for one in wrapped(line, max(width - wide, 24), 2))
