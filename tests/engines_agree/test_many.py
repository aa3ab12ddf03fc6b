"""Many networks at once: native = reference, native = native alone, on every instruction set of this processor."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from clearprop._native import instruction_sets
from clearprop.engines.base import Engine, Member, Outcome, Plan, Samples, State, Task
from clearprop.errors import InputError
from clearprop.network.initializers import initial
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from clearprop.optimize.schedules import Cosine, FlatCosine, Step

Agree = Callable[[Outcome, Outcome], None]

ROWS = 400
NETWORKS = {
    "classes": Network(
        13,
        [
            Dense(9, "tanh", dropout=0.3, weight_rate=0.5),
            Dense(17, "gelu", "layer", bias_rate=0.1),
            Dense(3, "softmax"),
        ],
        "smoothed_cross_entropy",
        l1=1e-3,
    ),
    "numbers": Network(3, [Dense(33, "silu"), Dense(2, "identity", "none")], "huber", l2=1e-2),
    "one unit": Network(1, [Dense(1, "sigmoid")], "binary_cross_entropy"),
}
OPTIMIZERS: dict[str, list[Optimizer]] = {
    "sgd": [SGD(0.1), SGD(0.2, 0.5), SGD(0.05, 0.9, True), SGD(0.01), SGD(0.3, 0.1), SGD(0.03)],
    "adam": [Adam(rate, epsilon=1e-4) for rate in (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003)],
    "adamw": [
        AdamW(0.01, epsilon=1e-4, fade=fade)
        for fade in (1.0, 0.5, 0.0, FlatCosine(1.0, 40), Cosine(0.8, 30), Step(1.0, every=7))
    ],
    "rmsprop": [RMSprop(rate, epsilon=1e-3) for rate in (0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)],
}


def samples_for(network: Network, dtype: str) -> Samples:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, network.inputs)).astype(dtype)
    weights = rng.uniform(0.5, 2.0, ROWS).astype(dtype)
    if network.loss_function.of_classes:
        return Samples(X, rng.integers(0, network.outputs, ROWS), weights)
    if network.loss == "binary_cross_entropy":
        return Samples(X, rng.uniform(size=(ROWS, 1)).astype(dtype), weights)
    return Samples(X, rng.normal(size=(ROWS, network.outputs)).astype(dtype), weights)


def members_for(network: Network, optimizers: list[Optimizer], dtype: str) -> list[Member]:
    """Of different lengths, orders and batch sizes, some with repeated rows, one of all rows, one that ends early."""
    rng = np.random.default_rng(1)
    plans = [
        ("shuffled", 16, rng.integers(0, ROWS, 100)),
        ("replacement", 7, rng.permutation(ROWS)[:200]),
        ("sequential", 50, rng.permutation(ROWS)[:50]),
        ("shuffled", 64, None),
        (rng.integers(0, 30, 41), 8, rng.integers(0, ROWS, 30)),
        ("shuffled", 1, rng.integers(0, ROWS, 11)),
    ]
    members = []
    for seed, ((order, size, rows), optimizer) in enumerate(zip(plans, optimizers, strict=True)):
        start = initial(network, "he", seed=seed, dtype=dtype)
        for b in start.biases:  # what is learnt from 0 is a small difference, of few right digits
            b[...] = rng.uniform(0.1, 0.5, len(b))
        state = State.start(network, optimizer, seed, start.flat.dtype)
        steps = 9 if seed == 1 else None
        members.append(Member(start, Plan(optimizer, size, order, drop_last=seed == 0), state, rows, steps))
    return members


def alone(engine: Engine, member: Member, samples: Samples, threads: int = 1) -> Outcome:
    rows = slice(None) if member.rows is None else member.rows
    assert samples.weights is not None
    own = Samples(samples.X[rows], samples.Y[rows], samples.weights[rows])
    plan = replace(member.plan, threads=threads)
    return engine.train_epochs(member.parameters, own, plan, member.state, epochs=3, steps=member.steps)


def digest(outcome: Outcome) -> tuple[object, ...]:
    arrays = [outcome.parameters.flat, outcome.losses, *outcome.state.slots.values()]
    bits = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    return bits, outcome.state.moved(slots={}), outcome.ended


@pytest.mark.parametrize("instructions", instruction_sets())
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_each_member_agrees_with_the_reference_and_with_itself_alone(
    kind: str,
    optimizer: str,
    instructions: str,
    native: Engine,
    reference: Engine,
    assert_same_run: Agree,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLEARPROP_INSTRUCTION_SET", instructions)
    network = NETWORKS[kind]
    members, samples = members_for(network, OPTIMIZERS[optimizer], "float64"), samples_for(network, "float64")
    expected = reference.train_many(members, samples, epochs=3, threads=1)
    digests = [digest(alone(native, member, samples)) for member in members]
    for threads in (1, 2, 3):
        outcomes = native.train_many(members, samples, epochs=3, threads=threads)
        for outcome, one in zip(outcomes, expected, strict=True):
            assert_same_run(outcome, one)
        assert [digest(outcome) for outcome in outcomes] == digests


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_same_bits_as_alone_in_float32(kind: str, native: Engine) -> None:
    network = NETWORKS[kind]
    members, samples = members_for(network, OPTIMIZERS["adam"], "float32"), samples_for(network, "float32")
    digests = [digest(alone(native, member, samples, threads=2)) for member in members]
    for threads in (1, 2, 8):
        outcomes = native.train_many(members, samples, epochs=3, threads=threads)
        assert [digest(outcome) for outcome in outcomes] == digests


def test_members_go_on_from_where_they_stand(native: Engine) -> None:
    network = NETWORKS["classes"]
    members, samples = members_for(network, OPTIMIZERS["adam"], "float64"), samples_for(network, "float64")
    whole = native.train_many(members, samples, epochs=3, threads=2)
    halves = native.train_many([replace(one, steps=5) for one in members], samples, epochs=3, threads=2)
    assert all(half.state.step == min(5, one.state.step) for half, one in zip(halves, whole, strict=True))
    rest = [
        replace(one, parameters=half.parameters, state=half.state) for one, half in zip(members, halves, strict=True)
    ]
    for one, end, half in zip(whole, native.train_many(rest, samples, epochs=3, threads=2), halves, strict=True):
        losses = np.concatenate([half.losses, end.losses])
        assert digest(replace(end, losses=losses)) == digest(one)


def test_beginning_at_other_updates_beside_one_that_diverges_at_once(native: Engine) -> None:
    network, optimizer = NETWORKS["numbers"], SGD(0.05, 0.9)
    samples = samples_for(network, "float32")
    members = []
    for seed in range(20):
        start = initial(network, "he", seed=seed, dtype="float32")
        state = State.start(network, optimizer, seed, start.flat.dtype)
        members.append(Member(start, Plan(optimizer, 16), state.moved(step=7 * seed)))
    members[0].parameters.flat[:] = np.finfo("float32").max
    first, *others = native.train_many(members, samples, epochs=3, threads=1)
    assert first.ended == "diverged"
    assert [digest(one) for one in others] == [digest(alone(native, one, samples)) for one in members[1:]]


STARVED = """
import resource
import numpy as np
import clearprop as cp
net = cp.Network.parse("100-300-10", output="identity")
models = [cp.Model.initialized(net, seed=seed, dtype="float32") for seed in range(6)]
X, Y = np.random.default_rng(0).normal(size=(9000, 100)), np.zeros((9000, 10))
def run(threads):
    return [one.model for one in cp.train_many(models, X, Y, optimizer=cp.SGD(0.1), threads=threads)]
