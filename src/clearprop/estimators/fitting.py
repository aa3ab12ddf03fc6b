"""From a recipe and encoded rows to trained members: one by one and watched, or by fold as `clearprop.tabular` does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from clearprop.engines import get_engine, thread_count
from clearprop.engines.base import Array, State
from clearprop.ensemble import Ensemble
from clearprop.errors import InputError
from clearprop.estimators.recipes import Settings
from clearprop.estimators.targets import Answers
from clearprop.estimators.watch import Watch
from clearprop.model import Model
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import Adam, Optimizer
from clearprop.tabular.learn import learn
from clearprop.tabular.recipe import Recipe, affordable, named, paced, unpaced
from clearprop.tabular.start import start
from clearprop.training import Callback, Checkpoint, train


@dataclass(frozen=True)
class Encoded:
    """Encoded rows: X (N, inputs), Y (N, outputs) or class indices (N,), weights (N,) or None for 1 each."""

    X: Array
    Y: Array
    weights: Array | None

    @property
    def total(self) -> float:
        return float(len(self.X)) if self.weights is None else float(self.weights.sum())

    def of(self, rows: Array) -> Encoded:
        return Encoded(self.X[rows], self.Y[rows], None if self.weights is None else self.weights[rows])

    @property
    def parts(self) -> tuple[Any, ...]:
        return (self.X, self.Y) if self.weights is None else (self.X, self.Y, self.weights)


@dataclass(frozen=True)
class Surroundings:
    """What a fit is done with; only the callbacks can change what comes of it."""

    callbacks: Sequence[Callback]
    engine: str
    threads: int | None


@dataclass(frozen=True)
class Fitted:
    """What has come of a fit.

    Attributes:
        ensemble: the trained networks, and the temperature of their mean.
        states: what each member's training can go on from; empty where it cannot.
        loss, validation_loss, scores: of the first member, epoch by epoch; the latter two empty without rows held out.
        ended: why the first member's run ended.
    """

    ensemble: Ensemble
    states: tuple[State, ...]
    loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    scores: tuple[float, ...]
    ended: str


def design(
    settings: Settings, answers: Answers, samples: Encoded, categories: Sequence[int], after: tuple[int, ...] = ()
) -> Recipe:
    """Networks, optimizer, batches and epochs of a recipe for these rows.

    `categories` are those that inputs number, 0 for a number; `after` are further hidden layers, as a decoder has them.
    """
    loss = answers.loss
    if loss == "cross_entropy" and settings.smoothing:
        loss = f"smoothed_cross_entropy({settings.smoothing!r})"
    if settings.tabular:
        return _designed_by_table(settings, answers, samples, categories, loss, after)
    rows = len(samples.X)
    hidden = [Dense(units, settings.activation, dropout=settings.dropout) for units in (*settings.hidden, *after)]
    layers = [*hidden, Dense(answers.outputs, answers.activation)]
    network = Network(samples.X.shape[1], layers, loss, l2=settings.l2(rows, samples.total))
    return Recipe(
        (network,) * settings.members,
        settings.made_optimizer(),
        settings.rows_a_batch(rows),
        settings.epochs,
        folds=1,
        initializer=settings.initializer,
    )


def _designed_by_table(
    settings: Settings, answers: Answers, samples: Encoded, categories: Sequence[int], loss: str, after: tuple[int, ...]
) -> Recipe:
    """The recipe of the table room, with what the options replace."""
    given, rows = settings.given, len(samples.X)
    made = named(
        settings.tabular or "",
        samples.X,
        answers.outputs,
        answers.task,
        categories=categories,
        members=given.get("members"),
        epochs=given.get("epochs"),
    )
    if "batch_size" in given:
        made = replace(made, batch_size=settings.rows_a_batch(rows))
    if "optimizer" in given or "rate" in given:
        made = replace(made, optimizer=_optimizer(made.optimizer, settings))
    batch = replace(settings, batch_size=made.batch_size)
    l2 = batch.l2(rows, samples.total)

    def changed(network: Network) -> Network:
        first, last = network.layers[0], network.layers[-1]
        hidden = list(network.layers[:-1])
        if "hidden" in given or after:
            hidden = [replace(first, units=units) for units in (*settings.hidden, *after)]
        options = {name: given[name] for name in ("activation", "dropout") if name in given}
        hidden = [replace(layer, **options) for layer in hidden]
        output = replace(last, units=answers.outputs, activation=answers.activation)
        own = answers.loss == "cross_entropy" and "label_smoothing" not in given
        layers = paced([*hidden, output], network.width)
        changed = replace(network, layers=tuple(layers), loss=network.loss if own else loss, l2=l2)
        return unpaced(changed) if "optimizer" in given else changed

    known: dict[int, Network] = {}
    networks = tuple(known.setdefault(id(network), changed(network)) for network in made.networks)
    made = replace(made, networks=networks, folds=max(2, min(made.folds, rows // 2)))
    return made if "members" in given else affordable(made, rows)


def _optimizer(usual: Optimizer, settings: Settings) -> Optimizer:
    """The optimizer that the options say: another one, or the usual one at another rate."""
    if "optimizer" in settings.given:
        return settings.made_optimizer()
    rate = usual.learning_rate
    return replace(usual, learning_rate=settings.rate if isinstance(rate, float) else replace(rate, rate=settings.rate))  # type: ignore[call-arg]


def for_parts(made: Recipe, settings: Settings) -> Recipe:
    """The same for rows that come by parts: one epoch over each, at a rate that does not depend on how many come."""
    networks = made.networks if "members" in settings.given else made.networks[:1]
    optimizer = made.optimizer
    if settings.tabular and "optimizer" not in settings.given:
        optimizer, networks = Adam(settings.rate), tuple(unpaced(network) for network in networks)
    return replace(made, networks=networks, optimizer=optimizer, epochs=1)


def starting(made: Recipe, X: Array, seed: int, dtype: str, around: Surroundings) -> list[Model]:
    """New members, from seeds of their own."""
    machine, threads = get_engine(around.engine), thread_count(around.threads)
    if made.initializer == "scikit-learn":
        return [_as_scikit_learn(network, seed + m, dtype) for m, network in enumerate(made.networks)]
    return [
        Model.of(start(network, X, made.initializer, seed=seed + m, engine=machine, threads=threads, dtype=dtype))
        for m, network in enumerate(made.networks)
    ]


def going_on(models: Sequence[Model], made: Recipe) -> list[Model]:
    """Members that go on from where they are, at the rates of the design, which by parts are others."""
    like = made.networks[0]
    usual = like == unpaced(like)

    def at_its_rates(network: Network) -> Network:
        if usual:
            return unpaced(network)
        layers = tuple(paced(list(network.layers), network.width))
        return replace(network, layers=layers, scale=network.scale and like.scale)

    return [Model.of(Parameters(at_its_rates(model.network), model.parameters.flat)) for model in models]


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
    made: Recipe,
    settings: Settings,
    training: Encoded,
    held_out: Encoded | None,
    *,
    stops: bool,
    score: Callable[[Model], float] | None,
    seed: int,
    states: Sequence[State],
    temperature: float,
    around: Surroundings,
) -> Fitted:
    """Trains each member on all training rows, from a seed of its own.

    Args:
        held_out: rows whose loss is computed after each epoch.
        stops: whether the held-out rows end the run and choose its weights.
        score: of a model on the held-out rows, instead of their loss.
        states: what the members' training goes on from; empty for a new run.
        temperature: of their mean; none is fitted here, where no row is left out.
    """
    if len(models) > 1 and any(isinstance(one, Checkpoint) for one in around.callbacks):
        raise InputError(
            f"callbacks: a Checkpoint keeps one run, and here {len(models)} members are trained one by one; give "
            "n_estimators=1, or leave it out"
        )
    rows = len(training.X) if made.batch_size is None else min(made.batch_size, len(training.X))
    optimizer = made.optimizer_for(made.epochs * -(-len(training.X) // rows))
    watched = stops and held_out is not None
    patience = 10 if watched and settings.patience is None else settings.patience
    watches = [Watch(settings.tol, patience, score if watched else None, watched) for _ in models]
    results = [
        train(
            model,
            training.X,
            training.Y,
            optimizer=optimizer,
            batch_size=rows,
            epochs=made.epochs,
            seed=None if states else seed + m,
            state=states[m] if states else None,
            sample_weight=training.weights,
            validation=None if held_out is None else held_out.parts,
            callbacks=[*([watches[m]] if patience is not None else []), *around.callbacks],
            engine=around.engine,
            threads=around.threads,
        )
        for m, model in enumerate(models)
    ]
    first = results[0]
    return Fitted(
        Ensemble([one.model for one in results], temperature),
        tuple(one.state for one in results),
        first.history.loss,
        first.history.validation_loss,
        tuple(watches[0].scores) if watched else (),
        first.ended,
    )


def fit_folds(made: Recipe, training: Encoded, held_out: Encoded | None, *, seed: int, around: Surroundings) -> Fitted:
    """Members by fold: each leaves out a part of the rows, which choose its best epoch; all fit the temperature."""
    learnt = learn(
        training.X,
        training.Y,
        recipe=made,
        sample_weight=training.weights,
        seed=seed,
        validation=None if held_out is None else held_out.parts,
        callbacks=around.callbacks,
        engine=around.engine,
        threads=around.threads,
    )
    first = learnt.histories[0]
    scores = tuple(-loss for loss in first.validation_loss)
    return Fitted(learnt.ensemble, (), first.loss, first.validation_loss, scores, learnt.ended)
