"""What the name of a recipe stands for, and what an estimator's options make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from clearprop.errors import InputError, check_count, check_number, unknown
from clearprop.optimize.optimizers import OPTIMIZERS, Optimizer
from clearprop.random import check_seed
from clearprop.training.split import check_share

PLAIN_WEIGHT = 64.0
"""Below this total weight of the rows an estimator trains plainly: a row of weight 2 must be two rows of weight 1."""

IDENTITY_RATE = 0.1
"""Of plain gradient descent on identity outputs: no sigmoid's derivative, at most ¼, makes a step shorter there."""


@dataclass(frozen=True)
class Settings:
    """The settings that a name stands for; options of an estimator replace them one by one.

    Attributes:
        tabular: the name of the recipe of `clearprop.tabular` that says what follows instead, or None.
        hidden: units of the hidden layers.
        activation: of the hidden layers.
        initializer: of `clearprop.network.initializers`, or "scikit-learn": its numbers for the same random state.
        optimizer: an optimizer, or the name of one that takes `rate`.
        alpha: α of the penalty α/(2n)·ΣW², n the total weight of a batch, as scikit-learn has it.
        dropout: the share of each hidden layer's outputs.
        batch_size: rows an update; None is all, "auto" min(200, N).
        epochs: passes over the rows.
        members: networks whose outputs are averaged.
        squared: whether classes are learnt by half the squared error of sigmoid outputs.
        scaled: whether numbers are scaled robustly and clipped smoothly, and targets standardised.
        tol, patience: training ends after `patience` epochs that were not better by `tol`; None: after the last.
        dtype: "float32", "float64" or "given": that of X.
        given: the options that replaced something, by the names above; label_smoothing among them.
    """

    tabular: str | None = None
    hidden: tuple[int, ...] = (100,)
    activation: str = "relu"
    initializer: str = "scikit-learn"
    optimizer: str | Optimizer = "adam"
    rate: float = 1e-3
    alpha: float = 0.0
    dropout: float = 0.0
    batch_size: int | str | None = "auto"
    epochs: int = 200
    members: int = 1
    squared: bool = False
    scaled: bool = False
    tol: float = 1e-4
    patience: int | None = None
    dtype: str = "given"
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def smoothing(self) -> float:
        return float(self.given.get("label_smoothing", 0.0))

    def rows_a_batch(self, rows: int) -> int:
        """How many rows an update sees."""
        if self.batch_size is None:
            return rows
        return min(200 if self.batch_size == "auto" else int(self.batch_size), rows)

    def l2(self, rows: int, total: float) -> float:
        """The strength of the network's penalty λ/2·ΣW² that is α/(2n)·ΣW² for a batch of the usual total weight n."""
        return self.alpha / (total * self.rows_a_batch(rows) / rows)

    def made_optimizer(self) -> Optimizer:
        """The optimizer, with its rate."""
        return self.optimizer if isinstance(self.optimizer, Optimizer) else OPTIMIZERS[self.optimizer](self.rate)


PLAIN = Settings(
    hidden=(32, 32), initializer="lecun", rate=1e-2, batch_size=None, epochs=200, scaled=True, dtype="float64"
)
"""What "strong" and "quick" are for few rows."""

RECIPES = {
    "strong": Settings(tabular="strong", scaled=True, dtype="float32"),
    "quick": Settings(tabular="quick", scaled=True, dtype="float32"),
    "scikit-learn": Settings(alpha=1e-4, patience=10),
    "textbook": Settings(
        hidden=(10,),
        activation="sigmoid",
        initializer="glorot",
        optimizer="sgd",
        rate=0.5,
        batch_size=None,
        epochs=1000,
        squared=True,
    ),
}


def check_recipe(name: object) -> str:
    """The name of a recipe, if it is one."""
    if not isinstance(name, str) or name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return name


def is_scaled(name: object) -> bool:
    """Whether a recipe scales numbers, and so takes missing ones; False where there is no such recipe."""
    return isinstance(name, str) and name in RECIPES and RECIPES[name].scaled


