"""clearprop train on many files: the model of one, and what it says to wrong input."""

from __future__ import annotations

import json

import polars as pl
import pytest

TRAIN = ["--target", "answer", "--recipe", "quick", "--epochs", 2]


@pytest.fixture
def parts(table, tmp_path):
    """The table of `table` in three files."""
    frame = pl.read_csv(table)
    (tmp_path / "parts").mkdir()
    for part in range(3):
        frame[part * 100 : (part + 1) * 100].write_csv(tmp_path / "parts" / f"{part}.csv")
    return tmp_path / "parts"


@pytest.mark.parametrize(
    "given",
    [["parts/*.csv"], ["parts"], ["parts/0.csv", "parts/1.csv", "parts/2.csv"], ["table.csv", "--spill", "."]],
    ids=["pattern", "folder", "list", "spill"],
)
def test_many_files_come_to_the_model_of_one(run, parts, tmp_path, given):
    assert run("train", "table.csv", *TRAIN, "--out", "whole").status == 0
    ran = run("train", *given, *TRAIN, "--out", "many", "--json")
    assert ran.status == 0, ran.err
    assert (tmp_path / "many").read_bytes() == (tmp_path / "whole").read_bytes()
    assert json.loads(ran.out)["rows"] == {"training": 240, "held_out": 60, "dropped": 0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many", "parts", "report.html", "table.csv", "whole"]


def test_a_file_larger_than_memory_is_read_in_parts(run, table, tmp_path, monkeypatch):
    assert run("train", "table.csv", *TRAIN, "--out", "whole").status == 0
    asked = []
    from clearprop.table import files, source

    monkeypatch.setattr(files, "COPIES", 1 << 30)
    monkeypatch.setattr(source, "survey", lambda *given: asked.append(given) or survey(*given))
    from clearprop.table.survey import survey

    assert run("train", "table.csv", *TRAIN, "--out", "parts").status == 0
    assert len(asked) == 1
    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["parts/*.parquet"], "parts/*.parquet: no file matches this pattern"),
        (["parts/0.csv", "parts/7.csv"], "parts/7.csv: there is no such file"),
        (["table.csv", "--memory", "lots"], '--memory: expected a size such as "512MiB"'),
        (["parts", "--memory", "100MiB"], "memory: 100.0 MiB is too little"),
        (["parts", "--spill", "nowhere"], "spill: there is no folder nowhere"),
        (["parts", "--out", "parts/0.csv"], "parts/0.csv: this is an input, which would be lost"),
        (["parts/*.csv", "--exclude", "z"], 'parts/0.csv: unknown column "z"'),
        (["parts/*.csv", "--kind", "z=number"], 'parts/0.csv: unknown column "z"'),
        (["nowhere.csv", "--kind", "x=nubmer"], 'unknown kind of column "x": "nubmer"; did you mean "number"?'),
    ],
)
def test_what_is_wrong_is_said_before_the_work(run, parts, tmp_path, words, message):
    before = sorted(path.name for path in tmp_path.rglob("*"))
    ran = run("train", *words, *TRAIN)
    assert (ran.status, ran.out) == (2, ""), ran.out
    assert "error: " in ran.err and message in ran.err and "Traceback" not in ran.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_columns_that_are_not_there_are_found_in_the_first_file(run, parts):
    (parts / "2.csv").write_text("neither,nor\n1\n")
    ran = run("train", "parts", *TRAIN, "--exclude", "colur")
    assert ran.status == 2 and '0.csv: unknown column "colur"; did you mean "colour"?' in ran.err


