"""clearprop bench-distributed: what it writes, and what it says to wrong input."""

from __future__ import annotations

import json

import pytest


def test_a_quick_run_writes_its_tables(run, tmp_path):
    pytest.importorskip("torch", reason='no PyTorch: pip install "clearprop[torch]"')
    ran = run("bench-distributed", "small", "--quick", "--out", "results", "--json")
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    assert told == json.loads((tmp_path / "results" / "distributed.json").read_text())
    found = told["found"][0]
    assert [way["every"] for way in found["ways"]] == [1, 100]
    assert all(way["seconds"] > 0 and way["efficiency"] > 0 for way in found["ways"])
    page = (tmp_path / "results" / "distributed.md").read_text()
    assert page.startswith("# Several processes\n") and "**A quick run" in page
    assert "| 20-64-2 | 32 | 2 | 100 updates |" in page


def test_a_case_that_is_not_there(run):
    pytest.importorskip("torch", reason='no PyTorch: pip install "clearprop[torch]"')
    ran = run("bench-distributed", "wid")
    assert ran.status == 2 and 'unknown case "wid"; did you mean "wide"?' in ran.err


def test_without_torch(run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    ran = run("bench-distributed")
    assert ran.status == 2 and 'PyTorch is not installed; pip install "clearprop[torch]"' in ran.err
