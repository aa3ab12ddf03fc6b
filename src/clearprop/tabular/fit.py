"""The main job: a table in, a trained ensemble out, scored on rows it has not seen."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.artefact import TableModel, check_storable
from clearprop.engines.distributed import Distributed
from clearprop.ensemble import Ensemble, tempered
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.scores import Scores
from clearprop.table import Encoding, Table, Target, labelled
from clearprop.tabular.learn import DTYPE, Learnt, learn
from clearprop.tabular.recipe import ONE_HOT_TO, Recipe, recipe
from clearprop.training.callbacks import Callback
from clearprop.training.split import split

HELD_OUT_SHARE = 0.2
FEWEST_ROWS = 5


@dataclass(frozen=True)
class Parts:
    """Which rows of a table are learnt from, and which kept for the score; indices from 0.

    `dropped` counts the rows without a target.
    """

    training: NDArray[np.int64]
    held_out: NDArray[np.int64]
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

    `X` and `Y` are of the training rows.
    """

    table: Table
    encoding: Encoding
    parts: Parts
    X: NDArray[np.float32]
    Y: NDArray[Any]
    recipe: Recipe
    seed: int


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
    parts = _parts(table, answer, seed)
    encoding = Encoding.learn(table, answer, rows=parts.training, kinds=kinds, one_hot_to=ONE_HOT_TO)
    training = table.select(parts.training)
    X, Y = encoding.inputs(training), _targets(encoding, training)
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
    return Prepared(table, encoding, parts, X, Y, chosen, seed)


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
    held_out = prepared.table.select(parts.held_out)
    # What is wrong with the held-out rows, or too large for a file, must not come out after the work.
    X_held_out, Y_held_out = encoding.inputs(held_out), encoding.targets(held_out)
    untrained = Ensemble([Model.initialized(network, "zeros", dtype=DTYPE) for network in chosen.networks])
    table_model = TableModel(untrained, encoding, _about(encoding, prepared.Y, prepared.seed))
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
    scores = table_model.score(learnt.ensemble.predict(X_held_out, engine=engine, threads=threads), Y_held_out)
    return Fit(table_model, scores, _score_left_out(table_model, prepared, learnt), parts, chosen, learnt, seconds)


def _score_left_out(table_model: TableModel, prepared: Prepared, learnt: Learnt) -> Scores | None:
    known = np.flatnonzero(np.isfinite(learnt.left_out).all(axis=1))
    if not len(known):
        return None
    ensemble, encoding = learnt.ensemble, prepared.encoding
    outputs = tempered(learnt.left_out[known], ensemble.temperature, ensemble.activation)
    true = encoding.targets(prepared.table.select(prepared.parts.training[known]))
    return table_model.score(outputs, true)


def _parts(table: Table, target: Target, seed: int) -> Parts:
    known = labelled(table, target.name)
    if len(known) < FEWEST_ROWS:
        raise InputError(
            f"{table.source}: {len(known)} rows have a value of {target.name}; at least {FEWEST_ROWS} are needed, "
            "some to learn from and some to judge by"
        )
    classes = target.values(table.select(known)) if target.task == "classes" else None
    rest, held_out = split(len(known) if classes is None else classes, HELD_OUT_SHARE, seed)
    return Parts(known[rest], known[held_out], len(table) - len(known))


def _targets(encoding: Encoding, table: Table) -> NDArray[Any]:
    targets = encoding.targets(table)
    return targets if encoding.task == "classes" else encoding.standardise(targets)


def _about(encoding: Encoding, Y: NDArray[Any], seed: int) -> dict[str, object]:
    about: dict[str, object] = {"seed": seed}
    if encoding.task == "classes":
        about["class_shares"] = (np.bincount(Y, minlength=len(encoding.classes)) / len(Y)).tolist()
    return about
