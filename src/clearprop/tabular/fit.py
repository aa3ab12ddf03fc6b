"""The main job: a table in, a trained ensemble out, scored on rows it has not seen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.artefact import TableModel, check_storable
from clearprop.engines.base import Array
from clearprop.engines.distributed import Distributed
from clearprop.engines.source import MEMORY, Source, Without
from clearprop.ensemble import Ensemble, tempered
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.scores import Scores
from clearprop.table import Encoding, Table, TableSource, Target, labelled
from clearprop.table.files import Paths
from clearprop.table.source import targets as learnt_targets
from clearprop.tabular.learn import DTYPE, Learnt, check_fits, learn
from clearprop.tabular.recipe import ONE_HOT_TO, Recipe, recipe
from clearprop.training.callbacks import Callback
from clearprop.training.split import split

HELD_OUT_SHARE = 0.2
FEWEST_ROWS = 5


@dataclass(frozen=True)
class Parts:
    """Which rows of a table are learnt from, and which kept for the score: indices from 0, or sources of them.

    `dropped` counts the rows without a target.
    """

    training: NDArray[np.int64] | Without
    held_out: NDArray[np.int64] | Without
    dropped: int


@dataclass(frozen=True)
class Fit:
    """What has come of a table.

    Attributes:
        table_model: the ensemble, and how its table is read.
        scores: on the held-out rows.
        left_out: on the training rows, each by the members that left it out alone; None where none is left out.
        parts, recipe, learnt: of what, how and with what course it was learnt.
        seconds: how long this call took, with all that chooses and judges; `learnt.seconds` are of learning alone.
    """

    table_model: TableModel
    scores: Scores
    left_out: Scores | None
    parts: Parts
    recipe: Recipe
    learnt: Learnt
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Rows that members learnt from, each as often as one did, by the seconds that they took to."""
        return self.rows_learnt / max(self.learnt.seconds, 1e-9)

    @property
    def rows_learnt(self) -> int:
        """Over all members and epochs, also those before a run was taken up again."""
        return sum(self.learnt.rows) * self.learnt.epochs


@dataclass(frozen=True)
class Prepared:
    """A table read, split and encoded, with the recipe that suits it: all that is known before anything is learnt.

    `X` and `Y` are of the training rows; of a table that is not in memory `X` is a source of them, and `Y` is None.
    """

    table: Table | TableSource
    encoding: Encoding
    parts: Parts
    X: NDArray[np.float32] | Source
    Y: NDArray[Any] | None
    recipe: Recipe
    seed: int

    @property
    def total(self) -> int:
        """How many rows the table has, also those without a target."""
        return len(self.table) if isinstance(self.table, Table) else len(self.table) + self.table.dropped

    def true(self, rows: Without, those: NDArray[np.bool_] | None = None) -> NDArray[Any]:
        """The targets of rows of a table that is not in memory, all or those (N,), as `Encoding.targets` gives them."""
        found = []
        for first, X, Y in rows.parts():
            found.append(Y if those is None else Y[those[first : first + len(X)]])
        Y = np.concatenate(found)
        return Y.astype(np.int64) if self.encoding.task == "classes" else self.encoding.unstandardise(Y)


def prepare(
    table: Table,
    target: str,
    *,
    task: str | None = None,
    kinds: Mapping[str, str] | None = None,
    recipe_name: str = "strong",
    members: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
) -> Prepared:
    """Splits a table and learns how to read its columns.

    A fifth of the rows is held out for the score. All statistics come from the others, the training rows.

    Args:
        target: the column to predict from the others.
        task: "classes", "numbers", or None to go by the target's values.
        kinds: "number", "category", "boolean", "date" or "left out" for columns that are not to be what they look like.
        recipe_name: "strong" or "quick".
        members: how many; None goes by the recipe and the row count.
        epochs: how often through the rows; None goes by the row count.
        seed: the same table, target and seed give the same model.

    Raises:
        InputError: there is no such column, or nothing to learn.
    """
    answer = Target.learn(table, target, task)
    known = labelled(table, answer.name)
    rows, held_out = _split(table, answer, known, seed)
    encoding = Encoding.learn(table, answer, rows=rows, kinds=kinds, one_hot_to=ONE_HOT_TO, seed=seed)
    training = table.select(rows)
    X, Y = encoding.inputs(training), learnt_targets(encoding, training)
    outputs = max(1, len(encoding.classes))
    chosen = recipe(
        recipe_name,
        X,
        outputs,
        encoding.task,
        categories=encoding.input_categories,
        members=members,
        epochs=epochs,
    )
    parts = Parts(rows, held_out, len(table) - len(known))
    return Prepared(table, encoding, parts, X, Y, chosen, seed)


