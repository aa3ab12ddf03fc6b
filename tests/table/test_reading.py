"""Reading: what stands in a file arrives, in the right type, with its place."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearprop.errors import InputError
from clearprop.table import Table, delimited, read


def table(folder: Path, text: str | bytes, name: str = "table.csv") -> Table:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path)


def column(folder: Path, *values: str, separator: str = ",") -> list[Any]:
    rows = "".join(f"{value}{separator}end\n" for value in values)
    return table(folder, f"a{separator}b\n{rows}").frame["a"].to_list()


TYPES: dict[str, tuple[list[str], list[Any]]] = {
    "whole numbers": (["1", "-2", "+3", "0"], [1, -2, 3, 0]),
    "whole numbers, some missing": (["1", "", "3"], [1, None, 3]),
    "numbers": (["1", "2.5", "-1e3", ".5", "5."], [1.0, 2.5, -1000.0, 0.5, 5.0]),
    "numbers around which there are spaces": ([" 1", "2  ", "\t3"], [1, 2, 3]),
    "every marker of a missing number": (
        ["1", "", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?", " ? ", "  ", '"NA"'],
        [1] + [None] * 13,
    ),
    "numbers in quotes": (['"1"', '"2"'], [1, 2]),
    "postal codes": (["02134", "10001"], ["02134", "10001"]),
    "numbers beyond 64 bits": (["9223372036854775808", "1"], [9223372036854775808.0, 1.0]),
    "infinite numbers": (["inf", "-inf", "1"], [float("inf"), float("-inf"), 1.0]),
    "numbers with something behind": (["1", "2kg"], ["1", "2kg"]),
    "numbers with underscores": (["1_000", "2_000"], ["1_000", "2_000"]),
    "hexadecimal": (["0x10", "0x20"], ["0x10", "0x20"]),
    "truth values": (["true", "False", "TRUE", ""], [True, False, True, None]),
    "yes and no": (["yes", "no"], ["yes", "no"]),
    "dates": (["2024-02-29", "", "1999-12-31"], [date(2024, 2, 29), None, date(1999, 12, 31)]),
    "impossible dates": (["2024-02-29", "2023-02-29"], ["2024-02-29", "2023-02-29"]),
    "dates of other countries": (["29.02.2024", "02/29/2024"], ["29.02.2024", "02/29/2024"]),
    "dates with times": (
        ["2024-02-29 18:30", "2024-02-29T18:30:15", "2024-02-29 18:30:15.25", "2024-02-29"],
        [datetime(2024, 2, 29, *time) for time in ((18, 30), (18, 30, 15), (18, 30, 15, 250_000), (0, 0))],
    ),
    "times with a zone": (
        ["2024-02-29T18:30:00Z", "2024-02-29T18:30:00+02:00", "2024-02-29 18:30:00-0130"],
        [datetime(2024, 2, 29, 18, 30), datetime(2024, 2, 29, 16, 30), datetime(2024, 2, 29, 20, 0)],
    ),
    "texts": (["a", " b ", "", "Größe 🐟"], ["a", "b", None, "Größe 🐟"]),
    "texts in quotes": (
        ['"a,b"', '"say ""x"""', '"two\nlines"', '"two\r\nlines"'],
        ["a,b", 'say "x"', "two\nlines", "two\r\nlines"],
    ),
    "numbers after many missing ones": ([""] * 500 + ["1.5"], [None] * 500 + [1.5]),
    "a text after many numbers": (["1"] * 500 + ["x"], ["1"] * 500 + ["x"]),
    "a number after many texts": (["x"] * 500 + ["1"], ["x"] * 500 + ["1"]),
}


@pytest.mark.parametrize("case", TYPES)
def test_types_of_columns(tmp_path: Path, case: str) -> None:
    texts, values = TYPES[case]
    found = column(tmp_path, *texts)
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_a_column_of_missing_values_is_kept(tmp_path: Path) -> None:
    assert table(tmp_path, "a,b\n,1\n?,2\n").frame["a"].to_list() == [None, None]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_decimal_commas_where_the_separator_is_not_a_comma(tmp_path: Path, separator: str) -> None:
    assert column(tmp_path, "1,5", "2", "-3,25e2", separator=separator) == [1.5, 2.0, -325.0]
    assert column(tmp_path, "1,5", "2.5", separator=separator) == ["1,5", "2.5"]
    assert column(tmp_path, "1,000,5", "2,5", separator=separator) == ["1,000,5", "2,5"]


def test_commas_in_a_comma_separated_file_are_no_decimal_commas(tmp_path: Path) -> None:
    assert column(tmp_path, '"1,5"', '"2,5"') == ["1,5", "2,5"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["table.csv", "table.tsv", "table.txt", "TABLE.CSV"])
def test_separators_are_found(tmp_path: Path, separator: str, name: str) -> None:
    text = f'a{separator}"b, c; d|e\tf"\n1{separator}2\n3{separator}4\n'
    assert table(tmp_path, text, name).frame.to_dict(as_series=False) == {"a": [1, 3], "b, c; d|e\tf": [2, 4]}


