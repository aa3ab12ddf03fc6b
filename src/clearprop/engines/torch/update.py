"""Optimizers on tensors: as in `optimize.optimizers`, which defines them, but in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from clearprop.errors import InputError
from clearprop.network.parameters import Array, Parameters
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop

Numbers = Sequence[Any]
"""What changes from update to update: floats, or tensors of one number, or of one for each network (M, 1)."""

NUMBERS = ("rate", "decay", "correction")
"""The learning rate, of Adam's divided by 1 - β₁ᵗ; rate·weight_decay·fade; and 1 - β₂ᵗ."""


def numbers_of(optimizer: Optimizer, first: int, count: int) -> Array:
    """The `NUMBERS` of so many updates from update `first` on (count, 3)."""
    steps = np.arange(first, first + count)
    rates = optimizer.schedule.rates(steps)
    found = np.ones((count, len(NUMBERS)))
    found[:, 0] = rates
    if isinstance(optimizer, AdamW):
        found[:, 1] = rates * optimizer.weight_decay * optimizer.fading.rates(steps)
    if isinstance(optimizer, Adam):
        found[:, 0] /= 1.0 - optimizer.beta1 ** (steps + 1.0)
        found[:, 2] = 1.0 - optimizer.beta2 ** (steps + 1.0)
    return found


@dataclass(frozen=True)
class Kinds:
    """What each number of the flat vector is (P,).

    Attributes:
        weights: 1 for the weights of layers, else 0.
        factors: what the learning rate is multiplied by, or None where that is 1 for all.
        frozen: where an optimizer must change nothing, or None where it may change all.
    """

    weights: Tensor
    factors: Tensor | None
    frozen: Tensor | None

    @staticmethod
    def of(network: Network, dtype: np.dtype[Any], send: Callable[[Array], Tensor]) -> Kinds:
        like = Parameters(network, np.empty(network.parameter_count, dtype))
        factors, frozen = like.rate_factors(), ~like.trained()
        return Kinds(
            send(like.are_weights().astype(dtype)),
            None if (factors == 1.0).all() else send(factors),
            send(frozen) if frozen.any() else None,
        )


def update(
    optimizer: Optimizer, w: Tensor, g: Tensor, slots: Mapping[str, Tensor], numbers: Numbers, kinds: Kinds
) -> None:
    """New parameters and slots, in place; the gradients of what is frozen are lost."""
    rate, decay, correction = numbers
    if kinds.frozen is not None:
        g.masked_fill_(kinds.frozen, 0.0)
    match optimizer:
        case SGD():
            move = g
            if optimizer.momentum:
                move = u = slots["u"].mul_(optimizer.momentum).add_(g)
                if optimizer.nesterov:
                    move = g.add(u, alpha=optimizer.momentum)
            move = move * rate
        case AdamW() | Adam():
            if isinstance(optimizer, AdamW):
                w.sub_(w * kinds.weights * decay)
            m = slots["m"].mul_(optimizer.beta1).add_(g, alpha=1.0 - optimizer.beta1)
            v = slots["v"].mul_(optimizer.beta2).addcmul_(g, g, value=1.0 - optimizer.beta2)
            move = (m * rate).div_((v / correction).sqrt_().add_(optimizer.epsilon))
        case RMSprop():
            v = slots["v"].mul_(optimizer.decay).addcmul_(g, g, value=1.0 - optimizer.decay)
            move = (g * rate).div_(v.sqrt().add_(optimizer.epsilon))
        case _:
            raise AssertionError("check_optimizer has been asked")
    if kinds.factors is not None:
        move.mul_(kinds.factors)
    if kinds.frozen is not None:
        move.masked_fill_(kinds.frozen, 0.0)
    w.sub_(move)


def check_optimizer(optimizer: Optimizer) -> None:
    # By exact type: a subclass may update otherwise.
    if type(optimizer) not in (SGD, Adam, AdamW, RMSprop):
        raise InputError(
            f'the torch engine does not know the optimizer {type(optimizer).__name__}; give engine="reference"'
        )
