"""A trace as worked arithmetic: line by line, symbol = formula = numbers put in = result, in the order of a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

from clearprop.errors import InputError, unknown
from clearprop.explain.answer import Answer
from clearprop.explain.definitions import Definition, Part
from clearprop.explain.expression import Cases, Expression, Number, Product, Symbol, decided, simplified, symbols
from clearprop.explain.focus import MOST_OF_ONE, followed, needed
from clearprop.explain.names import Names
from clearprop.explain.notation import Name, find_notation
from clearprop.explain.paths import gradient_of, paths
from clearprop.explain.ref import Ref
from clearprop.explain.render.numerals import computed, given
from clearprop.explain.render.words import LANGUAGES, Words
from clearprop.explain.row import Row
from clearprop.explain.scalar import Elements
from clearprop.explain.trace import Trace

GIVEN = Part("given")
FORMS = ("auto", "scalar", "matrix")
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
        note: a word beside the result, such as "frozen".
    """

    ref: Ref
    name: Name
    formula: Expression | None
    value: Any
    note: str = ""


@dataclass(frozen=True)
class Passage:
    """What one part of the step computes, its lines not yet written; `part` is None for what was given.

    `words` are sentences that say what is computed and why; what was said in an earlier part is not repeated.
    """

    part: Part | None
    heading: str
    words: tuple[str, ...]
    refs: tuple[Ref, ...]


@dataclass(frozen=True)
class Section:
    """A passage with its lines."""

    part: Part | None
    heading: str
    words: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class PathsShown:
    """The strongest paths to a parameter, each a line of its factors, and what the others add up to.

    Attributes:
        lines: the paths, strongest first; their `ref` is the gradient.
        count: how many paths there are in all.
        others: what those not shown add up to; 0 where all are shown.
        total: the gradient.
    """

    heading: str
    words: tuple[str, ...]
    lines: tuple[Line, ...]
    count: int
    others: float
    total: Line


