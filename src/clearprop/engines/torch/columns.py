"""Column layers on tensors: as in `network.columns`, which defines them, features and the way back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import accumulate

import torch
from torch import Tensor

from clearprop.network.columns import ColumnLayer, Embedded, Embedding, Periodic, PiecewiseLinear
from clearprop.network.spec import Network

Tensors = Mapping[str, Tensor]
Back = Callable[[Tensor, Tensors], None]
"""From ∂E/∂features to the gradients of the parameters, written to where they belong."""


def taken_in(
    network: Network, columns: list[dict[str, Tensor]], scale: Tensor, X: Tensor
) -> tuple[Tensor, Callable[[Tensor, list[dict[str, Tensor]], Tensor], None]]:
    """What the first layer takes in (B, width), and the way back."""
    parts = X.split([layer.count for layer in network.columns], dim=-1)
    pairs = [_forward(layer, own, part) for layer, own, part in zip(network.columns, columns, parts, strict=True)]
    E = torch.cat([features for features, _ in pairs], dim=-1)
    H = E if network.scale is None else E * scale.unsqueeze(-2)

    def back(dH: Tensor, gradients: list[dict[str, Tensor]], scale_gradient: Tensor) -> None:
        dE = dH
        if network.scale is not None:
            torch.sum(dH * E, dim=-2, out=scale_gradient)
            dE = dH * scale.unsqueeze(-2)
        ends = accumulate(layer.width for layer in network.columns)
        for layer, (_, own_back), own, end in zip(network.columns, pairs, gradients, ends, strict=True):
            own_back(dE[..., end - layer.width : end], own)

    return H, back


def _forward(layer: ColumnLayer, own: Tensors, X: Tensor) -> tuple[Tensor, Back]:
    match layer:
        case Embedding():
            return _embedding(layer, own, X)
        case Embedded():
            return _embedded(layer, own, X)
        case _:
            return X, lambda dE, gradients: None


def _embedded(layer: Embedded, own: Tensors, X: Tensor) -> tuple[Tensor, Back]:
    basis = {Periodic.kind: _waves, PiecewiseLinear.kind: _bins}[layer.kind]
    A, basis_back = basis(own, X)
    U, c = own["U"], own.get("c")
    V = torch.einsum("...bjk,...jkm->...bjm", A, U)
    if c is not None:
        V = V + c.unsqueeze(-3)

    def back(dE: Tensor, gradients: Tensors) -> None:
        dV = dE[..., layer.count :].unflatten(-1, (layer.count, layer.outputs))
        basis_back(torch.einsum("...bjm,...jkm->...bjk", dV, U), gradients)
        gradients["U"].copy_(torch.einsum("...bjk,...bjm->...jkm", A, dV))
        if c is not None:
            torch.sum(dV, dim=-3, out=gradients["c"])

    return torch.cat([X, V.flatten(-2)], dim=-1), back


def _waves(own: Tensors, X: Tensor) -> tuple[Tensor, Back]:
    turned = X.unsqueeze(-1) * (2.0 * math.pi)
    Z = turned * own["W"].unsqueeze(-3) + own["b"].unsqueeze(-3)

    def back(dA: Tensor, gradients: Tensors) -> None:
        delta = torch.sin(Z).neg_().mul_(dA)
        torch.sum(delta * turned, dim=-3, out=gradients["W"])
        torch.sum(delta, dim=-3, out=gradients["b"])

    return torch.cos(Z), back


def _bins(own: Tensors, X: Tensor) -> tuple[Tensor, Back]:
    Z = X.unsqueeze(-1) * own["W"].unsqueeze(-3) + own["b"].unsqueeze(-3)

    def back(dA: Tensor, gradients: Tensors) -> None:
        delta = dA * ((Z > 0.0) & (Z < 1.0))
        torch.sum(delta * X.unsqueeze(-1), dim=-3, out=gradients["W"])
        torch.sum(delta, dim=-3, out=gradients["b"])
        gradients["m"].copy_(dA.sum(dim=-3)).neg_()

    return Z.clamp(0.0, 1.0) - own["m"].unsqueeze(-3), back


def _embedding(layer: Embedding, own: Tensors, X: Tensor) -> tuple[Tensor, Back]:
    T = own["T"]
    tables = T.shape[:-2].numel()  # one an input, of each network
    first = torch.arange(tables, device=X.device).mul_(layer.categories).reshape(T.shape[:-2]).unsqueeze(-2)
    rows = (X.to(torch.int64) + first).flatten()
    V = T.reshape(-1, layer.outputs).index_select(0, rows)

    def back(dE: Tensor, gradients: Tensors) -> None:
        dT = torch.zeros(tables * layer.categories, layer.outputs, dtype=T.dtype, device=T.device)
        _add_rows(dT, rows, dE.reshape(-1, layer.outputs))
        gradients["T"].copy_(dT.reshape(T.shape))

    return V.reshape(*X.shape[:-1], layer.width), back


def _add_rows(table: Tensor, rows: Tensor, added: Tensor) -> None:
    """Adds to rows of a table, several times to some, in an order that is always the same."""
    if table.is_cuda:  # sorts them; index_add_ would add in any order
        table.index_put_((rows,), added, accumulate=True)
    else:
        table.index_add_(0, rows, added)
