"""From a table to a trained model, its scores and its history: the main job, end to end."""

from __future__ import annotations

from clearprop.tabular.fit import Fit, Parts, Prepared, fit, prepare
from clearprop.tabular.recipe import Recipe, recipe
from clearprop.tabular.scores import Score, Scores, score

__all__ = ["Fit", "Parts", "Prepared", "Recipe", "Score", "Scores", "fit", "prepare", "recipe", "score"]
