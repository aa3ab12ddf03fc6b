"""Slips in the loss and in its derivative."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.check.marking.slips.forward import MOST_TERMS
from clearprop.check.marking.slips.slip import Change, Slip, Workshop, always, everywhere, flipped_terms, symbol, times
from clearprop.explain.expression import (
    Call,
    Column,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Total,
    negated,
)
from clearprop.explain.ref import Ref

HALF = Quotient(Number(1.0), Number(2.0))


def half_missing(shop: Workshop) -> Iterator[Slip]:
    """No ½ in the loss; its derivative then is twice as large, or is not."""
    whole = everywhere(lambda node: Number(1.0) if node == HALF else None)
    loss = shop.rewritten([Ref("share")], whole)
    if loss.get(Ref("share")) not in (None, shop.formula(Ref("share"))):
        doubled = shop.rewritten([shop.gradient_at_output], times(2.0))
        yield from shop.slip("half-missing", loss, "loss")
        yield from shop.slip("half-missing", {**loss, **doubled}, "loss and derivative")
        yield from shop.slip("half-missing", doubled, "derivative")
    l2 = everywhere(lambda node: symbol("l2") if node == Quotient(symbol("l2"), Number(2.0)) else None)
    yield from shop.slip("half-missing", shop.rewritten([Ref("R")], l2), "penalty")


def _unsquared(new: Change) -> Change:
    return everywhere(lambda node: new(node.base) if isinstance(node, Power) and node.exponent == Number(2.0) else None)


def square_missing(shop: Workshop) -> Iterator[Slip]:
    """The residual itself, its amount, or the length of all residuals, in the place of the square."""
    for how, new in (("amount", _amount), ("residual", _itself), ("turned residual", negated)):
        for ref in (Ref("share"), Ref("R")):
            yield from shop.slip("square-missing", shop.rewritten([ref], _unsquared(new)), how)
    length = _length(shop)
    if length is not None:
        yield from shop.slip("square-missing", shop.rewritten([Ref("E")], always(length)), "length")


def root_for_square(shop: Workshop) -> Iterator[Slip]:
    """√|a - y| in the place of (a - y)²; or the root of the whole sum of squares."""
    for ref in (Ref("share"), Ref("R")):
        rooted = _unsquared(lambda base: Call("sqrt", _amount(base)))
        yield from shop.slip("root-for-square", shop.rewritten([ref], rooted))
    if _length(shop) is not None:
        yield from shop.slip(
            "root-for-square", shop.rewritten([Ref("E")], lambda whole: Call("sqrt", whole)), rare=True
        )


def _amount(base: Expression) -> Expression:
    return Call("abs", base)


def _itself(base: Expression) -> Expression:
    return base


def _length(shop: Workshop) -> Expression | None:
    """½ ‖a - y‖ where E is a plain sum of ½ (a - y)²."""
    last = shop.last
    residual = Sum((symbol("a", last), Negative(Symbol(Ref("y")))))
    if shop.formula(Ref("share")) != Product((HALF, Power(residual, Number(2.0)))):
        return None
    return Product((HALF, Call("sqrt", Total(Power(residual, Number(2.0)), "all"))))


def sign(shop: Workshop) -> Iterator[Slip]:
    """y - a for a - y in the derivative; a + y in the loss; another sign of the loss."""
    yield from shop.slip("sign", shop.rewritten([shop.gradient_at_output], negated), "derivative of the loss")
    for ref in (Ref("share"), shop.gradient_at_output, Ref("J")):
        formula = shop.formula(ref)
        for new in flipped_terms(formula) if formula else ():
            yield from shop.slip("sign", {ref: new}, "term", rare=True)
    yield from shop.slip("sign", shop.rewritten([Ref("share")], negated), "loss", rare=True)


def sum_cut_short(shop: Workshop) -> Iterator[Slip]:
    """One output's share of the error left out, or all but one."""
    outputs = shop.step.network.outputs
    share = Symbol(Ref("share"))
    if not 1 < outputs <= MOST_TERMS:
        return
    for k in range(1, outputs + 1):
        column = Column(share, k)
        yield from shop.slip("sum-cut-short", shop.rewritten([Ref("E")], _for_share(column)), "loss")
        if outputs > 2:
            rest = Sum((Total(share, "units"), Negative(column)))
            yield from shop.slip("sum-cut-short", shop.rewritten([Ref("E")], _for_share(rest)), "loss")


def _for_share(new: Expression) -> Change:
    return everywhere(lambda node: new if node == Symbol(Ref("share")) else None)


def mean_for_sum(shop: Workshop) -> Iterator[Slip]:
    """The mean over outputs or samples where a sum is asked, or the other way round; in the derivative too, or not."""
    network, at_output = shop.step.network, shop.gradient_at_output
    factors: dict[str, float] = {}
    if network.outputs > 1:
        factors["outputs"] = network.outputs if network.loss == "mean_squared_error" else 1.0 / network.outputs
    if shop.step.samples > 1:
        factors["samples"] = shop.step.samples if network.reduction == "mean" else 1.0 / shop.step.samples
    for how, factor in factors.items():
        loss = shop.rewritten([Ref("E")], times(factor))
        gradient = shop.rewritten([at_output], times(factor))
        yield from shop.slip("mean-for-sum", loss, f"loss over {how}")
        yield from shop.slip("mean-for-sum", {**loss, **gradient}, f"loss over {how}")
        yield from shop.slip("mean-for-sum", gradient, f"derivative over {how}")
