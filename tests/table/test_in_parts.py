"""Tables that a model answers part by part: the answers, the scores and the messages are those of one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import clearprop as cp
from clearprop.table import Encoding, Newcomers, Table, as_table, parts, read, unseen
from tests.table.conftest import lay_out, written
from tests.table.test_source import BAD

OF_LEARNING = (
    "no target",
    "no value of the target",
    "one value of the target",
    "a kind that there is not",
    "a column that there is not",
    "a stray text",
    "a stray text in an input",
    "a stray text in a Parquet file",
)
"""The bad input that only who learns from a table minds."""


def model_of(frame: pl.DataFrame, target: str, **settings: Any) -> cp.TableModel:
    """A table's model that has learnt nothing."""
    encoding = Encoding.learn(as_table(frame), target, **settings)
    outputs = max(1, len(encoding.classes))
    ends = ("softmax", "cross_entropy") if encoding.classes else ("identity", "half_squared_error")
    net = cp.Network(len(encoding.input_names), [cp.Dense(8, "tanh"), cp.Dense(outputs, ends[0])], ends[1])
    about = {"class_shares": [1 / outputs] * outputs}
    return cp.TableModel(cp.Model.initialized(net, seed=1, dtype="float32"), encoding, about)


@pytest.mark.usefixtures("chunked")
@pytest.mark.parametrize("target", ["y", "amount"])
def test_answers_and_scores_are_those_of_one_file(
    frame: pl.DataFrame, ending: str, target: str, tmp_path: Path
) -> None:
    model = model_of(frame, target)
    one = read(written(frame, tmp_path / "one", ending) / f"part-0.{ending}")
    many = written(frame, tmp_path / "many", ending, 4)
    keep = ["count", "seen", "x"]
    answers, outputs, scores = model.predict(one, keep=keep), model.outputs(one), model.evaluate(one)
    for given in (str(many / f"*.{ending}"), [tmp_path / "one"]):
        assert model.predict(given, keep=keep).equals(answers)
        assert model.outputs(given).tobytes() == outputs.tobytes()
        found = model.evaluate(given)
        assert found.measures == scores.measures and found.rows == scores.rows
        assert (found.confusion == scores.confusion).all()
        assert found.true.tolist() == scores.true.tolist() and found.predicted.tolist() == scores.predicted.tolist()


