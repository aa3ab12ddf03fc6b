"""The networks and the settings that a table is learnt with, unless asked otherwise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.engines.source import Source
from clearprop.errors import InputError, check_count, unknown
from clearprop.network.columns import ColumnLayer, Embedded, Embedding, Periodic, PiecewiseLinear, Plain, Scale
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import AdamW, Optimizer
from clearprop.optimize.schedules import CosLog, FlatCosine, OneCycle, Schedule
from clearprop.tabular.start import DATA

TASKS = ("classes", "labels", "numbers")
UPDATES = 30_000
FEWEST_EPOCHS = 4
_LOOKED_AT = 10_000


@dataclass(frozen=True)
class Recipe:
    """How a table is learnt: what its members are, and how each of them learns.

    Attributes:
        networks: one a member, of the same inputs and outputs.
        optimizer: of all members. A schedule in it that has `steps` is stretched over the updates of each member's run.
        batch_size: rows an update; None is a full batch.
        epochs: how many.
        first_epoch: the first whose weights may be kept, counted from 1.
        folds: member m leaves out part m of so many, and keeps the weights of the epoch that does best on it; 1: no
            rows are left out, and the last weights are kept.
        initializer: "data", or a name of `network.initializers`.
        drop_last: leaves out a last batch that is short.
        deviations: of the first frequencies of `Periodic` column layers, in periods a unit of the input; members take
            turns.
    """

    networks: tuple[Network, ...]
    optimizer: Optimizer
    batch_size: int | None
    epochs: int
    first_epoch: int = 1
    folds: int = 8
    initializer: str = DATA
    drop_last: bool = False
    deviations: tuple[float, ...] = (0.1,)

    def __post_init__(self) -> None:
        if not self.networks:
            raise InputError("networks: expected one a member, at least one, got none")
        for name in ("epochs", "first_epoch", "folds"):
            check_count(name, getattr(self, name))

    @property
    def members(self) -> int:
        return len(self.networks)

    def optimizer_for(self, updates: int) -> Optimizer:
        """The optimizer of a run of so many updates.

        >>> recipe = Recipe((Network.parse("2-1"),), AdamW(OneCycle(0.01, steps=1)), 32, epochs=10)
        >>> recipe.optimizer_for(500).schedule.steps
        500
        """
        stretched = {
            entry.name: replace(value, steps=updates)  # type: ignore[call-arg]  # it is looked whether there are any
            for entry in fields(self.optimizer)
            if isinstance(value := getattr(self.optimizer, entry.name), Schedule) and hasattr(value, "steps")
        }
        return replace(self.optimizer, **stretched)

    def settings(self) -> list[tuple[str, str]]:
        """Names and values, for a person to read."""
        network, schedule = self.networks[0], self.optimizer.schedule
        members = f"{self.members:,}"
        if self.folds > 1:
            members += f", each without one of {self.folds:,} parts of the rows"
        optimizer = type(self.optimizer).__name__
        if decay := getattr(self.optimizer, "weight_decay", 0.0):
            optimizer += f", weight decay {decay:g}"
        rate = f"{schedule.rate:g}" if schedule.is_constant else f"at most {schedule.rate:g}"  # type: ignore[attr-defined]
        if isinstance(schedule, OneCycle):
            rate += ", in one cycle"
        if isinstance(schedule, CosLog):
            rate += f", in {schedule.cycles} waves"
        listed = [
            ("members", members),
            ("optimizer", optimizer),
            ("learning rate", rate),
            ("batch size", "all rows" if self.batch_size is None else f"{self.batch_size:,}"),
            ("epochs", f"{self.epochs:,}; each member keeps its best from epoch {self.first_epoch:,} on"),
        ]
        if network.layers[0].dropout:
            fading = ", less from halfway on" if self.optimizer.fades else ""
            listed.append(("dropout", f"{network.layers[0].dropout:g} after each hidden layer{fading}"))
        return listed

    def to_json(self) -> dict[str, Any]:
        """What a run is told by, of plain values: of its networks a checksum, for they may be many."""
        networks = json.dumps([network.to_json() for network in self.networks], sort_keys=True)
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        checksum = hashlib.sha256(networks.encode()).hexdigest()
        return {**plain, "networks": f"{self.members}, {checksum}", "optimizer": self.optimizer.to_json()}


def recipe(
    name: str,
    X: Array | Source,
    outputs: int,
    task: str,
    *,
    categories: Sequence[int] = (),
    members: int | None = None,
    epochs: int | None = None,
) -> Recipe:
    """The recipe of a name, for these rows.

    "strong" is for the best answer: eight members, each of which leaves out one of eight parts of the rows. An input
    with more than two values is a number, and becomes four: half of the members have `Periodic` embeddings, half
    `PiecewiseLinear` ones. One that is the number of a category becomes the eight numbers of its row of a learnt table.
    All that the first layer takes in has a learnt scale. Three layers of 128 units with dropout follow. "quick" is for
    who is in a hurry: four members with `PiecewiseLinear` embeddings and two layers of 64.

    Weights learn at the rate / √inputs of their layer, as if they were kept as W/√inputs; the scale at 6 times the
    rate, biases at a tenth. AdamW goes through four waves of the learning rate; dropout and decay fade from halfway on;
    the targets of classes are smoothed by a tenth. Batches have 64 rows, and there are 32 epochs; 64 for classes of
    under 1,000 rows, 16 for numbers from 1,000 rows on, where on five tables the mean loss was the same.

    Larger tables get larger batches (128 above 5,000 rows, 256 above 20,000, 1,024 above 200,000), fewer members (half
    as many above 20,000 rows, a quarter above 200,000), and fewer epochs: 16 above 5,000 rows, which on three tables of
    8,000 to 16,000 were as good as 32 or better, and no more than make 30,000 updates a member, but at least 4. Above
    20,000 rows there are also no more members than are `affordable`.

    Args:
        name: "strong" or "quick".
        X: (N, inputs), the rows that are learnt from, or a source of them.
        outputs: how many classes, labels or numbers.
        task: "classes", of which each row has one; "labels", of which it may have several; "numbers", standardised.
        categories: for each input 0, or, where it is the number of a category, how many categories there are, as
            `Encoding.input_categories` tells; empty: there are no such inputs.
        members: how many; None goes by the name, the row count and what they cost.
        epochs: how often through the rows; None goes by the row count.

    Raises:
        InputError: there is no such recipe or task, or a count is none.

    Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024, is where most of this comes from.

    >>> import numpy as np
    >>> chosen = recipe("strong", np.arange(12_000.0).reshape(400, 30), 2, "classes")
    >>> chosen.members, chosen.networks[0].columns, chosen.networks[0].sizes, chosen.epochs
    (8, (Periodic(count=30, outputs=3, rate=0.1, frequencies=16),), (120, 128, 128, 128, 2), 64)
    """
    made = named(name, X, outputs, task, categories=categories, members=members, epochs=epochs)
    return affordable(made, len(X)) if members is None else made


def named(
    name: str,
    X: Array | Source,
    outputs: int,
    task: str,
    *,
    categories: Sequence[int] = (),
    members: int | None = None,
    epochs: int | None = None,
) -> Recipe:
    """The same, whatever the members cost."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    if task not in TASKS:
        raise unknown("task", task, TASKS)
    inputs = (X.like[0] if isinstance(X, Source) else X).shape[1]
    codes = list(categories) or [0] * inputs
    if len(codes) != inputs:
        raise InputError(f"categories: expected one number an input, {inputs}, got {len(codes)}")
    made = RECIPES[name](X, codes, outputs, task)
    if members is not None:
        count = check_count("members", members)
        made = replace(made, networks=_repeated(made.networks, count), folds=max(count, made.folds))
    if epochs is not None:
        made = replace(made, epochs=check_count("epochs", epochs))
    return replace(made, first_epoch=min(made.first_epoch, made.epochs))


