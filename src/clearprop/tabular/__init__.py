"""From a table to a trained model, its scores and its history: the main job, end to end."""

from __future__ import annotations

from clearprop.tabular.fit import Fit, Parts, fit
from clearprop.tabular.recipe import Recipe, recipe
from clearprop.tabular.scores import Score, Scores, score

__all__ = ["Fit", "Parts", "Recipe", "Score", "Scores", "fit", "recipe", "score"]
