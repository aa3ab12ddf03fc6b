"""How numbers are spread about zero, many groups beside each other: weights and deltas, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, picture
from clearprop.drawing.numerals import number

TOP, GAP, LEAST = 20.0, 14.0, 26.0


@dataclass(frozen=True)
class Spread:
    """Numbers counted in steps of the same width, from -reach to reach; `note` says what the counts do not."""

    counts: Sequence[int]
    reach: float
    note: str = ""


def spreads(
    heads: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Spread]]],
    *,
    prefix: str,
    label: str,
    width: float = 360.0,
    height: float = 200.0,
) -> Markup:
    """A row of small bar charts for each layer, one beneath each head, each to its own scale and with a line at zero.

    Each is a group `spread[row head]`; at its sides stands how far it reaches. Where there are many rows, the drawing
    is as high as they need.

    >>> rows = [("layer 1", [Spread([1, 4, 1], 0.5), Spread([0, 9, 0], 1e-9, "2 dead")])]
    >>> drawing = spreads(["weights", "deltas"], rows, prefix="s", label="spread")
    >>> 'data-id="spread[layer 1 deltas]"' in drawing, "2 dead" in drawing
    (True, True)
    """
    left = max((lettering.width(name, lettering.SMALL) for name, _ in rows), default=0.0) + 12
    pitch = max(LEAST, (height - TOP) / max(1, len(rows)))
    wide = (width - left - GAP * (len(heads) - 1)) / max(1, len(heads))
    starts = [left + place * (wide + GAP) for place in range(len(heads))]
    parts = [
        element("text", head, x=x + wide / 2, y=12, class_="small muted middle")
        for x, head in zip(starts, heads, strict=True)
    ]
    for place, (name, several) in enumerate(rows):
        top = TOP + place * pitch
        parts.append(element("text", name, x=0, y=top + pitch / 2 + 4, class_="small muted"))
        for x, head, one in zip(starts, heads, several, strict=True):
            parts.append(_spread(prefix, f"spread[{name} {head}]", one, (x, top, wide, pitch - 4)))
    return picture(prefix, width, TOP + pitch * len(rows), label, *parts)


def _spread(prefix: str, id_: str, one: Spread, box: tuple[float, float, float, float]) -> Markup:
    left, top, wide, high = box
    step, base = wide / max(1, len(one.counts)), top + high - 2
    room, most = high - 4, max(one.counts, default=0) or 1
    bars = [
        element("rect", x=left + place * step, y=base - room * count / most, width=max(0.5, step - 0.5),
                height=room * count / most, class_="bar")
        for place, count in enumerate(one.counts)
        if count
    ]  # fmt: skip
    middle = left + wide / 2
    zero = element("line", x1=middle, x2=middle, y1=top, y2=base, class_="guide")
    ground = element("line", x1=left, x2=left + wide, y1=base, y2=base, class_="axis")
    reach = number(one.reach)
    ends = [
        element("text", f"−{reach}", x=left, y=top + 10, class_="small muted"),
        element("text", reach, x=left + wide, y=top + 10, class_="small muted end"),
    ]
    note = element("text", one.note, x=left + wide, y=top + 22, class_="small end strong") if one.note else None
    return group(prefix, id_, *bars, zero, ground, *(ends if one.reach else ()), note)
