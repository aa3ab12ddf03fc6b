"""Writing: what is written is read again; a file appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearprop.errors import InputError
from clearprop.table import check_ending, read, write

ENDINGS = ["csv", "tsv", "txt", "csv.gz", "tsv.gz", "parquet", "arrow", "feather"]
FRAME = pl.DataFrame(
    {
        "row": [1, 2, None],
        "p": [0.1, 1e-300, 1.7976931348623157e308],
        "label": ['say "x",\nand\ttab', "Größe; 🐟|", None],
        "yes": [True, None, False],
        "day": [date(2024, 2, 29), None, date(1, 1, 1)],
        "at": [datetime(2024, 2, 29, 18, 30, 0, 250_000), None, datetime(1969, 1, 1)],
    }
)


@pytest.mark.parametrize("ending", ENDINGS)
def test_round_trip(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    write(FRAME, path)
    assert read(path).frame.equals(FRAME)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def spelt(text: str) -> bool:
    """Whether a text is surely one: it could be read as nothing else, and has no spaces around it."""
    return text.isalpha() and text.lower() not in ("true", "false", "inf", "infinity", "nan", "na", "null", "none")


columns = st.one_of(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20),
    st.lists(st.none() | st.floats(allow_nan=False), min_size=1, max_size=20),
    st.lists(st.none() | st.booleans(), min_size=1, max_size=20),
    st.lists(st.none() | st.dates(), min_size=1, max_size=20),
    st.lists(st.none() | st.datetimes(), min_size=1, max_size=20),
    st.lists(st.none() | st.text(st.characters(codec="utf-8"), min_size=1).filter(spelt), min_size=1, max_size=20),
)


@pytest.mark.parametrize("ending", ["csv", "tsv.gz", "parquet", "arrow"])
@settings(deadline=None)
@given(values=columns)
def test_any_column_comes_back(tmp_path_factory: pytest.TempPathFactory, ending: str, values: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{ending}"
    write(pl.DataFrame({"a": values}), path)
    assert read(path).frame["a"].to_list() == values


def test_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    write(FRAME.select("row", "yes"), "-")
    assert capsys.readouterr().out == "row,yes\n1,true\n2,\n,false\n"


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.parquet.gz"])
def test_an_unknown_ending_writes_nothing(tmp_path: Path, name: str) -> None:
    for act in (lambda: write(FRAME, tmp_path / name), lambda: check_ending(tmp_path / name)):
        with pytest.raises(InputError, match="the ending is not one that is written"):
            act()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow"])
def test_a_failure_leaves_the_old_file(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"out.{ending}"
    write(FRAME, path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write(FRAME.head(1), path)
    assert read(path).frame.equals(FRAME)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_what_a_csv_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"out\.csv: "):
        write(pl.DataFrame({"a": [[1, 2]]}), tmp_path / "out.csv")
    assert not list(tmp_path.iterdir())


def test_the_same_frame_gives_the_same_gzip(tmp_path: Path) -> None:
    write(FRAME, tmp_path / "a.csv.gz")
    write(FRAME, tmp_path / "b.csv.gz")
    first = (tmp_path / "a.csv.gz").read_bytes()
    assert first == (tmp_path / "b.csv.gz").read_bytes()
    assert first[4:8] == bytes(4)  # the time of writing


def failing() -> Iterator[pl.DataFrame]:
    yield FRAME
    raise InputError("no more")


@pytest.mark.parametrize("ending", ENDINGS)
def test_several_frames_are_one_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    write((FRAME[row : row + 1] for row in range(3)), path)
    assert read(path).frame.equals(FRAME)
    with pytest.raises(InputError, match="no more"):
        write(failing(), path)
    assert read(path).frame.equals(FRAME)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_several_frames_are_printed_whole_or_not_at_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (1, 1 << 20):
        monkeypatch.setattr("clearprop.table.writing.IN_MEMORY", size)
        write((FRAME[row : row + 1] for row in range(3)), "-")
        assert capsys.readouterr().out == FRAME.write_csv()
        with pytest.raises(InputError, match="no more"):
            write(failing(), "-")
        assert capsys.readouterr().out == ""


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    write((FRAME, FRAME), tmp_path / "out.parquet")
    with pytest.raises(InputError, match="no more"):
        write(failing(), tmp_path / "out.parquet")
    assert list(place.iterdir()) == []
