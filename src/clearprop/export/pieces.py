"""A network as modules of PyTorch, described: what `to_pytorch` makes, and what `write_pytorch` writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.activations import Activation
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network

OWN = ("Step", "Exp", "Columns", "Periodic", "PiecewiseLinear", "Tables", "Mean")
"""The modules of `torch_modules`; all others are PyTorch's."""


@dataclass(frozen=True)
class Counterpart:
    """The module of an activation: its name, its options as we set them, and the one that is the activation's number.

    `alike` has, for an option, the values with which a module of PyTorch still computes the same.
    """

    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    number: str | None = None
    alike: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


COUNTERPARTS = {
    "identity": Counterpart("Identity"),
    "step": Counterpart("Step"),
    "sigmoid": Counterpart("Sigmoid"),
    "tanh": Counterpart("Tanh"),
    "relu": Counterpart("ReLU"),
    "leaky_relu": Counterpart("LeakyReLU", number="negative_slope"),
    "elu": Counterpart("ELU", number="alpha"),
    "selu": Counterpart("SELU"),
    "gelu": Counterpart("GELU", alike={"approximate": ("none",)}),
    "silu": Counterpart("SiLU"),
    "mish": Counterpart("Mish"),
    # Above the threshold PyTorch takes z itself: at 40 that is right to the last digit of float64, at its own 20 not.
    "softplus": Counterpart("Softplus", {"threshold": 40.0}, alike={"beta": (1, 1.0)}),
    "exp": Counterpart("Exp"),
    "softmax": Counterpart("Softmax", {"dim": 1}, alike={"dim": (1, -1)}),
}


@dataclass(frozen=True)
class Piece:
    """One module: its name and what it is made with."""

    module: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        given = [repr(one) for one in self.arguments] + [f"{name}={one!r}" for name, one in self.options.items()]
        return f"{'' if self.module in OWN else 'nn.'}{self.module}({', '.join(given)})"

    __repr__ = __str__

    @property
    def modules(self) -> Iterator[str]:
        """The names of this module and of those that it is made of."""
        yield self.module
        for argument in self.arguments:
            for part in argument if isinstance(argument, list) else []:
                yield from part.modules if isinstance(part, Piece) else ()


def pieces(model: Model) -> list[Piece]:
    """The modules of a model's layers, in order; an identity needs none.

    >>> from clearprop.network.spec import Network
    >>> network = Network.parse("2-3-1", hidden="elu(0.5)", output="identity")
    >>> [str(piece) for piece in pieces(Model.initialized(network))]
    ['nn.Linear(2, 3)', 'nn.ELU(alpha=0.5)', 'nn.Linear(3, 1)']
    """
    made = _of_columns(model.network)
    for layer, W in zip(model.network.layers, model.parameters.weights, strict=True):
        made.append(Piece("Linear", W.shape, {} if layer.bias_size else {"bias": False}))
        if layer.function.kind != "identity":
            made.append(_of_activation(layer.function))
        if layer.dropout:
            made.append(Piece("Dropout", (layer.dropout,)))
    return made


def tensors(model: Model) -> dict[str, Array]:
    """The weights (O, I) and biases (O,) by their names in the Sequential of the pieces.

    A layer's one bias stands once a unit.
    """
    named = _tensors_of_columns(model.parameters)
    places = [place for place, piece in enumerate(pieces(model)) if piece.module == "Linear"]
    for place, W, b in zip(places, model.parameters.weights, model.parameters.biases, strict=True):
        named[f"{place}.weight"] = np.ascontiguousarray(W.T)
        if len(b):
            named[f"{place}.bias"] = np.ascontiguousarray(np.broadcast_to(b, W.shape[1]))
    return named


COLUMN_MODULES: dict[str, Callable[[Any], Piece]] = {
    "plain": lambda layer: Piece("Identity"),
    "periodic": lambda layer: Piece("Periodic", (layer.count, layer.frequencies, layer.outputs)),
    "piecewise_linear": lambda layer: Piece("PiecewiseLinear", (layer.count, layer.bins, layer.outputs)),
    "embedding": lambda layer: Piece("Tables", (layer.count, layer.categories, layer.outputs)),
}


def _of_columns(network: Network) -> list[Piece]:
    if not network.columns:
        return []
    for layer in network.columns:
        if layer.kind not in COLUMN_MODULES:
            raise InputError(f'export: the column layer "{layer.kind}" has no module of PyTorch yet')
    made = [COLUMN_MODULES[layer.kind](layer) for layer in network.columns]
    scaled = {"scaled": network.width} if network.scale else {}
    return [Piece("Columns", ([layer.count for layer in network.columns], made), scaled)]


def _tensors_of_columns(parameters: Parameters) -> dict[str, Array]:
    if not parameters.network.columns:
        return {}
    named = {
        f"0.parts.{place}.{name}": np.ascontiguousarray(array)
        for place, own in enumerate(parameters.columns)
        for name, array in own.items()
    }
    return {**named, "0.scale": np.ascontiguousarray(parameters.scale)} if parameters.network.scale else named


def _of_activation(function: Activation) -> Piece:
    counterpart = COUNTERPARTS.get(function.kind)
    if counterpart is None:
        raise InputError(f'export: the activation "{function.name}" has no module of PyTorch yet')
    own = {} if counterpart.number is None else {counterpart.number: function.number}
    return Piece(counterpart.module, options={**counterpart.options, **own})
