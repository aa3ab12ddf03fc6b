"""clearprop check: the report, its JSON, its exit status."""

from __future__ import annotations

import json

import pytest

from clearprop.examples import text


def test_an_example_with_wrong_numbers(run):
    ran = run("check", "cnblogs-2-2-2")
    assert (ran.status, ran.err) == (1, "")
    assert "E@1              0.291027924   0.291027774   wrong: updated-early" in ran.out


def test_a_sheet_that_is_right(run, tmp_path):
    (tmp_path / "sheet.toml").write_text(
        text("matrices-4-3-1").replace('"matrix"', '"canonical"').split("hiddenlayer")[0]
    )
    with open(tmp_path / "sheet.toml", "a") as file:
        file.write('"z2[1,1]" = "1.32085581"\n')
    ran = run("check", "sheet.toml")
    assert (ran.status, ran.err) == (0, "")
    assert "all claims are right" in ran.out


def test_in_chinese(run):
    assert "错误: updated-early" in run("check", "cnblogs-2-2-2", "--language", "zh").out


def test_json(run):
    ran = run("check", "cnblogs-2-2-2", "--json")
    claims = {claim["id"]: claim for claim in json.loads(ran.out)["claims"]}
    assert ran.status == 1
    assert claims["E"]["status"] == "right"
    assert claims["E@1"]["slips"] == ["updated-early"]
    assert set(claims["E"]) == {"id", "status", "true", "slips", "follows_from", "wrong_at"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cnblogs-2-2", None, 'unknown example "cnblogs-2-2"; did you mean "cnblogs-2-2-2"?'),
        ("none.toml", None, "none.toml"),
        ("bad.toml", "[network]\nlayers = 3\n", "bad.toml, line 2: "),
        (
            "bad.toml",
            text("cnblogs-2-2-2") + 'net_h3 = "1"\n',
            'bad.toml, line 59: claim "net_h3": there is no "net_h3"',
        ),
    ],
)
def test_bad_input_is_one_message(run, tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_text(content)
    ran = run("check", name)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {message}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("target", ["answer", "amount"])
def test_gradients_of_a_trained_model(run, table, target):
    trained = run("train", table, "--target", target, "--recipe", "quick", "--epochs", 2, "--out", "model.safetensors")
    assert trained.status == 0
    ran = run("check", "model.safetensors", table)
    assert (ran.status, ran.err) == (0, "the gradients of member 1 of 4 are checked (--member M for another)\n")
    assert "0 wrong" in ran.out
    report = json.loads(run("check", "model.safetensors", table, "--member", 4, "--json").out)
    assert report["ok"] and report["counts"]["wrong"] == 0


def test_a_table_beside_a_sheet(run, table):
    done = run("check", "cnblogs-2-2-2", table)
    assert done.status == 2 and "a table goes with a model only" in done.err


def test_a_model_without_a_table_is_told_what_is_missing(run, tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"\x80")
    ran = run("check", "model.safetensors")
    assert ran.status == 2 and "name the table after it" in ran.err
