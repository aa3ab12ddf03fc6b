"""The face of the C++ core: the default engine. What it computes is defined by `reference`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop._native import Network as NativeNetwork
from clearprop._native import evaluate, instruction_sets, multiplies_bfloat16, predict, train, train_many
from clearprop.engines.base import Array, Ended, Member, Outcome, Part, Plan, Samples, State, Sums, Task, Tick
from clearprop.errors import InputError
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop

if TYPE_CHECKING:
    from clearprop._native import Came, Run
    from clearprop._native import Task as NativeTask

# The learning rates of a changing schedule are handed over for so many updates at a time, of all networks of a call
# together; but of each for enough that handing over costs nothing beside the updates.
RATES_AT_ONCE = 1 << 18
RATES_EACH = 1 << 12

Known = dict[tuple[int, int, int, int | None], tuple[Array, Array, int | None]]
"""Learning rates and fades, and where a call ends, by the optimizer's id and where a run stands."""

WITHOUT_DROPOUT = Part(seed=0, step=0, fade=0.0)

MEANINGS = {"v3": "AVX2", "v4": "AVX-512"}
"""What the levels of x86-64 are better known as."""


class Native:
    """Dense networks in C++, in both float types, on several threads with the same bits for any number of them."""

    name = "native"

    def check_precision(self, precision: str) -> None:
        if precision != "bfloat16" or multiplies_bfloat16(instruction_set()):
            return
        able = [name for name in _available() if multiplies_bfloat16(name)]
        lacking, mend = "this processor does not have", "leave out precision"
        if able:
            lacking = f'the instruction set "{instruction_set()}" of CLEARPROP_INSTRUCTION_SET does not have'
            mend = f'set it to "{able[-1]}", or to nothing'
        raise InputError(
            f'precision: "bfloat16" needs AVX-512 BF16 instructions, which {lacking}; {mend}, or give '
            'engine="reference", which rounds alike but is slow'
        )

    def predict(self, parameters: Parameters, X: Array, threads: int) -> Array:
        outputs = np.empty((len(X), parameters.network.outputs), X.dtype)
        predict(
            network=_network(parameters.network),
            X=X,
            parameters=parameters.flat,
            outputs=outputs,
            threads=threads,
            instruction_set=instruction_set(),
        )
        return outputs

    def loss(self, parameters: Parameters, samples: Samples, threads: int) -> float:
        return self._evaluate(parameters, samples, None, threads, WITHOUT_DROPOUT)

    def loss_and_gradients(
        self, parameters: Parameters, samples: Samples, threads: int, part: Part | None = None
    ) -> tuple[float, Parameters]:
        gradients = np.empty_like(parameters.flat)
        loss = self._evaluate(parameters, samples, gradients, threads, part or WITHOUT_DROPOUT)
        return loss, Parameters(parameters.network, gradients)

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
        course = _Course(Member(parameters, plan, state, steps=steps), len(samples), epochs)
        while course.ended is None:
            came = train(
                **_shared(parameters.network, samples),
                run=course.next(RATES_AT_ONCE, {}),
                threads=plan.threads,
                tick=tick,
            )
            course.take(came)
        return course.outcome()

    def train_many(
        self, members: Sequence[Member], samples: Samples, *, epochs: int, threads: int, tick: Tick | None = None
    ) -> list[Outcome]:
        return self.train_tasks([Task(members, samples, epochs)], threads=threads, tick=tick)[0]

    def train_tasks(self, tasks: Sequence[Task], *, threads: int, tick: Tick | None = None) -> list[list[Outcome]]:
        types = sorted({one.parameters.flat.dtype.name for task in tasks for one in task.members})
        if len(types) > 1:
            raise InputError(f"tasks: all must have the same float type, got {' and '.join(types)}")
        told = [_task(task) for task in tasks]
        shapes: dict[int, int] = {}
        for place, task in enumerate(told):
            shapes.setdefault(id(task[0]), place)
        courses = [[_Course(one, len(task.samples), task.epochs) for one in task.members] for task in tasks]
        going = [(place, course) for place, several in enumerate(courses) for course in several]
        # Tiny networks that make the same steps go side by side where they follow each other; and long runs come first.
        going.sort(key=lambda one: (*one[1].pace(tasks[one[0]].samples), shapes[id(told[one[0]][0])]), reverse=True)
        while going:
            rates = max(RATES_AT_ONCE // len(going), RATES_EACH)
            known: Known = {}
            came = train_many(
                tasks=told,
                places=[place for place, _ in going],
                runs=[course.next(rates, known) for _, course in going],
                threads=threads,
                tick=tick,
                instruction_set=instruction_set(),
            )
            for (_, course), one in zip(going, came, strict=True):
                course.take(one)
            going = [one for one in going if one[1].ended is None]
        return [[course.outcome() for course in several] for several in courses]

    def _evaluate(
        self, parameters: Parameters, samples: Samples, gradients: Array | None, threads: int, part: Part
    ) -> float:
        loss: float = evaluate(
            **_shared(parameters.network, samples),
            parameters=parameters.flat,
            gradients=gradients,
            threads=threads,
            precision=part.precision,
            seed=part.seed,
            step=part.step,
            fade=part.fade,
            before=part.first,
        )
        return loss


class _Course:
    """A run under way: what the core writes to, and where it stands between two calls of it."""

    def __init__(self, member: Member, rows: int, epochs: int) -> None:
        plan, state = member.plan, member.state
        self.member, self.epochs, self.state = member, epochs, state
        self.flat = member.parameters.flat.copy()
        self.slots = {name: slot.copy() for name, slot in state.slots.items()}
        self.losses = np.empty(max(0, epochs - state.epoch))
        self.written = 0
        self.ended: Ended | None = None
        rows = rows if member.rows is None else len(member.rows)
        self.visited, self.batches = plan.visited(rows), plan.batches(rows)
        self.limit: int | None = None

    def pace(self, samples: Samples) -> tuple[Any, ...]:
        """How long the run is, then whatever else is alike of runs that the core puts side by side."""
        plan, state, network = self.member.plan, self.state, self.member.parameters.network
        optimizer = plan.optimizer
        return (
            self.batches * (self.epochs - state.epoch),
            -1 if self.member.steps is None else self.member.steps - state.step,
            self.visited,
            plan.batch_size,
            state.batch,
            plan.drop_last,
            plan.precision,
            _optimizer(optimizer)[0],
            optimizer.schedule.is_constant and optimizer.fading.is_constant,
            samples.Y.ndim,
            samples.weights is not None,
            network.l1 > 0 or network.l2 > 0,
        )

    def next(self, rates_at_once: int, known: Known) -> Run:
        """What the core is told, for as many updates as there may be learning rates at once.

        Those that are `known` serve all runs with the same optimizer.
        """
        plan, state, sums = self.member.plan, self.state, self.state.sums
        left = self.batches * (self.epochs - state.epoch) - state.batch
        asked = id(plan.optimizer), state.step, left, self.member.steps
        if asked not in known:
            known[asked] = _rates(plan.optimizer, *asked[1:], rates_at_once)
        rates, fades, self.limit = known[asked]
        return (
            _optimizer(plan.optimizer),
            rates,
            fades,
            plan.order if isinstance(plan.order, str) else "given",
            None if isinstance(plan.order, str) else plan.order,
            self.member.rows,
            self.visited,
            plan.batch_size,
            plan.drop_last,
            plan.precision,
            state.seed,
            self.epochs,
            -1 if self.limit is None else self.limit,
            self.flat,
            [self.slots[name] for name in plan.optimizer.slots],
            state.epoch,
            state.batch,
            state.step,
            (sums.loss, sums.weight, sums.penalty, sums.rows),
            self.losses[self.written :],
        )

    def take(self, came: Came) -> None:
        """Enters what a call of the core came to; the run goes on where only the learning rates had run out."""
        ended, epoch, batch, step, sums, written = came
        self.written += written
        self.state = State(self.state.seed, epoch, batch, step, self.slots, Sums(*sums))
        if ended != "stopped" or step != self.limit or step == self.member.steps:
            self.ended = ended

    def outcome(self) -> Outcome:
        assert self.ended is not None
        parameters = Parameters(self.member.parameters.network, self.flat)
        return Outcome(parameters, self.state, self.losses[: self.written], self.ended)


def instruction_set() -> str:
    """The best instruction set of this processor, or the one that CLEARPROP_INSTRUCTION_SET names.

    >>> instruction_set() in ("portable", "v3", "v4", "neon")
    True
    """
    available = _available()
    asked = os.environ.get("CLEARPROP_INSTRUCTION_SET")
    if asked and asked not in available:
        names = [f"{name} ({MEANINGS[name]})" if name in MEANINGS else name for name in available]
        raise InputError(
            f'CLEARPROP_INSTRUCTION_SET: expected one that this processor runs, {", ".join(names)}, got "{asked}"'
        )
    return asked or available[-1]


@lru_cache(maxsize=1)
def _available() -> list[str]:
    return list(instruction_sets())


@lru_cache(maxsize=1024)
def _shape(network: Network) -> Network:
    """The network without its penalties: what those that learn in one call may have in common."""
    return replace(network, l1=0.0, l2=0.0)


@lru_cache(maxsize=256)
def _network(network: Network) -> NativeNetwork:
    function = network.loss_function
    layers = []
    for inputs, layer in zip(network.sizes, network.layers, strict=False):
        activation = layer.function
        name, number = activation.kind, activation.number or 0.0
        rates = layer.weight_rate, layer.bias_rate
        layers.append((inputs, layer.units, name, number, layer.bias, layer.train_bias, layer.dropout, *rates))
    columns = [
        (layer.kind, layer.count, layer.functions, getattr(layer, "outputs", 0), layer.learning_rate_factor)
        for layer in network.columns
    ]
    return NativeNetwork(
        network.inputs,
        columns,
        network.scale.rate if network.scale else None,
        layers,
        function.kind,
        function.number or 0.0,
        network.joint_pair is not None,
        network.reduction == "mean",
        network.l1,
        network.l2,
    )


def _optimizer(optimizer: Optimizer) -> tuple[str, float, float, float, float, float]:
    """(rule, momentum, beta1, beta2, epsilon, weight_decay)."""
    # By exact type: a subclass may update otherwise.
    match optimizer:
        case SGD() if type(optimizer) is SGD:
            rule = "nesterov" if optimizer.nesterov else "momentum" if optimizer.momentum else "sgd"
            return rule, optimizer.momentum, 0.0, 0.0, 0.0, 0.0
        case RMSprop() if type(optimizer) is RMSprop:
            return "rmsprop", 0.0, 0.0, optimizer.decay, optimizer.epsilon, 0.0
        case AdamW() if type(optimizer) is AdamW:
            return "adamw", 0.0, optimizer.beta1, optimizer.beta2, optimizer.epsilon, optimizer.weight_decay
        case Adam() if type(optimizer) is Adam:
            return "adam", 0.0, optimizer.beta1, optimizer.beta2, optimizer.epsilon, 0.0
    raise InputError(
        f'the native engine does not know the optimizer {type(optimizer).__name__}; give engine="reference"'
    )


def _rates(
    optimizer: Optimizer, step: int, left: int, steps: int | None, at_once: int
) -> tuple[Array, Array, int | None]:
    """The learning rates and fades of the next updates, of `left` in all, and the step at which the call has to end.

    Of a constant schedule it is one number for all.
    """
    schedules = optimizer.schedule, optimizer.fading
    reach = step + max(1, min(left, at_once))
    rates, fades = (
        np.array([one.at(step)]) if one.is_constant else one.rates(np.arange(step, reach)) for one in schedules
    )
    ends = left <= at_once or (steps is not None and steps <= reach) or all(one.is_constant for one in schedules)
    return rates, fades, steps if ends else reach


def _task(task: Task) -> NativeTask:
    """What the members of a task share."""
    network, samples = task.members[0].parameters.network, task.samples
    Y, classes = (None, samples.Y) if samples.Y.ndim == 1 else (samples.Y, None)
    return _network(_shape(network)), network.l1, network.l2, samples.X, Y, classes, samples.weights


def _shared(network: Network, samples: Samples) -> dict[str, Any]:
    """What a call on one network is told."""
    classes = samples.Y.ndim == 1
    return {
        "network": _network(network),
        "X": samples.X,
        "Y": None if classes else samples.Y,
        "classes": samples.Y if classes else None,
        "weights": samples.weights,
        "instruction_set": instruction_set(),
    }
