"""A step as rules, one formula a quantity, in which a slip changes some; and its values by these rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np

from clearprop.engines.base import Array
from clearprop.explain.definitions import Step, definitions
from clearprop.explain.expression import Expression, evaluate, symbols
from clearprop.explain.ref import Ref
from clearprop.explain.scalar import Shapes

Formulas = Mapping[Ref, Expression]


@dataclass(frozen=True, eq=False)
class Rules:
    """How one step is computed.

    Attributes:
        shapes: of all quantities.
        formulas: what each is computed from, whatever their order.
        start: what is made of parameters that were given, before the first step.
        by_shares: what some are computed from where each output's share was computed first.
    """

    shapes: Shapes
    formulas: Formulas
    start: Formulas = field(default_factory=dict)
    by_shares: Formulas = field(default_factory=dict)

    @staticmethod
    def of(step: Step) -> Rules:
        """The rules as they are right."""
        found = definitions(step)
        by_shares = {one.ref: one.by_shares for one in found if one.by_shares is not None}
        return Rules(Shapes(step.network, step.samples), {one.ref: one.formula for one in found}, by_shares=by_shares)

    def changed(self, changes: Formulas, start: Formulas | None = None) -> Rules:
        """The rules with other formulas for some quantities."""
        by_shares = {ref: formula for ref, formula in self.by_shares.items() if ref not in changes}
        return Rules(self.shapes, {**self.formulas, **changes}, start or {}, by_shares)

    @cached_property
    def sources(self) -> Mapping[Ref, tuple[Ref, ...]]:
        """The whole quantities that each is computed from."""
        return {ref: tuple(symbols(formula)) for ref, formula in self.formulas.items()}

    def needed(self, *wanted: Ref) -> list[Ref]:
        """What has to be computed for some quantities, each after those it is computed from."""
        order: dict[Ref, None] = {}
        waiting = [(ref, False) for ref in reversed(wanted)]
        while waiting:
            ref, ready = waiting.pop()
            if ref in order or ref not in self.formulas:
                continue
            if ready:
                order[ref] = None
            else:
                waiting.append((ref, True))
                waiting.extend((source, False) for source in self.sources[ref])
        return list(order)

    def value(self, ref: Ref, values: Mapping[Ref, Array]) -> Array:
        """A quantity, from the values of its sources."""
        computed = evaluate(self.formulas[ref], values.__getitem__)
        return np.broadcast_to(np.asarray(computed, dtype=np.float64), self.shape(ref, len(values[Ref("x")])))

    def shape(self, ref: Ref, samples: int) -> tuple[int, ...]:
        """The shape of a quantity in a step of so many samples: the last batch of an epoch may be short."""
        shapes = self.shapes if samples == self.shapes.samples else Shapes(self.shapes.network, samples)
        return shapes.of(ref)

    def after(self) -> Iterator[tuple[Ref, Ref]]:
        """Each parameter and each thing that the optimizer remembers, and what it is after the update."""
        used = set(chain.from_iterable(self.sources.values()))
        for ref in self.formulas:
            if ref.kind.endswith("'"):
                yield Ref(ref.parameter, ref.layer), ref
            elif ref.slot:
                old = Ref("_old_".join(ref.slot), ref.layer)
                if old in used:
                    yield old, ref


class Values(dict[Ref, Array]):
    """The values of a step, each computed when it is first asked for.

    Args:
        rules: how.
        given: what the step starts from.
    """

    def __init__(self, rules: Rules, given: Mapping[Ref, Array]) -> None:
        super().__init__(given)
        self.rules = rules

    def __missing__(self, ref: Ref) -> Array:
        if ref not in self.rules.formulas:
            raise KeyError(ref)
        for one in self.rules.needed(ref):
            if one not in self:
                self[one] = self.rules.value(one, self)
        return self[ref]