@pytest.mark.usefixtures("chunked")
def test_a_file_larger_than_memory_is_read_in_parts(
    frame: pl.DataFrame, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(frame, tmp_path / "one", ending) / f"part-0.{ending}"
    model, whole = model_of(frame, "y"), read(path)
    monkeypatch.setattr("clearprop.table.in_parts.fits", lambda *_: False)
    monkeypatch.setattr("clearprop.table.frames.read", lambda _: pytest.fail("it is read whole"))
    assert model.predict(path, keep="shop").equals(model.predict(whole, keep="shop"))
    assert model.evaluate(path).measures == model.evaluate(whole).measures


COLUMNS = {
    "whole, then not": ["1", "2", "3", "4.5"],
    "a word at last": ["1", "2.0", "3", "many"],
    "a code at last": ["1", "2", "3", "04"],
    "dates, then times": ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-01 18:30"],
    "true, then a number": ["true", "False", "true", "1"],
    "missing at first": ["", "NA", "7", "8"],
    "missing at last": ["7.5", "8", "?", ""],
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("size", [1, 16])
def test_texts_are_read_as_in_one_file(
    values: list[str], size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearprop.table.pieces.SIZE", size)
    lines = [f"{value},{row}\n" for row, value in enumerate(values)]
    whole = tmp_path / "whole.txt"
    whole.write_text("a,b\n" + "".join(lines))
    for part in range(2):
        (tmp_path / f"{part}.csv").write_text("a,b\n" + "".join(lines[2 * part : 2 * part + 2]))
    found = list(parts(tmp_path / "*.csv").tables)
    assert pl.concat([table.frame for table in found]).equals(read(whole).frame)
    assert {table.typed for table in found} == {False}
    assert [int(row) for table in found for row in table.rows] == [1, 2, 1, 2]
    assert found[-1].place(len(found[-1]) - 1, "a") == f'{tmp_path / "1.csv"}, row 2 (line 3), column "a"'


def test_decimal_commas_and_whole_numbers_are_one_column(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_text("a;b\n1;x\n2;y\n")
    (tmp_path / "1.csv").write_text("a;b\n1,5;x\n;y\n")
    frame = pl.concat([table.frame for table in parts(tmp_path).tables])
    assert frame["a"].to_list() == [1.0, 2.0, 1.5, None]


def test_rows_of_typed_files_are_read_for_their_types_only_where_these_tell_too_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clearprop.table import files

    read_rows: list[int] = []

    def frames(path: Path) -> Iterator[Any]:
        for found in real(path):
            read_rows.append(len(found[0]))
            yield found

    real = files._frames
    monkeypatch.setattr(files, "_frames", frames)
    for dtype, passes in ((pl.Int64, 1), (pl.UInt64, 2)):
        pl.DataFrame({"a": pl.Series([1, 2], dtype=dtype)}).write_parquet(tmp_path / "0.parquet")
        pl.DataFrame({"a": [0.5, None]}).write_parquet(tmp_path / "1.parquet")
        read_rows.clear()
        frame = pl.concat([table.frame for table in parts(tmp_path).tables])
        assert frame["a"].to_list() == [1.0, 2.0, 0.5, None]
        assert sum(read_rows) == 2 * passes + 2
    pl.DataFrame({"a": pl.Series([2**63 + 5, 1], dtype=pl.UInt64)}).write_parquet(tmp_path / "0.parquet")
    frame = pl.concat([table.frame for table in parts(tmp_path).tables])
    assert frame["a"].to_list() == [2.0**63, 1.0, 0.5, None]


@pytest.mark.parametrize("piece", [16, 1 << 23])
@pytest.mark.parametrize("case", [case for case in BAD if case not in OF_LEARNING])
def test_bad_input_is_told_as_to_who_learns(
    case: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearprop.table.pieces.SIZE", piece)
    monkeypatch.chdir(tmp_path)
    files, asked, message = BAD[case]
    lay_out(files, tmp_path)
    with pytest.raises(cp.InputError, match=message):
        list(parts(asked).tables)


@pytest.mark.parametrize(
    ("of_last", "act", "message"),
    [
        ("far,u", "predict", r'2\.csv, row 51 \(line 52\), column "a": "far" is not a number'),
        ("inf,u", "predict", r'2\.csv, row 51 \(line 52\), column "a": the value is infinite'),
        ("1,w", "evaluate", r'2\.csv, row 51 \(line 52\), column "y": "w" is none of the classes: u, v'),
    ],
)
@pytest.mark.usefixtures("chunked")
def test_a_value_out_of_place_names_file_row_and_line(of_last: str, act: str, message: str, tmp_path: Path) -> None:
    for part in range(3):
        rows = "".join(f"{i / 7},{'uv'[i % 2]}\n" for i in range(50))
        (tmp_path / f"{part}.csv").write_text(f"a,y\n{rows}{of_last if part == 2 else '8,u'}\n")
    model = model_of(pl.read_csv(tmp_path / "0.csv"), "y")
    with pytest.raises(cp.InputError, match=message):
        getattr(model, act)(tmp_path)


def test_what_a_model_lacks_in_files(frame: pl.DataFrame, tmp_path: Path) -> None:
    model = model_of(frame, "y")
    folder = written(frame.drop("x"), tmp_path / "no-x", "parquet", 2)
    with pytest.raises(cp.InputError, match='parquet: there is no column "x", which the model was trained with'):
        model.predict(folder)
    folder = written(frame.rename({"y": "Y"}), tmp_path / "no-y", "parquet", 2)
    assert len(model.predict(folder)) == len(frame)
    with pytest.raises(cp.InputError, match='parquet: there is no column "y", the target of the model'):
        model.evaluate(folder)
    folder = written(frame.with_columns(y=pl.lit(None, pl.String)), tmp_path / "no-value", "parquet", 2)
    with pytest.raises(cp.InputError, match=re.escape(f'{folder}: all values of the target column "y" are missing')):
        model.evaluate(folder)
    with pytest.raises(cp.InputError, match='unknown column "z"'):
        model.predict(folder, keep="z")


def test_what_cannot_be_read_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")

    def refused(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("clearprop.table.pieces.opened", refused)
    with pytest.raises(cp.InputError, match=r"a\.csv: cannot be read: Permission denied"):
        list(parts(tmp_path).tables)


@pytest.mark.parametrize("given", [[{"a": 1}], b"a.csv", b"", 3, [1, 2]])
def test_what_is_no_table(given: Any) -> None:
    with pytest.raises(cp.InputError, match="expected a DataFrame"):
        parts(given)


@pytest.mark.usefixtures("chunked")
def test_a_row_is_counted_through_all_files(frame: pl.DataFrame, ending: str, tmp_path: Path) -> None:
    folder = written(frame, tmp_path / "many", ending, 4)
    whole = parts(frame)
    for number in (1, 150, len(frame)):
        row = parts(folder).row(number)
        assert row.frame.equals(whole.row(number).frame.select(row.names))
        in_file = read(row.source).frame[int(row.rows[0]) - 1]
        assert in_file.select(row.names).equals(row.frame)
    for number in (0, len(frame) + 1):
        with pytest.raises(cp.InputError, match=f"{folder}: there is no row {number}; rows go from 1 to 300"):
            parts(folder).row(number)


def noted(model: cp.TableModel, tables: list[Table]) -> list[str]:
    newcomers = Newcomers(model.encoding)
    assert list(newcomers.among(tables)) == tables
    return [str(one) for one in newcomers.found]


def test_new_categories_are_noted_as_of_one_table(frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(frame, "amount", kinds={"count": "category"})
    shops = pl.Series([f"shop {row % 7}" if row % 3 else "east" for row in range(len(frame))])
    whole = as_table(frame.with_columns(shop=shops, count=pl.col("count") + 90))
    divided = [whole.select(range(start, end)) for start, end in ((0, 70), (70, 71), (71, len(frame)))]
    expected = [str(one) for one in unseen(model.encoding, whole)]
    assert len(expected) == 2 and noted(model, divided) == expected
    monkeypatch.setattr("clearprop.table.tally.MOST", 3)
    told = noted(model, divided)
    assert told[1].startswith("shop: 200 rows have over 7 categories that training did not have: ")
