"""How each book writes the same quantity: symbols, index order, counting, primes and signs. One entry a notation."""

from __future__ import annotations

from clearprop.errors import unknown
from clearprop.explain.notation.base import Mark, Name, Notation
from clearprop.explain.notation.canonical import CANONICAL
from clearprop.explain.notation.matrix import MATRIX
from clearprop.explain.notation.matrix_columns import MATRIX_COLUMNS
from clearprop.explain.notation.net_out import NET_OUT
from clearprop.explain.notation.nielsen import NIELSEN
from clearprop.explain.notation.threshold import THRESHOLD
from clearprop.explain.notation.ufldl import UFLDL

NOTATIONS: dict[str, Notation] = {
    one.key: one for one in (CANONICAL, NET_OUT, THRESHOLD, MATRIX_COLUMNS, MATRIX, UFLDL, NIELSEN)
}

__all__ = ["NOTATIONS", "Mark", "Name", "Notation", "find_notation"]


def find_notation(key: str) -> Notation:
    """The notation of a name, or an `InputError` with the nearest one.

    >>> find_notation("net-out").key
    'net-out'
    """
    if key not in NOTATIONS:
        raise unknown("notation", key, NOTATIONS)
    return NOTATIONS[key]
