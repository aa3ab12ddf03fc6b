"""The slips that people make in a step of backpropagation, as changes of its formulas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clearprop.check.marking.slips import backward, forward, loss, update
from clearprop.check.marking.slips.slip import Slip, Workshop
from clearprop.explain.definitions import Step

IDS = (
    "updated-early",
    "transposed",
    "derivative-missing",
    "derivative-of-activation",
    "net-input-for-activation",
    "half-missing",
    "square-missing",
    "root-for-square",
    "sign",
    "learning-rate",
    "learning-rate-twice",
    "sum-cut-short",
    "bias-missing",
    "bias-trained",
    "mean-for-sum",
    "decimal-slipped",
    "row-broadcast",
)


def slips(step: Step, rate: float | None, rates: Iterable[float] = ()) -> Iterator[Slip]:
    """Every slip of a step, in the order of `IDS`; `decimal-slipped` changes no formula and is not among them.

    Args:
        step: what is computed.
        rate: its learning rate, or None where nothing is updated.
        rates: more rates that may have been taken.
    """
    shop = Workshop(step)
    yield from backward.updated_early(shop)
    yield from forward.transposed(shop)
    yield from backward.derivative_missing(shop)
    yield from forward.derivative_of_activation(shop)
    yield from forward.net_input_for_activation(shop)
    yield from loss.half_missing(shop)
    yield from loss.square_missing(shop)
    yield from loss.root_for_square(shop)
    yield from loss.sign(shop)
    yield from backward.sign(shop)
    yield from update.sign(shop)
    yield from forward.sign(shop)
    if rate is not None:
        yield from update.learning_rate(shop, rate, rates)
    yield from update.learning_rate_twice(shop)
    yield from backward.sum_cut_short(shop)
    yield from loss.sum_cut_short(shop)
    yield from forward.sum_cut_short(shop)
    yield from forward.bias_missing(shop)
    yield from update.bias_trained(shop)
    yield from loss.mean_for_sum(shop)
    yield from backward.mean_for_sum(shop)
    yield from backward.row_broadcast(shop)


__all__ = ["IDS", "Slip", "slips"]
