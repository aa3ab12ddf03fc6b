"""Where the column layers' quantities are in a drawing that begins with what the first layer takes in."""

from __future__ import annotations

from clearprop.explain.ref import Ref
from clearprop.network.columns import ColumnLayer, Embedding
from clearprop.network.spec import Network


def units(network: Network, ref: Ref) -> list[int]:
    """The units of what layer 1 takes in, counted from 1, that an input or a column layer's quantity belongs to.

    Those of one number are those of its input; those of a number of v are that number alone.

    >>> from clearprop.network.columns import Periodic, Plain
    >>> from clearprop.network.spec import Dense
    >>> net = Network(3, [Dense(1)], columns=[Plain(1), Periodic(2, outputs=2, frequencies=4)])
    >>> units(net, Ref("x", 0, (1, 3))), units(net, Ref("zc", 2, (1, 5))), units(net, Ref("vc", 2, (1, 4)))
    ([3, 6, 7], [3, 6, 7], [7])
    """
    if ref.layer == 0 and ref.kind != "x":
        return [int(ref.place[-1])] if ref.place else list(range(1, network.width + 1))
    found: list[int] = []
    before, first_input = 0, 0
    for number, layer in enumerate(network.columns, 1):
        own = _of_layer(network, layer, ref, first_input) if ref.layer in (0, number) else []
        found += [before + unit for unit in own]
        before, first_input = before + layer.width, first_input + layer.count
    return found


def _of_layer(network: Network, layer: ColumnLayer, ref: Ref, first_input: int) -> list[int]:
    if not ref.place:
        return list(range(1, layer.width + 1))
    number = int(ref.place[0] if ref.parameter else ref.place[-1])
    plain = 0 if isinstance(layer, Embedding) else layer.count
    outputs = (layer.width - plain) // layer.count
    if ref.kind in ("vc", "dE/dvc") or ref.parameter == "cc":
        return [plain + number]
    if ref.kind == "x":
        own = number - first_input - 1
    else:
        letter = ref.parameter[:1] or "W"
        own = (number - 1) // layer.shapes[letter][1]
    if not 0 <= own < layer.count:
        return []
    first = plain + own * outputs
    return [*([own + 1] if plain else []), *range(first + 1, first + outputs + 1)]
