"""matrix: the notation of document 004. Samples are rows; its error and deltas are -∂loss, so wh' = wh + lr·d_wh."""

from __future__ import annotations

from dataclasses import replace

from clearprop.explain.notation.base import Mark, Name, Notation
from clearprop.explain.notation.letters import composed, slots_of
from clearprop.explain.ref import PARAMETERS, Ref
from clearprop.explain.scalar import Shapes

_HIDDEN = {
    "s": "hidden_layer{l}_input1",
    "z": "hidden_layer{l}_input",
    "f": "hiddenlayer{l}_undropped",
    "mask": "hiddenlayer{l}_mask",
    "a": "hiddenlayer{l}_activations",
    "dE/da": "Error_at_hidden_layer{l}",
    "dE[k]/da": "Error_at_hidden_layer{l}_from_{k}",
    "da/dz": "slope_hidden_layer{l}",
    "delta": "d_hiddenlayer{l}",
    "W": "wh{l}",
    "b": "bh{l}",
}
_OUTPUT = {
    "s": "output_layer_input1",
    "z": "output_layer_input",
    "f": "output_undropped",
    "mask": "output_mask",
    "a": "output",
    "dE/da": "E",
    "da/dz": "slope_output_layer",
    "delta": "d_output",
    "W": "wout",
    "b": "bout",
}
_OF_NONE = {
    "x": "X",
    "h": "features",
    "y": "y",
    "q": "smoothed",
    "w": "sample_weight",
    "E": "loss",
    "share": "losses",
    "R": "penalty",
    "J": "objective",
}
_GRADIENTS = {"dE/dW": "d_", "dE/db": "d_", "dR/dW": "d_penalty_", "dJ/dW": "d_objective_"}
_AT_COLUMNS = {f"dE/d{of}": of for of in ("h", "e", "vc", "ac", *PARAMETERS[2:])} | {"deltac": "zc"}


def name(ref: Ref, shapes: Shapes) -> Name:
    if ref.kind == "eta":
        return Name("lr", Mark("lr"))
    if ref.kind in _OF_NONE:
        return _plain(ref, shapes)
    if ref.kind in _AT_COLUMNS:
        return _at(ref, f"d_{_word(replace(ref, kind=_AT_COLUMNS[ref.kind]), shapes)}")
    if ref.kind == "dac/dzc":
        return _at(ref, f"slope_{_word(replace(ref, kind='ac'), shapes)}")
    if ref.kind in _GRADIENTS:
        return _at(ref, _GRADIENTS[ref.kind] + _word(replace(ref, kind=ref.kind[-1]), shapes))
    if ref.kind.endswith("'"):
        of = _at(ref, _word(replace(ref, kind=ref.parameter), shapes) + "'")
        return replace(of, mark=replace(of.mark, base=of.mark.base.removesuffix("'"), sup="′"))
    return _COMPOSED(ref, shapes)


def _plain(ref: Ref, shapes: Shapes) -> Name:
    return _at(ref, _word(ref, shapes))


_COMPOSED = composed(_plain, derivatives={})


def _word(ref: Ref, shapes: Shapes) -> str:
    layers = len(shapes.network.layers)
    if ref.kind in _OF_NONE:
        return _OF_NONE[ref.kind]
    if ref.of_columns:
        return ref.whole.text()
    if ref.layer == layers:
        return _OUTPUT[ref.kind]
    return _HIDDEN[ref.kind].format(l=ref.layer if layers > 2 else "", k=ref.output)


def _at(ref: Ref, word: str) -> Name:
    """A word, and row and column of a number in it."""
    place = ",".join(map(str, ref.place))
    return Name(f"{word}[{place}]" if place else word, Mark(word, place))


def aliases(ref: Ref, shapes: Shapes) -> tuple[str, ...]:
    """One index where there is but one row or column, two for a bias, and `hidden_layer` in one style."""
    own = name(ref, shapes).text
    found = [own.replace("hiddenlayer", "hidden_layer")] if "hiddenlayer" in own else []
    if ref.by_bias and ref.place:
        found.append(own.replace("[", "[1,"))
    if len(ref.place) == 2 and 1 in shapes.of(ref):
        row, column = ref.place
        found.append(f"{own.partition('[')[0]}[{row if shapes.of(ref)[1] == 1 else column}]")
    return tuple(found)


MATRIX = Notation(
    "matrix",
    {"en": "samples are rows, wh and wout; errors are y - output", "zh": "样本为行，wh 与 wout；误差为 y - output"},
    name,
    aliases,
    flipped=frozenset({"dE/da", "dE[k]/da", "delta", *_GRADIENTS, *_AT_COLUMNS}) | slots_of(*PARAMETERS),
    by_matrices=True,
    inputs_last=False,
)
