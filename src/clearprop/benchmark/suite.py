"""A whole run: every case, then what comes before the work, then where it is told."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clearprop.benchmark.cases import Case
from clearprop.benchmark.contestants import OURS, Contestant, contestant
from clearprop.benchmark.crew import Crew, Trouble
from clearprop.benchmark.machine import Processor, processor
from clearprop.benchmark.race import Outcome, Race, Rules
from clearprop.benchmark.start import Start, first_epochs, memory, programs

FROM_START = ("tiny", "small")
"""The cases whose first epoch is timed from the start of a process."""
START_REPEATS = 3


@dataclass(frozen=True)
class About:
    """Where and how a run was made; `load` is how many processes wanted a processor just before."""

    when: str
    seconds: float
    machine: str
    processor: Processor
    cores: int
    seed: int
    quick: bool
    instruction_set: str
    load: float | None
    versions: dict[str, str]


@dataclass(frozen=True)
class Run:
    """All that a run has measured."""

    about: About
    outcomes: tuple[Outcome, ...]
    starts: tuple[Start, ...]

    @property
    def wrong(self) -> list[str]:
        """What some contestant computed otherwise; it makes the run a failure."""
        return [f"{one.case.name}: {reason}" for one in self.outcomes for reason in one.wrong.values()]


def runs(
    cases: Sequence[Case], rules: Rules, *, against: Sequence[Contestant], quick: bool, say: Callable[[str], None]
) -> Iterator[Run]:
    """Measures cases against these contestants; `say` hears what is going on.

    What there is so far comes after each case, so that a run that is broken off is not lost; the last is the whole.
    """
    began = time.monotonic()
    contestants = [contestant(OURS), *against]
    for one in contestants:
        if reason := one.missing():
            say(f"without {one.title}: {reason}")
    about = _about(rules, contestants, quick)
    outcomes: list[Outcome] = []
    with Crew(rules.cores) as crew:
        race = Race(crew, rules, contestants, say)
        for number, case in enumerate(cases, 1):
            say(f"{number}/{len(cases)} {case.name}: {case}; {time.monotonic() - began:.0f} s so far")
            outcome = race.run(case)
            if outcome.timing(OURS):
                try:
                    outcome = replace(outcome, memory=memory(crew, rules, case))
                except Trouble as error:
                    say(f"  its memory was not measured: {error}")
            outcomes.append(outcome)
            yield Run(replace(about, seconds=time.monotonic() - began), tuple(outcomes), ())
        say("from the start of a process")
        repeats = 1 if quick else START_REPEATS
        begun = [one for one in outcomes if one.case.name in FROM_START]
        starts = programs(3 * repeats) + first_epochs(crew, rules, begun, repeats)
    yield Run(replace(about, seconds=time.monotonic() - began), tuple(outcomes), tuple(starts))


def _about(rules: Rules, contestants: Sequence[Contestant], quick: bool) -> About:
    from clearprop.engines.native import instruction_set

    return About(
        when=datetime.now().astimezone().isoformat(timespec="seconds"),
        seconds=0.0,
        machine=f"{platform.system()} {platform.machine()}",
        processor=processor(),
        cores=rules.cores,
        seed=rules.seed,
        quick=quick,
        instruction_set=instruction_set(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        versions={"Python": platform.python_version()}
        | {one.title: one.version() for one in contestants if one.missing() is None},
    )
