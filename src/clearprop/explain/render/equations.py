"""The lines of an explanation as rows of LaTeX's `aligned`, for Markdown and for a LaTeX document."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.render.given import Given
from clearprop.explain.render.links import Links, links
from clearprop.explain.render.mathematics import WRITER, words
from clearprop.explain.render.numerals import computed
from clearprop.explain.render.text import WRITER as TYPED

LONGEST_ROW = 96  # letters of a line as it is typed, beyond which it is broken before its equals signs

Rows = list[str]


def equation(explanation: Explanation, line: Line) -> Rows:
    """One line: in one row, or a row for each equals sign."""
    rows = _aligned(links(explanation, line, WRITER), len(" = ".join(links(explanation, line, TYPED).all)))
    return [*rows[:-1], rows[-1] + (rf"\ \text{{({line.note})}}" if line.note else "")]


def formulas(explanation: Explanation) -> str:
    """All formulas without their numbers, in one block between dollars."""
    rows = []
    for line in (line for section in explanation.sections for line in section.lines if line.formula):
        one = links(explanation, line, WRITER)
        rows.append(f"{one.name} &= {one.formula or one.result}")
    body = " \\\\\n".join(rows)
    return f"$$\\begin{{aligned}}\n{body}\n\\end{{aligned}}$$"


def given_equations(explanation: Explanation, group: Given) -> str:
    """What was given, numbers one after the other."""
    cells = [" = ".join(links(explanation, line, WRITER).all) for line in group.lines]
    if group.left_out:
        cells.insert(-2, r"\ldots")
    return r",\ \allowbreak ".join(cells)


def path_equations(explanation: Explanation) -> Iterator[Rows]:
    """The paths to the parameter in focus, what the others add up to, and the sum."""
    shown = explanation.paths
    if shown is None:
        return
    for number, line in enumerate(shown.lines, 1):
        one = links(explanation, line, WRITER)
        yield _aligned(Links(rf"\text{{{number}.}}", one.formula, one.numbers, one.result), LONGEST_ROW + 1)
    if len(shown.lines) < shown.count:
        label = explanation.words.label("others", count=f"{shown.count - len(shown.lines):,}")
        yield [rf"\text{{{words(label)}}} &= {WRITER.number(computed(shown.others, explanation.digits)).text}"]
    result = WRITER.number(explanation.number(shown.total.ref)).text
    yield [rf"{WRITER.name(shown.total.name)} &= {result}\ \text{{({explanation.words.label('of')})}}"]


def _aligned(written: Links, wide: int) -> Rows:
    name, *rest = written.all
    if wide <= LONGEST_ROW:
        return [f"{name} &= " + " = ".join(rest)]
    return [f"{name if number == 0 else ''} &= {link}" for number, link in enumerate(rest)]
