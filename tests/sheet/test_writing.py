"""What is written reads as the same sheet, to the last bit and the last written digit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import clearprop as cp
from clearprop.explain.notation import NOTATIONS
from clearprop.network.parameters import Parameters
from clearprop.optimize import schedules
from clearprop.sheet import Claim, Sheet, Written, read_sheet, write_sheet

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(0, 1e300)
share = st.floats(0, 0.99)
digits = st.from_regex(r"\A[+-]?[0-9]{1,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?\Z").map(Written)
ids = st.text(min_size=1).filter(lambda text: "@" not in text and text != "notation")
rates = st.one_of(
    positive,
    st.builds(schedules.Step, positive, st.integers(1, 10**6), share),
    st.builds(schedules.Cosine, positive, st.integers(1, 10**6)),
    st.builds(schedules.CosLog, positive, st.integers(1, 10**6), st.integers(1, 8)),
)
fades = st.one_of(share, st.builds(schedules.FlatCosine, share, st.integers(1, 10**6)))
optimizers = st.one_of(
    st.builds(cp.SGD, rates, st.floats(0.01, 0.99), st.booleans()),
    st.builds(cp.SGD, rates, fade=fades),
    st.builds(cp.AdamW, rates, beta1=share, weight_decay=positive, fade=fades),
    st.builds(cp.RMSprop, rates, decay=share),
)
ENDS = [
    ("identity", "mean_squared_error"),
    ("softmax", "cross_entropy"),
    ("softmax", "smoothed_cross_entropy"),
    ("softmax", "smoothed_cross_entropy(0.25)"),
]
activations = st.sampled_from(["sigmoid", "tanh", "leaky_relu(0.25)", "identity", "step"])


@st.composite
def networks(draw: Any, outputs: int) -> cp.Network:
    """Layers that are alike or differ, with a loss that fits the last one."""
    bias, factor = st.sampled_from(["unit", "layer", "none"]), st.sampled_from([1.0, 1.0, 0.1, 6.0, 0.0])
    layer = st.builds(cp.Dense, st.integers(1, 4), activations, bias, st.booleans(), share, factor, factor)
    alike, hidden = draw(st.tuples(st.booleans(), st.lists(layer, max_size=3)))
    last, loss = draw(st.sampled_from(ENDS))
    penalties = {"l1": draw(positive), "l2": draw(positive), "reduction": draw(st.sampled_from(["mean", "sum"]))}
    if not alike:
        final = cp.Dense(outputs, last, draw(st.sampled_from(["unit", "none"])), draw(st.booleans()))
        return cp.Network(draw(st.integers(1, 3)), [*hidden, final], loss, **penalties)
    sizes = "-".join(str(draw(st.integers(1, 4))) for _ in range(len(hidden) + 1))
    one = draw(layer)
    settings = {"hidden": one.activation, "bias": one.bias, "train_bias": one.train_bias, "dropout": one.dropout}
    return cp.Network.parse(f"{sizes}-{outputs}", output=last, loss=loss, **settings, **penalties)


@st.composite
def sheets(draw: Any) -> Sheet:
    network = draw(networks(draw(st.integers(2, 3))))
    count = network.parameter_count
    model = cp.Model.of(Parameters(network, np.array(draw(st.lists(finite, min_size=count, max_size=count)))))
    rows = draw(st.integers(1, 4))
    X = np.array(draw(st.lists(finite, min_size=rows * network.inputs, max_size=rows * network.inputs)))
    Y = np.array(draw(st.lists(st.integers(0, network.outputs - 1), min_size=rows, max_size=rows)))
    if not network.loss_function.of_classes or draw(st.booleans()):
        Y = np.eye(network.outputs)[Y]
    vectors = st.lists(digits, min_size=1, max_size=3).map(tuple)
    claims = st.builds(Claim, ids, st.one_of(digits, vectors, vectors.map(lambda row: (row, row))), st.integers(0, 9))
    return Sheet(
        model,
        X.reshape(rows, -1),
        Y,
        draw(optimizers),
        draw(st.none() | st.integers(1, 9)),
        draw(st.sampled_from(["shuffled", "sequential", "replacement", (0, 0)])),
        draw(st.integers(0, 2**64 - 1)),
        draw(st.text()),
        draw(st.sampled_from(sorted(NOTATIONS))),
        tuple(draw(st.lists(claims, max_size=4, unique_by=lambda claim: claim.key))),
    )


@given(sheets())
def test_round_trip(sheet: Sheet) -> None:
    text = write_sheet(sheet)
    again = read_sheet(text)
    assert again == sheet
    assert again.model.parameters.flat.tobytes() == sheet.model.parameters.flat.tobytes()
    assert again.X.tobytes() == sheet.X.tobytes()
    assert write_sheet(again) == text


@given(sheets())
def test_sheets_that_differ_are_not_equal(sheet: Sheet) -> None:
    different = {
        "title": f"{sheet.title}.",
        "X": np.nextafter(sheet.X, 1e300),
        "claims": (*sheet.claims, Claim("E", Written("0.29"))),
    }
    for name, value in different.items():
        assert replace(sheet, **{name: value}) != sheet


def test_a_long_matrix_takes_a_line_a_row() -> None:
    model = cp.Model.initialized(cp.Network.parse("9-4"), "zeros")
    text = write_sheet(Sheet(model, np.zeros((1, 9)), np.zeros((1, 4))))
    assert "W1 = [\n" + "    [0.0, 0.0, 0.0, 0.0],\n" * 9 + "]\n" in text
    assert read_sheet(text).model == model
