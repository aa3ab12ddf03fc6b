"""Steps of all kinds, to be explained."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import clearprop as cp
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES

LAST = {"poisson": "exp", "binary_cross_entropy": "sigmoid", "perceptron": "step"}
LAST |= {name: "softmax" for name, entry in LOSSES.items() if entry.of_classes}
OPTIMIZERS = (
    None,
    cp.SGD(0.5),
    cp.SGD(0.05, momentum=0.9),
    cp.SGD(0.05, momentum=0.9, nesterov=True),
    cp.Adam(0.05),
    cp.AdamW(0.05, weight_decay=0.1),
    cp.AdamW(0.05, weight_decay=0.1, fade=0.4),
    cp.SGD(0.5, fade=cp.schedules.Cosine(0.5, steps=9)),
    cp.RMSprop(0.05),
)


def document_000() -> cp.Trace:
    """The 2-2-2 network of document 000."""
    network = cp.Network.parse("2-2-2", bias="layer", train_bias=False)
    W1, W2 = [[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]
    return cp.trace(cp.Model(network, [W1, W2], [0.35, 0.60]), [0.05, 0.10], [0.01, 0.99], optimizer=cp.SGD(0.5))


def large() -> cp.Trace:
    """A network for pictures of digits, one sample."""
    model = cp.Model.initialized(cp.Network.parse("784-256-128-10", hidden="relu", output="softmax", loss=CE), seed=0)
    return cp.trace(model, np.random.default_rng(0).random(784), 3, optimizer=cp.SGD(0.1))


CE = "cross_entropy"


def step(draw: Any, most_units: int = 4) -> cp.Trace:
    """Any step: every activation, loss, bias, penalty, optimizer, batch, weights, dropout and factor of the rate."""
    rates = st.sampled_from([1.0, 1.0, 0.25, 0.0])
    loss = draw(st.sampled_from(sorted(LOSSES)))
    sizes = draw(st.lists(st.integers(1, most_units), min_size=2, max_size=4))
    bias, trained = draw(st.sampled_from(["unit", "layer", "none"])), draw(st.booleans())
    functions = [draw(st.sampled_from(sorted(ACTIVATIONS))) for _ in sizes[1:]]
    functions[-1] = LAST.get(loss, functions[-1])
    dropout = draw(st.sampled_from([0.0, 0.3]))
    layers = [
        cp.Dense(units, function, bias, trained, dropout, draw(rates), draw(rates))
        for units, function in zip(sizes[1:], functions, strict=True)
    ]
    layers[-1] = cp.Dense(sizes[-1], functions[-1], bias, trained, bias_rate=draw(rates))
    network = cp.Network(
        sizes[0],
        layers,
        loss,
        l1=draw(st.sampled_from([0.0, 0.03])),
        l2=draw(st.sampled_from([0.0, 0.1])),
        reduction=draw(st.sampled_from(["mean", "sum"])),
    )
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(1, 3))
    X, Y = random.normal(size=(rows, sizes[0])).round(3), random.random((rows, sizes[-1])).round(2)
    if loss == "perceptron" or LOSSES[loss].of_classes:
        Y = np.eye(sizes[-1])[random.integers(sizes[-1], size=rows)]
    return cp.trace(
        cp.Model.initialized(network, "normal", scale=0.7, seed=int(random.integers(1000))),
        X,
        Y,
        optimizer=draw(st.sampled_from(OPTIMIZERS)),
        sample_weight=draw(st.sampled_from([None, random.random(rows).round(2) + 0.1])),
        seed=0,
    )


steps = st.composite(step)
