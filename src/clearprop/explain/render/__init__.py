"""An explanation as a document: each format is a module here, with a function of its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from clearprop.errors import unknown

if TYPE_CHECKING:
    from clearprop.explain.explanation import Explanation

FORMATS = ("text", "markdown", "latex", "html", "json", "python")


def render(explanation: Explanation, format: str) -> str:
    """The explanation in one of `FORMATS`.

    Raises:
        InputError: there is no such format.
    """
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    written: str = getattr(import_module(f"clearprop.explain.render.{format}"), format)(explanation)
    return written
