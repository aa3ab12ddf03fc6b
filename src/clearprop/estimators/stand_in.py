"""What `clearprop.tabular` is to offer, so that the estimators can be written against it: members by fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.network.losses import LOSSES
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer
from clearprop.training import Callback, EarlyStopping, History, train
from clearprop.training.callbacks import Ending
from clearprop.training.split import strata

TEMPERATURES = np.geomspace(0.2, 5.0, 65)


@dataclass(frozen=True)
class Recipe:
    """Networks of the members, and how they learn."""

    networks: tuple[Network, ...]
    initializer: str
    optimizer: Optimizer
    batch_size: int
    epochs: int
    folds: int


class Ensemble:
    """Members whose outputs are averaged; probabilities then to the power 1/temperature and normalised again."""

    def __init__(self, members: Sequence[Model], temperature: float = 1.0) -> None:
        self.members = tuple(members)
        self.temperature = temperature

    def predict(self, X: ArrayLike, *, engine: str = "auto", threads: int | None = None) -> Array:
        """The outputs (B, outputs), float64."""
        outputs = [one.predict(X, engine=engine, threads=threads).astype(np.float64) for one in self.members]
        return tempered(self.members[0].network, np.mean(outputs, axis=0), self.temperature)


def tempered(network: Network, P: Array, temperature: float) -> Array:
    """Probabilities to the power 1/temperature, normalised again."""
    last = network.layers[-1].activation
    if temperature == 1.0 or last not in ("softmax", "sigmoid"):
        return P
    powered: Array = P ** (1.0 / temperature)
    others = powered.sum(axis=1, keepdims=True) if last == "softmax" else powered + (1.0 - P) ** (1.0 / temperature)
    return powered / others


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
        out = np.flatnonzero(folds == m % recipe.folds)
        rows = np.flatnonzero(folds != m % recipe.folds)
        weights = None if sample_weight is None else sample_weight[rows]
        own = (X[out], Y[out]) if sample_weight is None else (X[out], Y[out], sample_weight[out])
        result = train(
            Model.initialized(network, recipe.initializer, seed=seed + m, dtype="float32"),
            X[rows],
            Y[rows],
            optimizer=recipe.optimizer,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            seed=seed + m,
            sample_weight=weights,
            validation=own if validation is None else validation,
            callbacks=[EarlyStopping(patience=recipe.epochs), *callbacks],
            engine=engine,
            threads=threads,
        )
        left_out[out] = result.model.predict(X[out], engine=engine, threads=threads)
        results.append(result)
    temperature = _temperature(recipe.networks[0], left_out, Y, sample_weight)
    return Learnt(
        Ensemble([one.model for one in results], temperature),
        tuple(one.history for one in results),
        tuple(one.history.best_epoch or 1 for one in results),
        left_out,
        results[-1].ended,
    )


def smoothed(loss: str, smoothing: float) -> str:
    """The loss with its targets smoothed, where there is one."""
    known = loss == "cross_entropy" and "smoothed_cross_entropy" in LOSSES
    return f"smoothed_cross_entropy({smoothing!r})" if smoothing and known else loss


def _folds(Y: Array, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row; each class is dealt out evenly."""
    if len(Y) < 2 * folds:
        raise InputError(f"y: {folds} folds need {2 * folds} rows, got {len(Y)}")
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
