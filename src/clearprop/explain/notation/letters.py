"""What the books share: a letter with a place, and names made of other names, ∂E/∂W of E and W, W′ and m of W."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from clearprop.explain.notation import canonical
from clearprop.explain.notation.base import Mark, Name
from clearprop.explain.ref import PARAMETERS, SETTINGS, Place, Ref
from clearprop.explain.scalar import Shapes

Naming = Callable[[Ref, Shapes], Name]

# What is derived, by what.
DERIVATIVES = {
    "dE/da": ("E", "a"),
    "dE[k]/da": ("share", "a"),
    "da/dz": ("a", "z"),
    "dE/dW": ("E", "W"),
    "dE/db": ("E", "b"),
    "dR/dW": ("R", "W"),
    "dJ/dW": ("J", "W"),
}
OF_COLUMNS = {f"dE/d{of}": ("E", of) for of in ("h", "e", "vc", "ac", *PARAMETERS)} | {"dac/dzc": ("ac", "zc")}
FOLLOWS_THE_GRADIENT = ("m", "m_old", "m_hat", "u", "u_old")  # these change their sign with it; squares do not

_GLYPHS = {
    "alpha": Mark("α"),
    "beta": Mark("β"),
    "gamma": Mark("γ"),
    "theta": Mark("θ"),
    "delta": Mark("δ"),
    "yhat": Mark("y", accent="hat"),
    "mask": Mark("r"),
}


def glyph(letter: str, sub: str = "", sup: str = "") -> Mark:
    """A letter that is typed as a word, as it is set."""
    return replace(_GLYPHS.get(letter, Mark(letter)), sub=sub, sup=sup)


def cell(ref: Ref, shapes: Shapes, to_first: bool = False) -> str:
    """The indices of a weight, from and to, side by side; with a comma where there are more than nine: 12 or 1,12."""
    place = ref.place[::-1] if to_first else ref.place
    comma = "," if all(isinstance(number, int) for number in place) and max(shapes.of(ref)) > 9 else ""
    return comma.join(map(str, place))


def sample(ref: Ref, shapes: Shapes) -> str:
    """`[3]` behind what belongs to sample 3; nothing where there is one sample."""
    return f"[{ref.place[0]}]" if ref.by_sample and ref.place and shapes.samples > 1 else ""


def lettered(letter: str, place: str, layer: str = "", tail: str = "") -> Name:
    """`alpha_1^(2)[3]`: a letter, its place below and its layer above, of sample 3."""
    text = letter + (f"_{place}" if place else "") + (f"^{layer}" if layer else "") + tail
    return Name(text, glyph(letter, place, layer + tail))


def share(error: str, ref: Ref, shapes: Shapes) -> Name:
    """`E_2`, the share that output 2 has in E; `E[:]` all of them."""
    return lettered(error, unit(ref), tail=sample(ref, shapes)) if ref.place else Name(f"{error}[:]", Mark(error, ":"))


def sample_weight(ref: Ref, shapes: Shapes) -> Name:
    """The weight of a sample, spelt out: the letter w is the weights'."""
    tail = sample(ref, shapes)
    return Name(f"sample_weight{tail}", Mark("weight", "", tail))


def unit(ref: Ref) -> str:
    """The number of the unit that a quantity belongs to; nothing of a whole matrix."""
    return str(ref.place[-1]) if ref.place else ""


def slots_of(*letters: str) -> frozenset[str]:
    """The kinds of what an optimizer remembers that count with the gradient's sign, of "W", of "b" or of both."""
    return frozenset(f"{slot}_{letter}" for slot in FOLLOWS_THE_GRADIENT for letter in letters)


def composed(plain: Naming, derivatives: Mapping[str, tuple[str, str]] = DERIVATIVES) -> Naming:
    """Names for all quantities of a step, from those of the simple ones.

    Args:
        plain: names x, h, y, q, W, b, s, z, f, mask, a, delta, share, E, R and J.
        derivatives: for each kind that is named as a derivative, what is derived, by what.
    """

    derivatives = {**OF_COLUMNS, **derivatives}

    def name(ref: Ref, shapes: Shapes) -> Name:
        if ref.kind in derivatives:
            return _derivative(ref, *derivatives[ref.kind], shapes)
        if ref.kind.endswith("'"):
            of = name(replace(ref, kind=ref.parameter), shapes)
            return Name(f"{of.text}'", replace(of.mark, sup=f"{of.mark.sup}′"))
        if ref.slot:
            return slot(ref, name(replace(ref, kind=ref.slot[1]), shapes))
        if ref.kind == "w":
            return sample_weight(ref, shapes)
        # No book has letters for column layers.
        without = ref.kind in SETTINGS or (ref.of_columns and ref.kind != "h")
        return canonical.name(ref, shapes) if without else plain(ref, shapes)

    def _derivative(ref: Ref, top: str, bottom: str, shapes: Shapes) -> Name:
        of = name(_numerator(ref, top), Shapes(shapes.network, samples=1))
        by = name(replace(ref, kind=bottom, output=0, place=_of_denominator(ref)), shapes)
        return Name(f"d{of.text}/d{by.text}", of.mark, by=by.mark)

    return name


def _numerator(ref: Ref, kind: str) -> Ref:
    """What is derived; its sample is named in what it is derived by."""
    if kind == "share":
        return Ref("share", 0, (ref.place[0] if ref.place else 1, ref.output))
    return Ref(kind, ref.layer, ref.place[:2]) if kind in ("a", "ac") else Ref(kind)


def _of_denominator(ref: Ref) -> tuple[Place, ...]:
    return (ref.place[0], ref.place[-1]) if len(ref.place) == 3 else ref.place


def slot(ref: Ref, of: Name) -> Name:
    """m, v or u of a parameter, with a hat where it is corrected, old where it is from before."""
    assert ref.slot is not None
    kind = ref.slot[0]
    text, sup = f"{kind}_{of.text}", of.mark.sup
    if kind == "decayed":
        return Name(text, replace(of.mark, sup=f"{sup} decayed"))
    letter = kind.removesuffix("_hat").removesuffix("_old")
    sub = ", ".join(part for part in (of.mark.base, of.mark.sub) if part)
    old = " old" if kind.endswith("_old") else ""
    return Name(text, Mark(letter, sub, sup + old, "hat" if kind.endswith("_hat") else ""))
