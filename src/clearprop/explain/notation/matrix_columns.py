"""matrix-columns: the notation of document 002. Samples are columns, h = W0·X, weights are counted from layer 0."""

from __future__ import annotations

from clearprop.explain.notation.base import Mark, Name, Notation
from clearprop.explain.notation.letters import cell, composed, lettered, sample, share, unit
from clearprop.explain.ref import Ref
from clearprop.explain.scalar import Shapes

_LETTERS = {"s": "s", "z": "h", "f": "f", "mask": "mask", "a": "Z", "delta": "delta"}


def plain(ref: Ref, shapes: Shapes) -> Name:
    layers, tail = len(shapes.network.layers), sample(ref, shapes)
    output = "" if shapes.network.outputs == 1 else unit(ref)  # a single output is not numbered
    match ref.kind:
        case "E" | "R" | "J":
            return lettered({"E": "L"}.get(ref.kind, ref.kind), "")
        case "share":
            return share("L", ref, shapes)
        case "x":
            return lettered("X", unit(ref), tail=tail)
        case "q":
            return lettered("Q", output, tail=tail)
        case "h":
            return lettered("Z", unit(ref), "(0)", tail)
        case "y":
            below = f"true, {output}" if output else "true"
            return Name(lettered("Y_true", output, tail=tail).text, Mark("Y", below, tail))
        case "a" if ref.layer == layers:
            return Name(lettered("Y_hat", output, tail=tail).text, Mark("Y", output, tail, accent="hat"))
        case "W" | "b" if not ref.place:
            return Name(f"{ref.kind}{ref.layer - 1}", Mark(ref.kind, str(ref.layer - 1)))
        case "W":
            return _weight(ref, shapes)
        case "b":
            if ref.layer < layers == 2:
                return lettered("b", f"h{unit(ref)}")
            return lettered("b", *((f"y{output}",) if ref.layer == layers else (unit(ref), f"({ref.layer - 1})")))
    if ref.layer == layers:
        return lettered("Z" if ref.kind == "z" else _LETTERS[ref.kind], f"y{output}", tail=tail)
    of_all = "h" if ref.kind in ("s", "delta") and layers == 2 else ""
    return lettered(_LETTERS[ref.kind], unit(ref) or of_all, f"({ref.layer})" if layers > 2 else "", tail)


def _weight(ref: Ref, shapes: Shapes) -> Name:
    """W11; behind a hidden layer W_h11, to a single output W_h1; W_11^(0) where there are several hidden layers."""
    layers, place = len(shapes.network.layers), cell(ref, shapes, to_first=True)
    if layers > 2:
        return lettered("W", place, f"({ref.layer - 1})")
    if ref.layer == 2:
        return lettered("W", f"h{ref.place[0]}" if shapes.network.outputs == 1 else f"h{place}")
    return Name(f"W{place}", Mark("W", place))


_NAME = composed(plain)


def name(ref: Ref, shapes: Shapes) -> Name:
    return Name("alpha", Mark("α")) if ref.kind == "eta" else _NAME(ref, shapes)


def aliases(ref: Ref, shapes: Shapes) -> tuple[str, ...]:
    """The document writes w₁₁ and W₁₁, y and Y alike; W_h is W1, ∇W0 is ∂L/∂W0; δ is ∂L/∂h."""
    own = name(ref, shapes).text
    match ref.kind:
        case "delta":
            return (f"dL/d{name(Ref('z', ref.layer, ref.place), shapes).text}",)
        case "W" if own == "W1" and len(shapes.network.layers) == 2:
            return ("W_h",)
        case "dE/dW" if not ref.place:
            return own.replace("dL/d", "grad_"), own.replace("dL/d", "grad_L_")
        case "W" | "W'" | "dE/dW" if ref.place:
            return (own.replace("W", "w"),)
        case "a":
            return (own.replace("Y", "y"),)
        case "y":
            return own.replace("Y", "y"), own.replace("Y_true", "y")
    return ()


MATRIX_COLUMNS = Notation(
    "matrix-columns",
    {"en": "samples are columns, h = W0·X", "zh": "样本为列，h = W0·X"},
    name,
    aliases,
    by_matrices=True,
    columns=True,
)
