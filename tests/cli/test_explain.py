"""clearprop explain: a model's step on a row of a table, in every format, and what is refused."""

from __future__ import annotations

import io
import json
import sys

import polars as pl
import pytest

import clearprop as cp
from clearprop.artefact import TableModel, save
from clearprop.table import Encoding, Table


@pytest.fixture
def people(tmp_path):
    """A table with every kind of column, something missing, and a model of it."""
    frame = pl.DataFrame(
        {
            "id": [f"p{n}" for n in range(8)],
            "age": [31, 52, None, 47, 28, 64, 39, 45],
            "colour": ["red", "green", "red", None, "blue", "red", "green", "black"],
            "member": [True, False, True, True, False, False, True, False],
            "seen": [
                "2024-01-03",
                "2024-02-29",
                "2023-07-05",
                "2024-01-09",
                "2022-12-31",
                "2024-03-01",
                "2024-05-05",
                "",
            ],
            "answer": ["yes", "no", "yes", "no", "yes", "no", "yes", "no"],
            "amount": [1.5, 2.5, 4.0, -1.0, 0.5, 3.0, 2.0, 1.0],
        }
    )
    frame.write_csv(tmp_path / "people.csv")
    return tmp_path / "people.csv"


def model_of(people, target, path, left_out):
    """An untrained model of a table, in a file: what is explained does not depend on what was learnt."""
    from clearprop.table import read

    encoding = Encoding.learn(read(people), target, kinds={left_out: "left out"})
    outputs = max(1, len(encoding.classes))
    last, loss = ("softmax", "cross_entropy") if encoding.classes else ("identity", "mean_squared_error")
    network = cp.Network.parse(f"{len(encoding.input_names)}-3-{outputs}", hidden="silu", output=last, loss=loss)
    save(TableModel(cp.Model.initialized(network, seed=0, dtype="float32"), encoding), path)
    return path


@pytest.fixture
def model(people, tmp_path):
    return model_of(people, "answer", tmp_path / "model.safetensors", "amount")


@pytest.fixture
def ensemble(model, people, tmp_path):
    """Three members: that of `model`, and two others."""
    loaded = TableModel.load(model)
    members = [cp.Model.initialized(loaded.model.network, seed=seed, dtype="float32") for seed in range(3)]
    save(TableModel(cp.Ensemble(members, 0.5), loaded.encoding), tmp_path / "ensemble.safetensors")
    return tmp_path / "ensemble.safetensors"


def test_of_an_ensemble_one_member_is_explained_beside_the_mean_of_all(run, ensemble, model, people):
    alone = run("explain", model, people, "--row", 2)
    first, third = run("explain", ensemble, people, "--row", 2), run("explain", ensemble, people, "--member", 3)
    assert first.status == third.status == 0
    steps, answer = first.out.split("The answer\n")
    assert steps == alone.out.split("The answer\n")[0] != third.out.split("The answer\n")[0]
    assert first.err == "member 1 of 3 is explained (--member M for another, --member all for all)\n"
    assert third.err.startswith("member 3 of 3")
    together = TableModel.load(ensemble).predict(people)
    lines = [line.strip().split("  ") for line in answer.splitlines()]
    assert [line[0] for line in lines[-4:]] == [
        "member 1",
        "mean of 3 members",
        "to the power 1/0.5, normalised",
        "answer",
    ]
    assert f"yes {together['P(yes)'][1]:.4f}"[:-1] in lines[-2][-1] and lines[-1][-1].strip() == together["answer"][1]
    for words in (("explain", ensemble, people, "--member", 4), ("check", ensemble, people, "--member", 4)):
        refused = run(*words)
        assert (
            refused.status == 2 and "ensemble.safetensors: there is no member 4; members go from 1 to 3" in refused.err
        )
    for words in (("explain", "cnblogs-2-2-2", "--member", 1), ("check", "cnblogs-2-2-2", "--member", 1)):
        refused = run(*words)
        assert refused.status == 2 and "--member goes with a model and its table only" in refused.err


