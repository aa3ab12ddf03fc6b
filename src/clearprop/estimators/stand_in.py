"""What `clearprop.tabular` and `clearprop.ensemble` offer, as far as the estimators need it: members by fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.engines.base import Array, Engine
from clearprop.model import Model
from clearprop.network.initializers import initial
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import AdamW, Optimizer
from clearprop.optimize.schedules import OneCycle, Schedule
from clearprop.training import Callback, EarlyStopping, History, train
from clearprop.training.callbacks import Ending
from clearprop.training.split import strata

TEMPERATURES = np.geomspace(0.2, 5.0, 65)
LAST = {
    "classes": ("softmax", "cross_entropy"),
    "labels": ("sigmoid", "binary_cross_entropy"),
    "numbers": ("identity", "half_squared_error"),
}


@dataclass(frozen=True)
class Recipe:
    """Networks of the members, and how they learn."""

    networks: tuple[Network, ...]
    optimizer: Optimizer
    batch_size: int | None
    epochs: int
    first_epoch: int = 1
    folds: int = 8
    initializer: str = "lecun"

    def optimizer_for(self, updates: int) -> Optimizer:
        """The optimizer of a run of so many updates."""
        stretched = {
            entry.name: replace(value, steps=updates)  # type: ignore[call-arg]
            for entry in fields(self.optimizer)
            if isinstance(value := getattr(self.optimizer, entry.name), Schedule) and hasattr(value, "steps")
        }
        return replace(self.optimizer, **stretched)


def recipe_of(
    name: str, X: Array, outputs: int, task: str, *, members: int | None = None, epochs: int | None = None
) -> Recipe:
    """The recipe of a name, "strong" or "quick", for these rows."""
    numbers, strong = task == "numbers", name == "strong"
    layers = [Dense(128, "mish" if numbers else "selu", dropout=0.15)] * 3 if strong else [Dense(64, "relu")] * 2
    last, loss = LAST[task]
    network = Network(X.shape[1], [*layers, Dense(outputs, last)], loss)
    count = members or (8 if strong else 4)
    usual = 64 if not numbers and len(X) < 1_000 else 32
    optimizer = AdamW(OneCycle(0.004, steps=1, warmup=0.15), weight_decay=0.02)
    return Recipe((network,) * count, optimizer, 64, epochs or usual, folds=max(2, count))


class Ensemble:
    """Members whose outputs are averaged; probabilities then to the power 1/temperature and normalised again."""

    def __init__(self, members: Sequence[Model], temperature: float = 1.0) -> None:
        self.members = tuple(members)
        self.temperature = temperature

    def predict(self, X: ArrayLike, *, engine: str = "auto", threads: int | None = None) -> Array:
        """The outputs (B, outputs)."""
        outputs = [one.predict(X, engine=engine, threads=threads).astype(np.float64) for one in self.members]
        mean: Array = np.mean(outputs, axis=0)
        return tempered(self.members[0].network, mean, self.temperature).astype(self.members[0].dtype)


def tempered(network: Network, P: Array, temperature: float) -> Array:
    """Probabilities to the power 1/temperature, normalised again."""
    last = network.layers[-1].activation
    if temperature == 1.0 or last not in ("softmax", "sigmoid"):
        return P
    powered: Array = P ** (1.0 / temperature)
    others = powered.sum(axis=1, keepdims=True) if last == "softmax" else powered + (1.0 - P) ** (1.0 / temperature)
    return np.asarray(powered / others)


def start(
    network: Network, X: Array, initializer: str, *, seed: int, engine: Engine, threads: int, dtype: str = "float32"
) -> Parameters:
    """Initial parameters."""
    return initial(network, initializer, seed=seed, dtype=dtype)


@dataclass(frozen=True)
class Learnt:
    """The members, how each went, what they said to their left-out rows, and why they ended."""

    ensemble: Ensemble
    histories: tuple[History, ...]
    best_epochs: tuple[int, ...]
    left_out: Array
    ended: Ending


def learn(
    X: Array,
    Y: Array,
    *,
    recipe: Recipe,
    sample_weight: Array | None = None,
    seed: int = 0,
    validation: Sequence[Any] | None = None,
    callbacks: Sequence[Callback] = (),
    engine: str = "auto",
    threads: int | None = None,
) -> Learnt:
    """Members by fold: member m leaves out fold m, whose rows choose its best epoch; all fit the temperature."""
    folds = _folds(Y, recipe.folds, seed)
    results, left_out = [], np.full((len(X), recipe.networks[0].outputs), np.nan)
    for m, network in enumerate(recipe.networks):
        out, rows = np.flatnonzero(folds == m % recipe.folds), np.flatnonzero(folds != m % recipe.folds)
        own = (X[out], Y[out]) if sample_weight is None else (X[out], Y[out], sample_weight[out])
        size = len(rows) if recipe.batch_size is None else recipe.batch_size
        result = train(
            Model.initialized(network, recipe.initializer, seed=seed + m, dtype="float32"),
            X[rows],
            Y[rows],
            optimizer=recipe.optimizer_for(recipe.epochs * -(-len(rows) // size)),
            batch_size=size,
            epochs=recipe.epochs,
            seed=seed + m,
            sample_weight=None if sample_weight is None else sample_weight[rows],
            validation=own if validation is None else validation,
            callbacks=[EarlyStopping(patience=recipe.epochs), *callbacks],
            engine=engine,
            threads=threads,
        )
        left_out[out] = result.model.predict(X[out], engine=engine, threads=threads)
        results.append(result)
    temperature = _temperature(recipe.networks[0], left_out, Y, sample_weight)
    histories = tuple(one.history for one in results)
    best = tuple(one.best_epoch or 1 for one in histories)
    return Learnt(Ensemble([one.model for one in results], temperature), histories, best, left_out, results[-1].ended)


def _folds(Y: Array, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row; each class is dealt out evenly."""
    classes = strata(Y)
    keys = np.random.default_rng(seed).permutation(len(Y))
    order = np.lexsort((keys, np.zeros(len(Y), np.int64) if isinstance(classes, int) else classes))
    found = np.empty(len(Y), np.int64)
    found[order] = np.arange(len(Y)) % folds
    return found


def _temperature(network: Network, P: Array, Y: Array, weights: Array | None) -> float:
    seen = np.isfinite(P).all(axis=1)
    if network.layers[-1].activation != "softmax" or Y.ndim != 1 or not seen.any():
        return 1.0
    w = (np.ones(len(Y)) if weights is None else weights)[seen]
    rows = np.arange(int(seen.sum()))

    def log_loss(temperature: float) -> float:
        chosen = tempered(network, P[seen], temperature)[rows, Y[seen]]
        return float(np.average(-np.log(np.maximum(chosen, 1e-30)), weights=w))

    return float(min(TEMPERATURES, key=log_loss))
