"""net-out: the notation of document 000, with net and out, and weights numbered unit by unit through the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from clearprop.explain.notation import canonical
from clearprop.explain.notation.base import Mark, Name, Notation, verbatim
from clearprop.explain.notation.letters import composed, sample_weight, slot
from clearprop.explain.ref import Place, Ref
from clearprop.explain.scalar import Shapes

_UNITS = {"s": "sum", "z": "net", "f": "f", "mask": "mask", "a": "out"}


def unit(layer: int, number: Place, shapes: Shapes) -> str:
    """i1, h1, o1; with several hidden layers h1_1, h2_1. A letter is set apart, i_k, so that it is no second letter."""
    last = len(shapes.network.layers)
    apart = "_" if isinstance(number, str) else ""
    if layer in (0, last):
        return f"{'i' if layer == 0 else 'o'}{apart}{number}"
    return f"h{apart}{number}" if last == 2 else f"h{layer}_{number}"


def weight_number(ref: Ref, shapes: Shapes) -> str:
    """w1 leads from the first input to the first unit, w2 from the second input to it, and so on, unit by unit.

    Any weight of layer 2, from unit i to unit j, is w2_ij.
    """
    start, end = ref.place
    if isinstance(start, str) or isinstance(end, str):
        comma = "" if isinstance(start, str) and isinstance(end, str) else ","
        return f"{ref.layer}_{start}{comma}{end}"
    sizes = shapes.network.sizes
    before = sum(inputs * units for inputs, units in list(pairwise(sizes))[: ref.layer - 1])
    return str(before + (end - 1) * sizes[ref.layer - 1] + start)


def _at_columns(ref: Ref, shapes: Shapes) -> Name:
    """What the first layer takes in, as the output of the units i1, i2, …, and the error by what has no name here."""
    if ref.kind == "E":
        return Name("E", Mark("E", "total"))
    if not ref.place:
        return canonical.name(ref, shapes)
    sample, (place,) = _split(ref, shapes.samples)
    of = unit(0, place, shapes)
    return Name(f"out_{of}" + (f"[{sample}]" if sample else ""), Mark("out", of, sample))


_OF_COLUMNS = composed(_at_columns)


def name(ref: Ref, shapes: Shapes) -> Name:
    if ref.of_columns:
        return _OF_COLUMNS(ref, shapes)
    if not ref.place or ref.kind in ("E", "R", "J"):
        return _whole(ref, shapes)
    sample, place = _split(ref, shapes.samples)
    tail = f"[{sample}]" if sample else ""
    if ref.by_weight or ref.by_bias:
        return _of_parameter(ref, shapes)
    layer = len(shapes.network.layers) if ref.kind in ("y", "q", "share") else ref.layer
    of = unit(layer, place[0], shapes) if place else ""
    if ref.kind == "x":
        return Name(of + tail, Mark(of[0], of[1:].removeprefix("_"), sample))
    if ref.kind == "y":
        return Name(f"target_{of}{tail}", Mark("target", of, sample))
    if ref.kind == "q":
        return Name(f"q_{of}{tail}", Mark("q", of, sample))
    if ref.kind == "share":
        return Name(f"E_{of}{tail}", Mark("E", of, sample))
    if ref.kind == "w":
        return sample_weight(ref, shapes)
    if ref.kind in _UNITS:
        return Name(f"{_UNITS[ref.kind]}_{of}{tail}", Mark(_UNITS[ref.kind], of, sample))
    if ref.kind == "delta":
        return Name(f"delta_{of}{tail}", Mark("δ", of, sample))
    if ref.kind == "da/dz":
        below = unit(layer, place[-1], shapes)
        return Name(f"dout_{of}/dnet_{below}{tail}", Mark("out", of, sample), by=Mark("net", below, sample))
    output = unit(len(shapes.network.layers), ref.output, shapes) if ref.output else "total"
    error = f"E_{output}" if ref.output else "E"
    return Name(f"d{error}/dout_{of}{tail}", Mark("E", output), by=Mark("out", of, sample))


def _of_parameter(ref: Ref, shapes: Shapes) -> Name:
    if ref.by_weight:
        number = weight_number(ref, shapes)
        plain, mark = f"w{number}", Mark("w", number)
    else:
        of = unit(ref.layer, ref.place[0], shapes)
        plain, mark = f"b_{of}", Mark("b", of)
    return _around(ref, plain, mark)


def _around(ref: Ref, plain: str, mark: Mark) -> Name:
    """A parameter's name as it is, after the update, in a derivative, or as an index of an optimizer's memory."""
    if ref.kind in ("W", "b"):
        return Name(plain, mark)
    if ref.kind.endswith("'"):
        return Name(f"{plain}'", Mark(mark.base, mark.sub, "+"))
    if ref.slot:
        return slot(ref, Name(plain, mark))
    error = ref.kind[1]
    return Name(f"d{error}/d{plain}", Mark(error, "total" if error == "E" else ""), by=mark)


def _whole(ref: Ref, shapes: Shapes) -> Name:
    if ref.kind == "E":
        return Name("E", Mark("E", "total"))
    if ref.by_bias and shapes.network.layers[ref.layer - 1].bias == "layer":
        return _around(ref, f"b{ref.layer}", Mark("b", str(ref.layer)))
    return canonical.name(ref, shapes)


def _split(ref: Ref, samples: int) -> tuple[str, tuple[Place, ...]]:
    if not ref.by_sample:
        return "", ref.place
    return ("" if samples == 1 else str(ref.place[0])), (ref.place[1:] if ref.kind != "w" else ())


def aliases(ref: Ref, shapes: Shapes) -> tuple[str, ...]:
    """The error with and without "total", δ as ∂E/∂net and as the document's sigma(h1)."""
    own = name(ref, shapes).text
    if ref.kind == "E":
        return ("E_total",)
    if ref.kind == "delta" and ref.place:
        of = own.removeprefix("delta_")
        return f"sigma_{of}", f"dE/dnet_{of}", f"dE_total/dnet_{of}"
    return (own.replace("dE/", "dE_total/"),) if own.startswith("dE/") else ()


def places(ref: Ref, numbers: Iterable[int], shapes: Shapes) -> Iterator[tuple[Place, ...]]:
    """The weights of these numbers; all else is named by its place."""
    if not ref.by_weight:
        yield from verbatim(ref, numbers, shapes)
        return
    inputs, units = shapes.of(ref)
    first = int(weight_number(ref.at(1, 1), shapes))
    for number in numbers:
        if first <= number < first + inputs * units:
            end, start = divmod(number - first, inputs)
            yield start + 1, end + 1


NET_OUT = Notation(
    "net-out",
    {"en": "net and out, weights numbered through the network", "zh": "net 与 out，权重逐个编号"},
    name,
    aliases,
    places=places,
)