def test_the_lines_decide_between_separators(tmp_path: Path) -> None:
    text = "name, given;city, country\nAda;London\nAlan;Wilmslow\n"
    assert table(tmp_path, text).names == ("name, given", "city, country")


def test_one_column_needs_no_separator(tmp_path: Path) -> None:
    assert table(tmp_path, "a\n1\n2\n").frame["a"].to_list() == [1, 2]


ROWS = ["a,b", "1,x", "2,y", "3,z"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
@pytest.mark.parametrize("last", [True, False], ids=["line end at the end", "none"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte order mark"])
def test_line_ends_and_byte_order_mark(tmp_path: Path, end: str, last: bool, mark: bytes) -> None:
    found = table(tmp_path, mark + (end.join(ROWS) + end * last).encode())
    assert found.frame.rows() == [(1, "x"), (2, "y"), (3, "z")]
    assert found.lines is not None
    assert found.lines.tolist() == [2, 3, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("first", ["a,b", "a"])
def test_empty_lines_are_skipped_and_counted(tmp_path: Path, end: str, first: str) -> None:
    second, third = ("1,2", "3,4") if "," in first else ("1", "3")
    found = table(tmp_path, end.join(["", "", first, "", second, "", "", third, "", ""]))
    assert found.frame["a"].to_list() == [1, 3]
    assert found.lines is not None
    assert (found.rows.tolist(), found.lines.tolist()) == ([1, 2], [5, 8])


def test_lines_count_the_new_lines_in_quotes(tmp_path: Path) -> None:
    found = table(tmp_path, '"a\nname",b\n1,"x\n\ny"\n2,z\n')
    assert found.names == ("a\nname", "b")
    assert found.lines is not None
    assert found.lines.tolist() == [3, 6]
    assert found.place(1, "b").endswith('table.csv, row 2 (line 6), column "b"')


def test_a_name_is_no_missing_value(tmp_path: Path) -> None:
    assert table(tmp_path, "NA,None,\n1,2,3\n").names == ("NA", "None", "")


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_a_long_file_is_read_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Many times longer than the pieces in which it is looked at, with quotes and new lines across their edges."""
    monkeypatch.setattr(delimited, "CHUNK", chunk)
    rows = [(i, f'say "{i}",\nand\n' * (i % 7)) for i in range(200)]
    text = io.StringIO()
    csv.writer(text).writerows([("a", "b"), *rows])
    found = table(tmp_path, text.getvalue())
    assert found.frame["a"].to_list() == list(range(200))
    assert found.frame["b"].to_list() == [value.strip() or None for _, value in rows]
    assert found.lines is not None
    assert found.lines[-1] == 2 + sum(1 + 2 * (i % 7) for i in range(199))


cells = st.text(st.sampled_from('ab1.,;|\t" \n\r?'), max_size=6).map(str.strip) | st.text(max_size=6).map(str.strip)


@settings(deadline=None)
@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1)))
def test_what_pythons_csv_module_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    names = [f"name{place}" for place in range(len(rows[0]))]
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    try:
        data = text.getvalue().encode()
    except UnicodeEncodeError:
        return
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    if b"\0" in data:
        with pytest.raises(InputError, match="zero byte"):
            read(path)
        return
    found = read(path).frame
    assert found.shape == (len(rows), len(names))
    for row, values in zip(rows, found.rows(), strict=True):
        for text_given, value in zip(row, values, strict=True):
            assert value is None or not isinstance(value, str) or value == text_given


@pytest.mark.parametrize("ending", ["csv", "tsv", "txt", "tab"])
def test_gzip(tmp_path: Path, ending: str) -> None:
    found = table(tmp_path, gzip.compress(b"a,b\n1,x\n"), f"table.{ending}.gz")
    assert found.frame.rows() == [(1, "x")]


@pytest.mark.parametrize("compression", ["zstd", "lz4", "snappy", "gzip", "uncompressed"])
def test_parquet(tmp_path: Path, compression: Any) -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "3"], "c": [date(2024, 1, 1), None]})
    frame.write_parquet(tmp_path / "t.parquet", compression=compression)
    found = read(tmp_path / "t.parquet")
    assert found.frame.equals(frame)
    assert found.lines is None
    assert found.place(1, "a").endswith('t.parquet, row 2, column "a"')


@pytest.mark.parametrize("compression", ["zstd", "lz4", "uncompressed"])
@pytest.mark.parametrize("ending", ["arrow", "feather", "ipc"])
def test_arrow(tmp_path: Path, compression: Any, ending: str) -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "3"]})
    frame.write_ipc(tmp_path / f"t.{ending}", compression=compression)
    assert read(tmp_path / f"t.{ending}").frame.equals(frame)


def test_select_keeps_the_places(tmp_path: Path) -> None:
    found = table(tmp_path, "a\n10\n\n20\n30\n").select([2, 0, 2])
    assert found.frame["a"].to_list() == [30, 10, 30]
    assert found.lines is not None
    assert (len(found), found.rows.tolist(), found.lines.tolist()) == (3, [3, 1, 3], [5, 2, 5])
    assert found.source == str(tmp_path / "table.csv")
