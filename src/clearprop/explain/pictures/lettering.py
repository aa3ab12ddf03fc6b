"""Names and numbers as plain text for drawings: ∂E/∂w₅, a₁⁽²⁾, 0.5933."""

from __future__ import annotations

from clearprop.drawing import numerals
from clearprop.explain.explanation import Explanation
from clearprop.explain.notation import Mark
from clearprop.explain.ref import Ref
from clearprop.explain.render.numerals import given

_BELOW = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_ABOVE = str.maketrans("0123456789+-()T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀ")
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
SIGNIFICANT = 4


def mark(one: Mark) -> str:
    """A letter with small digits around it; words stand beside it.

    >>> mark(Mark("w", "5", "+")), mark(Mark("net", "h1")), mark(Mark("W", "1→2", "(1)"))
    ('w₅⁺', 'net h₁', 'W₁→₂⁽¹⁾')
    """
    below = one.sub.translate(_BELOW)
    between = " " if one.sub[:1].isalpha() and len(one.base + one.sub) > 2 else ""
    return one.base + _ACCENTS.get(one.accent, "") + between + below + one.sup.translate(_ABOVE)


def name(explanation: Explanation, ref: Ref) -> str:
    """A quantity's name as a drawing writes it; all outputs' shares of the error are named in words."""
    one = explanation.name(ref)
    if one.mark.sub == ":":
        return explanation.words.label("shares", E=one.mark.base)
    return mark(one.mark) if one.by is None else f"∂{mark(one.mark)}/∂{mark(one.by)}"


def number(explanation: Explanation, ref: Ref, value: float, digits: int = SIGNIFICANT) -> str:
    """A number to so few digits that it fits: what was given as it was written, where that is short."""
    if ref.whole not in explanation.trace.definitions:
        written = given(float(value), digits)
        if len(written) <= digits + 2:
            return written.replace("-", "−")
    return numerals.number(float(value), digits)
