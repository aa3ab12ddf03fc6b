"""Bad input: every case gives the documented answer or one InputError that names the place; nothing else ever."""

from __future__ import annotations

import gzip
import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clearprop.errors import InputError
from clearprop.table import Encoding, Table, from_frame, read

TEXTS: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "the file is empty"),
    "only empty lines": (b"\n\r\n\n", "the file is empty"),
    "only spaces": (b"   \n  ", "the file is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "the file is empty"),
    "header alone": (b"a,b\n", "it has no rows"),
    "header alone without a line end": (b"a,b", "it has no rows"),
    "short row": (b"a,b\n1,2\n3\n", r"row 2 \(line 3\): 1 value, but the header has 2 names"),
    "long row": (b"a,b\n1,2\n3,4,5\n", r"row 2 \(line 3\): 3 values, but the header has 2 names"),
    "short last row without a line end": (b"a,b\n1,2\n3", r"row 2 \(line 3\): 1 value"),
    "ragged after an empty line": (b"a,b\n\n1,2\n3\n", r"row 2 \(line 4\): 1 value"),
    "ragged after a quoted new line": (b'a,b\n"x\ny",2\n3\n', r"row 2 \(line 4\): 1 value"),
    "ragged after empty lines at the top": (b"\n\na,b\n1,2\n3\n", r"row 2 \(line 5\): 1 value"),
    "separator at the end of each row": (b"a,b\n1,2,\n3,4,\n", r"row 1 \(line 2\): 3 values"),
    "ragged tab-separated": (b"a\tb\n1\t2\n3\n", r"row 2 \(line 3\): 1 value"),
    "not UTF-8": (b"name,b\nAnna,1\nJos\xe9,2\n", "line 3, byte 17: a byte that is not UTF-8"),
    "UTF-8 cut within a letter": (b"a,b\n1,\xc3", "line 2, byte 6: a byte that is not UTF-8"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16; save it as UTF-8"),
    "zero byte": (b"a,b\n1,2\n3,\0\n", "line 3, byte 10: a zero byte"),
    "a Parquet file by another name": (b"PAR1\x15\0\0", "it looks like Parquet"),
    "a gzip file by another name": (gzip.compress(b"a,b\n1,2\n"), "it looks like gzip"),
    "an Excel file by another name": (b"PK\x03\x04\0\0\xff", "it looks like zip or Excel"),
    "same name twice": (b"a,b,a\n1,2,3\n", 'columns 1 and 3 have the same name "a"'),
    "same name but for spaces": (b"a, a\n1,2\n", 'columns 1 and 2 have the same name "a"'),
    "two columns without a name": (b"a,,\n1,2,3\n", 'columns 2 and 3 have the same name ""'),
    "quote never closed": (b'a,b\n1,2\n"3,4\n5,6\n', "line 3: a quote is opened here and never closed"),
    "quote in a value": (b'a,b\n5" pipe,2\n6" pipe,3\n', "line 2: a quote in the middle of a value"),
    "text after a quote": (b'a,b\n1,2\n"x"y,2\n', "line 3: a quote in the middle of a value"),
    "quote after a space": (b'a,b\n1, "x"\n', "line 2: a quote in the middle of a value"),
    "quote in a value below empty lines": (b'\n\na,b\n5" pipe,2\n', "line 4: a quote in the middle"),
    "quote never closed below empty lines": (b'\n\na,b\n"5,2\n', "line 4: a quote is opened here"),
    "one quote": (b'"', "line 1: a quote is opened here and never closed"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts_that_are_refused(tmp_path: Path, case: str) -> None:
    data, message = TEXTS[case]
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=rf"table\.csv.*{message}"):
        read(path)


@pytest.mark.parametrize("case", TEXTS)
def test_texts_are_refused_behind_gzip_too(tmp_path: Path, case: str) -> None:
    data, message = TEXTS[case]
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(data))
    with pytest.raises(InputError, match=message):
        read(path)


class TestFiles:
    def test_a_missing_file_and_the_name_that_was_meant(self, tmp_path: Path) -> None:
        (tmp_path / "iris.csv").write_bytes(b"a\n1\n")
        with pytest.raises(InputError, match=r'iriss\.csv: there is no such file; did you mean "iris\.csv"\?'):
            read(tmp_path / "iriss.csv")

    def test_a_file_in_a_missing_directory(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="there is no such file"):
            read(tmp_path / "missing" / "iris.csv")

    def test_a_file_below_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "iris.csv").write_bytes(b"a\n1\n")
        with pytest.raises(InputError, match="Not a directory"):
            read(tmp_path / "iris.csv" / "x.csv")

    def test_a_directory(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="this is a directory"):
            read(tmp_path)

    @pytest.mark.parametrize("name", ["x\0.csv", "x" * 5000 + ".csv"], ids=["zero byte", "too long"])
    def test_a_name_that_no_file_can_have(self, name: str) -> None:
        with pytest.raises(InputError, match="cannot be read"):
            read(name)

    @pytest.mark.parametrize("name", ["table.xlsx", "table", "table.parquet.gz", "table.gz", ".csv", "csv"])
    def test_an_unknown_ending(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"a,b\n1,2\n")
        with pytest.raises(InputError, match=r"the ending is not one that is read: \.csv"):
            read(tmp_path / name)

    @pytest.mark.parametrize("pattern", ["*.csv", "table[0].csv", "{a,b}.csv"])
    def test_a_name_is_no_pattern(self, tmp_path: Path, pattern: str) -> None:
        (tmp_path / "table0.csv").write_bytes(b"a\n1\n")
        with pytest.raises(InputError, match="there is no such file"):
            read(tmp_path / pattern)
        (tmp_path / pattern).write_bytes(b"b\n1\n")
        assert read(tmp_path / pattern).names == ("b",)

    @pytest.mark.parametrize("ending", ["csv.gz", "parquet", "arrow"])
    def test_a_file_cut_at_every_byte(self, tmp_path: Path, ending: str) -> None:
        frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
        path = tmp_path / f"table.{ending}"
        buffer = io.BytesIO()
        if ending == "parquet":
            frame.write_parquet(buffer)
        elif ending == "arrow":
            frame.write_ipc(buffer)
        else:
            buffer.write(gzip.compress(frame.write_csv().encode()))
        whole = buffer.getvalue()
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            cut = {"csv.gz": "not a whole gzip file", "parquet": "is cut off", "arrow": "is cut off"}[ending]
            with pytest.raises(InputError, match=rf"table\.{ending}: .*{cut if length > 6 else ''}"):
                read(path)
        path.write_bytes(whole)
        assert read(path).frame.equals(frame)

    @pytest.mark.parametrize("ending", ["parquet", "arrow"])
    def test_a_file_damaged_between_its_ends(self, tmp_path: Path, ending: str) -> None:
        mark = {"parquet": b"PAR1", "arrow": b"ARROW1"}[ending]
        path = tmp_path / f"table.{ending}"
        for middle in (b"", b"\0" * 8, b"\xff" * 64, b"nonsense" * 100):
            path.write_bytes(mark + middle + mark)
            with pytest.raises(InputError, match=rf"table\.{ending}: the \w+ file is damaged: \S"):
                read(path)

    def test_a_gzip_file_with_a_wrong_checksum(self, tmp_path: Path) -> None:
        data = bytearray(gzip.compress(b"a,b\n1,2\n"))
        data[-5] ^= 1
        (tmp_path / "table.csv.gz").write_bytes(data)
        with pytest.raises(InputError, match="not a whole gzip file"):
            read(tmp_path / "table.csv.gz")

    def test_a_csv_named_as_parquet(self, tmp_path: Path) -> None:
        (tmp_path / "table.parquet").write_bytes(b"a,b\n1,2\n")
        with pytest.raises(InputError, match=r"table\.parquet: this is no Parquet file"):
            read(tmp_path / "table.parquet")


