"""Good sheets: what they may leave out, and how each part may be written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
from clearprop.explain.notation import NOTATIONS
from clearprop.optimize import schedules
from clearprop.sheet import Sheet, Written, read_sheet

FULL = """\
title = "A 2-2-2 sigmoid network, one sample"
[network]
layers = "2-2-2"
hidden = "sigmoid"
output = "sigmoid"
loss = "half_squared_error"
bias = "layer"
train_bias = false
reduction = "mean"
l2 = 0.0
[parameters]
W1 = [[0.15, 0.25], [0.20, 0.30]]
b1 = 0.35
W2 = [[0.40, 0.50], [0.45, 0.55]]
b2 = 0.60
[data]
x = [[0.05, 0.10]]
y = [[0.01, 0.99]]
[optimizer]
kind = "sgd"
learning_rate = 0.5
[claims]
notation = "net-out"
net_h1 = "0.3775"
"dE/dw5" = 0.0821670410
count = 1_2
point = 1_0.5_0
"E@1" = "2.9e-1"
"W@10000" = [["0.10", 2], [-0.5e1, "+.5"]]
"""

SHORT = """
[network]
layers = "2-3-1"
[parameters]
initializer = "normal"
[data]
x = [[1, 2]]
y = [[1]]
"""


def edited(text: str, old: str, new: str) -> Sheet:
    assert old in text
    return read_sheet(text.replace(old, new))


def test_all_that_a_sheet_has(tmp_path: Path) -> None:
    path = tmp_path / "step.toml"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    sheet = read_sheet(path)
    assert sheet == read_sheet(str(path)) == read_sheet(FULL) == read_sheet("\ufeff" + FULL)
    network = cp.Network.parse("2-2-2", bias="layer", train_bias=False)
    assert sheet.network == network
    weights = [[[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]]
    assert sheet.model == cp.Model(network, weights, [0.35, 0.60])
    assert (sheet.X.tolist(), sheet.Y.tolist()) == ([[0.05, 0.10]], [[0.01, 0.99]])
    assert (sheet.optimizer, sheet.title) == (cp.SGD(0.5), "A 2-2-2 sigmoid network, one sample")
    assert not sheet.X.flags.writeable and not sheet.Y.flags.writeable


def test_claims_keep_their_digits() -> None:
    sheet = read_sheet(FULL)
    assert sheet.notation == "net-out"
    assert [(claim.id, claim.updates, claim.key) for claim in sheet.claims] == [
        ("net_h1", 0, "net_h1"),
        ("dE/dw5", 0, "dE/dw5"),
        ("count", 0, "count"),
        ("point", 0, "point"),
        ("E", 1, "E@1"),
        ("W", 10_000, "W@10000"),
    ]
    matrix = ((Written("0.10"), Written("2")), (Written("-0.5e1"), Written("+.5")))
    digits = [Written("0.3775"), Written("0.0821670410"), Written("12"), Written("10.50"), Written("2.9e-1"), matrix]
    assert [claim.written for claim in sheet.claims] == digits
    assert sheet.claims[4].place == "sheet, line 28"


def test_what_may_be_left_out() -> None:
    sheet = read_sheet(SHORT)
    assert sheet.network == cp.Network.parse("2-3-1")
    assert sheet.model == cp.Model.initialized(sheet.network, "normal")
    assert (sheet.optimizer, sheet.batch_size, sheet.order, sheet.seed) == (cp.SGD(), None, "shuffled", 0)
    assert (sheet.title, sheet.notation, sheet.claims) == ("", "canonical", ())


def test_initializer_draws_what_is_left_out_alone() -> None:
    sheet = edited(SHORT, '"normal"', '"uniform"\nscale = 2\nseed = 7\nW2 = [[1], [2], [3]]')
    drawn = cp.Model.initialized(sheet.network, "uniform", scale=2, seed=7).parameters
    found = sheet.model.parameters
    assert found.weights[1].tolist() == [[1.0], [2.0], [3.0]]
    for given, expected in ((found.weights[0], drawn.weights[0]), *zip(found.biases, drawn.biases, strict=True)):
        assert np.array_equal(given, expected)


def test_layers_that_differ() -> None:
    tables = """
[network]
inputs = 2
l1 = 0.5
[[network.layer]]
units = 3
activation = "leaky_relu(0.2)"
bias = "none"
dropout = 0.25
weight_rate = 6
[[network.layer]]
units = 1
train_bias = false
bias_rate = 0.1
"""
    sheet = edited(SHORT, '\n[network]\nlayers = "2-3-1"\n', tables)
    layers = [
        cp.Dense(3, "leaky_relu(0.2)", "none", dropout=0.25, weight_rate=6.0),
        cp.Dense(1, train_bias=False, bias_rate=0.1),
    ]
    assert sheet.network == cp.Network(2, layers, l1=0.5)


@pytest.mark.parametrize("loss", ["cross_entropy", "smoothed_cross_entropy(0.2)"])
def test_several_samples_and_classes(loss: str) -> None:
    text = SHORT.replace('"2-3-1"', f'"2-3-3"\noutput = "softmax"\nloss = "{loss}"')
    sheet = edited(text, "x = [[1, 2]]\ny = [[1]]", "x = [[1, 2], [3, 4.5]]\ny = [2, 0]")
    assert sheet.X.tolist() == [[1.0, 2.0], [3.0, 4.5]]
    assert (sheet.Y.dtype, sheet.Y.tolist()) == (np.int64, [2, 0])


def test_training() -> None:
    rate = '{ kind = "step", rate = 0.5, every = 10 }'
    settings = f'kind = "adam"\nlearning_rate = {rate}\nbeta1 = 0.8\nbatch_size = 1\norder = [0, 0]\nseed = 3'
    sheet = read_sheet(f"{SHORT}[optimizer]\n{settings}\n")
    assert sheet.optimizer == cp.Adam(schedules.Step(0.5, every=10), beta1=0.8)
    assert (sheet.batch_size, sheet.order, sheet.seed) == (1, (0, 0), 3)
    result = cp.train(
        sheet.model, sheet.X, sheet.Y, optimizer=sheet.optimizer,
        batch_size=sheet.batch_size, order=sheet.order, seed=sheet.seed, engine="reference",
    )  # fmt: skip
    assert result.state.step == 2


def test_what_fades() -> None:
    fade = '{ kind = "flat_cosine", rate = 1, steps = 50 }'
    sheet = read_sheet(f'{SHORT}[optimizer]\nkind = "adamw"\nlearning_rate = 0.1\nfade = {fade}\n')
    assert sheet.optimizer == cp.AdamW(0.1, fade=schedules.FlatCosine(1.0, steps=50))
    assert read_sheet(f"{SHORT}[optimizer]\nfade = 0.5\n").optimizer == cp.SGD(fade=0.5)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_notations(notation: str) -> None:
    assert read_sheet(f'{SHORT}[claims]\nnotation = "{notation}"\n').notation == notation
