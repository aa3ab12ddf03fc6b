"""The derivation of backpropagation for one network, from the chain rule, symbol by symbol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from clearprop.errors import InputError, unknown
from clearprop.explain.definitions import Definition, Step, definitions
from clearprop.explain.derivation_words import HEADINGS, DerivationWords
from clearprop.explain.expression import (
    Expression,
    Joined,
    OneHot,
    Part,
    Partial,
    Product,
    Repeated,
    children,
    replaced,
    simplified,
    symbols,
)
from clearprop.explain.notation import Name, find_notation
from clearprop.explain.ref import Place, Ref
from clearprop.explain.scalar import Elements, Shapes
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import SGD, Optimizer


@dataclass(frozen=True)
class Equation:
    """left = chain[0] = chain[1] = …, all in the notation; the last is the formula to compute with.

    `ref` names the left side, with letters for places: ("i", "j") is any weight from unit i to unit j.
    """

    ref: Ref
    name: Name
    chain: tuple[Expression, ...]


@dataclass(frozen=True)
class Chapter:
    """A step of the derivation: a heading, what is done and why, and the equations."""

    title: str
    text: str
    equations: tuple[Equation, ...] = ()


class Derivation:
    """Backpropagation derived for a network, made by `derive`. `str` gives it as text, `markdown()` with LaTeX.

    Attributes:
        network: what it is derived for.
        chapters: forward, loss, the last delta, the recursion, the gradients, the update, the count.
    """

    def __init__(self, network: Network, optimizer: Optimizer, notation: str, language: str) -> None:
        if language not in HEADINGS:
            raise unknown("language", language, HEADINGS)
        self.network = network
        self.optimizer = optimizer
        self.notation = find_notation(notation)
        self.language = language
        self._words = DerivationWords(network, optimizer, self.notation, language)
        self.shapes = Shapes(network, samples=1)
        self._definitions = {one.ref: one for one in definitions(Step(network, optimizer))}
        self._elements = Elements(self.shapes, letters=True)

    @cached_property
    def chapters(self) -> tuple[Chapter, ...]:
        network = self.network
        depth = len(network.layers)
        last = Ref("delta", depth)
        found = [
            *self._columns("forward"),
            self._chapter("forward", self._computed("forward"), layers=depth, count=network.parameter_count),
            self._chapter("loss", [*self._plain("q"), self._loss(), *self._plain("R", "J")], loss=network.loss),
            self._chapter("last", [self._delta(last)]),
        ]
        if depth == 1:
            found.append(self._chapter("no hidden layer", []))
        else:
            back = [(self._handed_back(layer), self._delta(Ref("delta", layer))) for layer in range(depth - 1, 0, -1)]
            found.append(self._chapter("recursion", [equation for pair in back for equation in pair]))
        found.append(self._chapter("gradients", list(self._gradients())))
        found += self._columns("backward")
        found.append(self._chapter("update", self._computed("update")))
        found.append(self._chapter("count", [], sum=self._count(), count=network.parameter_count))
        return tuple(found)

    def name(self, ref: Ref) -> Name:
        return self.notation.name(ref, self.shapes)

    def markdown(self) -> str:
        """The derivation as Markdown, its equations in LaTeX between $$."""
        from clearprop.explain.render.derivation import markdown

        return markdown(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __str__(self) -> str:
        from clearprop.explain.render.derivation import text

        return text(self)

    def _chapter(self, key: str, equations: list[Equation], **numbers: object) -> Chapter:
        return Chapter(self._words.heading(key), self._words.text(key, **numbers), tuple(equations))

    def _count(self) -> str:
        terms = [
            f"{inputs}·{layer.units}" + (f" + {layer.bias_size}" if layer.bias_size else "")
            for inputs, layer in zip(self.network.sizes, self.network.layers, strict=False)
        ]
        shapes = [shape for layer in self.network.columns for shape in layer.shapes.values()]
        terms += ["·".join(map(str, shape)) for shape in shapes]
        return " + ".join([*terms, *([str(self.network.scale_size)] if self.network.scale else [])])

    def _columns(self, part: str) -> list[Chapter]:
        """How column layers compute, or hand back; each of one input, whose functions are counted from 1."""
        if not self.network.columns:
            return []
        kept = [one for one in self._definitions.values() if one.part.name == part and one.part.layer == 0]
        return [self._chapter(f"{part}.columns", [self._equation(one.ref, self._element(one)) for one in kept])]

    def _computed(self, part: str) -> list[Equation]:
        """The definitions of a part as they are."""
        parts = [one for one in self._definitions.values() if one.part.name == part]
        kept = [one for one in parts if one.part.layer or part == "update"]
        return [self._equation(one.ref, self._element(one)) for one in kept if one.ref.kind not in self.notation.hidden]

    def _plain(self, *kinds: str) -> list[Equation]:
        found = [self._definitions[Ref(kind)] for kind in kinds if Ref(kind) in self._definitions]
        return [self._equation(one.ref, self._element(one)) for one in found]

    def _loss(self) -> Equation:
        E, share = self._definitions[Ref("E")], self._definitions[Ref("share")]
        summed = self._element(E)
        return self._equation(E.ref, summed, self._put_in(summed, {share.ref.kind}))

    def _delta(self, ref: Ref) -> Equation:
        """δ = ∂E/∂z = ∂E/∂a · ∂a/∂z, then both put in."""
        whole = Partial(Ref("E"), Ref("z", ref.layer, (1, "j")))
        formula = self._element(self._definitions[ref])
        if not {"dE/da", "da/dz"} & {one.kind for one in symbols(formula)}:
            return self._equation(ref, whole, formula)
        chain = replaced(formula, self._as_partial)
        return self._equation(ref, whole, chain, self._put_in(formula, {"dE/da", "da/dz"}))

    def _handed_back(self, layer: int) -> Equation:
        """∂E/∂a = Σ ∂E/∂z · ∂z/∂a over the units of the layer above."""
        ref = Ref("dE/da", layer)
        formula = self._element(self._definitions[ref])

        def as_partial(one: Ref) -> Expression | None:
            if one.kind == "W":
                return Partial(Ref("z", layer + 1, (1, one.place[1])), Ref("a", layer, (1, one.place[0])))
            return self._as_partial(one)

        return self._equation(ref, replaced(formula, as_partial), formula)

    def _gradients(self) -> Iterator[Equation]:
        """∂E/∂W = ∂E/∂z · ∂z/∂W, and ∂E/∂b."""
        for layer in range(len(self.network.layers), 0, -1):
            ref = Ref("dE/dW", layer)
            formula = self._element(self._definitions[ref])

            def as_partial(one: Ref, layer: int = layer) -> Expression | None:
                if one.kind in ("a", "h", "x"):
                    return Partial(Ref("z", layer, (1, "j")), Ref("W", layer, ("i", "j")))
                return self._as_partial(one)

            chain = replaced(formula, as_partial)
            assert isinstance(chain, Product)
            yield self._equation(ref, Product(chain.factors[::-1]), formula)
            for kind in ("dE/db", "dR/dW", "dJ/dW"):
                if Ref(kind, layer) in self._definitions:
                    yield self._equation(Ref(kind, layer), self._element(self._definitions[Ref(kind, layer)]))

    def _as_partial(self, ref: Ref) -> Expression | None:
        if ref.kind == "dE/da":
            return Partial(Ref("E"), Ref("a", ref.layer, ref.place))
        if ref.kind == "da/dz":
            sample, top, bottom = (*ref.place, ref.place[-1])[:3]
            return Partial(Ref("a", ref.layer, (sample, top)), Ref("z", ref.layer, (sample, bottom)))
        if ref.kind == "delta":
            return Partial(Ref("E"), Ref("z", ref.layer, ref.place))
        return None

    def _put_in(self, formula: Expression, kinds: set[str]) -> Expression:
        """The formula with the quantities of some kinds replaced by theirs."""

        def new(ref: Ref) -> Expression | None:
            if ref.kind not in kinds:
                return None
            return self._elements.of(self._definitions[ref.whole].formula, *ref.place)

        return simplified(replaced(formula, new))

    def _element(self, definition: Definition) -> Expression:
        letters = self._letters(definition.ref)
        if definition.ref.of_columns and not letters:
            return definition.formula
        return simplified(self._elements.of(definition.formula, *letters))

    def _letters(self, ref: Ref) -> tuple[Place, ...]:
        """Any place of a quantity: unit j, for a weight from unit i to unit j; none where a formula is of the whole."""
        shape = self.shapes.of(ref)
        if not shape:
            return ()
        if ref.of_columns:
            definition = self._definitions.get(ref.whole)
            if definition and _of_whole(definition.formula):
                return ()
            return (
                ("k", "m")[: len(shape)] if ref.parameter and len(shape) == 2 else ("j",) if ref.parameter else (1, "j")
            )
        if ref.by_weight:
            return "i", "j"
        if ref.by_bias:
            return ("j",)
        return (1, "i", "j") if len(shape) == 3 else (1, "j")

    def _equation(self, ref: Ref, *chain: Expression) -> Equation:
        place = ref.at(*self._letters(ref))
        written = [self.notation.formula(ref, formula, self.shapes) for formula in chain]
        distinct = [one for number, one in enumerate(written) if one not in written[:number]]
        return Equation(place, self.name(place), tuple(distinct))


def _of_whole(formula: Expression) -> bool:
    """Whether a formula says where something stands, which is better said of the whole."""
    laid_out = isinstance(formula, Joined | Part | OneHot)
    return laid_out or any(_of_whole(part) for part in children(formula) if not isinstance(formula, Repeated))


def derive(
    network: Network, *, optimizer: Optimizer | None = None, notation: str = "canonical", language: str = "en"
) -> Derivation:
    """The derivation of backpropagation for a network: Δ_L, the recursion, the gradients, the update, the count.

    Args:
        network: of any depth, or none: without a hidden layer it answers why nothing is handed back.
        optimizer: what makes the update; plain gradient descent if none is given.
        notation: "canonical", "net-out", "threshold", "matrix-columns", "matrix", "ufldl" or "nielsen".
        language: "en" or "zh".

    Raises:
        InputError: a name is unknown.

    >>> derive(Network.parse("2-3-1")).chapters[2].equations[0].name.text
    'delta2[j]'
    """
    if not isinstance(network, Network):
        raise InputError(f'network: expected a Network, as Network.parse("2-3-1"), got {network!r}')
    return Derivation(network, optimizer or SGD(0.1), notation, language)
