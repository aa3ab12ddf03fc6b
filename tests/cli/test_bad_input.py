"""What goes wrong ends in one clear message, exit status 2, and nothing half-written."""

from __future__ import annotations

from importlib.util import find_spec

import polars as pl
import pytest


def csv(text):
    return lambda path: (path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())


def truncated_parquet(path):
    pl.DataFrame({"x": range(50), "y": list("ab") * 25}).write_parquet(path / "t.parquet")
    data = (path / "t.parquet").read_bytes()
    (path / "t.parquet").write_bytes(data[: len(data) // 2])


GOOD = "x,y\n" + "".join(f"{i}.5,{'ab'[i % 2]}\n" for i in range(40))

CASES = {
    "missing file": (None, ["train", "t.csv", "--target", "y"], ["t.csv", "no such file"]),
    "missing target column": (csv(GOOD), ["train", "t.csv", "--target", "yy"], ["yy", 'did you mean "y"']),
    "empty file": (csv(""), ["train", "t.csv", "--target", "y"], ["t.csv", "empty"]),
    "header only": (csv("x,y\n"), ["train", "t.csv", "--target", "y"], ["t.csv", "no rows"]),
    "one row": (csv("x,y\n1,a\n"), ["train", "t.csv", "--target", "y"], ["one row"]),
    "one class": (csv("x,y\n" + "1.5,a\n2.5,a\n" * 9), ["train", "t.csv", "--target", "y"], ["always", "a"]),
    "target all missing": (csv("x,y\n" + "1.5,\n2.5,\n" * 9), ["train", "t.csv", "--target", "y"], ["missing", "y"]),
    "only missing columns": (csv("x,y\n" + ",a\n,b\n" * 9), ["train", "t.csv", "--target", "y"], ["no column is left"]),
    "not UTF-8": (csv(b"x,y\n1,\xff\n"), ["train", "t.csv", "--target", "y"], ["t.csv", "UTF-8", "line 2"]),
    "ragged": (csv("x,y\n1,a\n2,b,c\n"), ["train", "t.csv", "--target", "y"], ["t.csv", "line 3"]),
    "stray text": (
        csv("x,y\n" + "".join(f"{i}.5,{'ab'[i % 2]}\n" for i in range(40)) + "oops,a\n"),
        ["train", "t.csv", "--target", "y"],
        ["row 41", "oops", "x"],
    ),
    "unknown ending": (csv(GOOD), ["train", "t.xlsx", "--target", "y"], ["t.xlsx"]),
    "truncated Parquet": (truncated_parquet, ["train", "t.parquet", "--target", "y"], ["t.parquet"]),
    "unknown task": (csv(GOOD), ["train", "t.csv", "--target", "y", "--task", "clases"], ["clases", "classes"]),
    "unknown engine": (csv(GOOD), ["train", "t.csv", "--target", "y", "--engine", "natif"], ["natif", "native"]),
    "unknown device": (
        csv(GOOD),
        ["train", "t.csv", "--target", "y", "--engine", "torch:gpu"],
        ["PyTorch", '[torch]"' if find_spec("torch") is None else '"torch:gpu"'],
    ),
    "misspelt option": (csv(GOOD), ["train", "t.csv", "--tagret", "y"], ["--tagret", "--target"]),
    "misspelt command": (csv(GOOD), ["trian", "t.csv"], ["trian", "train"]),
    "no target": (csv(GOOD), ["train", "t.csv"], ["--target"]),
    "no epochs": (csv(GOOD), ["train", "t.csv", "--target", "y", "--epochs", "0"], ["--epochs"]),
    "negative seed": (csv(GOOD), ["train", "t.csv", "--target", "y", "--seed", "-1"], ["--seed"]),
    "no folder": (csv(GOOD), ["train", "t.csv", "--target", "y", "--out", "nowhere/m"], ["nowhere"]),
    "the table itself": (csv(GOOD), ["train", "t.csv", "--target", "y", "--out", "t.csv"], ["t.csv", "would be lost"]),
    "same place twice": (
        csv(GOOD),
        ["train", "t.csv", "--target", "y", "--out", "m", "--report", "m"],
        ["m", "another file"],
    ),
    "same place, spelt otherwise": (
        csv(GOOD),
        ["train", "t.csv", "--target", "y", "--out", "m", "--report", "../{folder}/m"],
        ["another file"],
    ),
    "report over the checkpoint": (
        csv(GOOD),
        ["train", "t.csv", "--target", "y", "--out", "m", "--report", "m.checkpoint"],
        ["another file"],
    ),
    "infinite in a held-out row": (
        csv("x,y\n" + "".join(f"{i if i % 9 else 'inf'}.5,{'ab'[i % 2]}\n".replace("inf.5", "inf") for i in range(40))),
        ["train", "t.csv", "--target", "y"],
        ["inf", "x"],
    ),
    "too many threads": (csv(GOOD), ["train", "t.csv", "--target", "y", "--threads", "5000000000"], ["threads"]),
    "predictions over the table": (csv(GOOD), ["predict", "m", "t.csv", "--out", "t.csv"], ["t.csv", "would be lost"]),
    "kind without a column": (csv(GOOD), ["train", "t.csv", "--target", "y", "--kind", "x"], ["COLUMN=KIND"]),
    "unknown kind": (csv(GOOD), ["train", "t.csv", "--target", "y", "--kind", "x=categry"], ["category"]),
    "unknown column left out": (csv(GOOD), ["train", "t.csv", "--target", "y", "--exclude", "z"], ["z"]),
    "the target left out": (
        csv(GOOD),
        ["train", "t.csv", "--target", "y", "--exclude", "y"],
        ["--exclude y", "this is the target"],
    ),
    "a kind for the target": (
        csv(GOOD),
        ["train", "t.csv", "--target", "y", "--kind", "y=category"],
        ["--kind y=category", "--task"],
    ),
    "nothing to resume": (csv(GOOD), ["train", "t.csv", "--target", "y", "--resume"], ["checkpoint"]),
    "no model": (csv(GOOD), ["predict", "m.safetensors", "t.csv"], ["m.safetensors", "no such file"]),
    "a table as model": (csv(GOOD), ["predict", "t.csv", "t.csv"], ["t.csv"]),
    "predictions to an unknown ending": (csv(GOOD), ["predict", "m", "t.csv", "--out", "p.doc"], ["p.doc"]),
}


@pytest.mark.parametrize("name", CASES)
def test_one_message_and_nothing_written(run, tmp_path, name):
    make, words, expected = CASES[name]
    if make:
        make(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    ran = run(*(word.format(folder=tmp_path.name) for word in words))
    assert ran.status == 2
    for word in expected:
        assert word in ran.err
    assert "Traceback" not in ran.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda frame: frame.drop("colour"), ["colour", "no column"]),
        (lambda frame: frame.with_columns(x=pl.lit("much")), ["row 1", "x", "much"]),
        (lambda frame: frame.rename({"x": "X2"}), ["x"]),
    ],
    ids=["missing column", "text where numbers were", "renamed column"],
)
def test_a_table_that_does_not_fit_the_model(run, table, tmp_path, change, expected):
    run("train", "table.csv", "--target", "answer", "--epochs", 1)
    change(pl.read_csv("table.csv")).write_csv("new.csv")
    ran = run("predict", "model.safetensors", "new.csv", "--out", "p.csv")
    assert ran.status == 2
    assert all(word in ran.err for word in expected), ran.err
    assert not (tmp_path / "p.csv").exists()


