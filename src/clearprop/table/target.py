"""The column to be predicted: classes or numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.errors import InputError, did_you_mean, unknown
from clearprop.table import described
from clearprop.table.kinds import FEW, refuse_strays
from clearprop.table.scaling import quotient, restored
from clearprop.table.table import Table, quoted
from clearprop.table.tally import MOST, Tally
from clearprop.table.values import EXACT, categories, keys, numbers, usable

TASKS = ("classes", "numbers")
Label = str | int | float | bool


def column_of(table: Table, name: str) -> pl.Series:
    """A column by name; raises InputError, with the nearest name, where there is none."""
    if name not in table.frame.columns:
        raise InputError(f"{table.source}: {unknown('column', name, table.names)}")
    return table.frame[name]


def labelled(table: Table, name: str) -> NDArray[np.int64]:
    """The indices of the rows whose target is there; raises InputError where there is no such column or no such row.

    >>> labelled(Table.of(pl.DataFrame({"y": ["yes", None, "no"]}), "table.csv"), "y")
    array([0, 2])
    """
    rows = have(table, name)
    if not len(rows):
        raise all_missing(table.source, name)
    return rows


def have(table: Table, name: str) -> NDArray[np.int64]:
    """The indices of the rows that have a value of a column; raises InputError where there is no such column."""
    return np.flatnonzero(column_of(table, name).is_not_null().to_numpy())


def all_missing(source: str, name: str) -> InputError:
    return InputError(f"{source}: all values of the target column {quoted(name)} are missing")


@dataclass(frozen=True)
class Target:
    """What is predicted, as the training rows have it.

    For classes, `classes` are the labels in order, of the type they were given in. For numbers, `classes` is empty;
    `mean` and `deviation` standardise, `low` and `high` are the range seen.
    """

    name: str
    task: str
    classes: tuple[str | int | float | bool, ...]
    mean: float
    deviation: float
    low: float
    high: float
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise unknown("task", self.task, TASKS)
        if self.task == "classes" and len(self._codes) != max(len(self.classes), 2):
            raise InputError(f"target {self.name}: there are fewer than two classes, or one stands twice")
        if not self.deviation > 0.0:
            raise InputError(f"target {self.name}: expected a deviation above 0, got {self.deviation!r}")

    @staticmethod
    def learn(table: Table, name: str, task: str | None = None) -> Target:
        """The target as the rows of a table have it; rows that lack it do not count.

        `task` is "classes", "numbers" or, to have it decided, None: texts and truth values are classes, and so are
        whole numbers of at most 20 different values, each (on average) in more than two rows. Raises InputError for a
        column that cannot be predicted: none, a single value, dates, infinite numbers, texts as numbers, nearly as many
        classes as rows.

        >>> Target.learn(Table.of(pl.DataFrame({"y": ["yes", None, "no"]}), "table.csv"), "y").classes
        ('no', 'yes')
        """
        present = table.select(labelled(table, name))
        _check_type(present.frame[name].dtype, name, table.source, task)
        counted = Tally.of(present.frame[name])
        found = Target.counted(counted, task, table.source, lambda row: present.place(row, name))
        return found if found.task == "classes" else _numbers(present, name)

    @staticmethod
    def counted(tally: Tally, task: str | None, source: str, place: Callable[[int], str]) -> Target:
        """The target as the values of all rows have it; of numbers the task alone: `learn_scale` learns the rest.

        Args:
            source: the name of the table, in messages.
            place: says where the value of a row stands.

        Raises:
            InputError: as `learn`.
        """
        name = tally.values.name
        _check_type(tally.values.dtype, name, source, task)
        if tally.rows < 2:
            raise InputError(f"{source}: only one row has a value of the target {quoted(name)}; two are needed")
        if tally.different == 1:
            raise InputError(
                f"{source}: the target {quoted(name)} is always {quoted(tally.values[0])}: nothing to learn"
            )
        if (task or _decide(tally)) == "classes":
            return _classes(tally, task, source, place)
        return Target(name, "numbers", (), 0.0, 1.0, 0.0, 0.0, ())

    def learn_scale(self, table: Table) -> Target:
        """The same target, classes and all, with mean, deviation and range of these rows."""
        return self if self.task == "classes" else _numbers(table.select(labelled(table, self.name)), self.name)

    def values(self, table: Table) -> NDArray[Any]:
        """Class indices, (B,), or numbers in their own unit, (B, 1).

        Raises InputError for a row that lacks its target, and for a class that training did not have.
        """
        column = column_of(table, self.name)
        if column.null_count():
            row = int(column.is_null().arg_max() or 0)
            raise InputError(f"{table.place(row, self.name)}: the target is missing; leave the row out")
        if self.task == "numbers":
            return numbers(table, self.name)[:, np.newaxis]
        found = categories(table, self.name)
        codes = found.replace_strict(list(self._codes), list(self._codes.values()), default=-1, return_dtype=pl.Int64)
        if (codes < 0).any():
            row = int((codes < 0).arg_max() or 0)
            some = ", ".join(map(str, self.classes[:10])) + (", ..." if len(self.classes) > 10 else "")
            raise InputError(f"{table.place(row, self.name)}: {quoted(column[row])} is none of the classes: {some}")
        return codes.to_numpy()

    def lacking(self, names: Sequence[str]) -> str:
        """That the target is none of a table's columns, with the nearest of them."""
        return f"there is no column {quoted(self.name)}, the target of the model{did_you_mean(self.name, names)}"

    def standardise(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """(y − mean) / deviation."""
        return quotient(np.asarray(y, dtype=np.float64), self.mean, self.deviation)

    def unstandardise(self, z: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """z · deviation + mean, the inverse of `standardise`."""
        return restored(np.asarray(z, dtype=np.float64), self.mean, self.deviation)

    def predicted(self, z: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """What a model's outputs z answer, in the target's own unit: never beyond the range of the training rows.

        A network goes on along a straight line where it has seen nothing; an answer that no row has given is seldom
        better than the nearest that one has.

        >>> target = Target.learn(Table.of(pl.DataFrame({"y": [1.5, 2.5, 9.0]}), "table.csv"), "y", "numbers")
        >>> target.predicted(np.array([-7.0, 0.0, 7.0])).round(3).tolist()
        [1.5, 4.333, 9.0]
        """
        return np.clip(self.unstandardise(z), self.low, self.high)

    def to_json(self) -> dict[str, Any]:
        described_target: dict[str, Any] = described.to_json(self)
        return described_target

    @staticmethod
    def from_json(description: Mapping[str, Any]) -> Target:
        """The target that `to_json` described; raises InputError for anything else."""
        return described.from_json(Target, description, "target")

    @property
    def _codes(self) -> dict[str, int]:
        """The index of each class by the text that stands for it; labels of one meaning, as 3 and "3", share one."""
        return {keys(pl.Series([label]))[0]: code for code, label in enumerate(self.classes)}


def _check_type(dtype: Any, name: str, source: str, task: str | None) -> None:
    if task is not None and task not in TASKS:
        raise unknown("task", task, TASKS)
    if not usable(dtype) or dtype in (pl.Date, pl.Datetime):
        raise InputError(f"{source}, column {quoted(name)}: values of type {dtype} cannot be predicted")


def _decide(tally: Tally) -> str:
    values, different = tally.values, tally.different
    if values.dtype in (pl.String, pl.Boolean):
        return "classes"
    return "classes" if _whole(values) and different <= FEW and 2 * different < tally.rows else "numbers"


def _whole(values: pl.Series) -> bool:
    return values.dtype == pl.Int64 or bool((values == values.round()).all())


def _classes(tally: Tally, task: str | None, source: str, place: Callable[[int], str]) -> Target:
    values, different = tally.values, tally.different
    name = values.name
    if values.dtype == pl.String and task is None:
        refuse_strays(tally, place, 'say that these are classes: task="classes"')
    if tally.many:
        raise InputError(
            f"{source}: the target {quoted(name)} has over {MOST:,} different values: too many for classes"
        )
    if different > FEW and 2 * different > tally.rows:
        mend = "" if values.dtype == pl.String else '; perhaps the task is "numbers"'
        raise InputError(
            f"{source}: the target {quoted(name)} has {different:,} different values "
            f"in {tally.rows:,} rows: too many for classes{mend}"
        )
    if values.dtype == pl.Float64:
        if values.is_infinite().any():
            row = int(tally.firsts[int(values.is_infinite().arg_max() or 0)])
            raise InputError(f"{place(row)}: the value is infinite; leave it empty if it is missing")
        if different > FEW and not _whole(values):
            raise InputError(
                f"{source}: the target {quoted(name)} has {different:,} different fractional values; "
                f'for classes at most {FEW} are expected; perhaps the task is "numbers"'
            )
    labels = {keys(pl.Series([label]))[0]: label for label in values.sort(descending=True)}
    return Target(name, "classes", tuple(reversed(labels.values())), 0.0, 1.0, 0.0, 0.0, ())


def _numbers(table: Table, name: str) -> Target:
    y = numbers(table, name)
    size = float(np.abs(y).max()) or 1.0
    notes = (
        ("whole numbers above 2^53 lose their last digits",)
        if table.frame[name].dtype == pl.Int64 and size > EXACT
        else ()
    )
    relative = y / size  # no sum of these can overflow
    deviation = float(relative.std()) * size
    if deviation == 0.0:
        raise InputError(
            f"{table.source}: the target {quoted(name)} hardly varies in the training rows: all are {y[0]:g}"
        )
    return Target(name, "numbers", (), float(relative.mean()) * size, deviation, float(y.min()), float(y.max()), notes)
