"""From a table to a trained ensemble, its scores and its history: the main job, end to end."""

from __future__ import annotations

from clearprop.tabular.fit import Fit, Parts, Prepared, fit, prepare, prepare_files
from clearprop.tabular.learn import Learnt, learn
from clearprop.tabular.recipe import RECIPES, Recipe, recipe

__all__ = [
    "RECIPES",
    "Fit",
    "Learnt",
    "Parts",
    "Prepared",
    "Recipe",
    "fit",
    "learn",
    "prepare",
    "prepare_files",
    "recipe",
]
