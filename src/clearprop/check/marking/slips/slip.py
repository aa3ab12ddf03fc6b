"""A slip: what somebody computed in the place of what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from clearprop.check.marking.rules import Formulas, Rules
from clearprop.explain.definitions import Step
from clearprop.explain.expression import (
    Column,
    Expression,
    MatMul,
    Number,
    Product,
    Sum,
    Symbol,
    Transpose,
    children,
    negated,
    rebuilt,
    replaced,
)
from clearprop.explain.ref import Ref

Change = Callable[[Expression], Expression]


@dataclass(frozen=True, eq=False)
class Slip:
    """One way in which a slip may have been made.

    Attributes:
        id: one of `IDS`.
        rules: the step with the slip in it.
        changed: the quantities whose formulas it changes, in order of computation.
        how: which of its forms it is, for the sentence that tells it.
        rate: the learning rate that was taken, where it was another.
        rare: whether it is one of many forms, each of which is seldom seen.
    """

    id: str
    rules: Rules
    changed: tuple[Ref, ...]
    how: str = ""
    rate: float | None = None
    rare: bool = False


@dataclass(frozen=True)
class Workshop:
    """Makes slips of a step's formulas."""

    step: Step
    rules: Rules = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", Rules.of(self.step))

    @property
    def last(self) -> int:
        return len(self.step.network.layers)

    @property
    def layers(self) -> range:
        return range(1, self.last + 1)

    def formula(self, ref: Ref) -> Expression | None:
        return self.rules.formulas.get(ref)

    def slip(
        self, id: str, changes: Formulas, how: str = "", rate: float | None = None, rare: bool = False
    ) -> Iterator[Slip]:
        """The slip of these changes, if it changes anything."""
        real = {ref: new for ref, new in changes.items() if self.formula(ref) not in (None, new)}
        if real:
            ordered = tuple(ref for ref in self.rules.formulas if ref in real)
            yield Slip(id, self.rules.changed(real), ordered, how, rate, rare)

    def each_and_all(
        self, id: str, by_layer: Mapping[int, Formulas], how: str = "", rate: float | None = None, rare: bool = False
    ) -> Iterator[Slip]:
        """The slip made in every layer, and in one alone."""
        together = [changes for changes in by_layer.values() if changes]
        if len(together) > 1:
            yield from self.slip(id, {ref: new for one in together for ref, new in one.items()}, how, rate, rare)
        for changes in together:
            yield from self.slip(id, changes, how, rate, rare)

    def rewritten(self, refs: Iterable[Ref], change: Change) -> dict[Ref, Expression]:
        """The changed formulas of those of the quantities that the step has."""
        return {ref: change(formula) for ref in refs if (formula := self.formula(ref)) is not None}

    def of_kind(self, *kinds: str, layer: int = 0) -> list[Ref]:
        """The quantities of some kinds, in order; of a layer, or of any."""
        return [ref for ref in self.rules.formulas if ref.kind in kinds and layer in (0, ref.layer)]

    @property
    def gradient_at_output(self) -> Ref:
        """Where the derivative of the loss enters: ∂E/∂a, or ∂E/∂z where both are computed together."""
        joint = self.step.network.joint_pair is not None
        return Ref("delta" if joint else "dE/da", self.last)


def swapped(old: Ref, new: Expression) -> Change:
    """Puts a formula in the place of a quantity."""
    return lambda formula: replaced(formula, lambda ref: new if ref == old else None)


def always(new: Expression) -> Change:
    """Puts a formula in the place of any."""
    return lambda formula: new


def everywhere(change: Callable[[Expression], Expression | None]) -> Change:
    """Changes each node for which there is something new, and leaves the others."""

    def of(node: Expression) -> Expression:
        new = change(node)
        return rebuilt(node, of) if new is None else new

    return of


def times(factor: float) -> Change:
    return lambda formula: Product((Number(factor), formula))


def flipped_terms(formula: Expression) -> Iterator[Expression]:
    """The formula with the sign of one term of one of its sums the other way round, each in turn."""
    if isinstance(formula, Sum):
        for place, one in enumerate(formula.terms):
            yield Sum((*formula.terms[:place], negated(one), *formula.terms[place + 1 :]))
    parts = children(formula)
    for place, part in enumerate(parts):
        for new in flipped_terms(part):
            others = iter((*parts[:place], new, *parts[place + 1 :]))
            yield rebuilt(formula, lambda _, others=others: next(others))  # type: ignore[misc]


def term(product: MatMul, number: int) -> Expression:
    """One of the products that a matrix product adds up, k counted from 1: A[:, k] · B[k, :]."""
    return MatMul(Column(product.left, number), Transpose(Column(Transpose(product.right), number)))


def product_in(formula: Expression) -> MatMul | None:
    """The matrix product that a formula is, or is the first term of."""
    if isinstance(formula, Sum):
        formula = formula.terms[0]
    return formula if isinstance(formula, MatMul) else None


def with_product(formula: Expression, new: Expression) -> Expression:
    """The formula with another first term in the place of its matrix product."""
    return Sum((new, *formula.terms[1:])) if isinstance(formula, Sum) else new


def symbol(kind: str, layer: int = 0) -> Symbol:
    return Symbol(Ref(kind, layer))