class Explanation:
    """A trace in one notation and language, to so many decimals. `str` gives it as text.

    Args:
        trace: what is explained.
        notation: a key of `NOTATIONS`.
        language: "en" or "zh".
        digits: decimals of what is computed, 0 to 17.
        form: "scalar" number by number, "matrix" by whole matrices, "auto" by size and notation.
        focus: a canonical id, or a name of the notation: only what this quantity is computed from.
        row: how a row of a table became the inputs, if they came from one.
        answer: what the model answers for that row, in the words of the table; with a focus it is not told.
        forward: only the way forward is told, as of a row whose target is not known.
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
        row: Row | None = None,
        answer: Answer | None = None,
        forward: bool = False,
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
        self.row = row
        self.answer = answer if focus is None else None
        self.forward = forward
        self.words = Words(trace, self.notation, language)
        self.focus = None if focus is None else followed(trace, self._found(focus))
        if self.focus is not None and not self._is_told(self.focus.whole):
            raise InputError(f'focus: "{focus}" is computed from the target, which the row does not have')
        self.by_matrices = self._by_matrices()

    @property
    def title(self) -> str:
        return self.words.forward_title if self.forward else self.words.title

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """What was given, then the step, part by part."""
        return tuple(
            Section(one.part, one.heading, one.words, tuple(map(self.line, one.refs))) for one in self.passages
        )

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The sections without their lines, for who writes only some of them."""
        refs = self._refs()
        start = tuple(ref for whole in self.trace.given for ref in refs.get(whole, ()))
        found: dict[Part, list[Ref]] = {}
        for whole in self.trace.definitions:
            if whole in refs:
                found.setdefault(self.part(whole), []).extend(refs[whole])
        said = set(beginning := self._beginning())
        passages = [Passage(None, self.words.heading(GIVEN), beginning, start)]
        for part, computed_there in found.items():
            words = tuple(one for one in self.words.sentences(part, computed_there) if one not in said)
            said.update(words)
            passages.append(Passage(part, self.words.heading(part), words, tuple(computed_there)))
        return tuple(passages)

    @cached_property
    def paths(self) -> PathsShown | None:
        """Every path that the error takes to the parameter in focus; None where no one parameter is."""
        gradient = gradient_of(self.trace, self.focus) if self.focus else None
        if gradient is None:
            return None
        found = paths(self.trace, gradient)
        sign, total = self.notation.sign(gradient), self.line(gradient)
        lines = []
        for path in found.strongest:
            product = Product(tuple(map(Symbol, path.factors))) if len(path.factors) > 1 else Symbol(path.factors[0])
            formula = self.notation.formula(gradient, product, self.trace.shapes)
            lines.append(Line(gradient, total.name, formula, sign * path.value))
        part = Part("paths", gradient.layer)
        return PathsShown(
            self.words.heading(part, name=total.name.text),
            (self.words.sentence("paths", len(self.trace.network.layers), gradient=total.name.text),),
            tuple(lines),
            found.count,
            sign * found.others,
            total,
        )

    def part(self, whole: Ref) -> Part:
        """The part of the step that a quantity is computed in, gradients of parameters by themselves."""
        definition = self.trace.definitions.get(whole)
        if definition is None:
            return GIVEN
        part = definition.part
        of_parameter = part.name == "backward" and whole.parameter
        return replace(part, name="gradients") if of_parameter else part

    def name(self, ref: Ref) -> Name:
        return self.notation.name(ref, self.trace.shapes)

    def value(self, ref: Ref) -> Any:
        """A quantity's value as the notation counts it."""
        return self.notation.shown(ref, self.trace.value(ref))

    def is_matrix(self, ref: Ref) -> bool:
        """Whether a quantity has rows or columns, and is not one number."""
        return not ref.place and bool(self.trace.shapes.of(ref))

    def number(self, ref: Ref) -> str:
        """A number as it is printed: what was given as it was written, what was computed to the decimals asked for."""
        return self.printed(ref, self.value(ref))

    def printed(self, ref: Ref, value: float) -> str:
        """One number of a quantity, as `number` prints it."""
        definition = self.trace.definitions.get(ref.whole)
        written = given if definition is None or self._as_given(definition.formula) else computed
        return written(float(value), self.digits)

    def line(self, ref: Ref) -> Line:
        return Line(ref, self.name(ref), self.formula(ref), self.value(ref), self._note(ref))

    def formula(self, ref: Ref) -> Expression | None:
        """How a quantity is computed, in the symbols of the notation; None where it was given."""
        if ref.whole not in self.trace.definitions:
            return None
        if self.by_matrices and not ref.place:
            canonical = self._definition(ref).formula
        else:
            canonical = self.trace.formula(ref)
            if ref.kind == "dE/da" and ref.place and not self._tells_shares:
                canonical = simplified(Elements(self.trace.shapes).of(self._definition(ref).formula, *ref.place))
            if not self.is_matrix(ref):
                canonical = decided(canonical, self.trace.value)
        return self.notation.formula(ref, canonical, self.trace.shapes)

    def __str__(self) -> str:
        from clearprop.explain.render.text import text

        return text(self)

    def _repr_html_(self) -> str:
        from clearprop.explain.render.html import fragment

        return fragment(self)

    def _refs(self) -> dict[Ref, list[Ref]]:
        """What is shown: of each whole quantity its numbers, or itself."""
        if self.focus is not None:
            most = MOST_OF_ONE if self._size > MOST_SCALARS else None
            by_numbers = not self.by_matrices and not self.focus.place
            wanted = list(self.trace.elements(self.focus)) if by_numbers else [self.focus]
            found: dict[Ref, list[Ref]] = {}
            for ref in wanted:
                for whole, refs in needed(self.trace, ref, self.formula, most).items():
                    found[whole] = list(dict.fromkeys([*found.get(whole, ()), *refs]))
            return found
        told = [ref for ref in self.trace.definitions if self._is_told(ref)]
        shown = [ref for ref in told if ref.kind not in self.notation.hidden]
        if not self._tells_shares:
            shown = [ref for ref in shown if ref.kind != "dE[k]/da"]
        used = {one for ref in shown for one in symbols(self.trace.definitions[ref].formula)}
        start = [ref for ref in self.trace.given if ref in used]
        if self.by_matrices:
            return {ref: [ref] for ref in (*start, *shown)}
        return {ref: list(self.trace.elements(ref)) for ref in (*start, *shown)}

    def _beginning(self) -> tuple[str, ...]:
        kind = "forward" if self.forward else "samples" if len(self.trace.samples) > 1 else "sample"
        words = [self.words.sentence(f"given.{kind}")]
        if self.focus is not None:
            words.append(self.words.sentence("given.focus", name=self.name(self.focus).text))
        return tuple(words)

    def _is_told(self, whole: Ref) -> bool:
        """Whether a quantity is told: of a row without a target only what does not come from it."""
        return not self.forward or self.part(whole).name in ("given", "forward")

    def _note(self, ref: Ref) -> str:
        network = self.trace.network
        frozen = ref.kind == "b'" and not network.layers[ref.layer - 1].train_bias
        if ref.of_columns and ref.layer and ref.kind.endswith("'"):
            frozen = ref.parameter[0] in network.columns[ref.layer - 1].frozen
        return self.words.label("frozen") if frozen else ""

    def _as_given(self, formula: Expression) -> bool:
        """Whether a computed number is one that was given, or stands in the formula itself."""
        match formula:
            case Number():
                return True
            case Symbol(ref):
                definition = self.trace.definitions.get(ref)
                return definition is None or self._as_given(definition.formula)
            case Cases():
                return self._as_given(formula.then) and self._as_given(formula.otherwise)
        return False

    def _found(self, focus: str) -> Ref:
        if self.notation.key == "canonical":
            return self.trace.checked(focus)
        return Names(self.trace, self.notation).find(focus)[0]

    def _definition(self, ref: Ref) -> Definition:
        return self.trace.definitions[ref.whole]

    @property
    def _tells_shares(self) -> bool:
        """Whether each output's share of ∂E/∂a is shown before their sum: number by number, and of several outputs."""
        return not self.by_matrices and self.trace.network.outputs > 1

    @property
    def _size(self) -> int:
        """How many numbers the step computes."""
        return sum(prod(self.trace.shapes.of(ref)) for ref in self.trace.definitions if self._is_told(ref))

    def _by_matrices(self) -> bool:
        if self.form == "scalar" and self.focus is None and self._size > MOST_SCALARS_ASKED:
            raise InputError(
                f"form: this step has {self._size:,} numbers, too many to write out one by one; "
                'ask for form="matrix", or focus on one quantity'
            )
        if self.form != "auto":
            return self.form == "matrix"
        wide = self._size > MOST_SCALARS and (self.focus is None or not self.focus.place)
        return self.notation.by_matrices or wide
