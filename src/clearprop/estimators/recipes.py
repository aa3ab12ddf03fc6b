"""What the name of a recipe stands for, and what an estimator's options make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from clearprop.errors import InputError, check_count, check_number, unknown
from clearprop.optimize.optimizers import OPTIMIZERS, AdamW, Optimizer
from clearprop.optimize.schedules import OneCycle
from clearprop.training.split import check_share

PLAIN_WEIGHT = 64.0
"""Below this total weight of the rows, what a recipe does not leave to chance or to the number of rows is all it does."""

SHORT_OF_ROWS = 1_000


@dataclass(frozen=True)
class Recipe:
    """The settings that a name stands for; options of an estimator replace them one by one.

    Attributes:
        hidden: units of the hidden layers.
        activation: of the hidden layers.
        initializer: of `clearprop.network.initializers`, or "scikit-learn": its numbers for the same random state.
        optimizer: an optimizer, or the name of one that takes `rate`.
        one_cycle: whether the rate follows one cycle over the whole run.
        alpha: α of the penalty α/(2n)·ΣW², n the total weight of a batch, as scikit-learn has it.
        dropout: the share of each hidden layer's outputs.
        label_smoothing: ε of the targets (1 - ε)·y + ε/K; for classes of which one is right.
        batch_size: rows an update; None is all, "auto" min(200, N).
        epochs: passes over the rows.
        members: networks whose outputs are averaged.
        folded: whether each member leaves out a fold, whose rows choose its best epoch.
        squared: whether classes are learnt by half the squared error of sigmoid outputs.
        scaled: whether numbers are scaled robustly and clipped smoothly, and targets standardised.
        tol, patience: training ends after `patience` epochs that were not better by `tol`; None: after the last.
        dtype: "float32", "float64" or "given": that of X.
    """

    hidden: tuple[int, ...] = (100,)
    activation: str = "relu"
    initializer: str = "he"
    optimizer: str | Optimizer = "adam"
    rate: float = 1e-3
    one_cycle: bool = False
    alpha: float = 0.0
    dropout: float = 0.0
    label_smoothing: float = 0.0
    batch_size: int | str | None = "auto"
    epochs: int = 200
    members: int = 1
    folded: bool = False
    squared: bool = False
    scaled: bool = True
    tol: float = 1e-4
    patience: int | None = None
    dtype: str = "float32"

    def plain(self) -> Recipe:
        """The recipe for so few rows that a row of weight 2 must be two rows of weight 1 to the last digits."""
        return replace(
            self,
            hidden=(32, 32),
            initializer="lecun",
            optimizer="adam",
            rate=1e-2,
            one_cycle=False,
            dropout=0.0,
            label_smoothing=0.0,
            batch_size=None,
            epochs=200,
            members=1,
            folded=False,
            dtype="float64",
        )

    def rows_a_batch(self, rows: int) -> int:
        """How many rows an update sees."""
        if self.batch_size is None:
            return rows
        return min(200 if self.batch_size == "auto" else int(self.batch_size), rows)

    def l2(self, rows: int, total: float) -> float:
        """The strength of the network's penalty λ/2·ΣW² that is α/(2n)·ΣW² for a batch of the usual total weight n."""
        return self.alpha / (total * self.rows_a_batch(rows) / rows)

    def optimizer_for(self, updates: int) -> Optimizer:
        """The optimizer of a run of so many updates."""
        if isinstance(self.optimizer, Optimizer):
            return self.optimizer
        rate = OneCycle(self.rate, steps=updates, warmup=0.15) if self.one_cycle else self.rate
        kind = OPTIMIZERS[self.optimizer]
        return AdamW(rate, weight_decay=0.02) if kind is AdamW else kind(rate)


def _strong(numbers: bool, rows: int) -> Recipe:
    return Recipe(
        hidden=(128, 128, 128),
        activation="mish" if numbers else "selu",
        initializer="lecun",
        optimizer="adamw",
        rate=2e-3,
        one_cycle=True,
        dropout=0.15,
        label_smoothing=0.0 if numbers else 0.1,
        batch_size=64,
        epochs=64 if rows < SHORT_OF_ROWS else 32,
        members=8,
        folded=True,
    )


def _quick(numbers: bool, rows: int) -> Recipe:
    return replace(_strong(numbers, rows), hidden=(64, 64), activation="relu", initializer="he", members=4)


def _as_scikit_learn(numbers: bool, rows: int) -> Recipe:
    return Recipe(initializer="scikit-learn", alpha=1e-4, scaled=False, patience=10, dtype="given")


def _textbook(numbers: bool, rows: int) -> Recipe:
    return Recipe(
        hidden=(3,),
        activation="sigmoid",
        initializer="glorot",
        optimizer="sgd",
        rate=0.5,
        batch_size=None,
        epochs=1000,
        squared=True,
        scaled=False,
        dtype="given",
    )


RECIPES = {"strong": _strong, "quick": _quick, "scikit-learn": _as_scikit_learn, "textbook": _textbook}


def check_recipe(name: object) -> str:
    """The name of a recipe, if it is one."""
    if not isinstance(name, str) or name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return name


def is_scaled(name: object) -> bool:
    """Whether a recipe scales its inputs, and so takes missing values; False where there is no such recipe."""
    return name in ("strong", "quick")


def chosen(estimator: Any, *, numbers: bool, rows: int, total: float) -> Recipe:
    """The recipe of an estimator for so many rows of this total weight, with what its options replace.

    Raises:
        InputError: an option is unknown or out of range.
    """
    name = check_recipe(estimator.recipe)
    recipe = RECIPES[name](numbers, rows)
    if recipe.folded and total < PLAIN_WEIGHT:
        recipe = recipe.plain()
    return replace(recipe, **_given(estimator, recipe))


def _given(estimator: Any, recipe: Recipe) -> dict[str, Any]:
    """The options that are not None, by the recipe's names."""
    found: dict[str, Any] = {}

    def take(option: str, name: str, check: Any) -> None:
        value = getattr(estimator, option, None)
        if value is not None:
            found[name] = check(option, value)

    take("hidden_layer_sizes", "hidden", _sizes)
    take("activation", "activation", lambda _, value: {"logistic": "sigmoid"}.get(value, value))
    take("alpha", "alpha", check_number)
    take("dropout", "dropout", check_number)
    take("label_smoothing", "label_smoothing", _share_below_one)
    take("batch_size", "batch_size", _batch_size)
    take("max_iter", "epochs", check_count)
    take("tol", "tol", check_number)
    take("n_iter_no_change", "patience", check_count)
    take("optimizer", "optimizer", _optimizer)
    take("learning_rate_init", "rate", check_number)
    if found.get("batch_size") == "full":
        found["batch_size"] = None
    members = getattr(estimator, "n_estimators", "auto")
    if members != "auto":
        found["members"] = check_count("n_estimators", members)
    if "optimizer" in found:
        if isinstance(found["optimizer"], Optimizer) and "rate" in found:
            raise InputError("learning_rate_init: the optimizer given has a rate of its own; leave one of the two out")
        if found["optimizer"] == "sgd":
            found.setdefault("rate", 0.01)
        found["one_cycle"] = recipe.one_cycle and isinstance(found["optimizer"], str)
    return found


def _sizes(name: str, value: Any) -> tuple[int, ...]:
    sizes = value if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str) else (value,)
    return tuple(check_count(name, size) for size in sizes)


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


@dataclass(frozen=True)
class Watching:
    """By what a run is watched: rows held out, or its training loss alone."""

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
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
