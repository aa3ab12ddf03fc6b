"""Whatever the table and the recipe say about themselves has its Chinese."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from clearprop.optimize import SGD
from clearprop.report.told import CHINESE, in_chinese
from clearprop.table import Encoding, from_frame
from clearprop.tabular.recipe import RECIPES, recipe

ROWS = 200
WORDS = re.compile("[A-Za-z]{3,}")


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    place = np.arange(ROWS)
    yes = place % 2 == 0
    frame = pl.DataFrame(
        {
            "number": np.sin(place),
            "gaps": [None if index % 9 == 0 else float(index) for index in range(ROWS)],
            "gaps in one value": [None if index % 9 == 0 else 1.0 for index in range(ROWS)],
            "texts": [str(index / 4) for index in range(ROWS)],
            "huge": [2**60 + index for index in range(ROWS)],
            "flag": yes,
            "flag with gaps": [None if index % 7 == 0 else index % 3 == 0 for index in range(ROWS)],
            "colour": ["red", "green", "blue", None] * (ROWS // 4),
            "date": [datetime(2020, 1, 1) + timedelta(hours=31 * index) for index in range(ROWS)],
            "empty": [None] * ROWS,
            "constant": ["same"] * ROWS,
            "row id": place,
            "name": [f"person {index}" for index in range(ROWS)],
            "nearly": [f"person {index % 195}" for index in range(ROWS)],
            "long": [f"{'long ' * 40}{index % 50}" for index in range(ROWS)],
            "lists": [[index] for index in range(ROWS)],
            "not wanted": place**2,
            "copy": ["a" if one else "b" for one in yes],
            "target": ["yes" if one else "no" for one in yes],
        }
    )
    return Encoding.learn(from_frame(frame), "target", kinds={"not wanted": "left out"})


def test_all_that_is_said_of_columns_has_its_chinese(encoding: Encoding) -> None:
    said = {phrase for one in encoding.columns for phrase in (one.done, *one.notes)}
    assert len(said) > 15
    for phrase in said:
        shown = in_chinese(phrase)
        own = re.sub('"[^"]*"|List\\([^)]*\\)', "", shown)  # a value or a type is named as it is
        assert shown != phrase
        assert not WORDS.search(own), shown


def test_all_settings_have_their_chinese() -> None:
    X = np.zeros((400, 30), np.float32)
    made = [recipe(name, X, 2, task) for name in RECIPES for task in ("classes", "numbers")]
    made.append(replace(made[0], optimizer=SGD(0.5), batch_size=None, folds=1))
    for name, value in (setting for one in made for setting in one.settings()):
        assert not WORDS.search(in_chinese(name).replace("dropout", "")), name
        assert not WORDS.search(re.sub("AdamW|SGD", "", in_chinese(value))), value


def test_holes_are_kept_in_both_languages() -> None:
    for english, chinese in CHINESE.items():
        assert english.count("{}") == len(re.findall(r"{\d?}", chinese)), english


def test_numbers_stay_where_they_belong() -> None:
    assert in_chinese("free text: 190 different texts in 200 rows") == "自由文本：200 行中有 190 种不同文本"
    assert in_chinese("3 missing of 9; always 7") == "9 行中缺失 3；总是 7"
    assert in_chinese("words of my own") == "words of my own"


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2", "3", "x", "5"] * 12,
        ["01/02/2024", "03/04/2024", "05/06/2024"] * 20,
        [f"{d}/1/24" for d in range(1, 31)],
    ],
)
def test_doubts_about_a_column_are_told_in_chinese(values: list[str]) -> None:
    from clearprop.table.doubts import doubts

    (note,) = doubts(pl.Series("x", values))
    chinese = in_chinese(note)
    assert not any(word in chinese for word in ("values", "dates", "write", "missing"))
