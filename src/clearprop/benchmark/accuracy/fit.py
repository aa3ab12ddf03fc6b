"""One fit: an entrant learns all folds of a task but one, and is asked about that one."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Any, Self

import numpy as np
import polars as pl

from clearprop.benchmark.accuracy import scores
from clearprop.benchmark.accuracy.entrants import entrant, spread
from clearprop.benchmark.accuracy.task import TARGET, Rows, fingerprint, folds
from clearprop.benchmark.accuracy.tasks import task
from clearprop.benchmark.crew import Trouble


@dataclass(frozen=True)
class Draw:
    """What tables and folds are drawn by: the same for all who take part.

    Attributes:
        folds: into how many parts a table is divided.
        seed: of tables and folds; a fit's own seed is seed + fold.
        quick: whether only a few rows of each table are used.
    """

    folds: int = 5
    seed: int = 0
    quick: bool = False


@dataclass(frozen=True)
class Job:
    """One fit that is to be done; `fold` is counted from 0."""

    task: str
    entrant: str
    fold: int
    draw: Draw
    threads: int


@dataclass(frozen=True)
class Fitted:
    """What came of a job: the scores on `rows` rows that were left out, and the seconds for learning and predicting."""

    scores: dict[str, float]
    rows: int
    fit_seconds: float
    predict_seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@lru_cache(maxsize=2)
def dealt(name: str, draw: Draw) -> tuple[pl.DataFrame, str, list[tuple[Rows, Rows]]]:
    """A task's table, its fingerprint and its folds."""
    asked = task(name)
    table = asked.table(draw.seed, quick=draw.quick)
    return table, fingerprint(table), folds(asked, table, draw.folds, draw.seed)


def fit(job: Job) -> Fitted:
    """Does a job in this process. Imports, and making the table, are not timed."""
    from threadpoolctl import threadpool_limits

    asked, (table, _, parts) = task(job.task), dealt(job.task, job.draw)
    train, test = parts[job.fold]
    frame, target, classes = table.drop(TARGET), table[TARGET].to_numpy(), 0
    if asked.kind == "classes":
        names, target = np.unique(target.astype(str), return_inverse=True)
        classes = len(names)
    learner = entrant(job.entrant).begin(asked.kind, job.threads, job.draw.seed + job.fold)
    with threadpool_limits(job.threads):
        began = time.perf_counter()
        learner.fit(frame[train], target[train])
        learnt = time.perf_counter()
        answer, known = learner.predict(frame[test])
        done = time.perf_counter()
    if known is not None:
        found = scores.of_classes(spread(answer, known, classes), target[test])
    else:
        found = scores.of_numbers(answer, target[test])
    if not np.isfinite(list(found.values())).all():
        raise Trouble(f"{job.entrant} gives no finite prediction for fold {job.fold + 1} of {job.task}")
    return Fitted(found, len(test), learnt - began, done - learnt)


class Processes:
    """A process an entrant, so that the libraries of one cannot disturb another's; each lives as long as this."""

    def __init__(self) -> None:
        self._pools: dict[str, ProcessPoolExecutor] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=kind is None, cancel_futures=True)

    def fit(self, job: Job) -> Fitted:
        """Does a job in the entrant's process. Raises Trouble, which says why, where it comes to nothing."""
        if job.entrant not in self._pools:
            self._pools[job.entrant] = ProcessPoolExecutor(1, get_context("spawn"), _begin)
        try:
            return self._pools[job.entrant].submit(fit, job).result()
        except BrokenProcessPool:
            self._pools.pop(job.entrant).shutdown(wait=False)
            raise Trouble("its process died") from None
        except Exception as error:  # of whatever kind another tool raises
            words = str(error).strip().splitlines() or [""]
            raise Trouble(f"{type(error).__name__}: {words[0]}"[:300]) from error


def _begin() -> None:
    """Before the first fit of a process: it is to be silent, and to end when the one that started it does.

    What tools print as they learn belongs neither on stdout nor into the folder from which clearprop was called.
    """
    os.chdir(tempfile.gettempdir())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed cannot tell its children to end."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
