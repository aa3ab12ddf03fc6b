"""What each process of a measurement does: python -m clearprop.benchmark.distributed.measure '{"cases": …}'.

One process alone makes the trial that the cost model starts from, and the run that several are compared with; several
measure how long they take to add up, and to update. The first of them prints what it has found, one JSON object.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from clearprop.benchmark.cases import Case
from clearprop.benchmark.problem import make
from clearprop.engines.base import Engine, Member, Plan, Samples, State
from clearprop.engines.distributed import Alone, Distributed, Workers, joined
from clearprop.engines.distributed.updates import Updates
from clearprop.engines.native import Native
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Adam

TRIALS = (16, 8, 4)
"""The trial has batches of this part of the one that is foretold."""
FEWEST_STEPS, STEP_SECONDS = 4, 0.2
TIMEOUT = 300.0


def median_of(call: Callable[[], object], seconds: float, least: int) -> float:
    """How long a call takes: the median of at least so many, after one that does not count."""
    call()
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < least or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class Bench:
    """A case with its numbers, in batches of so many rows; an epoch has `updates` of them, an even number."""

    def __init__(self, case: Case, batch: int, updates: int = 2) -> None:
        self.updates = updates
        problem = make(Case(case.name, case.sizes, rows=2 * batch, batch=batch, dtype=case.dtype), seed=0)
        self.samples = Samples(problem.X, problem.Y)
        self.network = Network.parse(
            "-".join(map(str, case.sizes)), hidden=case.activation, output="softmax", loss="cross_entropy"
        )
        self.parameters = Parameters.joined(self.network, problem.weights, problem.biases, np.dtype(case.dtype))
        order = np.tile(np.arange(2 * batch), updates // 2)
        self.plan = Plan(Adam(case.rate), batch, order)
        self.state = State.start(self.network, self.plan.optimizer, 0, self.parameters.flat.dtype)

    def update_seconds(self, engine: Engine, seconds: float, least: int) -> float:
        """Of one update, in runs of whole epochs, and so many that entering and leaving the engine does not count."""

        def run(steps: int) -> float:
            began = time.perf_counter()
            engine.train_epochs(
                self.parameters, self.samples, self.plan, self.state, epochs=10**9, steps=steps, tick=None
            )
            return time.perf_counter() - began

        fewest = max(FEWEST_STEPS, self.updates)
        once = run(fewest) / fewest
        epochs = self.agreed(engine, max(fewest, int(STEP_SECONDS / once) + 1) // self.updates)
        steps = epochs * self.updates
        repeats = self.agreed(engine, max(least, int(seconds / (once * steps)) + 1))
        return statistics.median([run(steps) / steps for _ in range(repeats)])

    @staticmethod
    def agreed(engine: Engine, number: int) -> int:
        """The least that any worker proposes: all must make the same updates."""
        workers: Workers = getattr(engine, "workers", Alone())
        return workers.least(number)

    def lone_seconds(self, seconds: float, least: int) -> float:
        """Of one update as a worker makes it, but for adding up."""
        run = Updates(Native(), Alone(), 1, Member(self.parameters, self.plan, self.state), self.samples)
        order = np.arange(len(self.samples))

        def updates(count: int) -> None:
            for _ in range(count):
                run.advance(order, False)
                run.state = run.state.moved(batch=run.state.batch % 2)

        inner = 1
        while True:
            began = time.perf_counter()
            updates(inner)
            if time.perf_counter() - began > STEP_SECONDS / 4:
                break
            inner *= 2
        return median_of(lambda: updates(inner), seconds, least) / inner


def alone(case: Case, seconds: float, least: int) -> dict[str, Any]:
    """The trial on one process, and how long an update of the whole batch takes it."""
    rows = [max(1, case.batch // part) for part in TRIALS]
    trials = [Bench(case, count) for count in rows]
    return {
        "rows": rows,
        "native": [one.update_seconds(Native(), seconds / 4, least) for one in trials],
        "worker": [one.lone_seconds(seconds / 4, least) for one in trials],
        "seconds": Bench(case, case.batch).update_seconds(Native(), seconds, least),
    }


def together(case: Case, every: int, engine: Engine, seconds: float, least: int) -> float:
    """An update of several workers, in epochs that are whole rounds."""
    return Bench(case, case.batch, updates=max(2, every)).update_seconds(engine, seconds, least)


def main() -> None:
    asked = json.loads(sys.argv[1])
    seconds, least = asked["seconds"], asked["least"]
    cases = [Case.from_json(one) for one in asked["cases"]]
    if not asked["sizes"]:
        print(json.dumps([alone(case, seconds, least) for case in cases]))
        return
    settings = Distributed(timeout=TIMEOUT)
    engine, workers = joined(Native(), settings)
    found: dict[str, Any] = {"sums": [], "cases": []}
    for size in asked["sizes"]:
        array = np.zeros(size // 4, np.float32)
        for _ in range(3):
            workers.sum(array)
        times = []
        for _ in range(workers.least(max(5, min(200, int(3e7 / size))))):
            began = time.perf_counter()
            workers.sum(array)
            times.append(time.perf_counter() - began)
        found["sums"].append(statistics.median(times))
    for case, rounds in zip(cases, asked["every"], strict=True):
        own = {"1": together(case, 1, engine, seconds, least)}
        for every in rounds:
            averaging, others = joined(Native(), Distributed(every, TIMEOUT))
            own[str(every)] = together(case, every, averaging, seconds, least)
            others.leave()
        found["cases"].append(own)
    workers.leave()
    if workers.is_first:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
