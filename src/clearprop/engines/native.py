"""The face of the C++ core: the default engine. What it computes is defined by `reference`."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import numpy as np

from clearprop._native import Network as NativeNetwork
from clearprop._native import evaluate, instruction_sets, predict, train
from clearprop.engines.base import Array, Outcome, Plan, Samples, State, Sums, Tick
from clearprop.errors import InputError, unknown
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop

# The learning rates of a changing schedule are handed over for so many updates at a time.
RATES_AT_ONCE = 1 << 18


class Native:
    """Dense networks in C++, in both float types, on several threads with the same bits for any number of them."""

    name = "native"

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
        return self._evaluate(parameters, samples, None, threads)

    def loss_and_gradients(self, parameters: Parameters, samples: Samples, threads: int) -> tuple[float, Parameters]:
        gradients = np.empty_like(parameters.flat)
        loss = self._evaluate(parameters, samples, gradients, threads)
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
        flat = parameters.flat.copy()
        slots = {name: slot.copy() for name, slot in state.slots.items()}
        losses = np.empty(max(0, epochs - state.epoch))
        written = 0
        while True:
            rates, limit = _rates(plan, state, plan.batches(len(samples)) * (epochs - state.epoch) - state.batch, steps)
            ended, epoch, batch, step, sums, finished = train(
                network=_network(parameters.network),
                optimizer=_optimizer(plan.optimizer),
                rates=rates,
                X=samples.X,
                **_targets(samples),
                order=plan.order if isinstance(plan.order, str) else "given",
                given=None if isinstance(plan.order, str) else plan.order,
                visited=plan.visited(len(samples)),
                batch_size=plan.batch_size,
                drop_last=plan.drop_last,
                seed=state.seed,
                threads=plan.threads,
                tick=tick,
                epochs=epochs,
                steps=-1 if limit is None else limit,
                parameters=flat,
                slots=[slots[name] for name in plan.optimizer.slots],
                epoch=state.epoch,
                batch=state.batch,
                step=state.step,
                sums=(state.sums.loss, state.sums.weight, state.sums.penalty, state.sums.rows),
                losses=losses[written:],
                instruction_set=instruction_set(),
            )
            written += finished
            state = State(state.seed, epoch, batch, step, slots, Sums(*sums))
            if ended != "stopped" or step != limit or step == steps:
                return Outcome(Parameters(parameters.network, flat), state, losses[:written], ended)

    def _evaluate(self, parameters: Parameters, samples: Samples, gradients: Array | None, threads: int) -> float:
        loss: float = evaluate(
            network=_network(parameters.network),
            X=samples.X,
            **_targets(samples),
            parameters=parameters.flat,
            gradients=gradients,
            threads=threads,
            instruction_set=instruction_set(),
        )
        return loss


def instruction_set() -> str:
    """The best instruction set of this processor, or the one that CLEARPROP_INSTRUCTION_SET names.

    >>> instruction_set() in ("portable", "v3", "v4", "neon")
    True
    """
    available = _available()
    asked = os.environ.get("CLEARPROP_INSTRUCTION_SET")
    if asked and asked not in available:
        raise unknown("CLEARPROP_INSTRUCTION_SET", asked, available)
    return asked or available[-1]


@lru_cache(maxsize=1)
def _available() -> list[str]:
    return list(instruction_sets())


@lru_cache(maxsize=64)
def _network(network: Network) -> NativeNetwork:
    function = network.loss_function
    layers = []
    for inputs, layer in zip(network.sizes, network.layers, strict=False):
        activation = layer.function
        name, number = activation.kind, activation.number or 0.0
        layers.append((inputs, layer.units, name, number, layer.bias, layer.train_bias, layer.dropout))
    return NativeNetwork(
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


def _rates(plan: Plan, state: State, left: int, steps: int | None) -> tuple[Array, int | None]:
    """The learning rates of the next updates, of `left` in all, and the step at which the call has to end."""
    schedule = plan.optimizer.schedule
    if schedule.is_constant or left <= 0:
        return schedule.rates(np.array([state.step])), steps
    reach = state.step + min(left, RATES_AT_ONCE)
    if left <= RATES_AT_ONCE or (steps is not None and steps <= reach):
        return schedule.rates(np.arange(state.step, reach)), steps
    return schedule.rates(np.arange(state.step, reach)), reach


def _targets(samples: Samples) -> dict[str, Any]:
    classes = samples.Y.ndim == 1
    return {
        "Y": None if classes else samples.Y,
        "classes": samples.Y if classes else None,
        "weights": samples.weights,
    }