AFFORDED = 3e13
"""Operations of all members together: five minutes at 10¹¹ a second, which two cores of 2023 do."""
CHEAP_ROWS = 20_000


def affordable(made: Recipe, rows: int) -> Recipe:
    """The recipe with fewer members where all would take more than about 3·10¹³ operations, but with one at least.

    Counted are 6 for each weight, each time that a member learns from a row, never the seconds of a machine, so that
    the same rows give the same recipe everywhere. Up to 20,000 rows all members stay.

    Args:
        rows: how many there are; of `folds` parts of them each member leaves out one.

    >>> import numpy as np
    >>> X = np.broadcast_to(np.arange(3.0), (10_000_000, 3))
    >>> [affordable(named("strong", X[:rows], 2, "classes"), rows).members for rows in (20_000, 10_000_000)]
    [8, 2]
    """
    if rows <= CHEAP_ROWS:
        return made
    learnt = made.epochs * rows * (1.0 - 1.0 / made.folds if made.folds > 1 else 1.0)
    each = 6.0 * learnt * sum(map(_weights_a_row, made.networks)) / made.members
    count = max(1, min(made.members, int(AFFORDED / each)))
    return replace(made, networks=_repeated(made.networks, count))


def _weights_a_row(network: Network) -> int:
    """How many weights a row is multiplied by on its way; the numbers of its categories are only looked up."""
    dense = sum(inputs * layer.units for inputs, layer in zip(network.sizes, network.layers, strict=False))
    embedded = [layer for layer in network.columns if isinstance(layer, Embedded)]
    return dense + sum(layer.count * layer.functions * layer.outputs for layer in embedded)


