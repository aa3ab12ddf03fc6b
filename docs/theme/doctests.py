"""The examples of a docstring stand in it as plain doctests; the reference shows them as code."""

from __future__ import annotations

import re
from typing import Any

import griffe

DOCTESTS = re.compile(r"(?:^>>> .*\n?(?:.+\n?)*\n*)+", re.MULTILINE)


class Doctests(griffe.Extension):
    """Puts the paragraphs of a docstring that begin with `>>>` under a heading that Griffe reads as examples."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring and "\nExamples:\n" not in obj.docstring.value:
            obj.docstring.value = DOCTESTS.sub(under_a_heading, obj.docstring.value)


def under_a_heading(found: re.Match[str]) -> str:
    lines = found[0].rstrip().splitlines()
    return "Examples:\n" + "\n".join(f"    {line}".rstrip() for line in lines) + "\n\n"
