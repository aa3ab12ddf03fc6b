"""Modules that PyTorch lacks. `write_pytorch` copies those that a network needs into the file that it writes."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


class Step(nn.Module):
    """1 where z >= 0, else 0; its gradient is 0 everywhere."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return (z >= 0).to(z.dtype)


class Exp(nn.Module):
    """exp(z)."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z.exp()


class Mean(nn.Module):
    """The mean of what its members say; where these are probabilities, p^(1/temperature), renormalised.

    `two_sided` is for outputs of sigmoids, of which each is renormalised with 1 - p, not with the other outputs.
    """

    def __init__(self, members: Iterable[nn.Module], temperature: float = 1.0, two_sided: bool = False) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.temperature = temperature
        self.two_sided = two_sided

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = torch.stack([member(x) for member in self.members]).mean(dim=0)
        if self.temperature == 1.0:
            return mean
        sides = torch.stack([mean, 1 - mean], dim=-1) if self.two_sided else mean
        sharpened = (sides.log() / self.temperature).softmax(dim=-1)
        return sharpened[..., 0] if self.two_sided else sharpened
