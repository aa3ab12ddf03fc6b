"""What was wrong with the words of a command, in one message of the house."""

from __future__ import annotations

import re
from typing import Any

from clearprop.errors import did_you_mean

_PREFIX = "Value error, "  # what the library that checks values puts before its own words
_CHOICE = re.compile(r"'([^']*)' is not one of ('[^']*'(?:, '[^']*')*)\.?$")


def is_about_usage(error: Exception) -> bool:
    """Whether an error says that the words of a command are wrong, as typer and click raise it.

    Their classes have stood in several places; that such an error formats its message and has an exit status has not
    changed.
    """
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def told(error: Any) -> str:
    """The message of such an error, or "", in one line, with the nearest known word and where the help is."""
    text = " ".join(error.format_message().replace(_PREFIX, "").split())
    if not text:
        return ""
    if found := _CHOICE.search(text):
        text = text.rstrip(".") + did_you_mean(found[1], re.findall("'([^']*)'", found[2]))
    text = text.rstrip(".")
    path = getattr(getattr(error, "ctx", None), "command_path", "clearprop")
    return f"{text}{'' if text.endswith('?') else '.'} See {path} --help"
