"""J as one parameter moves and all others stay: what numeric derivatives are made of.

Only what the parameter moves is computed again: its net inputs, and the layers after. The functions are the reference
engine's own values, never their derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from clearprop.check.places import Place
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import joined, taken_in
from clearprop.network.parameters import Parameters
from clearprop.network.penalty import penalty

EVERY = slice(None)


@dataclass(frozen=True)
class Side:
    """Quantities that cannot be told from a kink, and where they go to stand clearly on one side of it.

    `net_inputs` of each layer and `outputs`: which (B, O), and their new values (B, O); None where there are none.
    `columns`: the same of the net inputs of column layers that have some, by name, as "zc1".
    """

    net_inputs: tuple[tuple[Array, Array] | None, ...]
    outputs: tuple[Array, Array] | None
    columns: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """What came of moving a parameter.

    Attributes:
        loss: E, and the moved weight's part of R; the rest of R does not move.
        net_inputs: layer, which of its units were looked at, and their net inputs (B, units), of each layer from the
            parameter's on.
        outputs: of the network (B, outputs).
        columns: the net inputs of column layers, by name; none where the parameter stands behind them.
    """

    loss: Array
    net_inputs: list[tuple[int, slice, Array]]
    outputs: Array
    columns: Mapping[str, Array]


class Point:
    """A network's parameters and samples, in float64, with all that a forward pass finds there.

    Attributes:
        inputs: of each layer (B, I).
        net_inputs: of each layer (B, O).
        outputs: of the network (B, outputs).
        columns: the net inputs of column layers, by name, as "zc1".
    """

    def __init__(self, parameters: Parameters, samples: Samples, side: Side | None = None) -> None:
        self.parameters, self.samples, self.side = parameters, samples, side
        self.inputs: list[Array] = []
        self.net_inputs: list[Array] = []
        A, self.columns = self._taken_in(parameters)
        for number, (layer, W, b) in enumerate(
            zip(parameters.network.layers, parameters.weights, parameters.biases, strict=True)
        ):
            self.inputs.append(A)
            Z = self._on_side(number, EVERY, A @ W + b if len(b) else A @ W)
            self.net_inputs.append(Z)
            A = layer.function.value(Z, *layer.function.numbers)
        self.outputs = A

    def moved(self, place: Place, by: complex) -> Moved:
        """What comes of adding `by`, real or imaginary, to one parameter."""
        network, weights = self.parameters.network, self.parameters.weights
        columns: Mapping[str, Array] = {}
        if place.column is None:
            units, Z = self._first_net_inputs(place, by)
        else:
            flat = self.parameters.flat.astype(np.result_type(self.parameters.flat, by))
            flat[place.flat] += by
            H, columns = self._taken_in(Parameters(network, flat))
            units, Z = EVERY, self.net_inputs[0] + (H - self.inputs[0]) @ weights[0]
        seen = []
        for number in range(max(place.layer, 0), len(network.layers)):
            function, is_last = network.layers[number].function, number == len(network.layers) - 1
            if units != EVERY and (is_last or function.across_units):
                Z = self._among_all(number, units, Z)
                units = EVERY
            Z = self._on_side(number, units, Z)
            seen.append((number, units, Z))
            A = function.value(Z, *function.numbers)
            if not is_last:
                change = A - self.inputs[number + 1][:, units]
                Z = self.net_inputs[number + 1] + change @ weights[number + 1][units]
                units = EVERY
        return Moved(self._loss(Z, A) + self._own_penalty(place, by), seen, A, columns)

    def _taken_in(self, parameters: Parameters) -> tuple[Array, Mapping[str, Array]]:
        """What the first layer takes in, and the net inputs of the column layers, those at a kink put on this side."""
        told: dict[str, Array] = {}

        def record(name: str, value: Array) -> None:
            if name.startswith("zc"):
                at = self.side and self.side.columns.get(name)
                if at:
                    value[...] = _put(value, *at)  # what is told is what is gone on with
                told[name] = value

        return taken_in(parameters, self.samples.X, record)[0], told

    def _first_net_inputs(self, place: Place, by: complex) -> tuple[slice, Array]:
        units = EVERY if place.unit is None else slice(place.unit, place.unit + 1)
        factor = 1.0 if place.input is None else self.inputs[place.layer][:, place.input : place.input + 1]
        return units, self.net_inputs[place.layer][:, units] + by * factor

    def _among_all(self, number: int, units: slice, Z: Array) -> Array:
        whole = self.net_inputs[number].astype(Z.dtype)
        whole[:, units] = Z
        return whole

    def _on_side(self, number: int, units: slice, Z: Array) -> Array:
        at = self.side and self.side.net_inputs[number]
        return _put(Z, at[0][:, units], at[1][:, units]) if at else Z

    def _loss(self, Z: Array, A: Array) -> Array:
        if self.side and self.side.outputs:
            A = _put(A, *self.side.outputs)
        return joined(self.parameters.network, Z, A, self.samples)[0]

    def _own_penalty(self, place: Place, by: complex) -> Array:
        network = self.parameters.network
        if place.input is None:
            return np.zeros(())
        w = np.asarray(self.parameters.flat[place.flat] + by)
        return penalty(w, network.l1, network.l2)[0]


def _put(values: Array, where: Array, real: Array) -> Array:
    """Real parts replaced, imaginary parts kept."""
    return np.where(where, values - values.real + real, values)