def test_evaluate_without_the_target(run, table):
    run("train", "table.csv", "--target", "answer", "--epochs", 1)
    pl.read_csv("table.csv").drop("answer").write_csv("new.csv")
    ran = run("evaluate", "model.safetensors", "new.csv")
    assert ran.status == 2 and 'new.csv: there is no column "answer", the target of the model' in ran.err
    pl.read_csv("table.csv").rename({"answer": "Answer"}).write_csv("new.csv")
    assert 'did you mean "Answer"?' in run("evaluate", "model.safetensors", "new.csv").err


@pytest.mark.parametrize("command", ["predict", "evaluate", "explain", "check"])
def test_a_model_and_a_table_that_are_swapped(run, table, command):
    run("train", "table.csv", "--target", "answer", "--epochs", 1)
    ran = run(command, "table.csv", "model.safetensors")
    assert ran.status == 2 and "table.csv: this is no model, but model.safetensors is one" in ran.err
    assert "swapped?" in ran.err


def test_a_damaged_model_file(run, table, tmp_path):
    run("train", "table.csv", "--target", "answer", "--epochs", 1)
    data = bytearray((tmp_path / "model.safetensors").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "model.safetensors").write_bytes(data)
    ran = run("predict", "model.safetensors", "table.csv")
    assert ran.status == 2 and "model.safetensors" in ran.err


def test_a_defect_is_one_line_too(run, table, monkeypatch):
    monkeypatch.setattr("clearprop.table.read", lambda path: 1 / 0)
    ran = run("train", "table.csv", "--target", "answer")
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1 and "ZeroDivisionError" in ran.err
