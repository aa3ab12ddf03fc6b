"""A batch through the network and back: outputs, E and the gradients, as in `reference.step`, which defines them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from clearprop.engines.torch.activations import KERNELS
from clearprop.engines.torch.columns import taken_in
from clearprop.engines.torch.losses import OF_NET_INPUT, OF_OUTPUT, Pair
from clearprop.network.parameters import Array, Parameters
from clearprop.network.spec import Network


class Views:
    """The parameters of a network, or their gradients, by layer: views of one flat tensor (P,), or of (M, P)."""

    def __init__(self, network: Network, flat: Tensor) -> None:
        def view(places: Array) -> Tensor:
            if not places.size:
                return flat[..., :0]
            first = int(places.flat[0])
            return flat[..., first : first + places.size].unflatten(-1, places.shape)

        numbered = _places(network)
        self.flat = flat
        self.weights = [view(W) for W in numbered.weights]
        self.biases = [view(b) for b in numbered.biases]
        self.columns = [{name: view(array) for name, array in own.items()} for own in numbered.columns]
        self.scale = view(numbered.scale)


@lru_cache(maxsize=16)
def _places(network: Network) -> Parameters:
    """Where in the flat vector each number stands."""
    return Parameters(network, np.arange(network.parameter_count))


@dataclass(frozen=True)
class Batch:
    """Inputs (B, inputs), targets (B, outputs) or class indices (B,), and what each sample's loss counts.

    `back` is what a sample's gradient is multiplied by, (B,) or one number for all; where it is None the batch says it:
    weights / Σ weights, or the weights where the loss is their sum.
    """

    X: Tensor
    Y: Tensor
    weights: Tensor | None = None
    back: Tensor | float | None = None


def product(A: Tensor, B: Tensor, precision: str = "full", out: Tensor | None = None) -> Tensor:
    """A·B, of operands rounded to bfloat16 where the precision is that; summed in A's type, and written to `out`."""
    multiply = torch.mm if A.ndim == 2 else torch.bmm
    if precision == "full":
        return multiply(A, B) if out is None else multiply(A, B, out=out)
    A, B = A.to(torch.bfloat16), B.to(torch.bfloat16)
    # Only CUDA multiplies them as they are into float32; elsewhere they go back to it, and lose nothing.
    found = multiply(A, B, out_dtype=torch.float32) if A.is_cuda else multiply(A.float(), B.float())
    return found if out is None else out.copy_(found)


def affine(A: Tensor, W: Tensor, b: Tensor, precision: str) -> Tensor:
    """Z = A·W + b; b is (O,), (1,) or (0,)."""
    if not b.shape[-1]:
        return product(A, W, precision)
    if precision != "full":
        return product(A, W, precision).add_(b.unsqueeze(-2))
    return torch.addmm(b, A, W) if A.ndim == 2 else torch.baddbmm(b.unsqueeze(-2), A, W)


