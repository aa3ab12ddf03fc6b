"""A member of an ensemble while it learns: where it stands, what has happened to it, and its best weights so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.engines import base
from clearprop.engines.base import Array, Engine, Outcome, Plan, Samples, State
from clearprop.engines.source import Source
from clearprop.engines.streamed import Streamed
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.tabular.judging import left_out_loss
from clearprop.tabular.recipe import Recipe
from clearprop.tabular.start import start
from clearprop.training.history import History
from clearprop.training.metrics import METRICS
from clearprop.training.prepare import rows_of
from clearprop.training.run import Run

COLUMNS = ("loss", "validation_loss", "validation_metric", "learning_rate", "seconds")


@dataclass
class Member:
    """One member under way.

    `rows` it learns from and `left` it leaves out, by number; None are all rows, and none. Where the rows are a source,
    `streamed` learns from those it learns from, and `left` is a source of the others. `metric` is the name of the
    metric that is watched; `lost` says that it has diverged; `spent` are the seconds of the epoch under way.
    """

    number: int
    network: Network
    plan: Plan
    rows: NDArray[np.int64] | None
    left: NDArray[np.int64] | Source | None
    streamed: Streamed | None
    batches: int
    first_epoch: int
    metric: str | None
    parameters: Parameters
    state: State
    columns: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    best: Parameters | None = None
    best_loss: float = math.inf
    best_epoch: int = 0
    lost: bool = False
    spent: float = 0.0

    @staticmethod
    def new(
        number: int,
        network: Network,
        recipe: Recipe,
        plan: Plan,
        rows: NDArray[np.int64] | None,
        left: NDArray[np.int64] | Source | None,
        samples: Samples | Source,
        metric: str | None,
        seed: int,
        engine: Engine,
        threads: int,
    ) -> Member:
        """A member at its start; of a source, `samples` are those that it learns from."""
        streamed = Streamed(engine, samples) if isinstance(samples, Source) else None
        if isinstance(samples, Samples):
            X: Array | Source = samples.X if rows is None else samples.X[rows]
        else:
            X = samples
        deviation = recipe.deviations[(number - 1) % len(recipe.deviations)]
        parameters = start(
            network, X, recipe.initializer, seed=seed, engine=engine, threads=threads, deviation=deviation
        )
        return Member(
            number=number,
            network=network,
            plan=plan,
            rows=rows,
            left=left,
            streamed=streamed,
            batches=plan.batches(len(X)),
            first_epoch=min(recipe.first_epoch, recipe.epochs),
            metric=metric,
            parameters=parameters,
            state=State.start(network, plan.optimizer, seed, parameters.flat.dtype),
        )

    @property
    def chosen(self) -> Parameters:
        """The best weights, or the last where none could be chosen."""
        return self.parameters if self.best is None else self.best

    @property
    def chosen_epoch(self) -> int:
        return self.state.epoch if self.best is None else self.best_epoch

    def rows_an_epoch(self, count: int) -> int:
        """How many rows it learns from in an epoch, of a table of `count`."""
        if self.plan.drop_last:
            return self.batches * self.plan.batch_size
        own = self.streamed.source if self.streamed else self.rows
        return count if own is None else len(own)

    @property
    def largest_rate(self) -> float:
        return float(self.plan.optimizer.schedule.rates(np.arange(self.state.step + 1)).max())

    def let_go(self) -> None:
        """Of a source: the windows that it has in memory."""
        if self.streamed is not None:
            self.streamed.feed = None

    def as_told(self) -> base.Member:
        """What an engine is told of it."""
        return base.Member(self.parameters, self.plan, self.state, self.rows)

    def take(self, outcome: Outcome, seconds: float) -> None:
        """Enters what an engine has come to, at most one epoch."""
        if outcome.ended == "diverged":
            self.lost = True
            return
        self.parameters, self.state = outcome.parameters, outcome.state
        self.spent += seconds
        if len(outcome.losses):
            first = self.batches * (self.state.epoch - 1)
            self.columns["loss"] += outcome.losses.tolist()
            self.columns["learning_rate"] += self.plan.optimizer.schedule.of_epochs(first, self.batches, 1)
            self.columns["seconds"].append(self.spent)
            self.spent = 0.0

    def judge(self, samples: Samples | Source, watched: Samples | None, engine: Engine, threads: int) -> None:
        """Looks how good it is at the end of an epoch, on the rows it has left out, and keeps its weights if best."""
        left = watched or (self.left if isinstance(self.left, Source | None) else self._left_of(samples))
        if left is None:
            return
        with np.errstate(over="ignore", invalid="ignore"):  # one that is about to diverge may have huge outputs
            outputs, watched = answered(engine, self.parameters, left, threads)
            loss = left_out_loss(self.network, outputs, watched)
            self.columns["validation_loss"].append(loss)
            if self.metric is not None:
                self.columns["validation_metric"].append(METRICS[self.metric].measure(outputs, watched))
        if self.state.epoch >= self.first_epoch and loss < self.best_loss:
            self.best, self.best_loss, self.best_epoch = self.parameters, loss, self.state.epoch

    def _left_of(self, samples: Samples | Source) -> Samples:
        assert isinstance(samples, Samples) and isinstance(self.left, np.ndarray)
        return rows_of(samples, self.left)

    def history(self, epochs: int) -> History:
        """Of the first so many epochs: those that all members have done."""
        return history_of({name: column[:epochs] for name, column in self.columns.items()}, self.metric)

    def pack(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays, and plain values, from which `unpack` takes it up again."""
        tensors, state = Run(self.parameters, self.state).pack()
        tensors |= {f"history/{name}": np.array(column, dtype=np.float64) for name, column in self.columns.items()}
        if self.best is not None:
            tensors["best"] = self.best.flat
        known = self.best is not None
        return tensors, {
            "state": state,
            "best_loss": self.best_loss if known else None,
            "best_epoch": self.best_epoch,
            "lost": self.lost,
        }

    def unpack(self, tensors: Mapping[str, Array], values: Mapping[str, Any]) -> None:
        """Goes on from what `pack` gave; raises KeyError, TypeError or ValueError where something else comes."""
        run = Run.unpack(self.network, tensors, values["state"]).check(self.plan.optimizer, self.batches)
        columns = {name: [float(value) for value in tensors[f"history/{name}"]] for name in COLUMNS}
        if run.parameters.flat.dtype != self.parameters.flat.dtype or run.state.seed != self.state.seed:
            raise ValueError("the parameters are of another type, or the state of another seed")
        if len(columns["loss"]) != run.state.epoch:
            raise ValueError("the history has another number of epochs than the state")
        self.parameters, self.state, self.columns = run.parameters, run.state, columns
        if "best" in tensors:
            self.best = Parameters(self.network, np.array(tensors["best"], dtype=self.parameters.flat.dtype))
            self.best_loss, self.best_epoch = float(values["best_loss"]), int(values["best_epoch"])
        self.lost = bool(values["lost"])


