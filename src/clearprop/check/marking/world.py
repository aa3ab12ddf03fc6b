"""A sheet recomputed from what it claims: each quantity from its operands as they were written."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from clearprop.check.marking.claims import Figure
from clearprop.check.marking.course import Course
from clearprop.check.marking.rounding import Spread, elementwise, spread
from clearprop.check.marking.rules import Rules
from clearprop.engines.base import Array
from clearprop.explain.expression import Expression, replaced, symbols
from clearprop.explain.ref import PARAMETERS, Ref

AFTER = {kind: f"{kind}'" for kind in PARAMETERS}

MOST_LINKED = 50
"""So many steps are computed one from the claims of the other; later ones start from the true run."""


class World:
    """One step by some rules, in which what was claimed stands as it was claimed.

    Args:
        rules: how the step is computed.
        start: what it starts from.
        pinned: the figures claimed of it.
        before: the same of the step before, which the parameters come from.
    """

    def __init__(self, rules: Rules, start: dict[Ref, Array], pinned: Iterable[Figure], before: World | None) -> None:
        self.rules = rules
        self.start = start
        self.before = before
        self.pins: dict[Ref, list[Figure]] = {}
        for figure in pinned:
            self.pins.setdefault(figure.ref.whole, []).append(figure)
        self._computed: dict[Ref, Spread] = {}
        self._stands: dict[Ref, Spread] = {}
        self._inlined: dict[Ref, Expression] = {}

    def computed(self, ref: Ref) -> Spread:
        """A whole quantity as it follows from its operands, and how far their digits leave it off."""
        if ref not in self._computed:
            self._computed[ref] = self._fresh(ref)
        return self._computed[ref]

    def stands(self, ref: Ref) -> Spread:
        """The same with the numbers that were claimed in their places."""
        if ref not in self._stands:
            pins = self.pins.get(ref, ())
            if self._all_claimed(ref):
                value, off = (np.empty(self._shape(ref)) for _ in range(2))
            else:
                value, off = (np.array(part, dtype=float) for part in self.computed(ref))
            for figure in pins:
                place = tuple(int(number) - 1 for number in figure.ref.place)
                value[place], off[place] = figure.value, figure.half
            self._stands[ref] = value, off
        return self._stands[ref]

    def _shape(self, ref: Ref) -> tuple[int, ...]:
        return self.rules.shape(ref, len(self.start[Ref("x")]))

    def _all_claimed(self, ref: Ref) -> bool:
        places = {figure.ref for figure in self.pins.get(ref, ())}
        return len(places) == int(np.prod(self._shape(ref)))

    def _fresh(self, ref: Ref) -> Spread:
        shape = self._shape(ref)
        if ref not in self.rules.formulas:
            value, off = self._given(ref)
        else:
            value, off = spread(self._formula(ref), self.stands)
        return np.broadcast_to(value, shape), np.broadcast_to(off, shape)

    def _given(self, ref: Ref) -> Spread:
        if self.before is not None and ref.kind in AFTER:
            return self.before.stands(Ref(AFTER[ref.kind], ref.layer))
        value = self.start[ref]
        return value, np.zeros(np.shape(value))

    def _formula(self, ref: Ref) -> Expression:
        """The formula with those of its operands put in that were not claimed, as far as places do not mix.

        So z·(1 - z) of one z is not taken for a product of two.
        """
        if ref not in self._inlined:
            by_shares = self.rules.by_shares.get(ref)
            if by_shares is None or self.pins.keys().isdisjoint(symbols(by_shares)):
                by_shares = None
            self._inlined[ref] = replaced(by_shares or self.rules.formulas[ref], self._put_in)
        return self._inlined[ref]

    def _put_in(self, ref: Ref) -> Expression | None:
        if ref in self.pins or ref not in self.rules.formulas or not elementwise(self.rules.formulas[ref]):
            return None
        return self._formula(ref)


class Worlds:
    """The steps of a sheet, by the rules as they are right or with a slip in them, from the numbers claimed."""

    def __init__(self, course: Course, right: Rules, figures: Iterable[Figure]) -> None:
        self.course = course
        self.right = right
        self.figures = list(figures)
        self._made: dict[tuple[Rules, int], World] = {}

    def of(self, rules: Rules, updates: int) -> World | None:
        """The world after so many updates; None where the slip's run ends before."""
        if (rules, updates) not in self._made:
            before = self.of(rules, updates - 1) if self._follows(updates) else None
            true = rules is self.right or before is not None
            state = {} if true else self.course.state(rules, updates)
            if state is None:
                return None
            start = {**self.course.given(updates), **state}
            self._made[rules, updates] = World(rules, start, self._pinned(updates), before)
        return self._made[rules, updates]

    def forget(self, rules: Rules) -> None:
        """Frees the worlds of a slip."""
        self._made = {key: world for key, world in self._made.items() if key[0] is not rules}

    def _follows(self, updates: int) -> bool:
        """Whether parameters were claimed after the step before, so that this one starts from them."""
        return updates <= MOST_LINKED and any(
            one.updates == updates - 1 and one.ref.kind in AFTER.values() for one in self.figures
        )

    def _pinned(self, updates: int) -> list[Figure]:
        return [figure for figure in self.figures if figure.updates == updates]