def test_a_full_disk_is_one_message(run, parts, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    ran = run("train", "parts", *TRAIN)
    assert ran.status == 1
    assert "the disk is too full" in ran.err and "name a folder on another disk as spill" in ran.err


def test_the_comparison_writes_what_it_found(run, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ran = run("bench-stream", "--quick", "--rows", 3000, "--epochs", 1, "--out", "results", "--data", ".", "--json")
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    assert told["same_bits"] is True and set(told["sides"]) == {"streamed", "in memory"}
    assert told == json.loads((tmp_path / "results" / "stream.json").read_text())
    assert "bit for bit" in (tmp_path / "results" / "stream.md").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results"]
    assert run("bench-stream", "--data", "nowhere").status == 2


@pytest.mark.slow
def test_pytorch_is_compared_where_it_is(run, tmp_path):
    """Its loader's workers end, too."""
    pytest.importorskip("torch", reason='no PyTorch: pip install "clearprop[torch]"')
    ran = run("bench-stream", "--quick", "--rows", 3000, "--epochs", 1, "--out", "results", "--data", ".", "--json")
    assert ran.status == 0
    told = (tmp_path / "results" / "stream.md").read_text()
    assert "| PyTorch, DataLoader |" in told and "| PyTorch, whole batches |" in told


GIVEN = [["parts/*.csv"], ["parts"], ["parts/0.csv", "parts/1.csv", "parts/2.csv"]]


@pytest.fixture
def model(run, table):
    assert run("train", "table.csv", *TRAIN).status == 0
    return "model.safetensors"


@pytest.mark.parametrize("given", GIVEN, ids=["pattern", "folder", "list"])
def test_many_files_are_answered_as_one(run, model, parts, tmp_path, given):
    of_one, of_many = (run("predict", model, *words, "--keep", "row_id") for words in (["table.csv"], given))
    assert (of_many.status, of_many.out, of_many.err) == (0, of_one.out, "")
    for ending in ("csv", "tsv.gz", "parquet", "arrow"):
        for words, name in (["table.csv"], "one"), (given, "many"):
            assert run("predict", model, *words, "--out", f"{name}.{ending}").status == 0
        assert (tmp_path / f"many.{ending}").read_bytes() == (tmp_path / f"one.{ending}").read_bytes()
    of_one, of_many = (run("evaluate", model, *words, "--json") for words in (["table.csv"], given))
    assert (of_many.status, of_many.out) == (0, of_one.out)


def test_a_table_larger_than_memory_is_answered_in_parts(run, model, monkeypatch):
    words = [("predict", model, "table.csv"), ("evaluate", model, "table.csv", "--json")]
    whole = [run(*command).out for command in words]
    from clearprop.table import files, frames

    monkeypatch.setattr(files, "COPIES", 1 << 30)
    monkeypatch.setattr(frames, "read", lambda _: pytest.fail("it is read whole"))
    assert [run(*command).out for command in words] == whole


def test_new_categories_of_all_files_are_noted_once(run, model, parts):
    frame = pl.read_csv("parts/2.csv").with_columns(colour=pl.lit("mauve"))
    for name in ("2", "3"):
        frame.write_csv(f"parts/{name}.csv")
    for command in ("predict", "evaluate"):
        ran = run(command, model, "parts")
        assert ran.status == 0
        assert ran.err == 'note: colour: 200 rows have a category that training did not have: "mauve"\n'


def test_nothing_is_half_written(run, model, parts, tmp_path, monkeypatch):
    monkeypatch.setattr("clearprop.table.pieces.SIZE", 500)
    with (parts / "2.csv").open("a") as file:
        file.write("300,far,red,1.0,yes\n")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    for words in ([], ["--out", "p.csv"], ["--out", "p.parquet"]):
        ran = run("predict", model, "parts", *words)
        assert (ran.status, ran.out) == (2, "")
        assert 'parts/2.csv, row 101 (line 102), column "x": "far" is not a number' in ran.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["parts/*.parquet"], "parts/*.parquet: no file matches this pattern"),
        (["parts/0.csv", "parts/7.csv"], "parts/7.csv: there is no such file"),
        (["parts/0.csv", "model.parquet"], "model.parquet: there is no such file"),
        (["parts/0.csv", "other.csv"], 'other.csv: there is no column "row_id", which parts/0.csv has'),
        (["parts/0.csv", "other.parquet"], "other.parquet: it is of another kind than parts/0.csv"),
    ],
)
def test_wrong_files_of_a_model_are_told_as_to_train(run, model, parts, command, words, message):
    other = pl.read_csv("parts/0.csv").drop("row_id")
    other.write_csv("other.csv")
    other.write_parquet("other.parquet")
    ran = run(command, model, *words)
    assert (ran.status, ran.out) == (2, "")
    assert "error: " in ran.err and message in ran.err and "Traceback" not in ran.err


def test_an_input_is_not_written_over(run, model, parts):
    ran = run("predict", model, "parts/*.csv", "--out", "parts/1.csv")
    assert ran.status == 2 and "parts/1.csv: this is an input, which would be lost" in ran.err


def test_a_row_of_many_files_is_explained_and_rows_of_them_are_checked(run, model, parts):
    of_one, of_many = (run("explain", model, words, "--row", 250) for words in ("table.csv", "parts"))
    assert of_many.status == 0 and "table.csv, 250" in of_one.out
    assert of_many.out.split() == of_one.out.replace("table.csv, 250", "parts/2.csv, 50").split()
    ran = run("explain", model, "parts", "--row", 301)
    assert ran.status == 2 and "parts: there is no row 301; rows go from 1 to 300" in ran.err
    of_one, of_many = (run("check", model, words) for words in ("table.csv", "parts"))
    assert (of_many.status, of_many.out) == (of_one.status, of_one.out)
