"""clearprop bench: what it writes, and what it says to wrong input."""

from __future__ import annotations

import json

import pytest

from clearprop.benchmark import suite
from clearprop.benchmark.cases import CASES
from clearprop.benchmark.contestants import CONTESTANTS, Contestant
from clearprop.benchmark.machine import Processor
from clearprop.benchmark.race import Outcome
from clearprop.errors import ClearpropError


@pytest.fixture
def made_up(monkeypatch):
    """A run of tiny that takes no time; what is entered here is what contestants computed otherwise."""
    wrong = {}
    processor = Processor("a processor", "", 2, None, {})
    about = suite.About("2026-01-01", 60.0, "Linux", processor, 2, 7, False, "v3", 0.5, {"Python": "3.11"})
    outcome = Outcome(CASES[0], (), {}, wrong, limit=1e9, limit_cores=1)
    monkeypatch.setattr(suite, "runs", lambda *_, **__: iter([suite.Run(about, (outcome,), ())]))
    return wrong


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
    assert "NumPy" in ran.out and "bench.svg" in ran.out
    heading = next(line for line in ran.out.splitlines() if "time" in line and "ratio" in line)
    assert "of the limit, one core at " in heading
    assert [line.count("×") for line in ran.out.splitlines() if line.strip().startswith("clearprop")] == [0, 0]


@pytest.mark.parametrize("words", [("tiny", "--against", "c"), ("--quick", "--against", "c"), ("--threads", 1)])
def test_only_a_whole_run_writes_what_is_published(run, monkeypatch, tmp_path, made_up, words):
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    ran = run("bench", *words)
    assert ran.status == 0, ran.err
    assert not list((tmp_path / "benchmarks" / "results").iterdir())
    assert "printed and not kept (--out" in ran.err and "tiny: 10,000 steps" in ran.out


def test_a_whole_run_that_is_broken_off_leaves_what_is_published(run, monkeypatch, tmp_path, made_up):
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    first = next(suite.runs())

    def broken_off(*_, **__):
        yield first
        raise ClearpropError("broken off")

    monkeypatch.setattr(suite, "runs", broken_off)
    monkeypatch.setattr(Contestant, "missing", lambda one: None)
    ran = run("bench")
    assert ran.status == 1 and "results at the end" in ran.err and "tiny: 10,000 steps" in ran.out
    assert not list((tmp_path / "benchmarks" / "results").iterdir())


@pytest.mark.parametrize(("there", "missing"), [(True, None), (True, "torch"), (False, None)])
def test_a_whole_run_writes_into_a_checkout(run, monkeypatch, tmp_path, made_up, there, missing):
    if there:
        (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    monkeypatch.setattr(Contestant, "missing", lambda one: "it is not there" if one.name == missing else None)
    assert run("bench").status == 0
    written = sorted(path.name for path in tmp_path.rglob("bench.*"))
    assert written == (["bench.json", "bench.md", "bench.svg"] if there and not missing else [])


@pytest.mark.parametrize("place", ["file/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_is_said_before_the_work(run, tmp_path, place):
    (tmp_path / "file").touch()
    ran = run("bench", "tiny", "--out", place)
    assert ran.status == 2 and "nothing can be written there" in ran.err and "name another folder" in ran.err


@pytest.mark.parametrize(("name", "message"), [("torch", "PyTorch cannot take part"), ("c", "C, hand-written cannot")])
def test_a_tool_that_was_asked_for_and_is_missing(run, monkeypatch, name, message):
    monkeypatch.setattr(Contestant, "missing", lambda one: "it is not there" if one.name == name else None)
    ran = run("bench", "tiny", "--against", name)
    assert ran.status == 2 and f"{message}" in ran.err and "it is not there; " in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("smal",), 'unknown case "smal"; did you mean "small"?'),
        (("tiny", "--against", "pytorch"), 'unknown contestant "pytorch"; did you mean "torch"?'),
        (("tiny", "--against", "pytorch"), "Known: c, jax, numpy, scikit-learn, torch, torch-compile\n"),
        (("tiny", "--against", "clearprop"), "clearprop is in every run; name another to compare it with: c, jax"),
        (("tiny", "--against", "c", "jax"), '"jax" is no case but a contestant; each takes an --against of its own'),
        (("tiny", "--out", "file"), "file: this is a file; name a folder"),
    ],
)
def test_wrong_input_is_said_before_the_work(run, tmp_path, words, message):
    (tmp_path / "file").touch()
    ran = run("bench", *words)
    assert ran.status == 2 and message in ran.err and "Traceback" not in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disagreement_is_an_answer_of_no(run, made_up, tmp_path):
    made_up["numpy"] = "NumPy computes something else"
    ran = run("bench", "tiny", "--out", "results")
    assert ran.status == 1 and "not all compute the same: tiny: NumPy computes something else" in ran.err
    assert "**WRONG** tiny" in (tmp_path / "results" / "bench.md").read_text()


def test_help_names_every_case_and_contestant(run):
    words = " ".join(run("bench", "--help").out.replace("│", " ").split())
    assert all(case.name in words for case in CASES)
    assert all(one.name in words for one in CONTESTANTS)


def test_a_run_that_is_broken_off_keeps_what_it_has(run, monkeypatch, tmp_path):
    def broken_off(repeats):
        raise ClearpropError("broken off")

    monkeypatch.setattr(suite, "programs", broken_off)
    ran = run("bench", "tiny", "--quick", "--against", "c", "--threads", 1, "--out", "results")
    assert ran.status == 1 and "broken off" in ran.err
    assert "tiny: " in ran.out
    told = json.loads((tmp_path / "results" / "bench.json").read_text())
    assert [case["case"]["name"] for case in told["cases"]] == ["tiny"]
