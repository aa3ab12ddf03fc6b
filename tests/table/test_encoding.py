"""Encoding: the matrix against plain NumPy and Python, training rows alone, any table afterwards."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearprop.errors import InputError
from clearprop.table import Encoding, Table, Target, from_frame, read, write

B = 120
START = datetime(2023, 11, 15, 7, 45)


def people(seed: int = 0) -> pl.DataFrame:
    """A table with a column of each kind, and with missing values in each."""
    rng = np.random.default_rng(seed)

    def gaps(values: list[Any], share: float = 0.15) -> list[Any]:
        return [None if gone else value for gone, value in zip(rng.random(B) < share, values, strict=True)]

    return pl.DataFrame(
        {
            "id": range(B),
            "age": gaps(rng.integers(18, 90, B).tolist()),
            "income": gaps(np.exp(rng.normal(8, 2, B)).tolist()),
            "height": rng.normal(170, 10, B).tolist(),
            "job": gaps(rng.choice(["smith", "baker", "3", "4.5"], B).tolist()),
            "member": gaps((rng.random(B) < 0.5).tolist()),
            "seen": gaps([START + timedelta(seconds=int(s)) for s in rng.integers(0, 9000 * 3600, B)]),
            "planet": ["earth"] * B,
            "nothing": [None] * B,
            "label": gaps(rng.choice(["yes", "no", "perhaps"], B).tolist(), 0.05),
        },
        schema_overrides={"nothing": pl.Float64},
    )


@pytest.fixture
def table() -> Table:
    return from_frame(people())


def scaled(training: list[Any], values: list[Any]) -> np.ndarray:
    """The scaling in plain Python, of one column."""
    present = np.array([float(v) for v in training if v is not None])
    lower, median, upper = np.percentile(present, [25, 50, 75])
    z = np.array([0.0 if v is None else (float(v) - median) / (upper - lower) for v in values])
    return z / np.sqrt(1 + (z / 3) ** 2)


def test_every_column_against_plain_python(table: Table) -> None:
    rows = np.arange(0, B, 2)
    encoding = Encoding.learn(table, "label", rows)
    labelled = [row for row in rows if table.frame["label"][int(row)] is not None]
    assert (encoding.rows, encoding.dropped_rows) == (len(labelled), len(rows) - len(labelled))

    def column(name: str) -> tuple[list[Any], list[Any]]:
        values = table.frame[name].to_list()
        return [values[row] for row in labelled], values

    expected: dict[str, np.ndarray] = {}
    for name in ("age", "income", "height"):
        training, values = column(name)
        expected[name] = scaled(training, values)
        if name != "height":
            expected[f"{name} missing"] = np.array([float(v is None) for v in values])
    for job in ("3", "4.5", "baker", "smith"):
        expected[f"job={job}"] = np.array([float(v == job) for v in column("job")[1]])
    expected["job missing"] = np.array([float(v is None) for v in column("job")[1]])
    expected["member"] = np.array([{True: 1.0, False: -1.0, None: 0.0}[v] for v in column("member")[1]])
    training, values = column("seen")
    first = min(v for v in training if v is not None)
    parts: dict[str, Callable[[datetime], float]] = {
        "year": lambda v: v.year,
        "month": lambda v: v.month,
        "day": lambda v: v.day,
        "weekday": lambda v: v.isoweekday(),
        "days": lambda v: (v - first).total_seconds() / 86_400,
        "hour": lambda v: v.hour + v.minute / 60 + v.second / 3600,
    }
    for part, of in parts.items():
        numbers = [[None if v is None else of(v) for v in some] for some in (training, values)]
        present = [number for number in numbers[0] if number is not None]
        if np.subtract(*np.percentile(present, [75, 25])):
            expected[f"seen {part}"] = scaled(*numbers)
        else:  # nearly all dates are of one year
            half = (max(present) - min(present)) / 2
            z = np.array([0.0 if n is None else (n - np.median(present)) / half for n in numbers[1]])
            expected[f"seen {part}"] = z / np.sqrt(1 + (z / 3) ** 2)
    expected["seen missing"] = np.array([float(v is None) for v in values])

    flags = [name for name in expected if name.endswith(" missing") or name.startswith("job=") or name == "seen year"]
    assert encoding.input_names == (*(name for name in expected if name not in flags), *flags)
    inputs = encoding.inputs(table)
    assert inputs.dtype == np.float32
    assert inputs.flags.c_contiguous
    for place, name in enumerate(encoding.input_names):
        np.testing.assert_allclose(inputs[:, place], expected[name], rtol=1e-6, atol=1e-6, err_msg=name)


def test_what_became_of_each_column(table: Table) -> None:
    kinds = {column.name: column.kind for column in Encoding.learn(table, "label").columns}
    assert kinds == {
        "id": "left out",
        "age": "number",
        "income": "number",
        "height": "number",
        "job": "category",
        "member": "boolean",
        "seen": "date",
        "planet": "left out",
        "nothing": "left out",
    }


HELD_OUT = {
    "age": [10**6, -5, None],
    "income": [1e300, None, 0.0],
    "height": [None, -1e9, 0.0],
    "job": ["astronaut", "", None],
    "member": [None, True, False],
    "seen": [datetime(1800, 1, 1), datetime(2200, 2, 3, 4, 5), None],
    "planet": ["mars", None, "venus"],
    "label": ["never seen", None, "yes"],
    "id": [-7, 10**9, None],
}


@pytest.mark.parametrize("name", HELD_OUT)
@pytest.mark.parametrize("row", [0, B - 1])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_held_out_row_changes_nothing(tmp_path: Path, name: str, row: int, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    training = np.arange(1, B - 1)
    write(people(), path)
    before = Encoding.learn(read(path), "label", training)
    for value in HELD_OUT[name]:
        frame = people()
        column = frame[name].to_list()
        column[row] = value
        write(frame.with_columns(pl.Series(name, column, strict=False)), path)
        assert Encoding.learn(read(path), "label", training) == before


@pytest.mark.parametrize("name", ["age", "income", "member", "seen"])
def test_a_text_in_a_held_out_row_changes_nothing_and_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "table.csv"
    write(people(), path)
    before = Encoding.learn(read(path), "label", range(1, B))
    texts = people()[name].cast(pl.String).to_list()
    write(people().with_columns(pl.Series(name, ["oops", *texts[1:]])), path)
    after = Encoding.learn(read(path), "label", range(1, B))
    assert after == before
    with pytest.raises(InputError, match=re.escape(f'table.csv, row 1 (line 2), column "{name}": "oops" is not')):
        after.inputs(read(path))


def test_a_text_in_the_target_of_a_held_out_row_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write(people(), path)
    before = Encoding.learn(read(path), "height", range(1, B))
    texts = people()["height"].cast(pl.String).to_list()
    write(people().with_columns(pl.Series("height", ["tall", *texts[1:]])), path)
    assert Encoding.learn(read(path), "height", range(1, B)) == before


def test_a_training_row_does_change_it() -> None:
    frame = people()
    changed = frame.with_columns(pl.Series("height", [1e6] * 40 + frame["height"].to_list()[40:]))
    one, other = (Encoding.learn(from_frame(f), "label", range(1, B)) for f in (frame, changed))
    assert one != other


def test_order_and_extra_columns_do_not_matter(table: Table) -> None:
    encoding = Encoding.learn(table, "label")
    backwards = table.frame.select(reversed(table.names)).with_columns(extra=pl.lit("x"))
    np.testing.assert_array_equal(encoding.inputs(from_frame(backwards)), encoding.inputs(table))
    np.testing.assert_array_equal(
        encoding.inputs(from_frame(table.frame.drop("label", "id", "planet", "nothing"))), encoding.inputs(table)
    )


def test_rows_are_encoded_one_by_one(table: Table) -> None:
    encoding = Encoding.learn(table, "label")
    rows = [17, 3, 99, 3]
    np.testing.assert_array_equal(encoding.inputs(table.select(rows)), encoding.inputs(table)[rows])


@pytest.mark.parametrize("ending", ["csv", "tsv.gz", "parquet", "arrow"])
def test_every_kind_of_file_gives_the_same_matrix(tmp_path: Path, table: Table, ending: str) -> None:
    write(people(), tmp_path / f"table.{ending}")
    found = read(tmp_path / f"table.{ending}")
    encoding = Encoding.learn(found, "label")
    assert encoding == Encoding.learn(table, "label")
    np.testing.assert_array_equal(encoding.inputs(found), encoding.inputs(table))


@pytest.mark.parametrize("library", ["pandas", "pyarrow"])
def test_every_kind_of_frame_gives_the_same_matrix(table: Table, library: str) -> None:
    frame: Any = people().to_pandas() if library == "pandas" else people().to_arrow()
    encoding = Encoding.learn(from_frame(frame), "label")
    assert encoding == Encoding.learn(table, "label")
    np.testing.assert_array_equal(encoding.inputs(from_frame(frame)), encoding.inputs(table))


def test_known_classes_with_statistics_of_the_training_rows(table: Table) -> None:
    rows = [row for row in range(B) if table.frame["label"][row] == "yes"]
    target = Target.learn(table, "label")
    encoding = Encoding.learn(table, target, rows)
    assert encoding.classes == ("no", "perhaps", "yes")
    assert set(encoding.targets(table.select(rows)).tolist()) == {2}
    heights = Encoding.learn(table, Target.learn(table, "height"), rows)
    assert heights.target.mean == pytest.approx(np.mean([table.frame["height"][row] for row in rows]))


class TestPrediction:
    def encoding(self, **columns: Any) -> Encoding:
        size = len(next(iter(columns.values())))
        return Encoding.learn(from_frame(pl.DataFrame({**columns, "y": np.linspace(0.5, 1, size)})), "y")

    def inputs(self, encoding: Encoding, **columns: Any) -> list[list[float]]:
        matrix: list[list[float]] = encoding.inputs(from_frame(pl.DataFrame(columns))).tolist()
        return matrix

    def test_an_unseen_category_is_none_of_them(self) -> None:
        encoding = self.encoding(job=["a", "b", None])
        assert encoding.input_names == ("job=a", "job=b", "job missing")
        assert self.inputs(encoding, job=["b", "c", None]) == [[0, 1, 0], [0, 0, 0], [0, 0, 1]]

    def test_missing_for_the_first_time(self) -> None:
        encoding = self.encoding(job=["a", "b"], x=[1, 2], member=[True, False])
        first = [None, None]
        assert self.inputs(encoding, job=first, x=first, member=first) == [[0, 0, 0, 0]] * 2

    def test_a_date_missing_for_the_first_time(self) -> None:
        encoding = self.encoding(day=[datetime(2024, 1, 1), datetime(2024, 2, 3)])
        assert set(self.inputs(encoding, day=[None])[0]) == {0.0}

    @pytest.mark.parametrize("three", [[3, 4], [3.0, 4.0], ["3", "4"], ["3.0", "4.00"]], ids=str)
    @pytest.mark.parametrize("again", [[3, 4], [3.0, 4.0], ["3", "4"], ["3.0", "4e0"]], ids=str)
    def test_numbers_and_texts_are_the_same_categories(self, three: list[Any], again: list[Any]) -> None:
        table = from_frame(pl.DataFrame({"code": three * 2, "y": [0.5, 1.5, 2.5, 3.5]}))
        encoding = Encoding.learn(table, "y", kinds={"code": "category"})
        assert encoding.input_names == ("code=3", "code=4")
        assert self.inputs(encoding, code=again) == [[1, 0], [0, 1]]

    def test_truth_values_and_texts_are_the_same_categories(self) -> None:
        encoding = self.encoding(x=["True", "false", "maybe"])
        assert self.inputs(encoding, x=[True, False]) == [[0, 0, 1], [1, 0, 0]]

    def test_dates_and_texts_are_the_same_categories(self) -> None:
        encoding = self.encoding(x=["2024-01-02", "2024-01-03", "never"])
        assert self.inputs(encoding, x=[datetime(2024, 1, 3)]) == [[0, 1, 0]]

    def test_a_code_is_not_its_number(self) -> None:
        encoding = self.encoding(code=["03", "3", "x"])
        assert encoding.input_names == ("code=03", "code=3", "code=x")
        assert self.inputs(encoding, code=[3]) == [[0, 1, 0]]

    @pytest.mark.parametrize("ages", [[31, 53], [31.0, 53.0], ["31", "53.0"]], ids=str)
    def test_numbers_of_any_type(self, ages: list[Any]) -> None:
        encoding = self.encoding(age=[31, 42, 53])
        assert self.inputs(encoding, age=ages) == encoding.inputs(from_frame(pl.DataFrame({"age": [31, 53]}))).tolist()

    @pytest.mark.parametrize("values", [[True, False], [1, 0], [1.0, 0.0], ["TRUE", "false"]], ids=str)
    def test_truth_values_of_any_type(self, values: list[Any]) -> None:
        assert self.inputs(self.encoding(x=[True, False, True]), x=values) == [[1], [-1]]

    def test_dates_of_any_type(self) -> None:
        days = [datetime(2024, 1, day) for day in (1, 5, 9, 30)]
        encoding = self.encoding(day=days)
        texts = [day.date().isoformat() for day in days]
        assert self.inputs(encoding, day=texts) == self.inputs(encoding, day=days)
        assert self.inputs(encoding, day=[day.date() for day in days]) == self.inputs(encoding, day=days)


def test_rare_categories_share_one_input() -> None:
    rows = [f"common{i:03}" for i in range(256) for _ in range(3)] + [f"rare{i}" for i in range(40)]
    table = from_frame(pl.DataFrame({"x": rows, "y": np.linspace(0.5, 1, len(rows))}))
    encoding = Encoding.learn(table, "y")
    assert len(encoding.input_names) == 257
    assert encoding.input_names[-1] == "x other"
    assert encoding.columns[0].notes == ("40 rare categories share one input",)
    inputs = encoding.inputs(table)
    np.testing.assert_array_equal(inputs.sum(axis=1), 1)
    np.testing.assert_array_equal(inputs[:, -1], [row.startswith("rare") for row in rows])


def test_a_category_named_like_the_shared_input_stays_apart() -> None:
    encoding = Encoding.learn(from_frame(pl.DataFrame({"x": ["other", "missing", None], "y": [0.5, 1, 2]})), "y")
    assert encoding.input_names == ("x=missing", "x=other", "x missing")


CHANGES: dict[str, Callable[[Any], Any]] = {
    "a key too many": lambda d: d.update(more=1),
    "a key too few": lambda d: d.pop("rows"),
    "columns not a list": lambda d: d.update(columns={}),
    "a column not an object": lambda d: d["columns"].append(3),
    "a column twice": lambda d: d["columns"].append(d["columns"][1]),
    "the target as a column": lambda d: d["columns"][1].update(name="label"),
    "an unknown kind": lambda d: d["columns"][1].update(kind="vector"),
    "a kind that cannot be one": lambda d: d["columns"][1].update(kind=None),
    "another kind": lambda d: d["columns"][1].update(kind="category"),
    "a column with a key too many": lambda d: d["columns"][1].update(more=1),
    "a column with a key too few": lambda d: d["columns"][1].pop("missing"),
    "a name that is no text": lambda d: d["columns"][1].update(name=3),
    "a scale that is no object": lambda d: d["columns"][1].update(scale=3),
    "a scale without width": lambda d: d["columns"][1]["scale"].update(width=0.0),
    "a width that is not finite": lambda d: d["columns"][1]["scale"].update(width=float("inf")),
    "a centre that is not a number": lambda d: d["columns"][1]["scale"].update(centre=float("nan")),
    "a centre that is a text": lambda d: d["columns"][1]["scale"].update(centre="1"),
    "a category twice": lambda d: d["columns"][4]["labels"].append("baker"),
    "no category": lambda d: d["columns"][4].update(labels=[]),
    "a category that is no text": lambda d: d["columns"][4]["labels"].append(3),
    "fewer than no rare categories": lambda d: d["columns"][4].update(others=-1),
    "an origin that is no date": lambda d: d["columns"][6].update(origin="May"),
    "an order that is none": lambda d: d["columns"][6].update(order="year first"),
    "an origin with a zone": lambda d: d["columns"][6].update(origin="2024-01-01T00:00:00+00:00"),
    "an unknown part of a date": lambda d: d["columns"][6]["parts"][0].update(name="__class__"),
    "a negative number of rows": lambda d: d.update(rows=-1),
    "a number of rows that is none": lambda d: d.update(rows=True),
    "a target that is none": lambda d: d.update(target=3),
    "an unknown task": lambda d: d["target"].update(task="class"),
}


class TestJson:
    def test_round_trip(self, table: Table) -> None:
        encoding = Encoding.learn(table, "label")
        again = Encoding.from_json(json.loads(json.dumps(encoding.to_json(), allow_nan=False)))
        assert again == encoding
        np.testing.assert_array_equal(again.inputs(table), encoding.inputs(table))

    def test_it_holds_no_polars_object(self, table: Table) -> None:
        def plain(value: Any) -> bool:
            if dataclasses.is_dataclass(value):
                return all(plain(getattr(value, field.name)) for field in dataclasses.fields(value))
            if isinstance(value, tuple):
                return all(map(plain, value))
            return value is None or type(value) in (int, float, str, bool)

        assert plain(Encoding.learn(table, "label"))

    def test_it_is_frozen(self, table: Table) -> None:
        encoding = Encoding.learn(table, "label")
        with pytest.raises(dataclasses.FrozenInstanceError):
            encoding.rows = 1  # type: ignore[misc]

    @pytest.mark.parametrize("change", CHANGES)
    def test_it_is_read_strictly(self, table: Table, change: str) -> None:
        description = Encoding.learn(table, "label").to_json()
        Encoding.from_json(description)
        CHANGES[change](description)
        with pytest.raises(InputError):
            Encoding.from_json(description)

    @pytest.mark.parametrize("description", [None, [], "x", 3])
    def test_what_is_no_object(self, description: Any) -> None:
        with pytest.raises(InputError, match="encoding: expected an object"):
            Encoding.from_json(description)


values = st.one_of(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=6, max_size=6),
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=6, max_size=6),
    st.lists(st.none() | st.booleans(), min_size=6, max_size=6),
    st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=4), min_size=6, max_size=6),
    st.lists(st.none() | st.datetimes(), min_size=6, max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(columns=st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), values, max_size=3), y=values)
def test_any_table_gives_a_finite_matrix_or_one_message(columns: dict[str, Any], y: list[Any]) -> None:
    table = from_frame(pl.DataFrame({**columns, "target": y}))
    try:
        encoding = Encoding.learn(table, "target")
    except InputError as error:
        assert "\n" not in str(error)
        return
    inputs = encoding.inputs(table)
    assert inputs.shape == (6, len(encoding.input_names))
    assert np.isfinite(inputs).all()
    assert (np.abs(inputs) <= 3.0).all()
    assert Encoding.from_json(json.loads(json.dumps(encoding.to_json()))) == encoding
