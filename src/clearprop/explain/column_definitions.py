"""What the quantities of the column layers are computed from, forward and back, as formulas of whole matrices.

What belongs to each input of a column layer stands side by side: z of the functions of its first input, then those of
the second, and so on. So U (count·functions, outputs) has a block for each input, and φ·U is a product of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from clearprop.explain.expression import (
    Blocks,
    Constant,
    Diagonal,
    Expression,
    Joined,
    MatMul,
    Negative,
    OneHot,
    Part,
    Product,
    Repeated,
    Sum,
    Symbol,
    Total,
    Transpose,
    parse,
)
from clearprop.explain.ref import Ref
from clearprop.network.columns import ColumnLayer, Embedded, Embedding
from clearprop.network.spec import Network

Pairs = Iterator[tuple[Ref, Expression]]


@dataclass(frozen=True)
class Functions:
    """The basis functions of an embedding: net input and value, and ∂a/∂z, in x, z, W, b and m; what W multiplies."""

    net_input: str
    value: str
    derivative: str
    factor: str


FUNCTIONS = {
    "periodic": Functions("2 * pi * x * W + b", "cos(z)", "-sin(z)", "2 * pi * x"),
    "piecewise_linear": Functions(
        "x * W + b", "(0 if z <= 0 else (1 if z >= 1 else z)) - m", "0 if z <= 0 else (0 if z >= 1 else 1)", "x"
    ),
}


def forward(network: Network, number: int) -> Pairs:
    """The quantities of a column layer, counted from 1; 0: of all together, their numbers side by side, scaled."""
    if number:
        yield from _own(network)[number - 1].forward()
        return
    parts = tuple(part for own in _own(network) for part in own.features())
    side_by_side = Joined(parts) if len(parts) > 1 else parts[0]
    yield Ref("e" if network.scale else "h"), side_by_side
    if network.scale:
        yield Ref("h"), Product((Symbol(Ref("e")), Symbol(Ref("scale"))))


def backward(network: Network, number: int) -> Pairs:
    """The error at the quantities of a column layer, and its gradients; 0: at what layer 1 takes in, and the scale."""
    if number:
        yield from _own(network)[number - 1].backward()
        return
    yield Ref("dE/dh"), MatMul(Symbol(Ref("delta", 1)), Transpose(Symbol(Ref("W", 1))))
    if network.scale:
        yield Ref("dE/dscale"), Total(Product((Symbol(Ref("dE/dh")), Symbol(Ref("e")))), "samples")
        yield Ref("dE/de"), Product((Symbol(Ref("dE/dh")), Symbol(Ref("scale"))))


WAYS: dict[str, Callable[[Network, int], Pairs]] = {"forward": forward, "backward": backward}


def _own(network: Network) -> list[_Formulas]:
    inputs = accumulate((layer.count for layer in network.columns), initial=0)
    features = accumulate((layer.width for layer in network.columns), initial=0)
    starts = zip(network.columns, inputs, features, strict=False)
    return [
        _Formulas(network, number, layer, first_input, first_feature)
        for number, (layer, first_input, first_feature) in enumerate(starts, 1)
    ]


@dataclass(frozen=True)
class _Formulas:
    """Those of one column layer, which has the inputs and the features from some on, counted from 0."""

    network: Network
    number: int
    layer: ColumnLayer
    first_input: int
    first_feature: int

    def features(self) -> Iterator[Expression]:
        """What it gives to the first layer, side by side."""
        if not isinstance(self.layer, Embedding):
            yield self._inputs()
        if self.layer.shapes:
            yield self._symbol("vc")

    def forward(self) -> Pairs:
        layer = self.layer
        if isinstance(layer, Embedded):
            functions = FUNCTIONS[layer.kind]
            yield self._ref("zc"), parse(functions.net_input, self._names())
            yield self._ref("ac"), parse(functions.value, self._names())
            mixed = MatMul(self._symbol("ac"), self._blocks("Uc"))
            yield self._ref("vc"), Sum((mixed, self._symbol("cc"))) if "c" in layer.shapes else mixed
        elif isinstance(layer, Embedding):
            yield self._ref("vc"), MatMul(self._codes(), self._blocks("Tc"))

    def backward(self) -> Pairs:
        layer, dv = self.layer, self._symbol("dE/dvc")
        if layer.shapes:
            yield self._ref("dE/dvc"), self._arrived()
        if isinstance(layer, Embedded):
            functions = FUNCTIONS[layer.kind]
            yield self._ref("dE/dac"), MatMul(dv, Transpose(self._blocks("Uc")))
            yield self._ref("dac/dzc"), parse(functions.derivative, self._names())
            yield self._ref("deltac"), Product((self._symbol("dE/dac"), self._symbol("dac/dzc")))
            through_z = Product((self._symbol("deltac"), parse(functions.factor, self._names())))
            yield self._ref("dE/dWc"), Total(through_z, "samples")
            yield self._ref("dE/dbc"), Total(self._symbol("deltac"), "samples")
            if "m" in layer.shapes:
                yield self._ref("dE/dmc"), Negative(Total(self._symbol("dE/dac"), "samples"))
            yield self._ref("dE/dUc"), self._diagonal(MatMul(Transpose(self._symbol("ac")), dv))
            if "c" in layer.shapes:
                yield self._ref("dE/dcc"), Total(dv, "samples")
        elif isinstance(layer, Embedding):
            yield self._ref("dE/dTc"), self._diagonal(MatMul(Transpose(self._codes()), dv))

    def _arrived(self) -> Expression:
        """∂E/∂v: the part of ∂E/∂e, or of ∂E/∂h, that belongs to v."""
        whole = Symbol(Ref("dE/de" if self.network.scale else "dE/dh"))
        end = self.first_feature + self.layer.width
        start = self.first_feature + (0 if isinstance(self.layer, Embedding) else self.layer.count)
        return whole if (start, end) == (0, self.network.width) else Part(whole, start + 1, end)

    def _names(self) -> dict[str, Expression]:
        names = {name: self._symbol(f"{name}c") for name in ("z", "a", *self.layer.shapes)}
        inputs = self._inputs()
        assert isinstance(self.layer, Embedded)
        repeated = Repeated(inputs, self.layer.functions) if self.layer.functions > 1 else inputs
        return {**names, "x": repeated, "pi": Constant("pi")}

    def _inputs(self) -> Expression:
        """The inputs that the layer takes."""
        x, count = Symbol(Ref("x")), self.layer.count
        return x if count == self.network.inputs else Part(x, self.first_input + 1, self.first_input + count)

    def _codes(self) -> Expression:
        assert isinstance(self.layer, Embedding)
        return OneHot(self._inputs(), self.layer.categories)

    def _blocks(self, kind: str) -> Expression:
        return Blocks(self._symbol(kind), self.layer.count) if self.layer.count > 1 else self._symbol(kind)

    def _diagonal(self, product: Expression) -> Expression:
        return Diagonal(product, self.layer.count) if self.layer.count > 1 else product

    def _ref(self, kind: str) -> Ref:
        return Ref(kind, self.number)

    def _symbol(self, kind: str) -> Expression:
        return Symbol(self._ref(kind))
