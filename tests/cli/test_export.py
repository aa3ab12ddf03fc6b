"""export, as a user runs it."""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
import pytest

import clearprop as cp


@pytest.fixture
def trained(run, table):
    assert run("train", "table.csv", "--target", "answer", "--epochs", 1, "--out", "m.safetensors").status == 0


def test_onnx_predicts_what_predict_does(run, trained, tmp_path):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    done = run("export", "m.safetensors", "--to", "onnx", "--out", "deep.onnx")
    assert (done.status, done.out, done.err) == (0, "written  deep.onnx\n", "")
    frame = pl.read_csv("table.csv")
    inputs = {name: frame[name].to_numpy()[:, None] for name in ("x", "amount")}
    inputs["colour"] = np.array(frame["colour"].to_list(), dtype=object)[:, None]
    session = runtime.InferenceSession("deep.onnx", providers=["CPUExecutionProvider"])
    label, shares = session.run(None, inputs)
    run("predict", "m.safetensors", "table.csv", "--out", "p.parquet")
    own = pl.read_parquet("p.parquet")
    assert label.tolist() == own["answer"].to_list()
    np.testing.assert_allclose(shares, own.drop("answer").to_numpy(), atol=1e-5)


def test_pytorch_writes_two_files(run, trained, tmp_path):
    done = run("export", "m.safetensors", "--to", "pytorch")
    assert (done.status, done.out, done.err) == (0, "written  m.py, m_weights.safetensors\n", "")
    assert "CLASSES = [" in (tmp_path / "m.py").read_text()


def test_a_model_without_a_table(run, tmp_path):
    cp.save(cp.Model.initialized(cp.Network.parse("2-3-1")), tmp_path / "plain.safetensors")
    assert run("export", "plain.safetensors", "--to", "pytorch", "--out", "net.py").status == 0
    assert "INPUTS" not in (tmp_path / "net.py").read_text()


WRONG = {
    "no such file": (["export", "n.safetensors", "--to", "onnx"], "n.safetensors: there is no such file"),
    "no such form": (["export", "m.safetensors", "--to", "onix"], "onix"),
    "no form": (["export", "m.safetensors"], "--to"),
    "not a model": (["export", "table.csv", "--to", "onnx"], "table.csv: not a whole clearprop file"),
    "over the model": (["export", "m.safetensors", "--to", "onnx", "--out", "m.safetensors"], "would be lost"),
    "over the model, by its weights": (
        ["export", "x_weights.safetensors", "--to", "pytorch", "--out", "x.py"],
        "would be lost",
    ),
    "no such folder": (["export", "m.safetensors", "--to", "onnx", "--out", "none/m.onnx"], "there is no folder none"),
    "another ending": (["export", "m.safetensors", "--to", "pytorch", "--out", "m.pt"], "a name that ends in .py"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_message_and_nothing_written(run, trained, tmp_path, name):
    (tmp_path / "x_weights.safetensors").write_bytes((tmp_path / "m.safetensors").read_bytes())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    words, expected = WRONG[name]
    done = run(*words)
    assert done.status == 2 and done.out == "" and expected in done.err and "Traceback" not in done.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_without_onnx_it_says_what_to_install(run, trained, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    done = run("export", "m.safetensors", "--to", "onnx")
    assert done.status == 2
    assert done.err == 'error: ONNX is not installed; pip install "clearprop[onnx]"\n'
    assert not (tmp_path / "m.onnx").exists()
