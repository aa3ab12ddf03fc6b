"""One case: who takes part at which setting, whether all compute the same, and how long each takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from clearprop.benchmark.cases import Case, Kind
from clearprop.benchmark.contestants import OURS, Contestant, Setting
from clearprop.benchmark.crew import Crew, Trouble
from clearprop.errors import ClearpropError

TOLERANCE = {"float32": 5e-3, "float64": 1e-4}
"""How far the loss of an epoch that is timed may be from ours, relative to it; the rehearsal is the sharp check."""
COMPILED = "torch-compile"
LONG = 2.0
"""What takes so many seconds is not done again to warm up."""
SHORTEST = 0.1
"""What is quicker is done several times in a row, so that a round takes about so many seconds."""


class DisagreementError(ClearpropError):
    """A contestant computes something else; its time would say nothing."""


@dataclass(frozen=True)
class Rules:
    """How thoroughly to measure.

    Attributes:
        cores: how many threads may be used.
        seed: of tables and weights.
        repeats: rounds in which every contestant has its turn; at most, and at least `fewest`.
        seconds: after so many no more rounds are begun.
        compiling: seconds that `torch.compile` may take in all of a run.
    """

    cores: int
    seed: int = 0
    repeats: int = 7
    fewest: int = 3
    seconds: float = 10.0
    compiling: float = 240.0


@dataclass(frozen=True)
class Timing:
    """What one contestant took.

    Attributes:
        seconds: of each round, of what the case's figure is the time of.
        ready: seconds before it could begin, once imported: making tensors, compiling.
        deviation: how far its loss was from ours at most, relative to it.
        first: seconds that the first work took longer than the median, where something is still compiled then.
    """

    name: str
    setting: Setting
    seconds: tuple[float, ...]
    ready: float
    first: float
    deviation: float = 0.0

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Between these lies the middle half of the rounds."""
        if len(self.seconds) == 1:
            return self.median, self.median
        first, _, third = quantiles(self.seconds, n=4, method="inclusive")
        return first, third


@dataclass(frozen=True)
class Outcome:
    """What has come of a case.

    Attributes:
        timings: of those that took part, ours first.
        absent: why the others did not.
        wrong: of those that compute something else, what.
        limit: operations a second of multiply-adds alone, on `limit_cores`.
        memory: bytes that ours took at most beside the data.
    """

    case: Case
    timings: tuple[Timing, ...]
    absent: dict[str, str]
    wrong: dict[str, str]
    limit: float
    limit_cores: int
    memory: int | None = None

    def timing(self, name: str) -> Timing | None:
        return next((one for one in self.timings if one.name == name), None)

    def ratio(self, name: str) -> float | None:
        """How many times as long as ours a contestant took."""
        ours, other = self.timing(OURS), self.timing(name)
        return other.median / ours.median if ours and other else None

    def rate(self, timing: Timing) -> float:
        """Operations a second, those of the products alone."""
        return self.case.operations / self.case.shares / timing.median

    def share_of_limit(self, timing: Timing) -> float:
        return self.rate(timing) / self.limit


def check_same(name: str, results: Sequence[float], expected: Sequence[float], kind: Kind, tolerance: float) -> float:
    """How far a loss curve (or, of a prediction, the outputs) is from that of the first contestant, ours.

    >>> check_same("other", [0.5, 0.4], [0.5, 0.3], "train", 1e-3)
    Traceback (most recent call last):
    clearprop.benchmark.race.DisagreementError: other computes something else: number 2 of 2 is 0.4, not 0.3
    """
    if len(results) != len(expected):
        raise DisagreementError(f"{name} computes something else: {len(results)} numbers, not {len(expected)}")
    usual = sum(abs(one) for one in expected) / max(len(expected), 1)
    worst = 0.0
    for place, (one, other) in enumerate(zip(results, expected, strict=True), 1):
        # Of outputs, the small ones need not be better than the rest.
        scale = usual if kind == "predict" else abs(other)
        if not (math.isfinite(one) and abs(one - other) <= tolerance * scale):
            raise DisagreementError(
                f"{name} computes something else: number {place} of {len(expected)} is {one:.9g}, not {other:.9g}"
            )
        worst = max(worst, abs(one - other) / (scale or 1.0))
    return worst


@dataclass
class _Entrant:
    """A contestant on its way through a case."""

    one: Contestant
    setting: Setting = field(default_factory=dict)
    ready: float = 0.0
    first: float = 0.0
    deviation: float = 0.0
    best: float = math.inf
    rounds: list[float] = field(default_factory=list)

    def timing(self, case: Case) -> Timing:
        longer = max(self.first - median(self.rounds) * case.shares, 0.0)
        return Timing(self.one.name, self.setting, tuple(self.rounds), self.ready, longer, self.deviation)


