"""Tables as data of the playground: pasted as text, or of a trained model's file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.explain.row import Row, row_of
from clearprop.playground.data import MOST_CELLS_READ, Data, check_size
from clearprop.playground.refusals import Refusal
from clearprop.table import Encoding, Table, labelled
from clearprop.training.split import split

HELD_OUT, FEWEST_SPLIT = 0.2, 20


def read_pasted(name: str, text: str) -> Table:
    """The table in a text: CSV, TSV or whatever the table room reads."""
    from clearprop.table.reading import read_text

    return read_text(text.encode("utf-8", errors="replace"), name[:200] or "table")


def pasted(table: Table, target: str) -> Data:
    """The rows of a table, encoded; of 20 or more a fifth is held out, and nothing is learnt from them."""
    check_size(table.source, len(table), len(table.names))
    whole = table.select(labelled(table, target))
    learnt = Encoding.learn(whole, target)
    rows, held = np.arange(len(whole)), np.arange(0)
    if len(whole) >= FEWEST_SPLIT:
        Y = learnt.targets(whole)
        rows, held = split(Y.astype(np.int64) if learnt.task == "classes" else len(Y), HELD_OUT)
        learnt = Encoding.learn(whole, learnt.target, rows)
    return encoded(learnt, whole, rows, held)


def encoded(encoding: Encoding, table: Table, rows: Array, held: Array) -> Data:
    """Rows of a table as an encoding has them."""
    parts: list[Array] = []
    for chosen in (rows, held):
        part = table.select(chosen)
        X = encoding.inputs(part).astype(np.float64)
        targets = encoding.targets(part)
        parts += [X, targets.astype(np.int64) if encoding.task == "classes" else encoding.standardise(targets)]
    X, Y, held_X, held_Y = parts
    check_size(table.source, len(X), X.shape[1])
    classes = tuple(map(str, encoding.classes)) if encoding.task == "classes" else None
    if classes and len(classes) > 100:
        raise Refusal("classes", source=table.source, count=len(classes))
    cells = table.select(rows).frame.write_csv()
    return Data(
        "table",
        Path(table.source).name,  # a link tells nobody in which folder it lay
        encoding.input_names,
        (encoding.target.name,),
        classes,
        X,
        Y,
        held_X,
        held_Y,
        encoding=encoding.to_json(),
        cells=cells if len(cells) <= MOST_CELLS_READ else "",
    )


@lru_cache(maxsize=8)
def _cells(text: str, name: str) -> Table:
    return read_pasted(name, text)


def row_as_read(data: Data, index: int) -> Row | None:
    """How a row of a table became its inputs; None where this is not known."""
    if not data.cells or data.encoding is None:
        return None
    try:
        table = _cells(data.cells, data.name)
        found, x, _ = row_of(Encoding.from_json(data.encoding), table, index + 1)
    except InputError:
        return None
    return found if np.array_equal(x[0], data.X[index]) else None
