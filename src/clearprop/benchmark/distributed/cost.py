"""The cost model: how long an update takes on so many workers, from what a short trial on one of them finds.

All times are in seconds, all sizes in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

LEAST_RISE = 0.1
"""By which part of a trial's shortest time its most rows must take longer than its fewest, that a rate can be told."""


@dataclass(frozen=True)
class Work:
    """What a network costs, whoever computes it.

    Attributes:
        operations: of the products alone, forward and back, for one row.
        parameters: weights and biases.
        slots: how many numbers the optimizer remembers of each.
        number_bytes: of a parameter.
        row_bytes: of the inputs and the target of a row.

    >>> Work.of((2048, 2048, 2048, 10)).parameters
    8413194
    """

    operations: float
    parameters: int
    slots: int
    number_bytes: int
    row_bytes: int

    @staticmethod
    def of(sizes: Sequence[int], slots: int = 2, number_bytes: int = 4) -> Work:
        """Of dense layers: inputs, then the units of each layer; no error goes back to the inputs."""
        weights = sum(inputs * units for inputs, units in pairwise(sizes))
        operations = 6.0 * weights - 2.0 * sizes[0] * sizes[1]
        return Work(operations, weights + sum(sizes[1:]), slots, number_bytes, number_bytes * sizes[0] + 8)

    @property
    def gradient_bytes(self) -> int:
        """What is added up in an update."""
        return self.parameters * self.number_bytes

    @property
    def mean_bytes(self) -> int:
        """What is averaged after a round of local SGD: parameters and slots."""
        return self.gradient_bytes * (1 + self.slots)


@dataclass(frozen=True)
class Pace:
    """How fast one process goes through updates of one network: an update of b rows takes fixed + b · operations/rate.

    `rate` is in operations a second. None is what a trial cannot tell: the rate, where the rows make no difference
    beside the rest, and fixed is then the time of any update; fixed, where the rows seem to take more than all of it.
    """

    fixed: float | None
    rate: float | None

    @staticmethod
    def fitted(work: Work, rows: Sequence[int], seconds: Sequence[float]) -> Pace:
        """From a trial: updates of few rows, and how long they took.

        >>> Pace.fitted(Work.of((10, 10)), rows=[100, 200], seconds=[0.2, 0.3])
        Pace(fixed=0.1, rate=400000.0)
        >>> Pace.fitted(Work.of((10, 10)), rows=[100, 200], seconds=[0.2, 0.2])
        Pace(fixed=0.2, rate=None)
        """
        a_row, fixed = map(float, np.polyfit(rows, seconds, 1))
        if a_row * (max(rows) - min(rows)) < LEAST_RISE * min(seconds):
            return Pace(round(float(np.mean(seconds)), 12), None)
        return Pace(round(fixed, 12) if fixed > 0 else None, float(f"{work.operations / a_row:.6g}"))

    def update(self, work: Work, rows: float) -> float:
        """How long an update of so many rows takes."""
        return (self.fixed or 0.0) + (rows * work.operations / self.rate if self.rate else 0.0)


@dataclass(frozen=True)
class Link:
    """How fast workers add up: a message takes `latency`, and then `bandwidth` bytes a second go each way.

    Adding up goes round a ring: of W workers, each sends 2(W - 1) messages, each of one W-th of the bytes.
    """

    latency: float
    bandwidth: float

    def add_up(self, size: float, workers: int) -> float:
        """How long it takes until all have the sum of what each has.

        >>> Link(latency=0.001, bandwidth=1e9).add_up(1e9, workers=2)
        1.002
        """
        messages = 2 * (workers - 1)
        return messages * (self.latency + size / workers / self.bandwidth)

    @staticmethod
    def fitted(sizes: Sequence[int], seconds: Sequence[float], workers: int) -> Link:
        """From how long sums of so many bytes took: the smallest give the latency, the largest the bandwidth.

        >>> link = Link(latency=0.001, bandwidth=1e9)
        >>> Link.fitted([1000, 10**9], [link.add_up(size, 4) for size in (1000, 10**9)], workers=4)
        Link(latency=0.001, bandwidth=1000000000.0)
        """
        messages = 2 * (workers - 1)
        order = np.argsort(sizes)
        small, large = order[: max(1, len(order) // 3)], order[-max(1, len(order) // 3) :]
        sent = np.array(sizes, float) / workers
        each = np.array(seconds, float) / messages
        bandwidth = float(np.median(sent[large] / each[large]))
        for _ in range(3):  # each is known the better, the better the other is
            latency = max(0.0, float(np.median(each[small] - sent[small] / bandwidth)))
            bandwidth = float(np.median(sent[large] / np.maximum(each[large] - latency, 1e-12)))
        return Link(float(f"{latency:.6g}"), float(f"{bandwidth:.6g}"))


@dataclass(frozen=True)
class Forecast:
    """An update on so many workers.

    Attributes:
        compute: of a worker's share of the batch, with the update itself.
        add_up: what all wait for each other and for the wire, the mean over the updates of a round.
    """

    compute: float
    add_up: float

    @property
    def seconds(self) -> float:
        return self.compute + self.add_up


def forecast(work: Work, pace: Pace, link: Link, *, batch: int, workers: int, every: int = 1) -> Forecast:
    """An update of a joined batch; with `every` above 1 a round of local SGD, by one of its updates.

    >>> work, pace, link = Work.of((2048, 2048, 2048, 10)), Pace(0.05, 60e9), Link(1e-4, 1e9)
    >>> one = forecast(work, pace, link, batch=4096, workers=1)
    >>> two = forecast(work, pace, link, batch=4096, workers=2)
    >>> round(one.seconds, 2), round(two.seconds, 2), round(one.seconds / two.seconds / 2, 2)
    (2.92, 1.52, 0.96)
    """
    share = -(-batch // workers)
    sent = work.gradient_bytes if every == 1 else work.mean_bytes
    return Forecast(pace.update(work, share), link.add_up(sent, workers) / every if workers > 1 else 0.0)
