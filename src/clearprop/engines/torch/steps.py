"""One update of a network, or of several side by side, and how many of them in a row are launched."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from clearprop.engines.torch.data import Chunk
from clearprop.engines.torch.passes import Batch, Passes, Penalty, Views
from clearprop.engines.torch.update import Kinds, Numbers, update
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer

TOLD = 4
"""What a step tells of itself: E, R, Σ weights, and 0 where all parameters are finite, else nan."""


class Updates:
    """Parameters, gradients and slots on the device, and the update that changes them.

    Attributes:
        flat: the parameters (P,), or (M, P).
        slots: what the optimizer remembers, shaped alike.
    """

    def __init__(self, network: Network, optimizer: Optimizer, precision: str, flat: Tensor, kinds: Kinds) -> None:
        self.passes, self.optimizer, self.precision, self.kinds = Passes(network), optimizer, precision, kinds
        self.flat = flat
        self.slots = {name: torch.zeros_like(flat) for name in optimizer.slots}
        self.w, self.gradients = Views(network, flat), Views(network, torch.zeros_like(flat))
        self.penalty = Penalty(network, kinds.weights)
        self.zero = torch.zeros(flat.shape[:-1], dtype=flat.dtype, device=flat.device)

    def one(self, batch: Batch, masks: list[Tensor | None], numbers: Numbers, told: Tensor) -> None:
        """An update; what it tells (4,), or (M, 4), is written to `told`."""
        E = self.passes.step(self.w, batch, self.gradients, masks, self.precision)
        R = self.penalty.add(self.flat, self.gradients.flat) if self.penalty else self.zero
        update(self.optimizer, self.flat, self.gradients.flat, self.slots, numbers, self.kinds)
        weight = self.zero if batch.weights is None else batch.weights.sum(dim=-1)
        torch.stack([E, R, weight, (self.flat - self.flat).sum(dim=-1)], dim=-1, out=told)


class Eager:
    """Launches update after update, each operation from Python."""

    def __init__(self, updates: Updates) -> None:
        self.updates = updates

    def run(self, chunk: Chunk) -> Tensor:
        """All updates of a chunk; what they tell (K, 4), or (K, M, 4)."""
        flat, batch = self.updates.flat, chunk.batch
        told = torch.empty((len(chunk.sizes), *flat.shape[:-1], TOLD), dtype=flat.dtype, device=flat.device)
        numbers = chunk.numbers.tolist() if flat.ndim == 1 and not flat.is_cuda else chunk.numbers
        for place, size in enumerate(chunk.sizes):
            own = Batch(
                batch.X[place].narrow(-2, 0, size),
                batch.Y[place].narrow(flat.ndim - 1, 0, size),
                None if batch.weights is None else batch.weights[place].narrow(-1, 0, size),
            )
            masks = [None if mask is None else mask[place].narrow(-2, 0, size) for mask in chunk.masks]
            self.updates.one(own, masks, numbers[place], told[place])
        return told


Recorder = Callable[[Callable[[], None], list[Tensor]], Callable[[], None]]


class ByCursor:
    """Updates that find what they need at a cursor, and move it on: each is the same work at the same addresses.

    So it can be recorded once as a CUDA graph and launched again and again, without Python in between.
    `recorded` makes of an update, and of the tensors that it changes, what launches it; without it the update itself is
    called. `most` is how many steps a chunk has at most.
    """

    def __init__(self, updates: Updates, most: int, recorded: Recorder | None = None) -> None:
        self.updates, self.most, self.recorded = updates, most, recorded
        self.chunk: Chunk | None = None
        flat = updates.flat
        self.cursor = torch.zeros(1, dtype=torch.int64, device=flat.device)
        self.told = torch.zeros((most, *flat.shape[:-1], TOLD), dtype=flat.dtype, device=flat.device)
        self.launches: dict[int, Callable[[], None]] = {}

    def run(self, chunk: Chunk) -> Tensor:
        self.chunk = self.chunk or chunk.for_steps(self.most)
        self.chunk.copy(chunk)
        self.cursor.zero_()
        for size in dict.fromkeys(chunk.sizes):
            if size not in self.launches:
                self.launches[size] = self._launch(size)
        for size in chunk.sizes:
            self.launches[size]()
        return self.told[: len(chunk.sizes)].clone()

    def _launch(self, size: int) -> Callable[[], None]:
        def one() -> None:
            self._one(size)

        changed = [self.cursor, self.told, self.updates.flat, *self.updates.slots.values()]
        return one if self.recorded is None else self.recorded(one, changed)

    def _one(self, size: int) -> None:
        assert self.chunk is not None
        many, batch = self.updates.flat.ndim - 1, self.chunk.batch

        def here(whole: Tensor) -> Tensor:
            return whole.index_select(0, self.cursor).squeeze(0)

        own = Batch(
            here(batch.X).narrow(-2, 0, size),
            here(batch.Y).narrow(many, 0, size),
            None if batch.weights is None else here(batch.weights).narrow(-1, 0, size),
        )
        masks = [None if mask is None else here(mask).narrow(-2, 0, size) for mask in self.chunk.masks]
        told = torch.empty_like(self.told[0])
        self.updates.one(own, masks, here(self.chunk.numbers), told)
        self.told.index_copy_(0, self.cursor, told.unsqueeze(0))
        self.cursor.add_(1)


def recorded(one: Callable[[], None], changed: list[Tensor]) -> Callable[[], None]:
    """A CUDA graph of an update, launched by one call. What it changes is put back: it has run to warm up."""
    before = [tensor.clone() for tensor in changed]
    side, current = torch.cuda.Stream(), torch.cuda.current_stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):  # libraries set themselves up at the first call, which cannot be recorded
        for _ in range(2):
            changed[0].zero_()
            one()
    current.wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        one()
    for tensor, value in zip(changed, before, strict=True):
        tensor.copy_(value)
    return graph.replay  # type: ignore[no-any-return]
