"""What each layer's gradients are made of, by the reference engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clearprop.check.perturbed import Point
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import joined, step
from clearprop.network.activations import Activation
from clearprop.network.penalty import penalty
from clearprop.network.spec import Network


@dataclass(frozen=True)
class Layer:
    """A layer's quantities in one step.

    Attributes:
        inputs, net_inputs, outputs: A of the layer below (B, I), Z and A (B, O).
        delta: ∂E/∂Z (B, O).
        unweighted: the same if every sample weighed 1.
        dA: ∂E/∂A (B, O); None where the loss is computed from Z.
        above: Δ and W of the layer above; None at the output.
        below: Z of the layer below; None at the input.
        batch: by what a mean over the batch divides.
    """

    network: Network
    function: Activation
    bias: str
    W: Array
    b: Array
    inputs: Array
    net_inputs: Array
    outputs: Array
    delta: Array
    unweighted: Array
    dA: Array | None
    above: tuple[Array, Array] | None
    below: Array | None
    batch: float

    @property
    def dE(self) -> Array:
        """The loss's part of ∂J/∂W."""
        dE: Array = self.inputs.T @ self.delta
        return dE

    @property
    def dR(self) -> Array:
        """The penalty's part of ∂J/∂W."""
        return penalty(self.W, self.network.l1, self.network.l2)[1]

    @property
    def db(self) -> Array:
        return self.summed(self.delta)

    def summed(self, delta: Array) -> Array:
        """∂E/∂b of a Δ: over the rows, and over the units where the layer has one bias."""
        db: Array = delta.sum(axis=0)
        return db if self.bias == "unit" else db.sum(keepdims=True)[: len(self.b)]


def layers(point: Point) -> list[Layer]:
    """Each layer of a network at a point."""
    parameters, samples = point.parameters, point.samples
    network, last = parameters.network, len(parameters.network.layers) - 1
    deltas, unweighted = _deltas(point, samples), _deltas(point, Samples(samples.X, samples.Y))
    _, gradient, of_net_input = joined(network, point.net_inputs[-1], point.outputs, samples)
    found = []
    for number, layer in enumerate(network.layers):
        above = None if number == last else (deltas[number + 1], parameters.weights[number + 1])
        found.append(
            Layer(
                network=network,
                function=layer.function,
                bias=layer.bias,
                W=parameters.weights[number],
                b=parameters.biases[number],
                inputs=point.inputs[number],
                net_inputs=point.net_inputs[number],
                outputs=point.outputs if number == last else point.inputs[number + 1],
                delta=deltas[number],
                unweighted=unweighted[number],
                dA=above[0] @ above[1].T if above else None if of_net_input else gradient,
                above=above,
                below=point.net_inputs[number - 1] if number else None,
                batch=float(len(samples) if samples.weights is None else samples.weights.sum()),
            )
        )
    return found


def _deltas(point: Point, samples: Samples) -> list[Array]:
    found: dict[str, Array] = {}

    def keep(name: str, value: Array) -> None:
        found[name] = np.array(value)

    step(point.parameters, samples, record=keep)
    return [found[f"delta{number + 1}"] for number in range(len(point.parameters.network.layers))]
