"""How a table becomes a matrix: learnt once, from training rows alone, and the same for every table afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError, did_you_mean
from clearprop.random import Draw, Stream
from clearprop.table import columns as kinds_of_column
from clearprop.table import kinds as finding
from clearprop.table.column import Column, Learning, Matrix, in_order
from clearprop.table.columns import LeftOut
from clearprop.table.table import Table, quoted
from clearprop.table.target import Label, Target, column_of, labelled

T = TypeVar("T")

SAMPLE = 1 << 18
"""Rows that statistics are learnt from, where there are more."""

COPY = "goes one to one with the target: is it a copy of the answer?"


@dataclass(frozen=True)
class Encoding:
    """What became of each column and of the target, and from how many rows it was learnt.

    >>> import polars as pl
    >>> toys = {"size": [1, 2, 3, 4], "colour": ["red", "blue", "red", None], "y": list("abab")}
    >>> table = Table.of(pl.DataFrame(toys), "toys")
    >>> encoding = Encoding.learn(table, target="y")
    >>> encoding.input_names
    ('size', 'colour=blue', 'colour=red', 'colour missing')
    >>> encoding.inputs(table)[:, 1:].tolist(), encoding.targets(table).tolist()
    ([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [0, 1, 0, 1])
    """

    columns: tuple[Column, ...]
    target: Target
    rows: int
    dropped_rows: int

    @staticmethod
    def learn(
        table: Table,
        target: str | Target,
        rows: Sequence[int] | NDArray[np.integer[Any]] | None = None,
        task: str | None = None,
        kinds: Mapping[str, str] | None = None,
        one_hot_to: int | None = None,
        seed: int = 0,
    ) -> Encoding:
        """Learn from the training rows of a table, and from nothing else in it.

        Of more than 262,144 of them, so many are learnt from, chosen by the seed and by their numbers in the table
        alone; only what are the classes of the target is learnt from all.

        Args:
            target: the name of the column to predict, or a Target whose classes are known already (from all
                rows, so that rows can be split by class before anything else is learnt from them).
            rows: indices of the training rows, from 0; None: all. Those that lack the target are dropped and
                counted.
            task: "classes", "numbers", or None to decide by the target's values.
            kinds: "number", "category", "boolean", "date" or "left out" for columns that are not to be what
                they look like.
            one_hot_to: a column with more categories becomes one input, the number of its category, which only an
                `Embedding` makes something of; `input_categories` tells which inputs are such. None: none does.
            seed: of the choice of rows.

        Raises InputError where there is nothing to learn from, or a column has values that cannot be its kind's.
        """
        name = target if isinstance(target, str) else target.name
        column_of(table, name)
        asked = dict(kinds or {})
        for other in asked:
            column_of(table, other)
        if name in asked:
            raise InputError(f"{quoted(name)} is the target: it has no kind of input; say what it is with task")
        chosen = table if rows is None else table.select(rows)
        if not len(chosen):
            raise InputError(f"{table.source}: there are no training rows")
        known = labelled(chosen, name)
        some = few(chosen, known, seed)
        training = chosen.select(some).retyped()
        if isinstance(target, str):
            target = Target.learn(training if len(some) == len(known) else chosen.select(known).retyped(), name, task)
        answer = target.learn_scale(training)
        learning = Learning(one_hot_to=one_hot_to)
        learnt = tuple(
            _marked(finding.learn(training, column, asked.get(column), learning), training, name)
            for column in table.names
            if column != name
        )
        encoding = Encoding(learnt, answer, len(training), len(chosen) - len(known))
        if not encoding.input_names:
            reasons = (
                "; ".join(f"{quoted(column.name)}: left out: {column.done}" for column in learnt)
                or "there is no other column"
            )
            raise InputError(f"{table.source}: no column is left to predict {quoted(name)} from ({reasons})")
        return encoding

    @property
    def task(self) -> str:
        return self.target.task

    @property
    def classes(self) -> tuple[Label, ...]:
        """The labels of the classes in order; empty for numbers."""
        return self.target.classes

    @cached_property
    def places(self) -> tuple[NDArray[np.int64], ...]:
        """Where the inputs of each column stand in the matrix: numbers first, then flags, then codes."""
        ends = list(accumulate((len(column.input_kinds) for column in self.columns), initial=0))
        places = in_order([kind for column in self.columns for kind in column.input_kinds])
        return tuple(places[start:end] for start, end in pairwise(ends))

    @property
    def input_names(self) -> tuple[str, ...]:
        """One name for each column of the matrix."""
        return self._placed([column.input_names for column in self.columns])

    @property
    def input_categories(self) -> tuple[int, ...]:
        """For each column of the matrix how many categories it numbers; 0 where it is a number itself."""
        kinds = [[column.codes if kind == "code" else 0 for kind in column.input_kinds] for column in self.columns]
        return self._placed(kinds)

    def _placed(self, parts: Sequence[Sequence[T]]) -> tuple[T, ...]:
        """What is said of the inputs, column by column, in the order of the inputs."""
        said = [one for part in parts for one in part]
        return tuple(said[place] for place in np.argsort(np.concatenate([[], *self.places])))

    def inputs(self, table: Table) -> Matrix:
        """The matrix of a table's rows, (B, I), float32, rows first; the target need not be there.

        Columns are found by name, in any order; others are ignored. Raises InputError for a column that is not there,
        and for the first value that cannot be of its column's kind.
        """
        self._check_names(table)
        out = np.zeros((len(table), sum(map(len, self.places))), dtype=np.float32)
        for column, places in zip(self.columns, self.places, strict=True):
            if not len(places):
                continue
            if places[-1] - places[0] == len(places) - 1:
                column.fill(table, out[:, places[0] : places[-1] + 1])
            else:
                own = np.zeros((len(table), len(places)), dtype=np.float32)
                column.fill(table, own)
                out[:, places] = own
        return out

    def targets(self, table: Table) -> NDArray[Any]:
        """Class indices, (B,), or numbers in their own unit, (B, 1); as `Target.values`."""
        return self.target.values(table)

    def standardise(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers in their own unit -> mean 0 and deviation 1 over the training rows."""
        return self.target.standardise(y)

    def unstandardise(self, z: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The inverse of `standardise`."""
        return self.target.unstandardise(z)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain dictionaries, lists, texts and numbers."""
        return {
            "columns": [column.to_json() for column in self.columns],
            "target": self.target.to_json(),
            "rows": self.rows,
            "dropped_rows": self.dropped_rows,
        }

    @staticmethod
    def from_json(description: Mapping[str, Any]) -> Encoding:
        """The encoding that `to_json` described; raises InputError for anything that it could not have written."""
        known = ("columns", "target", "rows", "dropped_rows")
        if not isinstance(description, Mapping) or set(description) != set(known):
            raise InputError(f"encoding: expected an object with the keys {', '.join(known)}")
        given = description["columns"]
        if not isinstance(given, list):
            raise InputError(f"encoding: expected a list of columns, got {given!r:.60}")
        learnt = tuple(kinds_of_column.from_json(column, f"column {place}") for place, column in enumerate(given, 1))
        names = {column.name for column in learnt}
        counts = [description[key] for key in known[2:]]
        if any(type(count) is not int or count < 0 for count in counts):
            raise InputError(f"encoding: expected numbers of rows, got {counts!r:.60}")
        target = Target.from_json(description["target"])
        if len(names) < len(learnt) or target.name in names:
            raise InputError("encoding: a column stands twice, or is the target as well")
        return Encoding(learnt, target, *counts)

    def _check_names(self, table: Table) -> None:
        lacking = [c.name for c in self.columns if c.input_names and c.name not in table.frame.columns]
        if lacking:
            more = ", ".join(map(quoted, lacking[1:6]))
            others = f" (and {len(lacking) - 1} more: {more}{', …' if len(lacking) > 6 else ''})" if more else ""
            raise InputError(
                f"{table.source}: there is no column {quoted(lacking[0])}{others}, "
                f"which the model was trained with{did_you_mean(lacking[0], table.names)}"
            )


def few(table: Table, rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """All of these rows of a table, or `SAMPLE` of them: which, is a draw by seed and number in the table."""
    if len(rows) <= SAMPLE:
        return rows
    numbers = table.rows[rows] - 1
    draw, ordered = Draw(seed, Stream.STATISTICS, SAMPLE), np.sort(numbers)
    for start in range(0, len(ordered), SAMPLE):
        draw.enter(ordered[start : start + SAMPLE])
        if draw.is_full:
            draw.kept()
    draw.kept()
    return rows[np.isin(numbers, draw.rows)]


def _marked(column: Column, table: Table, target: str) -> Column:
    """The column, with a note where it gives the answer away."""
    if isinstance(column, LeftOut) or not finding.one_to_one(table.frame[column.name], table.frame[target]):
        return column
    return replace(column, notes=(*column.notes, COPY))