def test_a_row_becomes_inputs_and_a_step(run, model, people):
    done = run("explain", model, people, "--row", 2, "--digits", 4)
    assert done.status == 0 and not done.err
    encoding = TableModel.load(model).encoding
    scale = next(column for column in encoding.columns if column.name == "age").scale
    quotient = (52 - scale.centre) / scale.width
    assert f"s = (52 - {scale.centre:g}) / {scale.width:g} = {quotient:.4f}, age = s / √(1 + (s / 3)²) = " in done.out
    value = quotient / (1 + (quotient / 3) ** 2) ** 0.5
    assert f"= {value:.4f}" in done.out and "colour=green = 1" in done.out and "member = -1" in done.out
    assert "y = no = 1" in done.out and "amount (left out)" in done.out
    assert "add up to 1, a" in done.out and "δ" in done.out


def test_what_is_missing_is_said_to_be(run, model, people):
    done = run("explain", model, people, "--row", 3, "--language", "zh")
    assert done.status == 0 and "age missing = 1" in done.out and "缺失" in done.out


def test_a_target_of_numbers(run, people, tmp_path):
    model = model_of(people, "amount", tmp_path / "amount.safetensors", "answer")
    target = TableModel.load(model).encoding.target
    done = run("explain", model, people, "--row", 4)
    assert (
        f"y = (-1 - {target.mean!r}) / {target.deviation!r} = {(-1 - target.mean) / target.deviation:.9f}" in done.out
    )


@pytest.mark.parametrize(
    ("format", "sign"),
    [("text", "Forward, layer 1"), ("markdown", "$$"), ("latex", r"\documentclass"), ("python", "import numpy as np")],
)
def test_formats(run, model, people, format, sign, tmp_path):
    done = run("explain", model, people, "--format", format)
    assert done.status == 0 and sign in done.out and not done.err
    out = tmp_path / "out.txt"
    written = run("explain", model, people, "--format", format, "--out", out)
    assert written.status == 0 and not written.out and out.read_text() == done.out


def test_json_and_focus(run, model, people):
    done = run("explain", model, people, "--row", 5, "--format", "json", "--focus", "W1[1->2]", "--notation", "net-out")
    told = json.loads(done.out)
    assert told["focus"] == "dE/dW1[1->2]" and told["paths"]["count"] == 2
    assert told["row"]["cells"][1]["inputs"][0]["scaling"]["number"] == 28