def _strong(X: Array | Source, codes: Sequence[int], outputs: int, task: str) -> Recipe:
    hidden = Dense(128, "mish" if task == "numbers" else "selu", dropout=DROPOUT)
    embedded = [_columns(X, codes, kind) for kind in (Periodic(rate=0.1), PiecewiseLinear())]
    return _made(X, outputs, task, [[hidden] * 3] * 8, [columns for columns in embedded for _ in range(4)])


def _quick(X: Array | Source, codes: Sequence[int], outputs: int, task: str) -> Recipe:
    hidden = Dense(64, "relu", dropout=DROPOUT)
    return _made(X, outputs, task, [[hidden] * 2] * 4, [_columns(X, codes, PiecewiseLinear())] * 4)


RECIPES: dict[str, Callable[[Array | Source, Sequence[int], int, str], Recipe]] = {"strong": _strong, "quick": _quick}

ONE_HOT_TO = 9
"""A column with more categories is given by their numbers, each of which has an embedding."""
EMBEDDING = Embedding(outputs=8, rate=0.1)
DROPOUT = 0.15
SMOOTHED = 0.1
RATES = {"classes": 0.04, "labels": 0.04, "numbers": 0.2}
LAST = {
    "classes": ("softmax", f"smoothed_cross_entropy({SMOOTHED})"),
    "labels": ("sigmoid", "binary_cross_entropy"),
    "numbers": ("identity", "half_squared_error"),
}


def _columns(X: Array | Source, codes: Sequence[int], embedding: Embedded) -> list[ColumnLayer]:
    """The column layers of a table: inputs with more than two values are numbers, which are embedded.

    So are numbers of categories, each in its own way. Of large tables 10,000 rows are looked at, evenly spread.
    """

    def layer(column: Array, categories: int) -> ColumnLayer:
        if categories:
            return replace(EMBEDDING, categories=categories)
        return embedding if len(np.unique(column)) > 2 else Plain()

    step = 1 + len(X) // _LOOKED_AT
    some = X.taken(np.arange(0, len(X), step))[0] if isinstance(X, Source) else X[::step]
    alone = [layer(column, code) for column, code in zip(some.T, codes, strict=True)]
    return [replace(one, count=len(list(run))) for one, run in groupby(alone)]


def _made(
    X: Array | Source, outputs: int, task: str, hidden: list[list[Dense]], columns: list[list[ColumnLayer]]
) -> Recipe:
    """A recipe of members with these hidden layers and column layers each."""
    rows, inputs = len(X), sum(layer.count for layer in columns[0])
    batch_size, share = next(size for limit, *size in _SIZES if rows <= limit)
    epochs = min(_usual_epochs(rows, task), max(FEWEST_EPOCHS, UPDATES // max(1, rows // batch_size)))
    last, loss = LAST[task]
    networks = tuple(
        Network(
            inputs,
            paced([*layers, Dense(outputs, last)], sum(layer.width for layer in own)),
            loss,
            columns=own,
            scale=Scale(rate=6.0),
        )
        for layers, own in zip(hidden, columns, strict=True)
    )
    return Recipe(
        networks=networks[::share],
        optimizer=AdamW(CosLog(RATES[task], steps=1), beta2=0.95, weight_decay=0.02, fade=FlatCosine(1.0, steps=1)),
        batch_size=batch_size,
        epochs=epochs,
        first_epoch=8,
        folds=len(networks),
        drop_last=True,
        deviations=(0.1, 0.5),
    )


def _usual_epochs(rows: int, task: str) -> int:
    if task == "numbers":
        return 32 if rows < 1_000 else 16
    return 64 if rows < 1_000 else 32 if rows <= 5_000 else 16


def paced(layers: list[Dense], inputs: int) -> list[Dense]:
    """Layers, the first of so many inputs, at the rates of weights that are kept as W/√inputs, biases at a tenth.

    >>> [layer.weight_rate for layer in paced([Dense(16), Dense(1)], inputs=4)]
    [0.5, 0.25]
    """
    sizes = [inputs, *(layer.units for layer in layers)]
    return [replace(layer, weight_rate=size**-0.5, bias_rate=0.1) for layer, size in zip(layers, sizes, strict=False)]


def unpaced(network: Network) -> Network:
    """The network with all at the optimizer's own rate, for one that was not chosen to go with `paced`."""
    layers = [replace(layer, weight_rate=1.0, bias_rate=1.0) for layer in network.layers]
    return replace(network, layers=tuple(layers), scale=network.scale and Scale())


# Rows up to which: a batch has so many, and the members are divided by so many.
_SIZES: list[tuple[float, int, int]] = [
    (5_000, 64, 1),
    (20_000, 128, 1),
    (200_000, 256, 2),
    (float("inf"), 1_024, 4),
]


def _repeated(networks: tuple[Network, ...], count: int) -> tuple[Network, ...]:
    """So many of them: each kind's share stays what it was, as nearly as whole members allow."""
    return tuple(networks[place * len(networks) // count] for place in range(count))
