"""A search for settings: processes, all fits together, and the arithmetic alone, on the same candidates and folds.

    .venv/bin/python benchmarks/sweep.py                                          # 200 candidates, two recipes
    .venv/bin/python benchmarks/sweep.py --candidates 8 --recipe strong --table breast_cancer

A line a table. First it is asserted that both searches come to the same scores. The arithmetic alone is one call of the
engine that trains the same networks for as many epochs as the searches did. Each is given in seconds, and in seconds of
processors, which other work on the machine does not lengthen as much. That processes have to start is part of theirs.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from joblib.externals.loky import get_reusable_executor
from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import RandomizedSearchCV

import clearprop as cp
from clearprop.engines import thread_count
from clearprop.engines.base import Member, Outcome, Samples, Task
from clearprop.engines.native import Native

TABLES = {"breast_cancer": load_breast_cancer, "digits": load_digits}
RECIPES = ("scikit-learn", "textbook", "quick", "strong")
SPACE = {
    "learning_rate_init": loguniform(1e-4, 1e-1),
    "alpha": loguniform(1e-6, 1e-1),
    "random_state": randint(0, 2**31 - 1),
}
COLUMNS = (
    "table",
    "recipe",
    "candidates × folds",
    "networks",
    "epochs",
    "processes",
    "together",
    "arithmetic",
    "together / arithmetic",
    "processes / together",
)


class Recorder:
    """What the native engine was asked to train: each network where it began, its samples, and its epochs in all."""

    def __init__(self) -> None:
        self.runs: dict[int, tuple[Member, Samples, int]] = {}
        self._train = Native.train_tasks

    def __enter__(self) -> Recorder:
        def train_tasks(engine: Native, tasks: list[Task], **options: Any) -> list[list[Outcome]]:
            found = self._train(engine, tasks, **options)
            for task, outcomes in zip(tasks, found, strict=True):
                for member, outcome in zip(task.members, outcomes, strict=True):
                    first, samples, _ = self.runs.get(id(member.plan), (member, task.samples, 0))
                    self.runs[id(member.plan)] = first, samples, outcome.state.epoch
            return found

        Native.train_tasks = train_tasks  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_: object) -> None:
        Native.train_tasks = self._train  # type: ignore[method-assign]

    @property
    def tasks(self) -> list[Task]:
        return [Task([member], samples, epochs) for member, samples, epochs in self.runs.values()]


class Taken:
    """Seconds that something took, of a clock and of all processors."""

    def __init__(self, function: Callable[[], Any], processes: bool = False) -> None:
        began, used = time.perf_counter(), _used()
        self.result = function()
        self.seconds = time.perf_counter() - began
        if processes:  # what children have used is known when they have ended
            get_reusable_executor().shutdown(wait=True)
        self.used = _used() - used

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.used:.1f})"


def _used() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def measure(table: str, recipe: str, candidates: int, jobs: int) -> list[str]:
    X, y = TABLES[table](return_X_y=True)

    def search(n_jobs: int | None) -> RandomizedSearchCV:
        fits = {"n_iter": candidates, "cv": 5, "random_state": 0, "refit": False, "n_jobs": n_jobs}
        return RandomizedSearchCV(cp.MLPClassifier(recipe=recipe), SPACE, **fits).fit(X, y)

    with Recorder() as recorder, cp.together():
        search(None)
    tasks = recorder.tasks
    with cp.together():
        together = Taken(lambda: search(None))
    processes = Taken(lambda: search(jobs), processes=True)
    names = [name for name in processes.result.cv_results_ if name.endswith("_score")]
    for name in names:
        expected = processes.result.cv_results_[name]
        np.testing.assert_array_equal(together.result.cv_results_[name], expected, "not the same search")
    arithmetic = Taken(lambda: Native().train_tasks(tasks, threads=thread_count(None)))
    epochs = sum(task.epochs for task in tasks)
    beside = (
        f"{over.seconds / under.seconds:.2f} ({over.used / under.used:.2f})"
        for over, under in ((together, arithmetic), (processes, together))
    )
    counts = f"{len(tasks):,}", f"{epochs:,}"
    return [table, recipe, f"{candidates} × 5", *counts, str(processes), str(together), str(arithmetic), *beside]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--table", choices=TABLES, action="append", help="may be given again")
    parser.add_argument("--recipe", choices=RECIPES, action="append", help="may be given again")
    parser.add_argument("--jobs", type=int, default=max(2, thread_count(None)), help="processes")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for recipe in asked.recipe or RECIPES[:2]:
        for table in asked.table or TABLES:
            print(f"| {' | '.join(measure(table, recipe, asked.candidates, asked.jobs))} |", flush=True)


if __name__ == "__main__":
    main()