class TestFrames:
    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns have the same name"),
            (pd.DataFrame([[1, 2]], columns=[1, "1"]), "two columns have the same name when written as text"),
            (pa.table([[1], [2]], names=["a", "a"]), "two columns have the same name"),
            (pl.LazyFrame({"a": [1]}), r"got LazyFrame; call its collect\(\) first"),
            ({"a": [1]}, "expected a DataFrame .* got dict"),
            (np.zeros((2, 2)), "expected a DataFrame .* got ndarray"),
            (None, "expected a DataFrame .* got NoneType"),
            (pd.Series([1, 2]), "expected a DataFrame .* got Series"),
            (pl.DataFrame(), "it has no columns"),
            (pd.DataFrame(), "it has no columns"),
            (pl.DataFrame({"a": []}), "it has no rows"),
            (pd.DataFrame({"a": []}), "it has no rows"),
            (pd.DataFrame({"a": [1, "x"]}), 'row 2, column "a": "x" is of type str, "1" above it of type int'),
            (pd.DataFrame({"a": [None, True, 1.5]}, dtype=object), 'row 3, column "a": "1.5" is of type float'),
        ],
        ids=[
            "pandas name twice",
            "pandas name twice as text",
            "pyarrow name twice",
            "lazy",
            "dict",
            "array",
            "none",
            "series",
            "polars no columns",
            "pandas no columns",
            "polars no rows",
            "pandas no rows",
            "pandas mixed",
            "pandas booleans and numbers",
        ],
    )
    def test_frames_that_are_refused(self, frame: Any, message: str) -> None:
        with pytest.raises(InputError, match=message):
            from_frame(frame)

    @pytest.mark.parametrize(
        "values",
        [[1 + 2j, 3j], [[1], [2]], [{"x": 1}, {"x": 2}], [b"x", b"y"]],
        ids=["complex", "list", "struct", "bytes"],
    )
    def test_values_of_other_types_are_left_out_with_a_word(self, values: list[Any]) -> None:
        encoding = Encoding.learn(from_frame(pd.DataFrame({"a": values, "x": [1.0, 2.0], "y": [0.5, 1.5]})), "y")
        assert encoding.columns[0].kind == "left out"
        assert re.search("values of type .* are not used", encoding.columns[0].done)
        with pytest.raises(InputError, match="cannot be predicted"):
            Encoding.learn(from_frame(pd.DataFrame({"a": values, "x": [1.0, 2.0]})), "a")


