"""How far a value may be off because what it was computed from was written with few digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from clearprop.engines.base import Array
from clearprop.explain.expression import (
    Blocks,
    Column,
    Contracted,
    Diagonal,
    Expression,
    Joined,
    MatMul,
    OneHot,
    Part,
    Repeated,
    SoftmaxJacobian,
    Symbol,
    Total,
    Transpose,
    children,
    evaluate,
    rebuilt,
)
from clearprop.explain.ref import Ref

Spread = tuple[Array, Array]
"""A value and how far it may be off, of one shape."""

_MOVED = (Column, Total, Part, Repeated, Blocks, Diagonal)
_MIXING = (MatMul, Transpose, Contracted, SoftmaxJacobian, Joined, OneHot, *_MOVED)


def elementwise(formula: Expression) -> bool:
    """Whether each number of the value depends on the numbers at its own place alone."""
    return not isinstance(formula, _MIXING) and all(elementwise(part) for part in children(formula))


def spread(formula: Expression, known: Callable[[Ref], Spread]) -> Spread:
    """The value of a formula, and to first order how far it may be off, from the same of its quantities.

    |Δf| = Σ |∂f/∂q|·|Δq|; a product of matrices adds up |A|·ΔB + ΔA·|B|.

    >>> from clearprop.explain.expression import parse
    >>> value, off = spread(parse("a * (1 - a)", {"a": Symbol(Ref("a"))}), lambda ref: (np.array(0.5), np.array(0.1)))
    >>> round(float(value), 3), round(float(off), 3)
    (0.25, 0.01)
    """
    with np.errstate(all="ignore"):
        return _spread(formula, known)


def _spread(formula: Expression, known: Callable[[Ref], Spread]) -> Spread:
    match formula:
        case Symbol(ref, flipped):
            value, off = known(ref)
            return (-value if flipped else value), off
        case MatMul(left, right):
            (A, dA), (B, dB) = _spread(left, known), _spread(right, known)
            return A @ B, np.abs(A) @ dB + dA @ np.abs(B) + dA @ dB
        case Contracted(left, jacobian):
            (A, dA), (J, dJ) = _spread(left, known), _spread(jacobian, known)
            return _contracted(A, J), _contracted(np.abs(A), dJ) + _contracted(dA, np.abs(J))
        case Transpose(inner):
            value, off = _spread(inner, known)
            return value.T, off.T
        case Column() | Total() | Part() | Repeated() | Blocks() | Diagonal():
            value, off = _spread(formula.inner, known)
            return _applied(formula, value), _applied(formula, off)
        case Joined(parts):
            spreads = [_spread(part, known) for part in parts]
            return _joined(formula, [value for value, _ in spreads]), _joined(formula, [off for _, off in spreads])
        case OneHot(inner):  # which category it is, is not a matter of digits
            value = _applied(formula, _spread(inner, known)[0])
            return value, np.zeros_like(value)
    return _perturbed(formula, known)


def _perturbed(formula: Expression, known: Callable[[Ref], Spread]) -> Spread:
    """Each part whose places mix, and each quantity, moved by as much as it may be off, one at a time."""
    parts: list[Expression] = []

    def named(node: Expression) -> Expression:
        if isinstance(node, SoftmaxJacobian) or not isinstance(node, (Symbol, *_MIXING)):
            return rebuilt(node, named)
        if node not in parts:
            parts.append(node)
        return Symbol(Ref("part", parts.index(node)))

    whole = named(formula)
    spreads = [_spread(part, known) for part in parts]
    values = [value for value, _ in spreads]
    value = _with(whole, values)
    total = np.zeros_like(value)
    for number, (center, off) in enumerate(spreads):
        if np.any(off):
            moved = [_with(whole, [*values[:number], center + side * off, *values[number + 1 :]]) for side in (1, -1)]
            total = total + np.fmax(*(np.abs(other - value) for other in moved))
    return value, total


def _with(formula: Expression, values: list[Array]) -> Array:
    """The value of a formula of numbered parts."""
    return np.asarray(evaluate(formula, lambda ref: values[ref.layer]))


def _contracted(A: Array, J: Array) -> Array:
    product: Array = np.einsum("bi,bij->bj", A, J)
    return product


def _applied(formula: Column | Total | Part | Repeated | Blocks | Diagonal | OneHot, value: Array) -> Array:
    """The column, the total and so on of another array."""
    return np.asarray(evaluate(replace(formula, inner=Symbol(Ref("part"))), lambda ref: value))


def _joined(formula: Joined, values: list[Array]) -> Array:
    parts = tuple(Symbol(Ref("part", number)) for number in range(len(values)))
    return np.asarray(evaluate(replace(formula, parts=parts), lambda ref: values[ref.layer]))
