"""Values: texts that are equal where two values mean the same category."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from clearprop.table.values import keys

KEYS: dict[str, tuple[list[Any], list[str | None]]] = {
    "whole numbers": ([3, -1, 2**63 - 1, None], ["3", "-1", "9223372036854775807", None]),
    "floats": ([3.0, 2.5, -0.0, 1e300, 1e-7, None], ["3", "2.5", "0", "1e+300", "1e-07", None]),
    "infinite floats": ([float("inf"), 1.5], ["inf", "1.5"]),
    "texts of numbers": (["3", "3.0", "3e0", "+3", "2.50", "1e300"], ["3", "3", "3", "3", "2.5", "1e+300"]),
    "texts of large whole numbers": (
        ["9007199254740993", "9007199254740992"],
        ["9007199254740993", "9007199254740992"],
    ),
    "codes": (["03", "3", "007.5"], ["03", "3", "007.5"]),
    "texts of what is no number": (["inf", "nan", "1_000", " 3", ""], ["inf", "nan", "1_000", " 3", ""]),
    "truth values": ([True, False, None], ["true", "false", None]),
    "texts of truth values": (["True", "FALSE", "Truth"], ["true", "false", "Truth"]),
    "dates": ([date(2024, 2, 29), None], ["2024-02-29", None]),
    "times": ([datetime(2024, 2, 29), datetime(2024, 2, 29, 7, 5)], ["2024-02-29", "2024-02-29 07:05:00.000000"]),
}


@pytest.mark.parametrize("case", KEYS)
def test_keys(case: str) -> None:
    values, texts = KEYS[case]
    assert keys(pl.Series("x", values)).to_list() == texts
