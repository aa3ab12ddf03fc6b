"""Fits that are done, a line of JSON each, so that a run can be cut short and go on, and peers need not fit again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clearprop.benchmark.accuracy.entrants import Entrant
from clearprop.benchmark.accuracy.fit import Draw, Fitted
from clearprop.errors import InputError


@dataclass(frozen=True)
class Key:
    """What the scores of a fit depend on; neither the machine nor the number of threads is among it.

    Attributes:
        table: the fingerprint of the task's table.
        version: of the entrant.
        settings: the entrant's, as JSON.
    """

    task: str
    table: str
    folds: int
    seed: int
    fold: int
    entrant: str
    version: str
    settings: str

    @staticmethod
    def of(task: str, table: str, fold: int, entrant: Entrant, draw: Draw) -> Key:
        settings = json.dumps(entrant.settings, sort_keys=True)
        return Key(task, table, draw.folds, draw.seed, fold, entrant.name, entrant.version(), settings)


@dataclass(frozen=True)
class Row:
    """A fit that is done.

    Attributes:
        threads: that it was limited to.
        timed: whether its times count: the machine did nothing else.
        machine: the processor's name.
        when: the time in ISO 8601.
    """

    key: Key
    fitted: Fitted
    threads: int
    timed: bool
    machine: str
    when: str

    def to_json(self) -> dict[str, Any]:
        about = {"threads": self.threads, "timed": self.timed, "machine": self.machine, "when": self.when}
        return {**vars(self.key), **self.fitted.to_json(), **about}

    @staticmethod
    def from_json(told: dict[str, Any]) -> Row:
        key = Key(**{name: told[name] for name in Key.__dataclass_fields__})
        fitted = Fitted(**{name: told[name] for name in Fitted.__dataclass_fields__})
        return Row(key, fitted, told["threads"], told["timed"], told["machine"], told["when"])


class Cache:
    """The rows of a file, or of this run alone where there is no file. Of one key the last row is the one that counts,
    but one that is timed is not replaced by one that is not.

    Raises InputError for a line that is no row; one that is cut off, as a killed run leaves it, is passed over.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._rows: dict[Key, Row] = {}
        if path is not None and path.exists():
            for row in _read(path):
                self._keep(row)

    def get(self, key: Key) -> Row | None:
        return self._rows.get(key)

    def add(self, row: Row) -> None:
        """Keeps a row, in the file before anything else happens."""
        self._keep(row)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole = not self.path.exists() or self.path.read_bytes()[-1:] in (b"", b"\n")
            with self.path.open("a", encoding="utf-8") as file:
                file.write(("" if whole else "\n") + json.dumps(row.to_json()) + "\n")

    def _keep(self, row: Row) -> None:
        known = self._rows.get(row.key)
        if known is None or row.timed or not known.timed:
            self._rows[row.key] = row


def _read(path: Path) -> Iterator[Row]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        with contextlib.suppress(json.JSONDecodeError):
            told = json.loads(line)
            try:
                yield Row.from_json(told)
            except (KeyError, TypeError):
                raise InputError(f"{path}, line {number}: this is no fit of the benchmark; delete the line") from None
