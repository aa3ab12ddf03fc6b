"""clearprop bench: what it writes, and what it says to wrong input."""

from __future__ import annotations

import json

import pytest

from clearprop.benchmark import suite
from clearprop.benchmark.cases import CASES
from clearprop.benchmark.contestants import CONTESTANTS
from clearprop.benchmark.machine import Processor
from clearprop.benchmark.race import Outcome
from clearprop.errors import ClearpropError

PROCESSOR = Processor("a processor", "", 2, None, {})


def test_a_quick_run_writes_table_and_plot(run, tmp_path):
    words = ("--quick", "--against", "numpy", "--threads", 1, "--out", "results", "--seed", 5)
    ran = run("bench", "tiny", "drawn-1", *words)
    assert ran.status == 0, ran.err
    told = json.loads((tmp_path / "results" / "bench.json").read_text())
    assert [case["case"]["name"] for case in told["cases"]] == ["tiny", "drawn-1"]
    for case in told["cases"]:
        assert [one["name"] for one in case["timings"]] == ["clearprop", "numpy"]
        assert all(one["median"] > 0 for one in case["timings"]) and case["limit"]["operations_per_second"] > 0
        assert case["memory"]["bytes"] >= 0
    assert told["about"]["seed"] == 5 and "seed 5" in ran.err
    assert {"tiny"} < {one["what"] for one in told["starts"]}
    assert (tmp_path / "results" / "bench.md").read_text().startswith("# Side by side")
    assert (tmp_path / "results" / "bench.svg").read_text().startswith("<svg")
    assert "numpy" in ran.out and "bench.svg" in ran.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("smal",), 'unknown case "smal"; did you mean "small"?'),
        (("tiny", "--against", "pytorch"), 'unknown contestant "pytorch"; did you mean "torch"?'),
        (("tiny", "--out", "file"), "file: this is a file; name a folder"),
    ],
)
def test_wrong_input_is_said_before_the_work(run, tmp_path, words, message):
    (tmp_path / "file").touch()
    ran = run("bench", *words)
    assert ran.status == 2 and message in ran.err and "Traceback" not in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disagreement_is_an_answer_of_no(run, monkeypatch, tmp_path):
    about = suite.About("2026-01-01", 60.0, "Linux", PROCESSOR, 2, 7, False, "v3", 0.5, {"Python": "3.11"})
    wrong = {"numpy": "NumPy computes something else"}
    outcome = Outcome(CASES[0], (), {}, wrong, limit=1e9, limit_cores=1)
    monkeypatch.setattr(suite, "runs", lambda *_, **__: iter([suite.Run(about, (outcome,), ())]))
    ran = run("bench", "tiny")
    assert ran.status == 1 and "not all compute the same: tiny: NumPy computes something else" in ran.err
    assert "**WRONG** tiny" in (tmp_path / "benchmarks" / "results" / "bench.md").read_text()


def test_help_names_every_case_and_contestant(run):
    words = " ".join(run("bench", "--help").out.replace("│", " ").split())
    assert all(case.name in words for case in CASES)
    assert all(one.name in words for one in CONTESTANTS)


def test_a_run_that_is_broken_off_keeps_what_it_has(run, monkeypatch, tmp_path):
    def broken_off(repeats):
        raise ClearpropError("broken off")

    monkeypatch.setattr(suite, "programs", broken_off)
    ran = run("bench", "tiny", "--quick", "--against", "c", "--threads", 1)
    assert ran.status == 1 and "broken off" in ran.err
    told = json.loads((tmp_path / "benchmarks" / "results" / "bench.json").read_text())
    assert [case["case"]["name"] for case in told["cases"]] == ["tiny"]