class Race:
    """Runs cases, one after the other."""

    def __init__(self, crew: Crew, rules: Rules, contestants: Sequence[Contestant], say: Callable[[str], None]) -> None:
        self.crew, self.rules, self.contestants, self.say = crew, rules, contestants, say
        self.compiled = 0.0
        self.rehearsed: Sequence[float] | None = None

    def run(self, case: Case) -> Outcome:
        """Everyone's time for a case; what goes wrong with a contestant is told in the outcome."""
        entrants, absent, wrong = [], {}, {}
        expected: Sequence[float] | None = None
        self.rehearsed = None
        for one in self.contestants:
            reason = self._barred(one, case)
            if reason is None:
                try:
                    entrant, results = self._prepare(one, case, expected)
                    entrants.append(entrant)
                    expected = expected or results
                    continue
                except DisagreementError as error:
                    wrong[one.name] = str(error)
                    self.say(f"  WRONG: {error}")
                    continue
                except Trouble as error:
                    reason = str(error)
                    self.say(f"  {one.title} is not in it: {reason}")
            absent[one.name] = reason
        cores = 1 if case.one_core else self.rules.cores
        limit = self._rounds(case, entrants, absent, cores)
        self.crew.drop()
        timings = [one.timing(case) for one in entrants if one.rounds and one.one.name not in absent]
        return Outcome(case, tuple(timings), absent, wrong, limit, cores)

    def _barred(self, one: Contestant, case: Case) -> str | None:
        reason = one.missing() or one.unfit(case)
        if reason is None and one.name == COMPILED and self.compiled >= self.rules.compiling:
            return f"the {self.rules.compiling:.0f} s of a run for compiling are used up"
        return reason

    def _prepare(
        self, one: Contestant, case: Case, expected: Sequence[float] | None
    ) -> tuple[_Entrant, Sequence[float]]:
        """Finds the best setting, with every setting's results checked, and leaves the contestant ready for it."""
        entrant, results = _Entrant(one), expected or ()
        settings = one.settings(case, self.rules.cores)
        self._rehearse(one, case, settings[0])
        setting: Setting = {}
        for setting in settings:
            assistant = self.crew.of(one, setting)
            start = time.monotonic()
            try:
                ready = self._begin(one, case, setting)
                answer = assistant.ask("work", times=1, patience=one.patience)
            finally:
                if one.name == COMPILED:  # when it first works; if in vain, the time is spent all the same
                    self.compiled += time.monotonic() - start
            if expected is not None:
                deviation = check_same(one.title, answer["results"], expected, case.kind, TOLERANCE[case.dtype])
                entrant.deviation = max(entrant.deviation, deviation)
            results = answer["results"]
            first = again = answer["seconds"][0]
            if first < LONG or one.name == COMPILED:
                again = min(assistant.ask("work", times=_times(first, most=5))["seconds"])
            if again < entrant.best:
                entrant.setting, entrant.best, entrant.ready, entrant.first = setting, again, ready, first
        if entrant.setting != setting and not one.fixed_threads:
            self._begin(one, case, entrant.setting)
            self.crew.of(one, entrant.setting).ask("work", times=1)
        return entrant, results

    def _rehearse(self, one: Contestant, case: Case, setting: Setting) -> None:
        """Checks the same work in short, but in digits that show whether it is the same."""
        if one.agreement is None:
            return
        short = case.rehearsal()
        self._begin(one, short, setting)
        results = self.crew.of(one, setting).ask("work", times=1, rest=False)["results"]
        if self.rehearsed is None:
            self.rehearsed = results
        check_same(f"{one.title}, in the rehearsal,", results, self.rehearsed, short.kind, one.agreement)

    def _begin(self, one: Contestant, case: Case, setting: Setting) -> float:
        assistant = self.crew.of(one, setting)
        question: dict[str, Any] = {"case": case.to_json(), "seed": self.rules.seed}
        assistant.ask("problem", **question)
        return float(assistant.ask("begin", **question, setting=setting, patience=one.patience)["seconds"])

    def _rounds(self, case: Case, entrants: list[_Entrant], absent: dict[str, str], cores: int) -> float:
        """Everyone in turn, round after round, so that what else the machine does hits all alike."""
        start, limit = time.monotonic(), 0.0
        for number in range(self.rules.repeats):
            if number >= self.rules.fewest and time.monotonic() - start > self.rules.seconds:
                break
            limit = max(limit, self._limit(case, cores))
            turn = number % max(len(entrants), 1)
            for entrant in [*entrants[turn:], *entrants[:turn]]:
                if entrant.one.name in absent:
                    continue
                try:
                    answer = self.crew.of(entrant.one, entrant.setting).ask("work", times=_times(entrant.best, most=50))
                except Trouble as error:
                    absent[entrant.one.name] = str(error)
                    continue
                entrant.rounds.append(median(answer["seconds"]) / case.shares)
        return max(limit, self._limit(case, cores))

    def _limit(self, case: Case, cores: int) -> float:
        ours = self.crew.of(self.contestants[0], {"threads": self.rules.cores})
        return float(ours.ask("limit", threads=cores, dtype=case.dtype, seconds=0.02, times=3)["rate"])


def _times(seconds: float, most: int) -> int:
    return max(1, min(most, math.ceil(SHORTEST / max(seconds, 1e-6))))
