"""The main job: a table in, a trained model out, scored on rows it has not seen."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.artefact import TableModel, check_storable
from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.table import Encoding, Table, Target, labelled
from clearprop.tabular.recipe import Recipe, recipe
from clearprop.tabular.scores import Scores, score_outputs
from clearprop.training import Callback, EarlyStopping, Result, train
from clearprop.training.split import split

HELD_OUT_SHARE = 0.2
VALIDATION_SHARE = 0.15
FEWEST_ROWS = 5


@dataclass(frozen=True)
class Parts:
    """Which rows of a table are learnt from, watched while learning, and kept for the score; indices from 0.

    `dropped` counts the rows without a target.
    """

    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    held_out: NDArray[np.int64]
    dropped: int


@dataclass(frozen=True)
class Fit:
    """What has come of a table: the model, its scores on the held-out rows, and how it was learnt."""

    table_model: TableModel
    scores: Scores
    parts: Parts
    recipe: Recipe
    result: Result
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Of the training part, over all epochs, also those before a run was taken up again."""
        history = self.result.history
        return len(self.parts.training) * len(history) / max(sum(history.seconds), 1e-9)


@dataclass(frozen=True)
class Prepared:
    """A table read, split and encoded, with the recipe that suits it: all that is known before anything is learnt."""

    table: Table
    encoding: Encoding
    parts: Parts
    recipe: Recipe
    seed: int


def prepare(
    table: Table,
    target: str,
    *,
    task: str | None = None,
    kinds: Mapping[str, str] | None = None,
    epochs: int | None = None,
    seed: int = 0,
) -> Prepared:
    """Splits a table and learns how to read its columns.

    A fifth of the rows is held out for the score, and 15 % of the rest are watched while learning. All statistics come
    from the training rows alone.

    Args:
        target: the column to predict from the others.
        task: "classes", "numbers", or None to go by the target's values.
        kinds: "number", "category", "boolean", "date" or "left out" for columns that are not to be what they look like.
        epochs: at most so many; None goes by the row count.
        seed: the same table, target and seed give the same model.

    Raises:
        InputError: there is no such column, or nothing to learn.
    """
    answer = Target.learn(table, target, task)
    parts = _parts(table, answer, seed)
    encoding = Encoding.learn(table, answer, rows=parts.training, kinds=kinds)
    chosen = recipe(len(encoding.input_names), len(encoding.classes), len(parts.training), epochs)
    return Prepared(table, encoding, parts, chosen, seed)


def fit(
    prepared: Prepared, *, engine: str = "auto", threads: int | None = None, callbacks: Sequence[Callback] = ()
) -> Fit:
    """Learns, keeps the weights of the epoch that did best on the watched rows, and scores them on the held-out ones.

    Args:
        callbacks: such as `Progress()` and `Checkpoint(path)`.
    """
    table, encoding, parts, chosen = prepared.table, prepared.encoding, prepared.parts, prepared.recipe
    training, validation = table.select(parts.training), table.select(parts.validation)
    held_out = table.select(parts.held_out)
    X, Y = encoding.inputs(training), _targets(encoding, training)
    # What is wrong with the held-out rows, or too large for a file, must not come out after the work.
    X_held_out, Y_held_out = encoding.inputs(held_out), encoding.targets(held_out)
    initial = Model.initialized(chosen.network, "he", seed=prepared.seed, dtype="float32")
    untrained = TableModel(initial, encoding, _about(encoding, Y, prepared.seed))
    check_storable(untrained)
    started = time.perf_counter()
    result = train(
        initial,
        X,
        Y,
        optimizer=chosen.optimizer,
        batch_size=chosen.batch_size,
        epochs=chosen.epochs,
        seed=prepared.seed,
        validation=(encoding.inputs(validation), _targets(encoding, validation)),
        metric="accuracy" if encoding.task == "classes" else "r2",
        callbacks=[EarlyStopping(patience=chosen.patience), *callbacks],
        engine=engine,
        threads=threads,
    )
    seconds = time.perf_counter() - started
    table_model = replace(untrained, model=result.model)
    outputs = result.model.predict(X_held_out, engine=engine, threads=threads)
    scores = score_outputs(table_model, outputs, Y_held_out)
    return Fit(table_model, scores, parts, chosen, result, seconds)


def _parts(table: Table, target: Target, seed: int) -> Parts:
    known = labelled(table, target.name)
    if len(known) < FEWEST_ROWS:
        raise InputError(
            f"{table.source}: {len(known)} rows have a value of {target.name}; at least {FEWEST_ROWS} are needed, "
            "some to learn from and some to judge by"
        )
    classes = target.values(table.select(known)) if target.task == "classes" else None
    rest, held_out = split(len(known) if classes is None else classes, HELD_OUT_SHARE, seed, lane=0)
    training, validation = split(len(rest) if classes is None else classes[rest], VALIDATION_SHARE, seed, lane=1)
    return Parts(known[rest[training]], known[rest[validation]], known[held_out], len(table) - len(known))


def _targets(encoding: Encoding, table: Table) -> NDArray[Any]:
    targets = encoding.targets(table)
    return targets if encoding.task == "classes" else encoding.standardise(targets)


def _about(encoding: Encoding, Y: NDArray[Any], seed: int) -> dict[str, object]:
    about: dict[str, object] = {"seed": seed}
    if encoding.task == "classes":
        about["class_shares"] = (np.bincount(Y, minlength=len(encoding.classes)) / len(Y)).tolist()
    return about
