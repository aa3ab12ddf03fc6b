"""DataFrames of any library that narwhals knows -> tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Number
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from clearprop.errors import InputError
from clearprop.table.reading import read
from clearprop.table.table import Table, quoted


def from_frame(frame: Any, source: str = "the frame") -> Table:
    """The table of a DataFrame of polars, pandas, pyarrow or another library that narwhals knows.

    Values keep their types: the text "3" stays a text; but one that says that a value is missing, as "NA" does in a
    file, says so here, too. `source` names the frame in messages. Raises InputError for what is no DataFrame, for names
    that stand twice and for columns of mixed types.

    >>> from_frame(pl.DataFrame({"age": [31, 42], "job": ["smith", None]})).names
    ('age', 'job')
    """
    try:
        known = nw.from_native(frame, eager_only=True)
    except nw.exceptions.DuplicateError:
        raise InputError(f"{source}: two columns have the same name") from None
    except TypeError:
        kind = type(frame).__name__
        collect = "; call its collect() first" if "Lazy" in kind else ""
        raise InputError(f"{source}: expected a DataFrame (polars, pandas, pyarrow), got {kind}{collect}") from None
    if isinstance(frame, pl.DataFrame):
        return Table.of(frame, source)
    names = [str(name) for name in known.columns]
    if len(set(names)) < len(names):
        raise InputError(f"{source}: two columns have the same name when written as text")
    columns = zip(names, known.iter_columns(), strict=True)
    return Table.of(pl.DataFrame({name: _column(values, name, source) for name, values in columns}), source)


def as_table(given: Table | str | os.PathLike[str] | Any) -> Table:
    """A Table as it is, the table in a file, or that of a DataFrame.

    >>> as_table(pl.DataFrame({"age": [31, 42]})).source
    'the frame'
    """
    if isinstance(given, Table):
        return given
    return read(given) if isinstance(given, str | os.PathLike) else from_frame(given)


def _column(values: nw.Series[Any], name: str, source: str) -> pl.Series:
    """One column as polars has it; by way of NumPy, so that nothing is needed that the frame itself does not need."""
    missing = values.is_null().to_numpy()
    dtype = values.dtype
    if dtype.is_integer() or dtype == nw.Boolean:
        # A null would turn whole numbers into floats on their way through NumPy.
        filled = pl.Series(name, values.fill_null(0 if dtype.is_integer() else False).to_numpy())
        return filled.set(pl.Series(missing), None) if missing.any() else filled
    if dtype.is_float() or isinstance(dtype, (nw.Datetime, nw.Duration)):
        return pl.Series(name, values.to_numpy())  # of times with a zone, narwhals makes UTC here
    objects = np.empty(len(missing), dtype=object)
    objects[:] = values.to_list()
    objects[missing] = None
    return _objects(objects.tolist(), name, source)


def _objects(values: Sequence[object], name: str, source: str) -> pl.Series:
    kinds = {_kind(value) for value in values} - {type(None)}
    if len(kinds) > 1:
        first = next(value for value in values if value is not None)
        row, other = next(
            (row, value) for row, value in enumerate(values, 1) if _kind(value) not in (_kind(first), type(None))
        )
        raise InputError(
            f"{source}, row {row}, column {quoted(name)}: {quoted(other)} is of type {type(other).__name__}, "
            f"{quoted(first)} above it of type {type(first).__name__}; make them all texts or all numbers"
        )
    # polars takes the first NumPy scalar's type for all, and drops what does not fit into it.
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    return pl.Series(name, plain, strict=False)


def _kind(value: object) -> type:
    if isinstance(value, (bool, np.bool_)):
        return bool
    return Number if isinstance(value, Number) and not isinstance(value, complex) else type(value)
