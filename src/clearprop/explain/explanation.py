"""A trace as worked arithmetic: line by line, symbol = formula = numbers put in = result, in the order of a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clearprop.errors import InputError, unknown
from clearprop.explain.definitions import Part
from clearprop.explain.expression import Expression, decided
from clearprop.explain.notation import Name, find_notation
from clearprop.explain.ref import Ref
from clearprop.explain.render.numerals import computed, given
from clearprop.explain.trace import Trace

FORMS = ("auto", "scalar", "matrix")
LANGUAGES = ("en", "zh")
MOST_DIGITS = 17
MOST_SCALARS = 400  # lines a person may still want to read; beyond, whole matrices are shown
MOST_SCALARS_ASKED = 20_000


@dataclass(frozen=True)
class Line:
    """One quantity: its name, the formula that gives it, and its value, all as the notation counts them.

    Attributes:
        ref: the quantity, a number or a whole matrix.
        name: how the notation calls it.
        formula: in the symbols of the notation, the branch taken where there were several; None for what was given.
        value: a float, or an array of a whole matrix.
    """

    ref: Ref
    name: Name
    formula: Expression | None
    value: Any


@dataclass(frozen=True)
class Section:
    """The lines of one part of the step; `part` is None for what was given."""

    part: Part | None
    lines: tuple[Line, ...]


class Explanation:
    """A trace in one notation and language, to so many decimals. `str` gives it as text.

    Args:
        trace: what is explained.
        notation: a key of `NOTATIONS`.
        language: "en" or "zh".
        digits: decimals of what is computed, 0 to 17.
        form: "scalar" number by number, "matrix" by whole matrices, "auto" by size and notation.
        focus: a canonical id, or a name of the notation: only what this quantity is computed from.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        notation: str = "canonical",
        language: str = "en",
        digits: int = 9,
        form: str = "auto",
        focus: str | None = None,
    ) -> None:
        if language not in LANGUAGES:
            raise unknown("language", language, LANGUAGES)
        if form not in FORMS:
            raise unknown("form", form, FORMS)
        if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
            raise InputError(f"digits: expected a whole number from 0 to {MOST_DIGITS}, got {digits!r}")
        self.trace = trace
        self.notation = find_notation(notation)
        self.language = language
        self.digits = digits
        self.form = form
        self.focus = focus
        self.by_matrices = self._by_matrices()

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The whole step, part by part."""
        found: dict[Part, list[Line]] = {}
        for ref, definition in self.trace.definitions.items():
            if ref.kind not in self.notation.hidden:
                found.setdefault(definition.part, []).extend(self._lines(ref))
        given = [line for ref in self.trace.given for line in self._lines(ref)]
        return (Section(None, tuple(given)), *(Section(part, tuple(lines)) for part, lines in found.items()))

    def name(self, ref: Ref) -> Name:
        return self.notation.name(ref, self.trace.shapes)

    def value(self, ref: Ref) -> Any:
        """A quantity's value as the notation counts it."""
        return self.notation.shown(ref, self.trace.value(ref))

    def number(self, ref: Ref) -> str:
        """A number as it is printed: what was given as it was written, what was computed to the decimals asked for."""
        written = computed if ref.whole in self.trace.definitions else given
        return written(self.value(ref), self.digits)

    def line(self, ref: Ref) -> Line:
        formula = None
        if ref.whole in self.trace.definitions:
            canonical = decided(self.trace.formula(ref), self.trace.value) if ref.place else self.trace.formula(ref)
            formula = self.notation.formula(ref, canonical, self.trace.shapes)
        return Line(ref, self.name(ref), formula, self.value(ref))

    def __str__(self) -> str:
        from clearprop.explain.render.text import text

        return text(self)

    def _lines(self, ref: Ref) -> Iterator[Line]:
        if self.by_matrices:
            yield self.line(ref)
        else:
            yield from map(self.line, self.trace.elements(ref))

    def _by_matrices(self) -> bool:
        scalars = sum(1 for ref in self.trace.definitions for _ in self.trace.elements(ref))
        if self.form == "scalar" and scalars > MOST_SCALARS_ASKED:
            raise InputError(
                f"form: this step has {scalars:,} numbers, too many to write out one by one; "
                'ask for form="matrix", or focus on one quantity'
            )
        if self.form == "auto":
            return self.notation.by_matrices or scalars > MOST_SCALARS
        return self.form == "matrix"
