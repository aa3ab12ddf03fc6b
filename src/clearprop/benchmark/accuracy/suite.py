"""A whole run: every task, every fold, every entrant; what is in the cache is not done again."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clearprop.benchmark.accuracy.cache import Cache, Key, Row
from clearprop.benchmark.accuracy.entrants import Entrant
from clearprop.benchmark.accuracy.fit import Draw, Fitted, Job, dealt
from clearprop.benchmark.accuracy.standing import Outcome
from clearprop.benchmark.accuracy.task import Task
from clearprop.benchmark.crew import Trouble
from clearprop.benchmark.machine import Processor, processor


@dataclass(frozen=True)
class Rules:
    """How to run.

    Attributes:
        draw: what tables and folds are drawn by.
        threads: that each fit is limited to.
        timed: whether the times of this run count: the machine does nothing else.
    """

    draw: Draw
    threads: int = 2
    timed: bool = True


@dataclass(frozen=True)
class About:
    """Where and how a run was made; `load` is how many processes wanted a processor just before."""

    when: str
    seconds: float
    machine: str
    processor: Processor
    threads: int
    timed: bool
    draw: Draw
    load: float | None
    versions: dict[str, str]


@dataclass(frozen=True)
class Run:
    """All that a run has found; `entrants` are those that are installed."""

    about: About
    entrants: tuple[Entrant, ...]
    outcomes: tuple[Outcome, ...]


def runs(
    tasks: Sequence[Task],
    entrants: Sequence[Entrant],
    rules: Rules,
    *,
    cache: Cache,
    fit: Callable[[Job], Fitted],
    say: Callable[[str], None],
) -> Iterator[Run]:
    """Fits what the cache lacks, task by task; what there is so far comes after each task.

    Within a fold the entrants take turns, so that what else the machine does hits all alike. One whose fit comes to
    nothing is out of that task. In a run that is timed a task is fitted again where no fold of it was timed so far on
    this machine with as many threads: its first fold, once.
    """
    began = time.monotonic()
    absent = {one.name: reason for one in entrants if (reason := one.missing())}
    for one in entrants:
        if one.name in absent:
            say(f"without {one.title}: {absent[one.name]}")
    there = [one for one in entrants if one.name not in absent]
    about, outcomes = _about(rules, there), []
    for number, task in enumerate(tasks, 1):
        say(f"{number}/{len(tasks)} {task.name}: {task.what}; {time.monotonic() - began:.0f} s so far")
        outcomes.append(_Round(task, there, rules, about.processor.name, cache, fit, say).outcome(absent))
        yield Run(replace(about, seconds=time.monotonic() - began), tuple(there), tuple(outcomes))


@dataclass
class _Round:
    """One task on its way."""

    task: Task
    entrants: Sequence[Entrant]
    rules: Rules
    machine: str
    cache: Cache
    fit: Callable[[Job], Fitted]
    say: Callable[[str], None]

    def outcome(self, absent: dict[str, str]) -> Outcome:
        failed: dict[str, str] = {}
        for fold in range(self.rules.draw.folds):
            for one in self.entrants:
                if one.name not in failed and self._wanted(one, fold):
                    try:
                        self._do(one, fold)
                    except Trouble as error:
                        failed[one.name] = str(error)
                        self.say(f"  {one.title} is not in it: {error}")
        left = [one for one in self.entrants if one.name not in failed]
        return Outcome(self.task, {one.name: self._counting(one) for one in left}, {**absent, **failed})

    def _rows(self, one: Entrant) -> list[Row | None]:
        _, table, _ = dealt(self.task.name, self.rules.draw)
        keys = (Key.of(self.task.name, table, fold, one, self.rules.draw) for fold in range(self.rules.draw.folds))
        return [self.cache.get(key) for key in keys]

    def _counting(self, one: Entrant) -> list[Row]:
        """An entrant's fits, timed where their times are comparable with those of this run."""
        return [replace(row, timed=self._comparable(row)) for row in self._rows(one) if row is not None]

    def _comparable(self, row: Row) -> bool:
        return row.timed and row.machine == self.machine and row.threads == self.rules.threads

    def _wanted(self, one: Entrant, fold: int) -> bool:
        rows = self._rows(one)
        if rows[fold] is None:
            return True
        return self.rules.timed and fold == 0 and not any(row and self._comparable(row) for row in rows)

    def _do(self, one: Entrant, fold: int) -> None:
        draw, threads = self.rules.draw, self.rules.threads
        fitted = self.fit(Job(self.task.name, one.name, fold, draw, threads))
        _, table, _ = dealt(self.task.name, draw)
        key = Key.of(self.task.name, table, fold, one, draw)
        when = datetime.now().astimezone().isoformat(timespec="seconds")
        self.cache.add(Row(key, fitted, threads, self.rules.timed, self.machine, when))
        told = ", ".join(f"{name} {value:.4f}" for name, value in fitted.scores.items())
        self.say(f"  fold {fold + 1}, {one.title}: {told}; {fitted.fit_seconds:.1f} s")


def _about(rules: Rules, entrants: Sequence[Entrant]) -> About:
    return About(
        when=datetime.now().astimezone().isoformat(timespec="seconds"),
        seconds=0.0,
        machine=f"{platform.system()} {platform.machine()}",
        processor=processor(),
        threads=rules.threads,
        timed=rules.timed,
        draw=rules.draw,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        versions={"Python": platform.python_version()} | {one.title: one.version() for one in entrants},
    )
