"""Which slips to name: the fewest that explain the wrong figures, each only where it gives the very digits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from clearprop.check.marking.claims import Figure
from clearprop.check.marking.course import Course
from clearprop.check.marking.decimals import slipped
from clearprop.check.marking.rules import Rules, Values
from clearprop.check.marking.slips import Slip, slips
from clearprop.check.marking.verdicts import Verdict
from clearprop.check.marking.world import Worlds
from clearprop.engines.base import Array
from clearprop.explain.ref import Ref

FAR = 100
"""A run of more updates by a slip is followed only where something speaks for the slip, or as long as this lasts:"""
MOST_FOLLOWED = 1_000_000

CHANCE, RARE_CHANCE = 1.5, 2.5
"""How many digits must agree before a slip, or one of the many rare forms, is no more than chance."""
SURE = 0.7
"""So many digits more must speak for a slip that is named."""
ALIKE = 0.5
"""Slips for which the same figures speak are all named if no more digits lie between them."""
MOST_NAMED = 3
MOST_ASKED = 24
"""Of so many slips, the most likely ones, it is asked what speaks against them."""
FOLLOWING = 0.1
"""What a digit counts that a slip gives where another wrong figure would do."""
CONTRADICTED = 1.0
"""What a right figure that a slip would have made wrong speaks against it, in digits; so many count:"""
MOST_CONTRADICTIONS = 4
FEW_DIGITS = 3.0


@dataclass
class Suspect:
    """A slip, or one of the pen, and the wrong figures that it gives."""

    id: str
    slip: Slip | None
    evidence: dict[Figure, float] = field(default_factory=dict)
    followers: dict[Figure, float] = field(default_factory=dict)
    contradictions: int | None = None

    def weight(self, remaining: Iterable[Figure]) -> float:
        """How many digits of the figures that are not yet explained speak for it."""
        return sum(self.evidence.get(figure, 0.0) for figure in remaining)

    @property
    def against(self) -> float:
        """How many digits speak against it."""
        return CONTRADICTED * min(self.contradictions or 0, MOST_CONTRADICTIONS)

    @property
    def chance(self) -> float:
        """How many digits may agree by chance."""
        return RARE_CHANCE if self.slip is not None and self.slip.rare else CHANCE


@dataclass(frozen=True)
class Named:
    """A slip that is named for some figures."""

    id: str
    slip: Slip | None
    figures: frozenset[Figure]


class Inquiry:
    """The search for the slips behind the wrong figures of a sheet."""

    def __init__(self, course: Course, rules: Rules, worlds: Worlds, found: Sequence[Verdict]) -> None:
        self.course = course
        self.rules = rules
        self.worlds = worlds
        self.verdicts = {one.figure: one for one in found}
        self.first = [one.figure for one in found if one.first_mistake]
        self.followers = [one.figure for one in found if one.follows]
        self._truth = {updates: course.given(updates) for updates in {one.figure.updates for one in found}}

    def named(self) -> list[Named]:
        """The slips, those that explain most first."""
        if not self.first:
            return []
        suspects = [one for one in (*self._suspects(), *self._of_the_pen()) if one.evidence]
        chosen: list[Suspect] = []
        remaining = list(self.first)
        while remaining:
            group = self._most_likely(suspects, remaining)
            if not group:
                break
            chosen += group
            remaining = [figure for figure in remaining if figure not in group[0].evidence]
        return [Named(one.id, one.slip, frozenset({**one.evidence, **one.followers})) for one in chosen]

    def _most_likely(self, suspects: Sequence[Suspect], remaining: Sequence[Figure]) -> list[Suspect]:
        """The slip that explains most of what remains, with those that explain it as well; nothing if none does."""

        def rank(one: Suspect) -> float:
            return one.weight(remaining) + FOLLOWING * sum(one.followers.values()) - one.chance - one.against

        able = sorted((one for one in suspects if one.weight(remaining) > 0.0), key=rank, reverse=True)[:MOST_ASKED]
        for one in able:
            if one.slip is not None and one.contradictions is None:
                one.contradictions = self._contradictions(one.slip, one.evidence)
        able = sorted((one for one in able if self._convincing(one, remaining)), key=rank, reverse=True)
        group: dict[str, Suspect] = {}
        for one in able:
            same = all(figure in one.evidence for figure in remaining if figure in able[0].evidence)
            if same and rank(one) >= rank(able[0]) - ALIKE:
                group.setdefault(one.id, one)
        return list(group.values())[:MOST_NAMED]

    def _convincing(self, one: Suspect, remaining: Sequence[Figure]) -> bool:
        """Whether enough digits speak for a slip; where few were written, nothing may speak against it."""
        weight = one.weight(remaining)
        if weight >= one.chance + one.against + SURE:
            return True
        explained = [figure for figure in remaining if figure in one.evidence]
        few = all(_digits(figure) < FEW_DIGITS for figure in explained)
        whole = weight >= sum(map(_digits, explained)) - 0.5
        common = one.slip is not None and not one.slip.rare
        return few and whole and common and not one.contradictions and weight >= 1.0

    def _suspects(self) -> list[Suspect]:
        step = self.course.step(0)
        rate = None if step.optimizer is None else float(step.value(Ref("eta")))
        found = [Suspect(slip.id, slip) for slip in slips(step.step, rate, self._rates())]
        near = [figure for figure in self.first if figure.updates <= FAR]
        far = [figure for figure in self.first if figure.updates > FAR]
        for one in found:
            self._tell(one, near)
        budget = MOST_FOLLOWED
        for one in sorted(found, key=lambda one: (-one.weight(near), one.slip is not None and one.slip.rare)):
            explained = all(any(figure in other.evidence for other in found) for figure in far)
            if not far or (not one.evidence and (explained or budget <= 0)):
                break
            budget -= max(figure.updates for figure in far)
            self._tell(one, far)
        for one in found:
            if one.evidence:
                self._tell_followers(one)
        return found

    def _tell(self, one: Suspect, figures: Iterable[Figure]) -> None:
        assert one.slip is not None
        for figure in figures:
            off = self._gives(one.slip, figure)
            if off is not None:
                one.evidence[figure] = self._evidence(figure, off)
        self.worlds.forget(one.slip.rules)

    def _tell_followers(self, one: Suspect) -> None:
        assert one.slip is not None
        for figure in self.followers:
            off = self._gives(one.slip, figure)
            if off is not None:
                one.followers[figure] = self._evidence(figure, off)

    def _gives(self, slip: Slip, figure: Figure) -> float | None:
        """How exactly a slip gives a figure's digits, 0 for the digit; None where it does not.

        It may act on this quantity alone, on all that follows, or on what was computed from the other claims.
        """
        ref = figure.ref.whole
        if slip.rules.shapes.of(ref) != self.rules.shapes.of(ref) or not self._touches(slip, figure):
            return None
        if self._gives_alone(slip, figure) or self._gives_by_itself(slip, figure):
            return 0.0
        return self._gives_by_claims(slip, figure)

    def _gives_alone(self, slip: Slip, figure: Figure) -> bool:
        """Whether a slip in this quantity alone gives a figure's digits."""
        ref = figure.ref.whole
        return ref in slip.changed and figure.says(figure.of(self._alone(slip, ref, figure.updates)))

    def _gives_by_itself(self, slip: Slip, figure: Figure) -> bool:
        """Whether a slip gives a figure's digits where it acts on all that follows."""
        values = self.course.values(slip.rules, figure.updates)
        return values is not None and figure.says(figure.of(values[figure.ref.whole]))

    def _gives_by_claims(self, slip: Slip, figure: Figure) -> float | None:
        """How exactly a slip gives a figure's digits from the other claims; None where it does not."""
        world = None if figure.updates > FAR else self.worlds.of(slip.rules, figure.updates)
        if world is None:
            return None
        expected, off = (figure.of(array) for array in world.computed(figure.ref.whole))
        moved = abs(expected - self.verdicts[figure].expected) > off
        return off if moved and figure.says(expected, off) else None

    def _alone(self, slip: Slip, ref: Ref, updates: int) -> Array:
        """A quantity by a slip, from true operands."""
        sources = slip.rules.needed(ref)
        step = self.course.step(updates)
        true = {one: self.course.values_of(updates, one) for one in sources if one in step.definitions}
        return slip.rules.value(ref, Values(slip.rules, {**self._truth[updates], **true}))

    def _touches(self, slip: Slip, figure: Figure) -> bool:
        """Whether a slip can change a figure at all."""
        if slip.rules.start:
            return True
        changed = set(slip.changed)
        if not changed.isdisjoint(slip.rules.needed(figure.ref.whole)):
            return True
        return figure.updates > 0 and not changed.isdisjoint(slip.rules.needed(*(new for _, new in slip.rules.after())))

    def _evidence(self, figure: Figure, off: float) -> float:
        """How many digits of a figure's error a slip explains."""
        error = abs(figure.value - self.verdicts[figure].true)
        return min(max(math.log10(error / (figure.half + off)), 0.0), 9.0) if error else 0.0

    def _contradictions(self, slip: Slip, explained: Iterable[Figure]) -> int:
        """How many figures that are not wrong a slip would have made wrong, by the way in which it explains others."""
        explained = list(explained)
        if self._acts_alone(slip, explained):
            return 0
        if self._acts_at_entries(slip, explained):
            return 1  # all that is right of the same quantities together: there, it was not made
        fine = [one for one in self.verdicts.values() if one.status != "wrong" and one.figure.updates <= FAR]
        by_claims = by_itself = 0
        for one in fine:
            figure, ref = one.figure, one.figure.ref.whole
            if slip.rules.shapes.of(ref) != self.rules.shapes.of(ref) or not self._touches(slip, figure):
                continue
            values, world = self.course.values(slip.rules, figure.updates), self.worlds.of(slip.rules, figure.updates)
            by_itself += values is None or not figure.says(figure.of(values[ref]))
            if world is not None:
                expected, off = (figure.of(array) for array in world.computed(ref))
                by_claims += figure.says(one.expected, one.off) and not figure.says(expected, off)
        counts = [by_itself] if all(self._gives_by_itself(slip, figure) for figure in explained) else []
        if all(self._gives_by_claims(slip, figure) is not None for figure in explained):
            counts.append(by_claims)
        return min(counts or (by_claims, by_itself))

    def _acts_alone(self, slip: Slip, explained: Iterable[Figure]) -> bool:
        """Whether a slip in nothing but the quantities that it explains leaves all that is right as it is."""
        refs = {(figure.ref.whole, figure.updates) for figure in explained}
        if any(ref not in slip.changed for ref, _ in refs):
            return False
        fine = [one.figure for one in self.verdicts.values() if one.status != "wrong"]
        same = [figure for figure in fine if (figure.ref.whole, figure.updates) in refs]
        return all(self._gives_alone(slip, figure) for figure in same)

    def _acts_at_entries(self, slip: Slip, explained: Iterable[Figure]) -> bool:
        """Whether a usual slip, made at some entries of a quantity and not at others, gives what it explains."""
        usual = slip.rate is None and not slip.rare
        return usual and all(self._gives_alone(slip, figure) for figure in explained)

    def _of_the_pen(self) -> list[Suspect]:
        found = []
        for figure in self.first:
            verdict = self.verdicts[figure]
            digits = max(slipped(figure.written, figure.sign * value) for value in (verdict.true, verdict.expected))
            if digits >= 2.0:
                found.append(Suspect("decimal-slipped", None, {figure: digits}))
        return found

    def _rates(self) -> list[float]:
        """Learning rates of few digits that give a wrong parameter from its gradient."""
        found: dict[float, None] = {}
        for figure in self.first:
            world = self.worlds.of(self.rules, figure.updates)
            if not figure.ref.kind.endswith("'") or world is None:
                continue
            kind, layer, place = figure.ref.parameter, figure.ref.layer, figure.ref.place
            gradient = Ref(
                "dJ/dW" if Ref("dJ/dW", layer) in self.rules.formulas and kind == "W" else f"dE/d{kind}", layer
            )
            if gradient not in self.rules.formulas:
                continue
            before, slope = (
                Figure(0, ref.at(*place), 0, figure.written, 1).of(world.stands(ref)[0])
                for ref in (Ref(kind, layer), gradient)
            )
            with np.errstate(all="ignore"):
                low, high = sorted(np.divide(before - figure.value + side * figure.half, slope) for side in (-1, 1))
            found.update(dict.fromkeys(_round_numbers(low, high)))
        return list(found)


def _round_numbers(low: float, high: float) -> list[float]:
    """The number of one or two digits between two, if they are near enough to each other to tell."""
    if not 0.0 < low <= high < math.inf or high - low > 0.1 * low:
        return []
    for digits in (0, 1):
        number = float(f"{(low + high) / 2:.{digits}e}")
        if low <= number <= high:
            return [number]
    return []


def _digits(figure: Figure) -> float:
    """How many digits were written that count."""
    return math.log10(abs(figure.value) / figure.half) if figure.value else 0.0
