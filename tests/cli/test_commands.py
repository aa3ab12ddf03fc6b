"""train, predict and evaluate, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest


def test_train_predict_evaluate(run, table, tmp_path):
    trained = run("train", "table.csv", "--target", "answer", "--recipe", "quick", "--epochs", 60)
    assert trained.status == 0, trained.err
    assert trained.err == ""  # progress goes to terminals only
    for word in (
        "colour",
        "category",
        "row_id",
        "left out",
        "accuracy",
        "baseline",
        "model.safetensors",
        "report.html",
    ):
        assert word in trained.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors", "report.html", "table.csv"]

    predicted = run("predict", "model.safetensors", "table.csv", "--out", "predictions.parquet")
    assert (predicted.status, predicted.out, predicted.err) == (0, "", "")
    frame = pl.read_parquet("predictions.parquet")
    assert frame.columns == ["answer", "P(no)", "P(yes)"]
    truth = pl.read_csv("table.csv")["answer"]
    assert (frame["answer"] == truth).mean() > 0.9

    evaluated = run("evaluate", "model.safetensors", "table.csv", "--json")
    assert evaluated.status == 0
    assert json.loads(evaluated.out)["scores"]["accuracy"]["value"] == pytest.approx((frame["answer"] == truth).mean())


def test_columns_can_be_left_out_or_read_otherwise(run, table):
    columns = json.loads(
        run(
            "train",
            "table.csv",
            "--target",
            "answer",
            "--epochs",
            1,
            "--json",
            "--exclude",
            "amount",
            "--kind",
            "x=category",
        ).out
    )["columns"]
    assert {one["name"]: one["kind"] for one in columns} == {
        "row_id": "left out",
        "x": "category",
        "colour": "category",
        "amount": "left out",
    }


def test_a_copy_of_the_target_is_pointed_out_beside_the_scores(run, table):
    pl.read_csv("table.csv").with_columns(copy=pl.col("answer").str.to_uppercase()).write_csv("copy.csv")
    ran = run("train", "copy.csv", "--target", "answer", "--epochs", 1)
    assert "--exclude copy" in ran.out.split("held-out rows")[1]


def test_a_model_without_worth_is_said_to_have_none(run, tmp_path):
    noise = {"x": [((7 * i) ** 2 % 101) / 7 for i in range(200)], "y": ["ab"[(i * i // 3) % 2] for i in range(200)]}
    pl.DataFrame(noise).write_csv(tmp_path / "noise.csv")
    ran = run("train", "noise.csv", "--target", "y", "--epochs", 1, "--json")
    accuracy = json.loads(ran.out)["scores"]["accuracy"]
    told = "no better than" in run("train", "noise.csv", "--target", "y", "--epochs", 1).out
    assert told == (accuracy["value"] <= accuracy["baseline"])


def test_json_is_one_object_and_nothing_else(run, table):
    ran = run("train", "table.csv", "--target", "amount", "--epochs", 5, "--json")
    summary = json.loads(ran.out)
    assert ran.err == ""
    assert summary["task"] == "numbers"
    assert len(summary["networks"]) == len(summary["best_epochs"]) == 8 and summary["epochs"] == 5
    assert set(summary["left_out_scores"]) == {"r2", "rmse", "mae"}
    assert set(summary["scores"]) == {"r2", "rmse", "mae"}
    assert sum(summary["rows"].values()) == 300


def test_predict_prints_csv_in_the_order_of_rows(run, table):
    run("train", "table.csv", "--target", "amount", "--recipe", "quick", "--epochs", 60)
    ran = run("predict", "model.safetensors", "table.csv")
    lines = ran.out.splitlines()
    assert lines[0] == "amount" and len(lines) == 301
    truth = pl.read_csv("table.csv")["amount"]
    assert pl.Series(list(map(float, lines[1:]))).to_frame("p").select(pl.corr(pl.lit(truth), "p")).item() > 0.95


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "tsv.gz", "parquet", "arrow"])
def test_every_kind_of_file_gives_the_same_model(run, table, ending, tmp_path):
    from clearprop.table import write

    write(pl.read_csv("table.csv"), tmp_path / f"other.{ending}")
    first = run("train", "table.csv", "--target", "answer", "--epochs", 2, "--out", "first", "--json")
    second = run("train", f"other.{ending}", "--target", "answer", "--epochs", 2, "--out", "second", "--json")
    assert json.loads(first.out)["scores"] == json.loads(second.out)["scores"]
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_engines_agree_on_a_table(run, table):
    command = ["train", "table.csv", "--target", "amount", "--epochs", 1, "--json", "--engine"]
    native, reference = (json.loads(run(*command, engine).out)["scores"] for engine in ("native", "reference"))
    assert native["r2"]["value"] == pytest.approx(reference["r2"]["value"], abs=1e-4)


def test_torch_agrees_on_a_table(run, table):
    pytest.importorskip("torch")
    command = ["train", "table.csv", "--target", "answer", "--epochs", 2, "--out", "m", "--json", "--engine"]
    native, torch = (json.loads(run(*command, engine).out)["scores"] for engine in ("native", "torch:cpu"))
    assert torch["log_loss"]["value"] == pytest.approx(native["log_loss"]["value"], rel=1e-3)
    for name in ("native", "torch:cpu"):
        run("predict", "m", "table.csv", "--out", f"{name}.csv", "--engine", name)
    first, second = (pl.read_csv(f"{name}.csv") for name in ("native", "torch:cpu"))
    assert first.columns == second.columns and first[:, 0].equals(second[:, 0])


def test_the_task_can_be_said(run, tmp_path):
    pl.DataFrame({"x": range(60), "y": [i // 20 for i in range(60)]}).write_csv(tmp_path / "t.csv")
    by_values = json.loads(run("train", "t.csv", "--target", "y", "--epochs", 1, "--json").out)
    asked = json.loads(run("train", "t.csv", "--target", "y", "--task", "numbers", "--epochs", 1, "--json").out)
    assert (by_values["task"], asked["task"]) == ("classes", "numbers")


def test_members_and_recipe_can_be_asked_for(run, table):
    command = ["train", "table.csv", "--target", "answer", "--epochs", 1]
    many = json.loads(run(*command, "--recipe", "quick", "--members", 11, "--json").out)
    assert [len(network["layers"]) for network in many["networks"]] == [3] * 11
    said = run(*command, "--members", 3).out
    assert "members  3, each without one of 8 parts of the rows" in said
    assert "on the 90 rows that members left out" in said
    for wrong in ("0", "-1", "many", "1001", "2.5"):
        refused = run(*command, "--members", wrong)
        assert refused.status == 2 and "--members" in refused.err
    assert 'expected a whole number from 1 to 1,000, or "auto"' in run(*command, "--members", "many").err


def test_a_member_that_diverges_is_a_warning_of_one_line(run, table, monkeypatch):
    from clearprop.tabular.member import Member

    take = Member.take

    def lose_the_second(self, outcome, seconds):
        take(self, outcome, seconds)
        self.lost = self.number == 2

    monkeypatch.setattr(Member, "take", lose_the_second)
    ran = run("train", "table.csv", "--target", "answer", "--epochs", 2)
    assert ran.status == 0
    assert ran.err.startswith("warning: of 8 members 1 diverged (member 2)") and ran.err.count("\n") == 1


def test_a_chinese_report(run, table):
    assert run("train", "table.csv", "--target", "answer", "--epochs", 1, "--language", "zh").status == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert 'lang="zh' in page and "准确率" in page


def test_help_names_the_commands_and_options(run):
    helped = run("--help")
    assert helped.status == 0
    assert all(command in helped.out for command in ("train", "predict", "evaluate"))
    train = run("train", "--help")
    options = "target out report task epochs recipe members engine threads seed json resume"
    for option in options.split():
        assert f"--{option}" in train.out


def test_the_version(run):
    assert run("--version").out == "clearprop 0.1.0\n"


def test_rows_learnt_seconds_and_rows_a_second_multiply_out(run, table):
    import re

    command = ["train", "table.csv", "--target", "answer", "--recipe", "quick", "--epochs", 20]
    said = run(*command).out
    found = re.search(r"learnt +(\d+) epochs of ([\d,]+) rows, all members', in ([\d.]+) s: ([\d,]+) rows/s", said)
    epochs, rows, seconds, rate = (float(one.replace(",", "")) for one in found.groups())
    assert epochs * rows / rate == pytest.approx(seconds, abs=0.006)
    told = json.loads(run(*command, "--json").out)
    assert told["rows_learnt"] == epochs * rows == 20 * len(told["networks"]) * _rows_of_a_member(240)
    assert 0 < told["seconds_learning"] <= told["seconds"]


def _rows_of_a_member(rows):
    from clearprop.tabular import recipe

    made = recipe("quick", np.zeros((rows, 4), np.float32), 2, "classes")
    learning = rows - rows // made.folds
    return learning // made.batch_size * made.batch_size if made.drop_last else learning


def test_missing_values_are_counted_of_the_rows_that_are_learnt_from(run, table):
    frame = pl.read_csv("table.csv").with_columns(x=pl.when(pl.col("row_id") % 3 == 0).then(None).otherwise("x"))
    frame.write_csv("gaps.csv")
    said = run("train", "gaps.csv", "--target", "answer", "--recipe", "quick", "--epochs", 1).out
    line = next(line for line in said.splitlines() if line.strip().startswith("x "))
    assert " missing of 240" in line and 50 < int(line.split(" missing of 240")[0].split()[-1]) < 110
    assert "missing of 240" in Path("report.html").read_text(encoding="utf-8")


def test_columns_that_are_kept_stand_before_the_predictions(run, table, tmp_path):
    run("train", "table.csv", "--target", "answer", "--recipe", "quick", "--epochs", 1)
    frame = pl.read_csv("table.csv").with_columns(code=pl.format("0{}", "row_id"))
    frame.write_csv("new.csv")
    ran = run("predict", "model.safetensors", "new.csv", "--keep", "code", "--keep", "row_id", "--out", "p.csv")
    assert (ran.status, ran.err) == (0, "")
    kept = pl.read_csv("p.csv", schema_overrides={"code": pl.String})
    assert kept.columns == ["code", "row_id", "answer", "P(no)", "P(yes)"]
    assert kept["code"].to_list() == frame["code"].to_list() and kept["row_id"].to_list() == list(range(300))
    for name, message in (("cod", 'did you mean "code"?'), ("answer", 'the predictions have a column "answer"')):
        refused = run("predict", "model.safetensors", "new.csv", "--keep", name, "--out", "q.csv")
        assert refused.status == 2 and message in refused.err and not (tmp_path / "q.csv").exists()


def test_categories_that_training_did_not_have_are_a_note_a_column(run, table):
    run("train", "table.csv", "--target", "answer", "--recipe", "quick", "--epochs", 1)
    new = pl.read_csv("table.csv").with_columns(
        colour=pl.when(pl.col("row_id") < 7).then(pl.lit("mauve")).otherwise("colour")
    )
    new.write_csv("new.csv")
    for command in ("predict", "evaluate"):
        ran = run(command, "model.safetensors", "new.csv")
        assert ran.err == 'note: colour: 7 rows have a category that training did not have: "mauve"\n'
        assert not run(command, "model.safetensors", "table.csv").err
