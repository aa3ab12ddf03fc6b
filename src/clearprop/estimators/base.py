"""How the estimators of feed-forward networks are fitted: at once, by parts, watched."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.estimators import recipes
from clearprop.estimators.fitted import FittedNetwork
from clearprop.estimators.fitting import (
    Encoded,
    Fitted,
    Surroundings,
    design,
    fit_folds,
    fit_members,
    for_parts,
    going_on,
    starting,
)
from clearprop.estimators.inputs import count, learn_inputs, read, take
from clearprop.estimators.recipes import Settings
from clearprop.model import Model
from clearprop.tabular.recipe import Recipe
from clearprop.training.split import split


class NetworkEstimator(FittedNetwork):
    """How a network estimator is fitted: rows, members and runs. What is predicted is its subclass's."""

    predicts_numbers = True

    # What a subclass says.

    def _checked_targets(self, y: Any, name: str) -> Array | None:
        """y as an array of what can be predicted, or an error."""
        raise NotImplementedError

    def _learn_answers(self, y: Array | None, weights: Array, settings: Settings, classes: Any) -> Any:
        """What is to be predicted, learnt from the targets of the training rows."""
        raise NotImplementedError

    def _encoded(self, y: Array | None, matrix: Array, name: str) -> Array:
        """What the network learns for these targets and inputs."""
        encoded: Array = self._answers.encoded(y, name)
        return encoded

    def _strata(self, Y: Array) -> int | NDArray[np.int64]:
        """What rows held out are a fair share of."""
        return len(Y)

    def _class_weights(self, y: Array | None, weights: Array) -> Array | None:
        """A factor of the weight of each row, by its class."""
        return None

    def _adapted(self, settings: Settings) -> Settings:
        """The recipe, for what is to be learnt."""
        return settings

    def _layers_after(self, settings: Settings) -> tuple[int, ...]:
        """Hidden layers behind those of the recipe."""
        return ()

    # Fitting.

    def _fit(self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any) -> None:
        with _unchanged_by_failure(self):
            goes_on = bool(self.warm_start) and self.__sklearn_is_fitted__()
            training, held_out, settings = self._prepared(X, y, sample_weight, X_val, y_val, goes_on, None, False)
            watching = recipes.watching(self)
            seed = recipes.seed_of(self.random_state)
            around = self._around()
            made = self._design(settings, training)
            watched = watching.early_stopping or watching.metric is not None or goes_on
            by_fold = bool(settings.tabular) and self._learns_by_fold and not watched
            if by_fold:
                fitted = fit_folds(made, training, held_out, seed=seed, around=around)
            else:
                fitted = self._fit_watched(made, settings, training, held_out, watching, seed, around, goes_on)
            self._keep(fitted, before=self.loss_curve_ if goes_on else [])
        if settings.patience is not None and not by_fold and fitted.ended == "epochs done":
            warnings.warn(
                f"after max_iter={settings.epochs} epochs training still gets better: raise max_iter",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _fit_watched(
        self,
        made: Recipe,
        settings: Settings,
        training: Encoded,
        held_out: Encoded | None,
        watching: recipes.Watching,
        seed: int,
        around: Surroundings,
        goes_on: bool,
    ) -> Fitted:
        """Members from seeds, each ended by the same rows held out, where there are any."""
        given = held_out is not None
        if watching.early_stopping and held_out is None:
            if len(training.X) < 2:
                raise InputError("early_stopping: to hold out rows there must be two or more, got 1")
            rest, out = split(self._strata(training.Y), watching.share, seed)
            training, held_out = training.of(rest), training.of(out)
        models = self._models(made, training, seed, around, goes_on)
        stops = watching.early_stopping or (given and self.early_stopping is None)
        return fit_members(
            models,
            made,
            settings,
            training,
            held_out,
            stops=stops,
            score=self._score(watching.metric, held_out) if stops and held_out is not None else None,
            seed=seed,
            states=(),
            temperature=self.ensemble_.temperature if goes_on else 1.0,
            around=around,
        )

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> None:
        with _unchanged_by_failure(self):
            goes_on = self.__sklearn_is_fitted__()
            training, _, settings = self._prepared(X, y, sample_weight, None, None, goes_on, classes, True)
            seed = recipes.seed_of(self.random_state)
            around = self._around()
            made = for_parts(self._design(settings, training), settings)
            models = self._models(made, training, seed, around, goes_on)
            fitted = fit_members(
                models,
                made,
                replace(settings, patience=None),
                training,
                None,
                stops=False,
                score=None,
                seed=seed,
                states=self._states if goes_on else (),
                temperature=self.ensemble_.temperature if goes_on else 1.0,
                around=around,
            )
            self._keep(fitted, before=self.loss_curve_ if goes_on else [])

    def _models(self, made: Recipe, training: Encoded, seed: int, around: Surroundings, goes_on: bool) -> list[Model]:
        """The members before they learn."""
        if goes_on:
            return going_on(self.estimators_, made)
        return starting(made, training.X, seed, self._inputs.dtype, around)

    def _prepared(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any, goes_on: bool, classes: Any, once: bool
    ) -> tuple[Encoded, Encoded | None, Settings]:
        """The rows to learn from and those to watch, encoded, and the recipe for them."""
        recipes.check_recipe(self.recipe)
        recipes.watching(self)
        scaled = recipes.is_scaled(self.recipe)
        rows = read(self, X, reset=not goes_on, missing=scaled)
        targets = self._checked_targets(y, "y")
        if targets is not None:
            check_consistent_length(np.empty(count(rows)), targets)
        weights = np.ones(count(rows)) if sample_weight is None else self._weights(sample_weight, rows)
        by_class = self._class_weights(targets, weights)
        if by_class is not None:
            weights = weights * by_class
        known = targets if classes is None else classes
        kept = np.flatnonzero(weights > 0)
        if len(kept) == 0:
            raise InputError("sample_weight: all are 0, so there is nothing to learn from")
        rows, weights, targets = take(rows, kept), weights[kept], None if targets is None else targets[kept]
        total = float(weights.sum())
        settings = self._adapted(recipes.chosen(self, np.inf if once else total))
        # Few rows are weighed in any case: how sums are rounded must not tell weights from repeated rows.
        few = total < recipes.PLAIN_WEIGHT and not once
        weighed = weights if few or (weights != 1.0).any() else None
        if once and not goes_on and scaled and count(rows) < 2:
            raise InputError(
                "X: the first partial_fit learns how columns are scaled, so give it two rows or more, got 1"
            )
        if not goes_on:
            self._answers = self._learn_answers(targets, weights, settings, known)
            target = self._answers.as_target(_free_name(_name_of(y), rows))
            self._inputs = learn_inputs(
                rows,
                weighed,
                target,
                scaled=settings.scaled,
                dtype=settings.dtype,
                embeds=settings.tabular is not None and self._takes_codes,
            )
        matrix = self._inputs.matrix(rows)
        training = Encoded(matrix, self._encoded(targets, matrix, "y"), weighed)
        return training, self._held_out(X_val, y_val), settings

    def _weights(self, sample_weight: Any, rows: Any) -> Array:
        weights: Array = _check_sample_weight(
            sample_weight, np.empty((count(rows), 1)), dtype=np.float64, ensure_non_negative=True
        )
        return weights

    def _held_out(self, X_val: Any, y_val: Any) -> Encoded | None:
        """The rows of X_val and y_val, as those to learn from."""
        if X_val is None and y_val is None:
            return None
        if X_val is None or (y_val is None and self._needs_y):
            lacking = "X_val" if X_val is None else "y_val"
            raise InputError(f"{lacking}: rows to watch need both X_val and y_val, got None")
        rows = read(self, X_val, reset=False, missing=self._inputs.missing_allowed, name="X_val")
        targets = self._checked_targets(y_val, "y_val") if self._needs_y else None
        if targets is not None and len(targets) != count(rows):
            raise InputError(f"y_val: expected {count(rows)} values, one a row of X_val, got {len(targets)}")
        matrix = self._inputs.matrix(rows, "X_val")
        return Encoded(matrix, self._encoded(targets, matrix, "y_val"), None)

    @property
    def _learns_by_fold(self) -> bool:
        """Whether the recipes of the table room are followed with folds."""
        return True

    @property
    def _takes_codes(self) -> bool:
        """Whether a category's number may be an input, where the recipe embeds it."""
        return True

    @property
    def _needs_y(self) -> bool:
        return True

    def _design(self, settings: Settings, training: Encoded) -> Recipe:
        answers, after = self._answers.answers(self._inputs.width), self._layers_after(settings)
        return design(settings, answers, training, self._inputs.categories, after)

    def _around(self) -> Surroundings:
        from clearprop.training import Callback

        given = self.callbacks
        if not isinstance(given, list | tuple) or not all(isinstance(one, Callback) for one in given):
            raise InputError(f"callbacks: expected a list of them, such as [Progress()], got {given!r}")
        return Surroundings(list(given), self.engine, self.threads)

    def _score(self, metric: Any, held_out: Encoded | None) -> Any:
        """How good a model is on the held-out rows by a metric of scikit-learn's; None for minus their loss."""
        metric = metric if metric is not None else self._usual_metric()
        if metric is None or held_out is None:
            return None
        from sklearn.metrics import get_scorer

        scorer = get_scorer(metric) if isinstance(metric, str) else metric
        truth = self._decoded(held_out.Y)
        takes_weights = held_out.weights is not None and hasattr(scorer, "_sign")
        weighed = {"sample_weight": held_out.weights} if takes_weights else {}
        view = copy.copy(self)

        def score(model: Model) -> float:
            view.__dict__["_shown"] = model.predict(held_out.X, engine=self.engine, threads=self.threads)
            value = float(scorer(view, held_out.X, truth, **weighed))
            if not np.isfinite(value):
                raise InputError(f"metric: expected a finite number, higher is better, got {value}")
            return value

        return score

    def _usual_metric(self) -> str | None:
        """What scikit-learn watches."""
        return None

    def _decoded(self, Y: Array) -> Array:
        """Targets as the user has them, from what the network learns."""
        raise NotImplementedError

    def _keep(self, fitted: Fitted, before: list[float]) -> None:
        self.ensemble_, self._states = fitted.ensemble, fitted.states
        self.loss_curve_ = [*before, *fitted.loss]
        self.n_iter_ = len(self.loss_curve_)
        self.validation_loss_curve_ = list(fitted.validation_loss) or None
        self.validation_scores_ = list(fitted.scores) or None
        self.best_validation_score_ = max(fitted.scores) if fitted.scores else None
        self.best_loss_ = None if fitted.scores else min(self.loss_curve_, default=None)


def _name_of(y: Any) -> str:
    """What y is called, as a column of a table is, or "y"."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else "y"


def _free_name(name: str, rows: Any) -> str:
    """A name that no column of a table has."""
    while name in getattr(rows, "names", ()):
        name += "_"
    return name


@contextmanager
def _unchanged_by_failure(estimator: Any) -> Iterator[None]:
    """An estimator that could not be fitted is as it was before."""
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise
