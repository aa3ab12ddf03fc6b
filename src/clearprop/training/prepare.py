"""What a call of `train` is given -> what is done, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.engines import thread_count
from clearprop.engines.base import Array, Engine, Outcome, Plan, Samples, State, Tick
from clearprop.engines.distributed import Distributed, Workers, joined
from clearprop.engines.distributed.settings import check_rounds, processes_here
from clearprop.engines.memory import check_memory
from clearprop.engines.order import ORDERS, STREAMED
from clearprop.engines.precision import check_precision
from clearprop.engines.samples import check_samples, check_source
from clearprop.engines.source import Source, Without
from clearprop.engines.streamed import Streamed
from clearprop.errors import InputError, check_count, in_bytes, unknown
from clearprop.model import Model
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer
from clearprop.random import Stream, check_seed, drawn_rows
from clearprop.training.meeting import training_engine
from clearprop.training.metrics import Metric, have_classes, metric
from clearprop.training.run import Run
from clearprop.training.split import are_held_out, check_share, split, strata, strata_of

METRIC_ROWS = 10_000
HELD_OUT = 0.25
"""The share of a source's memory that rows held out of it may take up."""

Validation = float | Sequence[ArrayLike | None]


@dataclass(frozen=True)
class Job:
    """All that a run is made of: two equal ones give the same result.

    `epochs` is how many will have been done in all. `measured` is the training rows that the metric is computed on.
    `streamed` is what learns where the samples are a source. `workers` are the processes that are at it together.
    """

    start: Run
    engine: Engine
    plan: Plan
    epochs: int
    samples: Samples | Source
    validation: Samples | None
    metric: Metric | None
    measured: Samples
    stop_when_right: bool
    workers: Workers
    streamed: Streamed | None = None

    def train_epochs(self, run: Run, *, epochs: int, steps: int | None = None, tick: Tick | None = None) -> Outcome:
        """What the engine makes of the samples, from where a run stands."""
        if isinstance(self.samples, Samples):
            return self.engine.train_epochs(
                run.parameters, self.samples, self.plan, run.state, epochs=epochs, steps=steps, tick=tick
            )
        assert self.streamed is not None
        return self.streamed.train_epochs(run.parameters, self.plan, run.state, epochs=epochs, steps=steps, tick=tick)

    @property
    def network(self) -> Network:
        return self.start.parameters.network

    @cached_property
    def rows(self) -> int:
        """How many rows an epoch learns from."""
        visited = self.plan.visited(len(self.samples))
        return self.batches * self.plan.batch_size if self.plan.drop_last else visited

    @cached_property
    def batches(self) -> int:
        return self.plan.batches(len(self.samples))


