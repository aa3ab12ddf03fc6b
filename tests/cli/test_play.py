"""clearprop play: the address first, an end by Ctrl-C, and one message for what is wrong."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from urllib.request import urlopen

import polars as pl
import pytest

import clearprop as cp
from clearprop.artefact import TableModel, save
from clearprop.playground.opening import _play_of, opened
from clearprop.playground.training import Trainer
from clearprop.playground.walk import Walk
from clearprop.table import Encoding, Table

START = [sys.executable, "-c", "from clearprop.cli import main; main()"]


def test_the_first_line_is_the_address_and_ctrl_c_ends_it():
    process = subprocess.Popen(
        [*START, "play", "cnblogs-2-2-2", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CLEARPROP_TOKEN": "a-token-that-stays"},
    )
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=a-token-that-stays", address)
        assert b"clearprop" in urlopen(address, timeout=30).read()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cnblogs"], 'unknown example "cnblogs"; did you mean "cnblogs-2-2-2"?'),
        (["nothing.safetensors"], "nothing.safetensors: there is no such file"),
        (["nothing.toml"], "nothing.toml: there is no such file"),
        (["--table", "t.csv"], "t.csv: a table goes with a model file"),
        (["cnblogs-2-2-2", "--table", "t.csv"], "a table goes with a model only"),
        (["cnblogs-2-2-2", "--row", "3"], "--row goes with a model and its table only"),
        (["bad.toml"], "bad.toml"),
    ],
)
def test_what_is_wrong_is_one_message(run, tmp_path, words, said):
    (tmp_path / "bad.toml").write_text("title = ", encoding="utf-8")
    ran = run("play", *words, "--no-browser")
    assert (ran.status, ran.out) == (2, "")
    assert said.lower() in ran.err.lower()
    assert ran.err.count("\n") == 1


def test_a_token_that_is_too_short(run, monkeypatch):
    monkeypatch.setenv("CLEARPROP_TOKEN", "short")
    ran = run("play", "--no-browser")
    assert (ran.status, ran.out) == (2, "")
    assert "CLEARPROP_TOKEN: expected 16 characters or more" in ran.err


@pytest.fixture
def trained(tmp_path):
    """A table and a model of it."""
    frame = pl.DataFrame({"size": [1.0, 2.0, 3.0, 4.0, 5.0], "kind": ["a", "b", "a", None, "b"]})
    frame.write_csv(tmp_path / "t.csv")
    encoding = Encoding.learn(Table.of(frame, "t.csv"), "kind")
    model = cp.Model.initialized(cp.Network.parse("1-3-2", output="softmax", loss="cross_entropy"), dtype="float32")
    save(TableModel(model, encoding), tmp_path / "m.safetensors")
    return tmp_path


def test_a_model_with_its_table_and_row(trained):
    play = opened(trained / "m.safetensors", trained / "t.csv", 5)
    assert (play.data.kind, play.data.classes, len(play.data)) == ("table", ("a", "b"), 4)
    assert play.sample == 3  # the fourth of those that have a target
    assert (play.title, play.data.name) == ("m.safetensors", "t.csv")
    step = Walk(play, Trainer(play), 1).step(0)
    assert [one["label"] for one in step["given"]][:2] == ["size", "kind"]
    assert opened(trained / "m.safetensors", trained / "t.csv").sample == 0


@pytest.mark.parametrize(
    ("row", "said"), [(4, "row 4: its target is missing"), (6, "there is no row 6; rows go from 1 to 5")]
)
def test_a_row_that_cannot_be_looked_at(run, trained, row, said):
    ran = run("play", "m.safetensors", "--table", "t.csv", "--row", row, "--no-browser")
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_a_model_alone_and_one_that_is_too_large(run, trained, tmp_path):
    assert opened(trained / "m.safetensors").data.X.tolist() == [[0.0]]
    save(cp.Model.initialized(cp.Network.parse("1000-1000-1")), tmp_path / "large.safetensors")
    ran = run("play", "large.safetensors", "--no-browser")
    assert (ran.status, ran.out) == (2, "")
    assert "at most 500,000 weights and biases, this one has 1,002,001" in ran.err


def test_of_an_ensemble_the_first_member_is_shown_and_said(tmp_path):
    members = [cp.Model.initialized(cp.Network.parse("2-3-1"), seed=seed) for seed in range(3)]
    save(cp.Ensemble(members), tmp_path / "e.safetensors")
    play = opened(tmp_path / "e.safetensors")
    assert (play.title, play.model) == ("e.safetensors (1/3)", members[0])


def test_from_python():
    model = cp.Model.initialized(cp.Network.parse("2-3-1"))
    assert _play_of(model).model == model
    assert _play_of(cp.Ensemble([model])).model == model
    step = cp.trace(model, [0.1, 0.2], [1.0], optimizer=cp.SGD(0.25))
    assert (_play_of(step).optimizer, _play_of(step).data.X.tolist()) == (cp.SGD(0.25), [[0.1, 0.2]])
    with pytest.raises(cp.InputError, match="play: expected a model, a sheet, a trace"):
        cp.play(3)


def test_importing_clearprop_imports_no_server():
    code = "import sys, clearprop; print([m for m in ('starlette', 'uvicorn', 'polars') if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "[]\n"
