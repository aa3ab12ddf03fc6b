"""A whole measurement: one process, then several, and what the cost model had said beforehand."""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from clearprop.benchmark.cases import CASES, Case
from clearprop.benchmark.crew import Trouble
from clearprop.benchmark.distributed.cost import Forecast, Link, Pace, Work, forecast
from clearprop.benchmark.machine import Processor, processor
from clearprop.errors import unknown

SIZES = tuple(4**power for power in range(5, 14))
"""Bytes that are added up: 1 KiB to 64 MiB."""
EVERY, MOST_OPERATIONS = 100, 5e9
"""Rounds of so many updates are measured too, where an update is no more work than this."""
PATIENCE = 1800.0
_KNOWN = {case.name: case for case in CASES}
MEASURED = (
    replace(_KNOWN["wide"], batch=4_096),
    replace(_KNOWN["tab"], name="tab-8192", batch=8_192),
    _KNOWN["tab"],
    _KNOWN["small"],
)


@dataclass(frozen=True)
class Rules:
    """How to measure: for about how many seconds each figure, and how many times at least."""

    workers: int = 2
    seconds: float = 3.0
    least: int = 3
    quick: bool = False


@dataclass(frozen=True)
class Way:
    """Updates of several workers that meet after each, or after `every`: measured, and as foretold."""

    every: int
    seconds: float
    foretold: Forecast


@dataclass(frozen=True)
class Found:
    """A case: an update on one process, as measured and as foretold by its trial; and on several."""

    case: Case
    work: Work
    alone: Pace
    worker: Pace
    seconds: float
    foretold: float
    ways: tuple[Way, ...]

    def efficiency(self, seconds: float, workers: int) -> float:
        """The share of so many workers' time that one process would have needed for the same rows."""
        return self.seconds / (workers * seconds)


@dataclass(frozen=True)
class Run:
    """All that was measured; `sums` are the seconds that adding up took, by bytes."""

    when: str
    took: float
    processor: Processor
    load: float | None
    instruction_set: str
    versions: dict[str, str]
    rules: Rules
    link: Link
    sums: dict[int, float]
    found: tuple[Found, ...]


def chosen(names: Sequence[str]) -> list[Case]:
    """The cases of these names, or all; a wrong name is an error.

    >>> [case.batch for case in chosen(["wide"])]
    [4096]
    """
    known = {case.name: case for case in MEASURED}
    for name in names:
        if name not in known:
            raise unknown("case", name, known)
    return [case for case in known.values() if not names or case.name in names]


def run(cases: Sequence[Case], rules: Rules, say: Callable[[str], None]) -> Run:
    """Measures; `say` hears what is going on."""
    from clearprop.engines.native import instruction_set

    began, load = time.monotonic(), os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    asked = {"cases": [case.to_json() for case in cases], "seconds": rules.seconds, "least": rules.least}
    say("one process on one thread, and its trial")
    alone = _ask(1, {**asked, "sizes": []})
    sizes = SIZES[:4] if rules.quick else SIZES
    every = [[EVERY] if Work.of(case.sizes).operations * case.batch <= MOST_OPERATIONS else [] for case in cases]
    say(f"{rules.workers} processes on one thread each")
    several = _ask(rules.workers, {**asked, "sizes": sizes, "every": every})
    link = Link.fitted(sizes, several["sums"], rules.workers)
    found = [
        _found(case, one, {int(key): seconds for key, seconds in ways.items()}, link, rules.workers)
        for case, one, ways in zip(cases, alone, several["cases"], strict=True)
    ]
    return Run(
        when=datetime.now().astimezone().isoformat(timespec="seconds"),
        took=time.monotonic() - began,
        processor=processor(),
        load=load,
        instruction_set=instruction_set(),
        versions={"Python": platform.python_version(), "NumPy": np.__version__, "PyTorch": version("torch")},
        rules=rules,
        link=link,
        sums=dict(zip(sizes, several["sums"], strict=True)),
        found=tuple(found),
    )


def _found(case: Case, one: dict[str, Any], ways: dict[int, float], link: Link, workers: int) -> Found:
    work = Work.of(case.sizes)
    alone, worker = (Pace.fitted(work, one["rows"], one[name]) for name in ("native", "worker"))
    told = [
        # A round's updates are those of one process; only where workers meet after each does a worker's way count.
        Way(every, seconds, forecast(work, worker if every == 1 else alone, link, batch=case.batch, workers=workers,
                                     every=every))
        for every, seconds in sorted(ways.items())
    ]  # fmt: skip
    foretold = forecast(work, alone, link, batch=case.batch, workers=1).seconds
    return Found(case, work, alone, worker, one["seconds"], foretold, tuple(told))


def _ask(count: int, asked: dict[str, Any]) -> Any:
    """What the first of so many processes prints."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CLEARPROP_THREADS"), "1")
    if count > 1:
        shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(count)}
        shared["GLOO_SOCKET_IFNAME"] = "lo" if sys.platform == "linux" else "lo0"
    with ExitStack() as stack:
        processes, errors = [], []
        for rank in range(count):
            errors.append(stack.enter_context(tempfile.TemporaryFile("w+")))
            environment = {**os.environ, **shared, **({"RANK": str(rank)} if count > 1 else {})}
            process = subprocess.Popen(
                [sys.executable, "-m", "clearprop.benchmark.distributed.measure", json.dumps(asked)],
                stdout=subprocess.PIPE,
                stderr=errors[-1],
                text=True,
                env=environment,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
        try:
            told = [process.communicate(timeout=PATIENCE)[0] for process in processes]
        except subprocess.TimeoutExpired:
            raise Trouble(f"given up after {PATIENCE:.0f} s") from None
        for process, error in zip(processes, errors, strict=True):
            if process.returncode:
                error.seek(0)
                words = error.read().strip().splitlines() or ["it said nothing"]
                raise Trouble(f"a process ended with status {process.returncode}: {words[-1]}")
        return json.loads(told[0])
