"""native = reference over every activation × loss × optimizer × bias kind, 100 steps each.

Each hidden activation meets each loss, each optimizer and each bias kind; the last activations that fit the loss take
turns within that, so that each of them meets all of these, too. What is left (order, batches, penalties, weights,
dropout, factors of the learning rate, schedules of it and of what fades, how targets are written) takes turns over the
runs; so does the size, on which depends whether a network goes through panels. Each also runs beside two others that
fade otherwise, in the lanes of vectors, to the same bits.

One half of the optimizers and bias kinds of a pair of activation and loss are in every run of the tests, the other half
among the slow ones. In each half every activation and every loss meets every optimizer and every bias kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from clearprop.engines.base import Array, Engine, Member, Outcome, Plan, Samples, State
from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop
from clearprop.optimize.schedules import SCHEDULES, Cosine, CosLog, Exponential, FlatCosine, OneCycle, Step

Agree = Callable[[Outcome, Outcome], None]
STEPS, ROWS = 100, 23
BIAS_KINDS = ("unit", "layer", "none", "frozen")
# Entries that take a number are run with their own and, every other time, with this one.
OTHER_NUMBERS = {
    "leaky_relu": "leaky_relu(0.3)",
    "elu": "elu(0.7)",
    "huber": "huber(0.4)",
    "quantile": "quantile(0.9)",
    "smoothed_cross_entropy": "smoothed_cross_entropy(0.4)",
}
# An epsilon well above rounding: a gradient that is 0 but for rounding would otherwise become a step of full size.
RULES: dict[str, Callable[[Any, Any], Optimizer]] = {
    "sgd": lambda rate, fade: SGD(rate, fade=fade),
    "momentum": lambda rate, fade: SGD(rate, momentum=0.9, fade=fade),
    "nesterov": lambda rate, fade: SGD(rate, momentum=0.8, nesterov=True, fade=fade),
    "adam": lambda rate, fade: Adam(rate, epsilon=1e-4, fade=fade),
    "adamw": lambda rate, fade: AdamW(rate, epsilon=1e-4, weight_decay=0.1, fade=fade),
    "rmsprop": lambda rate, fade: RMSprop(rate, decay=0.9, epsilon=1e-3, fade=fade),
}
RATES: list[Callable[[float], Any]] = [
    lambda rate: rate,
    lambda rate: Step(rate, every=30, factor=0.5),
    lambda rate: Exponential(rate, factor=0.9, every=10),
    lambda rate: Cosine(rate, steps=80),
    lambda rate: OneCycle(rate, steps=STEPS),
    lambda rate: FlatCosine(rate, steps=90),
    lambda rate: CosLog(rate, steps=STEPS),
]
FADES = [1.0, FlatCosine(1.0, steps=80), 0.5, Cosine(0.9, steps=60), 0.0]
FACTORS = {"weight_rate": (1.0, 0.4, 1.0, 0.7), "bias_rate": (1.0, 0.1, 1.0)}


def fitting(loss: str) -> list[str]:
    last = []
    for name in ACTIVATIONS:
        try:
            Network(2, [Dense(2, name)], loss)
        except InputError:
            continue
        last.append(name)
    return last


def targets(loss: str, rng: np.random.Generator, number: int) -> Array:
    kind = loss.split("(")[0]
    if LOSSES[kind].of_classes:
        classes = rng.integers(0, 2, ROWS)
        return (classes, np.eye(2)[classes], rng.dirichlet([1.0, 1.0], ROWS))[number % 3]
    if kind in ("binary_cross_entropy", "perceptron"):
        return rng.choice([0.0, 1.0, 0.3] if kind == "binary_cross_entropy" else [0.0, 1.0], (ROWS, 2))
    if kind == "poisson":
        return rng.integers(0, 4, (ROWS, 2)).astype(float)
    return rng.normal(0.0, 1.0, (ROWS, 2))


def case(hidden: str, last: str, loss: str, rule: str, bias: str, number: int) -> tuple[Parameters, Samples, Plan]:
    rng = np.random.default_rng([number, len(hidden), len(loss)])
    hidden, last, loss = (OTHER_NUMBERS.get(name, name) if number % 2 else name for name in (hidden, last, loss))
    kind, trained = (("unit", "layer")[number % 2], False) if bias == "frozen" else (bias, True)
    more = 16 if number // 4 % 2 else 0
    factors = {name: factor[number % len(factor)] for name, factor in FACTORS.items()}
    layers = [
        Dense(3 + number % 3 + more, hidden, kind, trained, 0.3 if number % 5 == 1 else 0.0, **factors),
        *([Dense(3, hidden, kind, trained)] if number % 6 == 0 else []),
        Dense(2, last, kind, trained, **factors),
    ]
    network = Network(
        3,
        layers,
        loss,
        l1=(0.0, 0.002)[number // 2 % 2],
        l2=(0.0, 0.01, 0.1)[number // 3 % 3],
        reduction=("mean", "sum")[number // 5 % 2],
    )
    # exp grows without bound: a network of it starts small and learns slowly.
    steep = "exp" in (hidden, last)
    parameters = Parameters(network, rng.normal(0.0, 0.2 if steep else 0.5, network.parameter_count))
    weights = rng.uniform(0.0, 2.0, ROWS) if number // 7 % 2 else None
    samples = Samples(rng.normal(0.0, 1.0, (ROWS, 3)), targets(loss, rng, number), weights)
    rate = (0.003 if steep else 0.01) * (0.3 if rule in ("adam", "adamw", "rmsprop") else 1.0)
    plan = Plan(
        RULES[rule](RATES[number // 2 % len(RATES)](rate), FADES[number // 4 % len(FADES)]),
        batch_size=(3, 5, 1, 4)[number // 3 % 4],
        order=("shuffled", "shuffled", "replacement", "sequential", rng.integers(0, ROWS, 17))[number % 5],
        drop_last=number // 11 % 4 == 3,
        threads=1 + number % 2,
    )
    return parameters, samples, plan


def run(engine: Engine, parameters: Parameters, samples: Samples, plan: Plan, seed: int) -> Outcome:
    state = State.start(parameters.network, plan.optimizer, seed, parameters.flat.dtype)
    return engine.train_epochs(parameters, samples, plan, state, epochs=STEPS, steps=STEPS)


def test_the_product_is_whole() -> None:
    assert {type(rule(0.1, 1.0)) for rule in RULES.values()} == set(OPTIMIZERS.values())
    assert {type(rate(0.1)) for rate in RATES[1:]} == set(SCHEDULES.values()) - {SCHEDULES["constant"]}
    assert all(fitting(loss) for loss in LOSSES)
    entries = {**ACTIVATIONS, **LOSSES}
    assert {name for name, entry in entries.items() if entry.parameter} == set(OTHER_NUMBERS)


@pytest.mark.parametrize("rule", RULES)
def test_every_setting_takes_turns(rule: str) -> None:
    """Over the turns that a rule has, each field of a layer, of a network and of what optimizers share varies.

    Column layers take their turns in `test_columns`.
    """
    elsewhere = {(Network, name) for name in ("inputs", "columns", "scale")}
    seen: dict[tuple[type, str], set[Any]] = {}
    for first, loss in product(range(len(ACTIVATIONS)), LOSSES):
        for turn, (own, bias) in enumerate(product(RULES, BIAS_KINDS), first):
            if own != rule:
                continue
            parameters, _, plan = case(list(ACTIVATIONS)[first], fitting(loss)[0], loss, rule, bias, turn)
            described = [(Network, parameters.network), (Optimizer, plan.optimizer)]
            for kind, one in [*described, *((Dense, layer) for layer in parameters.network.layers)]:
                for entry in fields(kind):
                    seen.setdefault((kind, entry.name), set()).add(getattr(one, entry.name))
    assert {name for name, values in seen.items() if len(values) == 1} == elsewhere
    assert seen[Optimizer, "fade"] == set(FADES)


def is_in(half: int, hidden: str, rule: str, bias: str) -> bool:
    """Two bias kinds of each optimizer, the other two with the next optimizer and with the next activation."""
    return (list(ACTIVATIONS).index(hidden) + list(RULES).index(rule) + BIAS_KINDS.index(bias) // 2) % 2 == half


@pytest.mark.parametrize("half", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_same_run(hidden: str, loss: str, half: int, native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    fits, first = fitting(loss), list(ACTIVATIONS).index(hidden)
    for turn, (rule, bias) in enumerate(product(RULES, BIAS_KINDS), first):
        if not is_in(half, hidden, rule, bias):
            continue
        last = fits[turn % len(fits)]
        settings = case(hidden, last, loss, rule, bias, turn)
        expected = run(reference, *settings, seed=turn)
        assert expected.ended == "stopped" and expected.state.step == STEPS
        assert np.abs(expected.parameters.flat).max() < 50
        if last != "step" or loss == "perceptron":
            assert not np.array_equal(expected.parameters.flat, settings[0].flat)
        found = run(native, *settings, seed=turn)
        assert_same_run(found, expected)
        assert_same_bits(run_beside_others(native, *settings, seed=turn), found)


def run_beside_others(engine: Engine, parameters: Parameters, samples: Samples, plan: Plan, seed: int) -> Outcome:
    members = []
    for number, fade in enumerate((plan.optimizer.fade, 0.25, FlatCosine(1.0, steps=40))):
        start = State.start(parameters.network, plan.optimizer, seed + number, parameters.flat.dtype)
        scaled = Parameters(parameters.network, parameters.flat * (1.0 - 0.1 * number))
        own = replace(plan, optimizer=replace(plan.optimizer, fade=fade))
        members.append(Member(scaled, own, start, steps=STEPS))
    return engine.train_many(members, samples, epochs=STEPS, threads=1)[0]


def assert_same_bits(found: Outcome, expected: Outcome) -> None:
    assert found.ended == expected.ended
    assert found.state.sums == expected.state.sums
    assert found.losses.tobytes() == expected.losses.tobytes()
    assert found.parameters.flat.tobytes() == expected.parameters.flat.tobytes()
    for name, slot in expected.state.slots.items():
        assert found.state.slots[name].tobytes() == slot.tobytes(), name