def prepare(
    model: Model,
    X: ArrayLike | Source,
    Y: ArrayLike | None,
    *,
    optimizer: Optimizer,
    batch_size: int | None,
    epochs: int,
    seed: int | None,
    order: str | ArrayLike,
    drop_last: bool,
    sample_weight: ArrayLike | None,
    validation: Validation | None,
    metric_name: str | None,
    state: State | None,
    stop_when_right: bool,
    engine: str,
    threads: int | None,
    precision: str,
    distributed: Distributed | None,
) -> Job:
    """The job of a call of `train`; every mistake in what was given is an `InputError`."""
    if not isinstance(model, Model):
        raise InputError(f"model: expected a Model, got {model!r}")
    if not isinstance(optimizer, Optimizer):
        raise InputError(f"optimizer: expected one such as SGD(0.5) or Adam(), got {optimizer!r}")
    if state is not None and not isinstance(state, State):
        raise InputError(f"state: expected the state of a result of train, got {state!r}")
    network, dtype = model.network, model.parameters.flat.dtype
    machine = training_engine(engine)
    check_precision(precision, machine, dtype)
    seed = _seed(seed, state)
    if isinstance(X, Source):
        share = check_share(validation) if isinstance(validation, float | int) else 0.0
        size = None if batch_size is None else check_count("batch_size", batch_size)
        check_memory(X, [network], optimizer, size, dtype, held_out=share)
    samples = _samples(network, dtype, X, Y, sample_weight, order)
    held_out = None
    if validation is not None:
        by_rows = not isinstance(order, str)
        samples, held_out = _held_out(network, dtype, samples, validation, seed, by_rows)
    team = thread_count(threads, processes_here() if distributed else 1)
    plan = plan_of(optimizer, batch_size, order, drop_last, len(samples), team, precision)
    measured = _measured(samples, seed, metric_name is not None)
    entry = None if metric_name is None else metric(metric_name, samples)
    if metric_name is not None and held_out is not None:
        with within("validation"):
            metric(metric_name, held_out)
    if stop_when_right:
        _check_right_is_possible(network, samples)
    start = Run(model.parameters, State.start(network, optimizer, seed, dtype) if state is None else state)
    if state is not None:
        start.check(optimizer, plan.batches(len(samples)))
    epochs = start.state.epoch + check_count("epochs", epochs)
    if isinstance(samples, Source):
        check_rounds(distributed)
    machine, workers = joined(machine, distributed)
    return Job(
        start=start,
        engine=machine,
        plan=plan,
        epochs=epochs,
        samples=samples,
        validation=held_out,
        metric=entry,
        measured=measured,
        stop_when_right=bool(stop_when_right),
        workers=workers,
        streamed=Streamed(machine, samples) if isinstance(samples, Source) else None,
    )


def _samples(
    network: Network,
    dtype: np.dtype[Any],
    X: ArrayLike | Source,
    Y: ArrayLike | None,
    sample_weight: ArrayLike | None,
    order: str | ArrayLike,
) -> Samples | Source:
    if not isinstance(X, Source):
        if Y is None:
            raise InputError("Y: expected the targets, one row for each of X, got None")
        return check_samples(network, dtype, X, Y, sample_weight)
    for name, given in (("Y", Y), ("sample_weight", sample_weight)):
        if given is not None:
            raise InputError(f"{name}: a source has its own targets and no weights; leave out {name}")
    if not isinstance(order, str) or (order not in STREAMED and order in ORDERS):
        raise InputError(
            f"order: a source is read window by window, so the order is one of {', '.join(STREAMED)}; "
            f"got {_short(order)}"
        )
    return check_source(network, dtype, X)


def _seed(seed: int | None, state: State | None) -> int:
    if state is None:
        return 0 if seed is None else check_seed(seed)
    if seed is not None and check_seed(seed) != state.seed:
        raise InputError(
            f"seed: the state goes on with seed {state.seed}, and {seed} was given; leave out seed, or leave out state"
        )
    return state.seed


def _held_out(
    network: Network,
    dtype: np.dtype[Any],
    samples: Samples | Source,
    validation: Validation,
    seed: int,
    by_rows: bool,
) -> tuple[Samples | Source, Samples]:
    """Training rows and validation rows."""
    if isinstance(validation, float | int):
        share = check_share(validation)
        if isinstance(samples, Source):
            return _held_out_of(samples, share, seed)
        if by_rows:
            raise InputError("order: row numbers and a share for validation do not go together; give validation=(X, Y)")
        training, held_out = split(strata(samples.Y), share, seed)
        if samples.weights is not None and not samples.weights[training].any():
            raise InputError("sample_weight: all rows left for training weigh 0; give validation=(X, Y)")
        return rows_of(samples, training), rows_of(samples, held_out)
    if isinstance(validation, str) or not isinstance(validation, Sequence) or len(validation) not in (2, 3):
        raise InputError(
            f"validation: expected (X, Y), (X, Y, weights) or a share such as 0.2, got {_short(validation)}"
        )
    X, Y, weights = (*validation, None)[:3]
    if X is None or Y is None:
        raise InputError("validation: expected (X, Y) or (X, Y, weights), got None in the place of X or Y")
    with within("validation"):
        return samples, check_samples(network, dtype, X, Y, weights)


