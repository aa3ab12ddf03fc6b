"""clearprop's own notation: the ids of a trace, set as zⱼ⁽ˡ⁾, Wᵢ→ⱼ⁽ˡ⁾ and ∂E/∂Wᵢ→ⱼ⁽ˡ⁾."""

from __future__ import annotations

from clearprop.explain.notation.base import Mark, Name, Notation
from clearprop.explain.ref import COLUMN_LETTERS, PARAMETERS, Ref
from clearprop.explain.scalar import Shapes

SETTING_MARKS = {
    "B": Mark("B"),
    "eta": Mark("η"),
    "l1": Mark("λ", "1"),
    "l2": Mark("λ", "2"),
    "momentum": Mark("μ"),
    "beta1": Mark("β", "1"),
    "beta2": Mark("β", "2"),
    "epsilon": Mark("ε"),
    "decay": Mark("ρ"),
    "weight_decay": Mark("ω"),
    "fade": Mark("κ"),
    "t": Mark("t"),
}
_PLAIN = {name: name for name in ("x", "y", "q", "w", "s", "z", "f", "a", "W", "b", "e", "h", "scale")} | {"mask": "r"}
_PLAIN |= {"zc": "z", "ac": "a", "vc": "v"} | {f"{letter}c": letter for letter in COLUMN_LETTERS}
_OVER = {"dE/da": "a", "dE[k]/da": "a", "dE/dW": "W", "dE/db": "b", "dR/dW": "W", "dJ/dW": "W"}
_OVER |= {f"dE/d{of}": _PLAIN[of] for of in ("h", "e", "vc", "ac", *PARAMETERS)}


def name(ref: Ref, shapes: Shapes) -> Name:
    text = ref.text(shapes.samples)
    number = f"c{ref.layer}" if ref.of_columns else str(ref.layer)
    sub, sup = _place(ref, shapes.samples), f"({number})" if ref.layer else ""
    if ref.kind in SETTING_MARKS:
        return Name(text, SETTING_MARKS[ref.kind])
    if ref.kind in _PLAIN:
        return Name(text, Mark(_PLAIN[ref.kind], sub, sup))
    if ref.kind in _OVER:
        error = Mark(ref.kind[1], str(ref.output) if ref.output else "")
        return Name(text, error, by=Mark(_OVER[ref.kind], sub, sup))
    if ref.kind in ("da/dz", "dac/dzc"):
        i, _, j = sub.partition("→")
        return Name(text, Mark("a", i, sup), by=Mark("z", j or i, sup))
    if ref.kind in ("delta", "deltac"):
        return Name(text, Mark("δ", sub, sup))
    if ref.kind.endswith("'"):
        return Name(text, Mark(_PLAIN[ref.parameter], sub, sup + "′"))
    if ref.slot:
        return Name(text, _slot_mark(ref, sub, sup))
    if ref.kind == "share":
        return Name(text, Mark("E", sub or ":"))
    return Name(text, Mark(ref.kind))


def _slot_mark(ref: Ref, sub: str, sup: str) -> Mark:
    """What an optimizer remembers: m, v or u, with a hat where it is corrected, old where it is from before."""
    assert ref.slot is not None
    slot, of = ref.slot[0], _PLAIN[ref.slot[1]]
    accent = "hat" if slot.endswith("_hat") else ""
    letter = of if slot == "decayed" else slot.removesuffix("_hat").removesuffix("_old")
    old = {True: "old"}.get(slot.endswith("_old"), "decayed" if slot == "decayed" else "")
    inner = ", ".join(part for part in (of if slot != "decayed" else "", sub) if part)
    return Mark(letter, inner, sup + (f" {old}" if old else ""), accent)


def _place(ref: Ref, samples: int) -> str:
    if not ref.place:
        return ""
    if ref.by_weight:
        return "→".join(map(str, ref.place))
    if ref.of_columns and ref.parameter:
        return ", ".join(map(str, ref.place))
    place = ref.place
    sample = ""
    if ref.by_sample:
        sample = "" if samples == 1 else f"{place[0]}, "
        place = place[1:] if ref.kind != "w" else ()
    return (sample + "→".join(map(str, place))).removesuffix(", ")


CANONICAL = Notation(
    "canonical",
    {"en": "clearprop's own ids", "zh": "clearprop 自己的编号"},
    name,
    inputs_last=False,
)
