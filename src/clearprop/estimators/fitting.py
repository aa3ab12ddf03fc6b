"""Members trained one by one, each watched; or by fold, as `clearprop.tabular` does it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from clearprop.engines.base import Array, State
from clearprop.estimators.recipes import Recipe
from clearprop.estimators.stand_in import Recipe as FoldRecipe
from clearprop.estimators.stand_in import learn, smoothed
from clearprop.estimators.watch import Watch
from clearprop.model import Model
from clearprop.network.spec import Dense, Network
from clearprop.training import Callback, Result, train


@dataclass(frozen=True)
class Samples:
    """Encoded rows: X (N, inputs), Y (N, outputs) or class indices (N,), weights (N,) or None for 1 each."""

    X: Array
    Y: Array
    weights: Array | None

    @property
    def total(self) -> float:
        return float(len(self.X)) if self.weights is None else float(self.weights.sum())

    def of(self, rows: Array) -> Samples:
        return Samples(self.X[rows], self.Y[rows], None if self.weights is None else self.weights[rows])

    @property
    def parts(self) -> tuple[Any, ...]:
        return (self.X, self.Y) if self.weights is None else (self.X, self.Y, self.weights)


@dataclass(frozen=True)
class Fitted:
    """What has come of a fit.

    Attributes:
        members: the trained networks.
        temperature: of their mean probabilities.
        states: what each member's training can go on from; empty where it cannot.
        loss, validation_loss, scores: of the first member, epoch by epoch; the latter two empty without rows held out.
        ended: why the first member's run ended.
    """

    members: tuple[Model, ...]
    temperature: float
    states: tuple[State, ...]
    loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    scores: tuple[float, ...]
    ended: str


@dataclass(frozen=True)
class Surroundings:
    """What a fit is done with, and does not depend on."""

    callbacks: Sequence[Callback]
    engine: str
    threads: int | None


def network_of(
    recipe: Recipe, inputs: int, outputs: int, activation: str, loss: str, samples: Samples, after: tuple[int, ...] = ()
) -> Network:
    """The network of a recipe; `after` are more hidden layers, as a decoder has them."""
    hidden = [Dense(units, recipe.activation, dropout=recipe.dropout) for units in (*recipe.hidden, *after)]
    l2 = recipe.l2(len(samples.X), samples.total)
    return Network(inputs, [*hidden, Dense(outputs, activation)], loss, l2=l2)


def starting(recipe: Recipe, network: Network, seed: int, dtype: str, count: int) -> list[Model]:
    """New members, from seeds of their own."""
    if recipe.initializer == "scikit-learn":
        return [_as_scikit_learn(network, seed + m, dtype) for m in range(count)]
    return [Model.initialized(network, recipe.initializer, seed=seed + m, dtype=dtype) for m in range(count)]


def _as_scikit_learn(network: Network, seed: int, dtype: str) -> Model:
    """The initial values that scikit-learn's MLP draws from this random state."""
    random = np.random.RandomState(seed % 2**32)
    factor = 2.0 if network.layers[0].activation == "sigmoid" and len(network.layers) > 1 else 6.0
    weights, biases = [], []
    for inputs, units in pairwise(network.sizes):
        bound = math.sqrt(factor / (inputs + units))
        weights.append(random.uniform(-bound, bound, (inputs, units)))
        biases.append(random.uniform(-bound, bound, units))
    return Model(network, weights, biases, dtype=dtype)


def fit_members(
    models: Sequence[Model],
    recipe: Recipe,
    training: Samples,
    held_out: Samples | None,
    *,
    stops: bool,
    score: Callable[[Model], float] | None,
    seed: int,
    states: Sequence[State],
    around: Surroundings,
) -> Fitted:
    """Trains each member on all training rows, from a seed of its own.

    Args:
        held_out: rows whose loss is computed after each epoch.
        stops: whether the held-out rows end the run and choose its weights.
        score: of a model on the held-out rows, instead of their loss.
        states: what the members' training goes on from; empty for a new run.
    """
    smooth = recipe.label_smoothing if training.Y.ndim == 1 else 0.0
    Y = _smoothed(training.Y, smooth, models[0].network.outputs) if smooth else training.Y
    rows = recipe.rows_a_batch(len(training.X))
    optimizer = recipe.optimizer_for(recipe.epochs * -(-len(training.X) // rows))
    patience = recipe.patience if recipe.patience is not None or not stops else 10
    results: list[Result] = []
    watches: list[Watch] = []
    for m, model in enumerate(models):
        watched = stops and held_out is not None
        watch = Watch(recipe.tol, patience, score if watched else None, watched)
        looking = [watch] if watched or patience is not None else []
        results.append(
            train(
                model,
                training.X,
                Y,
                optimizer=optimizer,
                batch_size=rows,
                epochs=recipe.epochs,
                seed=None if states else seed + m,
                state=states[m] if states else None,
                sample_weight=training.weights,
                validation=None if held_out is None else held_out.parts,
                callbacks=[*looking, *around.callbacks],
                engine=around.engine,
                threads=around.threads,
            )
        )
        watches.append(watch)
    first = results[0]
    return Fitted(
        tuple(one.model for one in results),
        1.0,
        tuple(one.state for one in results),
        first.history.loss,
        first.history.validation_loss,
        tuple(watches[0].scores) if stops and held_out is not None else (),
        first.ended,
    )


def fit_folds(
    network: Network,
    recipe: Recipe,
    training: Samples,
    held_out: Samples | None,
    *,
    seed: int,
    around: Surroundings,
) -> Fitted:
    """Members by fold: each leaves out a part of the rows, which choose its best epoch; all fit the temperature."""
    rows = recipe.rows_a_batch(len(training.X))
    updates = recipe.epochs * -(-len(training.X) // rows)
    network = replace_loss(network, smoothed(network.loss, recipe.label_smoothing))
    folds = max(2, min(recipe.members, len(training.X) // 2))
    learnt = learn(
        training.X,
        training.Y,
        recipe=FoldRecipe(
            (network,) * recipe.members, recipe.initializer, recipe.optimizer_for(updates), rows, recipe.epochs, folds
        ),
        sample_weight=training.weights,
        seed=seed,
        validation=None if held_out is None else held_out.parts,
        callbacks=around.callbacks,
        engine=around.engine,
        threads=around.threads,
    )
    first = learnt.histories[0]
    return Fitted(
        learnt.ensemble.members,
        learnt.ensemble.temperature,
        (),
        first.loss,
        first.validation_loss,
        tuple(-loss for loss in first.validation_loss),
        learnt.ended,
    )


def replace_loss(network: Network, loss: str) -> Network:
    """The network with another loss."""
    return Network(
        network.inputs, network.layers, loss, l1=network.l1, l2=network.l2, reduction=network.reduction
    )


def unfolded(recipe: Recipe, members: int | None) -> Recipe:
    """The recipe for training that goes on as rows come: no folds, no schedule that has an end, one member."""
    return replace(
        recipe,
        folded=False,
        one_cycle=False,
        label_smoothing=0.0,
        members=recipe.members if members is None else members,
        epochs=1,
        patience=None,
    )


def _smoothed(indices: Array, smoothing: float, outputs: int) -> Array:
    """(1 - ε)·y + ε/O of class indices (N,), (N, O)."""
    targets: Array = (1.0 - smoothing) * np.eye(outputs)[indices] + smoothing / outputs
    return targets
