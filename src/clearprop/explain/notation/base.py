"""What a notation is: how a book names each quantity, and with which sign it counts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from clearprop.explain.expression import Expression, Negative, Partial, Symbol, negated, rebuilt, replaced, simplified
from clearprop.explain.ref import Ref
from clearprop.explain.scalar import Shapes


@dataclass(frozen=True)
class Mark:
    """A letter with what stands around it: δ with 1 below and (2) above; `accent` "hat" sets a hat on it."""

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


@dataclass(frozen=True)
class Notation:
    """One way to write.

    Attributes:
        key: such as "net-out".
        title: where it is used, in English and Chinese.
        name: the name of a quantity, an element or a whole.
        flipped: the kinds that are counted with the other sign.
        hidden: the kinds that are not shown as lines of their own.
        rewritten: a quantity as a formula of others, where the book has no letter for it.
        by_matrices: whether the book computes with whole matrices.
        derived_by: what stands below ∂ instead of a quantity that the book has no letter for.
    """

    key: str
    title: dict[str, str]
    name: Callable[[Ref, Shapes], Name]
    flipped: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset({"s"})
    rewritten: Callable[[Ref, Shapes], Expression | None] = lambda ref, shapes: None
    by_matrices: bool = False
    derived_by: Mapping[str, str] = field(default_factory=dict)

    def sign(self, ref: Ref) -> int:
        return -1 if ref.kind in self.flipped else 1

    def symbol(self, ref: Ref) -> Expression:
        """A quantity as it stands in a formula: with a minus before it where the book counts the other way."""
        return Negative(Symbol(ref, flipped=True)) if ref.kind in self.flipped else Symbol(ref)

    def formula(self, ref: Ref, formula: Expression, shapes: Shapes) -> Expression:
        """The formula of a quantity, as the book writes it."""

        def new(one: Ref) -> Expression | None:
            other = self.rewritten(one, shapes)
            return self.symbol(one) if other is None else replaced(other, self.symbol)

        written = simplified(self._partials(replaced(formula, new)))
        return simplified(negated(written)) if ref.kind in self.flipped else written

    def _partials(self, formula: Expression) -> Expression:
        """Derivatives by what the book has a letter for, with the sign that its own signs give them."""
        if not isinstance(formula, Partial):
            return rebuilt(formula, self._partials)
        top, bottom = (
            replace(ref, kind=self.derived_by.get(ref.kind, ref.kind)) for ref in (formula.top, formula.bottom)
        )
        flipped = self.sign(top) * self.sign(bottom) < 0
        return Negative(Partial(top, bottom)) if flipped else Partial(top, bottom)
