"""Books that count the input layer as layer 1: each quantity is one letter with its layer above and its unit below."""

from __future__ import annotations

from collections.abc import Callable

from clearprop.explain.notation.base import Name
from clearprop.explain.notation.letters import Naming, cell, composed, glyph, lettered, sample, share, unit
from clearprop.explain.ref import Ref
from clearprop.explain.scalar import Shapes

Text = Callable[[str, str, str], str]
Aliases = Callable[[Ref, Shapes], tuple[str, ...]]


def named(error: str, weight: str, text: Text, above: str, parameters_of: int) -> tuple[Naming, Aliases]:
    """The names of a book, and what else people type.

    Args:
        error: the letter of the loss, with an index 0 where a penalty comes to it.
        weight: the letter of the weights, to first, from second.
        text: how letter, place and layer are typed together.
        above: how the layer is set, as "({})".
        parameters_of: what to add to our layer for its weights: 0 where they bear the layer they start from.
    """

    def plain(ref: Ref, shapes: Shapes) -> Name:
        tail = sample(ref, shapes)
        if ref.kind in ("E", "J"):
            penalised = shapes.network.l1 or shapes.network.l2
            return lettered(error, "0" if penalised and ref.kind == "E" else "")
        if ref.kind == "share":
            return share(error, ref, shapes)
        if ref.kind == "h":
            return layered("a", unit(ref), 1, tail)
        if ref.kind in ("x", "y", "q", "R"):
            return lettered(ref.kind, unit(ref), tail=tail)
        place = cell(ref, shapes, to_first=True) if ref.by_weight and ref.place else unit(ref)
        letter = weight if ref.kind == "W" else ref.kind
        return layered(letter, place, ref.layer + (parameters_of if ref.kind in ("W", "b") else 1), tail)

    def layered(letter: str, place: str, layer: int, tail: str = "") -> Name:
        return Name(text(letter, place, str(layer)) + tail, glyph(letter, place, above.format(layer) + tail))

    def aliases(ref: Ref, shapes: Shapes) -> tuple[str, ...]:
        """The input as the output of layer 1, δ as the derivative that it is, f′(z)."""
        tail = sample(ref, shapes)
        if ref.kind == "x" and not shapes.network.columns:
            return (layered("a", unit(ref), 1, tail).text,)
        if ref.kind not in ("delta", "da/dz") or len(ref.place) == 3:
            return ()
        z = layered("z", unit(ref), ref.layer + 1, tail).text
        return (f"d{name(Ref('E'), shapes).text}/d{z}",) if ref.kind == "delta" else (f"f'({z})", f"sigma'({z})")

    name = composed(plain)
    return name, aliases
