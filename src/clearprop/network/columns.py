"""Column layers: what becomes of the inputs before the first dense layer, column by column.

Each is some of the network's inputs side by side. Like every computation here it is a pair, a value and its way back:
from the inputs X (B, count) to features (B, width), and from ∂E/∂features to the gradients of its parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np

from clearprop.errors import InputError, check_count, check_number, unknown
from clearprop.network.record import Array, Record, ignore

Arrays = Mapping[str, Array]
Back = Callable[[Array], dict[str, Array]]


@dataclass(frozen=True)
class ColumnLayer(ABC):
    """Some inputs, side by side, and what is made of each of them.

    Attributes:
        count: how many inputs, all treated alike.
        frozen: the names of its parameters that are never trained: they were learnt from the rows beforehand.
    """

    kind: ClassVar[str]
    frozen: ClassVar[frozenset[str]] = frozenset()

    count: int = 1

    def __post_init__(self) -> None:
        for entry in fields(self):
            check = check_number if entry.name == "rate" else check_count
            object.__setattr__(self, entry.name, check(entry.name, getattr(self, entry.name)))

    @property
    @abstractmethod
    def width(self) -> int:
        """How many features the first layer gets from it."""

    @property
    def functions(self) -> int:
        """How many basis functions, or categories, an input has."""
        return 0

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The parameters and their shapes, in the order in which they stand in the flat vector."""
        return {}

    @property
    def learning_rate_factor(self) -> float:
        """By what the optimizer's learning rate is multiplied for its parameters."""
        return float(getattr(self, "rate", 1.0))

    def check(self, X: Array, first: int) -> None:  # noqa: B027
        """Whether the inputs X (B, count), the network's from number `first` on, are such as it takes."""

    @abstractmethod
    def forward(self, parameters: Arrays, X: Array, record: Record = ignore) -> tuple[Array, Back]:
        """The features (B, width) of X (B, count), and the way back to the gradients of the parameters."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class Plain(ColumnLayer):
    """Inputs that are taken as they are.

    >>> Plain(2).forward({}, np.array([[1.0, 2.0]]))[0].tolist()
    [[1.0, 2.0]]
    """

    kind = "plain"

    @property
    def width(self) -> int:
        return self.count

    def forward(self, parameters: Arrays, X: Array, record: Record = ignore) -> tuple[Array, Back]:
        return X, lambda dE: {}


@dataclass(frozen=True)
class Embedded(ColumnLayer):
    """Numbers x of which each becomes x itself and v = φ(W·x + b)·U, `width` numbers from as many basis functions φ.

    Attributes:
        outputs: how many numbers v has.
        rate: a factor of the learning rate.
    """

    outputs: int = 3
    rate: float = 1.0

    @property
    def width(self) -> int:
        return self.count * (1 + self.outputs)

    @abstractmethod
    def basis(self, parameters: Arrays, X: Array, record: Record) -> tuple[Array, Back]:
        """The basis functions (B, count, functions) of X (B, count), and the way back."""

    def forward(self, parameters: Arrays, X: Array, record: Record = ignore) -> tuple[Array, Back]:
        tell = _flattened(record)
        A, basis_back = self.basis(parameters, X, tell)
        U, c = parameters["U"], parameters.get("c")
        V = np.einsum("bjk,jkm->bjm", A, U)
        V = V if c is None else V + c
        tell("v", V)

        def back(dE: Array) -> dict[str, Array]:
            dV = dE[:, self.count :].reshape(V.shape)
            tell("dE/dv", dV)
            dA = np.einsum("bjm,jkm->bjk", dV, U)
            tell("dE/da", dA)
            gradients = {**basis_back(dA), "U": np.einsum("bjk,bjm->jkm", A, dV)}
            return gradients if c is None else {**gradients, "c": dV.sum(axis=0)}

        return np.concatenate([X, V.reshape(len(X), -1)], axis=1), back


@dataclass(frozen=True)
class Periodic(Embedded):
    """Numbers x that become x and v = cos(2π·W·x + b)·U + c: learnt frequencies W and phases b.

    Args:
        count: how many inputs.
        outputs: how many numbers an input becomes beside itself.
        frequencies: how many cosines an input has.
        rate: a factor of the learning rate.

    Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep learning", NeurIPS 2022; in
    the form of Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024.

    >>> layer = Periodic(1, outputs=1, frequencies=1)
    >>> parameters = {"W": [[0.5]], "b": [[0.0]], "U": [[[2.0]]], "c": [[1.0]]}
    >>> X = np.array([[1.0]])
    >>> layer.forward({name: np.array(value) for name, value in parameters.items()}, X)[0].tolist()
    [[1.0, -1.0]]
    """

    kind = "periodic"

    frequencies: int = 16

    @property
    def functions(self) -> int:
        return self.frequencies

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        waves = (self.count, self.frequencies)
        return {"W": waves, "b": waves, "U": (*waves, self.outputs), "c": (self.count, self.outputs)}

    def check(self, X: Array, first: int) -> None:
        # Farther out a number has no digit behind the point, and z would not even be finite in the end.
        farthest = 1.0 / np.finfo(X.dtype).eps
        wrong = np.abs(X) > farthest
        if wrong.any():
            row, column = (int(place) for place in np.argwhere(wrong)[0])
            raise InputError(
                f"X[{row}, {first + column}] is {X[row, column]:g}: a periodic layer takes numbers of {X.dtype} from "
                f"{-farthest:g} to {farthest:g}; scale its inputs first"
            )

    def basis(self, parameters: Arrays, X: Array, record: Record) -> tuple[Array, Back]:
        turned = 2.0 * np.pi * X[:, :, None]
        Z = turned * parameters["W"] + parameters["b"]
        record("z", Z)
        A = np.cos(Z)
        record("a", A)

        def back(dA: Array) -> dict[str, Array]:
            slope = -np.sin(Z)
            record("da/dz", slope)
            delta = dA * slope
            record("delta", delta)
            return {"W": (delta * turned).sum(axis=0), "b": delta.sum(axis=0)}

        return A, back


@dataclass(frozen=True)
class PiecewiseLinear(Embedded):
    """Numbers x that become x and v = (clip(W·x + b, 0, 1) - m)·U: how far x has come through each of its bins.

    A bin from l to h has W = 1 / (h - l) and b = -l / (h - l); m is what clip gives on average. These are learnt from
    the rows beforehand (`column_values.start_columns`) and frozen; U alone is trained.

    Args:
        count: how many inputs.
        outputs: how many numbers an input becomes beside itself.
        bins: how many bins an input has.
        rate: a factor of the learning rate.

    Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep learning", NeurIPS 2022.

    >>> layer = PiecewiseLinear(1, outputs=1, bins=2)
    >>> parameters = {"W": [[1.0, 0.5]], "b": [[0.0, -0.5]], "m": [[0.5, 0.5]], "U": [[[2.0], [4.0]]]}
    >>> X = np.array([[2.0]])
    >>> layer.forward({name: np.array(value) for name, value in parameters.items()}, X)[0].tolist()
    [[2.0, 1.0]]
    """

    kind = "piecewise_linear"
    frozen = frozenset({"W", "b", "m"})

    bins: int = 16

    @property
    def functions(self) -> int:
        return self.bins

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        bins = (self.count, self.bins)
        return {"W": bins, "b": bins, "m": bins, "U": (*bins, self.outputs)}

    def basis(self, parameters: Arrays, X: Array, record: Record) -> tuple[Array, Back]:
        Z = X[:, :, None] * parameters["W"] + parameters["b"]
        record("z", Z)
        inside = (Z.real > 0.0) & (Z.real < 1.0)
        A = np.where(inside, Z, np.where(Z.real >= 1.0, 1.0, 0.0).astype(Z.dtype)) - parameters["m"]
        record("a", A)

        def back(dA: Array) -> dict[str, Array]:
            slope = inside.astype(A.dtype)
            record("da/dz", slope)
            delta = dA * slope
            record("delta", delta)
            return {"W": (delta * X[:, :, None]).sum(axis=0), "b": delta.sum(axis=0), "m": -dA.sum(axis=0)}

        return A, back


@dataclass(frozen=True)
class Embedding(ColumnLayer):
    """Categories, given by their numbers 0, 1, 2, …, that become a row of a learnt table T each.

    Args:
        count: how many inputs, each with a table of its own.
        categories: how many rows a table has.
        outputs: how many numbers a category becomes.
        rate: a factor of the learning rate.

    Guo and Berkhahn, "Entity embeddings of categorical variables", 2016.

    >>> layer = Embedding(1, categories=2, outputs=2)
    >>> layer.forward({"T": np.array([[[0.1, 0.2], [0.3, 0.4]]])}, np.array([[1.0]]))[0].tolist()
    [[0.3, 0.4]]
    """

    kind = "embedding"

    categories: int = 2
    outputs: int = 8
    rate: float = 1.0

    @property
    def width(self) -> int:
        return self.count * self.outputs

    @property
    def functions(self) -> int:
        return self.categories

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"T": (self.count, self.categories, self.outputs)}

    def check(self, X: Array, first: int) -> None:
        wrong = (np.floor(X) != X) | (X < 0) | (self.categories <= X)
        if wrong.any():
            row, column = (int(place) for place in np.argwhere(wrong)[0])
            raise InputError(
                f"X[{row}, {first + column}] is {X[row, column]:g}: expected the number of a category, "
                f"from 0 to {self.categories - 1}"
            )

    def forward(self, parameters: Arrays, X: Array, record: Record = ignore) -> tuple[Array, Back]:
        T, codes, inputs = parameters["T"], X.real.astype(np.int64), np.arange(self.count)
        V = T[inputs, codes]
        tell = _flattened(record)
        tell("v", V)

        def back(dE: Array) -> dict[str, Array]:
            dV = dE.reshape(V.shape)
            tell("dE/dv", dV)
            dT = np.zeros_like(T)
            np.add.at(dT, (inputs, codes), dV)
            return {"T": dT}

        return V.reshape(len(X), -1), back


@dataclass(frozen=True)
class Scale:
    """A learnt factor of every number that the first layer takes in, 1 at the start: h = e ⊙ s.

    Args:
        rate: a factor of the learning rate.

    Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024.
    """

    rate: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", check_number("rate", self.rate))


COLUMN_LAYERS: dict[str, type[ColumnLayer]] = {
    kind.kind: kind for kind in (Plain, Periodic, PiecewiseLinear, Embedding)
}


def column_layer_from_json(place: str, description: object) -> ColumnLayer:
    """The column layer of a description that `to_json` made; unknown keys are an `InputError`.

    >>> column_layer_from_json("column layer 1", {"kind": "plain", "count": 3})
    Plain(count=3)
    """
    if not isinstance(description, Mapping):
        raise InputError(f"{place}: expected a table of settings, got {description!r}")
    settings = dict(description)
    kind = settings.pop("kind", None)
    if not isinstance(kind, str) or kind not in COLUMN_LAYERS:
        raise unknown(f"kind of {place}", kind, COLUMN_LAYERS)
    known = [entry.name for entry in fields(COLUMN_LAYERS[kind])]
    for key in settings:
        if key not in known:
            raise unknown(f"key of {place}", key, known)
    return COLUMN_LAYERS[kind](**settings)


def features(
    columns: Sequence[ColumnLayer], parameters: Sequence[Arrays], scale: Array, X: Array, record: Record = ignore
) -> tuple[Array, Callable[[Array], tuple[list[dict[str, Array]], Array]]]:
    """What the first layer takes in, H (B, width), and the way back: from ∂E/∂H to the gradients of all parameters.

    Args:
        columns: the column layers, which share the inputs X (B, inputs) out among them in their order.
        parameters: of each column layer.
        scale: s (width,), or (0,) where there is none.
        record: is told "zc1", "vc1" and so on, the column layer counted from 1, "e" and "h".
    """
    parts, ways_back, first = [], [], 0
    for number, (layer, own) in enumerate(zip(columns, parameters, strict=True), 1):
        part, back = layer.forward(own, X[:, first : first + layer.count], _numbered(record, number))
        parts.append(part)
        ways_back.append(back)
        first += layer.count
    E = np.concatenate(parts, axis=1)
    if len(scale):
        record("e", E)
    H = E * scale if len(scale) else E
    record("h", H)

    def all_back(dH: Array) -> tuple[list[dict[str, Array]], Array]:
        record("dE/dh", dH)
        dE, ds = dH, np.zeros_like(scale)
        if len(scale):
            ds = (dH * E).sum(axis=0)
            record("dE/dscale", ds)
            dE = dH * scale
            record("dE/de", dE)
        gradients = []
        ends = list(accumulate(layer.width for layer in columns))
        for number, (layer, back, end) in reversed(list(enumerate(zip(columns, ways_back, ends, strict=True), 1))):
            own = back(dE[:, end - layer.width : end])
            tell = _numbered(record, number)
            for name, gradient in own.items():
                tell(f"dE/d{name}", gradient)
            gradients.append(own)
        return gradients[::-1], ds

    return H, all_back


def _numbered(record: Record, number: int) -> Record:
    """Tells a column layer's quantities by its number, counted from 1: "zc1", "dE/dUc1", "dac1/dzc1"."""
    return lambda name, value: record(f"{name}c{number}".replace("/dz", f"c{number}/dz"), value)


def _flattened(record: Record) -> Record:
    """Tells quantities (B, count, functions) with the numbers of a row side by side."""
    return lambda name, value: record(name, value.reshape(len(value), -1))