class Passes:
    """A network's ways forward and back, with all that does not change from batch to batch looked up."""

    def __init__(self, network: Network) -> None:
        self.network, self.joint = network, network.joint_pair is not None
        self.functions = [(KERNELS[one.kind], one.numbers) for one in (layer.function for layer in network.layers)]
        function = network.loss_function
        self.pair: Pair = (OF_NET_INPUT if self.joint else OF_OUTPUT)[function.kind]
        self.numbers = function.numbers

    def outputs(self, w: Views, X: Tensor) -> tuple[Tensor, Tensor]:
        """The last layer's net inputs Z and outputs A, (B, O) each."""
        A = taken_in(self.network, w.columns, w.scale, X)[0] if self.network.columns else X
        Z = A
        for (kernel, numbers), W, b in zip(self.functions, w.weights, w.biases, strict=True):
            Z = affine(A, W, b, "full")
            A = kernel.value(Z, *numbers)
        return Z, A

    def loss(self, w: Views, batch: Batch) -> Tensor:
        """E of a batch."""
        Z, A = self.outputs(w, batch.X)
        return self._joined(Z if self.joint else A, batch)[0]

    def step(
        self,
        w: Views,
        batch: Batch,
        gradients: Views,
        masks: Sequence[Tensor | None] | None = None,
        precision: str = "full",
    ) -> Tensor:
        """E, or one for each network; ∂E/∂w of every weight and bias is written to `gradients`."""
        A, columns_back = batch.X, None
        if self.network.columns:
            A, columns_back = taken_in(self.network, w.columns, w.scale, A)
        masks = masks or [None] * len(self.functions)
        last, taken, Zs, values = len(self.functions) - 1, [], [], []
        for number, (kernel, numbers) in enumerate(self.functions):
            taken.append(A)
            Zs.append(affine(A, w.weights[number], w.biases[number], precision))
            if number == last and self.joint:
                break
            values.append(kernel.value(Zs[-1], *numbers))
            mask = masks[number]
            A = values[-1] if mask is None else values[-1] * mask

        E, gradient = self._joined(Zs[-1] if self.joint else values[-1], batch)

        for number in range(last, -1, -1):
            delta = gradient
            if number < last or not self.joint:
                (kernel, numbers), mask = self.functions[number], masks[number]
                dA = gradient if mask is None else gradient * mask
                delta = kernel.back(dA, Zs[number], values[number], *numbers)
            product(taken[number].mT, delta, precision, out=gradients.weights[number])
            _sum_of_rows(delta, gradients.biases[number])
            if number or columns_back:
                gradient = product(delta, w.weights[number].mT, precision)
        if columns_back:
            columns_back(gradient, gradients.columns, gradients.scale)
        return E

    def _joined(self, taken: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """E of a batch, and its derivative by what it is taken from: the last net inputs, or the outputs."""
        Y = batch.Y
        if Y.ndim < taken.ndim:
            Y = torch.zeros_like(taken).scatter_(-1, Y.unsqueeze(-1), 1.0)
        shares, gradient = self.pair(taken, Y, *self.numbers)
        back = batch.back if batch.back is not None else self._back(batch)
        if isinstance(back, float):
            return shares.sum(dim=(-2, -1)).mul_(back), gradient if back == 1.0 else gradient * back
        back = back.unsqueeze(-1)
        return (shares * back).sum(dim=(-2, -1)), gradient * back

    def _back(self, batch: Batch) -> Tensor | float:
        mean = self.network.reduction == "mean"
        if batch.weights is None:
            return 1.0 / batch.X.shape[-2] if mean else 1.0
        if not mean:
            return batch.weights
        sums = batch.weights.sum(dim=-1, keepdim=True)
        return batch.weights / torch.where(sums == 0, 1.0, sums)


def _sum_of_rows(delta: Tensor, out: Tensor) -> None:
    """∂E/∂b: Σ Δ over the rows, and where one bias serves a layer, over its units."""
    if out.shape[-1] == delta.shape[-1]:
        torch.sum(delta, dim=-2, out=out)
    elif out.shape[-1]:
        torch.sum(delta, dim=(-2, -1), out=out.squeeze(-1))


class Penalty:
    """R = l1·Σ|w| + l2/2·Σw² over the weights, and ∂R/∂w."""

    def __init__(self, network: Network, weights: Tensor) -> None:
        """`weights` is 1 for the numbers that are weights of layers, else 0 (P,)."""
        self.l1, self.l2, self.weights = network.l1, network.l2, weights

    def __bool__(self) -> bool:
        return bool(self.l1 or self.l2)

    def add(self, w: Tensor, gradients: Tensor) -> Tensor:
        """R, or one for each network; ∂R/∂w is added to the gradients."""
        own = w * self.weights
        R = (own * own).sum(dim=-1).mul_(0.5 * self.l2)
        if self.l1:
            R.add_(own.abs().sum(dim=-1), alpha=self.l1)
            gradients.add_(torch.sign(own), alpha=self.l1)
        if self.l2:
            gradients.add_(own, alpha=self.l2)
        return R
