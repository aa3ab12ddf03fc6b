"""What a notation is: how a book names each quantity, with which sign it counts it, and how it lays matrices out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from clearprop.explain.expression import (
    Cases,
    Expression,
    Negative,
    Partial,
    Product,
    Quotient,
    Sum,
    Symbol,
    negated,
    rebuilt,
    replaced,
    simplified,
)
from clearprop.explain.notation.transposed import transposed
from clearprop.explain.ref import Place, Ref
from clearprop.explain.scalar import Shapes


@dataclass(frozen=True)
class Mark:
    """A letter with what stands around it: δ with 1 below and (2) above; `accent` "hat" sets a hat on it.

    A base of several letters is a word.
    """

    base: str
    sub: str = ""
    sup: str = ""
    accent: str = ""


@dataclass(frozen=True)
class Name:
    """How a quantity is called.

    Attributes:
        text: as typed, in claims and on a terminal.
        mark: as set in type; with `by` it is the numerator of a derivative, ∂mark/∂by.
    """

    text: str
    mark: Mark
    by: Mark | None = None


def verbatim(ref: Ref, numbers: Iterable[int], shapes: Shapes) -> Iterator[tuple[Place, ...]]:
    """The places within a quantity's extent that are made of these numbers."""
    known = set(numbers)
    return product(*([1] if size == 1 else sorted(known & set(range(1, size + 1))) for size in shapes.of(ref)))


@dataclass(frozen=True)
class Notation:
    """One way to write.

    Attributes:
        key: such as "net-out".
        title: where it is used, in English and Chinese.
        name: the name of a quantity, an element or a whole.
        aliases: what else people type for it.
        flipped: the kinds that are counted with the other sign.
        hidden: the kinds that are not shown as lines of their own.
        rewritten: a quantity as a formula of others, where the book has no letter for it.
        by_matrices: whether the book computes with whole matrices.
        derived_by: what stands below ∂ instead of a quantity that the book has no letter for.
        columns: whether its matrices are the trace's transposed: samples are columns, W is (units, inputs).
        inputs_last: whether it writes w·x and δ·x, not x·w and x·δ, of numbers.
        places: the places whose names may hold these numbers.
    """

    key: str
    title: dict[str, str]
    name: Callable[[Ref, Shapes], Name]
    aliases: Callable[[Ref, Shapes], tuple[str, ...]] = lambda ref, shapes: ()
    flipped: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset({"s"})
    rewritten: Callable[[Ref, Shapes], Expression | None] = lambda ref, shapes: None
    by_matrices: bool = False
    derived_by: Mapping[str, str] = field(default_factory=dict)
    columns: bool = False
    inputs_last: bool = True
    places: Callable[[Ref, Iterable[int], Shapes], Iterator[tuple[Place, ...]]] = verbatim

    def sign(self, ref: Ref) -> int:
        return -1 if ref.kind in self.flipped else 1

    def shown(self, ref: Ref, value: Any) -> Any:
        """A value of the trace as the book counts it and, of a whole matrix, lays it out; a bias becomes a column."""
        signed = self.sign(ref) * value
        if not self.columns or np.ndim(signed) not in (1, 2):
            return signed
        return np.atleast_2d(signed).T

    def symbol(self, ref: Ref) -> Expression:
        """A quantity as it stands in a formula: with a minus before it where the book counts the other way."""
        return Negative(Symbol(ref, flipped=True)) if ref.kind in self.flipped else Symbol(ref)

    def formula(self, ref: Ref, formula: Expression, shapes: Shapes) -> Expression:
        """The formula of a quantity, as the book writes it."""

        def is_rewritten(one: Ref) -> bool:
            return self.rewritten(one, shapes) is not None

        written = replaced(formula, lambda one: None if is_rewritten(one) else self.symbol(one))
        written = simplified(self._partials(written))
        if ref.kind in self.flipped:
            written = simplified(turned(written))
        # Last, so that f(z) becomes f(s - θ), and its -z stays -(s - θ).
        written = replaced(written, lambda one: self._in_other_letters(one, shapes))
        written = inputs_last(written) if self.inputs_last else written
        return transposed(written) if self.columns else written

    def _in_other_letters(self, ref: Ref, shapes: Shapes) -> Expression | None:
        other = self.rewritten(ref, shapes)
        return None if other is None else simplified(replaced(other, self.symbol))

    def _partials(self, formula: Expression) -> Expression:
        """Derivatives by what the book has a letter for, with the sign that its own signs give them."""
        if not isinstance(formula, Partial):
            return rebuilt(formula, self._partials)
        top, bottom = (
            replace(ref, kind=self.derived_by.get(ref.kind, ref.kind)) for ref in (formula.top, formula.bottom)
        )
        flipped = self.sign(top) * self.sign(bottom) < 0
        return Negative(Partial(top, bottom)) if flipped else Partial(top, bottom)


def inputs_last(formula: Expression) -> Expression:
    """The formula of a number with x·w and x·δ the other way round; that of a matrix has no such product."""
    match formula:
        case Product((Symbol(Ref("x" | "h" | "a")) as given, Symbol(Ref("W" | "delta")) as other)):
            return Product((other, given))
    return rebuilt(formula, inputs_last)


def turned(formula: Expression) -> Expression:
    """The formula with the other sign, its difference the other way round: (a - y) / B becomes (y - a) / B."""
    match formula:
        case Quotient(top, bottom):
            return Quotient(turned(top), bottom)
        case Cases(left, comparison, right, then, otherwise):
            return Cases(left, comparison, right, turned(then), turned(otherwise))
        case Product(factors):
            for number, factor in enumerate(factors):
                if isinstance(factor, Sum) and any(isinstance(term, Negative) for term in factor.terms):
                    return Product((*factors[:number], negated(factor), *factors[number + 1 :]))
    return negated(formula)
