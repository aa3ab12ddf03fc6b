"""Losses on tensors: as in `network.losses`, which defines them, each output's share and the gradient of their sum."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from clearprop.engines.torch.activations import softplus

Pair = Callable[..., tuple[Tensor, Tensor]]


def _half_squared_error(A: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    residual = A - Y
    return residual * residual * 0.5, residual


def _mean_squared_error(A: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    residual = A - Y
    return residual * residual / A.shape[-1], residual * (2.0 / A.shape[-1])


def _absolute(A: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    residual = A - Y
    return residual.abs(), torch.sign(residual)


def _huber(A: Tensor, Y: Tensor, delta: float) -> tuple[Tensor, Tensor]:
    residual = A - Y
    clipped = residual.clamp(-delta, delta)
    return clipped * (residual - 0.5 * clipped), clipped


def _quantile(A: Tensor, Y: Tensor, level: float) -> tuple[Tensor, Tensor]:
    residual = A - Y
    slope = torch.sign(residual)
    slope = torch.where(slope > 0, slope * (1.0 - level), slope * level)
    return slope * residual, slope


def _poisson(A: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    # A target of 0 asks for no logarithm, which an output that has underflowed to 0 would not have.
    asked = torch.where(Y == 0, 1.0, A)
    return A - Y * torch.log(asked), 1.0 - Y / asked


def _poisson_of_log(Z: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    A = torch.exp(Z)
    return A - Y * Z, A - Y


def _binary_cross_entropy(Z: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    others = 1.0 - Y
    return Y * softplus(-Z) + others * softplus(Z), others * torch.sigmoid(Z) - Y * torch.sigmoid(-Z)


def _cross_entropy(Z: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    # log(1 + the others), not log of the sum: the loss of a sure answer keeps its digits.
    top, place = Z.max(dim=-1, keepdim=True)
    shifted = Z - top
    grown = torch.exp(shifted)
    others = grown.scatter(-1, place, 0.0).sum(dim=-1, keepdim=True)
    softmax = grown.div_(grown.sum(dim=-1, keepdim=True))
    return Y * (torch.log1p(others) - shifted), softmax.mul_(Y.sum(dim=-1, keepdim=True)).sub_(Y)


def _smoothed_cross_entropy(Z: Tensor, Y: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    return _cross_entropy(Z, Y * (1.0 - epsilon) + epsilon / Y.shape[-1])


def _perceptron(Z: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    residual = (Z >= 0).to(Z.dtype) - Y
    return residual * Z, residual


OF_OUTPUT: dict[str, Pair] = {
    "half_squared_error": _half_squared_error,
    "mean_squared_error": _mean_squared_error,
    "absolute": _absolute,
    "huber": _huber,
    "quantile": _quantile,
    "poisson": _poisson,
}
OF_NET_INPUT: dict[str, Pair] = {
    "poisson": _poisson_of_log,
    "binary_cross_entropy": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
    "smoothed_cross_entropy": _smoothed_cross_entropy,
    "perceptron": _perceptron,
}
"""Of a last activation that belongs to the loss: both are computed together."""
