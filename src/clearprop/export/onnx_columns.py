"""How the columns of a table become inputs, as part of a graph of ONNX: one form for each kind of column.

Numbers, truth values and the parts of dates are put side by side and scaled together, so that a table of a thousand
columns has as few operators as one of ten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from clearprop.errors import InputError
from clearprop.export.graph import ML, Graph
from clearprop.export.onnx_dates import date_parts
from clearprop.table import Encoding
from clearprop.table.category import Category
from clearprop.table.column import Column
from clearprop.table.columns import Boolean, Date, Number
from clearprop.table.parsing import MISSING
from clearprop.table.scaling import DOWN, LARGEST, Scale

FAR = LARGEST * 2.0**-30
"""Beyond it a difference could pass the largest float64 before it is divided."""


@dataclass
class Inputs:
    """The inputs of a network while they are gathered.

    Attributes:
        scaled: values (B, 1) with their scales, in float64.
        truths: values (B, 1) that are 1, 0 or NaN.
        indicated: values (B, 1) whose being NaN is an input.
        categories: values (B, width) that are inputs already.
        order: for each column, the parts of the four that it takes, in the order of its inputs.
    """

    scaled: list[tuple[str, Scale]] = field(default_factory=list)
    truths: list[str] = field(default_factory=list)
    indicated: list[str] = field(default_factory=list)
    categories: list[tuple[str, int]] = field(default_factory=list)
    order: list[tuple[str, int]] = field(default_factory=list)


def encoded(graph: Graph, encoding: Encoding, taken: Mapping[str, str]) -> str:
    """The inputs (B, I) of the columns, whose values are the graph's inputs `taken`, in the graph's float type."""
    gathered = Inputs()
    for column in encoding.columns:
        if column.input_names:
            _gather(graph, column, taken[column.name], gathered)
    # Column by column, and then as they stand in the matrix.
    matrix = np.argsort(np.concatenate(encoding.places))
    blocks, starts, width = [], {}, 0
    for kind, block, size in (
        ("scaled", _scaled, len(gathered.scaled)),
        ("truths", _truths, len(gathered.truths)),
        ("indicated", _indicated, len(gathered.indicated)),
        ("categories", _categories, sum(size for _, size in gathered.categories)),
    ):
        starts[kind] = width
        width += size
        if size:
            blocks.append(block(graph, gathered))
    together = graph.add("Concat", *blocks, to="columns", axis=1)
    parts = [starts[kind] + place for kind, place in gathered.order]
    places = [parts[place] for place in matrix]
    if places != sorted(places):
        together = graph.add("Gather", together, graph.constant(places, "order", np.int64), to="inputs", axis=1)
    # Inputs are rounded to float32 before a network sees them, whatever it computes in.
    single = graph.cast(together, np.float32, "single")
    return single if graph.real == np.float32 else graph.cast(single, graph.real, "double")


def _gather(graph: Graph, column: Column, value: str, gathered: Inputs) -> None:
    """Puts a column's parts where they belong."""
    if isinstance(column, Number):
        measured = [(value, column.scale)] if column.scale else []
    elif isinstance(column, Date):
        origin = datetime.fromisoformat(column.origin).replace(tzinfo=UTC).timestamp()
        found = date_parts(graph, value, origin, [part.name for part in column.parts])
        measured = [(found[part.name], part.scale) for part in column.parts]
    elif isinstance(column, Boolean):
        gathered.order.append(("truths", len(gathered.truths)))
        gathered.truths.append(value)
        return
    elif isinstance(column, Category):
        start, size = sum(size for _, size in gathered.categories), len(column.input_names)
        gathered.order += [("categories", start + place) for place in range(size)]
        made = _code(graph, column, value) if column.coded else _one_hot(graph, column, value)
        gathered.categories.append((made, size))
        return
    else:
        raise InputError(f"export: a column of kind {column.kind} has no form in ONNX yet ({column.name})")
    for part, scale in measured:
        gathered.order.append(("scaled", len(gathered.scaled)))
        gathered.scaled.append((part, scale))
    if column.missing:
        gathered.order.append(("indicated", len(gathered.indicated)))
        gathered.indicated.append(value)


def _side_by_side(graph: Graph, values: list[str], to: str) -> str:
    return values[0] if len(values) == 1 else graph.add("Concat", *values, to=to, axis=1)


