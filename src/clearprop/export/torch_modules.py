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


class Columns(nn.Module):
    """What becomes of the inputs before the first Linear: each module takes the next `counts` of them.

    With a width all that the first Linear takes in is multiplied by a scale.
    """

    def __init__(self, counts: list[int], modules: list[nn.Module], scaled: int | None = None) -> None:
        super().__init__()
        self.counts = counts
        self.parts = nn.ModuleList(modules)
        self.scale = None if scaled is None else nn.Parameter(torch.ones(scaled))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shares = x.split(self.counts, dim=1)
        together = torch.cat([part(share) for part, share in zip(self.parts, shares, strict=True)], dim=1)
        return together if self.scale is None else together * self.scale


class Periodic(nn.Module):
    """[x, cos(2 pi W x + b) U + c] of each input."""

    def __init__(self, count: int, frequencies: int, outputs: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.zeros(count, frequencies))
        self.b = nn.Parameter(torch.zeros(count, frequencies))
        self.U = nn.Parameter(torch.zeros(count, frequencies, outputs))
        self.c = nn.Parameter(torch.zeros(count, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        waves = (2 * torch.pi * x[:, :, None] * self.W + self.b).cos()
        return torch.cat([x, (torch.einsum("bjk,jkm->bjm", waves, self.U) + self.c).flatten(1)], dim=1)


class PiecewiseLinear(nn.Module):
    """[x, (clip(W x + b, 0, 1) - m) U] of each input; W, b and m say where its bins are, and are not trained."""

    def __init__(self, count: int, bins: int, outputs: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.zeros(count, bins), requires_grad=False)
        self.b = nn.Parameter(torch.zeros(count, bins), requires_grad=False)
        self.m = nn.Parameter(torch.zeros(count, bins), requires_grad=False)
        self.U = nn.Parameter(torch.zeros(count, bins, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        come = (x[:, :, None] * self.W + self.b).clamp(0, 1) - self.m
        return torch.cat([x, torch.einsum("bjk,jkm->bjm", come, self.U).flatten(1)], dim=1)


class Tables(nn.Module):
    """The row of each input's table T whose number it is."""

    def __init__(self, count: int, categories: int, outputs: int) -> None:
        super().__init__()
        self.T = nn.Parameter(torch.zeros(count, categories, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inputs = torch.arange(len(self.T), device=x.device)
        return self.T[inputs, x.long()].flatten(1)
