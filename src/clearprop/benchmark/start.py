"""What comes before the work: starting Python, importing, compiling, the first epoch; and how much memory it takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from clearprop.benchmark.cases import Case
from clearprop.benchmark.contestants import OURS, Setting, contestant
from clearprop.benchmark.crew import Crew, Trouble, alone
from clearprop.benchmark.race import Outcome, Rules

HELP = "import sys; sys.argv = ['clearprop', '--help']; from clearprop.cli import main; main()"
PROGRAMS = {
    "Python": "pass",
    "import numpy": "import numpy",
    "import clearprop": "import clearprop",
    "clearprop --help": HELP,
}


@dataclass(frozen=True)
class Start:
    """Seconds from the start of a process until something is done."""

    what: str
    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.seconds)


def programs(repeats: int) -> list[Start]:
    """How long short programs take, in new processes and in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(repeats):
        for name, code in PROGRAMS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)
    return [Start(name, "", tuple(of_it)) for name, of_it in seconds.items()]


def first_epochs(crew: Crew, rules: Rules, outcomes: Sequence[Outcome], repeats: int) -> list[Start]:
    """From the start of a process to the end of the first work, at each contestant's best setting: imports,
    making the table, compiling and all. The first of a case is what all have to do: start, and make the table.
    """
    starts = []
    for outcome in outcomes:
        case = outcome.case if outcome.case.whole else replace(outcome.case, epochs=1)
        entrants: list[tuple[str, Setting]] = [(one.name, one.setting) for one in outcome.timings]
        seconds: dict[str, list[float]] = {"": [], **{name: [] for name, _ in entrants}}
        for _ in range(repeats):
            seconds[""].append(_first(crew, rules, case, OURS, None))
            for name, setting in entrants:
                try:
                    seconds[name].append(_first(crew, rules, case, name, setting))
                except Trouble:  # it took too long: then it has no figure here
                    continue
        starts += [Start(outcome.case.name, name, tuple(of_it)) for name, of_it in seconds.items() if of_it]
    return starts


def _first(crew: Crew, rules: Rules, case: Case, name: str, setting: Setting | None) -> float:
    question: dict[str, Any] = {"case": case.to_json(), "seed": rules.seed}
    start = time.perf_counter()
    with alone(crew, name, setting["threads"] if setting else rules.cores) as assistant:
        if setting is None:
            assistant.ask("problem", **question)
        else:
            assistant.ask("begin", **question, setting=setting, patience=contestant(name).patience)
            assistant.ask("work", times=1, rest=False)
        return time.perf_counter() - start


def memory(crew: Crew, rules: Rules, case: Case) -> int:
    """The bytes that our work takes at most beside the data, in a process of its own."""
    with alone(crew, OURS, rules.cores) as assistant:
        question: dict[str, Any] = {"case": case.to_json(), "seed": rules.seed, "setting": {"threads": rules.cores}}
        return int(assistant.ask("memory", **question)["bytes"])
