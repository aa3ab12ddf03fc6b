"""A TOML text whose every key knows its line, so that a message can name it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clearprop.errors import InputError

Path = tuple[str | int, ...]

DEEPEST = 100  # brackets within brackets; tomllib itself would run out of stack
LONGEST = 1000  # digits of a whole number; a float ends at 309, and Python shows none of more than 4,300

# Whatever can hold a bracket or the end of a line, brackets and ends of lines themselves, and what is too long.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n]"
    rf"|(?<![\w.])\d\w{{{LONGEST},}}",
    re.DOTALL,
)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MENDS = {
    "Expected '=' after a key": "; put a key with other characters than letters, digits, - and _ in quotes",
    "Invalid value": "; texts stand in quotes, and a number has a digit before its point",
    "Cannot": "; each key and each section may be there once",
}


@dataclass(frozen=True)
class Literal:
    """A TOML number with a point or an exponent, in the digits of the file."""

    text: str


@dataclass(frozen=True)
class Document:
    """A parsed TOML text.

    Attributes:
        name: of the file, for messages.
        text: with line feeds alone at the ends of lines.
        tree: tables, lists and values; a number with a point or an exponent is a `Literal`.
    """

    name: str
    text: str
    tree: Mapping[str, Any]

    @staticmethod
    def parse(name: str, text: str) -> Document:
        """The document of a text; one that is no TOML is an `InputError` that names the line."""
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        try:
            _check_limits(text)
            return Document(name, text, tomllib.loads(text, parse_float=Literal))
        except tomllib.TOMLDecodeError as error:
            what, line = _told(str(error), text)
        except _Beyond as error:
            what, line = str(error), text.count("\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: {what}") from None

    def place(self, path: Path) -> str:
        """The file and the line of a key; of one that is missing, the line of the section that should have it."""
        while path not in self._lines:
            path = path[:-1]
        return f"{self.name}, line {self._lines[path]}"

    def wrong(self, path: Path, message: object) -> InputError:
        """The error that says where, and then what is wrong."""
        return InputError(f"{self.place(path)}: {message}")

    @cached_property
    def _lines(self) -> dict[Path, int]:
        """The line of every key and section; what is nowhere is missed at the end."""
        lines: dict[Path, int] = {(): _last_line(self.text)}
        section: Path = ()
        counts: dict[Path, int] = {}
        for line, statement in _statements(self.text):
            tree = tomllib.loads(statement)
            if statement.lstrip().startswith("["):
                section = _section(tree, counts)
                for end in range(1, len(section) + 1):
                    lines.setdefault(section[:end], line)
            else:
                for path in _paths(tree, section):
                    lines.setdefault(path, line)
        return lines


class _Beyond(ValueError):
    """What a text has more of than it may, from which character on."""

    def __init__(self, message: str, start: int) -> None:
        super().__init__(message)
        self.start = start


def _check_limits(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > DEEPEST:
            raise _Beyond(f"more than {DEEPEST} brackets within each other", token.start())
        if token[0][0].isdecimal():
            raise _Beyond(f"a number of {len(token[0]):,} digits is too large", token.start())


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The header lines and the keys with their values, which may go over several lines, each with its first line."""
    depth, start, line = 0, 0, 1
    for token in _TOKEN.finditer(text + "\n"):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if token[0] == "\n" and depth == 0:
            statement = text[start : token.start()]
            yield line, statement
            start, line = token.end(), line + statement.count("\n") + 1


def _section(tree: Mapping[str, Any], counts: dict[Path, int]) -> Path:
    """The path of a header, parsed alone; the tables of a list are counted."""
    path: Path = ()
    while tree:
        (key, inner), *_ = tree.items()
        path = (*path, key)
        if isinstance(inner, list):
            counts[path] = counts.get(path, -1) + 1
            return (*path, counts[path])
        tree = inner
    return path


def _paths(tree: Any, path: Path) -> Iterator[Path]:
    """All paths in a tree; of lists, only those of tables."""
    if path:
        yield path
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(tree, list):
        for index, inner in enumerate(tree):
            if isinstance(inner, dict):
                yield from _paths(inner, (*path, index))


def _told(message: str, text: str) -> tuple[str, int]:
    """What tomllib says is wrong, with a mend where there is one, and the line."""
    match = _PLACE.search(message)
    what = message[: match.start()] if match else message
    mend = next((mend for start, mend in _MENDS.items() if what.startswith(start)), "")
    if match and match[1]:
        return f"not TOML at column {match[2]}: {what}{mend}", int(match[1])
    return f"not TOML at the end: {what}{mend}", _last_line(text)


def _last_line(text: str) -> int:
    return text.rstrip().count("\n") + 1
