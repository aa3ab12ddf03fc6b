"""Kinds: what a column is taken for, and what is left out with a word."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from clearprop.errors import InputError
from clearprop.table import Encoding, Table, from_frame, read
from clearprop.table.kinds import learn, one_to_one

N = 60
WORDS = [f"{a}{b}" for a in "abcdefgh" for b in "stuvwxyz"][:N]
LONG = [f"a long and winding sentence, number {place}, that says a thing or two" for place in range(N)]
# Name of the column, values, kind, what is done with it.
KINDS: dict[str, tuple[str, list[Any], str, str]] = {
    "whole numbers": ("age", [*range(20, 20 + N)], "number", "softly clipped"),
    "few whole numbers": ("rooms", [1, 2, 3] * 20, "number", "softly clipped"),
    "zeros and ones": ("smoker", [0, 1] * 30, "number", "softly clipped"),
    "unique fractions named id": ("id", [i + 0.5 for i in range(N)], "number", "softly clipped"),
    "years, one a row": ("year", [*range(1960, 1960 + N)], "number", "softly clipped"),
    "numbers named id that repeat": ("shop_id", [1, 2, 3] * 20, "number", "softly clipped"),
    "numbers, mostly missing": ("x", [1.5, 2.5] + [None] * 58, "number", "softly clipped"),
    "a number that is there or not": ("x", [1.5] * 30 + [None] * 30, "number", "missing or not"),
    "consecutive numbers named id": ("id", [*range(N)], "left out", "an identifier"),
    "unique numbers named id": ("PassengerId", [(37 * i) % 1009 for i in range(N)], "left out", "an identifier"),
    "a counter without a name": ("", [*range(N)], "left out", "an identifier"),
    "pandas' unnamed index": ("Unnamed: 0", [*range(N)], "left out", "an identifier"),
    "unique texts": ("name", WORDS, "left out", "an identifier: every row has its own text"),
    "nearly unique texts": ("name", [*WORDS[:-1], WORDS[0]], "left out", "free text: 59 different texts in 60 rows"),
    "sentences": ("review", LONG[:-1] + LONG[:1], "left out", "free text"),
    "one enormous text": ("blob", ["a", "b"] * 29 + ["c" * 1000] * 2, "left out", "free text: too long"),
    "constant number": ("x", [1.5] * N, "left out", 'always "1.5"'),
    "constant text": ("x", ["same"] * N, "left out", 'always "same"'),
    "constant truth": ("x", [True] * N, "left out", 'always "True"'),
    "constant date": ("x", [date(2024, 1, 1)] * N, "left out", 'always "2024-01-01"'),
    "nothing": ("x", [None] * N, "left out", "all values are missing"),
    "words": ("job", ["smith", "baker", None] * 20, "category", "3 categories"),
    "digits as texts": ("grade", ["1", "2", "3"] * 20, "category", "3 categories"),
    "unique digits as texts, in few rows": ("x", ["1", "2", "3", "4", "5"], "category", "5 categories"),
    "a word that is there or not": ("x", ["yes"] * 30 + [None] * 30, "category", "2 categories"),
    "few different texts in few rows": ("x", ["a", "b", "c", "d"], "category", "4 categories"),
    "codes with leading zeros": ("zip", [f"{i % 30:05}" for i in range(N)], "category", "30 categories"),
    "numbers and codes": ("ward", [*map(str, range(1, 19)), "K", "PK"] * 3, "category", "20 categories"),
    "truth values": ("x", [True, False, None] * 20, "boolean", "missing 0"),
    "dates": ("day", [date(2024, 1, 1 + i % 28) for i in range(N)], "date", "day"),
    "dates as texts": ("day", [f"2024-01-{1 + i % 28:02}" for i in range(N)], "date", "day"),
    "many numbers as texts": ("x", [f"{i}.5" for i in range(N)], "number", "softly clipped"),
}


@pytest.mark.parametrize("case", KINDS)
def test_kinds(case: str) -> None:
    name, values, kind, done = KINDS[case]
    column = learn(from_frame(pl.DataFrame({name: values})), name)
    assert column.kind == kind
    assert done in column.done
    assert column.missing == values.count(None)
    assert (column.kind == "left out") == (not column.input_names)


def test_numbers_as_texts_say_so() -> None:
    column = learn(from_frame(pl.DataFrame({"x": [f"{i}.5" for i in range(N)]})), "x")
    assert column.notes == ("its texts are read as numbers",)


def test_digits_in_a_text_file_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n" + "1,a\n2,b\n" * 3)
    assert Encoding.learn(read(tmp_path / "t.csv"), "y").columns[0].kind == "number"


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("number", ("code", "x")),
        ("category", ("x", "code=1", "code=2", "code=3")),
        ("left out", ("x",)),
    ],
)
def test_a_kind_can_be_asked_for(kind: str, names: tuple[str, ...]) -> None:
    table = from_frame(pl.DataFrame({"code": [1, 2, 3, 1], "x": [1, 2, 3, 4], "y": [0.5, 1.5, 2.5, 0.7]}))
    encoding = Encoding.learn(table, "y", kinds={"code": kind})
    assert encoding.input_names == names


def test_an_identifier_can_be_asked_back() -> None:
    table = from_frame(pl.DataFrame({"id": range(N), "y": [0.5, 1.5, 2.5] * 20}))
    assert Encoding.learn(table, "y", kinds={"id": "number"}).input_names == ("id",)


def test_a_stray_text_can_be_kept_as_a_category() -> None:
    values = [f"{i % 25}.5" for i in range(99)] + ["V57"]
    table = from_frame(pl.DataFrame({"diagnosis": values, "y": [0.5, 1.5] * 50}))
    encoding = Encoding.learn(table, "y", kinds={"diagnosis": "category"})
    assert "diagnosis=V57" in encoding.input_names


rng = np.random.default_rng(0)
X = rng.normal(size=200)
COPIES: dict[str, tuple[Any, Any, bool]] = {
    "the target itself": (X, X, True),
    "another unit": (X * 2.54 + 1, X, True),
    "another scale, falling": (np.exp(-X), X, True),
    "another column": (rng.normal(size=200), X, False),
    "nearly the target": (X + 1e-3 * rng.normal(size=200), X, False),
    "classes by number": ([0, 1, 2] * 20, ["a", "b", "c"] * 20, True),
    "classes but for one row": ([0, 1, 2] * 20, ["a", "b", "c"] * 19 + ["a", "b", "b"], False),
    "a finer division": ([0, 1, 2, 3] * 15, ["a", "b", "a", "b"] * 15, False),
    "a coarser division": ([0, 1, 0, 1] * 15, [0.5, 1.5, 2.5, 3.5] * 15, False),
    "a unique text": (WORDS, list(range(N)), False),
    "too few rows to say": ([1, 2, 3], ["a", "b", "a"], False),
    "few rows of numbers": ([1, 2, 3, 4], [1.5, 2.5, 3.5, 4.5], False),
    "a difference after a thousand rows": ([0, 1] * 1000, ["a", "b"] * 999 + ["b", "a"], False),
}


@pytest.mark.parametrize("case", COPIES)
def test_copies_of_the_target(case: str) -> None:
    column, target, answer = COPIES[case]
    assert one_to_one(pl.Series(column), pl.Series(target)) is answer


def test_a_copy_is_kept_and_reported() -> None:
    table: Table = from_frame(pl.DataFrame({"x": [1, 5, 2, 2] * 5, "copy": [1, 0, 1, 0] * 5, "y": list("abab") * 5}))
    x, copy = Encoding.learn(table, "y").columns
    assert x.notes == ()
    assert copy.notes == ("goes one to one with the target: is it a copy of the answer?",)
    assert copy.input_names == ("copy",)


@pytest.mark.parametrize("pattern", ["${:,.2f}", "{:,.2f}", "{:.1f}%", "{:.0f} €"])
def test_numbers_dressed_up_are_left_out_with_the_mend(pattern: str) -> None:
    frame = pl.DataFrame({"price": [pattern.format(1234.5 + 777.25 * i) for i in range(60)]})
    column = learn(Table.of(frame, "t.csv"), "price")
    assert column.kind == "left out" and "write 1234.5" in column.done


def test_codes_are_not_taken_for_numbers_dressed_up() -> None:
    frame = pl.DataFrame({"code": [f"{i:03d}-{i % 7}" for i in range(60)]})
    assert "write 1234.5" not in learn(Table.of(frame, "t.csv"), "code").done


DAYS = [(1 + 5 * i % 28, 1 + i % 12, 2020 + i % 4) for i in range(N)]


@pytest.mark.parametrize(
    ("pattern", "order"),
    [
        ("{d}/{m}/{y}", "day first"),
        ("{m}/{d}/{y}", "month first"),
        ("{d:02}.{m:02}.{y}", "day first"),
        ("{m:02}-{d:02}-{y} 18:30", "month first"),
    ],
)
def test_dates_in_the_one_order_that_fits_are_dates(pattern: str, order: str) -> None:
    texts = [pattern.format(d=d, m=m, y=y) for d, m, y in DAYS]
    time = (18, 30) if "18:30" in pattern else (0, 0)
    frame = pl.DataFrame({"day": texts, "y": range(N)})
    same = pl.DataFrame({"day": [datetime(y, m, d, *time) for d, m, y in DAYS], "y": range(N)})
    encoding = Encoding.learn(from_frame(frame), "y")
    assert (encoding.columns[0].kind, encoding.columns[0].notes) == ("date", (f"dates are read {order}",))
    expected = Encoding.learn(from_frame(same), "y").inputs(from_frame(same))
    np.testing.assert_array_equal(encoding.inputs(from_frame(frame)), expected)
    # What alone could be either is read as training was; and ISO still is.
    few = from_frame(frame.filter(pl.Series([d < 13 for d, _, _ in DAYS])).head(3))
    again = Encoding.from_json(encoding.to_json())
    np.testing.assert_array_equal(again.inputs(few), expected[[d < 13 for d, _, _ in DAYS]][:3])
    np.testing.assert_array_equal(encoding.inputs(from_frame(same)), expected)


def test_a_date_in_the_other_order_is_refused() -> None:
    frame = pl.DataFrame({"day": [f"{d}/{m}/{y}" for d, m, y in DAYS], "y": range(N)})
    encoding = Encoding.learn(from_frame(frame), "y")
    with pytest.raises(InputError, match=r'row 1, column "day": "12/31/2024" is not a date such as .* or 29/02/2024'):
        encoding.inputs(from_frame(pl.DataFrame({"day": ["12/31/2024"]})))


def test_dates_that_fit_both_orders_stay_categories_with_a_note() -> None:
    frame = from_frame(pl.DataFrame({"day": ["01/02/2024", "03/04/2024", "05/06/2024"] * 20}))
    column = learn(frame, "day")
    assert column.kind == "category" and "day and month cannot be told apart" in column.notes[0]
    with pytest.raises(InputError, match='column "day": day and month of its dates cannot be told apart'):
        learn(frame, "day", "date")


@pytest.mark.parametrize(
    ("values", "kind", "note"),
    [
        (["1", "2", "3", "x", "5"] * 12, "category", '48 of 60 values are numbers, but not "x": correct'),
        (
            [*(f"{i}.5" for i in range(56)), *"abcd"],
            "left out",
            '56 of 60 values are numbers, but not "a", "b", "c", …',
        ),
        ([f"{d:02}/{m:02}/24" for d, m, _ in DAYS], "left out", "dates that are not read: write them as 2024-12-31"),
    ],
)
def test_what_was_perhaps_meant_otherwise_is_noted(values: list[str], kind: str, note: str) -> None:
    column = learn(from_frame(pl.DataFrame({"x": values})), "x")
    assert column.kind == kind and column.notes[0].startswith(note)
    assert not learn(from_frame(pl.DataFrame({"x": values})), "x", "category").notes
