"""What a network of the playground learns from, whatever it came from: rows of numbers, and what they are called."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.network.losses import loss as find_loss
from clearprop.network.spec import Network
from clearprop.playground.datasets import MOST_ROWS, checked, dataset, made
from clearprop.playground.refusals import LinkRefusal, Refusal
from clearprop.playground.typed import number
from clearprop.training.split import split

if TYPE_CHECKING:
    from clearprop.table import Target

MOST_COLUMNS = 1_000
MOST_NUMBERS = 2_000_000
MOST_CELLS = 5_000  # of numbers that are shown, and may be changed, one by one
MOST_CELLS_READ = 1_000_000  # characters of a table whose rows are shown as they were read
MOST_CLASSES = 6  # of points, each a colour
MARGIN = 0.1
START_POINTS = ((-0.5, -0.5, 0), (0.5, 0.5, 1))


@dataclass(frozen=True, eq=False)
class Data:
    """Rows to learn from, and rows held out.

    Attributes:
        kind: "named", "points", "numbers" or "table".
        name: of the dataset or the table.
        inputs, outputs: names of the columns.
        classes: names of the classes, or None for numbers.
        X, Y: (N, inputs); class indices (N,) for classes, else numbers (N, outputs).
        held_X, held_Y: as X and Y, perhaps of no rows.
        settings: of a dataset.
        encoding: of a table, how its columns became the inputs, as `Encoding.to_json`.
        cells: of a table, the rows to learn from as they were read, as CSV; "" where they are too many to be shown.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    classes: tuple[str, ...] | None
    X: Array
    Y: Array
    held_X: Array
    held_Y: Array
    settings: Mapping[str, float] = field(default_factory=dict)
    encoding: Mapping[str, Any] | None = None
    cells: str = ""

    def __len__(self) -> int:
        return len(self.X)

    @property
    def task(self) -> str:
        return "numbers" if self.classes is None else "classes"

    @cached_property
    def target(self) -> Target | None:
        """The target of a table as it is encoded; None where the data are no table, or say nothing that can be read."""
        if self.encoding is None:
            return None
        from clearprop.table import Target  # polars is needed for this alone, and slow to import

        try:
            target = Target.from_json(self.encoding["target"])
        except (InputError, KeyError, TypeError):
            return None
        return target if target.task == self.task else None

    def width(self, loss: str, activation: str) -> int:
        """How many outputs a network with this loss and last activation has for these data."""
        if self.classes is None:
            return len(self.outputs)
        by_class = len(self.classes) > 2 or activation == "softmax" or find_loss(loss).of_classes
        return len(self.classes) if by_class else 1

    def targets(self, network: Network, *, held: bool = False) -> Array:
        """What the outputs of a network are to be (N, outputs): of classes 0 and 1, in one column or one a class."""
        Y = self.held_Y if held else self.Y
        if self.classes is None:
            return Y
        if network.outputs == 1:
            return Y[:, None].astype(np.float64)
        return np.eye(len(self.classes))[Y]

    @cached_property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """From where to where each input goes on a map, with some room beyond the rows."""
        if self.kind == "points":
            return ((-1.0, 1.0), (-1.0, 1.0))
        both = np.concatenate([self.X, self.held_X])
        low, high = both.min(axis=0), both.max(axis=0)
        room = np.where(high > low, MARGIN * (high - low), 0.5)
        return tuple(zip((low - room).tolist(), (high + room).tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        """All that is needed to have the same data again, as plain numbers, texts and lists."""
        if self.kind == "named":
            return {"kind": "named", "name": self.name, "settings": dict(self.settings)}
        if self.kind == "points":
            return {"kind": "points", "points": points_of(self)}
        if self.kind == "numbers":
            columns = [*self.inputs, *self.outputs]
            return {"kind": "numbers", "columns": columns, "x": self.X.tolist(), "y": self.Y.tolist()}
        names = {"inputs": list(self.inputs), "outputs": list(self.outputs)}
        arrays = {key: _packed(getattr(self, key)) for key in ("X", "Y", "held_X", "held_Y")}
        classes = None if self.classes is None else list(self.classes)
        read = {"encoding": self.encoding, "cells": self.cells}
        return {"kind": "table", "name": self.name, **names, "classes": classes, **arrays, **read}


def data_from_json(description: Mapping[str, Any]) -> Data:
    """The data that `to_json` described, or that the page asked for.

    Raises:
        InputError: it describes none.
    """
    match description:
        case {"kind": "named", "name": str(name)}:
            return named(name, description.get("settings", {}))
        case {"kind": "points"}:
            return points(description.get("points") or START_POINTS)
        case {"kind": "numbers", "x": list(x), "y": list(y)}:
            return numbers(x, y, description.get("columns"))
        case {"kind": "table"}:
            return _table(description)
    raise InputError(f"data: expected named data, points, numbers or a table, got {str(description)[:60]}")


def named(name: str, settings: Mapping[str, Any]) -> Data:
    """A ready-made dataset.

    >>> data = named("xor", {})
    >>> data.X.tolist(), data.Y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    entry = dataset(name)
    chosen = checked(entry, settings)
    X, Y = made(entry, chosen)
    inputs = tuple(f"x{at}" for at in range(1, X.shape[1] + 1))
    classes = tuple(map(str, range(int(Y.max()) + 1))) if entry.task == "classes" else None
    training, held = np.arange(len(X)), np.arange(0)
    if chosen.get("held_out"):
        by = Y.astype(np.int64) if entry.task == "classes" else len(Y)
        training, held = split(by, chosen["held_out"], int(chosen["seed"]))
    return Data("named", name, inputs, ("y",), classes, X[training], Y[training], X[held], Y[held], chosen)


def points(given: Sequence[Sequence[float]]) -> Data:
    """Points (across, up, class), drawn by hand; at least one."""
    if not given or any(len(one) != 3 for one in given):
        raise Refusal("points")
    table = np.array([[number("points", value) for value in one] for one in given])
    kinds = table[:, 2].astype(np.int64)
    if (kinds != table[:, 2]).any() or kinds.min() < 0 or kinds.max() >= MOST_CLASSES:
        raise Refusal("classes of points", most=MOST_CLASSES - 1)
    classes = tuple(str(one + 1) for one in range(max(2, int(kinds.max()) + 1)))
    X = table[:, :2]
    return Data("points", "", ("x1", "x2"), ("y",), classes, X, kinds, X[:0], kinds[:0])


def points_of(data: Data) -> list[list[float]]:
    """The rows of two inputs and a class as points."""
    return [[float(x), float(y), int(kind)] for (x, y), kind in zip(data.X, data.Y, strict=True)]


def numbers(x: Sequence[Sequence[float]], y: Sequence[Sequence[float]], columns: Sequence[str] | None = None) -> Data:
    """Rows of numbers, as they are; `columns` names the inputs, then the outputs."""
    X, Y = _matrix("x", x), _matrix("y", y)
    if len(X) != len(Y):
        raise Refusal("rows of targets", inputs=len(X), targets=len(Y))
    inputs, outputs = X.shape[1], Y.shape[1]
    if columns is None or len(columns) != inputs + outputs:
        columns = [f"x{at}" for at in range(1, inputs + 1)] + [f"y{at}" for at in range(1, outputs + 1)]
    names = tuple(map(str, columns))
    return Data("numbers", "", names[:inputs], names[inputs:], None, X, Y, X[:0], Y[:0])


def check_size(source: str, rows: int, columns: int) -> None:
    """Raises an InputError for more than a page can hold."""
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_NUMBERS:
        most = {"most_rows": MOST_ROWS, "most_columns": MOST_COLUMNS, "most_numbers": MOST_NUMBERS}
        raise Refusal("size", source=source, rows=rows, columns=columns, **most)


def _matrix(name: str, rows: Sequence[Sequence[float]]) -> Array:
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise Refusal("rows of numbers", name=name)
    check_size(name, len(rows), len(rows[0]))
    return np.array([[number(name, value) for value in row] for row in rows])


def _packed(array: Array) -> dict[str, Any]:
    kind = np.int64 if array.dtype.kind in "iu" else np.float64
    data = base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()
    return {"shape": list(array.shape), "kind": np.dtype(kind).name, "data": data}


def unpacked(name: str, given: object) -> Array:
    """The array that a description holds."""
    match given:
        case {"shape": list(shape), "kind": "int64" | "float64" as kind, "data": str(data)}:
            try:
                array = np.frombuffer(base64.b64decode(data, validate=True), kind).reshape(shape)
            except (ValueError, TypeError):
                raise Refusal("link array", name=name) from None
            if not np.isfinite(array).all():
                raise LinkRefusal("link numbers", name=name)
            return array.copy()
    raise Refusal("link no array", name=name)


def _table(description: Mapping[str, Any]) -> Data:
    X, Y, held_X, held_Y = (unpacked(key, description.get(key)) for key in ("X", "Y", "held_X", "held_Y"))
    inputs, outputs = (tuple(map(str, description.get(key) or ())) for key in ("inputs", "outputs"))
    classes = None if description.get("classes") is None else tuple(map(str, description["classes"]))
    ends = () if classes else (len(outputs),)
    for A, B in ((X, Y), (held_X, held_Y)):
        if A.ndim != 2 or A.shape[1] != len(inputs) or B.shape != (len(A), *ends) or not len(X):
            raise Refusal("link table")
        if classes and (B.dtype.kind != "i" or ((B < 0) | (len(classes) <= B)).any()):
            raise Refusal("link class")
    check_size("table", len(X), X.shape[1])
    encoding = description.get("encoding")
    name = str(description.get("name", ""))[:200]
    cells = str(description.get("cells", ""))[:MOST_CELLS_READ]
    return Data("table", name, inputs, outputs, classes, X, Y, held_X, held_Y, encoding=encoding, cells=cells)