MANY = [f"{i}.5" for i in range(30)]
INFINITE = [1.0, 2.0, float("inf"), 4.0]
LEARNING: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "target that is not there": (
        {"age": [1, 2], "sex": ["m", "f"]},
        {"target": "agee"},
        'unknown column "agee"; did you mean "age"',
    ),
    "no row has the target": ({"x": [1, 2], "y": [None, None]}, {}, 'the target column "y" are missing'),
    "one row": ({"x": [1], "y": [2]}, {}, "only one row"),
    "one row has the target": ({"x": [1, 2], "y": ["a", None]}, {}, 'only one row has a value of the target "y"'),
    "one class": ({"x": [1, 2], "y": ["a", "a"]}, {}, 'the target "y" is always "a": nothing to learn'),
    "one number": ({"x": [1, 2], "y": [0.5, 0.5]}, {}, 'the target "y" is always "0.5": nothing to learn'),
    "infinite target": ({"x": [1, 2, 3, 4], "y": INFINITE}, {}, r'row 3.*, column "y": the value is infinite'),
    "infinite target for classes": ({"x": [1, 2, 3, 4], "y": INFINITE}, {"task": "classes"}, "row 3.*infinite"),
    "infinite input": ({"x": INFINITE, "y": list("abab")}, {}, r'row 3.*, column "x": the value is infinite'),
    "minus infinity": ({"x": [1.0, -float("inf"), 2.0], "y": list("aba")}, {}, 'row 2.*, column "x": the value is inf'),
    "texts as numbers": (
        {"x": [1, 2, 3], "y": ["1", "b", "c"]},
        {"task": "numbers"},
        'row 2.*column "y": "b" is not a number',
    ),
    "dates as target": (
        {"x": [1, 2], "y": [date(2024, 1, 1), date(2024, 1, 2)]},
        {},
        "of type Date cannot be predicted",
    ),
    "as many classes as rows": (
        {"x": range(30), "y": [f"n{i}" for i in range(30)]},
        {},
        "30 different values in 30 rows: too",
    ),
    "classes of unique numbers": (
        {"x": range(30), "y": range(30)},
        {"task": "classes"},
        'perhaps the task is "numbers"',
    ),
    "classes of many fractions": (
        {"x": range(90), "y": [i + 0.5 for i in range(30)] * 3},
        {"task": "classes"},
        "30 different fractional values",
    ),
    "no column but the target": ({"y": [0, 1, 0, 1, 0]}, {}, "no column is left .*there is no other column"),
    "no column of use": ({"a": [1, 1, 1], "y": [1.5, 2.5, 3.5]}, {}, 'no column is left .*"a": left out: always "1"'),
    "only missing values": (
        {"a": [None, None, None], "y": [1.5, 2.5, 3.5]},
        {},
        '"a": left out: all values are missing',
    ),
    "no training rows": ({"x": [1, 2], "y": [1.5, 2.5]}, {"rows": []}, "there are no training rows"),
    "unknown task": ({"x": [1, 2], "y": [1.5, 2.5]}, {"task": "class"}, 'unknown task "class"; did you mean "classes"'),
    "kind of an unknown column": ({"x": [1, 2], "y": [1.5, 2.5]}, {"kinds": {"z": "number"}}, 'unknown column "z"'),
    "kind of the target": ({"x": [1, 2], "y": [1.5, 2.5]}, {"kinds": {"y": "number"}}, '"y" is the target'),
    "mask for rows": ({"x": [1, 2], "y": [1.5, 2.5]}, {"rows": np.array([True, True])}, "not a mask"),
    "rows beyond the table": ({"x": [1, 2], "y": [1.5, 2.5]}, {"rows": [0, 2]}, "indices from 0 to 1"),
    "negative rows": ({"x": [1, 2], "y": [1.5, 2.5]}, {"rows": [-1, 0]}, "indices from 0 to 1"),
    "unknown kind": ({"x": [1, 2], "y": [1.5, 2.5]}, {"kinds": {"x": "numbr"}}, '"numbr"; did you mean "number"'),
    "texts asked to be numbers": (
        {"x": ["a", "b", "3"], "y": [1.5, 2.5, 3.5]},
        {"kinds": {"x": "number"}},
        'row 1.*column "x": "a" is not a number',
    ),
    "texts asked to be dates": (
        {"x": ["2024-01-01", "2024-01-02", "3"], "y": [1.5, 2.5, 3.5]},
        {"kinds": {"x": "date"}},
        'row 3.*column "x": "3" is not an ISO date',
    ),
    "a text among numbers": (
        {"x": ["1.5", "2", "3", "x", "2", "2"], "y": range(6)},
        {},
        r'row 4.*, column "x": "x" stands among 5 numbers; .*kinds=\{"x": "category"\}',
    ),
    "a text among many numbers": (
        {"x": [*MANY, "thirty"], "y": range(31)},
        {},
        'row 31.*, column "x": "thirty" stands among 30 numbers',
    ),
    "an impossible date among dates": (
        {"x": [f"2024-02-{day:02}" for day in range(10, 31)], "y": range(21)},
        {},
        'row 21.*, column "x": "2024-02-30" stands among 20 dates',
    ),
    "a text among the numbers to predict": (
        {"x": range(31), "y": [*MANY, "thirty"]},
        {},
        'row 31.*, column "y": "thirty" stands among 30 numbers; .*task="classes"',
    ),
}


