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
