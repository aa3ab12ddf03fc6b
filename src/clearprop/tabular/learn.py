"""Where a recipe becomes an ensemble: members that learn side by side, each watched by rows of its own."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.engines import thread_count
from clearprop.engines.base import Array, Engine, Samples
from clearprop.engines.distributed import Distributed, joined
from clearprop.engines.distributed.members import Shared
from clearprop.engines.distributed.settings import check_rounds, processes_here
from clearprop.engines.memory import check_memory
from clearprop.engines.samples import check_samples, check_source, check_total
from clearprop.engines.source import Source, Without
from clearprop.ensemble import Ensemble
from clearprop.errors import DivergenceError, InputError
from clearprop.model import Model
from clearprop.optimize.optimizers import Optimizer
from clearprop.random import Stream, check_seed, drawn_rows
from clearprop.tabular.folds import dealt_out, folds, member_seeds
from clearprop.tabular.judging import fitted_temperature, metric_of
from clearprop.tabular.member import Member, answered
from clearprop.tabular.recipe import Recipe
from clearprop.tabular.side_by_side import Course
from clearprop.training.callbacks import Callback, Ending
from clearprop.training.history import History
from clearprop.training.interrupts import keyboard_interrupts
from clearprop.training.loop import check_callbacks
from clearprop.training.meeting import training_engine
from clearprop.training.prepare import plan_of, rows_of, within
from clearprop.training.split import Rows, strata_of

DTYPE = "float32"
JUDGED = 1 << 18
"""Rows that fit the temperature, where more have been left out."""


@dataclass(frozen=True)
class Learnt:
    """What learning has come to.

    Attributes:
        ensemble: the members, each with the weights of its best epoch, and the temperature.
        histories: what happened to each member, epoch by epoch; the validation columns are of the rows it left out.
        best_epochs: the epoch of each member's weights.
        left_out: (N, outputs), before the temperature: for each row the mean output of the members that have left it
            out, NaN where none has; with `validation` the mean output of all members for its rows; else (0, outputs).
            Of a source it has only the rows that some member has left out, in their order.
        left_out_rows: of a source, for each row (N,) whether it is one of these.
        ended: why: "epochs done", "early stopping" or "stopped" (by a callback), "interrupted" (by a signal).
        rows: how many each member learns from in an epoch.
    """

    ensemble: Ensemble
    histories: tuple[History, ...]
    best_epochs: tuple[int, ...]
    left_out: Array
    ended: Ending
    rows: tuple[int, ...]
    left_out_rows: NDArray[np.bool_] | None = None

    @property
    def epochs(self) -> int:
        """That all members have done."""
        return len(self.histories[0])

    @property
    def seconds(self) -> float:
        """How long members learnt, in all calls that the run went on through; what judges them is not in it."""
        return sum(sum(history.seconds) for history in self.histories)


def learn(
    X: ArrayLike | Source,
    Y: ArrayLike | None = None,
    *,
    recipe: Recipe,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
    validation: Sequence[ArrayLike | None] | None = None,
    callbacks: Sequence[Callback] = (),
    engine: str = "auto",
    threads: int | None = None,
    distributed: Distributed | None = None,
) -> Learnt:
    """Learns an ensemble as a recipe says.

    Member m learns from all rows but those of fold m, and keeps the weights of the epoch that does best on these. What
    all members say of the rows that they have left out fits the temperature, and tells how good the ensemble is without
    rows held out for that. The result is a function of what is given and of nothing else, on any number of threads.

    Args:
        X: (N, inputs), or a source, which has the targets too, and gives the same bits.
        Y: class indices (N,), or (N, outputs).
        recipe: as `recipe("strong", ...)` makes them.
        sample_weight: (N,), from 0 up.
        seed: of the folds, and of each member's start, order of rows and dropout masks.
        validation: (X, Y) or (X, Y, weights) that choose the best epochs and fit the temperature in place of the folds;
            then all members learn from all rows.
        callbacks: such as `Progress()`, `Checkpoint(path)` and `EarlyStopping()`, which watch the members' mean; there
            is no model to be had from their moments.
        engine: "auto", "native", "reference", "torch" or "torch:DEVICE".
        threads: None is one a processor, or this process's share of them.
        distributed: where this process is one of several, each trains some of the members, or all train each together
            where there are fewer members than processes; all get the same result.

    Raises:
        InputError: something given is wrong or does not fit.
        WorkerError: another worker is gone or does not answer; a `Checkpoint` has been written by whoever is left.
        DivergenceError: not one member is left with finite numbers.
        KeyboardInterrupt: after Ctrl-C, between two updates, when a `Checkpoint` has been written.

    Warns:
        RuntimeWarning: some members have diverged; the ensemble goes without them.

    >>> from clearprop.tabular import recipe
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3)).astype(np.float32)
    >>> y = (X[:, 0] > X[:, 1]).astype(int)
    >>> learnt = learn(X, y, recipe=recipe("quick", X, 2, "classes", epochs=10))
    >>> len(learnt.ensemble.members), learnt.left_out.shape
    (4, (200, 2))
    >>> bool((learnt.left_out.argmax(axis=1) == y).mean() > 0.85)
    True
    """
    if not isinstance(recipe, Recipe):
        raise InputError(f"recipe: expected a Recipe, as recipe(...) makes them, got {recipe!r:.60}")
    machine, seed = training_engine(engine), check_seed(seed)
    team = thread_count(threads, processes_here() if distributed else 1)
    samples, watched = _checked(recipe, X, Y, sample_weight, validation)
    watching = watched is not None or recipe.folds > 1
    check_callbacks(callbacks, validation=watching, metric=watching)
    if isinstance(samples, Source):
        check_rounds(distributed)
    machine, workers = joined(machine, distributed)
    shared = Shared.of(machine, recipe.members)  # which trains members as one process does
    machine = machine if shared is None else shared.engine
    with keyboard_interrupts(also_kill=workers.count > 1):
        try:
            members = _members(recipe, samples, watched, seed, machine, team)
            course = Course(recipe, members, samples, watched, machine, team, seed, callbacks, workers, shared)
            ended = course.run()
        finally:
            workers.leave()
        staying = [member for member in members if not member.lost]
        _tell_lost(members, staying)
        if isinstance(samples, Source):
            left_out, judged, left_out_rows = _left_out_of(staying, samples, machine, team)
        else:
            left_out, judged = _left_out(staying, samples, watched, machine, team)
            left_out_rows = None
    known = np.flatnonzero(np.isfinite(left_out).all(axis=1))
    if len(known) > JUDGED:
        known = known[drawn_rows(seed, Stream.STATISTICS, len(known), JUDGED)]
    some = judged if len(known) == len(judged.Y) else rows_of(judged, known)
    temperature = fitted_temperature(recipe.networks[0], left_out[known], some)
    return Learnt(
        Ensemble([Model.of(member.chosen) for member in staying], temperature),
        tuple(member.history(course.epoch) for member in staying),
        tuple(member.chosen_epoch for member in staying),
        left_out,
        ended,
        tuple(member.rows_an_epoch(len(samples)) for member in staying),
        left_out_rows,
    )


def check_fits(source: Source, recipe: Recipe) -> None:
    """Raises an `InputError` where learning from a source takes up more than its memory; no row is read."""
    check_memory(source, recipe.networks, recipe.optimizer, recipe.batch_size, DTYPE, folds=recipe.folds)


def _checked(
    recipe: Recipe,
    X: ArrayLike | Source,
    Y: ArrayLike | None,
    sample_weight: ArrayLike | None,
    validation: Sequence[ArrayLike | None] | None,
) -> tuple[Samples | Source, Samples | None]:
    first, dtype = recipe.networks[0], np.dtype(DTYPE)
    for number, network in enumerate(recipe.networks, 1):
        for what in ("inputs", "outputs", "loss"):
            own, expected = getattr(network, what), getattr(first, what)
            if own != expected:
                raise InputError(
                    f"network {number}: all must have the same {what}; here {own}, in network 1 {expected}"
                )
    if isinstance(X, Source):
        for name, given in (("Y", Y), ("sample_weight", sample_weight), ("validation", validation)):
            if given is not None:
                raise InputError(f"{name}: does not go together with a source; leave it out")
        if recipe.folds > 1 and len(X) < 2:
            raise InputError("X: expected at least two rows, some to learn from and some to watch; got one")
        check_fits(X, recipe)
        return check_source(first, dtype, X), None
    if Y is None:
        raise InputError("Y: expected the targets, one row for each of X, got None")
    samples = check_samples(first, dtype, X, Y, sample_weight)
    if validation is None:
        if recipe.folds > 1 and len(samples) < 2:
            raise InputError("X: expected at least two rows, some to learn from and some to watch; got one")
        return samples, None
    if isinstance(validation, str) or not isinstance(validation, Sequence) or len(validation) not in (2, 3):
        raise InputError(f"validation: expected (X, Y) or (X, Y, weights), got {validation!r:.60}")
    watched_X, watched_Y, weights = (*validation, None)[:3]
    if watched_X is None or watched_Y is None:
        raise InputError("validation: expected (X, Y) or (X, Y, weights), got None in the place of X or Y")
    with within("validation"):
        return samples, check_samples(first, dtype, watched_X, watched_Y, weights)


def _members(
    recipe: Recipe, samples: Samples | Source, watched: Samples | None, seed: int, engine: Engine, threads: int
) -> list[Member]:
    count = min(recipe.folds, len(samples))
    fold_of = None if watched is not None or count < 2 else _folds(samples, count, seed)
    members = []
    optimizers: dict[int, Optimizer] = {}
    metrics = {network: metric_of(network, samples) for network in dict.fromkeys(recipe.networks)}
    for place, (network, own_seed) in enumerate(zip(recipe.networks, member_seeds(seed, recipe.members), strict=True)):
        rows: Rows | None = None
        left: Rows | Source | None = None
        own = samples
        if fold_of is not None and isinstance(samples, Source):
            own, left = (Without(samples, fold_of == place % count), Without(samples, fold_of != place % count))
        elif fold_of is not None:
            assert isinstance(samples, Samples)
            rows, left = np.flatnonzero(fold_of != place % count), np.flatnonzero(fold_of == place % count)
            if samples.weights is not None:
                check_total(f"sample_weight of the rows that member {place + 1} learns from", samples.weights[rows])
        size = len(own) if rows is None else len(rows)
        drop_last = recipe.drop_last and recipe.batch_size is not None and recipe.batch_size <= size
        plan = plan_of(recipe.optimizer, recipe.batch_size, "shuffled", drop_last, size, threads, "full")
        updates = recipe.epochs * plan.batches(size)
        if updates not in optimizers:  # members with as many updates share one: its rates are then computed once
            optimizers[updates] = recipe.optimizer_for(updates)
        plan = replace(plan, optimizer=optimizers[updates])
        members.append(
            Member.new(place + 1, network, recipe, plan, rows, left, own, metrics[network], own_seed, engine, threads)
        )
    return members


def _folds(samples: Samples | Source, count: int, seed: int) -> NDArray[np.integer]:
    if isinstance(samples, Source):
        return dealt_out(strata_of(samples), len(samples), count, seed)
    return folds(samples.Y, count, seed)


def _tell_lost(members: list[Member], staying: list[Member]) -> None:
    lost = [member for member in members if member.lost]
    if not lost:
        return
    rate = f"the largest learning rate was {lost[0].largest_rate:g}"
    if not staying:
        raise DivergenceError(
            f"all {len(members)} members have diverged, the first in epoch {min(one.state.epoch for one in lost) + 1}: "
            f"the loss or a weight is no longer a finite number; {rate}; try a smaller one, and look whether the "
            "inputs are scaled"
        )
    which = ", ".join(str(member.number) for member in lost)
    warnings.warn(
        f"of {len(members)} members {len(lost)} diverged (member {which}) and {'is' if len(lost) == 1 else 'are'} left "
        f"out of the ensemble: the loss or a weight was no longer a finite number; {rate}",
        RuntimeWarning,
        stacklevel=3,
    )


def _left_out(
    members: list[Member], samples: Samples, watched: Samples | None, engine: Engine, threads: int
) -> tuple[Array, Samples]:
    """What members say of rows that they have left out (N, outputs), and these rows."""
    judged = samples if watched is None else watched
    outputs = members[0].network.outputs
    if watched is None and members[0].left is None:
        return np.empty((0, outputs)), rows_of(samples, np.arange(0))
    total, times = np.zeros((len(judged), outputs)), np.zeros((len(judged), 1))
    for member in members:
        assert not isinstance(member.left, Source)
        rows = slice(None) if member.left is None else member.left
        total[rows] += engine.predict(member.chosen, np.ascontiguousarray(judged.X[rows]), threads)
        times[rows] += 1
    with np.errstate(invalid="ignore"):
        return total / times, judged


def _left_out_of(
    members: list[Member], source: Source, engine: Engine, threads: int
) -> tuple[Array, Samples, NDArray[np.bool_]]:
    """As `_left_out` for those rows of a source that some member has left out, and which these are."""
    outputs = members[0].network.outputs
    left = [member.left for member in members if isinstance(member.left, Without)]
    times = np.zeros(len(source), np.uint16)
    for one in left:
        times += one.kept
    known = times > 0
    total, Y = np.zeros((int(known.sum()), outputs)), source.room(int(known.sum()))[1]
    for member, one in zip(members, left, strict=bool(left)):
        found, samples = answered(engine, member.chosen, one, threads)
        own = np.flatnonzero(one.kept[known])
        total[own] += found
        Y[own] = samples.Y
    return total / times[known, None], Samples(np.empty((len(Y), 0)), Y), known
