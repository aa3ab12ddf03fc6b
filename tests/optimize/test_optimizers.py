"""Optimizers against plain Python, written number by number from their papers and PyTorch's documentation."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearprop.engines.base import Array, Plan, Samples, State
from clearprop.engines.reference import Reference
from clearprop.errors import InputError
from clearprop.network.initializers import initial
from clearprop.network.spec import Dense, Network
from clearprop.optimize import schedules
from clearprop.optimize.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer, RMSprop, optimizer_from_json
from clearprop.optimize.schedules import Constant, Cosine, CosLog, Exponential, FlatCosine, OneCycle, Step

STEPS = 100

# One number's way: takes gradients, yields the parameter after each.
Scalar = Callable[[float, Iterator[float]], Iterator[float]]


def scalar_sgd(rate: float, momentum: float = 0.0, nesterov: bool = False) -> Scalar:
    def run(w: float, gradients: Iterator[float]) -> Iterator[float]:
        buffer = None
        for g in gradients:
            if momentum:
                buffer = g if buffer is None else momentum * buffer + g
                g = g + momentum * buffer if nesterov else buffer
            w = w - rate * g
            yield w

    return run


def scalar_adam(rate: float, b1: float, b2: float, eps: float, decay: float = 0.0) -> Scalar:
    def run(w: float, gradients: Iterator[float]) -> Iterator[float]:
        m = v = 0.0
        for t, g in enumerate(gradients, 1):
            w = w - rate * decay * w
            m = b1 * m + (1 - b1) * g
            v = b2 * v + (1 - b2) * g**2
            w = w - rate * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)
            yield w

    return run


def scalar_rmsprop(rate: float, alpha: float, eps: float) -> Scalar:
    def run(w: float, gradients: Iterator[float]) -> Iterator[float]:
        v = 0.0
        for g in gradients:
            v = alpha * v + (1 - alpha) * g * g
            w = w - rate * g / (math.sqrt(v) + eps)
            yield w

    return run


CASES: list[tuple[Optimizer, Scalar, Scalar]] = [  # ours, for weights, for biases
    (SGD(0.3), scalar_sgd(0.3), scalar_sgd(0.3)),
    (SGD(0.1, momentum=0.9), scalar_sgd(0.1, 0.9), scalar_sgd(0.1, 0.9)),
    (SGD(0.1, momentum=0.8, nesterov=True), scalar_sgd(0.1, 0.8, True), scalar_sgd(0.1, 0.8, True)),
    (Adam(0.05), scalar_adam(0.05, 0.9, 0.999, 1e-8), scalar_adam(0.05, 0.9, 0.999, 1e-8)),
    (
        Adam(0.05, beta1=0.7, beta2=0.95, epsilon=1e-3),
        scalar_adam(0.05, 0.7, 0.95, 1e-3),
        scalar_adam(0.05, 0.7, 0.95, 1e-3),
    ),
    (AdamW(0.05), scalar_adam(0.05, 0.9, 0.999, 1e-8, 0.01), scalar_adam(0.05, 0.9, 0.999, 1e-8)),
    (
        AdamW(0.05, weight_decay=0.3),
        scalar_adam(0.05, 0.9, 0.999, 1e-8, 0.3),
        scalar_adam(0.05, 0.9, 0.999, 1e-8),
    ),
    (RMSprop(0.02), scalar_rmsprop(0.02, 0.99, 1e-8), scalar_rmsprop(0.02, 0.99, 1e-8)),
    (RMSprop(0.02, decay=0.9, epsilon=0.01), scalar_rmsprop(0.02, 0.9, 0.01), scalar_rmsprop(0.02, 0.9, 0.01)),
]
KINDS = [optimizer for optimizer, _, _ in CASES]


def gradients_of_steps() -> Array:
    """Of six parameters, of very different sizes, changing sign."""
    rng = np.random.default_rng(0)
    return rng.normal(0.2, 1.0, (STEPS, 6)) * np.array([1e-6, 0.01, 1.0, 1.0, 30.0, 1e4])


START = np.array([0.5, -1.0, 2.0, 0.0, -0.3, 10.0])
ARE_WEIGHTS = np.array([True, True, True, True, False, False])


def ways(optimizer: Optimizer, gradients: Array, factors: Array | float = 1.0) -> Array:
    w, slots = START, {name: np.zeros(6) for name in optimizer.slots}
    after = []
    for step, gradient in enumerate(gradients):
        rate, fade = optimizer.schedule.at(step), optimizer.fading.at(step)
        w, slots = optimizer.update(w, gradient, slots, rate, step, ARE_WEIGHTS, factors=factors, fade=fade)
        after.append(w)
    return np.array(after)


def test_every_optimizer_is_compared() -> None:
    assert {type(optimizer) for optimizer in KINDS} == set(OPTIMIZERS.values())


@pytest.mark.parametrize(("optimizer", "of_weights", "of_biases"), CASES, ids=map(repr, KINDS))
def test_the_same_as_number_by_number(optimizer: Optimizer, of_weights: Scalar, of_biases: Scalar) -> None:
    gradients = gradients_of_steps()
    expected = [
        list((of_weights if weight else of_biases)(float(start), iter(column.tolist())))
        for start, weight, column in zip(START, ARE_WEIGHTS, gradients.T, strict=True)
    ]
    np.testing.assert_allclose(ways(optimizer, gradients).T, expected, rtol=1e-12)


FACTORS = np.array([1.0, 0.1, 6.0, 0.0, 0.1, 2.0])


@pytest.mark.parametrize(("optimizer", "of_weights", "of_biases"), CASES, ids=map(repr, KINDS))
def test_a_factor_is_a_learning_rate_of_its_own(optimizer: Optimizer, of_weights: Scalar, of_biases: Scalar) -> None:
    """But for the decay, which takes the rate without it: so it is left out here."""
    if isinstance(optimizer, AdamW):
        optimizer = replace(optimizer, weight_decay=0.0)
    gradients = gradients_of_steps()
    alone = [
        ways(replace(optimizer, learning_rate=optimizer.learning_rate * factor), gradients)[:, index]
        for index, factor in enumerate(FACTORS)
    ]
    together = ways(optimizer, gradients, factors=FACTORS)
    np.testing.assert_allclose(together.T, alone, rtol=1e-13)
    assert (together[:, 3] == START[3]).all()


def test_decay_takes_the_rate_without_the_factor_and_what_is_left_of_it() -> None:
    """With no gradient, Adam's step is none, and only the decay is left: w·Π(1 - rate·decay·fade)."""
    fade = FlatCosine(1.0, steps=STEPS)
    optimizer = AdamW(Step(0.1, every=40, factor=0.5), weight_decay=0.3, fade=fade)
    found = ways(optimizer, np.zeros((STEPS, 6)), factors=FACTORS)
    w = START.copy()
    for step in range(STEPS):
        left = 1.0 if step <= 50 else (1.0 + math.cos(math.pi * (step - 50) / 50)) / 2
        w = np.where(ARE_WEIGHTS, w * (1.0 - 0.1 * 0.5 ** (step // 40) * 0.3 * left), w)
        np.testing.assert_allclose(found[step], w, rtol=1e-13)
    assert np.array_equal(ways(replace(optimizer, fade=0.0), np.zeros((STEPS, 6)))[-1], START)


@pytest.mark.parametrize("optimizer", KINDS, ids=repr)
def test_fading_changes_no_step_but_that_of_decay(optimizer: Optimizer) -> None:
    gradients = gradients_of_steps()
    faded = ways(replace(optimizer, fade=0.25), gradients)
    same = replace(optimizer, weight_decay=0.25 * optimizer.weight_decay) if isinstance(optimizer, AdamW) else optimizer
    np.testing.assert_allclose(faded, ways(same, gradients), rtol=1e-13)


@pytest.mark.parametrize("optimizer", KINDS, ids=repr)
def test_fade_is_said_where_it_is_not_1(optimizer: Optimizer) -> None:
    fading = replace(optimizer, fade=FlatCosine(1.0, steps=9))
    assert "fade" not in repr(optimizer) and "fade=FlatCosine(rate=1.0, steps=9)" in repr(fading)
    assert eval(repr(fading), {**vars(schedules), **{kind.__name__: kind for kind in OPTIMIZERS.values()}}) == fading
    assert replace(optimizer, fade=Constant(1.0)) == optimizer


@pytest.mark.parametrize("optimizer", KINDS, ids=repr)
def test_the_same_as_pytorch(optimizer: Optimizer) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    settings: dict[str, Any] = {"lr": optimizer.learning_rate}
    if isinstance(optimizer, SGD):
        kind = torch.optim.SGD
        settings |= {"momentum": optimizer.momentum, "nesterov": optimizer.nesterov}
    elif isinstance(optimizer, RMSprop):
        kind = torch.optim.RMSprop
        settings |= {"alpha": optimizer.decay, "eps": optimizer.epsilon}
    else:
        kind = torch.optim.AdamW if isinstance(optimizer, AdamW) else torch.optim.Adam
        settings |= {"betas": (optimizer.beta1, optimizer.beta2), "eps": optimizer.epsilon}
    decay = getattr(optimizer, "weight_decay", 0.0)
    weights = torch.tensor(START[ARE_WEIGHTS], dtype=torch.float64, requires_grad=True)
    biases = torch.tensor(START[~ARE_WEIGHTS], dtype=torch.float64, requires_grad=True)
    groups = [{"params": [weights], "weight_decay": decay}, {"params": [biases], "weight_decay": 0.0}]
    peer = kind(groups, **settings)
    gradients = gradients_of_steps()
    after = []
    for gradient in gradients:
        weights.grad, biases.grad = torch.tensor(gradient[ARE_WEIGHTS]), torch.tensor(gradient[~ARE_WEIGHTS])
        peer.step()
        after.append(np.concatenate([weights.detach().numpy(), biases.detach().numpy()]))
    np.testing.assert_allclose(ways(optimizer, gradients), after, rtol=1e-8)


@pytest.mark.parametrize("optimizer", KINDS, ids=repr)
def test_it_goes_downhill(optimizer: Optimizer) -> None:
    """From (3, -2) towards the minimum (1, 1) of a bowl; AdamW's decay pulls it a little towards 0."""
    w, slots = np.array([3.0, -2.0]), {name: np.zeros(2) for name in optimizer.slots}
    optimizer = replace(optimizer, learning_rate=0.05)
    for step in range(600):
        w, slots = optimizer.update(w, np.array([1.0, 0.3]) * (w - 1.0), slots, 0.05, step, np.array([True, True]))
    assert np.abs(w - 1.0).max() < (0.35 if getattr(optimizer, "weight_decay", 0.0) > 0.1 else 0.05)


@pytest.mark.parametrize("optimizer", KINDS, ids=repr)
def test_update_writes_to_nothing_and_keeps_float32(optimizer: Optimizer) -> None:
    def frozen(values: Array) -> Array:
        array = values.astype(np.float32)
        array.flags.writeable = False
        return array

    slots = {name: frozen(np.ones(6)) for name in optimizer.slots}
    w, slots = optimizer.update(frozen(START), frozen(np.ones(6)), slots, 0.1, 3, ARE_WEIGHTS)
    assert w.dtype == np.float32
    assert all(slot.dtype == np.float32 for slot in slots.values())
    assert tuple(slots) == optimizer.slots


@pytest.mark.parametrize("optimizer", KINDS, ids=repr)
def test_frozen_biases_stay_and_are_not_remembered(optimizer: Optimizer) -> None:
    layers = [Dense(3, "tanh", train_bias=False), Dense(2, "sigmoid", "layer", train_bias=False), Dense(1, "identity")]
    network = Network(2, layers)
    start = initial(network, "uniform", seed=4)
    rng = np.random.default_rng(0)
    samples = Samples(rng.normal(size=(8, 2)), rng.normal(size=(8, 1)))
    state = State.start(network, optimizer, 0, start.flat.dtype)
    outcome = Reference().train_epochs(start, samples, Plan(optimizer, 3), state, epochs=5)
    for l in (0, 1):
        assert np.array_equal(outcome.parameters.biases[l], start.biases[l])
        assert not np.isclose(outcome.parameters.weights[l], start.weights[l], rtol=1e-9).any()
    assert not np.isclose(outcome.parameters.biases[2], start.biases[2], rtol=1e-9).any()
    frozen = ~start.trained()
    assert frozen.sum() == 4
    for slot in outcome.state.slots.values():
        assert not slot[frozen].any() and slot[~frozen].all()


def test_weights_decay_biases_do_not() -> None:
    network = Network.parse("2-3-1")
    start = initial(network, "uniform", seed=1)
    flat, _ = AdamW(0.1, weight_decay=0.5).update(
        start.flat, np.zeros(len(start.flat)), {"m": np.zeros(13), "v": np.zeros(13)}, 0.1, 0, start.are_weights()
    )
    np.testing.assert_allclose(flat[start.are_weights()], 0.95 * start.flat[start.are_weights()], rtol=1e-14)
    assert np.array_equal(flat[~start.are_weights()], start.flat[~start.are_weights()])


def test_the_rate_follows_its_schedule() -> None:
    network = Network(1, [Dense(1, "identity", "none")])
    start = initial(network, "zeros")
    samples = Samples(np.ones((4, 1)), np.full((4, 1), -1.0))  # at w the gradient is w + 1
    optimizer = SGD(Step(0.5, every=2, factor=0.5))
    plan = Plan(optimizer, 1, "sequential")
    w = 0.0
    for rate in (0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625):
        w -= rate * (w + 1.0)
    outcome = Reference().train_epochs(
        start, samples, plan, State.start(network, optimizer, 0, np.dtype(float)), epochs=2
    )
    assert outcome.parameters.flat[0] == pytest.approx(w, rel=1e-15)


numbers = st.floats(0.0, 10.0)
shares = st.floats(0.0, 1.0, exclude_max=True)
counts = st.integers(1, 10**9)
some_schedules = st.one_of(
    numbers,
    st.builds(Constant, numbers),
    st.builds(Step, numbers, counts, numbers),
    st.builds(Exponential, numbers, numbers, counts),
    st.builds(Cosine, numbers, counts, numbers),
    st.builds(OneCycle, numbers, counts, shares, numbers, numbers),
    st.builds(FlatCosine, numbers, counts),
    st.builds(CosLog, numbers, counts, st.integers(1, 32)),
)
fades = st.one_of(shares, st.builds(FlatCosine, shares, counts), st.builds(Cosine, shares, counts, shares))
optimizers = st.one_of(
    st.builds(SGD, some_schedules, shares, fade=fades),
    st.builds(SGD, some_schedules, st.floats(0.01, 0.99), st.just(True)),
    st.builds(Adam, some_schedules, shares, shares, numbers),
    st.builds(AdamW, some_schedules, shares, shares, numbers, numbers, fade=fades),
    st.builds(RMSprop, some_schedules, shares, numbers, fade=fades),
)


@given(optimizers)
def test_to_json_and_back(optimizer: Optimizer) -> None:
    assert optimizer_from_json(json.loads(json.dumps(optimizer.to_json()))) == optimizer


def test_numbers_of_numpy_become_plain() -> None:
    optimizer = SGD(np.float32(0.5), momentum=np.float64(0.25))
    assert optimizer == SGD(0.5, momentum=0.25)
    assert json.dumps(optimizer.to_json())
    assert SGD(Constant(0.5)) == SGD(0.5)
    assert optimizer_from_json({"learning_rate": 0.5}) == SGD(0.5)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(-0.1), ["learning_rate", "from 0 up", "-0.1"]),
        (lambda: SGD(NAN), ["learning_rate", "nan"]),
        (lambda: SGD(INF), ["learning_rate", "inf"]),
        (lambda: SGD("0.1"), ["learning_rate", "expected a number", "'0.1'"]),  # type: ignore[arg-type]
        (lambda: SGD(True), ["learning_rate", "True"]),
        (lambda: SGD(10**400), ["learning_rate"]),
        (lambda: SGD(np.complex128(1.0)), ["learning_rate"]),
        (lambda: SGD(None), ["learning_rate", "None"]),  # type: ignore[arg-type]
        (lambda: SGD(0.1, momentum=1.0), ["momentum", "below 1", "1.0"]),
        (lambda: SGD(0.1, momentum=-0.5), ["momentum", "-0.5"]),
        (lambda: SGD(0.1, nesterov=True), ["nesterov", "momentum above 0"]),
        (lambda: SGD(0.1, momentum=0.5, nesterov=1), ["nesterov", "True or False"]),  # type: ignore[arg-type]
        (lambda: Adam(0.1, beta1=1.0), ["beta1", "below 1"]),
        (lambda: Adam(0.1, beta2=1.5), ["beta2", "below 1"]),
        (lambda: Adam(0.1, epsilon=-1e-8), ["epsilon", "from 0 up"]),
        (lambda: AdamW(0.1, weight_decay=NAN), ["weight_decay"]),
        (lambda: RMSprop(0.1, decay=1.0), ["decay", "below 1"]),
        (lambda: SGD(0.1, fade=1.5), ["fade", "share from 0 to 1", "1.5"]),
        (lambda: SGD(0.1, fade=-0.5), ["fade", "from 0 up", "-0.5"]),
        (lambda: SGD(0.1, fade="no"), ["fade", "expected a number", "'no'"]),  # type: ignore[arg-type]
        (lambda: AdamW(0.1, fade=Cosine(0.5, steps=9, final=2.0)), ["fade", "share from 0 to 1", "Cosine"]),
        (lambda: Adam(0.1, fade=Exponential(0.5, factor=1.01)), ["fade", "share from 0 to 1", "Exponential"]),
        (lambda: optimizer_from_json({"kind": "sdg"}), ['unknown optimizer "sdg"', 'did you mean "sgd"?']),
        (lambda: optimizer_from_json({"kind": ["sgd"]}), ["unknown optimizer"]),
        (lambda: optimizer_from_json({"kind": "sgd", "momentun": 0.5}), ["momentun", 'did you mean "momentum"?']),
        (lambda: optimizer_from_json({"kind": "adam", "momentum": 0.5}), ["key of the optimizer adam", "beta1"]),
        (lambda: optimizer_from_json("sgd"), ["optimizer", "table of settings"]),  # type: ignore[arg-type]
        (lambda: SGD({"kind": "cosine", "rate": 1.0}), ["schedule cosine", '"steps" is missing']),  # type: ignore[arg-type]
        (lambda: SGD({"kind": "cosin"}), ['unknown schedule "cosin"', 'did you mean "cosine"?']),  # type: ignore[arg-type]
        (lambda: SGD({}), ['unknown schedule "None"']),  # type: ignore[arg-type]
    ],
)
def test_bad_values(make: Callable[[], object], words: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        make()
    for word in words:
        assert word in str(raised.value)
