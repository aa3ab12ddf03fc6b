"""clearprop examples: the list, one sheet, and the JSON of both."""

from __future__ import annotations

import json

import pytest

from clearprop.examples import load, names, text
from clearprop.sheet import read_sheet


def test_one_example_a_line_its_name_first(run):
    ran = run("examples")
    lines = [line.split(maxsplit=2) for line in ran.out.splitlines()]
    assert (ran.status, ran.err) == (0, "")
    assert [line[0] for line in lines] == list(names())
    for name, shape, summary in lines:
        assert shape == "-".join(map(str, load(name).network.sizes))
        assert summary.isascii()


def test_in_chinese(run):
    lines = run("examples", "--language", "zh").out.splitlines()
    assert [line.split()[0] for line in lines] == list(names())
    assert lines[0].split(maxsplit=2)[2] == "用链式法则完整计算一步，每个数都列出"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_json(run, language):
    found = json.loads(run("examples", "--json", "--language", language).out)["examples"]
    assert [each["name"] for each in found] == list(names())
    assert found[0]["shape"] == "2-2-2"
    assert found[0]["source"]["url"] == "https://www.cnblogs.com/charlotte77/p/5629865.html"
    assert all(each["summary"].isascii() == (language == "en") for each in found)


@pytest.mark.parametrize("name", names())
def test_the_sheet_of_an_example_can_be_saved_and_read(run, name, tmp_path):
    ran = run("examples", name)
    (tmp_path / "mine.toml").write_text(ran.out, encoding="utf-8")
    assert read_sheet(tmp_path / "mine.toml") == load(name)


def test_json_of_one(run):
    found = json.loads(run("examples", "d-q-l", "--json").out)
    assert (found["name"], found["shape"], found["sheet"]) == ("d-q-l", "3-2-2", text("d-q-l"))


def test_unknown_name(run):
    ran = run("examples", "dql")
    assert (ran.status, ran.out) == (2, "")
    assert 'unknown example "dql"; did you mean "d-q-l"?' in ran.err
