"""Many networks of one shape in one call: for ensembles, cross-validation and the search for settings."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.engines import thread_count
from clearprop.engines.base import Engine, Member, Outcome, Plan, Samples, State
from clearprop.engines.precision import check_precision
from clearprop.engines.samples import check_samples, check_total
from clearprop.errors import InputError, check_count
from clearprop.model import Model
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer
from clearprop.random import check_seed
from clearprop.training.callbacks import Ending
from clearprop.training.history import History
from clearprop.training.interrupts import asked_to_end, keyboard_interrupts
from clearprop.training.loop import Result
from clearprop.training.meeting import training_engine
from clearprop.training.prepare import plan_of, row_numbers, within

_ENDINGS: dict[str, Ending] = {"done": "epochs done", "stopped": "interrupted", "diverged": "diverged"}
MOST_NAMED = 10
"""A warning names so many models at most."""


def train_many(
    models: Sequence[Model],
    X: ArrayLike,
    Y: ArrayLike,
    *,
    optimizer: Optimizer | Sequence[Optimizer],
    batch_size: int | None = None,
    epochs: int = 1,
    seeds: Sequence[int] | None = None,
    rows: Sequence[ArrayLike] | None = None,
    order: str | ArrayLike = "shuffled",
    drop_last: bool = False,
    sample_weight: ArrayLike | None = None,
    engine: str = "auto",
    threads: int | None = None,
    precision: str = "full",
) -> list[Result]:
    """Trains separate models side by side, each as `train` would: hundreds or thousands of small ones in one call.

    The result i is that of `train(models[i], X[rows[i]], Y[rows[i]], optimizer=optimizer[i], seed=seeds[i], ...)`, bit
    for bit, for any number of threads. The table is shared and never copied for a model.

    Args:
        models: of the same network and dtype, each with parameters of its own.
        X: (N, inputs).
        Y: (N, outputs), or class indices (N,) for cross-entropy.
        optimizer: one for all, or a list, one a model, of one class: such as an Adam with another learning rate each.
        batch_size: rows an update; None or more than there are is a full batch.
        epochs: how many.
        seeds: of the order and the dropout masks, one a model; None is 0, 1, 2, …
        rows: the numbers of the rows that each model learns from, as many as it likes, some perhaps several times; None
            is all rows for all.
        order: "shuffled", "sequential", "replacement", or the rows that each epoch visits, counted within those of a
            model.
        drop_last: leaves out a last batch that is short.
        sample_weight: (N,), from 0 up, of the rows of X.
        engine: "auto", "native", "reference", "torch" or "torch:DEVICE".
        threads: None is one a processor; the results do not depend on it.
        precision: "full" or, for models in float32, "bfloat16", as in `train`.

    Returns:
        One result a model, in their order. Where a number was no longer finite, its `diverged` is true and its model
        the last finite one; the others are not held up by it. One warning names all of these. The time of the call is
        shared evenly by all epochs of all models. A model goes on alone by `train(..., state=result.state)`.

    Raises:
        InputError: something given is wrong or does not fit.
        KeyboardInterrupt: after Ctrl-C; all that was learnt is lost, of models that were done, too. Within
            `with clearprop.interrupts():` nothing is lost: the call returns, and what was not done has `ended`
            "interrupted".

    Warns:
        RuntimeWarning: some have diverged.

    The best of several learning rates is the one whose model does best on rows that none has seen:

    >>> import clearprop as cp
    >>> import numpy as np
    >>> net = cp.Network.parse("2-4-1", hidden="tanh", output="sigmoid", loss="binary_cross_entropy")
    >>> models = [cp.Model.initialized(net, seed=seed) for seed in range(3)]
    >>> X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])
    >>> X_unseen, y_unseen = X + [0.1, -0.1], y
    >>> adams = [cp.Adam(rate) for rate in (0.001, 0.01, 0.1)]
    >>> results = cp.train_many(models, X, y, optimizer=adams, epochs=100)
    >>> finite = [i for i in range(3) if not results[i].diverged]
    >>> min(finite, key=lambda i: results[i].model.loss(X_unseen, y_unseen))
    2
    >>> results[2].model == cp.train(models[2], X, y, optimizer=cp.Adam(0.1), epochs=100, seed=2).model
    True
    """
    team = thread_count(threads)
    members, samples = _prepare(
        models, X, Y, optimizer, batch_size, seeds, rows, order, drop_last, sample_weight, team, precision
    )
    machine = training_engine(engine)
    check_precision(precision, machine, members[0].parameters.flat.dtype)
    job = _Job(machine, members, samples, check_count("epochs", epochs), team)
    with keyboard_interrupts():
        results = job.run()
    _warn([i for i, result in enumerate(results) if result.diverged])
    return results


def _warn(lost: list[int]) -> None:
    """Tells the caller of `train_many` which results are of no use."""
    if lost:
        shown = ", ".join(map(str, lost[:MOST_NAMED])) + (", …" if len(lost) > MOST_NAMED else "")
        which = f"model {shown} has" if len(lost) == 1 else f"{len(lost)} models have ({shown})"
        warnings.warn(
            f"{which} diverged: the loss or a weight was no longer a finite number; leave out the results whose "
            "`diverged` is true, or try smaller learning rates",
            RuntimeWarning,
            stacklevel=3,
        )


@dataclass(frozen=True)
class _Job:
    engine: Engine
    members: list[Member]
    samples: Samples
    epochs: int
    threads: int

    def run(self) -> list[Result]:
        began = time.perf_counter()
        outcomes = self._train(self.members)
        lost = [i for i, outcome in enumerate(outcomes) if outcome.ended == "diverged"]
        if lost:  # computed again up to the update that left the finite numbers
            again = [replace(self.members[i], steps=outcomes[i].state.step) for i in lost]
            for i, outcome in zip(lost, self._train(again), strict=True):
                outcomes[i] = replace(outcome, ended="diverged")
        done = sum(len(outcome.losses) for outcome in outcomes)
        seconds = (time.perf_counter() - began) / max(done, 1)
        return [self._result(member, outcome, seconds) for member, outcome in zip(self.members, outcomes, strict=True)]

    def _train(self, members: list[Member]) -> list[Outcome]:
        return self.engine.train_many(
            members,
            self.samples,
            epochs=self.epochs,
            threads=self.threads,
            tick=lambda epoch, batch, step: not asked_to_end(),
        )

    def _result(self, member: Member, outcome: Outcome, seconds: float) -> Result:
        plan, count = member.plan, len(outcome.losses)
        batches = plan.batches(len(self.samples) if member.rows is None else len(member.rows))
        columns = {
            "loss": outcome.losses.tolist(),
            "learning_rate": plan.optimizer.schedule.of_epochs(0, batches, count),
            "seconds": [seconds] * count,
        }
        return Result(Model.of(outcome.parameters), History(columns), outcome.state, _ENDINGS[outcome.ended])


def _prepare(
    models: Sequence[Model],
    X: ArrayLike,
    Y: ArrayLike,
    optimizer: Optimizer | Sequence[Optimizer],
    batch_size: int | None,
    seeds: Sequence[int] | None,
    rows: Sequence[ArrayLike] | None,
    order: str | ArrayLike,
    drop_last: bool,
    sample_weight: ArrayLike | None,
    threads: int,
    precision: str,
) -> tuple[list[Member], Samples]:
    """The members and what they share; every mistake in what was given is an `InputError`."""
    models = _models(models)
    network, dtype = models[0].network, models[0].parameters.flat.dtype
    optimizers = _optimizers(optimizer, len(models))
    samples = check_samples(network, dtype, X, Y, sample_weight)
    own_seeds = range(len(models)) if seeds is None else _seeds(seeds, len(models))
    subsets = [None] * len(models) if rows is None else _subsets(rows, samples, len(models))
    plans: dict[tuple[int, int], Plan] = {}  # many members have the same optimizer and as many rows
    members = []
    for i, (model, own, seed, subset) in enumerate(zip(models, optimizers, own_seeds, subsets, strict=True)):
        count = len(samples) if subset is None else len(subset)
        plan = plans.get((id(own), count))
        if plan is None:
            with nullcontext() if subset is None else within(f"rows[{i}] has {count}"):
                plan = plans[id(own), count] = plan_of(own, batch_size, order, drop_last, count, threads, precision)
        members.append(Member(model.parameters, plan, State.start(network, own, seed, dtype), subset))
    return members, samples


def _models(given: Sequence[Model]) -> list[Model]:
    models = _list("models", given, "Models", None)
    for i, model in enumerate(models):
        if not isinstance(model, Model):
            raise InputError(f"models[{i}]: expected a Model, got {model!r}")
        if model.network is not models[0].network and model.network != models[0].network:
            difference = _difference(model.network, models[0].network)
            raise InputError(f"models[{i}]: all must have the same network, but {difference} as in models[0]")
        if model.parameters.flat.dtype != models[0].parameters.flat.dtype:
            raise InputError(
                f"models[{i}]: all must have the same dtype, but it is {model.dtype}, not "
                f"{models[0].dtype} as in models[0]"
            )
    return models


def _difference(network: Network, first: Network) -> str:
    """What of a network is not as in the first, in words."""
    if network.sizes != first.sizes:
        return f"its sizes are {_joined(network.sizes)}, not {_joined(first.sizes)}"
    for number, (layer, other) in enumerate(zip(network.layers, first.layers, strict=True), 1):
        for entry in fields(layer):
            own, expected = getattr(layer, entry.name), getattr(other, entry.name)
            if own != expected:
                return f"layer {number} has {entry.name}={own!r}, not {expected!r}"
    names = [entry.name for entry in fields(network) if getattr(network, entry.name) != getattr(first, entry.name)]
    return f"it has {names[0]}={getattr(network, names[0])!r}, not {getattr(first, names[0])!r}"


def _joined(sizes: tuple[int, ...]) -> str:
    return "-".join(map(str, sizes))


def _optimizers(given: Optimizer | Sequence[Optimizer], count: int) -> list[Optimizer]:
    if isinstance(given, Optimizer):
        return [given] * count
    optimizers = _list("optimizer", given, "optimizers, or one such as Adam()", count)
    for i, optimizer in enumerate(optimizers):
        if not isinstance(optimizer, Optimizer):
            raise InputError(f"optimizer[{i}]: expected one such as SGD(0.5) or Adam(), got {optimizer!r}")
        if type(optimizer) is not type(optimizers[0]):
            raise InputError(
                f"optimizer[{i}]: all must be of one class, but it is {type(optimizer).__name__}, not "
                f"{type(optimizers[0]).__name__} as optimizer[0]; give train_many the models of each class apart"
            )
    return optimizers


def _seeds(given: Sequence[int], count: int) -> list[int]:
    seeds = _list("seeds", given, "seeds", count)
    for i, seed in enumerate(seeds):
        with within(f"seeds[{i}]"):
            seeds[i] = check_seed(seed)
    return seeds


def _subsets(given: Sequence[ArrayLike], samples: Samples, count: int) -> list[NDArray[np.int64]]:
    lists = _list("rows", given, "arrays of row numbers", count)
    known: dict[int, NDArray[np.int64]] = {}  # of folds, many models may have the same one
    for i, numbers in enumerate(lists):
        if id(numbers) in known:
            continue
        expected = "row numbers, at least one"
        if isinstance(numbers, np.ndarray) and numbers.dtype.kind == "b":
            expected += " (np.flatnonzero makes them from a mask)"
        subset = known[id(numbers)] = row_numbers(f"rows[{i}]", numbers, len(samples), expected)
        if samples.weights is not None:
            check_total(f"sample_weight of rows[{i}]", samples.weights[subset])
    return [known[id(numbers)] for numbers in lists]


def _list(name: str, given: Any, what: str, count: int | None) -> list[Any]:
    """What is given as a list, one for each of `count` models; None: any number from 1 up."""
    number = "at least one" if count is None else f"one for each of the {count} models"
    if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str) or getattr(given, "ndim", 1) == 0:
        raise InputError(f"{name}: expected a list of {what}, {number}, got {given!r}, which is no list")
    if len(given) != count if count is not None else len(given) == 0:
        raise InputError(f"{name}: expected a list of {what}, {number}, got a list of {len(given)}")
    return list(given)
