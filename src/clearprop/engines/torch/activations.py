"""Activations on tensors: the value, and from ∂E/∂A to ∂E/∂Z.

`network.activations` defines them; here stand forms of few kernels that keep the same digits, in the tails too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

SQRT_HALF = math.sqrt(0.5)
DENSITY = 1.0 / math.sqrt(2.0 * math.pi)
# Klambauer and others 2017, equation 14.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


@dataclass(frozen=True)
class Kernel:
    """`value` takes Z and the number of a parametrised entry; `back` takes ∂E/∂A, Z, A and that number."""

    value: Callable[..., Tensor]
    back: Callable[..., Tensor]


def _elu(Z: Tensor, alpha: float) -> Tensor:
    return torch.where(Z > 0, Z, torch.expm1(Z) * alpha)


def _elu_back(dA: Tensor, Z: Tensor, alpha: float) -> Tensor:
    return dA * torch.where(Z > 0, 1.0, torch.exp(Z) * alpha)


def _share(Z: Tensor) -> Tensor:
    """Φ(z), the share of a normal distribution below z."""
    return torch.special.erfc(Z * -SQRT_HALF).mul_(0.5)


def _gelu_back(dA: Tensor, Z: Tensor, A: Tensor) -> Tensor:
    density = torch.exp(Z * Z * -0.5).mul_(DENSITY)
    return _share(Z).addcmul_(Z, density).mul_(dA)


def _silu_back(dA: Tensor, Z: Tensor, A: Tensor) -> Tensor:
    return (torch.sigmoid(-Z) * Z).add_(1.0).mul_(torch.sigmoid(Z)).mul_(dA)


def softplus(Z: Tensor) -> Tensor:
    """log(1 + exp(z)) without overflow."""
    return torch.exp(-Z.abs()).log1p_().add_(Z.clamp(min=0.0))


def _mish_back(dA: Tensor, Z: Tensor, A: Tensor) -> Tensor:
    t = torch.tanh(softplus(Z))
    return torch.addcmul(t, Z * torch.sigmoid(Z), 1.0 - t * t).mul_(dA)


def _softmax_back(dA: Tensor, Z: Tensor, A: Tensor) -> Tensor:
    return (dA - (dA * A).sum(dim=-1, keepdim=True)).mul_(A)


KERNELS: dict[str, Kernel] = {
    "identity": Kernel(lambda Z: Z, lambda dA, Z, A: dA),
    "step": Kernel(lambda Z: (Z >= 0).to(Z.dtype), lambda dA, Z, A: torch.zeros_like(dA)),
    "sigmoid": Kernel(torch.sigmoid, lambda dA, Z, A: torch.sigmoid(-Z).mul_(A).mul_(dA)),
    "tanh": Kernel(torch.tanh, lambda dA, Z, A: dA / torch.cosh(Z).square_()),
    "relu": Kernel(torch.relu, lambda dA, Z, A: dA * (Z > 0)),
    "leaky_relu": Kernel(
        lambda Z, slope: torch.where(Z > 0, Z, Z * slope),
        lambda dA, Z, A, slope: torch.where(Z > 0, dA, dA * slope),
    ),
    "elu": Kernel(_elu, lambda dA, Z, A, alpha: _elu_back(dA, Z, alpha)),
    "selu": Kernel(
        lambda Z: _elu(Z, SELU_ALPHA).mul_(SELU_SCALE),
        lambda dA, Z, A: _elu_back(dA, Z, SELU_ALPHA).mul_(SELU_SCALE),
    ),
    "gelu": Kernel(lambda Z: _share(Z).mul_(Z), _gelu_back),
    "silu": Kernel(lambda Z: torch.sigmoid(Z).mul_(Z), _silu_back),
    "mish": Kernel(lambda Z: torch.tanh(softplus(Z)).mul_(Z), _mish_back),
    "softplus": Kernel(softplus, lambda dA, Z, A: torch.sigmoid(Z).mul_(dA)),
    "exp": Kernel(torch.exp, lambda dA, Z, A: dA * A),
    "softmax": Kernel(lambda Z: torch.softmax(Z, dim=-1), _softmax_back),
}
