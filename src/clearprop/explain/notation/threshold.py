"""threshold: the notation of document 001. Thresholds γ and θ are subtracted, weights v and w lead from, to."""

from __future__ import annotations

from dataclasses import replace

from clearprop.explain.expression import Expression, Sum, Symbol
from clearprop.explain.notation import canonical
from clearprop.explain.notation.base import Mark, Name, Notation
from clearprop.explain.notation.letters import DERIVATIVES, cell, composed, lettered, sample, share, slots_of, unit
from clearprop.explain.ref import Ref
from clearprop.explain.scalar import Shapes

_HIDDEN = {"W": "v", "b": "gamma", "s": "alpha", "a": "b"}
_OUTPUT = {"W": "w", "b": "theta", "s": "beta", "a": "yhat"}
# α is the net input of the book: its threshold does not depend on it, so ∂/∂α is ∂/∂z.
_DERIVATIVES = DERIVATIVES | {"da/dz": ("a", "s"), "delta": ("E", "s")}


def plain(ref: Ref, shapes: Shapes) -> Name:
    """α₁, and α₁⁽²⁾ where there are several hidden layers."""
    place = cell(ref, shapes) if ref.by_weight and ref.place else unit(ref)
    tail = sample(ref, shapes)
    if ref.kind == "share":
        return share("E", ref, shapes)
    if ref.kind == "h":
        return canonical.name(ref, shapes)
    if ref.kind in ("x", "y", "q", "E", "R", "J"):
        return lettered(ref.kind, place, tail=tail)
    if ref.kind in ("f", "mask"):
        return lettered(ref.kind, place, f"({ref.layer})", tail)
    if ref.kind == "z":  # has no letter: it is written α - γ
        s, b = (plain(replace(ref, kind=kind), shapes) for kind in "sb")
        return Name(f"{s.text}-{b.text}", replace(s.mark, base=f"({s.mark.base} − {b.mark.base})"))
    layers = len(shapes.network.layers)
    if ref.layer == layers:
        return lettered(_OUTPUT[ref.kind], place, tail=tail)
    return lettered(_HIDDEN[ref.kind], place, f"({ref.layer})" if layers > 2 else "", tail)


def _without_net_input(ref: Ref, shapes: Shapes) -> Expression | None:
    """z as s plus its bias, which is the threshold subtracted."""
    if ref.kind != "z":
        return None
    s = Symbol(replace(ref, kind="s"))
    bias = shapes.network.layers[ref.layer - 1].bias
    if bias == "none":
        return s
    return Sum((s, Symbol(replace(ref, kind="b", place=ref.place[-1:] if bias == "unit" else ()))))


_NAME = composed(plain, _DERIVATIVES)


def name(ref: Ref, shapes: Shapes) -> Name:
    """Adam's β₁ and β₂ give way to the net inputs of the outputs, which have that letter here."""
    if ref.kind in ("beta1", "beta2"):
        return Name(f"rho{ref.kind[-1]}", Mark("ρ", ref.kind[-1]))
    return _NAME(ref, shapes)


THRESHOLD = Notation(
    "threshold",
    {"en": "thresholds subtracted, weights v and w from, to", "zh": "减去阈值，权重 v、w 先起点后终点"},
    name,
    flipped=frozenset({"b", "b'", "dE/db"}) | slots_of("b"),
    hidden=frozenset({"z"}),
    rewritten=_without_net_input,
    derived_by={"z": "s"},
)