def _held_out_of(source: Source, share: float, seed: int) -> tuple[Source, Samples]:
    size, most = share * len(source) * source.row_bytes, HELD_OUT * source.memory
    if size > most:
        raise InputError(
            f"validation: {share:g} of {len(source):,} rows take up {in_bytes(size)}; of a memory of "
            f"{in_bytes(source.memory)} they may take up {in_bytes(most)}; give at most {most / size * share:.2g}"
        )
    left_out = are_held_out(strata_of(source), share, seed)
    return Without(source, left_out), Samples(*source.taken(np.flatnonzero(left_out)))


@contextmanager
def within(place: str) -> Iterator[None]:
    """Puts the name of the place before what is wrong there."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def plan_of(
    optimizer: Optimizer,
    batch_size: int | None,
    order: str | ArrayLike,
    drop_last: bool,
    rows: int,
    threads: int,
    precision: str,
) -> Plan:
    """The plan of a run over so many rows, its parts checked."""
    chosen = _order(order, rows)
    visited = rows if isinstance(chosen, str) else len(chosen)
    size = visited if batch_size is None else check_count("batch_size", batch_size)
    if drop_last and size > visited:
        raise InputError(
            f"drop_last: with batch_size={size} the {visited} rows are one short batch, and dropping it leaves "
            f"nothing; give a batch_size of at most {visited}"
        )
    if size >= visited and isinstance(chosen, str) and chosen == "shuffled":
        chosen = "sequential"  # the order within one batch of all rows would change the rounding, and nothing else
    return Plan(optimizer, min(size, visited), chosen, bool(drop_last), threads, precision)


def _order(order: str | ArrayLike, rows: int) -> str | NDArray[np.int64]:
    if isinstance(order, str):
        if order not in ORDERS:
            raise unknown("order", order, ORDERS)
        return order
    return row_numbers("order", order, rows, f"one of {', '.join(ORDERS)}, or row numbers")


def row_numbers(name: str, given: ArrayLike, rows: int, expected: str) -> NDArray[np.int64]:
    """Numbers of rows of a table that has so many, as int64; a copy only where the type asks for one."""
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim != 1 or array.dtype.kind not in "iu" or len(array) == 0:
        raise InputError(f"{name}: expected {expected}, got {_short(given)}")
    numbers = np.ascontiguousarray(array, dtype=np.int64)
    wrong = numbers.view(np.uint64) >= rows  # what is negative is huge without its sign
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InputError(f"{name}[{place}] is {array[place]}: expected a row number from 0 to {rows - 1}")
    return numbers


def _check_right_is_possible(network: Network, samples: Samples | Source) -> None:
    last = network.layers[-1].activation
    if last not in ("step", "sigmoid", "softmax") or not have_classes(samples):
        raise InputError(
            'stop_when_right: needs classes to be right about: "step", "sigmoid" or "softmax" as the last activation '
            f'(it is "{last}") and targets of 0 and 1, or class indices'
        )


def _measured(samples: Samples | Source, seed: int, are_asked_for: bool) -> Samples:
    if isinstance(samples, Samples) and (len(samples) <= METRIC_ROWS or not are_asked_for):
        return samples
    rows = drawn_rows(seed, Stream.SAMPLE, len(samples), METRIC_ROWS) if are_asked_for else np.arange(0)
    return rows_of(samples, rows) if isinstance(samples, Samples) else Samples(*samples.taken(rows))


def rows_of(samples: Samples, rows: Array) -> Samples:
    """Some rows of the samples, by number; a copy."""
    weights = None if samples.weights is None else samples.weights[rows]
    # Where all weights of a few rows happen to be 0, none of the rows counts more than another.
    return Samples(samples.X[rows], samples.Y[rows], weights if weights is None or weights.any() else None)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
