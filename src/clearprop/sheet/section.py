"""A section of a sheet: its settings are looked at one by one, so that a message can name the line of the wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from clearprop.errors import InputError, unknown
from clearprop.sheet.document import Document, Path
from clearprop.sheet.values import plain, shown

T = TypeVar("T")

_IN_PYTHON = re.compile(r"""(?<!["'=\w])(True|False|X|Y)(?!["'\w])""")  # a sheet has true, false, x and y


@dataclass(frozen=True)
class Section:
    """A table of a document.

    Attributes:
        document: where it stands.
        path: its keys, from the outermost.
        table: its settings.
    """

    document: Document
    path: Path
    table: Mapping[str, Any]

    @staticmethod
    def of(document: Document, name: str, sample: str | None = None) -> Section:
        """The section of a name; where it is missing, an empty one, or an error that shows a sample."""
        table = document.tree.get(name)
        if table is None and sample is not None:
            raise document.wrong((), f"the section [{name}] is missing; give it, as in {sample}")
        if table is not None and not isinstance(table, Mapping):
            raise document.wrong((name,), f"{name}: expected a section with the header [{name}], got {shown(table)}")
        return Section(document, (name,), table or {})

    @property
    def header(self) -> str:
        """The line that begins it."""
        names = [key for key in self.path if isinstance(key, str)]
        return f"[{'.'.join(names)}]" if len(names) == len(self.path) else f"[[{'.'.join(names)}]]"

    def wrong(self, key: str | None, message: object) -> InputError:
        """The error of a key, or of the section as a whole."""
        return self.document.wrong(self.path if key is None else (*self.path, key), message)

    def place(self, key: str) -> str:
        """The file and the line of a key."""
        return self.document.place((*self.path, key))

    def check_keys(self, known: Iterable[str], what: str = "key") -> None:
        """Every key must be a known one."""
        known = tuple(known)
        for key in self.table:
            if key not in known:
                place = f" of {self.header}" if self.path else ""
                raise self.wrong(key, unknown(f"{what}{place}", key, known))

    def built(self, keys: Iterable[str], build: Callable[[dict[str, Any]], T]) -> T:
        """What is built from the settings of these keys.

        They are given one more at a time, so that the first one with which the building fails is the wrong one.
        """
        given: dict[str, Any] = {}
        for key in keys:
            if key in self.table:
                given[key] = plain(self.table[key])
                self.checked(key, partial(build, given))
        return build(given)

    def checked(self, key: str | None, build: Callable[[], T]) -> T:
        """What is built from a key's value, or from the section; an error names the line."""
        try:
            return build()
        except InputError as error:
            raise self.wrong(key, _IN_PYTHON.sub(lambda word: word[0].lower(), str(error))) from None