before = run(1)
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) * 1024
unlimited = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000, unlimited[1]))
try:
    run(6)
except (MemoryError, RuntimeError) as error:
    print("refused:", type(error).__name__)
resource.setrlimit(resource.RLIMIT_AS, unlimited)
assert run(1) == before
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits a process's memory as Linux does")
def test_memory_that_cannot_be_had_by_a_thread_is_an_error_and_no_crash() -> None:
    ran = subprocess.run([sys.executable, "-c", STARVED], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("refused: ")


def tasks_for(dtype: str) -> list[Task]:
    """Of two shapes and several penalties, each with rows of its own; tiny ones in an order that mixes their paces."""
    rng = np.random.default_rng(2)
    tiny = Network(3, [Dense(5, "tanh"), Dense(2, "softmax")], "cross_entropy")
    tasks = []
    for place in range(40):
        network = [
            replace(tiny, l2=0.01 * (place % 3)),
            replace(tiny, l1=1e-3, l2=0.1 / (place + 1)),
            replace(NETWORKS["numbers"], l2=0.5**place),
        ][place % 5 // 2]
        count = 60 + place % 2
        X = rng.normal(size=(count, 3)).astype(dtype)
        numbers = rng.normal(size=(count, 2)).astype(dtype)
        Y = numbers if network.loss == "huber" else rng.integers(0, 2, count)
        weights = rng.uniform(0.5, 2.0, count).astype(dtype) if place % 7 == 0 else None
        members = []
        for seed in range(place, place + 1 + place % 3):
            start = initial(network, "he", seed=seed, dtype=dtype)
            optimizer = Adam(0.01 / (seed + 1)) if place % 4 else SGD(0.1, 0.5)
            state = State.start(network, optimizer, seed, start.flat.dtype)
            members.append(Member(start, Plan(optimizer, 16), state))
        tasks.append(Task(members, Samples(X, Y, weights), epochs=2 + place % 2))
    return tasks


@pytest.mark.parametrize("instructions", instruction_sets())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tasks_of_all_kinds_in_one_call_are_each_what_they_are_alone(
    dtype: str, instructions: str, native: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARPROP_INSTRUCTION_SET", instructions)
    tasks = tasks_for(dtype)
    expected = [
        [
            digest(native.train_epochs(one.parameters, task.samples, one.plan, one.state, epochs=task.epochs))
            for one in task.members
        ]
        for task in tasks
    ]
    for threads in (1, 2, 3):
        found = native.train_tasks(tasks, threads=threads)
        assert [[digest(outcome) for outcome in outcomes] for outcomes in found] == expected
    assert len({bits for several in expected for bits, _, _ in several}) == sum(len(task.members) for task in tasks)


def test_tasks_of_two_float_types_are_refused_before_anything_is_learnt(native: Engine) -> None:
    tasks = [tasks_for("float32")[0], tasks_for("float64")[0]]
    with pytest.raises(InputError, match="all must have the same float type, got float32 and float64"):
        native.train_tasks(tasks, threads=1)


def test_tasks_agree_with_the_reference(native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    tasks = tasks_for("float64")[:12]
    for outcomes, expected in zip(
        native.train_tasks(tasks, threads=2), reference.train_tasks(tasks, threads=1), strict=True
    ):
        for outcome, one in zip(outcomes, expected, strict=True):
            assert_same_run(outcome, one)
