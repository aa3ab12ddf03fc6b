"""A whole run, in this process: with scikit-learn's MLP, and with fits that are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearprop.benchmark.accuracy import fit as fitting
from clearprop.benchmark.accuracy.cache import Cache
from clearprop.benchmark.accuracy.entrants import Entrant, entrant
from clearprop.benchmark.accuracy.entrants.columns import Columns
from clearprop.benchmark.accuracy.fit import Draw, Fitted, Job, Processes
from clearprop.benchmark.accuracy.suite import Rules, runs
from clearprop.benchmark.accuracy.tasks import TASKS, task
from clearprop.benchmark.crew import Trouble

QUICK = Draw(folds=2, quick=True)
SCIKIT = entrant("scikit-learn")
NAMES = ("iris", "friedman3")


def made_up(job):
    scores = {"log_loss": 0.1, "accuracy": 0.9, "ece": 0.01} if job.task == "iris" else {"r2": 0.5, "rmse": 1.0}
    return Fitted(scores, 10, 2.0 + job.fold, 0.1)


class Fits:
    """Fits, counted."""

    def __init__(self, fit=made_up):
        self.fit, self.jobs = fit, []

    def __call__(self, job):
        self.jobs.append(job)
        return self.fit(job)


def ran(fit, cache, rules=Rules(QUICK), entrants=(SCIKIT,), names=NAMES):  # noqa: B008  frozen
    return list(runs([task(name) for name in names], entrants, rules, cache=cache, fit=fit, say=lambda _: None))


def test_a_quick_run_over_two_tables():
    *_, done = ran(fitting.fit, Cache(None), Rules(QUICK, threads=1))
    iris, friedman = done.outcomes
    assert iris.score("scikit-learn", "accuracy") > 0.85 and 0 < iris.score("scikit-learn", "log_loss") < 0.6
    assert friedman.score("scikit-learn", "r2") > 0.3
    assert iris.seconds("scikit-learn", lambda one: one.fitted.fit_seconds) > 0
    assert [row.fitted.rows for row in iris.rows["scikit-learn"]] == [75, 75]
    assert fitting.fit(Job("iris", "scikit-learn", 0, QUICK, 1)).scores == iris.rows["scikit-learn"][0].fitted.scores


def test_a_run_that_was_cut_short_goes_on_where_it_was(tmp_path):
    whole, path = Fits(), tmp_path / "fits.jsonl"

    def cut(job):
        if len(first.jobs) == 3:
            raise KeyboardInterrupt
        return made_up(job)

    first = Fits(cut)
    with pytest.raises(KeyboardInterrupt):
        ran(first, Cache(path))
    *_, done = ran(whole, Cache(path))
    assert [(job.task, job.fold) for job in whole.jobs] == [("friedman3", 0), ("friedman3", 1)]
    assert [len(one.rows["scikit-learn"]) for one in done.outcomes] == [2, 2]
    assert len(path.read_text().splitlines()) == 4


def test_when_one_changes_the_others_need_not_fit_again(tmp_path):
    other = replace(SCIKIT, settings={"alpha": 1.0})
    cache, again = Cache(tmp_path / "fits.jsonl"), Fits()
    ran(Fits(), cache)
    ran(again, cache)
    assert again.jobs == []
    ran(again, cache, entrants=(other,))
    assert len(again.jobs) == 4


def test_who_was_not_timed_is_timed_in_one_fold(tmp_path):
    cache, busy, quiet = Cache(tmp_path / "fits.jsonl"), Rules(QUICK, timed=False), Fits()
    *_, done = ran(Fits(), cache, busy)
    assert done.outcomes[0].seconds("scikit-learn", lambda one: one.fitted.fit_seconds) is None
    *_, done = ran(quiet, cache)
    assert [(job.task, job.fold) for job in quiet.jobs] == [("iris", 0), ("friedman3", 0)]
    assert done.outcomes[0].seconds("scikit-learn", lambda one: one.fitted.fit_seconds) == 2.0
    *_, done = ran(quiet, cache, Rules(QUICK, threads=1))
    assert len(quiet.jobs) == 4, "times with other threads say nothing about these"


def test_one_whose_fit_fails_is_out_of_that_task_alone():
    def fails(job):
        if job.task == "iris":
            raise Trouble("it fell over")
        return made_up(job)

    *_, done = ran(Fits(fails), Cache(None))
    assert done.outcomes[0].absent == {"scikit-learn": "it fell over"} and not done.outcomes[0].rows
    assert len(done.outcomes[1].rows["scikit-learn"]) == 2


def test_who_is_not_installed_is_said_and_left_out():
    nobody = replace(SCIKIT, name="realmlp", title="Nobody", package="no-such-package")
    said, fits = [], Fits()
    found = runs([task("iris")], [SCIKIT, nobody], Rules(QUICK), cache=Cache(None), fit=fits, say=said.append)
    *_, done = found
    assert "without Nobody: no-such-package is not installed" in said
    assert done.outcomes[0].absent == {"realmlp": "no-such-package is not installed"}
    assert {job.entrant for job in fits.jobs} == {"scikit-learn"}


def test_all_learn_the_same_rows(monkeypatch):
    seen = {}

    class Spy:
        def __init__(self, name):
            self.rows = seen.setdefault(name, [])

        def fit(self, frame, target):
            self.rows.append((frame.hash_rows().to_list(), target.tolist()))

        def predict(self, frame):
            self.rows.append(frame.hash_rows().to_list())
            return frame.to_numpy()[:, 0], None

    monkeypatch.setattr(Entrant, "begin", lambda one, *_: Spy(one.name))
    for name in ("lightgbm", "catboost", "clearprop"):
        for fold in range(2):
            fitting.fit(Job("friedman3", name, fold, QUICK, 1))
    assert seen["lightgbm"] == seen["catboost"] == seen["clearprop"] and len(seen["lightgbm"]) == 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["realmlp", "lightgbm", "catboost", "scikit-learn"])
@pytest.mark.parametrize("of", ["mixed", "sales", "hundred_categories"])
def test_every_peer_takes_dates_categories_and_what_is_missing(name, of):
    one = entrant(name)
    if reason := one.missing():
        pytest.skip(reason)
    with Processes() as processes:
        assert processes.fit(Job(of, name, 0, QUICK, 1)).scores


def test_a_process_that_fails_says_why():
    with Processes() as processes, pytest.raises(Trouble, match="InputError: unknown task"):
        processes.fit(Job("nothing", "scikit-learn", 0, QUICK, 1))


@pytest.mark.parametrize("one", TASKS, ids=lambda one: one.name)
def test_columns_become_numbers_and_categories(one):
    pytest.importorskip("pandas")
    table = one.table(0, quick=True).drop("target")
    columns = Columns.learn(table[:100])
    made, texts = columns.frame(table), columns.texts(table)
    assert [*made.columns] == [*columns.numbers, *columns.categories] and len(made) == table.height
    assert not texts[list(columns.categories)].isna().any().any()
    assert all(str(made[name].dtype) == "float64" for name in columns.numbers)
