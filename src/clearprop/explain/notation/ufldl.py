"""ufldl: the notation of document 003. W_ij⁽ˡ⁾ leads from unit j of layer l to unit i of layer l + 1; J is the cost."""

from __future__ import annotations

from clearprop.explain.notation.base import Notation
from clearprop.explain.notation.counted import named


def text(letter: str, place: str, layer: str) -> str:
    return f"{letter}_{place}^({layer})" if place else f"{letter}^({layer})"


_NAME, _ALIASES = named("J", "W", text, above="({})", parameters_of=0)

UFLDL = Notation(
    "ufldl",
    {"en": "layers above, units below, W to, from (UFLDL)", "zh": "上标为层、下标为单元，W 先终点后起点(UFLDL)"},
    _NAME,
    _ALIASES,
    columns=True,
)
