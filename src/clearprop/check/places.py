"""Where a parameter stands in a network, what it is called, and which of many are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from clearprop.explain.ref import Ref
from clearprop.explain.scalar import Shapes
from clearprop.network.spec import Network
from clearprop.random import Stream, permutation


@dataclass(frozen=True)
class Place:
    """One parameter.

    Attributes:
        flat: its number in the flat vector of all parameters.
        layer: from 0; -1 for those of column layers and the scale, which stand before.
        input: the unit that a weight comes from, from 0; None for a bias.
        unit: the unit that it goes to, from 0; None for the one bias of a whole layer.
        column: which number of a column layer or of the scale it is; None for the others.
    """

    flat: int
    layer: int
    input: int | None
    unit: int | None
    column: Ref | None = None

    @property
    def array(self) -> str:
        """The array it belongs to: W1, b1, W2 …"""
        return self._ref.text()

    @property
    def id(self) -> str:
        """Its canonical id, layers and units counted from 1.

        >>> Place(0, 0, 1, 0).id, Place(4, 0, None, 0).id, Place(4, 0, None, None).id
        ('W1[2->1]', 'b1[1]', 'b1')
        """
        if self.column is not None:
            return self.column.text()
        return self._ref.at(*(unit + 1 for unit in (self.input, self.unit) if unit is not None)).text()

    @property
    def _ref(self) -> Ref:
        """The array it belongs to."""
        if self.column is not None:
            return self.column.whole
        return Ref("b" if self.input is None else "W", self.layer + 1)


@dataclass(frozen=True)
class _Block:
    """A W or b, or an array of a column layer, in the flat vector."""

    start: int
    size: int
    layer: int
    units: int
    is_weight: bool
    shared: bool
    column: Ref | None = None

    def place(self, number: int) -> Place:
        if self.column is not None:
            place = divmod(number, self.units) if self.is_weight else (number,)
            return Place(self.start + number, self.layer, None, None, self.column.at(*(one + 1 for one in place)))
        if self.is_weight:
            return Place(self.start + number, self.layer, *divmod(number, self.units))
        return Place(self.start + number, self.layer, None, None if self.shared else number)


def places(network: Network, count: int, seed: int) -> list[Place]:
    """So many of the parameters, as evenly over W1, b1, W2, b2 … as their sizes allow, in the order of the flat vector.

    >>> [place.id for place in places(Network.parse("9-2-1"), 6, seed=0)]
    ['W1[1->2]', 'W1[5->1]', 'b1[1]', 'b1[2]', 'W2[1->1]', 'b2[1]']
    """
    blocks = list(_blocks(network))
    chosen: list[Place] = []
    for number, (block, share) in enumerate(zip(blocks, _shares([block.size for block in blocks], count), strict=True)):
        drawn: NDArray[np.int64] = np.arange(block.size)
        if share < block.size:
            drawn = np.sort(permutation(seed, Stream.SAMPLE, block.size, time=number)[:share])
        chosen.extend(block.place(int(index)) for index in drawn)
    return chosen


def _blocks(network: Network) -> Iterator[_Block]:
    start = 0
    for number, ((inputs, units), layer) in enumerate(zip(pairwise(network.sizes), network.layers, strict=True)):
        yield _Block(start, inputs * units, number, units, True, False)
        start += inputs * units
        yield _Block(start, layer.bias_size, number, units, False, layer.bias == "layer")
        start += layer.bias_size
    shapes = Shapes(network, samples=1)
    arrays = [Ref(f"{letter}c", number) for number, layer in enumerate(network.columns, 1) for letter in layer.shapes]
    for ref in [*arrays, *([Ref("scale")] if network.scale else [])]:
        size, *outputs = shapes.of(ref)
        count = size * prod(outputs)
        yield _Block(start, count, -1, prod(outputs), bool(outputs), False, ref)
        start += count


def _shares(sizes: list[int], count: int) -> list[int]:
    """The same from each, and what the small ones do not have from the others; the first give one more than the last.

    >>> _shares([18, 2, 0, 2, 1], 9)
    [4, 2, 0, 2, 1]
    """
    shares = [0] * len(sizes)
    left = min(count, sum(sizes))
    while left:
        open_ = [number for number, size in enumerate(sizes) if shares[number] < size]
        each = max(1, left // len(open_))
        for number in open_:
            taken = min(each, sizes[number] - shares[number], left)
            shares[number] += taken
            left -= taken
    return shares
