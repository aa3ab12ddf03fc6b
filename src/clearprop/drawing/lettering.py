"""How wide a text will be, estimated: nothing here can measure a font, and a drawing must leave room."""

from __future__ import annotations

import unicodedata

LABEL = 12.0
SMALL = 11.0


def width(text: str, size: float = LABEL) -> float:
    """The width of a text in pixels at a font size, on the generous side.

    >>> width("abc", 10) < width("中文字", 10)
    True
    """
    return sum(_ems(letter) for letter in text) * size


def _ems(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WFA":
        return 1.0
    if letter in "mwMW%@—":
        return 0.9
    return 0.34 if letter in "ijl.,:;|' " else 0.64


def shortened(text: str, room: float, size: float = LABEL) -> str:
    """A text cut to the room there is, with `…` for what is missing; line breaks become spaces.

    >>> shortened("mean fractal dimension", 80, 12)
    'mean fra…'
    """
    text = " ".join(text.split())
    if width(text, size) <= room:
        return text
    kept = ""
    for letter in text:
        if width(kept + letter + "…", size) > room:
            break
        kept += letter
    return kept.rstrip() + "…"
