"""From a formula of whole matrices to that of one element: a matrix product becomes the sum that a person computes."""

from __future__ import annotations

from collections.abc import Callable

from clearprop.explain.expression import (
    Column,
    Contracted,
    Expression,
    MatMul,
    Number,
    Product,
    Same,
    Sigma,
    SoftmaxJacobian,
    Sum,
    Symbol,
    Total,
    Transpose,
    children,
    negated,
    rebuilt,
)
from clearprop.explain.ref import Place, Ref
from clearprop.network.spec import Network


class Shapes:
    """How many rows and columns each quantity of a network and a batch has."""

    def __init__(self, network: Network, samples: int) -> None:
        self.network = network
        self.samples = samples

    def of(self, ref: Ref) -> tuple[int, ...]:
        """(B, O), (I, O), (O,) or () of one number, as the trace holds it.

        >>> shapes = Shapes(Network.parse("2-3-1"), samples=4)
        >>> shapes.of(Ref("z", 1)), shapes.of(Ref("W", 1)), shapes.of(Ref("b", 2)), shapes.of(Ref("E"))
        ((4, 3), (2, 3), (1,), ())
        """
        sizes = self.network.sizes
        if ref.by_weight:
            return sizes[ref.layer - 1], sizes[ref.layer]
        if ref.by_bias:
            layer = self.network.layers[ref.layer - 1]
            return () if layer.bias == "layer" else (layer.bias_size,)
        if ref.kind == "w":
            return self.samples, 1
        if ref.kind in ("y", "q", "share"):
            return self.samples, self.network.outputs
        if ref.kind == "da/dz" and self.network.layers[ref.layer - 1].function.across_units:
            return self.samples, sizes[ref.layer], sizes[ref.layer]
        if ref.by_sample:
            return self.samples, sizes[ref.layer]
        return ()

    def of_formula(self, formula: Expression) -> tuple[int, ...]:
        """The shape of a formula's value."""
        match formula:
            case Symbol(ref):
                return self.of(ref)
            case MatMul(left, right):
                return self.of_formula(left)[0], self.of_formula(right)[1]
            case Transpose(inner):
                rows, columns = self.of_formula(inner)
                return columns, rows
            case Column(inner, _):
                return self.of_formula(inner)[0], 1
            case Contracted(left, _):
                return self.of_formula(left)
            case Total(inner, over):
                shape = self.of_formula(inner)
                return {"all": (), "units": (shape[0], 1), "samples": shape[1:]}[over]
        shapes = [self.of_formula(part) for part in children(formula)]
        return max(shapes, key=lambda shape: (len(shape), *shape), default=())


LETTERS = "kmnpqrtuv"


def placed(formula: Expression, places: dict[str, int]) -> Expression:
    """The formula with its letters replaced by numbers, and each Σ written out.

    >>> placed(Sigma("k", 2, Symbol(Ref("b", 1, ("k",)))), {}) == Sum(
    ...     (Symbol(Ref("b", 1, (1,))), Symbol(Ref("b", 1, (2,))))
    ... )
    True
    """
    match formula:
        case Symbol(ref, flipped):
            return Symbol(ref.at(*(places.get(str(place), place) for place in ref.place)), flipped)
        case Same(left, right):
            return Number(float(places.get(str(left), left) == places.get(str(right), right)))
        case Sigma(letter, last, inner):
            return Sum(tuple(placed(inner, {**places, letter: number}) for number in range(1, int(last) + 1)))
    return rebuilt(formula, lambda part: placed(part, places))


class Elements:
    """The formula of any element. Sums are written out, or with Σ and a letter where `letters` is set."""

    def __init__(self, shapes: Shapes, letters: bool = False) -> None:
        self.shapes = shapes
        self.letters = letters

    def of(self, formula: Expression, *place: Place) -> Expression:
        """The element of a formula at a place: (row, column), (unit,), or none for a number."""
        return self._at(formula, place, "".join(letter for letter in LETTERS if letter not in place))

    def _at(self, formula: Expression, place: tuple[Place, ...], free: str) -> Expression:
        match formula:
            case Symbol(ref, flipped):
                return Symbol(ref.at(*self._fitting(ref, place)), flipped)
            case Transpose(inner):
                return self._at(inner, place[::-1], free)
            case Column(inner, number):
                return self._at(inner, (place[0], number), free)
            case MatMul(left, right):
                row, column = place
                return self._sum(
                    self.shapes.of_formula(left)[1],
                    lambda k, rest: Product((self._at(left, (row, k), rest), self._at(right, (k, column), rest))),
                    free,
                )
            case Contracted(left, jacobian):
                row, column = place
                return self._sum(
                    self.shapes.of_formula(left)[1],
                    lambda k, rest: Product(
                        (self._at(left, (row, k), rest), self._at(jacobian, (row, k, column), rest))
                    ),
                    free,
                )
            case SoftmaxJacobian(a):
                row, i, j = place
                same: Expression = Same(i, j) if self.letters else Number(float(i == j))
                return Product((self._at(a, (row, i), free), Sum((same, negated(self._at(a, (row, j), free))))))
            case Total(inner, over):
                return self._total(inner, over, place, free)
        return rebuilt(formula, lambda part: self._at(part, place, free))

    def _total(self, inner: Expression, over: str, place: tuple[Place, ...], free: str) -> Expression:
        shape = self.shapes.of_formula(inner)
        if over == "units":
            return self._sum(shape[1], lambda k, rest: self._at(inner, (place[0], k), rest), free)
        if over == "samples":
            return self._sum(shape[0], lambda s, rest: self._at(inner, (s, place[-1]), rest), free)
        if len(shape) == 1:
            return self._sum(shape[0], lambda k, rest: self._at(inner, (k,), rest), free)

        def row(s: Place, rest: str) -> Expression:
            return self._sum(shape[1], lambda k, rest: self._at(inner, (s, k), rest), rest)

        return self._sum(shape[0], row, free)

    def _sum(self, count: int, term: Callable[[Place, str], Expression], free: str) -> Expression:
        """Σ of `term`, which gets the place that it stands for and the letters that sums inside it may take."""
        if self.letters and count > 1:
            return Sigma(free[0], count, term(free[0], free[1:]))
        terms = tuple(term(number, free) for number in range(1, count + 1))
        return Sum(terms) if len(terms) > 1 else terms[0]

    def _fitting(self, ref: Ref, place: tuple[Place, ...]) -> tuple[Place, ...]:
        """The part of a place that a quantity has: a bias knows no sample, a setting no place at all."""
        shape = self.shapes.of(ref)
        if ref.by_bias:
            return place[-1:] if shape else ()
        if ref.kind == "w":
            return (place[0], 1)
        return place[: len(shape)] if shape else ()
