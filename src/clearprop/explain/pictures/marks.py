"""What lights up in each drawing when something is computed: it itself, and what it is computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod

from clearprop.drawing.network import has_room
from clearprop.explain.explanation import Line
from clearprop.explain.expression import symbols
from clearprop.explain.pictures import columns
from clearprop.explain.ref import SETTINGS, Ref
from clearprop.explain.trace import Trace

MOST_LIT = 64  # numbers of a whole matrix that are lit one by one


@dataclass(frozen=True)
class Marks:
    """Classes "used" and "computed" by id: of cells and matrices, of the network's parts, of the graph's nodes."""

    matrices: dict[str, str]
    network: dict[str, str]
    graph: dict[str, str]


def marks(trace: Trace, lines: Iterable[Line]) -> Marks:
    """The marks while these lines are computed together; what was given is marked as computed, too.

    >>> import clearprop as cp
    >>> trace = cp.trace(cp.Model.initialized(cp.Network.parse("2-1")), [1.0, 2.0], [1.0])
    >>> line = trace.explain().line(trace["delta1[1]"].ref)
    >>> marks(trace, [line]).matrices
    {'dE/da1[1]': 'used', 'da1/dz1[1]': 'used', 'delta1[1]': 'computed'}
    """
    lines = list(lines)
    computed = [line.ref for line in lines]
    used = [ref for line in lines if line.formula for ref in symbols(line.formula)]

    def lit(places: Callable[[Trace, Ref], Iterable[str]]) -> dict[str, str]:
        found = {id_: "used" for ref in used for id_ in places(trace, ref)}
        return found | {id_: "computed" for ref in computed for id_ in places(trace, ref)}

    return Marks(lit(_in_matrices), lit(_in_network), lit(_in_graph))


def _in_matrices(trace: Trace, ref: Ref) -> tuple[str, ...]:
    return (trace.text(ref),)


def _in_network(trace: Trace, ref: Ref) -> tuple[str, ...]:
    """The unit, the edge or the tag at which a quantity lives; a layer's, where it is a whole matrix.

    Where net inputs and targets have no tags of their own, their units stand for them.
    """
    if ref.kind in SETTINGS or ref.kind in ("w", "R", "J"):
        return ()
    if ref.of_columns or (ref.kind == "x" and trace.network.columns):
        at = columns.units(trace.network, ref)
        return tuple(f"x[{unit}]" for unit in at) if len(at) <= MOST_LIT else (_at("x", 0, ""),)
    last = len(trace.network.layers)
    if ref.by_weight:
        return (_at("W", ref.layer, "->".join(map(str, ref.place))),)
    units = _units(trace, ref)
    if ref.by_bias:
        return tuple(f"b{ref.layer}[{unit}]" for unit in units)
    if ref.kind == "x":
        return (_at("x", 0, str(ref.place[-1]) if ref.place else ""),)
    layer = ref.layer or last
    at_unit = (_at("a", layer, str(ref.place[-1]) if ref.place else ""),)
    if not has_room(trace.network.sizes) or len(trace.samples) > 1:
        return at_unit
    if ref.kind in ("y", "q"):
        return tuple(f"y[{unit}]" for unit in units)
    tags = tuple(f"z{layer}[{unit}]" for unit in units)
    if ref.kind in ("s", "z"):
        return tags
    return (*at_unit, *tags) if ref.kind in ("delta", "da/dz") else at_unit


def _in_graph(trace: Trace, ref: Ref) -> tuple[str, ...]:
    """The nodes of the way forward at which a quantity lives: delta at the net input, a slope at the activation."""
    if ref.kind in SETTINGS:
        return ()
    if not ref.place and prod(trace.shapes.of(ref)) > MOST_LIT:
        return ()
    found: list[str] = []
    for one in [ref] if ref.place else trace.elements(ref):
        if one.of_columns or (one.kind == "x" and trace.network.columns):
            found += [trace.text(Ref("h", 0, (1, unit))) for unit in columns.units(trace.network, one)]
        elif one.by_weight or one.by_bias:
            found.append(trace.text(Ref("W" if one.by_weight else "b", one.layer, one.place)))
        elif one.kind in ("x", "y", "w", "f", "mask", "share", "E"):
            found.append(trace.text(one))
        elif one.kind == "q":
            found.append(trace.text(Ref("y", 0, one.place)))
        elif one.kind in ("R", "J"):
            found.append("E")
        elif one.kind == "da/dz":
            found.append(f"{trace.text(Ref('a', one.layer, (one.place[0], one.place[-1])))} f")
        elif one.kind in ("s", "z", "delta"):
            found.append(trace.text(Ref("z", one.layer, one.place)))
        else:
            found.append(trace.text(Ref("a", one.layer, one.place)))
        if ref.kind in ("z", "a", "share", "E"):
            found += [f"{found[-1]} f", f"{found[-1]} +"]
    return tuple(found)


def _units(trace: Trace, ref: Ref) -> Iterable[int]:
    """The unit that a quantity belongs to; all of its layer where it is a whole one."""
    if ref.place:
        return (int(ref.place[-1]),)
    count = trace.network.sizes[ref.layer or -1]
    return range(1, count + 1) if count <= MOST_LIT else ()


def _at(letter: str, layer: int, place: str) -> str:
    whole = f"{letter}{layer or ''}"
    return f"{whole}[{place}]" if place else whole
