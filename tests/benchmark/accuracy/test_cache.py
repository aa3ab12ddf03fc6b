"""Fits are kept: what is done is not done again, and a file that was cut off serves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearprop.benchmark.accuracy.cache import Cache, Key
from clearprop.benchmark.accuracy.entrants import entrant
from clearprop.benchmark.accuracy.fit import Draw
from clearprop.errors import InputError

from .conftest import row

SCORES = {"r2": 0.5, "rmse": 1.0}


def test_rows_come_back_as_they_were(tmp_path):
    path = tmp_path / "below" / "fits.jsonl"
    first, second = row("a", 0, SCORES), row("a", 1, SCORES, timed=False)
    cache = Cache(path)
    cache.add(first)
    cache.add(second)
    again = Cache(path)
    assert again.get(first.key) == first and again.get(second.key) == second
    assert again.get(replace(first.key, version="2")) is None and again.get(replace(first.key, table="1")) is None


def test_a_line_that_was_cut_off_is_passed_over_and_the_next_is_whole(tmp_path):
    path = tmp_path / "fits.jsonl"
    first, second, third = (row("a", fold, SCORES) for fold in range(3))
    for one in (first, second):
        Cache(path).add(one)
    path.write_text(path.read_text()[:-20])
    assert Cache(path).get(second.key) is None
    Cache(path).add(third)
    again = Cache(path)
    assert (again.get(first.key), again.get(second.key), again.get(third.key)) == (first, None, third)


def test_what_was_timed_is_replaced_only_by_what_was(tmp_path):
    path = tmp_path / "fits.jsonl"
    untimed, timed = row("a", 0, SCORES, timed=False), row("a", 0, SCORES, 7.0)
    for one in (untimed, timed, untimed):
        Cache(path).add(one)
    assert Cache(path).get(timed.key) == timed
    cache = Cache(None)
    cache.add(timed)
    cache.add(row("a", 0, SCORES, 8.0))
    assert cache.get(timed.key).fitted.fit_seconds == 8.0


def test_a_line_of_something_else_is_named(tmp_path):
    path = tmp_path / "fits.jsonl"
    path.write_text('{"task": "iris"}\n')
    with pytest.raises(InputError, match=r"fits\.jsonl, line 1: this is no fit of the benchmark; delete the line"):
        Cache(path)


def test_a_key_tells_apart_what_gives_other_scores():
    one = entrant("scikit-learn")
    keys = {
        Key.of("iris", "t", 0, one, Draw()),
        Key.of("iris", "t", 1, one, Draw()),
        Key.of("iris", "t", 0, one, Draw(seed=1)),
        Key.of("iris", "t", 0, one, Draw(folds=2)),
        Key.of("iris", "u", 0, one, Draw()),
        Key.of("iris", "t", 0, replace(one, settings={"alpha": 1.0}), Draw()),
        Key.of("iris", "t", 0, entrant("clearprop"), Draw()),
        Key.of("iris", "t", 0, entrant("clearprop-quick"), Draw()),
    }
    assert len(keys) == 8 and Key.of("iris", "t", 0, one, Draw()) in keys


def test_our_version_is_that_of_the_files_that_a_fit_depends_on():
    number, _, files = entrant("clearprop").version().partition("+")
    assert number and len(files) == 10
