"""What is learnt from: on the device where it fits, else sent there chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from clearprop.engines.base import Array, Samples
from clearprop.engines.torch.device import sent, shared
from clearprop.engines.torch.passes import Batch

RESIDENT = 0.5
"""The share of a device's free memory that samples may take up to stay there."""


class Resident:
    """Samples on the device, gathered there; on the processor they are the caller's arrays."""

    def __init__(self, samples: Samples, device: torch.device) -> None:
        self.device = device
        self.X, self.Y = sent(samples.X, device), sent(samples.Y, device)
        self.weights = None if samples.weights is None else sent(samples.weights, device)

    def take(self, rows: Array) -> Batch:
        """The samples of some rows, in an array of any shape, which the answer has before its own."""
        flat = sent(rows.reshape(-1), self.device)
        X, Y, weights = (
            None if one is None else one.index_select(0, flat).unflatten(0, rows.shape)
            for one in (self.X, self.Y, self.weights)
        )
        return Batch(X, Y, weights)


class OnHost:
    """Samples that stay on the host: they are gathered into pinned memory and sent while the chunk before is at work.

    PyTorch keeps pinned memory that is still being read, and takes other memory for the next chunk: two buffers in all.
    """

    def __init__(self, samples: Samples, device: torch.device) -> None:
        self.device, self.pinned = device, device.type == "cuda"
        self.X, self.Y = shared(samples.X), shared(samples.Y)
        self.weights = None if samples.weights is None else shared(samples.weights)
        self.stream = torch.cuda.Stream(device) if self.pinned else None

    def take(self, rows: Array) -> Batch:
        flat = shared(rows.reshape(-1))
        X, Y, weights = (
            None if one is None else self._send(one, flat).unflatten(0, rows.shape)
            for one in (self.X, self.Y, self.weights)
        )
        return Batch(X, Y, weights)

    def _send(self, one: Tensor, rows: Tensor) -> Tensor:
        gathered = torch.empty((len(rows), *one.shape[1:]), dtype=one.dtype, pin_memory=self.pinned)
        torch.index_select(one, 0, rows, out=gathered)
        if self.stream is None:
            return gathered.to(self.device)
        with torch.cuda.stream(self.stream):
            there = gathered.to(self.device, non_blocking=True)
        current = torch.cuda.current_stream(self.device)
        current.wait_stream(self.stream)
        there.record_stream(current)
        return there


def placed(samples: Samples, device: torch.device) -> Resident | OnHost:
    """Resident where the samples fit."""
    return (Resident if fits(samples, device) else OnHost)(samples, device)


def fits(samples: Samples, device: torch.device) -> bool:
    if device.type != "cuda":
        return True
    size = sum(one.nbytes for one in (samples.X, samples.Y, samples.weights) if one is not None)
    return bool(size <= RESIDENT * torch.cuda.mem_get_info(device)[0])


@dataclass(frozen=True)
class Chunk:
    """What a number of steps in a row need, all on the device.

    Attributes:
        sizes: how many rows each step has; only those of the last batch of an epoch are fewer than the first's.
        batch: of each step (K, B), where there are many networks (K, M, B), short steps filled up with any rows.
        masks: of each layer that drops outputs (K, B, units) or (K, M, B, units).
        numbers: of each step the `update.NUMBERS` (K, 3), or (K, 3, M, 1).
    """

    sizes: list[int]
    batch: Batch
    masks: list[Tensor | None]
    numbers: Tensor

    def for_steps(self, count: int) -> Chunk:
        """Memory for a chunk of so many steps."""
        X, Y, weights, numbers, *masks = (
            None if one is None else one.new_zeros((count, *one.shape[1:])) for one in self._tensors()
        )
        return Chunk([], Batch(X, Y, weights), masks, numbers)

    def copy(self, chunk: Chunk) -> None:
        """Takes over the numbers of a chunk of as many steps or fewer."""
        for own, other in zip(self._tensors(), chunk._tensors(), strict=True):
            if own is not None:
                own[: len(chunk.sizes)].copy_(other)

    def _tensors(self) -> list[Tensor | None]:
        return [self.batch.X, self.batch.Y, self.batch.weights, self.numbers, *self.masks]
