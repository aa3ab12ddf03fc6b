"""The reference engine's run: batches, sums, dropout, stopping and going on; its gradients have their own tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clearprop.engines.base import Array, Outcome, Plan, Samples, State
from clearprop.engines.order import epoch_order
from clearprop.engines.reference import Reference, dropout_masks, step, value
from clearprop.network.initializers import initial
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD, Adam, Optimizer
from clearprop.random import Stream, words

NET = Network(3, [Dense(4, "tanh", dropout=0.3), Dense(2, "identity", "layer")], l2=0.01)
RNG = np.random.default_rng(0)
SAMPLES = Samples(RNG.normal(size=(11, 3)), RNG.normal(size=(11, 2)), RNG.uniform(0.5, 2.0, 11))


def train(
    network: Network = NET,
    samples: Samples = SAMPLES,
    optimizer: Optimizer = SGD(0.1),  # noqa: B008
    batch_size: int = 4,
    epochs: int = 3,
    seed: int = 5,
    **settings: object,
) -> Outcome:
    start = initial(network, "he", seed=1)
    plan = Plan(optimizer, batch_size, **settings)  # type: ignore[arg-type]
    state = State.start(network, optimizer, seed, start.flat.dtype)
    return Reference().train_epochs(start, samples, plan, state, epochs=epochs)


def test_a_run_is_its_steps() -> None:
    """Order, batches, masks and updates written out."""
    parameters = initial(NET, "he", seed=1)
    losses, number = [], 0
    for epoch in range(3):
        order = epoch_order("shuffled", 5, epoch, 11)
        data = weight = penalties = 0.0
        for first in (0, 4, 8):
            rows = order[first : first + 4]
            batch = Samples(SAMPLES.X[rows], SAMPLES.Y[rows], SAMPLES.weights[rows])
            E, R, gradients = step(parameters, batch, dropout_masks(NET, 5, number, np.dtype(float)))
            parameters = Parameters(NET, parameters.flat - 0.1 * gradients.flat)
            data, weight = data + E * batch.weights.sum(), weight + batch.weights.sum()
            penalties += R * len(rows)
            number += 1
        losses.append(data / weight + penalties / 11)
    outcome = train()
    assert outcome.ended == "done"
    assert np.array_equal(outcome.parameters.flat, parameters.flat)
    np.testing.assert_allclose(outcome.losses, losses, rtol=1e-14)
    assert (outcome.state.epoch, outcome.state.batch, outcome.state.step) == (3, 0, 9)


def test_losses_of_a_full_batch_are_those_before_each_update() -> None:
    network = Network.parse("3-4-2", reduction="sum", l1=0.1)
    start = initial(network, "he", seed=1)
    plan = Plan(SGD(0.01), 11, "sequential")
    parameters, state = start, State.start(network, plan.optimizer, 0, start.flat.dtype)
    expected = []
    for _ in range(4):
        expected.append(float(value(parameters, SAMPLES)))
        outcome = Reference().train_epochs(parameters, SAMPLES, plan, state, epochs=state.epoch + 1)
        parameters, state = outcome.parameters, outcome.state
    whole = Reference().train_epochs(
        start, SAMPLES, plan, State.start(network, plan.optimizer, 0, start.flat.dtype), epochs=4
    )
    np.testing.assert_allclose(whole.losses, expected, rtol=1e-14)
    assert np.array_equal(whole.parameters.flat, parameters.flat)


@pytest.mark.parametrize("stop", range(10))
@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.9), Adam(0.01)], ids=repr)
def test_stopped_and_gone_on_is_never_stopped(stop: int, optimizer: Optimizer) -> None:
    whole = train(optimizer=optimizer)
    start, plan = initial(NET, "he", seed=1), Plan(optimizer, 4)
    state = State.start(NET, optimizer, 5, start.flat.dtype)
    first = Reference().train_epochs(start, SAMPLES, plan, state, epochs=3, steps=stop)
    assert first.state.step == stop and first.ended == ("stopped" if stop < 9 else "done")
    rest = Reference().train_epochs(first.parameters, SAMPLES, plan, first.state, epochs=3)
    assert np.array_equal(rest.parameters.flat, whole.parameters.flat)
    assert [*first.losses, *rest.losses] == whole.losses.tolist()
    assert rest.state.sums == whole.state.sums and rest.ended == "done"
    for name, slot in whole.state.slots.items():
        assert np.array_equal(rest.state.slots[name], slot)


def test_tick_is_told_where_the_run_is_and_stops_it() -> None:
    told = []

    def tick(epoch: int, batch: int, number: int) -> bool:
        told.append((epoch, batch, number))
        return number < 4

    start, plan = initial(NET, "he", seed=1), Plan(SGD(0.1), 4)
    state = State.start(NET, plan.optimizer, 5, start.flat.dtype)
    outcome = Reference().train_epochs(start, SAMPLES, plan, state, epochs=3, tick=tick)
    assert told == [(0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 0, 3), (1, 1, 4)]
    assert outcome.ended == "stopped" and outcome.state.step == 4 and len(outcome.losses) == 1


@pytest.mark.parametrize(("drop_last", "steps"), [(False, 3), (True, 2)])
def test_short_last_batch(drop_last: bool, steps: int) -> None:
    outcome = train(epochs=1, drop_last=drop_last)
    assert outcome.state.step == steps
    assert not np.array_equal(outcome.parameters.flat, train(epochs=1, drop_last=not drop_last).parameters.flat)


def test_given_rows_are_the_rows_learnt_from() -> None:
    rows = np.array([3, 3, 8])
    picked = Samples(SAMPLES.X[rows], SAMPLES.Y[rows], SAMPLES.weights[rows])
    given = train(batch_size=2, order=rows)
    alone = train(samples=picked, batch_size=2, order="sequential")
    assert np.array_equal(given.parameters.flat, alone.parameters.flat)
    assert given.losses.tolist() == alone.losses.tolist() and given.state.step == 6


def test_a_sample_that_weighs_nothing_teaches_nothing() -> None:
    weights = np.ones(11)
    weights[4] = 0.0
    other = SAMPLES.X.copy()
    other[4] = 1e6
    one = train(samples=Samples(SAMPLES.X, SAMPLES.Y, weights))
    two = train(samples=Samples(other, SAMPLES.Y, weights))
    assert np.array_equal(one.parameters.flat, two.parameters.flat)


def test_divergence_is_seen_at_its_step() -> None:
    outcome = train(Network.parse("3-4-2", output="identity"), optimizer=SGD(1e6), epochs=100)
    assert outcome.ended == "diverged"
    start = initial(Network.parse("3-4-2", output="identity"), "he", seed=1)
    plan, state = Plan(SGD(1e6), 4), State.start(start.network, SGD(1e6), 5, start.flat.dtype)
    before = Reference().train_epochs(start, SAMPLES, plan, state, epochs=100, steps=outcome.state.step)
    assert before.ended == "stopped" and np.isfinite(before.parameters.flat).all()
    after = Reference().train_epochs(start, SAMPLES, plan, state, epochs=100, steps=outcome.state.step + 1)
    assert after.ended == "diverged"


def test_nothing_is_written_to() -> None:
    start = initial(NET, "he", seed=1)
    arrays = [start.flat, SAMPLES.X, SAMPLES.Y, SAMPLES.weights]
    for array in arrays:
        array.flags.writeable = False
    state = State.start(NET, Adam(0.1), 0, start.flat.dtype)
    for slot in state.slots.values():
        slot.flags.writeable = False
    outcome = Reference().train_epochs(start, SAMPLES, Plan(Adam(0.1), 4), state, epochs=1)
    assert not any(slot.any() for slot in state.slots.values()) and state.step == 0
    assert not np.shares_memory(outcome.parameters.flat, start.flat)
    for array in arrays:
        array.flags.writeable = True


def test_float32_stays_float32() -> None:
    start = initial(NET, "he", seed=1, dtype="float32")
    assert SAMPLES.weights is not None
    narrow = Samples(*(array.astype(np.float32) for array in (SAMPLES.X, SAMPLES.Y, SAMPLES.weights)))
    seen: dict[str, Array] = {}
    E, R, gradients = step(start, narrow, dropout_masks(NET, 0, 0, np.dtype(np.float32)), seen.__setitem__)
    assert E.dtype == R.dtype == gradients.flat.dtype == np.float32
    assert {quantity.dtype for quantity in seen.values()} == {np.dtype(np.float32)}
    state = State.start(NET, Adam(0.01), 0, start.flat.dtype)
    outcome = Reference().train_epochs(start, narrow, Plan(Adam(0.01), 4), state, epochs=2)
    assert outcome.parameters.flat.dtype == np.float32
    assert {slot.dtype for slot in outcome.state.slots.values()} == {np.dtype(np.float32)}


def test_masks_are_drawn_from_the_dropout_stream() -> None:
    masks = dropout_masks(NET, seed=9, step=4, dtype=np.dtype(np.float32))
    mask = masks(0, (50, 4))
    drawn = words(9, Stream.DROPOUT, 200, lane=0, time=4).reshape(50, 4)
    assert mask.dtype == np.float32
    assert np.array_equal(mask == 0, drawn < 0.3 * 2**32)
    np.testing.assert_allclose(np.unique(mask), [0.0, 1 / 0.7], rtol=1e-7)


def test_masks_drop_the_share_they_should_and_differ() -> None:
    network = Network(1, [Dense(100, dropout=0.3), Dense(100, dropout=0.3), Dense(1)])
    draws = [
        dropout_masks(network, seed, number, np.dtype(float))(layer, (100, 100))
        for seed in (0, 1)
        for number in (0, 1)
        for layer in (0, 1)
    ]
    for mask in draws:
        assert abs((mask == 0).mean() - 0.3) < 4 * np.sqrt(0.21 / 10_000)
        assert abs(mask.mean() - 1.0) < 0.03
    assert len({mask.tobytes() for mask in draws}) == len(draws)


def test_dropout_only_while_training() -> None:
    start = initial(NET, "he", seed=1)
    without = Parameters(replace(NET, layers=(replace(NET.layers[0], dropout=0.0), NET.layers[1])), start.flat)
    engine = Reference()
    assert np.array_equal(engine.predict(start, SAMPLES.X), engine.predict(without, SAMPLES.X))
    assert engine.loss(start, SAMPLES) == engine.loss(without, SAMPLES)
    assert np.array_equal(
        engine.loss_and_gradients(start, SAMPLES)[1].flat, engine.loss_and_gradients(without, SAMPLES)[1].flat
    )
    assert not np.array_equal(train().parameters.flat, train(without.network).parameters.flat)


def test_record_tells_everything_in_order() -> None:
    names: list[str] = []
    step(initial(NET, "he", seed=1), SAMPLES, record=lambda name, quantity: names.append(name))
    forward = [name.format(layer) for layer in (1, 2) for name in ("s{}", "z{}", "da{0}/dz{0}", "f{}", "a{}")]
    of_weights = ["dE/dW{}", "dE/db{}", "dR/dW{}", "dJ/dW{}"]
    last = [name.format(2) for name in ("dE/da{}", "delta{}")] + ["dE[k]/da1"]
    first = [name.format(1) for name in ("dE/da{}", "delta{}")]
    weights = {layer: [name.format(layer) for name in of_weights] for layer in (1, 2)}
    assert names == [*forward, "share", "E", *last, *weights[2], *first, *weights[1], "R", "J"]