def chosen(estimator: Any, total: float) -> Settings:
    """The recipe of an estimator for rows of this total weight, with what its options replace.

    Raises:
        InputError: an option is unknown or out of range.
    """
    settings = RECIPES[check_recipe(estimator.recipe)]
    if settings.tabular and total < PLAIN_WEIGHT:
        settings = replace(PLAIN, activation="mish" if estimator.predicts_numbers else "selu")
    if settings.squared and estimator.predicts_numbers:
        settings = replace(settings, rate=IDENTITY_RATE)
    given = _given(estimator)
    plain = {name: value for name, value in given.items() if name != "label_smoothing"}
    return replace(settings, **plain, given=given)


def _given(estimator: Any) -> dict[str, Any]:
    """The options that are not None, by the recipe's names."""
    found: dict[str, Any] = {}
    for option, (name, check) in _OPTIONS.items():
        value = getattr(estimator, option, None)
        if value is not None:
            found[name] = check(option, value)
    if found.get("batch_size") == "full":
        found["batch_size"] = None
    if isinstance(found.get("optimizer"), Optimizer) and "rate" in found:
        raise InputError("learning_rate_init: the optimizer given has a rate of its own; leave one of the two out")
    if found.get("members") == "auto":
        del found["members"]
    return found


def _sizes(name: str, value: Any) -> tuple[int, ...]:
    sizes = value if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str) else (value,)
    return tuple(check_count(name, size) for size in sizes)


def _activation(name: str, value: Any) -> str:
    from clearprop.network.activations import activation

    return activation("sigmoid" if value == "logistic" else value).name


def _share_below_one(name: str, value: Any) -> float:
    share = check_number(name, value)
    if share >= 1.0:
        raise InputError(f"{name}: expected a share from 0 to below 1, got {value!r}")
    return share


def _batch_size(name: str, value: Any) -> int | str:
    if isinstance(value, str):
        if value not in ("auto", "full"):
            raise unknown(name, value, ("auto", "full"))
        return value
    return check_count(name, value)


def _optimizer(name: str, value: Any) -> str | Optimizer:
    if isinstance(value, Optimizer):
        return value
    if not isinstance(value, str) or value not in OPTIMIZERS:
        raise unknown(name, value, OPTIMIZERS)
    return value


def _members(name: str, value: Any) -> int | str:
    return "auto" if isinstance(value, str) and value == "auto" else check_count(name, value)


_OPTIONS: dict[str, tuple[str, Any]] = {
    "hidden_layer_sizes": ("hidden", _sizes),
    "activation": ("activation", _activation),
    "alpha": ("alpha", check_number),
    "dropout": ("dropout", _share_below_one),
    "label_smoothing": ("label_smoothing", _share_below_one),
    "optimizer": ("optimizer", _optimizer),
    "learning_rate_init": ("rate", check_number),
    "batch_size": ("batch_size", _batch_size),
    "max_iter": ("epochs", check_count),
    "n_estimators": ("members", _members),
    "tol": ("tol", check_number),
    "n_iter_no_change": ("patience", check_count),
}


@dataclass(frozen=True)
class Watching:
    """Whether rows held out end a run, what share of the rows they are, and by which metric."""

    early_stopping: bool
    share: float
    metric: Any


def watching(estimator: Any) -> Watching:
    """The validation options of an estimator, checked."""
    metric = getattr(estimator, "metric", None)
    asked = estimator.early_stopping
    if asked is not None and not isinstance(asked, bool | np.bool_):
        raise InputError(f"early_stopping: expected True, False or None, got {asked!r}")
    if metric is not None and not callable(metric):
        from sklearn.metrics import get_scorer_names

        if not isinstance(metric, str) or metric not in get_scorer_names():
            raise unknown("metric", metric, get_scorer_names())
    early = bool(asked) if asked is not None else metric is not None
    return Watching(early, check_share(estimator.validation_fraction), metric)


def seed_of(random_state: Any) -> int:
    """A seed as it is; one drawn from a generator, or at random for None."""
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        return check_seed(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
