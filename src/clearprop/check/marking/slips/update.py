"""Slips in the update: another learning rate, or one that was applied twice; biases that should have stayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from clearprop.check.marking.rules import Rules
from clearprop.check.marking.slips.slip import Change, Slip, Workshop, swapped, symbol
from clearprop.explain.expression import Expression, Number, Product, negated
from clearprop.explain.ref import Ref
from clearprop.network.spec import Network

FACTORS = (10.0, 0.1, 2.0, 0.5, 100.0, 0.01)
COMMON_RATES = (1.0, 0.1, 0.01, 0.001, 0.5, 0.05, 0.005, 0.2, 0.02, 0.3, 0.03, 0.25, 1e-4)

ETA = Ref("eta")


def learning_rate(shop: Workshop, rate: float, more: Iterable[float] = ()) -> Iterator[Slip]:
    """Another learning rate, for all weights or for those of a layer."""
    others = dict.fromkeys([*(float(f"{rate * factor:.12g}") for factor in FACTORS), *COMMON_RATES, *more])
    for other in others:
        if other != rate and other > 0.0:
            updates = _updates(shop, swapped(ETA, Number(other)))
            yield from shop.each_and_all("learning-rate", updates, rate=other)


def sign(shop: Workshop) -> Iterator[Slip]:
    """w + η·g for w - η·g."""
    yield from shop.each_and_all("sign", _updates(shop, swapped(ETA, negated(symbol("eta")))), "update")


def learning_rate_twice(shop: Workshop) -> Iterator[Slip]:
    """η in the delta or in the gradient, and once more in the update."""
    if shop.step.optimizer is None:
        return
    last = Ref("delta", shop.last)
    yield from shop.slip("learning-rate-twice", shop.rewritten([last], _times_rate), "delta")
    for kinds, how in ((("delta",), "delta"), (("dE/dW", "dE/db"), "gradient"), (("dE/dW",), "gradient")):
        changed = {l: shop.rewritten(shop.of_kind(*kinds, layer=l), _times_rate) for l in shop.layers}
        yield from shop.each_and_all("learning-rate-twice", changed, how)
    squared = swapped(ETA, Product((symbol("eta"), symbol("eta"))))
    yield from shop.each_and_all("learning-rate-twice", _updates(shop, squared), "update")


def _times_rate(formula: Expression) -> Expression:
    return Product((symbol("eta"), formula))


def bias_trained(shop: Workshop) -> Iterator[Slip]:
    """Biases that are frozen, updated like the others: as they are, or one a unit where a layer shares one."""
    step = shop.step
    if step.optimizer is None or all(layer.train_bias or layer.bias == "none" for layer in step.network.layers):
        return
    trained = Rules.of(replace(step, network=_with_layers(shop, train_bias=True)))
    updates = {
        l: {
            ref: formula
            for ref, formula in trained.formulas.items()
            if ref.layer == l and ref not in shop.rules.formulas
        }
        | {ref: trained.formulas[ref] for ref in shop.of_kind("b'", layer=l)}
        for l in shop.layers
    }
    everything = {ref: formula for one in updates.values() for ref, formula in one.items()}
    yield Slip("bias-trained", shop.rules.changed(everything), tuple(shop.of_kind("b'")))
    for l, one in updates.items() if shop.last > 1 else ():
        yield Slip("bias-trained", shop.rules.changed(one), tuple(shop.of_kind("b'", layer=l)))
    if any(layer.bias == "layer" for layer in step.network.layers):
        network = _with_layers(shop, train_bias=True, bias="unit")
        rules = Rules.of(replace(step, network=network))
        start = {Ref("b", l): symbol("b", l) for l in shop.layers if network.layers[l - 1].bias == "unit"}
        yield Slip("bias-trained", rules.changed({}, start), tuple(shop.of_kind("b'")), "one a unit")


def _with_layers(shop: Workshop, **changes: Any) -> Network:
    network = shop.step.network
    layers = [layer if layer.bias == "none" else replace(layer, **changes) for layer in network.layers]
    return replace(network, layers=tuple(layers))


def _updates(shop: Workshop, change: Change) -> dict[int, dict[Ref, Expression]]:
    return {l: shop.rewritten(shop.of_kind("W'", "b'", layer=l), change) for l in shop.layers}
