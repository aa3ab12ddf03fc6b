"""Parameters for people to look at: layer by layer as text, and as a drawing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop.network.parameters import Parameters

if TYPE_CHECKING:
    from clearprop.drawing import Writing

MOST_PRINTED = 200  # numbers of one matrix; of a larger one the first and last rows and columns are printed
AT_EACH_END = 3
PRECISION = 8


def inspected(parameters: Parameters) -> str:
    """A network's layers, each with its weights (inputs, units) and biases.

    >>> from clearprop.network.spec import Network
    >>> print(inspected(Parameters(Network.parse("2-2-1", bias="layer", train_bias=False), np.arange(8.0) / 10)))
    2-2-1 sigmoid sigmoid, half_squared_error: 8 parameters, float64
    <BLANKLINE>
    layer 1: 2 inputs, 2 units, sigmoid
      W1 = [[0.  0.1]
            [0.2 0.3]]
      b1 = [0.4]  (one for the layer, frozen)
    <BLANKLINE>
    layer 2: 2 inputs, 1 unit, sigmoid
      W2 = [[0.5]
            [0.6]]
      b2 = [0.7]  (one for the layer, frozen)
    """
    network = parameters.network
    parts = [f"{network}: {network.parameter_count:,} parameters, {parameters.flat.dtype}"]
    parts += ["\n".join(lines) for lines in _before_layers(parameters)]
    for number, layer in enumerate(network.layers, 1):
        inputs = network.sizes[number - 1]
        lines = [
            f"layer {number}: {_counted(inputs, 'input')}, {_counted(layer.units, 'unit')}, {layer.activation}",
            _named(f"W{number}", parameters.weights[number - 1]),
        ]
        if layer.bias != "none":
            said = ["one for the layer"] if layer.bias == "layer" else []
            said += [] if layer.train_bias else ["frozen"]
            note = f"  ({', '.join(said)})" if said else ""
            lines.append(_named(f"b{number}", parameters.biases[number - 1]) + note)
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _before_layers(parameters: Parameters) -> Iterator[list[str]]:
    """Each column layer with its parameters, as many rows as it has inputs, and the scale."""
    network = parameters.network
    for number, (layer, own) in enumerate(zip(network.columns, parameters.columns, strict=True), 1):
        lines = [f"column layer {number}: {_counted(layer.count, 'input')}, {layer.kind.replace('_', ' ')}"]
        for letter, array in own.items():
            frozen = "  (frozen)" if letter in layer.frozen else ""
            lines.append(_named(f"{letter}c{number}", array) + frozen)
        yield lines
    if network.scale:
        yield [f"scale: {_counted(network.width, 'number')}", _named("scale", parameters.scale)]


def sketched(parameters: Parameters) -> str:
    """The network as SVG, with the numbers of its weights and biases where they all find a place."""
    from clearprop.drawing import Writing, network, standalone
    from clearprop.drawing.network import has_room

    described = parameters.network
    heads = ["columns" if described.columns else "input", *(layer.activation for layer in described.layers)]
    writing = replace(_written(parameters) if has_room(described.sizes) else Writing(), heads=heads)
    label = f"{described}; {described.parameter_count} parameters"
    return standalone(network(described.sizes, prefix="model", label=label, writing=writing))


def _written(parameters: Parameters) -> Writing:
    """Names of units, numbers of weights, and biases beside their units."""
    from clearprop.drawing import Tag, Writing
    from clearprop.drawing.network import unit_id
    from clearprop.drawing.numerals import number

    sizes = parameters.network.sizes
    names = {unit_id(layer, i): unit_id(layer, i) for layer, size in enumerate(sizes) for i in range(1, size + 1)}
    if parameters.network.columns:
        names |= {unit_id(0, i): f"h[{i}]" for i in range(1, sizes[0] + 1)}
    values: dict[str, str] = {}
    tags: dict[str, list[Tag]] = {}
    for layer, (W, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True), 1):
        values |= {f"W{layer}[{i + 1}->{j + 1}]": number(float(w)) for (i, j), w in np.ndenumerate(W)}
        for unit in range(1, sizes[layer] + 1) if b.size else ():
            bias = float(b[min(unit, b.size) - 1])
            tags[unit_id(layer, unit)] = [Tag(f"b{layer}[{unit}]", f"b {number(bias)}", "above")]
    return Writing(names, values, tags)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _named(name: str, array: Any) -> str:
    start = f"  {name} = "
    return start + np.array2string(
        array, threshold=MOST_PRINTED, edgeitems=AT_EACH_END, precision=PRECISION, prefix=start
    )
