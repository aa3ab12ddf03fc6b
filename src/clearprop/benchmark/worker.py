"""The process that runs one contestant: questions in, answers out, one JSON object a line.

    python -m clearprop.benchmark.worker torch

What a contestant imports and the threads it starts stay in here, away from the others.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from clearprop.benchmark.cases import Case
from clearprop.benchmark.contestants import Contest, Setting, contestant
from clearprop.benchmark.problem import Problem, make

Answer = dict[str, Any]

REST_SECONDS, REST_LONGEST = 0.03, 1.5
RESTING = 0.1
"""A pool of threads that has come to rest takes less than this share of one processor."""


class Worker:
    """One contestant and the problem before it."""

    def __init__(self, name: str) -> None:
        self.contestant = contestant(name)
        self.problem: Problem | None = None
        self.made: tuple[Any, int] | None = None
        self.contest: Contest | None = None

    def answer(self, question: dict[str, Any]) -> Answer:
        """What is asked, by its name, with the rest of the question as arguments."""
        questions: dict[str, Callable[..., Answer]] = {
            "problem": self.make,
            "begin": self.begin,
            "work": self.work,
            "drop": self.drop,
            "memory": self.memory,
            "limit": limit,
        }
        return questions[question.pop("ask")](**question)

    def make(self, case: dict[str, Any], seed: int) -> Answer:
        """Make the numbers of a case, if they are not there."""
        if self.made != (case, seed):
            self.drop()
            self.problem, self.made = make(Case.from_json(case), seed), (case, seed)
        return {}

    def begin(self, case: dict[str, Any], seed: int, setting: Setting) -> Answer:
        """Get ready; how long that took: making tensors, compiling; not the imports and the numbers of the case."""
        self.contestant.load()
        self.make(case, seed)
        assert self.problem is not None
        self.contest = None
        start = time.perf_counter()
        self.contest = self.contestant.begin(self.problem, setting)
        return {"seconds": time.perf_counter() - start}

    def work(self, times: int, rest: bool = True) -> Answer:
        """Do it so many times, each from the initial weights: how long each took, and what the last came to."""
        assert self.contest is not None
        seconds = []
        for _ in range(times):
            self.contest.reset()
            start = time.perf_counter()
            self.contest.work()
            seconds.append(time.perf_counter() - start)
        if rest:
            come_to_rest()
        return {"seconds": seconds, "results": list(self.contest.results())}

    def drop(self) -> Answer:
        self.contest = self.problem = self.made = None
        return {}

    def memory(self, case: dict[str, Any], seed: int, setting: Setting) -> Answer:
        """Bytes that the work takes at most, beside what is there when the data is."""
        import clearprop.engines.native
        import clearprop.training  # noqa: F401  what the code takes is not the work's

        self.make(case, seed)
        before = peak_bytes(anew=True)
        self.begin(case, seed, setting)
        self.work(1, rest=False)
        return {"bytes": peak_bytes() - before}


def limit(threads: int, dtype: str, seconds: float, times: int) -> Answer:
    """The most operations a second of several short bursts of multiply-adds."""
    from clearprop._native import fma_rate
    from clearprop.engines.native import instruction_set

    return {"rate": max(fma_rate(threads, dtype, seconds, instruction_set()) for _ in range(times))}


def come_to_rest() -> float:
    """Waits until the threads of this process no longer spin, as those of a BLAS do for a while; the seconds it took.

    >>> come_to_rest() < 5
    True
    """
    start = time.perf_counter()
    while time.perf_counter() - start < REST_LONGEST:
        used, now = time.process_time(), time.perf_counter()
        time.sleep(REST_SECONDS)
        if time.process_time() - used < RESTING * (time.perf_counter() - now):
            break
    return time.perf_counter() - start


def peak_bytes(anew: bool = False) -> int:
    """The most memory that this process has had in use; `anew` counts from now on, where the system can do that.

    >>> peak_bytes() > 1_000_000
    True
    """
    try:
        if anew:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
        with open("/proc/self/status") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        return int(lines["VmHWM"].split()[0]) * 1024
    except (OSError, KeyError):
        import resource  # counts what the parent had, too, on some systems: the second choice

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    # What a library prints must not get among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as error:  # the race goes on without it, and says why
            words = str(error).strip().splitlines()
            answer = {"error": f"{type(error).__name__}: {words[0] if words else ''}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
