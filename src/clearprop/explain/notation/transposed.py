"""Formulas of whole matrices for books whose samples are columns: (A·B)ᵀ = Bᵀ·Aᵀ, so Z = X·W becomes Z = W·X."""

from __future__ import annotations

from dataclasses import replace

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
    Row,
    SoftmaxJacobian,
    Total,
    Transpose,
    rebuilt,
)

_TURNED = {"units": "samples", "samples": "units", "all": "all"}  # a sum along rows becomes one down columns


def transposed(formula: Expression) -> Expression:
    """The transposed of a formula, in which each symbol stands for the transposed of what it stood for.

    >>> from clearprop.explain.expression import Symbol
    >>> from clearprop.explain.ref import Ref
    >>> X, W = Symbol(Ref("x")), Symbol(Ref("W", 1))
    >>> transposed(MatMul(X, W)) == MatMul(W, X), transposed(MatMul(Transpose(X), W)) == MatMul(W, Transpose(X))
    (True, True)
    """
    match formula:
        case MatMul(left, right):
            return MatMul(transposed(right), transposed(left))
        case Column(inner, number):
            return Row(transposed(inner), number)
        case Total(inner, over):
            return Total(transposed(inner), _TURNED[over])
        case Contracted(left, jacobian):
            return Transpose(Contracted(_upright(left), transposed(jacobian)))
        case SoftmaxJacobian(a):  # a matrix for each sample, symmetric: the same either way
            return SoftmaxJacobian(_upright(a))
        case Part() | Joined() | Repeated() | OneHot() | Blocks() | Diagonal():
            return rebuilt(replace(formula, turned=True), transposed)
    return rebuilt(formula, transposed)


def _upright(formula: Expression) -> Expression:
    """What a formula was, in symbols that now stand for the transposed."""
    turned = transposed(formula)
    return turned.inner if isinstance(turned, Transpose) else Transpose(turned)