@pytest.mark.parametrize("case", LEARNING)
def test_learning_is_refused(make: Any, source: str, case: str) -> None:
    columns, arguments, message = LEARNING[case]
    with pytest.raises(InputError, match=message) as caught:
        Encoding.learn(make(columns), **({"target": "y"} | arguments))
    assert not re.search(r"row \d", message) or source not in ("csv", "tsv", "csv.gz") or "(line" in str(caught.value)


TRAINED = {
    "age": [31, 42, 53, 64],
    "job": ["smith", "3", "baker", None],
    "member": [True, False, True, None],
    "born": [date(1990, 1, 1), date(1980, 6, 15), date(1970, 2, 3), None],
    "y": [1.5, 2.5, 3.5, 9.5],
}
GOOD = {name: values[:2] for name, values in TRAINED.items()}
PREDICTING: dict[str, tuple[dict[str, Any], str]] = {
    "a column is missing": (
        {"agee": [1, 2], **{k: v for k, v in GOOD.items() if k != "age"}},
        'no column "age", .*mean "agee"',
    ),
    "several columns are missing": ({"born": GOOD["born"]}, r'no column "age" \(and 2 more: "job", "member"\)'),
    "a text for a number": (GOOD | {"age": ["31", "old"]}, 'row 2.*column "age": "old" is not a number'),
    "an infinite number": (GOOD | {"age": [1.0, float("inf")]}, 'row 2.*column "age": the value is infinite'),
    "a date for a number": (GOOD | {"age": GOOD["born"]}, 'column "age": expected numbers, got dates'),
    "a text for a truth value": (GOOD | {"member": ["true", "maybe"]}, 'row 2.*column "member": "maybe" is not true'),
    "a number for a truth value": (GOOD | {"member": [1, 2]}, 'row 2.*column "member": "2" is not true or false'),
    "a date for a truth value": (GOOD | {"member": GOOD["born"]}, "expected true or false, got dates"),
    "a text for a date": (GOOD | {"born": ["1990-01-01", "May"]}, 'row 2.*column "born": "May" is not an ISO date'),
    "a number for a date": (GOOD | {"born": [1990, 1980]}, 'column "born": expected dates, got numbers'),
    "an impossible date": (GOOD | {"born": ["1990-01-01", "1990-02-30"]}, 'row 2.*column "born": "1990-02-30" is not'),
}


