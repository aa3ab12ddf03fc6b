"""clearprop bench-accuracy: what it writes, and what it says to wrong input."""

from __future__ import annotations

import json

import pytest

from clearprop.benchmark.accuracy.entrants import ENTRANTS, Entrant
from clearprop.benchmark.accuracy.fit import Fitted, Processes
from clearprop.benchmark.accuracy.tasks import TASKS, task

WORDS = ("--tasks", "iris", "--tasks", "diabetes", "--entrants", "scikit-learn", "--quick", "--threads", 1)


@pytest.fixture
def no_work(monkeypatch):
    """Everyone is installed, and no fit takes any time; the list has the jobs."""
    jobs = []

    def fit(self, job):
        jobs.append(job)
        classes = task(job.task).kind == "classes"
        scores = {"log_loss": 0.1, "accuracy": 0.9, "ece": 0.0} if classes else {"r2": 0.5, "rmse": 1.0}
        return Fitted(scores, 9, 1.0, 1.0)

    monkeypatch.setattr(Processes, "fit", fit)
    monkeypatch.setattr(Entrant, "missing", lambda one: None)
    monkeypatch.setattr(Entrant, "version", lambda one: "1")
    return jobs


def test_a_quick_run_writes_table_and_plot_and_can_go_on(run, tmp_path):
    ran = run("bench-accuracy", *WORDS, "--out", "results", "--cache", "fits.jsonl")
    assert ran.status == 0, ran.err
    told = json.loads((tmp_path / "results" / "accuracy.json").read_text())
    assert [one["name"] for one in told["tasks"]] == ["iris", "diabetes"]
    assert told["tasks"][0]["entrants"]["scikit-learn"]["scores"]["accuracy"] > 0.8
    assert (tmp_path / "results" / "accuracy.md").read_text().startswith("# Which model is better")
    assert (tmp_path / "results" / "accuracy.svg").read_text().startswith("<svg")
    assert "scikit-learn's MLP" in ran.out and "accuracy.svg" in ran.out and "fold 2, " in ran.err
    again = run("bench-accuracy", *WORDS, "--cache", "fits.jsonl", "--json")
    assert "fold" not in again.err and len((tmp_path / "fits.jsonl").read_text().splitlines()) == 4
    assert json.loads(again.out)["tasks"] == told["tasks"]


@pytest.mark.parametrize(
    ("words", "written"),
    [(("--unseen",), True), ((), False), (("--unseen", "--seed", 1), False), (("--unseen", "--untimed"), False)],
)
def test_only_a_whole_run_is_published_and_every_one_is_kept(run, tmp_path, no_work, words, written):
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    ran = run("bench-accuracy", *words)
    assert ran.status == 0, ran.err
    assert sorted(path.name for path in results.glob("accuracy.*")) == (
        ["accuracy.json", "accuracy.md", "accuracy.svg"] if written else []
    )
    assert len(no_work) == len((results / "accuracy" / "fits.jsonl").read_text().splitlines())
    assert len(no_work) == (21 if "--unseen" in words else 16) * len(ENTRANTS) * 5


def test_a_quick_run_leaves_what_is_kept_alone(run, tmp_path, no_work):
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    assert run("bench-accuracy", "--quick").status == 0 and not list(results.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--tasks", "irs"), 'unknown task "irs"; did you mean "iris"?'),
        (("--entrants", "catbost"), 'unknown entrant "catbost"; did you mean "catboost"?'),
        (("--out", "file"), "file: this is a file; name a folder"),
        (("--cache", "."), ".: this is a folder; name a file for the fits"),
    ],
)
def test_wrong_input_is_said_before_the_work(run, tmp_path, no_work, words, message):
    (tmp_path / "file").touch()
    ran = run("bench-accuracy", *words)
    assert ran.status == 2 and message in ran.err and "Traceback" not in ran.err and not no_work


def test_one_that_was_asked_for_and_is_missing(run, monkeypatch):
    monkeypatch.setattr(Entrant, "missing", lambda one: "it is not there")
    ran = run("bench-accuracy", "--entrants", "catboost")
    assert ran.status == 2 and 'CatBoost cannot take part: it is not there; pip install "clearprop[acc' in ran.err


def test_help_names_every_task_and_entrant(run):
    words = " ".join(run("bench-accuracy", "--help").out.replace("│", " ").split())
    assert all(one.name in words for one in (*TASKS, *ENTRANTS))