def prepare_files(
    paths: Paths,
    target: str,
    *,
    task: str | None = None,
    kinds: Mapping[str, str] | None = None,
    recipe_name: str = "strong",
    members: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    memory: str | int = MEMORY,
    spill: str | os.PathLike[str] | None = None,
) -> Prepared:
    """`prepare` for a table that need not fit in memory, in one file or in many; what is learnt has the same bits.

    Args:
        paths, memory, spill: as `TableSource` takes them.
        target, task, kinds, recipe_name, members, epochs, seed: as `prepare`.

    Raises:
        InputError: as `TableSource`, and as `prepare`.
    """
    table = TableSource(
        paths,
        target=target,
        task=task,
        kinds=kinds,
        one_hot_to=ONE_HOT_TO,
        seed=seed,
        memory=memory,
        spill=spill,
        held_out=HELD_OUT_SHARE,
    )
    _check_enough(len(table), table.source, target)
    assert table.held_out is not None
    encoding = table.encoding
    training = Without(table, table.held_out)
    chosen = recipe(
        recipe_name,
        training,
        table.outputs,
        encoding.task,
        categories=encoding.input_categories,
        members=members,
        epochs=epochs,
    )
    check_fits(training, chosen)
    parts = Parts(training, Without(table, ~table.held_out), table.dropped)
    return Prepared(table, encoding, parts, training, None, chosen, seed)


def fit(
    prepared: Prepared,
    *,
    engine: str = "auto",
    threads: int | None = None,
    callbacks: Sequence[Callback] = (),
    distributed: Distributed | None = None,
) -> Fit:
    """Learns an ensemble, whose members watch the rows that they leave out, and scores it on the held-out rows.

    Args:
        callbacks: such as `Progress()` and `Checkpoint(path)`.
        distributed: where this process is one of several that learn it together.
    """
    encoding, parts, chosen = prepared.encoding, prepared.parts, prepared.recipe
    # What is wrong with the held-out rows, or too large for a file, must not come out after the work.
    held_out, true = _held_out(prepared)
    untrained = Ensemble([Model.initialized(network, "zeros", dtype=DTYPE) for network in chosen.networks])
    table_model = TableModel(untrained, encoding, _about(prepared))
    check_storable(table_model)
    started = time.perf_counter()
    learnt = learn(
        prepared.X,
        prepared.Y,
        recipe=chosen,
        seed=prepared.seed,
        callbacks=callbacks,
        engine=engine,
        threads=threads,
        distributed=distributed,
    )
    seconds = time.perf_counter() - started
    table_model = replace(table_model, model=learnt.ensemble)
    outputs = [learnt.ensemble.predict(X, engine=engine, threads=threads) for X in held_out()]
    scores = table_model.score(np.concatenate(outputs), true)
    return Fit(table_model, scores, _score_left_out(table_model, prepared, learnt), parts, chosen, learnt, seconds)


def _held_out(prepared: Prepared) -> tuple[Callable[[], Iterator[Array]], NDArray[Any]]:
    """What gives the inputs of the held-out rows, in parts, and their targets."""
    table, rows = prepared.table, prepared.parts.held_out
    if isinstance(rows, Without):
        return lambda: (X for _, X, _ in rows.parts()), prepared.true(rows)
    assert isinstance(table, Table)
    held_out = table.select(rows)
    inputs = prepared.encoding.inputs(held_out)
    return lambda: iter([inputs]), prepared.encoding.targets(held_out)


def _score_left_out(table_model: TableModel, prepared: Prepared, learnt: Learnt) -> Scores | None:
    known = np.flatnonzero(np.isfinite(learnt.left_out).all(axis=1))
    if not len(known):
        return None
    ensemble, table, training = learnt.ensemble, prepared.table, prepared.parts.training
    outputs = tempered(learnt.left_out[known], ensemble.temperature, ensemble.activation)
    if isinstance(training, Without):
        return table_model.score(outputs, prepared.true(training, learnt.left_out_rows)[known])
    assert isinstance(table, Table)
    return table_model.score(outputs, prepared.encoding.targets(table.select(training[known])))


def _split(
    table: Table, target: Target, known: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    _check_enough(len(known), table.source, target.name)
    classes = target.values(table.select(known)) if target.task == "classes" else None
    rest, held_out = split(len(known) if classes is None else classes, HELD_OUT_SHARE, seed)
    return known[rest], known[held_out]


def _check_enough(rows: int, source: str, target: str) -> None:
    if rows < FEWEST_ROWS:
        raise InputError(
            f"{source}: {rows} rows have a value of {target}; at least {FEWEST_ROWS} are needed, "
            "some to learn from and some to judge by"
        )


def _about(prepared: Prepared) -> dict[str, object]:
    about: dict[str, object] = {"seed": prepared.seed}
    classes, table = len(prepared.encoding.classes), prepared.table
    if classes:
        Y = prepared.Y
        if isinstance(table, TableSource):
            assert table.classes is not None and table.held_out is not None
            Y = table.classes[~table.held_out]
        assert Y is not None
        about["class_shares"] = (np.bincount(Y, minlength=classes) / len(Y)).tolist()
    return about
