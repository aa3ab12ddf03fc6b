"""nielsen: w^l_jk leads from unit k of layer l - 1 to unit j of layer l; C is the cost.

Michael Nielsen, Neural Networks and Deep Learning, 2015, chapter 2.
"""

from __future__ import annotations

from clearprop.explain.notation.base import Notation
from clearprop.explain.notation.counted import named


def text(letter: str, place: str, layer: str) -> str:
    return f"{letter}^{layer}_{place}" if place else f"{letter}^{layer}"


_NAME, _ALIASES = named("C", "w", text, above="{}", parameters_of=1)

NIELSEN = Notation(
    "nielsen",
    {"en": "layer above, w to, from, cost C (Nielsen)", "zh": "上标为层，w 先终点后起点，代价 C(Nielsen)"},
    _NAME,
    _ALIASES,
    columns=True,
)
