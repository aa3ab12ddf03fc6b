"""The same bits for any number of threads, and float32 as near to the truth as it can be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from clearprop.engines.base import Array, Engine, Outcome, Plan, Samples, State
from clearprop.network.initializers import initial
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD, Adam, AdamW, Optimizer
from clearprop.optimize.schedules import FlatCosine

Agree = Callable[[Outcome, Outcome], None]

# Six operations a weight and row: enough for eight threads to be worth it, by far, even in the short last batch.
LARGE = Network(
    101,
    [
        Dense(256, "relu", dropout=0.1, weight_rate=0.7),
        Dense(199, "tanh", "layer", bias_rate=0.3),
        Dense(10, "softmax"),
    ],
    "smoothed_cross_entropy",
    l1=1e-5,
    l2=1e-4,
)
DEEP = Network(120, [*(Dense(160, "silu") for _ in range(4)), Dense(3, "identity", "none")], "huber")


def samples_for(network: Network, rows: int, dtype: str) -> Samples:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, network.inputs)).astype(dtype)
    if network.loss_function.of_classes:
        return Samples(X, rng.integers(0, network.outputs, rows), rng.uniform(0.5, 2.0, rows).astype(dtype))
    return Samples(X, rng.normal(size=(rows, network.outputs)).astype(dtype))


def train(
    engine: Engine, network: Network, threads: int, dtype: str, optimizer: Optimizer, batch_size: int = 157
) -> Outcome:
    start, samples = initial(network, "he", seed=1, dtype=dtype), samples_for(network, 500, dtype)
    plan = Plan(optimizer, batch_size, threads=threads)
    return engine.train_epochs(start, samples, plan, State.start(network, optimizer, 3, start.flat.dtype), epochs=3)


def digest(outcome: Outcome) -> str:
    arrays: list[Array] = [outcome.parameters.flat, outcome.losses, *outcome.state.slots.values()]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("network", [LARGE, DEEP], ids=["large", "deep"])
@pytest.mark.parametrize(
    "optimizer",
    [SGD(0.05, momentum=0.9), AdamW(0.001, fade=FlatCosine(1.0, steps=10))],
    ids=["momentum", "adamw that fades"],
)
def test_the_same_bits_for_any_number_of_threads(
    dtype: str, network: Network, optimizer: Optimizer, native: Engine
) -> None:
    one = train(native, network, 1, dtype, optimizer)
    assert one.ended == "done"
    for threads in (2, 3, 4, 8):
        assert digest(train(native, network, threads, dtype, optimizer)) == digest(one), threads


@pytest.mark.parametrize("batch_size", [13, 100, 499, 500])
def test_the_same_bits_for_batches_that_do_not_divide(batch_size: int, native: Engine) -> None:
    digests = {digest(train(native, DEEP, threads, "float64", SGD(0.01), batch_size)) for threads in (1, 2, 3, 4, 8)}
    assert len(digests) == 1


def test_the_same_bits_for_batches_in_pieces(native: Engine) -> None:
    """More rows a batch than go through at once: the threads meet several times in a step."""
    network = Network(2, [Dense(3, "tanh", dropout=0.2), Dense(1, "identity", "layer")], l2=0.01)
    start, samples = initial(network, "he", seed=1), samples_for(network, 250_001, "float64")
    state = State.start(network, SGD(0.1), 3, start.flat.dtype)
    digests = {
        digest(native.train_epochs(start, samples, Plan(SGD(0.1), 180_001, threads=threads), state, epochs=3))
        for threads in (1, 2, 3, 8)
    }
    assert len(digests) == 1


def test_more_threads_than_processors_through_many_short_steps(native: Engine) -> None:
    """Threads that fall asleep while they wait for each other are all woken, and none runs ahead."""
    network = Network(60, [Dense(90, "relu"), Dense(90, "relu"), Dense(2, "identity")])
    start, samples = initial(network, "he", seed=1), samples_for(network, 960, "float32")
    start = Parameters(network, start.flat.astype(np.float32))
    state = State.start(network, SGD(0.001), 3, start.flat.dtype)
    ends = [
        native.train_epochs(start, samples, Plan(SGD(0.001), 192, threads=threads), state, epochs=60)
        for threads in (1, 7)
    ]
    assert digest(ends[0]) == digest(ends[1])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_evaluation_gives_the_same_bits_for_any_number_of_threads(dtype: str, native: Engine) -> None:
    start, samples = initial(LARGE, "he", seed=1, dtype=dtype), samples_for(LARGE, 501, dtype)
    outputs = native.predict(start, samples.X, 1)
    loss, gradients = native.loss_and_gradients(start, samples, 1)
    for threads in (2, 3, 4, 8):
        assert np.array_equal(native.predict(start, samples.X, threads), outputs)
        again, same = native.loss_and_gradients(start, samples, threads)
        assert again == loss == native.loss(start, samples, threads)
        assert np.array_equal(same.flat, gradients.flat)


def test_the_same_run_twenty_times(native: Engine) -> None:
    small = Network(5, [Dense(7, "tanh", dropout=0.2), Dense(2, "identity")])
    for network, threads, times in ((small, 1, 20), (LARGE, 2, 4)):
        digests = {digest(train(native, network, threads, "float64", Adam(0.001))) for _ in range(times)}
        assert len(digests) == 1


@pytest.mark.parametrize("network", [LARGE, DEEP], ids=["large", "deep"])
def test_large_networks_agree_on_many_threads(
    network: Network, native: Engine, reference: Engine, assert_same_run: Agree
) -> None:
    optimizer = SGD(0.02, momentum=0.5)
    expected = train(reference, network, 1, "float64", optimizer)
    assert_same_run(train(native, network, 4, "float64", optimizer), expected)


@pytest.mark.parametrize(
    "network",
    [
        LARGE,
        DEEP,
        Network(8, [Dense(20, "tanh"), Dense(3, "identity")]),
        Network(8, [Dense(20, "gelu"), Dense(9, "mish", "layer"), Dense(3, "softmax")], "cross_entropy"),
    ],
    ids=["large", "deep", "small", "three layers"],
)
@pytest.mark.parametrize("optimizer", [SGD(0.02, momentum=0.9), Adam(0.001, epsilon=1e-4)], ids=["momentum", "adam"])
def test_float32_is_near_the_truth(network: Network, optimizer: Optimizer, native: Engine, reference: Engine) -> None:
    """No farther from the float64 run than twice the reference in float32, whose rounding is NumPy's."""
    truth = train(reference, network, 1, "float64", optimizer)
    assert truth.ended == "done"
    errors = {}
    for engine in (native, reference):
        outcome = train(engine, network, 2, "float32", optimizer)
        assert outcome.parameters.flat.dtype == np.float32
        assert {slot.dtype for slot in outcome.state.slots.values()} == {np.dtype(np.float32)}
        difference = outcome.parameters.flat - truth.parameters.flat
        errors[engine.name] = np.sqrt((difference**2).mean() / (truth.parameters.flat**2).mean())
        np.testing.assert_allclose(outcome.losses, truth.losses, rtol=1e-4)
    assert 0 < errors["native"] < 1e-4
    assert errors["native"] < 2 * errors["reference"] + 1e-7


def test_float32_gradients_are_near_the_truth(native: Engine) -> None:
    for network in (LARGE, DEEP):
        wide = native.loss_and_gradients(initial(network, "he", seed=1), samples_for(network, 300, "float64"), 2)
        narrow = native.loss_and_gradients(
            initial(network, "he", seed=1, dtype="float32"), samples_for(network, 300, "float32"), 2
        )
        assert narrow[1].flat.dtype == np.float32
        assert narrow[0] == pytest.approx(wide[0], rel=1e-5)
        error = np.sqrt(((narrow[1].flat - wide[1].flat) ** 2).mean() / (wide[1].flat ** 2).mean())
        assert 0 < error < 1e-5
