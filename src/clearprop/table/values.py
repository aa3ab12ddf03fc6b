"""A column's values as one kind needs them, whatever type it came in; or an error that names the first that fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.errors import InputError
from clearprop.table import parsing
from clearprop.table.table import Table, quoted

EXACT = 2.0**53
"""The largest magnitude up to which a float64 holds every whole number."""


def numbers(table: Table, name: str) -> NDArray[np.float64]:
    """Numbers, (B,), NaN where missing; raises InputError for texts that are none, dates, and infinite values.

    >>> numbers(Table.of(pl.DataFrame({"age": ["31", None, "4.5"]}), "people.csv"), "age")
    array([31. ,  nan,  4.5])
    """
    column = table.frame[name]
    if column.dtype == pl.String:
        parsed = column.str.strip_chars().cast(pl.Float64, strict=False)
        _refuse(table, column, parsed, "a number")
        column = parsed.fill_nan(None)
    elif not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise InputError(f"{table.place(0, name)}: expected numbers, got {_called(column.dtype)}")
    values: NDArray[np.float64] = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if np.isinf(values).any():
        row = int(np.isinf(values).argmax())
        raise InputError(f"{table.place(row, name)}: the value is infinite; leave it empty if it is missing")
    return values


def truths(table: Table, name: str) -> NDArray[np.float64]:
    """1 for true, −1 for false, 0 for missing, (B,); also from texts and from the numbers 1 and 0.

    >>> truths(Table.of(pl.DataFrame({"member": ["true", None, "False"]}), "people.csv"), "member")
    array([ 1.,  0., -1.])
    """
    column = table.frame[name]
    if column.dtype == pl.String:
        column = parsing.truths(column)
    elif column.dtype.is_numeric():
        column = (column == 1).set((column != 0) & (column != 1), None)
    elif column.dtype != pl.Boolean:
        raise InputError(f"{table.place(0, name)}: expected true or false, got {_called(column.dtype)}")
    _refuse(table, table.frame[name], column, "true or false")
    values: NDArray[np.float64] = (column.cast(pl.Float64) * 2 - 1).fill_null(0.0).to_numpy()
    return values


def moments(table: Table, name: str, order: str = "") -> pl.Series:
    """Dates and times as polars Datetime, null where missing; also from texts, ISO or in the order of `parsing.ORDERS`.

    >>> moments(Table.of(pl.DataFrame({"seen": ["2024-02-29"]}), "birds.csv"), "seen").to_list()
    [datetime.datetime(2024, 2, 29, 0, 0)]
    """
    column = table.frame[name]
    if column.dtype == pl.String:
        parsed = parsing.moments(parsing.in_iso(column.str.strip_chars(), order))
        example = {parsing.DAY_FIRST: " or 29/02/2024", parsing.MONTH_FIRST: " or 02/29/2024"}.get(order, "")
        _refuse(table, column, parsed, f"{'a' if example else 'an ISO'} date such as 2024-02-29{example}")
        return parsed
    if column.null_count() == len(column):
        return pl.Series(name, [None], dtype=pl.Datetime("us")).new_from_index(0, len(column))
    if column.dtype not in (pl.Date, pl.Datetime):
        raise InputError(f"{table.place(0, name)}: expected dates, got {_called(column.dtype)}")
    return column.cast(pl.Datetime("us"))


def date_order(table: Table, name: str) -> str:
    """The order in which a column's dates are written, as `moments` takes it; "" for ISO and for what are no texts.

    Raises InputError where day and month cannot be told apart.
    """
    column = table.frame[name]
    orders = parsing.date_orders(column.str.strip_chars()) if column.dtype == pl.String else [""]
    if len(orders) > 1:
        raise InputError(
            f"{table.source}, column {quoted(name)}: day and month of its dates cannot be told apart, for none is "
            "above 12; write them as 2024-12-31"
        )
    return orders[0] if orders else ""


def categories(table: Table, name: str) -> pl.Series:
    """The category of each row as `keys` writes it, null where missing; raises InputError for lists and bytes."""
    column = table.frame[name]
    if not usable(column.dtype):
        raise InputError(f"{table.place(0, name)}: expected categories, got {_called(column.dtype)}")
    return keys(column)


def usable(dtype: Any) -> bool:
    """Whether a column of this type can be anything at all to a network."""
    return dtype in (pl.Int64, pl.Float64, pl.Boolean, pl.String, pl.Date, pl.Datetime)


def keys(column: pl.Series) -> pl.Series:
    """Texts that are equal where values mean the same category: 3, 3.0, "3" and "3.0"; true and "True"; but not "03".

    >>> keys(pl.Series(["3.0", "03", "True", "a"])).to_list(), keys(pl.Series([3.0, 2.5])).to_list()
    (['3', '03', 'true', 'a'], ['3', '2.5'])
    """
    if column.dtype == pl.String:
        whole, decimal = parsing.integers(column), parsing.floats(column)
        lower = column.str.to_lowercase()
        other = pl.select(pl.when(lower.is_in(["true", "false"])).then(lower).otherwise(column)).to_series()
        decimal = decimal.set(~decimal.is_finite(), None)
        return pl.select(pl.coalesce(whole.cast(pl.String), _shortest(decimal), other)).to_series().alias(column.name)
    if column.dtype == pl.Float64:
        return _shortest(column)
    if column.dtype.is_temporal():
        return column.dt.to_string("iso").str.strip_suffix(" 00:00:00.000000")
    return column.cast(pl.String)


def _shortest(numbers: pl.Series) -> pl.Series:
    """The shortest text of each number, as Python writes it: models keep these texts, so no library may change them."""
    whole = ((numbers == numbers.round()) & (numbers.abs() < EXACT)).fill_null(False)
    integers = numbers.set(~whole, None).cast(pl.Int64).cast(pl.String)
    others = numbers.filter(~whole).drop_nulls().unique()
    decimals = numbers.replace_strict(others, [repr(x) for x in others], default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(integers, decimals)).to_series().alias(numbers.name)


def _refuse(table: Table, given: pl.Series, parsed: pl.Series, expected: str) -> None:
    """Raise for the first value that was given and could not be parsed."""
    if parsed.null_count() > given.null_count():
        row = int((parsed.is_null() & given.is_not_null()).arg_max() or 0)
        raise InputError(
            f"{table.place(row, given.name)}: {quoted(given[row])} is not {expected}; "
            "correct it, or leave it empty if it is missing"
        )


def _called(dtype: Any) -> str:
    if dtype in (pl.Date, pl.Datetime, pl.Time):
        return "dates or times"
    return {pl.Boolean: "true/false values", pl.Float64: "numbers", pl.Int64: "numbers"}.get(
        dtype, f"values of type {dtype}"
    )
