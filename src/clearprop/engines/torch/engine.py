"""The face of the engine on PyTorch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from clearprop.engines.base import Array, Member, Outcome, Plan, Samples, State, Task, Tick
from clearprop.engines.torch.course import Course, numbers_a_step
from clearprop.engines.torch.data import placed
from clearprop.engines.torch.device import check_dtype, computing, device_of, multiplies_bfloat16, sent
from clearprop.engines.torch.passes import Batch, Passes, Penalty, Views
from clearprop.engines.torch.steps import ByCursor, Eager, Updates, recorded
from clearprop.engines.torch.update import Kinds, check_optimizer
from clearprop.errors import InputError
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network

TICK_SECONDS = 0.1
SHORT, LONG = 0.02, 0.08
"""Seconds that a chunk takes at least and at most, so that `tick` is asked about ten times a second."""
FIRST_STEPS, MOST_STEPS = 8, 4096
# In numbers, on the processor and on other devices: what a chunk has, what networks side by side have together, and
# what an evaluation holds at a time.
CHUNK = (1 << 20, 1 << 24)
TOGETHER = (1 << 22, 1 << 28)
PIECE = (1 << 22, 1 << 26)


class Torch:
    """Dense networks on a device of PyTorch, in the float types that it has.

    The same call gives the same bits each time on one machine, with one number of threads. Other devices and numbers of
    threads, and networks side by side, sum in other orders: they agree but for rounding.
    """

    def __init__(self, name: str = "torch") -> None:
        self.name = name
        self.device = device_of(name)
        self._trainer: _Trainer | None = None

    def check_precision(self, precision: str) -> None:
        """The processor rounds by itself, as the reference does."""
        if precision == "bfloat16" and self.device.type == "cuda" and not multiplies_bfloat16(self.device):
            raise InputError(
                f'precision: "bfloat16" needs products that the device "{self.device}" or this PyTorch does not '
                "have; leave out precision"
            )

    def predict(self, parameters: Parameters, X: Array, threads: int) -> Array:
        found = np.empty((len(X), parameters.network.outputs), X.dtype)
        with computing(self.device, threads):
            passes, w = Passes(parameters.network), self._views(parameters)
            for rows in self._pieces(parameters.network, len(X)):
                found[rows] = passes.outputs(w, sent(X[rows], self.device))[1].cpu().numpy()
        return found

    def loss(self, parameters: Parameters, samples: Samples, threads: int) -> float:
        with computing(self.device, threads):
            passes, w = Passes(parameters.network), self._views(parameters)
            E = sum(float(passes.loss(w, batch)) for batch in self._batches(parameters.network, samples))
            return E + self._penalize(parameters, w.flat, torch.zeros_like(w.flat))

    def loss_and_gradients(self, parameters: Parameters, samples: Samples, threads: int) -> tuple[float, Parameters]:
        network = parameters.network
        with computing(self.device, threads):
            passes, w = Passes(network), self._views(parameters)
            own, gradients, E = Views(network, torch.zeros_like(w.flat)), torch.zeros_like(w.flat), 0.0
            for batch in self._batches(network, samples):
                E += float(passes.step(w, batch, own))
                gradients.add_(own.flat)
            loss = E + self._penalize(parameters, w.flat, gradients)
            return loss, Parameters(network, gradients.cpu().numpy())

    def train_epochs(
        self,
        parameters: Parameters,
        samples: Samples,
        plan: Plan,
        state: State,
        *,
        epochs: int,
        steps: int | None = None,
        tick: Tick | None = None,
    ) -> Outcome:
        member = Member(parameters, plan, state, steps=steps)
        check_optimizer(plan.optimizer)
        with computing(self.device, plan.threads):
            if self._trainer is None or not self._trainer.serves(member, samples):
                self._trainer = None  # frees its memory before that of the next is asked for
                self._trainer = _Trainer([member], samples, self.device)
            return self._trainer.run([member], epochs, _Clock(tick))[0]

    def train_many(
        self, members: Sequence[Member], samples: Samples, *, epochs: int, threads: int, tick: Tick | None = None
    ) -> list[Outcome]:
        """Those of as many rows and of one rule of update go side by side, as stacks of matrices."""
        outcomes: dict[int, Outcome] = {}
        clock = _Clock(tick)
        for member in members:
            check_optimizer(member.plan.optimizer)
        with computing(self.device, threads):
            for numbers in self._groups(members, samples):
                group = [members[number] for number in numbers]
                found = _Trainer(group, samples, self.device).run(group, epochs, clock)
                outcomes.update(zip(numbers, found, strict=True))
        return [outcomes[number] for number in range(len(members))]

    def train_tasks(self, tasks: Sequence[Task], *, threads: int, tick: Tick | None = None) -> list[list[Outcome]]:
        return [
            self.train_many(one.members, one.samples, epochs=one.epochs, threads=threads, tick=tick) for one in tasks
        ]

    def _groups(self, members: Sequence[Member], samples: Samples) -> list[list[int]]:
        """Numbers of members that can go side by side, no more of them than go together well."""
        alike: dict[tuple[Any, ...], list[int]] = {}
        for number, member in enumerate(members):
            alike.setdefault(_kind(member, len(samples)), []).append(number)
        groups = []
        for numbers in alike.values():
            first = members[numbers[0]]
            network, batch_size = first.parameters.network, first.plan.batch_size
            own = 6 * network.parameter_count + 6 * batch_size * sum(network.sizes)
            most = max(1, self._of(TOGETHER) // own)
            groups += [numbers[start : start + most] for start in range(0, len(numbers), most)]
        return groups

    def _of(self, sizes: tuple[int, int]) -> int:
        return sizes[self.device.type != "cpu"]

    def _sent(self, array: Array) -> Tensor:
        check_dtype(self.device, array.dtype)
        return sent(array, self.device)

    def _views(self, parameters: Parameters) -> Views:
        return Views(parameters.network, self._sent(parameters.flat))

    def _pieces(self, network: Network, rows: int) -> list[slice]:
        most = max(1, self._of(PIECE) // (2 * sum(network.sizes) + network.inputs))
        return [slice(start, start + most) for start in range(0, rows, most)]

    def _batches(self, network: Network, samples: Samples) -> Iterator[Batch]:
        """The samples in pieces, each sample's gradient multiplied by what it is in all of them."""
        back: Any = 1.0 / len(samples) if network.reduction == "mean" else 1.0
        if samples.weights is not None:
            back = samples.weights / ((samples.weights.sum() or 1.0) if network.reduction == "mean" else 1.0)
        for rows in self._pieces(network, len(samples)):
            own = back if isinstance(back, float) else sent(back[rows], self.device)
            yield Batch(sent(samples.X[rows], self.device), sent(samples.Y[rows], self.device), back=own)

    def _penalize(self, parameters: Parameters, w: Tensor, gradients: Tensor) -> float:
        """R; ∂R/∂w is added to the gradients."""
        weights = sent(parameters.are_weights().astype(parameters.flat.dtype), self.device)
        penalty = Penalty(parameters.network, weights)
        return float(penalty.add(w, gradients)) if penalty else 0.0


