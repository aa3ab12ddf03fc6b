"""From a formula of whole matrices to that of one element: a matrix product becomes the sum that a person computes."""

from __future__ import annotations

from collections.abc import Callable

from clearprop.explain.expression import (
    Blocks,
    Cases,
    Column,
    Contracted,
    Diagonal,
    Expression,
    Joined,
    MatMul,
    Number,
    OneHot,
    Part,
    Product,
    Repeated,
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
        if ref.of_columns:
            return self._of_columns(ref)
        if ref.by_weight:
            return sizes[ref.layer - 1], sizes[ref.layer]
        if ref.by_bias:
            layer = self.network.layers[ref.layer - 1]
            return () if layer.bias == "layer" else (layer.bias_size,)
        if ref.kind == "x":
            return self.samples, self.network.inputs
        if ref.kind == "w":
            return self.samples, 1
        if ref.kind in ("y", "q", "share"):
            return self.samples, self.network.outputs
        if ref.kind == "da/dz" and self.network.layers[ref.layer - 1].function.across_units:
            return self.samples, sizes[ref.layer], sizes[ref.layer]
        if ref.by_sample:
            return self.samples, sizes[ref.layer]
        return ()

    def _of_columns(self, ref: Ref) -> tuple[int, ...]:
        """What belongs to each input of a column layer stands side by side: (B, count·functions), (count·functions, O).

        >>> from clearprop.network.columns import Periodic
        >>> from clearprop.network.spec import Dense
        >>> net = Network(2, [Dense(1)], columns=[Periodic(2, outputs=3, frequencies=4)])
        >>> shapes = Shapes(net, samples=5)
        >>> [shapes.of(Ref(kind, 1)) for kind in ("zc", "Wc", "Uc", "vc")], shapes.of(Ref("h"))
        ([(5, 8), (8,), (8, 3), (5, 6)], (5, 8))
        """
        if ref.layer == 0:
            return (self.network.width,) if ref.parameter else (self.samples, self.network.width)
        layer = self.network.columns[ref.layer - 1]
        if ref.parameter:
            inputs, each, *more = layer.shapes[ref.parameter[0]]
            return (inputs * each, *more)
        each = getattr(layer, "outputs" if ref.kind in ("vc", "dE/dvc") else "functions")
        return self.samples, layer.count * each

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
            case Part(inner, first, last):
                return self.of_formula(inner)[0], last - first + 1
            case Joined(parts):
                shapes = [self.of_formula(part) for part in parts]
                return shapes[0][0], sum(columns for _, columns in shapes)
            case Repeated(inner, times) | OneHot(inner, times):
                rows, columns = self.of_formula(inner)
                return rows, columns * times
            case Blocks(inner, count):
                rows, columns = self.of_formula(inner)
                return rows, columns * count
            case Diagonal(inner, count):
                rows, columns = self.of_formula(inner)
                return rows, columns // count
        shapes = [self.of_formula(part) for part in children(formula)]
        return max(shapes, key=lambda shape: (len(shape), *shape), default=())


LETTERS = "kmnpqrtuv"
OF_INPUT = "i"
"""The input of a column layer that formulas with letters are about; its functions and outputs are counted from 1."""


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
                    self._summed(left, right, column),
                    lambda k, rest: Product((self._at(left, (row, k), rest), self._at(right, (k, column), rest))),
                    free,
                )
            case Contracted(left, jacobian):
                row, column = place
                return self._sum(
                    range(1, self.shapes.of_formula(left)[1] + 1),
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
            case Part() | Joined() | Repeated() | OneHot() | Blocks() | Diagonal():
                return self._laid_out(formula, place, free)
        return rebuilt(formula, lambda part: self._at(part, place, free))

    def _laid_out(self, formula: Expression, place: tuple[Place, ...], free: str) -> Expression:
        """Of what is laid out in another way, the element that stands at a place; letters are of one input alone."""
        row, column = place
        if isinstance(row, str) or isinstance(column, str):
            column = OF_INPUT if isinstance(formula, Repeated) else column
            return self._at(formula.inner, (row, column), free)  # type: ignore[attr-defined]
        match formula:
            case Part(inner, first):
                return self._at(inner, (row, first + column - 1), free)
            case Joined(parts):
                for part in parts:
                    width = self.shapes.of_formula(part)[1]
                    if column <= width:
                        return self._at(part, (row, column), free)
                    column -= width
            case Repeated(inner, times):
                return self._at(inner, (row, (column - 1) // times + 1), free)
            case OneHot(inner, categories):
                number, category = divmod(column - 1, categories)
                code = self._at(inner, (row, number + 1), free)
                return Cases(code, "==", Number(float(category)), Number(1.0), Number(0.0))
            case Blocks(inner, count):
                rows, columns = self.shapes.of_formula(inner)
                block, own = divmod(column - 1, columns)
                in_block = (row - 1) // (rows // count) == block
                return self._at(inner, (row, own + 1), free) if in_block else Number(0.0)
            case Diagonal(inner, count):
                rows, columns = self.shapes.of_formula(inner)
                before = (row - 1) // (rows // count) * (columns // count)
                return self._at(inner, (row, before + column), free)
        raise TypeError(f"no element of {formula!r} at {place}")

    def _summed(self, left: Expression, right: Expression, column: Place) -> range:
        """Over which k a matrix product adds up: of a matrix of blocks, those of the one that the column meets."""
        whole = range(1, self.shapes.of_formula(left)[1] + 1)
        match right:
            case Blocks(inner, count):
                each, wide = len(whole) // count, self.shapes.of_formula(inner)[1]
            case Transpose(Blocks(inner, count)):
                each, wide = len(whole) // count, self.shapes.of_formula(inner)[0] // count
            case _:
                return whole
        block = 0 if isinstance(column, str) else (column - 1) // wide
        return whole[block * each : (block + 1) * each]

    def _total(self, inner: Expression, over: str, place: tuple[Place, ...], free: str) -> Expression:
        shape = self.shapes.of_formula(inner)
        if over == "units":
            return self._sum(range(1, shape[1] + 1), lambda k, rest: self._at(inner, (place[0], k), rest), free)
        if over == "samples":
            return self._sum(range(1, shape[0] + 1), lambda s, rest: self._at(inner, (s, place[-1]), rest), free)
        if len(shape) == 1:
            return self._sum(range(1, shape[0] + 1), lambda k, rest: self._at(inner, (k,), rest), free)

        def row(s: Place, rest: str) -> Expression:
            return self._sum(range(1, shape[1] + 1), lambda k, rest: self._at(inner, (s, k), rest), rest)

        return self._sum(range(1, shape[0] + 1), row, free)

    def _sum(self, places: range, term: Callable[[Place, str], Expression], free: str) -> Expression:
        """Σ of `term`, which gets the place that it stands for and the letters that sums inside it may take."""
        if self.letters and len(places) > 1:
            return Sigma(free[0], len(places), term(free[0], free[1:]))
        terms = tuple(term(number, free) for number in places)
        return Sum(terms) if len(terms) > 1 else terms[0]

    def _fitting(self, ref: Ref, place: tuple[Place, ...]) -> tuple[Place, ...]:
        """The part of a place that a quantity has: a bias knows no sample, a setting no place at all."""
        shape = self.shapes.of(ref)
        if ref.by_bias or len(shape) == 1:
            return place[-1:] if shape else ()
        if ref.kind == "w":
            return (place[0], 1)
        return place[: len(shape)] if shape else ()
