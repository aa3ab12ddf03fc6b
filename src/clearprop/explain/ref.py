"""Names of the quantities of a step: canonical ids such as `z1[2]`, `dE/dW1[2->1]`, `W1'[2->1]`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from clearprop.errors import InputError, unknown

Place = int | str

# How each kind is written: {l} is its layer or, of those with a c, its column layer, {k} the output whose share it is.
TEMPLATES = {
    "x": "x",
    "y": "y",
    "q": "q",
    "w": "w",
    "W": "W{l}",
    "b": "b{l}",
    "s": "s{l}",
    "z": "z{l}",
    "f": "f{l}",
    "mask": "mask{l}",
    "a": "a{l}",
    "E": "E",
    "share": "E",
    "R": "R",
    "J": "J",
    "dE/da": "dE/da{l}",
    "dE[k]/da": "dE[{k}]/da{l}",
    "da/dz": "da{l}/dz{l}",
    "delta": "delta{l}",
    "dE/dW": "dE/dW{l}",
    "dE/db": "dE/db{l}",
    "dR/dW": "dR/dW{l}",
    "dJ/dW": "dJ/dW{l}",
    "W'": "W{l}'",
    "b'": "b{l}'",
    "zc": "zc{l}",
    "ac": "ac{l}",
    "vc": "vc{l}",
    "e": "e",
    "h": "h",
    "scale": "scale",
    "dE/dh": "dE/dh",
    "dE/dscale": "dE/dscale",
    "dE/de": "dE/de",
    "dE/dvc": "dE/dvc{l}",
    "dE/dac": "dE/dac{l}",
    "dac/dzc": "dac{l}/dzc{l}",
    "deltac": "deltac{l}",
    "scale'": "scale'",
}
COLUMN_LETTERS = "WbmUcT"
"""The letters of the parameters that column layers have: `Wc1` is W of the first."""
for _letter in COLUMN_LETTERS:
    TEMPLATES |= {
        f"{_letter}c": f"{_letter}c{{l}}",
        f"dE/d{_letter}c": f"dE/d{_letter}c{{l}}",
        f"{_letter}c'": f"{_letter}c{{l}}'",
    }
PARAMETERS = ("W", "b", *(f"{letter}c" for letter in COLUMN_LETTERS), "scale")
# What an optimizer computes on the way, for each parameter: `m_W1[2->1]`, `m_b1[1]`, `m_Uc1[2,1]`, `m_scale[1]`.
SLOT = re.compile(rf"(?P<slot>[a-z_]+?)_(?P<of>{'|'.join(PARAMETERS)})")
SETTINGS = ("B", "eta", "l1", "l2", "momentum", "beta1", "beta2", "epsilon", "decay", "weight_decay", "fade", "t")

BEFORE_LAYERS = ("e", "h", "scale", "dE/dh", "dE/dscale", "dE/de", "scale'")  # of all column layers together
OF_A_COLUMN_LAYER = ("zc", "ac", "vc", "dE/dvc", "dE/dac", "dac/dzc", "deltac")
OF_A_LAYER = ("s", "z", "f", "mask", "a", "dE/da", "dE[k]/da", "da/dz", "delta")
BY_SAMPLE = frozenset(("x", "y", "q", "w", "share", "e", "h", "dE/dh", "dE/de", *OF_A_LAYER, *OF_A_COLUMN_LAYER))


@dataclass(frozen=True, slots=True)
class Ref:
    """One quantity: a number (with its place) or a whole matrix (without).

    Attributes:
        kind: a key of `TEMPLATES`, a setting of the run such as "eta", or an optimizer's `m_W`, `m_b`.
        layer: counted from 1; 0 for what belongs to none. Of a column layer's, the number of that.
        place: (sample, unit), (from, to) or (unit,), all counted from 1, or letters where the place is any.
        output: the output whose share it is, for `dE[k]/da`.
    """

    kind: str
    layer: int = 0
    place: tuple[Place, ...] = ()
    output: Place = 0

    def at(self, *place: Place) -> Ref:
        return replace(self, place=place)

    @property
    def whole(self) -> Ref:
        return replace(self, place=())

    @property
    def parameter(self) -> str:
        """The parameter that it is, or whose gradient, memory or new value it is: "W", "b", "Uc", "scale"; else "".

        >>> Ref("dE/dUc", 1).parameter, Ref("m_b", 2).parameter, Ref("dE/dac", 1).parameter
        ('Uc', 'b', '')
        """
        return _parameter(self.kind)

    @property
    def by_weight(self) -> bool:
        return self.parameter == "W"

    @property
    def by_bias(self) -> bool:
        return self.parameter == "b"

    @property
    def of_columns(self) -> bool:
        """Whether it belongs to a column layer, or to all of them together."""
        return self.parameter not in ("", "W", "b") or self.kind in OF_A_COLUMN_LAYER or self.kind in BEFORE_LAYERS

    @property
    def by_sample(self) -> bool:
        return self.kind in BY_SAMPLE

    @property
    def slot(self) -> tuple[str, str] | None:
        """("m", "W") for what an optimizer computes on the way, else nothing."""
        return _slot(self.kind)

    def text(self, samples: int = 1) -> str:
        """The canonical id; where there is one sample it is not named.

        >>> Ref("dE/dW", 1, (2, 1)).text(), Ref("z", 1, (3, 2)).text(samples=4), Ref("z", 1, (1, 2)).text()
        ('dE/dW1[2->1]', 'z1[3,2]', 'z1[2]')
        """
        numbered = "{l}" if self.slot and self.layer else ""
        name = TEMPLATES.get(self.kind, self.kind + numbered).format(l=self.layer, k=self.output)
        if not self.place:
            return f"{name}[:]" if self.kind == "share" else name
        joint = "->" if self.by_weight or len(self.place) == 3 else ","
        place = self.place[1:] if self.by_sample and samples == 1 else self.place
        if self.kind == "w":
            place = self.place[:1]
        if len(self.place) == 3:  # a derivative of one unit by another, of a sample
            sample = "" if samples == 1 else f"{self.place[0]},"
            return f"{name}[{sample}{self.place[1]}->{self.place[2]}]"
        return f"{name}[{joint.join(map(str, place))}]"


@cache
def _parameter(kind: str) -> str:
    slot = _slot(kind)
    of = slot[1] if slot else kind.removesuffix("'").rpartition("/d")[2]
    return of if of in PARAMETERS else ""


@cache
def _slot(kind: str) -> tuple[str, str] | None:
    match = SLOT.fullmatch(kind) if kind not in TEMPLATES and kind not in SETTINGS else None
    return (match["slot"], match["of"]) if match else None


_ID = re.compile(r"(?P<name>[^\[\]]+(?:\[(?P<output>\d+)\]/[^\[\]]+)?)(?:\[(?P<place>[^\[\]]+)\])?")
_NUMBER = "[1-9][0-9]*"
# How places are written: a weight's, a derivative's of one unit by another, and all others', the sample first.
_PLACES = {
    "weight": (rf"{_NUMBER}->{_NUMBER}", "from unit to unit, as [2->1]"),
    "slope": (rf"({_NUMBER},)?{_NUMBER}(->{_NUMBER})?", "unit, or sample and unit, as [2] or [3,2]"),
    "other": (rf"({_NUMBER},)?{_NUMBER}", "unit, or sample and unit, counted from 1, as [2] or [3,2]"),
}


def parse(text: str) -> Ref:
    """The quantity that a canonical id means; a place without a sample stays without one.

    >>> parse("dE[2]/da1[1]")
    Ref(kind='dE[k]/da', layer=1, place=(1,), output=2)
    >>> parse("dE/dW1[2->1]").place, parse("W1'[2->1]").kind, parse("E[2]").kind
    ((2, 1), "W'", 'share')
    """
    match = _ID.fullmatch(text.replace(" ", ""))
    if match is None:
        raise InputError(f'id "{text}": expected a name and a place, as z1[2], dE/dW1[2->1] or E')
    name, output, written = match["name"], int(match["output"] or 0), match["place"]
    if output:
        name = name.replace(f"[{output}]", "[k]", 1)
    if name in SETTINGS or name in ("x", "y", "q", "w", "R", "J"):
        ref = Ref(name)
    elif name == "E":
        ref = Ref("E" if written is None else "share")
    else:
        ref = Ref(*_kind_and_layer(text, name), output=output)
    return ref.at(*_place(text, ref, written))


def _kind_and_layer(text: str, name: str) -> tuple[str, int]:
    layers = set(re.findall(rf"(?<=[A-Za-z])({_NUMBER})", name))
    bare = re.sub(rf"(?<=[A-Za-z]){_NUMBER}", "", name)
    of_all = bare in BEFORE_LAYERS or bare.endswith("_scale")
    if of_all and not layers:
        return bare, 0
    if len(layers) == 1 and not of_all and (bare in TEMPLATES or SLOT.fullmatch(bare)):
        return bare, int(layers.pop())
    if "{l}" in TEMPLATES.get(bare, "") and not layers:
        raise InputError(f'id "{text}": the layer is missing, as {TEMPLATES[bare].format(l=1, k=1)}')
    raise unknown("id", text, {template.format(l=1, k=1) for template in TEMPLATES.values()})


def _place(text: str, ref: Ref, written: str | None) -> tuple[int, ...]:
    if written in (None, ":"):
        return ()
    form, example = _PLACES["weight" if ref.by_weight else "slope" if ref.kind == "da/dz" else "other"]
    if not re.fullmatch(form, written or ""):
        raise InputError(f'id "{text}": expected {example}')
    return tuple(int(number) for number in re.findall(_NUMBER, written or ""))
