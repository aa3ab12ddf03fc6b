"""Whether each figure of a sheet is right, and which of the wrong ones follow from others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clearprop.check.marking.claims import Figure
from clearprop.check.marking.compiled import MOST_NUMBERS
from clearprop.check.marking.course import Course
from clearprop.check.marking.rules import Rules
from clearprop.check.marking.world import AFTER, Worlds
from clearprop.explain.expression import symbols
from clearprop.explain.ref import Ref

Status = Literal["right", "rounded", "wrong"]
At = tuple[int, Ref]
"""A number of the step after so many updates."""


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a figure.

    Attributes:
        figure: what was claimed.
        true: the true value.
        status: "rounded" where only the digits of its operands make it differ.
        follows: the wrong figures that it follows from, correctly.
        expected: what its operands, as they were claimed, give; and how far their digits leave that off.
    """

    figure: Figure
    true: float
    status: Status
    follows: tuple[Figure, ...]
    expected: float
    off: float

    @property
    def first_mistake(self) -> bool:
        return self.status == "wrong" and not self.follows


def verdicts(figures: Sequence[Figure], course: Course, rules: Rules, worlds: Worlds) -> list[Verdict]:
    """The verdict on each figure, in the order given."""
    ranks = {ref: rank for rank, ref in enumerate(rules.formulas)}
    found: dict[Figure, Verdict] = {}
    claimed: dict[At, list[Figure]] = {}
    for figure in figures:
        claimed.setdefault((figure.updates, _looked_at(figure.ref, course)), []).append(figure)
    for figure in sorted(figures, key=lambda one: (one.updates, ranks.get(one.ref.whole, -1))):
        true = figure.of(course.values_of(figure.updates, figure.ref.whole))
        world = worlds.of(rules, figure.updates)
        assert world is not None, "the true run has no end"
        expected, off = (figure.of(array) for array in world.computed(figure.ref.whole))
        status: Status = "right" if figure.says(true) else "wrong"
        follows: tuple[Figure, ...] = ()
        if status == "wrong" and figure.says(expected, off):
            follows = tuple(
                one for one in _parents(figure, course, claimed) if one in found and found[one].status == "wrong"
            )
            status = "wrong" if follows else "rounded"
        found[figure] = Verdict(figure, true, status, follows, expected, off)
    return [found[figure] for figure in figures]


def _parents(figure: Figure, course: Course, claimed: Mapping[At, Sequence[Figure]]) -> list[Figure]:
    """The figures that a number is computed from, through numbers that were not claimed."""
    found: dict[Figure, None] = {}
    waiting: list[At] = [(figure.updates, _looked_at(figure.ref, course))]
    seen = set(waiting)
    while waiting:
        for source in _sources(waiting.pop(), course):
            if source in seen:
                continue
            seen.add(source)
            if source in claimed:
                found.update(dict.fromkeys(claimed[source]))
            else:
                waiting.append(source)
    return list(found)


def _looked_at(ref: Ref, course: Course) -> Ref:
    """A number itself, or, in a large network, the whole quantity that it belongs to."""
    return ref.whole if _large(course) else ref


def _large(course: Course) -> bool:
    return course.sheet.network.parameter_count > MOST_NUMBERS


def _sources(at: At, course: Course) -> list[At]:
    updates, ref = at
    step = course.step(updates)
    if ref.whole in step.definitions:
        formula = step.definitions[ref].formula if _large(course) else step.formula(ref)
        return [(updates, source) for source in symbols(formula)]
    if ref.kind in AFTER and updates - 1 in course.known:
        return [(updates - 1, Ref(AFTER[ref.kind], ref.layer, ref.place))]
    return []
