"""Words and formulas set in lines of a terminal's width."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_NEVER_FIRST = ",;:!?)，。；：！？、）”》…"
_NEVER_LAST = "(（“《"


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes; Chinese characters take two.

    >>> width_of("net = 净输入")
    12
    """
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def wrapped(text: str, width: int, hanging: int = 0) -> list[str]:
    """A text in lines of at most so many columns, broken at spaces and between Chinese characters.

    Args:
        text: without line breaks.
        width: of a line; a single word may be wider.
        hanging: by how many columns the lines after the first are set in.

    >>> wrapped("a + b + c", width=5, hanging=2)
    ['a + b', '  + c']
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line.strip() and width_of((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = " " * hanging
            piece = piece.lstrip()
        line += piece
    return [*lines, line.rstrip()]


def padded(text: str, width: int) -> str:
    """A text filled up with spaces on its right."""
    return text + " " * max(0, width - width_of(text))


def _pieces(text: str) -> Iterator[str]:
    """What a line is not broken within; a sign such as + or = stays before what it belongs to."""
    piece = ""
    for number, letter in enumerate(text):
        before = text[number - 1] if number else ""
        if piece and _may_break(before, letter, text[number - 2 : number]):
            yield piece
            piece = ""
        piece += letter
    yield piece


def _may_break(before: str, letter: str, last_two: str) -> bool:
    if before == " ":
        return last_two not in _SIGNS
    wide = unicodedata.east_asian_width(before) in "WF" or unicodedata.east_asian_width(letter) in "WF"
    return wide and letter not in _NEVER_FIRST and before not in _NEVER_LAST and letter != " "


_SIGNS = {f"{sign} " for sign in "+-=·⊙/"}