def answered(engine: Engine, parameters: Parameters, rows: Samples | Source, threads: int) -> tuple[Array, Samples]:
    """The outputs (N, O) for samples, or for those of a source, whose inputs are not kept, and the samples."""
    if isinstance(rows, Samples):
        return engine.predict(parameters, rows.X, threads), rows
    Y = rows.room(len(rows))[1]
    outputs = np.empty((len(rows), parameters.network.outputs), rows.like[0].dtype)
    for first, X_part, Y_part in rows.parts():
        own = slice(first, first + len(X_part))
        outputs[own], Y[own] = engine.predict(parameters, X_part, threads), Y_part
    return outputs, Samples(np.empty((len(rows), 0)), Y)


def history_of(columns: Mapping[str, list[float]], metric: str | None) -> History:
    """The history of a member's columns."""
    watched = bool(columns["validation_loss"])
    return History(columns, monitor="validation_loss" if watched else "loss", metric_name=metric if watched else None)


def mean_history(members: list[Member]) -> History:
    """The mean of the members' histories over the epochs that all have done; of their seconds, the sum."""
    done = min((len(member.columns["loss"]) for member in members), default=0)
    columns: dict[str, list[float]] = {}
    for name in COLUMNS:
        each = [member.columns[name][:done] for member in members]
        if not each or any(len(column) < done for column in each):
            columns[name] = []
            continue
        divisor = 1 if name == "seconds" else len(each)
        columns[name] = [sum(values) / divisor for values in zip(*each, strict=True)]
    return history_of(columns, members[0].metric if members else None)
