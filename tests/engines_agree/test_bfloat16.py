"""Products of operands in bfloat16: native = reference, and neither is what full precision gives.

Both round the same float32 numbers, and what they sum is exact in float32; so one step agrees nearly as well as in full
precision. Only where an output or a delta lies so near a tie that float32 rounding decides may it round apart, by one
bfloat16 step, 2⁻⁸ of it: that is allowed seldom, and no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import native
from clearprop.engines.base import Array, Engine, Member, Outcome, Plan, Samples, State
from clearprop.engines.native import Native
from clearprop.engines.precision import PRECISIONS, to_bfloat16
from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.columns import COLUMN_LAYERS, Embedding, Periodic, PiecewiseLinear, Plain, Scale
from clearprop.network.initializers import initial
from clearprop.network.losses import LOSSES
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD, Adam
from tests.engines_agree.test_columns import inputs
from tests.engines_agree.test_product import BIAS_KINDS, RULES, STEPS, case, fitting

try:
    Native().check_precision("bfloat16")
    LACKING = ""
except InputError as error:
    LACKING = str(error)
multiplies = pytest.mark.skipif(bool(LACKING), reason=LACKING)

CLOSE, ROUNDED_APART = 1e-5, 2e-3
SHAPES = {
    "ragged": (
        Network(37, [Dense(101, "tanh"), Dense(53, "relu", "layer"), Dense(7, "softmax")], "cross_entropy"),
        157,
    ),
    "rates of their own": (
        Network(
            37,
            [Dense(101, "tanh", dropout=0.2, weight_rate=0.3), Dense(7, "softmax", bias_rate=4.0)],
            "smoothed_cross_entropy",
        ),
        157,
    ),
    "one of each": (Network(1, [Dense(1, "tanh"), Dense(1, "identity")]), 1),
    "odd rows": (Network(5, [Dense(3, "gelu", dropout=0.2), Dense(2, "identity")], l2=0.01), 13),
    "deeper than goes at once": (Network(2100, [Dense(33, "relu"), Dense(2, "identity")]), 230),
    "batch in pieces": (Network(70, [Dense(900, "relu"), Dense(65, "tanh"), Dense(3, "identity")], l1=0.001), 2501),
    "softmax within": (Network(40, [Dense(35, "softmax", dropout=0.1), Dense(9, "identity", "none")]), 45),
    "few units": (Network(70, [Dense(5, "relu"), Dense(66, "tanh"), Dense(2, "relu"), Dense(3, "identity")]), 50),
    "columns": (
        Network(
            13,
            [Dense(37, "silu", dropout=0.2), Dense(3, "softmax")],
            "cross_entropy",
            columns=[Periodic(3), Plain(4), Embedding(2, categories=7, outputs=5), PiecewiseLinear(4, outputs=2)],
            scale=Scale(rate=6.0),
        ),
        157,
    ),
    "columns in pieces": (
        Network(5, [Dense(900, "relu"), Dense(3, "identity")], columns=[Plain(1), Periodic(4)]),
        2501,
    ),
    "many layers": (Network(32, [*(Dense(32, "silu") for _ in range(6)), Dense(3, "identity")], "huber"), 64),
}


def narrowed(parameters: Parameters, samples: Samples) -> tuple[Parameters, Samples]:
    """In float32."""
    Y = samples.Y if samples.Y.ndim == 1 else samples.Y.astype(np.float32)
    weights = None if samples.weights is None else samples.weights.astype(np.float32)
    flat = parameters.flat.astype(np.float32)
    return Parameters(parameters.network, flat), Samples(samples.X.astype(np.float32), Y, weights)


def run(
    engine: Engine, parameters: Parameters, samples: Samples, plan: Plan, precision: str, steps: int, seed: int = 3
) -> Outcome:
    state = State.start(parameters.network, plan.optimizer, seed, parameters.flat.dtype)
    plan = replace(plan, precision=precision)
    return engine.train_epochs(parameters, samples, plan, state, epochs=10_000, steps=steps)


def distance(start: Parameters, outcome: Outcome, expected: Outcome) -> float:
    """How far two runs are apart, in parameters and slots, measured by how far the one has come."""
    pairs = [(outcome.parameters.flat - start.flat, expected.parameters.flat - start.flat)]
    pairs += [(outcome.state.slots[name], slot) for name, slot in expected.state.slots.items()]
    return max(float(np.linalg.norm(a - b) / (np.linalg.norm(b) or 1.0)) for a, b in pairs)


def shape(name: str) -> tuple[Parameters, Samples, Plan]:
    network, rows = SHAPES[name]
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows, network.inputs))
    if network.columns:
        X = inputs(list(network.columns), rows, rng)
    X = X.astype(np.float32)
    if network.loss_function.of_classes:
        Y: Array = rng.integers(0, network.outputs, rows)
    else:
        Y = rng.normal(size=(rows, network.outputs)).astype(np.float32)
    return initial(network, "he", seed=1, dtype="float32"), Samples(X, Y), Plan(SGD(0.1, momentum=0.9), rows)


@multiplies
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_one_step(hidden: str, loss: str, native: Engine, reference: Engine) -> None:
    fits, first = fitting(loss), list(ACTIVATIONS).index(hidden)
    errors, effects = [], []
    for turn, (rule, bias) in enumerate(product(RULES, BIAS_KINDS), first):
        parameters, samples, plan = case(hidden, fits[turn % len(fits)], loss, rule, bias, turn)
        start, samples = narrowed(parameters, samples)
        expected, full = (run(reference, start, samples, plan, precision, 1) for precision in ("bfloat16", "full"))
        errors.append(distance(start, run(native, start, samples, plan, "bfloat16", 1), expected))
        effects.append(distance(start, full, expected))
        assert errors[-1] < ROUNDED_APART, (rule, bias, turn)
    assert sum(error > CLOSE for error in errors) <= len(errors) / 6
    assert np.median(effects) > 10 * CLOSE


@multiplies
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_many_steps(hidden: str, loss: str, native: Engine, reference: Engine) -> None:
    """What rounds apart spreads from step to step, but no more than rounding itself does."""
    fits, first = fitting(loss), list(ACTIVATIONS).index(hidden)
    errors, effects = [], []
    for turn, rule in enumerate(RULES, first):
        settings = case(hidden, fits[turn % len(fits)], loss, rule, BIAS_KINDS[turn % 4], turn)
        start, samples = narrowed(*settings[:2])
        expected, full = (run(reference, start, samples, settings[2], name, STEPS) for name in ("bfloat16", "full"))
        outcome = run(native, start, samples, settings[2], "bfloat16", STEPS)
        assert (outcome.ended, outcome.state.step) == (expected.ended, expected.state.step)
        np.testing.assert_allclose(outcome.losses, expected.losses, rtol=0.02, atol=1e-3)
        errors.append(distance(start, outcome, expected))
        effects.append(distance(start, full, expected))
    assert np.median(errors) < np.median(effects) / 3


def test_every_column_layer_is_in_a_shape() -> None:
    assert {layer.kind for network, _ in SHAPES.values() for layer in network.columns} == set(COLUMN_LAYERS)


@multiplies
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str, native: Engine, reference: Engine) -> None:
    start, samples, plan = shape(name)
    expected, full = (run(reference, start, samples, plan, precision, 1) for precision in ("bfloat16", "full"))
    outcome = run(native, start, samples, replace(plan, threads=2), "bfloat16", 1)
    effect = distance(start, full, expected)
    assert effect > 1e-3
    assert distance(start, outcome, expected) < effect / 10


@multiplies
@pytest.mark.parametrize("rows", [1, 2, 3, 11, 12, 13, 23, 24, 25, 31, 64])
def test_batches_that_leave_a_row_over(rows: int, native: Engine, reference: Engine) -> None:
    """A short last batch finds nothing of the longer one before it in its pairs."""
    network = Network(33, [Dense(47, "tanh"), Dense(3, "identity")])
    rng = np.random.default_rng(rows)
    X, Y = (rng.normal(size=(64 + rows, width)).astype(np.float32) for width in (33, 3))
    start, plan = initial(network, "he", seed=1, dtype="float32"), Plan(SGD(0.1), 64, "sequential")
    expected = run(reference, start, Samples(X, Y), plan, "bfloat16", 2)
    assert distance(start, run(native, start, Samples(X, Y), plan, "bfloat16", 2), expected) < 4e-4


@multiplies
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("optimizer", [SGD(0.01, momentum=0.9), Adam(0.001)], ids=["momentum", "adam"])
def test_the_same_bits_for_any_number_of_threads(name: str, optimizer: Any, native: Engine) -> None:
    start, samples, plan = shape(name)
    digests = set()
    for threads in (1, 2, 3, 4, 8):
        outcome = run(native, start, samples, replace(plan, optimizer=optimizer, threads=threads), "bfloat16", 4)
        arrays = [outcome.parameters.flat, outcome.losses, *outcome.state.slots.values()]
        digests.add(hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
    assert len(digests) == 1


@multiplies
@pytest.mark.parametrize("name", ["ragged", "odd rows"])
def test_members_of_both_precisions_keep_theirs(name: str, native: Engine) -> None:
    """The network of odd rows is so small that in full precision many are trained side by side."""
    start, samples, plan = shape(name)
    state = State.start(start.network, plan.optimizer, 3, start.flat.dtype)
    precisions = [*PRECISIONS * 2, *["full"] * 20, *["bfloat16"] * 40]
    plans = [replace(plan, precision=precision) for precision in precisions]
    outcomes = native.train_many([Member(start, own, state) for own in plans], samples, epochs=2, threads=1)
    full, rounded = (
        native.train_epochs(start, samples, replace(plan, precision=one), state, epochs=2).parameters.flat
        for one in PRECISIONS
    )
    assert not np.array_equal(full, rounded)
    for precision, outcome in zip(precisions, outcomes, strict=True):
        assert np.array_equal(outcome.parameters.flat, full if precision == "full" else rounded)


def problem(dtype: str = "float32") -> tuple[cp.Model, Array, Array]:
    rng = np.random.default_rng(0)
    net = cp.Network.parse("6-20-3", hidden="tanh", output="softmax", loss="cross_entropy")
    model = cp.Model.initialized(net, "he", seed=1, dtype=dtype)
    return model, rng.normal(size=(90, 6)), rng.integers(0, 3, 90)


ENGINES: Sequence[Any] = [pytest.param("native", marks=multiplies), "reference"]


@pytest.mark.parametrize("engine", ENGINES)
def test_train_and_train_many(engine: str) -> None:
    model, X, y = problem()
    settings: dict[str, Any] = {"optimizer": cp.Adam(0.01), "batch_size": 32, "epochs": 5, "engine": engine}
    alone = cp.train(model, X, y, precision="bfloat16", **settings)
    many = cp.train_many([model, model], X, y, precision="bfloat16", seeds=[0, 0], **settings)
    assert [result.model == alone.model for result in many] == [True, True]
    full = cp.train(model, X, y, **settings)
    assert full.model == cp.train(model, X, y, precision="full", **settings).model
    assert full.model != alone.model
    np.testing.assert_allclose(alone.history.loss, full.history.loss, rtol=0.02)
    assert alone.model.dtype == "float32"
    assert not np.array_equal(to_bfloat16(alone.model.parameters.flat), alone.model.parameters.flat)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_checkpoint_goes_on_in_its_precision_alone(engine: str, tmp_path: Any) -> None:
    model, X, y = problem()
    path = tmp_path / "run"

    def train(epochs: int, precision: str, resume: bool) -> Any:
        return cp.train(
            model, X, y, optimizer=cp.Adam(0.01), batch_size=32, epochs=epochs, engine=engine, precision=precision,
            callbacks=[cp.Checkpoint(path, resume=resume)],
        )  # fmt: skip

    whole = train(4, "bfloat16", False).model
    train(2, "bfloat16", False)
    with pytest.raises(InputError, match='precision \\(then "bfloat16", now "full"\\)'):
        train(4, "full", True)
    assert train(4, "bfloat16", True).model == whole


def test_rounding_is_to_nearest_even() -> None:
    """Of the two neighbours in bfloat16 the nearer; of two that are as near, that whose last bit is even."""
    rng = np.random.default_rng(0)
    ties = (rng.integers(0, 2**15, 2000).astype(np.uint32) << 16 | 0x8000).view(np.float32)
    numbers = np.concatenate([rng.normal(size=4000).astype(np.float32), ties[np.isfinite(ties)]])
    numbers = numbers[np.abs(numbers) >= np.finfo(np.float32).tiny]
    below = (numbers.view(np.uint32) & 0xFFFF0000).view(np.float32).astype(float)
    above = ((numbers.view(np.uint32) & 0xFFFF0000) + 0x10000).view(np.float32).astype(float)
    down, up = np.abs(numbers - below), np.abs(above - numbers)
    even = (below.astype(np.float32).view(np.uint32) >> 16) % 2 == 0
    expected = np.where((down < up) | ((down == up) & even), below, above)
    assert np.array_equal(to_bfloat16(numbers), expected)
    special = to_bfloat16(np.array([np.nan, np.inf, -np.inf, -0.0, -1e-40], np.float32))
    np.testing.assert_array_equal(special, [np.nan, np.inf, -np.inf, 0.0, 0.0])


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_what_cannot_be(engine: str) -> None:
    model, X, y = problem("float64")
    known = r'precision: expected "full" \(products in float64, .*\) or "bfloat16" \(.*\), got '
    wrong = (("bfloat16", "float64; make it with"), ("float32", f"{known}'float32'"), (16, f"{known}16"))
    for name, message in wrong:
        with pytest.raises(InputError, match=message):
            cp.train(model, X, y, optimizer=cp.SGD(0.1), engine=engine, precision=name)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=message):
            cp.train_many([model], X, y, optimizer=cp.SGD(0.1), engine=engine, precision=name)  # type: ignore[arg-type]


def test_a_machine_without_the_instructions_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    model, X, y = problem()
    monkeypatch.setattr(native, "multiplies_bfloat16", lambda name: False)
    for train, given in ((cp.train, model), (cp.train_many, [model])):
        message = r'BF16 instructions, which this processor does not have; leave out .*, or give engine="reference"'
        with pytest.raises(InputError, match=message):
            train(given, X, y, optimizer=cp.SGD(0.1), precision="bfloat16")  # type: ignore[operator]
    cp.train(model, X, y, optimizer=cp.SGD(0.1), precision="full")


def test_an_instruction_set_without_the_instructions_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model, X, y = problem()
    monkeypatch.setenv("CLEARPROP_INSTRUCTION_SET", "portable")
    monkeypatch.setattr(native, "multiplies_bfloat16", lambda name: name == native.instruction_sets()[-1])
    best = native.instruction_sets()[-1]
    message = f'the instruction set "portable" of CLEARPROP_INSTRUCTION_SET does not have; set it to "{best}"'
    with pytest.raises(InputError, match=message):
        cp.train(model, X, y, optimizer=cp.SGD(0.1), precision="bfloat16")