class _Trainer:
    """What a run has on the device, and what the next call of the same run finds there: samples, buffers, graphs."""

    def __init__(self, members: Sequence[Member], samples: Samples, device: torch.device) -> None:
        first = members[0]
        network, self.plan, dtype = first.parameters.network, first.plan, first.parameters.flat.dtype
        self.network, self.samples, self.dtype, self.device = network, samples, dtype, device
        check_dtype(device, dtype)
        self.data = placed(samples, device)
        self.many = (len(members),) if len(members) > 1 else ()
        flat = sent(np.zeros((*self.many, network.parameter_count), dtype), device)
        kinds = Kinds.of(network, dtype, lambda array: sent(array, device))
        self.updates = Updates(network, self.plan.optimizer, self.plan.precision, flat, kinds)
        own = numbers_a_step(network, len(members), self.plan.batch_size)
        self.most = min(max(CHUNK[device.type != "cpu"] // own, 1), MOST_STEPS)
        self.steps = min(FIRST_STEPS, self.most)
        by_cursor = device.type == "cuda"
        self.runner = ByCursor(self.updates, self.most, recorded) if by_cursor else Eager(self.updates)

    def serves(self, member: Member, samples: Samples) -> bool:
        same = self.samples is samples and self.plan is member.plan and not self.many
        return same and self.network == member.parameters.network and self.dtype == member.parameters.flat.dtype

    def run(self, members: Sequence[Member], epochs: int, clock: _Clock) -> list[Outcome]:
        course, updates = Course(members, self.samples, epochs), self.updates
        self._enter(updates.flat, [member.parameters.flat for member in members])
        for name, slot in updates.slots.items():
            self._enter(slot, [member.state.slots[name] for member in members])
        ahead = course.next(course.step, self.steps, self.data)
        while ahead is not None and clock.go_on(course):
            began, chunk = time.perf_counter(), ahead
            told = self.runner.run(chunk)
            # Prepared while the device is at work on the chunk before; what it told is waited for afterwards.
            ahead = course.next(course.step + len(chunk.sizes), self.steps, self.data)
            course.take(told.cpu().numpy().reshape(len(chunk.sizes), len(members), -1))
            self._adapt(time.perf_counter() - began)
            if course.diverged:
                break
        return course.outcomes(self._left(updates.flat), {name: self._left(one) for name, one in updates.slots.items()})

    def _adapt(self, seconds: float) -> None:
        """Makes the chunks longer or shorter, that they take neither too little nor too much time."""
        if seconds < SHORT:
            self.steps = min(2 * self.steps, self.most)
        elif seconds > LONG:
            self.steps = max(self.steps // 2, 1)

    def _enter(self, tensor: Tensor, arrays: Sequence[Array]) -> None:
        tensor.copy_(sent(np.stack(arrays).reshape(tensor.shape), self.device))

    def _left(self, tensor: Tensor) -> Array:
        array: Array = tensor.cpu().numpy().reshape(-1, self.network.parameter_count)
        return array


class _Clock:
    """Asks about ten times a second whether to go on; once it was told no, the answer stays that."""

    def __init__(self, tick: Tick | None) -> None:
        self.tick, self.asked, self.ended = tick, time.perf_counter(), False

    def go_on(self, course: Course) -> bool:
        now = time.perf_counter()
        if self.tick is not None and not self.ended and now - self.asked >= TICK_SECONDS:
            self.asked = now
            self.ended = not self.tick(course.epoch, course.batch, course.step)
        return not self.ended


def _kind(member: Member, rows: int) -> tuple[Any, ...]:
    """What members must have in common to go side by side."""
    plan, state = member.plan, member.state
    visited = plan.visited(rows if member.rows is None else len(member.rows))
    rule = replace(plan.optimizer, learning_rate=1.0, fade=1.0)
    place = state.epoch, state.batch, state.step, member.steps
    return rule, plan.batch_size, plan.drop_last, plan.precision, visited, place
