"""What can be taken away: each file is what it says, and holds the state that is shown."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import clearprop as cp
from clearprop.artefact import TableModel
from clearprop.errors import InputError
from clearprop.examples import load, names
from clearprop.playground.downloads import FILES, download
from clearprop.playground.play import first, of_sheet
from clearprop.sheet import parse_sheet
from tests.playground.conftest import Page
from tests.playground.test_data import CSV


@pytest.mark.parametrize("name", names())
def test_the_sheet_of_an_example_is_its_step(name):
    sheet = load(name)
    back = parse_sheet(download("sheet.toml", of_sheet(sheet, name))[1].decode(), name)
    assert back.model == sheet.model
    assert (back.optimizer, back.order, back.seed, back.notation) == (
        sheet.optimizer, sheet.order, sheet.seed, sheet.notation
    )  # fmt: skip
    assert np.array_equal(back.X, sheet.X)


def test_after_training(example):
    example.done("apply")
    back = parse_sheet(download("sheet.toml", example.session.play)[1].decode(), "back")
    assert round(back.model.loss(back.X, back.Y), 9) == 0.291027774


def test_the_explanation_and_the_picture(example):
    play = example.session.play
    assert b"0.358916480" in download("explanation.html", play)[1]
    assert b"0.358916480" in download("explanation.tex", play)[1]
    kind, picture = download("network.svg", play)
    assert kind == "image/svg+xml"
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_program_computes_the_step(example, tmp_path):
    (tmp_path / "program.py").write_bytes(download("program.py", example.session.play)[1])
    printed = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert "0.35891648" in printed


def test_the_model(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(download("model.safetensors", first())[1])
    assert cp.load(tmp_path / "m.safetensors") == first().model


def test_the_model_of_a_table_predicts_its_rows(tmp_path):
    page = Page()
    page.hello()
    page.done("table", name="people.csv", text=CSV, target="income")
    (tmp_path / "m.safetensors").write_bytes(download("model.safetensors", page.session.play)[1])
    (tmp_path / "people.csv").write_text(CSV, encoding="utf-8")
    predicted = TableModel.load(tmp_path / "m.safetensors").predict(tmp_path / "people.csv")
    assert predicted.columns == ["income"]
    assert len(predicted) == 60


def test_what_there_is_not():
    assert set(FILES) == {"sheet.toml", "explanation.html", "explanation.tex", "program.py", "network.svg",
                          "model.safetensors"}  # fmt: skip
    with pytest.raises(InputError, match=r'unknown file "sheet\.tom"; did you mean "sheet\.toml"'):
        download("sheet.tom", first())
