"""Runs under way: which step is next, what it needs, what it told, and where that leaves each network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
import torch
from torch import Tensor

from clearprop.engines.base import Array, Ended, Member, Outcome, Part, Samples, State, Sums
from clearprop.engines.order import epoch_order
from clearprop.engines.torch.data import Chunk, OnHost, Resident
from clearprop.engines.torch.device import sent
from clearprop.engines.torch.philox import words
from clearprop.engines.torch.update import NUMBERS, numbers_of
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.random import Stream


class Course:
    """Networks side by side, at the same step of plans that differ in seeds, orders, rows and learning rates alone."""

    def __init__(self, members: Sequence[Member], samples: Samples, epochs: int) -> None:
        first = members[0]
        self.members, self.plan, self.network = members, first.plan, first.parameters.network
        self.dtype = first.parameters.flat.dtype
        self.rows = len(samples) if first.rows is None else len(first.rows)
        self.visited, self.batches = self.plan.visited(self.rows), self.plan.batches(self.rows)
        self.epochs = epochs
        self.epoch, self.batch, self.step = first.state.epoch, first.state.batch, first.state.step
        left = self.batches * max(0, epochs - self.epoch) - self.batch
        self.last = self.step + left if first.steps is None else min(self.step + left, first.steps)
        self.weighted = samples.weights is not None
        self.sums = np.array([astuple(member.state.sums) for member in members])
        self.losses: list[list[float]] = [[] for _ in members]
        self.lost: list[State | None] = [None] * len(members)
        self.orders: tuple[int, list[Array]] = (-1, [])
        self._close()

    def next(self, start: int, most: int, data: Resident | OnHost) -> Chunk | None:
        """What the updates from number `start` on need, at most so many; None where none is left."""
        count = min(most, self.last - start)
        if count < 1:
            return None
        place = self.epoch * self.batches + self.batch + start - self.step
        size = self.plan.batch_size
        rows = np.zeros((len(self.members), count * size), np.int64)
        sizes: list[int] = []
        while len(sizes) < count:
            epoch, batch = divmod(place + len(sizes), self.batches)
            steps = min(count - len(sizes), self.batches - batch)
            begin, end = batch * size, min((batch + steps) * size, self.visited)
            for own, order in zip(rows, self._orders(epoch), strict=True):
                own[len(sizes) * size :][: end - begin] = order[begin:end]
            sizes += [size] * (steps - 1) + [end - begin - (steps - 1) * size]
        many = len(self.members) > 1
        by_step = rows.reshape(len(self.members), count, size).swapaxes(0, 1)
        return Chunk(
            sizes,
            data.take(np.ascontiguousarray(by_step if many else by_step[:, 0])),
            self._masks(start, count, data.device),
            self._numbers(start, count, data.device),
        )

    def take(self, told: Array) -> None:
        """Enters what updates told (K, M, 4)."""
        while len(told):
            count = min(len(told), self.batches - self.batch)
            part, told = told[:count].astype(np.float64), told[count:]
            sizes = np.full((count, 1), float(self.plan.batch_size))
            if self.batch + count == self.batches:
                sizes[-1] = min(self.plan.batch_size, self.visited - (self.batches - 1) * self.plan.batch_size)
            E, R, weights, check = np.moveaxis(part, -1, 0)
            weights = weights if self.weighted else np.broadcast_to(sizes, E.shape)
            with np.errstate(over="ignore", invalid="ignore"):
                terms = [E * (weights if self.network.reduction == "mean" else 1.0), weights, R * sizes]
                added = np.stack([*terms, np.broadcast_to(sizes, E.shape)], axis=-1)
                grown = np.cumsum([self.sums, *added], axis=0)[1:]
                self._look(grown, np.isfinite(grown[..., 0] + grown[..., 2] + check))
            self.sums = grown[-1]
            self.batch, self.step = self.batch + count, self.step + count
            self._close()

    def _look(self, grown: Array, finite: Array) -> None:
        """Notes which network left the finite numbers, and at which update."""
        for number in np.flatnonzero(~finite.all(axis=0)).tolist():
            if self.lost[number] is None:
                place = int(np.argmin(finite[:, number]))
                sums, seed = Sums(*grown[place, number].tolist()), self.members[number].state.seed
                self.lost[number] = State(seed, self.epoch, self.batch + place + 1, self.step + place, sums=sums)

    @property
    def diverged(self) -> bool:
        """Whether no network is left that is of use."""
        return None not in self.lost

    def outcomes(self, flat: Array, slots: dict[str, Array]) -> list[Outcome]:
        """From the parameters and slots (M, P)."""
        ended: Ended = "done" if self.epoch >= self.epochs else "stopped"
        outcomes = []
        for number, (member, lost) in enumerate(zip(self.members, self.lost, strict=True)):
            own = {name: slot[number].copy() for name, slot in slots.items()}
            sums = Sums(*self.sums[number].tolist())
            state = lost or State(member.state.seed, self.epoch, self.batch, self.step, sums=sums)
            parameters, losses = Parameters(self.network, flat[number].copy()), np.array(self.losses[number])
            outcomes.append(Outcome(parameters, state.moved(slots=own), losses, "diverged" if lost else ended))
        return outcomes

    def _close(self) -> None:
        """Ends epochs whose batches are all done."""
        while self.batch >= self.batches and self.epoch < self.epochs:
            self.epoch, self.batch = self.epoch + 1, 0
            for losses, sums, lost in zip(self.losses, self.sums.tolist(), self.lost, strict=True):
                if lost is None:
                    losses.append(Sums(*sums).epoch_loss(self.network.reduction))
            self.sums = np.zeros_like(self.sums)

    def _orders(self, epoch: int) -> list[Array]:
        """The order of each network's rows in an epoch, as numbers of rows of all samples."""
        if self.orders[0] != epoch:
            orders = [epoch_order(member.plan.order, member.state.seed, epoch, self.rows) for member in self.members]
            own = [m.rows for m in self.members]
            self.orders = (
                epoch,
                [order if rows is None else rows[order] for order, rows in zip(orders, own, strict=True)],
            )
        return self.orders[1]

    def _numbers(self, start: int, count: int, device: torch.device) -> Tensor:
        found = np.stack([numbers_of(member.plan.optimizer, start, count) for member in self.members], axis=-1)
        shape = (count, len(NUMBERS), len(self.members), 1) if len(self.members) > 1 else (count, len(NUMBERS))
        return sent(found.reshape(shape).astype(self.dtype), device)

    def _masks(self, start: int, count: int, device: torch.device) -> list[Tensor | None]:
        """As `reference.dropout_masks`, of all steps and networks at once."""
        if not any(layer.dropout for layer in self.network.layers):
            return [None] * len(self.network.layers)
        steps = np.arange(start, start + count)
        fades = np.stack([member.plan.optimizer.fading.rates(steps) for member in self.members], axis=1)
        seeds, times = [member.state.seed for member in self.members], steps.tolist()
        masks: list[Tensor | None] = []
        for lane, layer in enumerate(self.network.layers):
            if not layer.dropout:
                masks.append(None)
                continue
            shares = (layer.dropout * fades)[..., None]
            bounds = sent((shares * 2.0**32).astype(np.int64), device)
            scales = sent((1.0 / (1.0 - shares)).astype(self.dtype), device)
            drawn = words(
                seeds, Stream.DROPOUT, self.plan.batch_size * layer.units, lane=lane, times=times, device=device
            )
            mask = torch.where(drawn >= bounds, scales, 0.0).unflatten(-1, (self.plan.batch_size, layer.units))
            masks.append(mask if len(seeds) > 1 else mask[:, 0])
        return masks


def part_masks(network: Network, part: Part, before: int, X: Tensor) -> list[Tensor | None]:
    """As `reference.dropout_masks`, of the rows X of a part of an update, `before` of which have come already."""
    masks: list[Tensor | None] = []
    for lane, layer in enumerate(network.layers):
        share = layer.dropout * part.fade
        if not share:
            masks.append(None)
            continue
        drawn = words(
            [part.seed],
            Stream.DROPOUT,
            len(X) * layer.units,
            lane=lane,
            times=[part.step],
            device=X.device,
            start=(part.first + before) * layer.units,
        )
        kept = torch.full((), 1.0 / (1.0 - share), dtype=X.dtype, device=X.device)
        masks.append(torch.where(drawn >= int(share * 2.0**32), kept, 0.0).reshape(len(X), layer.units))
    return masks


def numbers_a_step(network: Network, networks: int, batch_size: int) -> int:
    """About how many numbers a step of a chunk takes up."""
    dropped = sum(layer.units for layer in network.layers if layer.dropout)
    return networks * batch_size * (network.inputs + network.outputs + 1 + 8 * dropped) + 1