def test_colour_is_for_a_terminal(run, model, people, monkeypatch):
    plain = run("explain", model, people).out
    assert "\x1b[" not in plain

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", shown)
    from clearprop.cli.explain import explain

    explain(model, [people])
    assert "\x1b[" in shown.getvalue() and "Forward, layer 1" in shown.getvalue()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing.safetensors", "people.csv"), "nothing.safetensors: there is no such file"),
        (("cnblogs-2-2",), 'did you mean "cnblogs-2-2-2"?'),
        (("nothing.toml",), "nothing.toml: there is no such file"),
        (("cnblogs-2-2-2", "people.csv"), "a table goes with a model only"),
        (("model.safetensors",), "name the table after it, and --row N"),
        (("model.safetensors", "nothing.csv"), "nothing.csv: there is no such file"),
        (("model.safetensors", "people.csv", "--row", "9"), "there is no row 9; rows go from 1 to 8"),
        (("model.safetensors", "people.csv", "--format", "jsn"), 'did you mean "json"?'),
        (("model.safetensors", "people.csv", "--notation", "netout"), 'did you mean "net-out"?'),
        (("model.safetensors", "people.csv", "--form", "scalr"), 'did you mean "scalar"?'),
        (("model.safetensors", "people.csv", "--digits", "40"), "digits: expected a whole number from 0 to 17"),
        (("model.safetensors", "people.csv", "--focus", "W7[1->1]"), 'there is no "W7[1->1]"'),
        (("model.safetensors", "people.csv", "--out", "no/where.txt"), "there is no folder"),
        (("model.safetensors", "people.csv", "--out", "people.csv"), "this is an input"),
        (("model.safetensors", "people.csv", "--member", "two"), 'the number of a member, from 1, or "all"'),
        (("model.safetensors", "people.csv", "--member", "all", "--format", "html"), "html holds one member"),
        (("model.safetensors", "other.csv", "--focus", "delta1[1]"), "computed from the target"),
        (("model.safetensors", "other.csv", "--format", "python"), "choose another format"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(run, model, people, tmp_path, words, message):
    pl.read_csv(people).drop("answer").write_csv(tmp_path / "other.csv")
    done = run("explain", *words)
    assert done.status == 2 and not done.out
    assert message in done.err and len([line for line in done.err.splitlines() if line.startswith("error")]) == 1


def test_a_model_without_a_table_is_refused(run, tmp_path, people):
    cp.save(cp.Model.initialized(cp.Network.parse("2-1")), tmp_path / "plain.safetensors")
    done = run("explain", "plain.safetensors", people)
    assert done.status == 2 and "was not trained on a table" in done.err


def test_an_example_and_its_sheet(run, tmp_path):
    from clearprop.examples import names, text

    for name in names():
        (tmp_path / f"{name}.toml").write_text(text(name))
        by_name, by_sheet = run("explain", name), run("explain", f"{name}.toml")
        assert by_name.status == 0 and by_name.out == by_sheet.out, by_name.err
    assert "net_h1 = " in run("explain", "cnblogs-2-2-2").out
    assert "0.298371109" in run("explain", "cnblogs-2-2-2", "--notation", "canonical", "--language", "zh").out


def test_a_sheet_in_batches_is_explained_on_its_first_batch(run, tmp_path):
    sheet = """
[network]
layers = "1-1"
[parameters]
W1 = [[0.5]]
b1 = 0.0
[data]
x = [[1.0], [2.0], [3.0]]
y = [[0.0], [0.0], [0.0]]
[optimizer]
batch_size = 1
order = [2, 0, 1]
"""
    (tmp_path / "s.toml").write_text(sheet)
    done = run("explain", "s.toml")
    assert done.status == 0 and "x[1] = 3\n" in done.out


def test_encodings_measure_what_they_fill():
    table = Table.of(pl.DataFrame({"n": [1.0, 2.0, None, 9.0], "y": list("abab")}), "n")
    encoding = Encoding.learn(table, "y")
    (name, numbers, scale), *others = encoding.columns[0].measured(table)
    assert name == "n" and not others and scale(numbers)[3] == pytest.approx(encoding.inputs(table)[3, 0])


def test_a_row_of_an_example(run):
    done = run("explain", "cnblogs-2-2-2", "--row", "3")
    assert done.status == 2 and "--row goes with a model and its table only" in done.err


def test_a_model_that_begins_with_column_layers(run, model, people, tmp_path):
    """The inputs bear the table's names, and the way from them into the network is worked out."""
    known = TableModel.load(model)
    inputs = len(known.encoding.input_names)
    columns = [cp.Periodic(1, outputs=2, frequencies=3), cp.Plain(inputs - 1)]
    layers = [cp.Dense(3, "tanh"), cp.Dense(known.model.network.outputs, known.model.network.layers[-1].activation)]
    network = cp.Network(inputs, layers, known.model.network.loss, columns=columns, scale=cp.Scale())
    path = tmp_path / "columns.safetensors"
    save(TableModel(cp.Model.initialized(network, seed=1), known.encoding), path)
    shown = run("explain", path, people, "--row", 2)
    assert "colour=green = 1" in shown.out
    assert "Forward, column layer 1: periodic" in shown.out and "zc1" in shown.out
    focused = run("explain", path, people, "--row", 2, "--focus", "Uc1[3,2]", "--language", "zh")
    assert "Uc1[3,2]" in focused.out and "周期" in focused.out


@pytest.mark.parametrize(("target", "left_out"), [("answer", "amount"), ("amount", "answer")])
def test_all_members_and_their_mean_come_to_the_prediction(run, people, tmp_path, target, left_out):
    loaded = TableModel.load(model_of(people, target, tmp_path / "one", left_out))
    members = [cp.Model.initialized(loaded.model.network, seed=seed, dtype="float32") for seed in range(3)]
    temperature = 0.5 if target == "answer" else 1.0
    save(TableModel(cp.Ensemble(members, temperature), loaded.encoding), tmp_path / "ensemble.safetensors")
    predicted = TableModel.load(tmp_path / "ensemble.safetensors").predict(people)
    for row in range(8):
        ran = run("explain", "ensemble.safetensors", people, "--row", row + 1, "--member", "all", "--format", "json")
        told = json.loads(ran.out)
        assert not ran.err and len(told["members"]) == told["answer"]["count"] == 3
        outputs = list(told["answer"]["members"].values())
        assert told["answer"]["mean"] == pytest.approx([sum(column) / 3 for column in zip(*outputs, strict=True)])
        if target == "answer":
            assert told["answer"]["outputs"] == pytest.approx(predicted.row(row)[1:], abs=1e-5)
            assert told["answer"]["value"] == predicted[target][row]
        else:
            assert told["answer"]["value"] == pytest.approx(predicted[target][row], abs=1e-5)
    text = run("explain", "ensemble.safetensors", people, "--member", "all", "--language", "zh").out
    assert [text.count(f"成员 {n}\n\n反向传播") for n in (1, 2, 3)] == [1, 1, 1] and "3 个成员的平均" in text
    page = run("explain", "ensemble.safetensors", people, "--member", "all", "--format", "markdown").out
    assert page.count("# Member") == 0 and page.count("\n## The answer\n") == 1 and "- mean of 3 members: " in page


def test_a_number_is_answered_in_its_own_unit(run, people, tmp_path):
    model = model_of(people, "amount", tmp_path / "amount.safetensors", "answer")
    target, predicted = TableModel.load(model).encoding.target, TableModel.load(model).predict(people)["amount"]
    for format in ("text", "markdown", "latex", "html"):
        said = run("explain", model, people, "--row", 2, "--digits", 5, "--format", format).out
        sign = r"\(\cdot\)" if format == "latex" else "·"
        assert f"{sign} {target.deviation!r} + {target.mean!r} = {predicted[1]:.5f}" in said
    last = run("explain", model, people, "--row", 2, "--digits", 5).out.splitlines()[-1]
    assert last.split() == ["amount", f"{predicted[1]:.5f}"]


def test_a_number_beyond_the_training_rows_is_said_to_be_held(run, people, tmp_path):
    path = model_of(people, "amount", tmp_path / "amount.safetensors", "answer")
    loaded = TableModel.load(path)
    W = [100.0 * array for array in loaded.model.parameters.weights]
    far = cp.Model(loaded.model.network, W, [*loaded.model.parameters.biases], dtype="float32")
    save(TableModel(far, loaded.encoding), path)
    values = {run("explain", path, people, "--row", row, "--digits", 3).out.splitlines()[-1] for row in (1, 2, 4, 5)}
    assert any(line.split()[1] in ("-1.000", "4.000") and "(held to" in line for line in values)


@pytest.mark.parametrize("lacking", ["the column", "the value"])
def test_without_a_target_the_way_forward_is_explained(run, model, people, tmp_path, lacking):
    frame = pl.read_csv(people)
    new = frame.drop("answer") if lacking == "the column" else frame.with_columns(answer=pl.lit(None, pl.String))
    new.write_csv(tmp_path / "new.csv")
    whole = run("explain", model, people, "--row", 2, "--format", "json")
    for format in ("json", "text", "markdown", "latex", "html"):
        ran = run("explain", model, "new.csv", "--row", 2, "--format", format)
        assert ran.status == 0 and "the way forward is explained" in ran.err
    ran = run("explain", model, "new.csv", "--row", 2, "--format", "json")
    told, expected = json.loads(ran.out), json.loads(whole.out)
    assert told["title"].startswith("One prediction")
    assert {section["part"] for section in told["sections"]} == {"given", "forward"}
    ways = [[one for one in each["sections"] if one["part"] == "forward"] for each in (told, expected)]
    assert ways[0] == ways[1] and told["answer"] == expected["answer"]
    assert not any(line["id"].startswith("y") for section in told["sections"] for line in section["lines"])
