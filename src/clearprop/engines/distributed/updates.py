"""Updates that all workers make together: each the gradients of its share of the batch, one sum, the same update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.engines.base import Array, Engine, Member, Part, Samples, State, Sums
from clearprop.engines.distributed.workers import Workers
from clearprop.network.parameters import Parameters
from clearprop.network.penalty import penalty
from clearprop.network.spec import Network

BLOCK = 1 << 15
"""How many parameters are updated at a time: few enough that all that belongs to them stays in the cache."""


def share(rows: Array, worker: int, workers: int) -> tuple[int, Array]:
    """A worker's rows of a batch, which stand together, and the place of the first of them.

    >>> [share(np.arange(5), worker, 2) for worker in range(2)]
    [(0, array([0, 1])), (2, array([2, 3, 4]))]
    """
    first, end = (len(rows) * number // workers for number in (worker, worker + 1))
    return first, rows[first:end]


def picked(samples: Samples, rows: Array) -> Samples:
    """Some of the samples, by number."""
    return Samples(samples.X[rows], samples.Y[rows], None if samples.weights is None else samples.weights[rows])


class Told:
    """Numbers that each worker tells all others behind what they add up, with all their digits in any float type.

    Each number is sent as two, of which the second has the digits that the first has no room for; each worker writes to
    places of its own, where the others have 0.
    """

    def __init__(self, worker: int, workers: int, numbers: int, dtype: np.dtype[Any]) -> None:
        self.worker, self.shape, self.dtype = worker, (workers, numbers, 2), dtype
        self.size = workers * numbers * 2

    def write(self, room: Array, numbers: Sequence[float]) -> None:
        room[...] = 0
        with np.errstate(over="ignore", invalid="ignore"):
            exact = np.array(numbers, np.float64)
            high = exact.astype(self.dtype)
            places = room.reshape(self.shape)[self.worker]
            places[:, 0], places[:, 1] = high, exact - high

    def read(self, room: Array) -> NDArray[np.float64]:
        """(workers, numbers)."""
        numbers: NDArray[np.float64] = room.reshape(self.shape).astype(np.float64).sum(axis=2)
        return numbers


class Updates:
    """A run of updates under way. `asked` says that some worker was told to stop before the last of them."""

    def __init__(self, engine: Engine, workers: Workers, every: int, member: Member, samples: Samples) -> None:
        self.engine, self.workers, self.plan, self.samples = engine, workers, member.plan, samples
        self.rows = len(samples) if member.rows is None else len(member.rows)
        self.network = member.parameters.network
        self.state: State = member.state
        self.parameters = Parameters(self.network, member.parameters.flat.copy())
        self.slots = {name: slot.copy() for name, slot in member.state.slots.items()}
        self.asked = False
        flat = self.parameters.flat
        self.kinds = _kinds(self.network, flat.dtype)
        # The sum over the rows adds up, whoever has which; the penalty belongs to no row.
        self.of_rows = Parameters(replace(self.network, l1=0.0, l2=0.0, reduction="sum"), flat)
        self.told = Told(workers.rank, workers.count, 2, flat.dtype)
        self.buffer = np.empty(len(flat) + self.told.size, flat.dtype)
        self.gradient, self.room = self.buffer[: len(flat)], self.buffer[len(flat) :]

    def advance(self, order: Array, ask: bool) -> bool:
        """One update; False where a number is no longer finite. `ask` says that this worker was told to stop."""
        state, plan = self.state, self.plan
        batch = order[state.batch * plan.batch_size : (state.batch + 1) * plan.batch_size]
        fade = plan.optimizer.fading.at(state.step)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.told.write(self.room, (ask, self._compute(batch, fade)))
            self.workers.sum(self.buffer)
            told = self.told.read(self.room)
            self.asked = bool(told[:, 0].any())
            E = float(told[:, 1].sum())
            weights = self.samples.weights
            weight = float(len(batch) if weights is None else weights[batch].sum())
            R, finite = self._update((weight or 1.0) if self.network.reduction == "mean" else 1.0, fade)
            old = state.sums
            sums = Sums(old.loss + E, old.weight + weight, old.penalty + R * len(batch), old.rows + len(batch))
            if not finite or not np.isfinite(sums.loss + sums.penalty):
                self.state = state.moved(sums=sums)
                return False
        self.state = state.moved(batch=state.batch + 1, step=state.step + 1, sums=sums)
        return True

    def _compute(self, batch: Array, fade: float) -> float:
        """Σ wᵢEᵢ over this worker's rows; its gradient is written to the buffer."""
        first, rows = share(batch, self.workers.rank, self.workers.count)
        if not len(rows):
            self.gradient[...] = 0
            return 0.0
        part = Part(self.state.seed, self.state.step, first, fade, self.plan.precision)
        E, gradients = self.engine.loss_and_gradients(self.of_rows, picked(self.samples, rows), self.plan.threads, part)
        self.gradient[...] = gradients.flat
        return E

    def _update(self, divisor: float, fade: float) -> tuple[float, bool]:
        """R, and whether all parameters are finite; parameters and slots are changed in their places."""
        optimizer, network, step = self.plan.optimizer, self.network, self.state.step
        rate, penalised = optimizer.schedule.at(step), bool(network.l1 or network.l2)
        weights, factors, trained = self.kinds
        R, finite = 0.0, True
        for start in range(0, len(self.gradient), BLOCK):
            piece = slice(start, start + BLOCK)
            w, g = self.parameters.flat[piece], self.gradient[piece]
            if divisor != 1.0:
                g /= divisor
            if penalised:
                R_here, dR = penalty(np.where(weights[piece], w, 0), network.l1, network.l2)
                R += float(R_here)
                g += dR
            new, slots = optimizer.update(
                w,
                g,
                {name: slot[piece] for name, slot in self.slots.items()},
                rate,
                step,
                weights[piece],
                factors=factors if isinstance(factors, float) else factors[piece],
                fade=fade,
            )
            where: Any = True if trained is None else trained[piece]
            np.copyto(w, new, where=where)
            for name, slot in slots.items():
                np.copyto(self.slots[name][piece], slot, where=where)
            finite = finite and bool(np.isfinite(w).all())
        return R, finite


@lru_cache(maxsize=4)
def _kinds(network: Network, dtype: np.dtype[Any]) -> tuple[NDArray[np.bool_], Array | float, NDArray[np.bool_] | None]:
    """Of each parameter whether it is a weight, what its rate is multiplied by, and whether it is trained.

    Where it is the same for all parameters, the factor 1.0, and None for trained.
    """
    parameters = Parameters(network, np.zeros(network.parameter_count, dtype))
    factors, trained = parameters.rate_factors(), parameters.trained()
    return parameters.are_weights(), 1.0 if (factors == 1).all() else factors, None if trained.all() else trained
