"""Many updates of a small network, as Python code that computes number by number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from clearprop.check.marking.rules import Rules
from clearprop.engines.base import Array
from clearprop.explain.expression import (
    CONSTANTS,
    Call,
    Cases,
    Constant,
    Expression,
    Larger,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    simplified,
)
from clearprop.explain.ref import Ref
from clearprop.explain.scalar import Elements

MOST_NUMBERS = 3_000
"""A step of more numbers is computed by whole matrices."""

_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "cos": math.cos,
    "sin": math.sin,
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda z: float((z > 0) - (z < 0)),
    "sigmoid": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "phi": lambda z: math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi),
    "Phi": lambda z: 0.5 * math.erfc(-z * math.sqrt(0.5)),
}

State = dict[Ref, Array]


class Run:
    """Updates by some rules.

    Args:
        rules: how a step is computed.
        given: all that a step starts from, for what is the same in each.
        varying: which of it differs from step to step, beside the state.
    """

    def __init__(self, rules: Rules, given: Mapping[Ref, Array], varying: Sequence[Ref]) -> None:
        self.after = dict(rules.after())
        self.varying = list(varying)
        self._names: dict[Ref, str] = {}
        self._code = self._compiled(rules, given)

    def __call__(self, state: State, fresh: Sequence[tuple[float, ...]]) -> State | None:
        """The state after some updates, or None where the numbers leave what a float can hold.

        Args:
            state: before them.
            fresh: the numbers of what varies, row by row, for each update.
        """
        numbers = [float(number) for ref in self.after for number in np.ravel(state[ref])]
        try:
            new = self._code(numbers, fresh)
        except (OverflowError, ZeroDivisionError, ValueError):
            return None
        found, start = {}, 0
        for ref in self.after:
            shape = np.shape(state[ref])
            size = math.prod(shape)
            found[ref] = np.array(new[start : start + size]).reshape(shape)
            start += size
        return found

    def _compiled(self, rules: Rules, given: Mapping[Ref, Array]) -> Callable[..., Any]:
        elements = Elements(rules.shapes)
        fixed = {ref: values for ref, values in given.items() if ref not in self.after and ref not in self.varying}

        def leaf(symbol: Symbol) -> str:
            whole = symbol.ref.whole
            if whole in fixed:
                number = float(np.asarray(fixed[whole])[tuple(int(place) - 1 for place in symbol.ref.place)])
                return f"({-number if symbol.flipped else number!r})"
            name = self._name(symbol.ref)
            return f"(-{name})" if symbol.flipped else name

        def places(ref: Ref) -> Iterator[Ref]:
            return (ref.at(*(index + 1 for index in place)) for place in np.ndindex(*rules.shapes.of(ref)))

        lines = []
        for whole in rules.needed(*self.after.values()):
            for ref in places(whole):
                formula = simplified(elements.of(rules.formulas[whole], *ref.place))
                lines.append(f"{self._name(ref)} = {source(formula, leaf)}")
        old = [self._name(ref) for ref in chain.from_iterable(map(places, self.after))]
        new = [self._name(ref) for ref in chain.from_iterable(map(places, self.after.values()))]
        fresh = [self._name(ref) for ref in chain.from_iterable(map(places, self.varying))]
        body = "\n        ".join([*lines, f"{_tuple(old)} = {_tuple(new)}"])
        text = (
            f"def run(state, fresh):\n    {_tuple(old)} = state\n"
            f"    for {_tuple(fresh)} in fresh:\n        {body}\n    return {_tuple(old)}\n"
        )
        found: dict[str, Any] = dict(_FUNCTIONS)
        exec(compile(text, "<step>", "exec"), found)
        return found["run"]  # type: ignore[no-any-return]

    def _name(self, ref: Ref) -> str:
        return self._names.setdefault(ref, f"q{len(self._names)}")


def _tuple(names: Sequence[str]) -> str:
    return f"({''.join(f'{name}, ' for name in names)})"


def source(formula: Expression, leaf: Callable[[Symbol], str]) -> str:
    """The Python text of a formula of single numbers.

    >>> source(Quotient(Number(1.0), Sum((Number(2.0), Symbol(Ref("eta"))))), lambda symbol: "eta")
    '(1.0 / (2.0 + eta))'
    """

    def of(node: Expression) -> str:
        match node:
            case Number(value):
                return repr(value)
            case Constant(name):
                return repr(CONSTANTS[name])
            case Symbol():
                return leaf(node)
            case Negative(inner):
                return f"(-{of(inner)})"
            case Sum(terms):
                return f"({' + '.join(map(of, terms))})"
            case Product(factors):
                return f"({' * '.join(map(of, factors))})"
            case Quotient(top, bottom):
                return f"({of(top)} / {of(bottom)})"
            case Power(base, exponent):
                return f"({of(base)} ** {of(exponent)})"
            case Call(name, inner):
                return f"{name}({of(inner)})"
            case Larger(left, right):
                return f"max({of(left)}, {of(right)})"
            case Cases(left, comparison, right, then, otherwise):
                return f"({of(then)} if {of(left)} {comparison} {of(right)} else {of(otherwise)})"
        raise TypeError(f"no single number: {node!r}")

    return of(formula)