@pytest.mark.parametrize("case", PREDICTING)
def test_prediction_is_refused(make: Any, case: str) -> None:
    columns, message = PREDICTING[case]
    encoding = Encoding.learn(from_frame(pl.DataFrame(TRAINED)), "y")
    with pytest.raises(InputError, match=message):
        encoding.inputs(make(columns))


def test_lists_for_categories() -> None:
    encoding = Encoding.learn(from_frame(pl.DataFrame(TRAINED)), "y")
    with pytest.raises(InputError, match='column "job": expected categories, got values of type List'):
        encoding.inputs(from_frame(pl.DataFrame(GOOD | {"job": [["smith"], ["baker"]]})))


def test_an_unseen_class(make: Any) -> None:
    encoding = Encoding.learn(make({"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"]}), "y")
    with pytest.raises(InputError, match=r'row 2.*column "y": "c" is none of the classes: a, b'):
        encoding.targets(make({"x": [1, 2], "y": ["a", "c"]}))


def test_a_missing_target_where_it_is_needed(make: Any) -> None:
    encoding = Encoding.learn(make({"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"]}), "y")
    with pytest.raises(InputError, match=r'row 2.*column "y": the target is missing'):
        encoding.targets(make({"x": [1, 2], "y": ["a", None]}))


class TestExtremes:
    """Not errors: odd values that have a right answer."""

    def test_a_field_of_ten_megabytes(self, tmp_path: Path) -> None:
        path = tmp_path / "long.csv"
        path.write_bytes(b'x,text,y\n1,"' + b"long\n" * 2_000_000 + b'",1.5\n2,short,2.5\n')
        table = read(path)
        assert table.lines is not None
        assert (len(table), table.lines.tolist()) == (2, [2, 2_000_003])
        text = Encoding.learn(table, "y").columns[1]
        assert text.done == "free text: too long for categories"

    @pytest.mark.parametrize("size", [1e308, 1.7e308, 5e-324, 1e-310])
    def test_numbers_at_the_edge_of_float64(self, make: Any, size: float) -> None:
        x = [-size, 0.0, size, size]
        table = make({"x": x, "y": x})
        encoding = Encoding.learn(table, "y")
        inputs, targets = encoding.inputs(table), encoding.targets(table)
        assert np.isfinite(inputs).all()
        assert inputs[0, 0] < inputs[1, 0] < inputs[2, 0] == inputs[3, 0]
        standard = encoding.standardise(targets)
        assert np.isfinite(standard).all()
        assert standard[0, 0] < standard[1, 0] < standard[2, 0]
        np.testing.assert_allclose(encoding.unstandardise(standard), targets, rtol=1e-9, atol=size / 1e9)

    def test_integers_above_2_to_the_53_say_so(self, make: Any) -> None:
        table = make({"x": [2**53 + 1, 2**60, 3, 4], "y": [1.5, 2.5, 3.5, 4.5]})
        assert "lose their last digits" in Encoding.learn(table, "y").columns[0].notes[0]
        table = make({"x": [1, 2, 3, 4], "y": [2**53 + 1, 2**60, 3, 4]})
        assert "lose their last digits" in Encoding.learn(table, "y", task="numbers").target.notes[0]

    def test_exact_integers_say_nothing(self, make: Any) -> None:
        assert Encoding.learn(make({"x": [2**53, 1, 2], "y": [1.5, 2.5, 3.5]}), "y").columns[0].notes == ()

    def test_unsigned_integers_above_int64(self) -> None:
        table = from_frame(pl.DataFrame({"x": [2**64 - 1, 5]}, schema={"x": pl.UInt64}))
        assert table.frame["x"].to_list() == [float(2**64), 5.0]

    @pytest.mark.parametrize(
        "name", ["two\nlines", 'say "x"', "<script>", "a,b", "Größe 🐟", "x=1", "=SUM(A1)", "a\tb"]
    )
    def test_names_with_odd_letters(self, make: Any, name: str) -> None:
        table = make({name: [1, 2, 3], "y": [1.5, 2.5, 3.5]})
        encoding = Encoding.learn(table, "y")
        assert encoding.input_names == (name,)
        with pytest.raises(InputError) as caught:
            encoding.inputs(make({"other": [1]}))
        assert "\n" not in str(caught.value)


def test_messages_name_the_row_of_the_source_after_selection(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"x,y\n\n1,1.5\n2,2.5\ninf,3.5\n4,4.5\n")
    table: Table = read(path).select([3, 2, 0])
    with pytest.raises(InputError, match=re.escape('table.csv, row 3 (line 5), column "x": the value is infinite')):
        Encoding.learn(table, "y")
