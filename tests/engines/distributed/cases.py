"""Runs that use all that an update can have, over every optimizer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.network.losses import LOSSES
from clearprop.optimize import schedules
from clearprop.optimize.optimizers import OPTIMIZERS
from clearprop.tabular.learn import Learnt, learn
from clearprop.tabular.recipe import Recipe

ROWS, BATCH, UPDATES = 41, 8, 100  # the last batch of an epoch is a single row: some workers have none of it
LAST = {"cross_entropy": "softmax", "smoothed_cross_entropy": "softmax", "binary_cross_entropy": "sigmoid",
        "perceptron": "step", "poisson": "exp"}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A network, and the settings it is trained by."""

    network: cp.Network
    settings: dict[str, Any] = field(default_factory=dict)
    weighted: bool = False
    dtype: str = "float64"

    def data(self) -> tuple[Any, Any, Any]:
        """X, Y and the weights of the rows."""
        rng = np.random.default_rng(0)
        X = rng.normal(size=(ROWS, self.network.inputs))
        X[:, -1] = rng.integers(0, 4, ROWS)
        Y = rng.integers(0, 2, (ROWS, self.network.outputs)).astype(float)
        if self.network.layers[-1].activation == "softmax":
            Y = rng.integers(0, self.network.outputs, ROWS)
        return X, Y, rng.uniform(0.0, 2.0, ROWS) if self.weighted else None

    def model(self) -> cp.Model:
        return cp.Model.initialized(self.network, seed=1, dtype=self.dtype)

    def train(self, **more: Any) -> Any:
        X, Y, weights = self.data()
        epochs = UPDATES // -(-ROWS // BATCH)
        settings: dict[str, Any] = {"optimizer": cp.Adam(0.01), "batch_size": BATCH, "epochs": epochs, "seed": 3}
        settings |= {"sample_weight": weights, "threads": 1}
        return cp.train(self.model(), X, Y, **{**settings, **self.settings, **more})


def network(loss: str = "half_squared_error", **settings: Any) -> cp.Network:
    layers = [cp.Dense(7, "tanh"), cp.Dense(5, "relu"), cp.Dense(2, LAST.get(loss, "identity"))]
    if loss == "perceptron":
        layers = [cp.Dense(2, "step")]
    return cp.Network(4, settings.pop("layers", layers), loss, **settings)


EVERYTHING = network(
    "smoothed_cross_entropy",
    layers=[
        cp.Dense(9, "tanh", dropout=0.3, weight_rate=0.5),
        cp.Dense(6, "sigmoid", "layer", False, 0.2),
        cp.Dense(3, "softmax"),
    ],
    l1=0.001,
    l2=0.01,
    columns=[cp.Plain(1), cp.Periodic(2, frequencies=3), cp.Embedding(1, categories=4, outputs=2)],
    scale=cp.Scale(),
)
DROPPED = network(layers=[cp.Dense(9, "relu", dropout=0.4), cp.Dense(9, "gelu", dropout=0.2), cp.Dense(2, "identity")])

CASES: dict[str, Case] = {
    **{f"optimizer {name}": Case(network(), {"optimizer": kind(0.01)}) for name, kind in OPTIMIZERS.items()},
    "momentum": Case(network(), {"optimizer": cp.SGD(0.01, momentum=0.9)}),
    "nesterov": Case(network(), {"optimizer": cp.SGD(0.01, momentum=0.9, nesterov=True)}),
    **{f"loss {name}": Case(network(name)) for name in LOSSES},
    **{
        f"sum, {name}": Case(network(reduction="sum", l1=0.01, l2=0.02), {"optimizer": kind(0.001)})
        for name, kind in OPTIMIZERS.items()
    },
    "penalties": Case(network(l1=0.01, l2=0.02), {"optimizer": cp.SGD(0.01)}),
    "weights": Case(network(), weighted=True),
    "weights, sum": Case(network(reduction="sum", l2=0.1), {"optimizer": cp.SGD(0.001)}, weighted=True),
    "frozen biases": Case(
        network(layers=[cp.Dense(7, "tanh", train_bias=False), cp.Dense(2, "identity", "layer", False)]),
        {"optimizer": cp.SGD(0.01, momentum=0.9)},
    ),
    "dropout": Case(DROPPED),
    "everything": Case(
        EVERYTHING,
        {"optimizer": cp.AdamW(schedules.Cosine(0.02, steps=90), fade=schedules.FlatCosine(1.0, steps=80))},
        weighted=True,
    ),
    "everything, reference": Case(EVERYTHING, {"engine": "reference", "epochs": 3}, weighted=True),
    "everything, torch": Case(EVERYTHING, {"engine": "torch:cpu", "epochs": 3}, weighted=True),
    "drawn with replacement": Case(network(), {"order": "replacement"}),
    "given order": Case(network(), {"order": np.arange(ROWS)[::-2]}),
    "no short batch": Case(network(), {"drop_last": True}),
    "one row a batch": Case(network(), {"batch_size": 1, "epochs": 2}),
    "full batch": Case(network(), {"batch_size": None, "epochs": 100}),
    "judged": Case(network("cross_entropy"), {"validation": 0.3, "metric": "accuracy"}),
}
FLOAT32 = Case(DROPPED, dtype="float32")
AVERAGED = Case(network(), {"epochs": 1, "order": "sequential"})


def train_on_windows(source: bool, **more: Any) -> Any:
    """A run over rows of three windows, from arrays or from a source of them."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(150_000, 4)), rng.normal(size=(150_000, 2))
    given = (cp.ArraySource(X, Y),) if source else (X, Y)
    settings: dict[str, Any] = {"optimizer": cp.SGD(0.1, momentum=0.9), "batch_size": 5000, "epochs": 2, "threads": 1}
    return cp.train(cp.Model.initialized(network(), seed=1), *given, **settings, **more)


def learn_on_windows(source: bool, **more: Any) -> Learnt:
    """An ensemble of two shapes, over rows of three windows, from arrays or from a source of them."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(150_000, 4)).astype(np.float32), rng.normal(size=(150_000, 2))
    narrow, wide = (network(layers=[cp.Dense(units, "tanh"), cp.Dense(2, "identity")]) for units in (3, 5))
    recipe = Recipe((narrow, wide, wide), cp.SGD(0.1, momentum=0.9), batch_size=5000, epochs=2, folds=3)
    return learn(*((cp.ArraySource(X, Y),) if source else (X, Y)), recipe=recipe, threads=1, **more)
