"""Slips on the way back: deltas and gradients."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.check.marking.slips.forward import MOST_TERMS
from clearprop.check.marking.slips.slip import (
    Slip,
    Workshop,
    always,
    everywhere,
    flipped_terms,
    product_in,
    swapped,
    symbol,
    term,
    times,
)
from clearprop.explain.definitions import outputs_below
from clearprop.explain.expression import (
    Contracted,
    Expression,
    MatMul,
    Negative,
    Number,
    Product,
    Sum,
    Symbol,
    Total,
    Transpose,
    negated,
)
from clearprop.explain.ref import Ref


def derivative_missing(shop: Workshop) -> Iterator[Slip]:
    """delta = ∂E/∂a, without f′(z)."""
    changed = {}
    for l in shop.layers:
        if shop.step.network.layers[l - 1].function.across_units:
            without = everywhere(lambda node: node.left if isinstance(node, Contracted) else None)
        else:
            without = swapped(Ref("da/dz", l), Number(1.0))
        changed[l] = shop.rewritten([Ref("delta", l)], without)
    yield from shop.each_and_all("derivative-missing", changed)


def updated_early(shop: Workshop) -> Iterator[Slip]:
    """The weights after the update in the place of those before, where the error is handed back."""
    changed = {}
    for l in shop.layers[:-1]:
        for_w = swapped(Ref("W", l + 1), symbol("W'", l + 1))
        changed[l] = shop.rewritten(shop.of_kind("dE/da", "dE[k]/da", layer=l), for_w) if shop.step.optimizer else {}
    yield from shop.each_and_all("updated-early", changed)


def sign(shop: Workshop) -> Iterator[Slip]:
    """Deltas, slopes, gradients with the other sign, or one term of their formulas."""
    for kinds in (("delta",), ("dE/dW", "dE/db"), ("dE/dW",), ("dE/db",), ("dE/da",)):
        changed = {l: shop.rewritten(shop.of_kind(*kinds, layer=l), negated) for l in shop.layers}
        yield from shop.each_and_all("sign", changed, "gradient")
    for l in shop.layers:
        for ref in (Ref("da/dz", l), Ref("dJ/dW", l)):
            formula = shop.formula(ref)
            for new in flipped_terms(formula) if formula else ():
                yield from shop.slip("sign", {ref: new}, "term", rare=True)
        yield from _sums_handed_back(shop, l, "sign")


def sum_cut_short(shop: Workshop) -> Iterator[Slip]:
    """An output, or a sample, left out of what is added up on the way back."""
    for l in shop.layers:
        yield from _sums_handed_back(shop, l, "sum-cut-short")
        formula = shop.formula(Ref("dE/dW", l))
        if isinstance(formula, MatMul) and 1 < shop.step.samples <= MOST_TERMS:
            for k in range(1, shop.step.samples + 1):
                rest = Sum((formula, Negative(term(formula, k))))
                yield from shop.slip("sum-cut-short", {Ref("dE/dW", l): rest}, "gradient", rare=True)


def _sums_handed_back(shop: Workshop, layer: int, id: str) -> Iterator[Slip]:
    """∂E/∂a of a layer with a unit above left out, or alone, or with the other sign."""
    ref = Ref("dE/da", layer)
    formula = shop.formula(ref)
    product = product_in(formula) if formula else None
    count = shop.step.network.sizes[layer + 1] if layer < shop.last else 0
    if product is None or not 1 < count <= MOST_TERMS:
        return
    for k in range(1, count + 1):
        one = term(product, k)
        if id == "sign":
            flipped = Sum((product, Product((Number(-2.0), one))))
            yield from shop.slip("sign", {ref: flipped}, "term", rare=True)
        else:
            yield from shop.slip(id, {ref: one}, "handed back", rare=count > 2)
            if count > 2:
                yield from shop.slip(id, {ref: Sum((product, Negative(one)))}, "handed back")


def mean_for_sum(shop: Workshop) -> Iterator[Slip]:
    """The mean over the units above in the place of their sum, the mean over a shared bias's units, over samples."""
    network = shop.step.network
    above = {
        l: shop.rewritten([Ref("dE/da", l)], times(1.0 / network.sizes[l + 1]))
        for l in shop.layers[:-1]
        if network.sizes[l + 1] > 1
    }
    yield from shop.each_and_all("mean-for-sum", above, "handed back")
    shared = {
        l: shop.rewritten([Ref("dE/db", l)], times(1.0 / network.sizes[l]))
        for l in shop.layers
        if network.layers[l - 1].bias == "layer"
    }
    yield from shop.each_and_all("mean-for-sum", shared, "bias")
    if shop.step.samples > 1:
        factor = shop.step.samples if network.reduction == "mean" else 1.0 / shop.step.samples
        for kinds in (("dE/dW", "dE/db"), ("dE/dW",), ("dE/db",)):
            gradients = {l: shop.rewritten(shop.of_kind(*kinds, layer=l), times(factor)) for l in shop.layers}
            yield from shop.each_and_all("mean-for-sum", gradients, "gradient over samples")


def row_broadcast(shop: Workshop) -> Iterator[Slip]:
    """A column times a row where two rows were meant gives a matrix; its product with x is added to every row of W.

    With x, e = ∂E/∂a and f′ of one sample: Σₖ xₖ f′ₖ eⱼ for ∂E/∂W[j→i], the same for all i.
    """
    if shop.step.samples > 1:
        return
    forms: list[dict[int, dict[Ref, Expression]]] = [{}, {}, {}, {}, {}]
    for l in shop.layers:
        x, ref = Symbol(outputs_below(shop.step.network, l)), Ref("dE/dW", l)
        delta = symbol("delta", l)
        forms[4][l] = shop.rewritten([ref], always(_outer(_ones(x), _scaled(delta, x))))
        if shop.step.network.sizes[l - 1] != shop.step.network.sizes[l] or shop.formula(Ref("dE/da", l)) is None:
            continue
        handed, slope = symbol("dE/da", l), symbol("da/dz", l)
        if shop.step.network.layers[l - 1].function.across_units:
            continue
        for form, (kept, summed) in zip(forms[:2], ((handed, slope), (slope, handed)), strict=True):
            form[l] = {ref: _outer(_scaled(kept, Product((x, summed))), _ones(x))}
        for form, (kept, summed) in zip(forms[2:4], ((handed, slope), (slope, handed)), strict=True):
            form[l] = {ref: _outer(_ones(x), _scaled(kept, Product((x, summed))))}
    for form in forms:
        yield from shop.each_and_all("row-broadcast", form, rare=form is not forms[0])


def _outer(column: Expression, row: Expression) -> Expression:
    return MatMul(Transpose(column), row)


def _scaled(row: Expression, summed: Expression) -> Expression:
    """A row times the sum of another."""
    return Product((row, Total(summed, "all")))


def _ones(row: Expression) -> Expression:
    return Sum((row, Negative(row), Number(1.0)))
