"""native = reference for networks and tables of every shape, on every instruction set of this processor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from clearprop._native import instruction_sets
from clearprop.engines.base import Engine, Outcome, Plan, Samples, State
from clearprop.network.initializers import initial
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from clearprop.optimize.schedules import CosLog, FlatCosine

Agree = Callable[[Outcome, Outcome], None]


def samples_for(network: Network, rows: int, seed: int = 0, dtype: str = "float64") -> Samples:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, network.inputs)).astype(dtype)
    if network.loss == "cross_entropy":
        return Samples(X, rng.integers(0, network.outputs, rows))
    return Samples(X, rng.normal(size=(rows, network.outputs)).astype(dtype))


def start_of(network: Network, rows: int) -> tuple[Parameters, Samples]:
    """Biases do not start at 0: what is learnt from there is a small difference, of few right digits."""
    start = initial(network, "he", seed=1)
    rng = np.random.default_rng(1)
    for b in start.biases:
        b[...] = rng.uniform(0.1, 0.5, len(b)) * rng.choice([-1, 1], len(b))
    return start, samples_for(network, rows)


def run(engine: Engine, start: Parameters, samples: Samples, plan: Plan, epochs: int, seed: int = 3) -> Outcome:
    state = State.start(start.network, plan.optimizer, seed, start.flat.dtype)
    return engine.train_epochs(start, samples, plan, state, epochs=epochs)


def assert_agree(
    native: Engine, reference: Engine, check: Agree, network: Network, rows: int, plan: Plan, epochs: int
) -> Outcome:
    start, samples = start_of(network, rows)
    expected = run(reference, start, samples, plan, epochs)
    assert expected.ended == "done"
    check(run(native, start, samples, plan, epochs), expected)
    return expected


RAGGED = Network(
    37,
    [Dense(101, "tanh", dropout=0.2), Dense(53, "gelu", "layer"), Dense(7, "softmax")],
    "cross_entropy",
    l2=1e-3,
)
SHAPES: dict[str, tuple[Network, int, int, int]] = {  # network, rows, batch size, epochs
    "ragged widths": (RAGGED, 83, 19, 4),
    "batch of one": (RAGGED, 20, 1, 2),
    "two rows over a tile": (RAGGED, 66, 33, 4),
    "full batch": (RAGGED, 200, 200, 10),
    "twenty layers": (Network(5, [*(Dense(6, "tanh") for _ in range(19)), Dense(2, "identity")]), 30, 8, 5),
    "one of everything": (Network(1, [Dense(1, "silu"), Dense(1, "identity")]), 1, 1, 100),
    "one unit wide": (Network(9, [Dense(1, "tanh"), Dense(1, "tanh"), Dense(4, "identity")]), 40, 7, 5),
    "no hidden layer": (Network(300, [Dense(3, "sigmoid")]), 50, 16, 5),
    "wide outputs": (Network(4, [Dense(9, "softplus"), Dense(257, "softmax")], "cross_entropy"), 60, 25, 5),
    "wide inputs": (Network(700, [Dense(17, "mish"), Dense(5, "identity")], "huber"), 41, 12, 4),
    "few rectified units": (
        Network(
            70,
            [*(Dense(units, name) for few in (3, 2, 1) for units, name in ((few, "relu"), (40, "tanh"))), Dense(2)],
        ),
        41,
        12,
        4,
    ),
    "exact tiles": (Network(64, [Dense(128, "elu"), Dense(32, "silu"), Dense(8, "identity")]), 128, 64, 5),
    # More rows than go through the native engine at once, and an epoch whose last batch is short.
    "batches in pieces": (
        Network(2, [Dense(3, "tanh", dropout=0.2), Dense(1, "identity", "layer")], l1=0.01, l2=0.01),
        250_001,
        180_001,
        2,
    ),
}


@pytest.mark.parametrize("instructions", instruction_sets())
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(
    name: str,
    instructions: str,
    native: Engine,
    reference: Engine,
    assert_same_run: Agree,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLEARPROP_INSTRUCTION_SET", instructions)
    network, rows, batch_size, epochs = SHAPES[name]
    plan = Plan(SGD(0.02, momentum=0.5), batch_size, threads=2)
    assert_agree(native, reference, assert_same_run, network, rows, plan, epochs)


@pytest.mark.parametrize("order", ["shuffled", "replacement", "sequential"])
def test_more_rows_than_a_window(order: str, native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    network = Network(2, [Dense(1, "identity")])
    plan = Plan(SGD(0.05), 61, order)
    expected = assert_agree(native, reference, assert_same_run, network, 65_537 + 2000, plan, 2)
    if order != "sequential":
        sequential = run(native, *start_of(network, 65_537 + 2000), Plan(SGD(0.05), 61, "sequential"), 2)
        assert not np.allclose(sequential.parameters.flat, expected.parameters.flat, rtol=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 1023, 1024, 1025, 3000])
@pytest.mark.parametrize("order", ["shuffled", "replacement"])
def test_one_sample_at_a_time_in_the_same_order(
    rows: int, order: str, native: Engine, reference: Engine, assert_same_run: Agree
) -> None:
    """At a high rate the last samples count most: any two orders end in different places."""
    network = Network(1, [Dense(1, "identity", "none")])
    start, samples = start_of(network, rows)
    plan, state = Plan(SGD(0.2), 1, order), State.start(network, SGD(0.2), 2**40 + 7, start.flat.dtype)
    ends = [
        engine.train_epochs(start, samples, plan, state, epochs=2, steps=2 * min(rows, 600))
        for engine in (native, reference)
    ]
    assert_same_run(*ends)


@pytest.mark.parametrize("fade", [1.0, 0.9])
def test_dropout_masks_are_the_same(fade: float, native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    """After one step from zero weights but in the last layer, what a mask dropped is what has not moved."""
    layers = [Dense(50, "sigmoid", dropout=0.5), Dense(30, "sigmoid", dropout=0.9), Dense(3, "identity")]
    network = Network(2, layers)
    start, samples = start_of(network, 5)
    plan = Plan(SGD(0.1, fade=fade), 2)
    ends = [run(engine, start, samples, plan, 1) for engine in (native, reference)]
    assert_same_run(*ends)
    moved = ends[0].parameters.weights[2] != start.weights[2]
    assert np.array_equal(moved, ends[1].parameters.weights[2] != start.weights[2])
    assert 0 < moved.any(axis=1).sum() < 30


@pytest.mark.parametrize("units", [1, 2, 3, 4, 5, 8, 15, 31, 32, 33, 67, 128])
def test_dropout_masks_of_any_width_are_the_same(
    units: int, native: Engine, reference: Engine, assert_same_run: Agree
) -> None:
    """A row begins at any of the four words of a block, and the last panel is full or not."""
    layers = [Dense(units, "softplus", dropout=0.4), Dense(units, "softmax", dropout=0.3), Dense(2, "identity")]
    network = Network(35, layers)  # few units of so many inputs stand the other way round
    start, samples = start_of(network, 29)
    plan = Plan(SGD(0.1), 13)
    ends = [run(engine, start, samples, plan, 3) for engine in (native, reference)]
    assert_same_run(*ends)


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(0.1),
        SGD(0.05, momentum=0.9),
        Adam(0.01),
        Adam(0.01, epsilon=0.0),
        RMSprop(0.003),
        RMSprop(0.003, epsilon=0.0),
    ],
    ids=repr,
)
def test_an_hundred_steps_of_each_optimizer_as_it_comes(
    optimizer: Optimizer, native: Engine, reference: Engine, assert_same_run: Agree
) -> None:
    """With its usual epsilon and with none, on gradients that are not 0."""
    network = Network(6, [Dense(12, "tanh"), Dense(5, "silu"), Dense(2, "identity")], "huber")
    assert_agree(native, reference, assert_same_run, network, 40, Plan(optimizer, 10), 25)


@pytest.mark.parametrize("stop", [0, 1, 4, 5, 6, 9])
def test_engines_take_over_from_each_other(
    stop: int, native: Engine, reference: Engine, assert_same_run: Agree
) -> None:
    network, plan = RAGGED, Plan(AdamW(CosLog(0.001, steps=10), epsilon=1e-4, fade=FlatCosine(1.0, steps=9)), 19)
    start, samples = start_of(network, 83)
    whole = run(reference, start, samples, plan, 2)
    state = State.start(network, plan.optimizer, 3, start.flat.dtype)
    for first, second in ((native, reference), (reference, native), (native, native)):
        begun = first.train_epochs(start, samples, plan, state, epochs=2, steps=stop)
        assert begun.state.step == stop
        ended = second.train_epochs(begun.parameters, samples, plan, begun.state, epochs=2)
        assert_same_run(ended, Outcome(whole.parameters, whole.state, whole.losses[len(begun.losses) :], "done"))


@pytest.mark.parametrize("stop", range(11))
def test_native_goes_on_bit_for_bit(stop: int, native: Engine) -> None:
    plan = Plan(AdamW(0.001, fade=FlatCosine(1.0, steps=9)), 19)
    start, samples = start_of(RAGGED, 83)
    whole = run(native, start, samples, plan, 2)
    state = State.start(RAGGED, plan.optimizer, 3, start.flat.dtype)
    begun = native.train_epochs(start, samples, plan, state, epochs=2, steps=stop)
    ended = native.train_epochs(begun.parameters, samples, plan, begun.state, epochs=2)
    assert np.array_equal(ended.parameters.flat, whole.parameters.flat)
    assert [*begun.losses, *ended.losses] == whole.losses.tolist()
    for name, slot in whole.state.slots.items():
        assert np.array_equal(ended.state.slots[name], slot)


@pytest.mark.parametrize("rate", [1e3, 1e30, 1e200])
def test_divergence_at_the_same_step(rate: float, native: Engine, reference: Engine) -> None:
    network = Network(3, [Dense(8, "relu"), Dense(2, "identity")])
    start, samples = start_of(network, 20)
    ends = [run(engine, start, samples, Plan(SGD(rate), 6), 400) for engine in (native, reference)]
    assert [end.ended for end in ends] == ["diverged", "diverged"]
    assert ends[0].state.step == ends[1].state.step
    np.testing.assert_allclose(ends[0].losses, ends[1].losses, rtol=1e-10)


def test_what_is_given_is_not_written_to(native: Engine) -> None:
    start, samples = start_of(RAGGED, 40)
    state = State.start(RAGGED, Adam(0.01), 0, start.flat.dtype)
    arrays = [start.flat, samples.X, samples.Y, *state.slots.values()]
    copies = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    native.train_epochs(start, samples, Plan(Adam(0.01), 7), state, epochs=2)
    native.loss_and_gradients(start, samples, 1)
    native.predict(start, samples.X, 1)
    for array, copy in zip(arrays, copies, strict=True):
        assert np.array_equal(array, copy)
