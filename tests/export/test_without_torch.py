"""What needs no PyTorch: the files for it; and what is said where it is missing."""

from __future__ import annotations

import ast
import re
import sys

import polars as pl
import pytest
from safetensors.numpy import load_file

import clearprop as cp
from clearprop.errors import InputError
from tests.export.conftest import table_model
from tests.export.test_onnx import random_model


@pytest.fixture(autouse=True)
def no_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.parametrize(
    "call", [lambda: cp.export.to_pytorch(random_model("relu", "float32")), lambda: cp.export.from_pytorch(None)]
)
def test_one_message_says_what_to_install(call):
    with pytest.raises(InputError, match=re.escape('PyTorch is not installed; pip install "clearprop[torch]"')):
        call()


def test_the_files_are_written_without_it(tmp_path):
    model = random_model("step", "float32", bias="layer")
    weights = load_file(cp.export.write_pytorch(model, tmp_path / "net.py"))
    assert {name: array.shape for name, array in weights.items()} == {
        "0.weight": (6, 4), "0.bias": (6,), "2.weight": (5, 6), "2.bias": (5,), "4.weight": (3, 5), "4.bias": (3,),
    }  # fmt: skip
    text = (tmp_path / "net.py").read_text()
    classes = [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    assert classes == ["Step"] and max(map(len, text.splitlines())) <= 120


def test_of_a_table_the_file_names_inputs_and_classes(tmp_path):
    frame = pl.DataFrame({'a "b"': [1.0, 2.0, 3.0, 5.0], "c": ["x", "y", "x", "y"], "y": ["p", "q", "p", "q"]})
    model = table_model(frame, "y")
    cp.export.write_pytorch(model, tmp_path / "net.py")
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse((tmp_path / "net.py").read_text()).body
        if isinstance(node, ast.Assign) and node.targets[0].id != "WEIGHTS"
    }
    assert constants == {"INPUTS": list(model.encoding.input_names), "CLASSES": ["p", "q"]}


def test_of_a_number_the_file_names_its_unit_and_its_range(tmp_path):
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0, 5.0], "y": [0.5, 2.5, 9.5, 3.5]})
    model = table_model(frame, "y", task="numbers")
    cp.export.write_pytorch(model, tmp_path / "net.py")
    text = (tmp_path / "net.py").read_text()
    target = model.encoding.target
    assert f"MEAN, DEVIATION = {target.mean!r}, {target.deviation!r}\nLOWEST, HIGHEST = 0.5, 9.5\n" in text
    assert "z * DEVIATION + MEAN, held between LOWEST and HIGHEST" in " ".join(text.split())


def test_nothing_is_left_where_the_files_cannot_be_written(tmp_path):
    (tmp_path / "net.py").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        cp.export.write_pytorch(random_model("relu", "float32"), tmp_path / "net.py")
    with pytest.raises(InputError, match=r"expected a name that ends in \.py"):
        cp.export.write_pytorch(random_model("relu", "float32"), tmp_path / "net.pt")
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.py"]
