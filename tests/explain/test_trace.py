"""A trace: every quantity of a step, from the engine's own numbers, with formulas that give these numbers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import Array
from clearprop.explain.expression import Number, Symbol, evaluate, negated, parse, simplified, symbols
from clearprop.explain.ref import Ref
from clearprop.explain.ref import parse as parse_id
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES

LAST = {"poisson": "exp", "binary_cross_entropy": "sigmoid", "perceptron": "step"}
LAST |= {name: "softmax" for name, entry in LOSSES.items() if entry.of_classes}
OPTIMIZERS = [
    cp.SGD(0.05),
    cp.SGD(0.05, momentum=0.9),
    cp.SGD(0.05, momentum=0.9, nesterov=True),
    cp.Adam(0.05),
    cp.AdamW(0.05, weight_decay=0.1),
    cp.AdamW(0.05, weight_decay=0.1, fade=0.4),
    cp.RMSprop(0.05),
]
BIASES = ("unit", "layer", "none")
# What is subtracted in a formula may cancel to here; the engine's own, stabler way loses less.
CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-12}


def assert_formulas_give_the_numbers(trace: cp.Trace) -> None:
    for ref, definition in trace.definitions.items():
        np.testing.assert_allclose(
            evaluate(definition.formula, trace.value), trace.value(ref), **CLOSE, err_msg=f"{ref}"
        )
        for one in trace.elements(ref):
            np.testing.assert_allclose(evaluate(trace.formula(one), trace.value), trace.value(one), **CLOSE)


def assert_is_what_training_does(trace: cp.Trace, result: cp.Result, exactly: bool) -> None:
    assert_same = np.testing.assert_array_equal if exactly else close
    for layer, (W, b) in enumerate(
        zip(result.model.parameters.weights, result.model.parameters.biases, strict=True), start=1
    ):
        assert_same(trace[f"W{layer}'"].value, W)
        if len(b):
            assert_same(np.ravel(trace[f"b{layer}'"].value), b)


def close(left: Array, right: Array) -> None:
    # Adam divides a gradient that is 0 but for rounding, about 1e-17, by its ε of 1e-8.
    np.testing.assert_allclose(left, right, rtol=1e-10, atol=2e-9)


@pytest.mark.parametrize("function", ACTIVATIONS)
def test_every_kind_of_step(function: str) -> None:
    """Every activation × loss × bias, the optimizers, batches, penalties, weights and dropout taking turns."""
    turns = itertools.cycle(itertools.product(OPTIMIZERS, (1, 3), (0.0, 0.03), (False, True), (0.0, 0.3)))
    rates = itertools.cycle(itertools.product((1.0, 0.3), (0.0, 1.0, 0.1)))
    for number, (loss, bias) in enumerate(itertools.product(LOSSES, BIASES)):
        optimizer, rows, penalty, weighted, dropout = next(itertools.islice(turns, number % 5, None))
        factors = next(rates)
        random = np.random.default_rng(number)
        last = LAST.get(loss, function)
        first = cp.Dense(3, function, bias, True, dropout, *factors)
        layers = [first, cp.Dense(2, function, bias), cp.Dense(2, last, bias, True, 0.0, *factors)]
        network = cp.Network(2, layers, loss, l1=penalty, l2=2 * penalty)
        model = cp.Model.initialized(network, "normal", scale=0.4, seed=number)
        X, Y = random.normal(size=(rows, 2)), random.random((rows, 2))
        Y = Y.round() if loss == "perceptron" else Y
        weights = random.random(rows) if weighted else None
        trace = cp.trace(model, X, Y, optimizer=optimizer, sample_weight=weights, seed=number)
        assert_formulas_give_the_numbers(trace)
        for engine in ("reference", "native"):
            result = cp.train(
                model, X, Y, optimizer=optimizer, order="sequential", sample_weight=weights, seed=number, engine=engine
            )
            assert_is_what_training_does(trace, result, exactly=engine == "reference")


def test_a_step_in_the_middle_of_a_run() -> None:
    network = cp.Network(2, [cp.Dense(3, "tanh", dropout=0.2, weight_rate=6.0), cp.Dense(1, bias_rate=0.1)])
    model = cp.Model.initialized(network, seed=1)
    X, Y = np.array([[0.1, 0.2], [0.3, -0.4]]), np.array([[0.0], [1.0]])
    optimizer = cp.AdamW(cp.schedules.Step(0.1, every=2), fade=cp.schedules.FlatCosine(1.0, steps=4))
    before = cp.train(model, X, Y, optimizer=optimizer, epochs=3, order="sequential", seed=5, engine="reference")
    after = cp.train(
        before.model, X, Y, optimizer=optimizer, order="sequential", state=before.state, engine="reference"
    )
    trace = cp.trace(before.model, X, Y, optimizer=optimizer, state=before.state)
    assert trace["t"].value == 4 and trace["eta"].value == pytest.approx(0.01)
    assert trace["fade"].value == pytest.approx(0.5)
    kept = trace["mask1"].value[trace["mask1"].value > 0]
    np.testing.assert_allclose(kept, 1 / (1 - 0.2 * 0.5))
    assert_formulas_give_the_numbers(trace)
    assert_is_what_training_does(trace, after, exactly=True)


def small() -> cp.Trace:
    network = cp.Network.parse("2-2-2", bias="layer", train_bias=False)
    model = cp.Model(network, [[[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]], [0.35, 0.60])
    return cp.trace(model, [0.05, 0.10], [0.01, 0.99], optimizer=cp.SGD(0.5))


@pytest.mark.parametrize(
    ("id", "sources"),
    [
        ("z1[2]", ("x[1]", "W1[1->2]", "x[2]", "W1[2->2]", "b1")),
        ("a1[1]", ("z1[1]",)),
        ("E[2]", ("a2[2]", "y[2]")),
        ("E", ("E[1]", "E[2]")),
        ("dE/da2[1]", ("a2[1]", "y[1]")),
        ("da1/dz1[1]", ("a1[1]",)),
        ("delta2[1]", ("dE/da2[1]", "da2/dz2[1]")),
        ("dE[2]/da1[1]", ("delta2[2]", "W2[1->2]")),
        ("dE/da1[1]", ("dE[1]/da1[1]", "dE[2]/da1[1]")),
        ("dE/dW1[2->1]", ("x[2]", "delta1[1]")),
        ("dE/db1", ("delta1[1]", "delta1[2]")),
        ("W1'[2->1]", ("W1[2->1]", "eta", "dE/dW1[2->1]")),
        ("b1'", ("b1",)),
        ("dE/dW1", ("x", "delta1")),
    ],
)
def test_what_a_quantity_was_computed_from(id: str, sources: tuple[str, ...]) -> None:
    assert small()[id].sources == sources


def test_sources_come_first() -> None:
    trace = small()
    seen = {trace.text(ref) for ref in trace.given}
    for id in list(trace)[len(trace.given) :]:
        assert {source.split("[")[0] for source in trace[id].sources} <= seen, id
        seen.add(id.split("[")[0])


def test_samples_are_named_where_there_are_several() -> None:
    network = cp.Network.parse("2-2-1")
    model = cp.Model.initialized(network, seed=0)
    batch = cp.trace(model, [[1.0, 2.0], [3.0, 4.0]], [[0.0], [1.0]])
    one = cp.trace(model, [[3.0, 4.0]], [[1.0]])
    assert batch["z1[2,1]"].value == one["z1[1]"].value == one["z1[1,1]"].value
    assert one["z1[1,1]"].id == "z1[1]" and batch["z1"].shape == (2, 2)
    assert batch["delta2[2,1]"].value == pytest.approx(one["delta2[1]"].value / 2)
    assert "W1'" not in batch and "z1[3,1]" not in batch


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("z3[1]", 'there is no "z3[1]" in this step'),
        ("z1[3]", 'there is no "z1[3]" in this step: it goes from z1[1] to z1[2]'),
        ("W1[3->1]", "it goes from W1[1->1] to W1[2->2]"),
        ("dE/dW", 'id "dE/dW": the layer is missing, as dE/dW1'),
        ("delta1[0]", "counted from 1"),
        ("dealta1[1]", 'did you mean "delta1'),
        ("", "expected a name and a place"),
        ("z1[", "expected a name and a place"),
        ("m_W1[1->1]", "there is no"),
        ("eta[1]", 'there is no "eta[1]" in this step: there is only eta'),
        ("a1[1->2]", 'id "a1[1->2]": expected unit, or sample and unit'),
        ("W1[1,2]", 'id "W1[1,2]": expected from unit to unit, as [2->1]'),
        ("W01", 'unknown id "W01"'),
        ("E[]", "expected a name and a place"),
        ("da1/dz1[1,2,3]", "expected unit, or sample and unit"),
    ],
)
def test_ids_that_are_not_there(id: str, words: str) -> None:
    with pytest.raises(cp.InputError) as error:
        small()[id]
    assert words in str(error.value)


def test_ids_of_every_quantity_are_read_back() -> None:
    network = cp.Network(2, [cp.Dense(2, "softmax", dropout=0.5), cp.Dense(2, "tanh")], "huber", l1=0.1, l2=0.1)
    model = cp.Model.initialized(network, seed=0)
    for rows in (1, 3):
        weights = np.ones(rows) if rows > 1 else None
        trace = cp.trace(model, np.ones((rows, 2)), np.ones((rows, 2)), optimizer=cp.AdamW(), sample_weight=weights)
        for whole in (*trace.given, *trace.definitions):
            for ref in (whole, *trace.elements(whole)):
                assert trace.checked(parse_id(trace.text(ref))) == ref


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_given_is_only_what_was_there_before(optimizer: cp.Optimizer) -> None:
    model = cp.Model.initialized(cp.Network.parse("2-1", train_bias=False), seed=0)
    trace = cp.trace(model, [1.0, 2.0], [1.0], optimizer=optimizer)
    slots = {ref.kind for ref in trace.given if ref.slot}
    assert slots == {f"{slot}_old_{of}" for slot in optimizer.slots for of in "Wb"}


def test_what_is_no_id_and_no_argument() -> None:
    model = cp.Model.initialized(cp.Network.parse("2-1"), seed=0)
    x, y = [1.0, 2.0], [1.0]
    assert 3 not in small()
    with pytest.raises(cp.InputError, match="id: expected a text"):
        small()[3]  # type: ignore[index]
    with pytest.raises(cp.InputError, match="optimizer: expected an optimizer such as SGD"):
        cp.trace(model, x, y, optimizer="sgd")  # type: ignore[arg-type]
    with pytest.raises(cp.InputError, match="model: expected a Model, got None"):
        cp.trace(None, x, y)  # type: ignore[arg-type]
    state = cp.train(model, [x], [y], optimizer=cp.SGD(0.1)).state
    with pytest.raises(cp.InputError, match="state: it is of another optimizer or network"):
        cp.trace(model, x, y, optimizer=cp.Adam(), state=state)
    with pytest.raises(cp.InputError, match="state: expected the state of a result"):
        cp.trace(model, x, y, state=3)  # type: ignore[arg-type]


def test_shapes_that_do_not_fit() -> None:
    model = cp.Model.initialized(cp.Network.parse("2-1"), seed=0)
    with pytest.raises(cp.InputError, match=r"expected shape \(B, 2\)"):
        cp.trace(model, [1.0, 2.0, 3.0], [1.0])
    with pytest.raises(cp.InputError, match="Y: expected shape"):
        cp.trace(model, [1.0, 2.0], [1.0, 2.0])


def test_numbers_that_overflow_are_told_as_they_are() -> None:
    network = cp.Network.parse("1-1", output="exp")
    trace = cp.trace(cp.Model(network, [[[1000.0]]], [[0.0]]), [1.0], [0.0], optimizer=cp.SGD(0.1))
    assert trace["a1[1]"].value == np.inf and not np.isfinite(trace["W1'[1->1]"].value)


def formula(text: str) -> Any:
    return parse(text, {name: Symbol(Ref(name)) for name in "xyz"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x - -y", "x + y"),
        ("-(x - y)", "y - x"),
        ("-x * -y", "x * y"),
        ("x * -y * z", "-(x * y * z)"),
        ("(x + y) + z", "x + y + z"),
        ("1 * x", "x"),
        ("x + 0 * y", "x"),
        ("-(-x)", "x"),
    ],
)
def test_signs_are_gathered(text: str, expected: str) -> None:
    assert simplified(formula(text)) == simplified(formula(expected))


def test_negated_keeps_the_value() -> None:
    values = {Ref("x"): 2.0, Ref("y"): 5.0, Ref("z"): -3.0}
    for text in ("x - y", "x * y - z", "-x", "x / y", "x**2 if x > y else z", "max(x, y)"):
        given = formula(text)
        assert evaluate(simplified(negated(given)), values.__getitem__) == -evaluate(given, values.__getitem__)


def test_symbols_are_named_once_in_reading_order() -> None:
    assert [ref.kind for ref in symbols(formula("y * x + y / z"))] == ["y", "x", "z"]
    assert symbols(Number(1.0)) == []
