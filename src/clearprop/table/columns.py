"""The kinds of column: one class each, with its statistics and how it fills its part of the matrix.

A kind is one entry: it learns from the training rows' values, names its inputs, and fills them for any table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.errors import InputError, unknown
from clearprop.table import described
from clearprop.table.category import Category
from clearprop.table.column import Column, InputKind, Learning, Matrix
from clearprop.table.parsing import ORDERS
from clearprop.table.scaling import Scale, only_two
from clearprop.table.table import Table
from clearprop.table.values import EXACT, date_order, moments, numbers, truths


@dataclass(frozen=True)
class Number(Column):
    """A number: scaled, and a 0/1 indicator beside it where training rows lack it.

    `binary` says that training rows have two different values of it and no more.
    """

    kind = "number"

    scale: Scale | None
    binary: bool

    @staticmethod
    def learn(table: Table, name: str, learning: Learning) -> Number:
        values = numbers(table, name)
        scale = Scale.learn(values, learning.weights)
        notes = []
        if table.frame[name].dtype == pl.String:
            notes.append("its texts are read as numbers")
        if np.nanmax(np.abs(values)) > EXACT and np.all(np.isnan(values) | (values == np.round(values))):
            notes.append("whole numbers above 2^53 lose their last digits")
        if scale is None:
            notes.append("always the same where it is not missing")
        return Number(name, int(np.isnan(values).sum()), tuple(notes), scale, only_two(values))

    @property
    def done(self) -> str:
        if self.scale is None:
            return "missing or not"
        centre, width = self.scale.centre, self.scale.width
        moved = f"(x {'−' if centre > 0 else '+'} {abs(centre):g})" if centre else "x"
        return f"{moved} / {width:g}, softly clipped at ±3"

    @property
    def input_names(self) -> tuple[str, ...]:
        return (*((self.name,) if self.scale else ()), *self._missing_name)

    @property
    def input_kinds(self) -> tuple[InputKind, ...]:
        return (*((_scaled(self.binary),) if self.scale else ()), *self._missing_kind)

    def measured(self, table: Table) -> Iterator[tuple[str, NDArray[np.float64], Scale]]:
        if self.scale:
            yield self.name, numbers(table, self.name), self.scale

    def fill(self, table: Table, out: Matrix) -> None:
        values = numbers(table, self.name)
        if self.scale:
            out[:, 0] = self.scale(values)
        if self.missing:
            out[:, -1] = np.isnan(values)


@dataclass(frozen=True)
class Boolean(Column):
    """True or false: 1 or −1, missing 0."""

    kind = "boolean"

    @staticmethod
    def learn(table: Table, name: str, learning: Learning) -> Boolean:
        return Boolean(name, int((truths(table, name) == 0.0).sum()), ())

    @property
    def done(self) -> str:
        return "true 1, false −1" + (", missing 0" if self.missing else "")

    @property
    def input_names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def input_kinds(self) -> tuple[InputKind, ...]:
        return ("number",) if self.missing else ("flag",)

    def fill(self, table: Table, out: Matrix) -> None:
        out[:, 0] = truths(table, self.name)


@dataclass(frozen=True)
class Part:
    """One number taken from a date, by name, how it is scaled, and whether it has two values and no more."""

    name: str
    scale: Scale
    binary: bool


@dataclass(frozen=True)
class Date(Column):
    """A date: year, month, day, weekday, days since the first one in training, hour; each as a number, if it varies."""

    kind = "date"

    origin: str
    parts: tuple[Part, ...]
    order: str

    def __post_init__(self) -> None:
        if self.order not in ("", *ORDERS):
            raise unknown("order of a date", self.order, ORDERS)
        unknown_parts = {part.name for part in self.parts} - set(PARTS)
        if unknown_parts:
            raise unknown("part of a date", unknown_parts.pop(), PARTS)
        try:
            local = datetime.fromisoformat(self.origin).tzinfo is None
        except ValueError:
            local = False
        if not local:
            raise InputError(f'column {self.name}: expected an ISO date without a zone, got "{self.origin}"')

    @staticmethod
    def learn(table: Table, name: str, learning: Learning) -> Date:
        order = date_order(table, name)
        dates = moments(table, name, order)
        first = dates.min()
        assert isinstance(first, datetime)
        found = {part: _part(part, dates, first) for part in PARTS}
        scales = {part: Scale.learn(values, learning.weights) for part, values in found.items()}
        parts = tuple(Part(part, scale, only_two(found[part])) for part, scale in scales.items() if scale)
        notes = (() if parts else ("always the same where it is not missing",)) + (
            (f"dates are read {order}",) if order else ()
        )
        return Date(name, dates.null_count(), notes, first.isoformat(), parts, order)

    @property
    def done(self) -> str:
        return ", ".join(part.name for part in self.parts) or "missing or not"

    @property
    def input_names(self) -> tuple[str, ...]:
        return (*(f"{self.name} {part.name}" for part in self.parts), *self._missing_name)

    @property
    def input_kinds(self) -> tuple[InputKind, ...]:
        return (*(_scaled(part.binary) for part in self.parts), *self._missing_kind)

    def measured(self, table: Table) -> Iterator[tuple[str, NDArray[np.float64], Scale]]:
        dates = moments(table, self.name, self.order)
        origin = datetime.fromisoformat(self.origin)
        for name, part in zip(self.input_names, self.parts, strict=False):
            yield name, _part(part.name, dates, origin), part.scale

    def fill(self, table: Table, out: Matrix) -> None:
        for place, (_, values, scale) in enumerate(self.measured(table)):
            out[:, place] = scale(values)
        if self.missing:
            out[:, -1] = moments(table, self.name, self.order).is_null().to_numpy()


def _scaled(binary: bool) -> InputKind:
    return "flag" if binary else "number"


PARTS = ("year", "month", "day", "weekday", "days", "hour")


def _part(name: str, dates: pl.Series, origin: datetime) -> NDArray[np.float64]:
    if name == "days":
        part = (dates - origin).dt.total_microseconds() / 86_400e6
    elif name == "hour":
        part = dates.dt.hour() + dates.dt.minute() / 60 + dates.dt.second() / 3600
    else:
        part = getattr(dates.dt, name)()
    values: NDArray[np.float64] = part.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


@dataclass(frozen=True)
class LeftOut(Column):
    """A column that is no input, and why."""

    kind = "left out"

    reason: str

    @property
    def done(self) -> str:
        return self.reason


KINDS: dict[str, type[Number | Boolean | Category | Date | LeftOut]] = {
    kind.kind: kind for kind in (Number, Boolean, Category, Date, LeftOut)
}


def from_json(description: Any, where: str) -> Column:
    """The column that `to_json` described; raises InputError for an unknown kind, key or type."""
    if not isinstance(description, Mapping):
        raise InputError(f"{where}: expected an object, got {description!r:.60}")
    kind = description.get("kind")
    if kind not in KINDS:
        raise unknown("kind of column", kind, KINDS)
    rest = {key: value for key, value in description.items() if key != "kind"}
    return described.from_json(KINDS[kind], rest, where)
