"""Slips on the way forward: net inputs and activations."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.check.marking.slips.slip import (
    Change,
    Slip,
    Workshop,
    always,
    product_in,
    swapped,
    symbol,
    term,
    with_product,
)
from clearprop.explain.expression import Negative, Number, Product, Sum, Transpose, parse
from clearprop.explain.ref import Ref

MOST_TERMS = 8
"""Sums of more terms are not tried term by term."""


def transposed(shop: Workshop) -> Iterator[Slip]:
    """Wᵀ for W on the way forward, on the way back, in the gradient, after the update, or in all of them."""
    square = [l for l in shop.layers if shop.step.network.sizes[l - 1] == shop.step.network.sizes[l]]
    forward = {l: shop.rewritten([Ref("s", l), Ref("z", l)], _turned(l)) for l in square}
    back = {l: shop.rewritten([*shop.of_kind("dE/da", "dE[k]/da", layer=l - 1)], _turned(l)) for l in square if l > 1}
    gradient = {l: shop.rewritten([Ref("dE/dW", l)], Transpose) for l in square}
    after = {l: shop.rewritten([Ref("W'", l)], Transpose) for l in square}
    both = {l: {**forward[l], **back.get(l, {})} for l in square}
    yield from shop.each_and_all("transposed", gradient, "gradient")
    yield from shop.each_and_all("transposed", forward, "forward")
    yield from shop.each_and_all("transposed", back, "back")
    yield from shop.each_and_all("transposed", both, "throughout")
    yield from shop.each_and_all("transposed", {l: {**both[l], **gradient[l]} for l in square}, "throughout")
    yield from shop.each_and_all("transposed", after, "after")


def _turned(layer: int) -> Change:
    return swapped(Ref("W", layer), Transpose(symbol("W", layer)))


def net_input_for_activation(shop: Workshop) -> Iterator[Slip]:
    """z in the place of a = f(z): in what follows, in the derivative, in the loss, or of the activation itself."""
    id = "net-input-for-activation"
    above, slope, gradient, itself = {}, {}, {}, {}
    for l in shop.layers:
        for_a = swapped(Ref("a", l), symbol("z", l))
        above[l] = shop.rewritten([Ref("s", l + 1), Ref("z", l + 1)], for_a)
        slope[l] = shop.rewritten([Ref("da/dz", l)], for_a)
        gradient[l] = shop.rewritten([Ref("dE/dW", l + 1)], for_a)
        itself[l] = shop.rewritten([Ref("a", l)], always(symbol("z", l)))
    at_output = swapped(Ref("a", shop.last), symbol("z", shop.last))
    share, derivative = [Ref("share")], [shop.gradient_at_output]
    yield from shop.each_and_all(id, {l: {**above[l], **gradient[l]} for l in shop.layers}, "above")
    yield from shop.each_and_all(id, above, "forward")
    yield from shop.each_and_all(id, gradient, "gradient")
    yield from shop.each_and_all(id, slope, "slope")
    yield from shop.each_and_all(id, itself, "activation")
    for refs in ([*share, *derivative], share, derivative):
        yield from shop.slip(id, shop.rewritten(refs, at_output), "loss")


def bias_missing(shop: Workshop) -> Iterator[Slip]:
    """z without b; or b left as it was by the update."""
    without = {l: shop.rewritten([Ref("z", l)], swapped(Ref("b", l), Number(0.0))) for l in shop.layers}
    kept = {l: shop.rewritten([Ref("b'", l)], always(symbol("b", l))) for l in shop.layers}
    yield from shop.each_and_all("bias-missing", without, "net input")
    yield from shop.each_and_all("bias-missing", kept, "update")


def sum_cut_short(shop: Workshop) -> Iterator[Slip]:
    """A term left out of a sum, or all but one: an input of a net input."""
    for l in shop.layers:
        formula = shop.formula(Ref("z", l))
        product = product_in(formula) if formula else None
        count = shop.step.network.sizes[l - 1]
        if formula is None or product is None or not 1 < count <= MOST_TERMS:
            continue
        for k in range(1, count + 1):
            rest = with_product(formula, Sum((product, Negative(term(product, k)))))
            yield from shop.slip("sum-cut-short", {Ref("z", l): rest}, "net input", rare=True)
            if count > 2:
                only = with_product(formula, term(product, k))
                yield from shop.slip("sum-cut-short", {Ref("z", l): only}, "net input", rare=True)


def sign(shop: Workshop) -> Iterator[Slip]:
    """The bias subtracted, or one product of a net input with the other sign."""
    minus = {l: shop.rewritten([Ref("z", l)], swapped(Ref("b", l), Negative(symbol("b", l)))) for l in shop.layers}
    yield from shop.each_and_all("sign", minus, "bias")
    for l in shop.layers:
        formula = shop.formula(Ref("z", l))
        product = product_in(formula) if formula else None
        if formula is None or product is None or shop.step.network.sizes[l - 1] > MOST_TERMS:
            continue
        for k in range(1, shop.step.network.sizes[l - 1] + 1):
            flipped = Sum((product, Product((Number(-2.0), term(product, k)))))
            yield from shop.slip("sign", {Ref("z", l): with_product(formula, flipped)}, "term", rare=True)


def derivative_of_activation(shop: Workshop) -> Iterator[Slip]:
    """f′(a) in the place of f′(z)."""
    slopes = {}
    for l in shop.layers:
        function = shop.step.network.layers[l - 1].function
        number = {} if function.parameter is None else {function.parameter.name: Number(function.numbers[0])}
        a = symbol("a", l)
        value = parse(function.formula, {"z": a, **number})
        slope = parse(function.derivative_formula, {"z": a, "a": value, **number})
        slopes[l] = shop.rewritten([Ref("da/dz", l)], always(slope))
    yield from shop.each_and_all("derivative-of-activation", slopes)