def _scaled(graph: Graph, gathered: Inputs) -> str:
    """z = (x − centre)/width, z/√(1 + (z/3)²), missing 0; as `Scale` does it, for all numbers together."""
    X = _side_by_side(graph, [value for value, _ in gathered.scaled], "numbers")
    centres = np.array([scale.centre for _, scale in gathered.scaled])
    widths = np.array([scale.width for _, scale in gathered.scaled])
    down = np.where(np.maximum(np.abs(centres), widths) > FAR, DOWN, 1.0)
    wide = np.float64
    if (down != 1.0).any():
        X = graph.add("Mul", X, graph.constant(down, "down", wide), to="numbers/down")
    moved = graph.add("Sub", X, graph.constant(centres * down, "centres", wide), to="numbers/moved")
    z = graph.add("Div", moved, graph.constant(widths * down, "widths", wide), to="numbers/z")
    z = graph.add(
        "Clip", z, graph.constant(-1e100, "low", wide), graph.constant(1e100, "high", wide), to="numbers/held"
    )
    third = graph.add("Div", z, graph.constant(3.0, "three", wide), to="numbers/third")
    grown = graph.add(
        "Add", graph.add("Mul", third, third, to="numbers/square"), graph.constant(1.0, "one", wide), to="numbers/grown"
    )
    clipped = graph.add("Div", z, graph.add("Sqrt", grown, to="numbers/root"), to="numbers/clipped")
    return _without_nan(graph, clipped, "scaled")


def _truths(graph: Graph, gathered: Inputs) -> str:
    """2x − 1, missing 0."""
    X = _side_by_side(graph, gathered.truths, "truths")
    twice = graph.add("Add", X, X, to="truths/twice")
    signed = graph.add("Sub", twice, graph.constant(1.0, "one", np.float64), to="truths/signed")
    return _without_nan(graph, signed, "truths/known")


def _indicated(graph: Graph, gathered: Inputs) -> str:
    X = _side_by_side(graph, gathered.indicated, "may be missing")
    return graph.cast(graph.add("IsNaN", X, to="missing"), np.float64, "indicators")


def _categories(graph: Graph, gathered: Inputs) -> str:
    return _side_by_side(graph, [value for value, _ in gathered.categories], "categories")


def _without_nan(graph: Graph, value: str, to: str) -> str:
    missing = graph.add("IsNaN", value, to=f"{to}/missing")
    return graph.add("Where", missing, graph.constant(0.0, "zero", np.float64), value, to=to)


def _one_hot(graph: Graph, column: Category, value: str) -> str:
    """1 at the place of the text's category; the places are compared with 0, 1, 2, …"""
    width = len(column.input_names)
    codes = _looked_up(graph, column, value, len(column.labels) if column.others else -1, width - 1)
    units = graph.constant(np.arange(width)[None, :], f"{column.name}/places", np.int64)
    return graph.cast(graph.add("Equal", codes, units, to=f"{column.name}/is"), np.float64, f"{column.name}/one-hot")


def _code(graph: Graph, column: Category, value: str) -> str:
    """The number of the text's category."""
    codes = _looked_up(graph, column, value, len(column.labels), column.codes - 1)
    return graph.cast(codes, np.float64, f"{column.name}/number")


def _looked_up(graph: Graph, column: Category, value: str, other: int, missing: int) -> str:
    """The number of the text's category, that of any other text, or, where training rows lacked it, that of missing."""
    places: dict[str, int] = {}
    for place, label in enumerate(column.labels):
        for text in _writings(label):
            places.setdefault(text, place)
    for place, label in enumerate(column.labels):
        places[label] = place
    if column.missing:
        places |= dict.fromkeys(MISSING, missing)
    return graph.add(
        "LabelEncoder",
        value,
        to=f"{column.name}/code",
        domain=ML,
        keys_strings=list(places),
        values_int64s=list(places.values()),
        default_int64=other,
    )


def _writings(label: str) -> list[str]:
    """Other ways in which a category is written: 3 as 3.0, true as True and TRUE.

    >>> _writings("3"), _writings("true"), _writings("red")
    (['3.0'], ['True', 'TRUE'], [])
    """
    if label in ("true", "false"):
        return [label.capitalize(), label.upper()]
    digits = label.removeprefix("-")
    return [f"{label}.0"] if digits.isascii() and digits.isdecimal() else []
