"""DataFrames of every library -> the same few types."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clearprop.table import as_table, from_frame

MIDNIGHT = datetime(2024, 1, 1)
PANDAS: dict[str, tuple[Any, pl.DataType | type[pl.DataType], list[Any]]] = {
    "int64": (np.array([1, 2]), pl.Int64, [1, 2]),
    "int8": (np.array([1, 2], dtype=np.int8), pl.Int64, [1, 2]),
    "uint64": (np.array([1, 2], dtype=np.uint64), pl.Int64, [1, 2]),
    "Int64 with NA": (pd.array([2**53 + 1, None], dtype="Int64"), pl.Int64, [2**53 + 1, None]),
    "float64 with NaN": (np.array([1.5, np.nan]), pl.Float64, [1.5, None]),
    "float32": (np.array([1.5, 2.5], dtype=np.float32), pl.Float64, [1.5, 2.5]),
    "Float64 with NA": (pd.array([1.5, None], dtype="Float64"), pl.Float64, [1.5, None]),
    "bool": (np.array([True, False]), pl.Boolean, [True, False]),
    "boolean with NA": (pd.array([True, None], dtype="boolean"), pl.Boolean, [True, None]),
    "objects true and None": (np.array([True, None], dtype=object), pl.Boolean, [True, None]),
    "objects int and float": (np.array([1, 2.5], dtype=object), pl.Float64, [1.0, 2.5]),
    "objects of NumPy": (np.array([np.int64(1), np.float64(2.5)], dtype=object), pl.Float64, [1.0, 2.5]),
    "text": (["x", None], pl.String, ["x", None]),
    "text as objects": (np.array(["x", np.nan], dtype=object), pl.String, ["x", None]),
    "text of digits": (["3", "4"], pl.String, ["3", "4"]),
    "string[pyarrow]": (pd.array(["x", None], dtype="string[pyarrow]"), pl.String, ["x", None]),
    "category": (pd.Categorical(["u", None]), pl.String, ["u", None]),
    "ordered category": (pd.Categorical(["lo", "hi"], ["lo", "hi"], ordered=True), pl.String, ["lo", "hi"]),
    "datetime": (pd.to_datetime(["2024-01-01", None]), pl.Datetime("us"), [MIDNIGHT, None]),
    "datetime in ns": (pd.to_datetime(["2024-01-01", None]).astype("M8[ns]"), pl.Datetime("us"), [MIDNIGHT, None]),
    "datetime with a zone": (
        pd.to_datetime(["2024-01-01 02:00+02:00", None]).tz_convert("Europe/Helsinki"),
        pl.Datetime("us"),
        [MIDNIGHT, None],
    ),
    "dates": (np.array([date(2024, 1, 1), None], dtype=object), pl.Date, [date(2024, 1, 1), None]),
    "durations": (pd.to_timedelta(["1h", None]), pl.Float64, [3600.0, None]),
    "decimals": (np.array([Decimal("1.5"), None], dtype=object), pl.Float64, [1.5, None]),
    "nothing": ([None, None], pl.Float64, [None, None]),
}


@pytest.mark.parametrize("case", PANDAS)
def test_pandas(case: str) -> None:
    given, dtype, values = PANDAS[case]
    table = from_frame(pd.DataFrame({"a": given, "b": [1, 2]}))
    assert table.frame["a"].dtype == dtype
    assert table.frame["a"].to_list() == values


@pytest.mark.parametrize(
    ("series", "dtype", "values"),
    [
        (pl.Series([1, None], dtype=pl.UInt8), pl.Int64, [1, None]),
        (pl.Series([1.5, float("nan")]), pl.Float64, [1.5, None]),
        (pl.Series([1.5, None], dtype=pl.Float32), pl.Float64, [1.5, None]),
        (pl.Series(["u", None], dtype=pl.Categorical), pl.String, ["u", None]),
        (pl.Series(["u"], dtype=pl.Enum(["u"])), pl.String, ["u"]),
        (pl.Series([Decimal("1.5")]), pl.Float64, [1.5]),
        (pl.Series([MIDNIGHT]).dt.replace_time_zone("Asia/Tokyo"), pl.Datetime("us"), [MIDNIGHT - timedelta(hours=9)]),
        (pl.Series([timedelta(minutes=1)]), pl.Float64, [60.0]),
        (pl.Series([time(1, 0, 1)]), pl.Float64, [3601.0]),
        (pl.Series([None]), pl.Float64, [None]),
    ],
    ids=str,
)
def test_polars(series: pl.Series, dtype: Any, values: list[Any]) -> None:
    table = from_frame(pl.DataFrame({"a": series}))
    assert table.frame["a"].dtype == dtype
    assert table.frame["a"].to_list() == values


def test_pyarrow() -> None:
    table = from_frame(pa.table({"a": [1, None], "b": ["x", "y"], "c": [date(2024, 1, 1), None], "d": [True, None]}))
    assert table.frame.rows() == [(1, "x", date(2024, 1, 1), True), (None, "y", None, None)]


def test_names_that_are_no_texts_become_texts() -> None:
    assert from_frame(pd.DataFrame([[1, 2]], columns=[0, ("a", "b")])).names == ("0", "('a', 'b')")


def test_the_index_of_pandas_is_no_column() -> None:
    assert from_frame(pd.DataFrame({"a": [1, 2]}, index=["x", "y"])).names == ("a",)


def test_the_callers_frame_is_left_alone() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]})
    before = frame.copy(deep=True)
    from_frame(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_table_a_path_and_a_frame_are_tables(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    table = as_table(tmp_path / "t.csv")
    assert as_table(table) is table
    assert as_table(str(tmp_path / "t.csv")).source == table.source
    assert as_table(table.frame).source == "the frame"
