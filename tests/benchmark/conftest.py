"""A crew whose contestants work in this process, so that a test can change what they do."""

from __future__ import annotations

import pytest

from clearprop.benchmark.contestants import contestant
from clearprop.benchmark.race import Race, Rules
from clearprop.benchmark.worker import Worker


class Inside:
    """What a `Crew` does, without processes."""

    def __init__(self):
        self.workers = {}

    def of(self, one, setting):
        return self.workers.setdefault(one.name, Here(one.name))

    def drop(self):
        for worker in self.workers.values():
            worker.ask("drop")


class Here:
    def __init__(self, name):
        self.worker = Worker(name)

    def ask(self, ask, patience=0.0, **question):
        return self.worker.answer({"ask": ask, **question})


@pytest.fixture
def race():
    """race(case, "numpy", ...): the outcome of a case with ours and the named ones, on one thread."""

    def race(case, *names):
        said = []
        contestants = [contestant(name) for name in ("clearprop", *names)]
        rules = Rules(cores=1, repeats=2, fewest=1, seconds=0.0)
        return Race(Inside(), rules, contestants, said.append).run(case)

    return race
