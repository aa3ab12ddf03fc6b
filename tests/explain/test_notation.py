"""Notations: every formula gives the number it stands beside, in the signs and the layout of each book."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.explain.expression import Expression, Negative, Number, Symbol, evaluate, parse, rebuilt
from clearprop.explain.notation import NOTATIONS, Notation
from clearprop.explain.notation.base import inputs_last, turned
from clearprop.explain.notation.transposed import transposed
from clearprop.explain.ref import Ref
from clearprop.explain.render.python import python
from clearprop.explain.trace import Trace

OPTIMIZERS = [
    cp.SGD(0.1),
    cp.SGD(0.1, momentum=0.9, nesterov=True),
    cp.Adam(0.1),
    cp.AdamW(0.1, weight_decay=0.1),
    cp.AdamW(0.1, weight_decay=0.1, fade=0.3),
    cp.RMSprop(0.1),
]
LAST = {"half_squared_error": "sigmoid", "huber(0.3)": "softmax", "cross_entropy": "softmax", "poisson": "exp"}
LAST["smoothed_cross_entropy(0.3)"] = "softmax"


@st.composite
def steps(draw: st.DrawFn) -> Trace:
    """Networks of one to four layers, with every kind of bias, penalty, batch and optimizer."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=5))
    wide = draw(st.sampled_from([0, 0, 11]))  # indices of two digits
    sizes[0] = wide or sizes[0]
    loss = draw(st.sampled_from(sorted(LAST)))
    layers = [
        cp.Dense(
            units,
            draw(st.sampled_from(["tanh", "relu", "silu"])) if number < len(sizes) - 2 else LAST[loss],
            draw(st.sampled_from(["unit", "layer", "none"])),
            train_bias=draw(st.booleans()),
            dropout=draw(st.sampled_from([0.0, 0.3])) if number < len(sizes) - 2 else 0.0,
            weight_rate=draw(st.sampled_from([1.0, 6.0])),
            bias_rate=draw(st.sampled_from([1.0, 0.1])),
        )
        for number, units in enumerate(sizes[1:])
    ]
    reduction = draw(st.sampled_from(["mean", "sum"]))
    penalty = draw(st.sampled_from([0.0, 0.1]))
    network = cp.Network(sizes[0], layers, loss, l1=penalty, l2=penalty, reduction=reduction)
    model = cp.Model.initialized(network, "normal", scale=0.7, seed=draw(st.integers(0, 99)))
    rows = draw(st.sampled_from([1, 1, 2, 3]))
    random = np.random.default_rng(rows)
    X, Y = random.normal(size=(rows, sizes[0])), random.random((rows, sizes[-1]))
    optimizer = draw(st.sampled_from(OPTIMIZERS))
    weights = random.random(rows) if draw(st.booleans()) else None
    return cp.trace(model, X, Y, optimizer=optimizer, sample_weight=weights)


def as_displayed(formula: Expression) -> Expression:
    """The formula with each symbol standing for what is displayed, which has the sign of the book already."""
    if isinstance(formula, Symbol):
        return replace(formula, flipped=False)
    return rebuilt(formula, as_displayed)


def assert_reads_right(trace: Trace, notation: Notation, ref: Ref, formula: Expression) -> None:
    def displayed(one: Ref) -> Any:
        return notation.shown(one, trace.value(one))

    written = as_displayed(notation.formula(ref, formula, trace.shapes))
    result = np.broadcast_to(evaluate(written, displayed), np.shape(displayed(ref)))
    np.testing.assert_allclose(result, displayed(ref), rtol=1e-9, atol=1e-12, err_msg=f"{notation.key}: {written}")


@settings(max_examples=12)
@given(steps())
def test_every_formula_gives_what_is_displayed(trace: Trace) -> None:
    for notation in NOTATIONS.values():
        for whole, definition in trace.definitions.items():
            assert_reads_right(trace, notation, whole, definition.formula)
            for ref in trace.elements(whole):
                assert_reads_right(trace, notation, ref, trace.formula(ref))


def test_layout_and_sign_of_what_is_displayed() -> None:
    model = cp.Model(cp.Network.parse("2-1"), [[[1.0], [2.0]]], [[3.0]])
    trace = cp.trace(model, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[0.0]] * 3)
    x, W, b = Ref("x"), Ref("W", 1), Ref("b", 1)
    shown = {key: [one.shown(ref, trace.value(ref)).tolist() for ref in (x, W, b)] for key, one in NOTATIONS.items()}
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    columns = [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert shown["canonical"] == shown["net-out"] == shown["matrix"] == [rows, [[1.0], [2.0]], [3.0]]
    assert shown["threshold"] == [rows, [[1.0], [2.0]], [-3.0]]
    assert shown["ufldl"] == shown["nielsen"] == shown["matrix-columns"] == [columns, [[1.0, 2.0]], [[3.0]]]


@pytest.mark.parametrize(
    ("formula", "other"),
    [
        ("a - y", "y - a"),
        ("(a - y) / 3", "(y - a) / 3"),
        ("2 / 3 * (a - y)", "2 / 3 * (y - a)"),
        ("a * y", "-(a * y)"),
        ("(a - y) * a * (1 - a)", "(y - a) * a * (1 - a)"),
    ],
)
def test_the_other_sign_turns_a_difference_round(formula: str, other: str) -> None:
    names: dict[str, Expression] = {"a": Symbol(Ref("a", 1)), "y": Symbol(Ref("y"))}
    assert turned(parse(formula, names)) == parse(other, names)


def test_inputs_come_last() -> None:
    names: dict[str, Expression] = {"x": Symbol(Ref("x")), "w": Symbol(Ref("W", 1)), "d": Symbol(Ref("delta", 1))}
    assert inputs_last(parse("x * w + x * d + d * w", names)) == parse("w * x + d * x + d * w", names)


def test_a_sum_stays_the_same_transposed() -> None:
    total = parse("total(z)", {"z": Symbol(Ref("z", 1))})
    z = np.arange(6.0).reshape(2, 3)
    assert evaluate(transposed(total), lambda ref: z.T).tolist() == evaluate(total, lambda ref: z)[:, 0].tolist()
    assert transposed(Negative(Number(2.0))) == Negative(Number(2.0))


@pytest.mark.parametrize("key", ["matrix", "matrix-columns", "ufldl", "nielsen"])
def test_a_script_and_the_sizes_printed_follow_the_layout(key: str) -> None:
    network = cp.Network.parse("2-3", output="identity")  # whose slope is 1 everywhere, whatever its shape
    trace = cp.trace(cp.Model.initialized(network, seed=0), [[1.0, 2.0]] * 4, [[0.0, 1.0, 2.0]] * 4)
    explanation = trace.explain(notation=key, form="matrix")
    names: dict[str, Any] = {}
    exec(python(explanation), names)
    shape = (4, 3) if key == "matrix" else (3, 4)
    assert names["da1_dz1"].shape == names["delta1"].shape == shape
    assert f"{shape[0]} × {shape[1]}" in str(explanation) and f"{shape[1]} × {shape[0]}" not in str(explanation)
