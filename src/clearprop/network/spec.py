"""What a network is: frozen descriptions, to and from JSON and the short form "784-256-10"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from math import prod
from typing import Any

from clearprop.errors import InputError, check_count, check_number, unknown
from clearprop.network.activations import Activation, activation
from clearprop.network.columns import ColumnLayer, Plain, Scale, column_layer_from_json
from clearprop.network.losses import Loss, Pair, loss
from clearprop.network.said import UNSAID, said

BIASES = ("unit", "layer", "none")
REDUCTIONS = ("mean", "sum")


@dataclass(frozen=True, repr=False)
class Dense:
    """A fully connected layer: Z = A·W + b, A = f(Z).

    Args:
        units: how many units, at least 1.
        activation: a name of the registry; "leaky_relu(0.2)" sets the number of those that take one.
        bias: "unit" one bias a unit, "layer" one for the whole layer, "none".
        train_bias: False freezes the bias: its gradient is computed, not applied.
        dropout: the share of this layer's outputs set to 0 at each training step, the rest scaled by 1/(1 - share)
            (Srivastava and others, JMLR 2014).
        weight_rate, bias_rate: factors of the optimizer's learning rate, for the weights and for the biases, 0 or more;
            decoupled weight decay takes the rate without them.

    >>> Dense(2, "sigmoid")
    Dense(units=2, activation='sigmoid', bias='unit', train_bias=True, dropout=0.0)
    >>> Dense(2, "sigmoid", bias_rate=0.1)
    Dense(units=2, activation='sigmoid', bias='unit', train_bias=True, dropout=0.0, bias_rate=0.1)
    """

    units: int
    activation: str = "sigmoid"
    bias: str = "unit"
    train_bias: bool = True
    dropout: float = 0.0
    weight_rate: float = field(default=1.0, metadata=UNSAID)
    bias_rate: float = field(default=1.0, metadata=UNSAID)

    def __post_init__(self) -> None:
        _set(self, "units", check_count("units", self.units))
        _set(self, "activation", activation(self.activation).name)
        if self.bias not in BIASES:
            raise unknown("bias", self.bias, BIASES)
        if not isinstance(self.train_bias, bool):
            raise InputError(f"train_bias: expected True or False, got {self.train_bias!r}")
        _set(self, "dropout", check_number("dropout", self.dropout))
        if self.dropout >= 1.0:
            raise InputError(f"dropout: expected a share from 0 to below 1, got {self.dropout!r}")
        for name in ("weight_rate", "bias_rate"):
            _set(self, name, check_number(name, getattr(self, name)))

    __repr__ = said

    @property
    def function(self) -> Activation:
        return activation(self.activation)

    @property
    def bias_size(self) -> int:
        """How many numbers its bias has: one a unit, one for the layer, none."""
        return {"unit": self.units, "layer": 1, "none": 0}[self.bias]


@dataclass(frozen=True)
class Network:
    """A feed-forward network and what it minimises: J = E + R.

    E is the loss, summed over the outputs (`mean_squared_error`: mean), then the mean or sum over the batch;
    R = l1·Σ|W| + l2/2·ΣW² over the weights, not the biases.

    Args:
        inputs: how many numbers a sample has.
        layers: the layers, the last one giving the outputs.
        loss: a name of the registry; "huber(1.35)" and "quantile(0.9)" set the number of those that take one.
        l1, l2: the strength of the penalties, 0 or more.
        reduction: "mean" or "sum" over the batch.
        columns: what becomes of the inputs before the first layer, such as `[Periodic(5), Plain(3)]`, side by side for
            all of them; none: the first layer takes them as they are.
        scale: `Scale()` for a learnt factor of each number that the first layer takes in.

    Raises:
        InputError: a name is unknown, a number out of range, or the loss does not fit the last layer.

    >>> net = Network(2, [Dense(2, "sigmoid"), Dense(2, "sigmoid")], loss="half_squared_error")
    >>> net == Network.parse("2-2-2", hidden="sigmoid", output="sigmoid", loss="half_squared_error")
    True
    >>> net.parameter_count
    12
    """

    inputs: int
    layers: tuple[Dense, ...]
    loss: str = "half_squared_error"
    l1: float = 0.0
    l2: float = 0.0
    reduction: str = "mean"
    columns: tuple[ColumnLayer, ...] = ()
    scale: Scale | None = None

    def __init__(
        self,
        inputs: int,
        layers: Sequence[Dense],
        loss: str = "half_squared_error",
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        reduction: str = "mean",
        columns: Sequence[ColumnLayer] = (),
        scale: Scale | None = None,
    ) -> None:
        _set(self, "inputs", check_count("inputs", inputs))
        if not isinstance(layers, Sequence):
            raise InputError(f"layers: expected a list of layers, got {layers!r}")
        _set(self, "layers", tuple(layers))
        _set(self, "loss", loss)
        _set(self, "l1", check_number("l1", l1))
        _set(self, "l2", check_number("l2", l2))
        _set(self, "reduction", reduction)
        if not isinstance(columns, Sequence):
            raise InputError(f"columns: expected a list of column layers, got {columns!r}")
        _set(self, "columns", tuple(columns) or ((Plain(self.inputs),) if scale else ()))
        _set(self, "scale", scale)
        self._check()

    @staticmethod
    def parse(
        text: str,
        *,
        hidden: str = "sigmoid",
        output: str = "sigmoid",
        loss: str = "half_squared_error",
        bias: str = "unit",
        train_bias: bool = True,
        dropout: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        reduction: str = "mean",
    ) -> Network:
        """The network of a short form: inputs, then the units of each layer.

        >>> [layer.units for layer in Network.parse("4-3-1").layers]
        [3, 1]
        """
        sizes = str(text).split("-")
        if len(sizes) < 2 or not all(size.strip().isdecimal() for size in sizes):
            raise InputError(f'layers "{text}": expected sizes joined by "-", inputs first, as "2-3-1"')
        *inner, last = [int(size) for size in sizes[1:]]
        layers = [Dense(units, hidden, bias, train_bias, dropout) for units in inner]
        layers.append(Dense(last, output, bias, train_bias))
        return Network(int(sizes[0]), layers, loss, l1=l1, l2=l2, reduction=reduction)

    @staticmethod
    def from_json(description: Mapping[str, Any]) -> Network:
        """The network of a description that `to_json` made; unknown keys are an `InputError`.

        >>> net = Network.parse("2-3-1")
        >>> Network.from_json(net.to_json()) == net
        True
        """
        known = _keys("network", description, Network)
        if not isinstance(known.get("layers"), list):
            raise InputError("network: expected a list of layers")
        layers = [Dense(**_keys(f"layer {l}", layer, Dense)) for l, layer in enumerate(known.pop("layers"), 1)]
        columns = known.pop("columns", [])
        if not isinstance(columns, list):
            raise InputError(f"network: expected a list of column layers, got {columns!r}")
        scale = known.pop("scale", None)
        return Network(
            known.pop("inputs"),
            layers,
            columns=[column_layer_from_json(f"column layer {place}", one) for place, one in enumerate(columns, 1)],
            scale=None if scale is None else Scale(**_keys("scale", scale, Scale)),
            **known,
        )

    def to_json(self) -> dict[str, Any]:
        """A description of plain numbers, strings and lists."""
        plain = {**asdict(self), "layers": [asdict(layer) for layer in self.layers]}
        columns, scale = plain.pop("columns"), plain.pop("scale")
        if not columns:
            return plain
        return {**plain, "columns": [layer.to_json() for layer in self.columns], "scale": scale}

    @property
    def outputs(self) -> int:
        return self.layers[-1].units

    @cached_property
    def width(self) -> int:
        """How many numbers the first layer takes in: the inputs, or what the column layers make of them."""
        return sum(layer.width for layer in self.columns) or self.inputs

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """What the first layer takes in, then the units of each layer."""
        return (self.width, *(layer.units for layer in self.layers))

    @cached_property
    def parameter_count(self) -> int:
        """How many weights and biases there are; (d + l + 1)q + l for d inputs, q hidden units and l outputs."""
        pairs = zip(self.sizes, self.layers, strict=False)
        dense = sum(inputs * layer.units + layer.bias_size for inputs, layer in pairs)
        return dense + self.columns_size + self.scale_size

    @cached_property
    def columns_size(self) -> int:
        """How many parameters all column layers have together."""
        return sum(prod(shape) for layer in self.columns for shape in layer.shapes.values())

    @property
    def scale_size(self) -> int:
        """How many numbers the scale has: one for each that the first layer takes in, or none."""
        return self.width if self.scale else 0

    @property
    def loss_function(self) -> Loss:
        return loss(self.loss)

    @property
    def joint_pair(self) -> Pair | None:
        """The loss computed from the last net inputs, where it belongs together with the last activation."""
        return self.loss_function.of_net_input.get(self.layers[-1].function.kind)

    def _repr_svg_(self) -> str:
        from clearprop.drawing import Writing, network, standalone

        heads = ["input", *(layer.activation for layer in self.layers)]
        picture = network(self.sizes, prefix="network", label=str(self), writing=Writing(heads=heads))
        return standalone(picture)

    _repr_html_ = _repr_svg_

    def __str__(self) -> str:
        functions = " ".join(layer.activation for layer in self.layers)
        return f"{'-'.join(map(str, self.sizes))} {functions}, {self.loss}"

    def _check(self) -> None:
        if not self.layers:
            raise InputError("layers: expected at least one, got none")
        for number, layer in enumerate(self.layers, 1):
            if not isinstance(layer, Dense):
                raise InputError(f"layer {number}: expected a Dense layer, got {layer!r}")
        self._check_columns()
        function = self.loss_function
        _set(self, "loss", function.name)
        last, number = self.layers[-1], len(self.layers)
        if last.dropout:
            raise InputError(f"layer {number}: the outputs cannot be dropped; give the last layer dropout=0")
        if self.joint_pair is None and function.of_output is None:
            fitting = " or ".join(f'"{name}"' for name in function.of_net_input)
            raise InputError(
                f'loss "{self.loss}" needs {fitting} as the last activation, layer {number} has "{last.activation}"'
            )
        if function.positive and not last.function.positive:
            raise InputError(
                f'loss "{self.loss}" needs outputs above 0, as "exp" or "softplus" give; '
                f'layer {number} has "{last.activation}"'
            )
        if self.reduction not in REDUCTIONS:
            raise unknown("reduction", self.reduction, REDUCTIONS)

    def _check_columns(self) -> None:
        for number, layer in enumerate(self.columns, 1):
            if not isinstance(layer, ColumnLayer):
                raise InputError(f"column layer {number}: expected one such as Periodic(5) or Plain(3), got {layer!r}")
        taken = sum(layer.count for layer in self.columns)
        if self.columns and taken != self.inputs:
            raise InputError(
                f"columns: they take {taken} inputs, the network has {self.inputs}; Plain(n) takes n as they are"
            )
        if self.scale is not None and not isinstance(self.scale, Scale):
            raise InputError(f"scale: expected Scale() or None, got {self.scale!r}")


def _set(description: object, name: str, value: object) -> None:
    object.__setattr__(description, name, value)


def _keys(place: str, description: object, kind: type[Dense | Network | Scale]) -> dict[str, Any]:
    if not isinstance(description, Mapping):
        raise InputError(f"{place}: expected a table of settings, got {description!r}")
    known = [entry.name for entry in fields(kind)]
    for key in description:
        if key not in known:
            raise unknown(f"key of {place}", key, known)
    needed = {"Network": "inputs", "Dense": "units"}.get(kind.__name__)
    if needed and needed not in description:
        raise InputError(f'{place}: "{needed}" is missing')
    return dict(description)
