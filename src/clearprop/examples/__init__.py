"""The worked examples: sheets that come with the package, to explain, to play with, to mark and to change."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from clearprop.errors import unknown
from clearprop.examples.catalogue import CATALOGUE, Example, Source
from clearprop.sheet import Sheet, parse_sheet

__all__ = ["Example", "Source", "example", "load", "names", "text"]


def names() -> tuple[str, ...]:
    """The names of all examples, those of one source together.

    >>> names()[0]
    'cnblogs-2-2-2'
    """
    return tuple(entry.name for entry in CATALOGUE)


def example(name: str) -> Example:
    """What is known of an example beside its sheet.

    Raises:
        InputError: there is no example of this name; the message has the nearest one.

    >>> example("cnblog-2-2-2")
    Traceback (most recent call last):
    clearprop.errors.InputError: unknown example "cnblog-2-2-2"; did you mean "cnblogs-2-2-2"? Known: ...
    """
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    raise unknown("example", name, names())


def text(name: str) -> str:
    """The sheet of an example as TOML, with its comments."""
    return files("clearprop.examples").joinpath("sheets", f"{example(name).name}.toml").read_text(encoding="utf-8")


@cache
def load(name: str) -> Sheet:
    """The sheet of an example.

    >>> sheet = load("cnblogs-2-2-2")
    >>> round(sheet.model.loss(sheet.X, sheet.Y), 9)
    0.298371109
    """
    return parse_sheet(text(name), name)
