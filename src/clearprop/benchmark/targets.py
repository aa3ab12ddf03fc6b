"""What clearprop is to reach, case by case, and how near it has come."""

from __future__ import annotations

from dataclasses import dataclass

from clearprop.benchmark.contestants import OURS
from clearprop.benchmark.race import Outcome

LIMIT = "limit"

# How many times as long as ours the others are to take; of LIMIT, the share of the machine's limit.
# None may be faster than ours, whatever the case.
_PYTORCH = ("torch", "torch-compile")
_OTHERS = {"jax": 1.5, "torch": 2.0, "torch-compile": 2.0, "scikit-learn": 3.0}
TARGETS: dict[str, dict[str, float]] = {
    "tiny": {"jax": 1.0, "torch": 700.0, "torch-compile": 700.0, "c": 1 / 1.3},
    "small": {"jax": 7.0, **dict.fromkeys(_PYTORCH, 100.0), "scikit-learn": 40.0, LIMIT: 0.35},
    "tab": {"jax": 5.0, **dict.fromkeys(_PYTORCH, 8.0), "scikit-learn": 11.0, LIMIT: 0.75},
    "mnist": {"jax": 2.0, **dict.fromkeys(_PYTORCH, 4.0), "scikit-learn": 9.0, LIMIT: 0.80},
    "wide": {"jax": 1.4, **dict.fromkeys(_PYTORCH, 2.3), "scikit-learn": 2.6, LIMIT: 0.85},
    "many": {"jax": 15.0, LIMIT: 0.35},
}
COMPILE_COUNTED = {"tiny": {"jax": 100.0}}


@dataclass(frozen=True)
class Mark:
    """One figure beside its target."""

    what: str
    value: float
    target: float

    @property
    def reached(self) -> bool:
        return self.value >= self.target


def target(case: str, name: str) -> float:
    """How many times as long as ours a contestant is to take.

    >>> target("wide", "jax"), target("ragged", "jax"), target("wide", "numpy")
    (1.4, 1.5, 1.0)
    """
    return TARGETS.get(case, _OTHERS).get(name, 1.0)


def marks(outcome: Outcome) -> list[Mark]:
    """All figures of a case that have a target; none where ours did not take part."""
    ours, name = outcome.timing(OURS), outcome.case.name
    if ours is None:
        return []
    found = []
    for one in outcome.timings:
        if one.name == OURS:
            continue
        found.append(Mark(one.name, one.median / ours.median, target(name, one.name)))
        if counted := COMPILE_COUNTED.get(name, {}).get(one.name):
            found.append(Mark(f"{one.name}, compiling counted", with_compiling(outcome, one.name), counted))
    if share := TARGETS.get(name, {}).get(LIMIT):
        found.append(Mark(LIMIT, outcome.share_of_limit(ours), share))
    if outcome.memory is not None:
        found.append(Mark("memory", outcome.case.memory_allowance / max(outcome.memory, 1), 1.0))
    return found


def with_compiling(outcome: Outcome, name: str) -> float:
    """The ratio to ours of the first work of all: getting ready, and whatever else only the first one does."""
    ours, other = outcome.timing(OURS), outcome.timing(name)
    assert ours is not None and other is not None
    before = (other.ready + other.first) / outcome.case.shares
    return (before + other.median) / ours.median
