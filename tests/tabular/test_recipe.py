"""Recipes: what they say for tables of every size."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.optimize.schedules import CosLog
from clearprop.tabular import RECIPES, Recipe, recipe
from clearprop.tabular.recipe import AFFORDED, affordable, named


def rows(count, inputs=5):
    return np.broadcast_to(np.float32(0), (count, inputs))


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("task", ["classes", "labels", "numbers"])
def test_every_recipe_fits_every_task(name, task):
    made = recipe(name, rows(500), 3, task)
    last = {"classes": "softmax", "labels": "sigmoid", "numbers": "identity"}[task]
    assert all((one.inputs, one.outputs, one.layers[-1].activation) == (5, 3, last) for one in made.networks)
    json.dumps(made.to_json(), allow_nan=False)
    assert all(text for setting in made.settings() for text in setting)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("count", [5, 63, 999, 1_000, 5_000, 5_001, 20_000, 20_001, 200_000, 200_001, 10**6, 10**8])
def test_the_number_of_updates_is_bounded(name, count):
    made = recipe(name, rows(count), 2, "classes")
    assert recipe(name, rows(count), 1, "numbers").epochs <= (32 if count < 1_000 else 16)
    assert made.epochs == 4 or made.epochs * (count // made.batch_size) <= 30_000
    assert 1 <= made.first_epoch <= made.epochs
    assert made.members <= made.folds <= 8
    assert made.epochs <= (64 if count < 1_000 else 32 if count <= 5_000 else 16)
    assert (made.epochs == 64) == (count < 1_000) and (made.epochs == 32) == (1_000 <= count <= 5_000)


def test_larger_tables_get_larger_batches_and_fewer_members():
    made = [recipe("strong", rows(count), 2, "classes") for count in (5_000, 20_000, 200_000, 10**6)]
    assert [one.batch_size for one in made] == [64, 128, 256, 1024]
    assert [one.members for one in made] == [8, 8, 4, 2]


@pytest.mark.parametrize(
    ("count", "inputs", "members"),
    [(20_000, 30_000, 8), (20_001, 30_000, 4), (200_000, 2_000, 4), (200_000, 4_000, 3), (200_000, 30_000, 1)],
)
def test_wide_networks_of_many_rows_have_as_many_members_as_are_affordable(count, inputs, members):
    made = named("strong", rows(count, 2), 2, "classes")
    wide = replace(made, networks=tuple(cp.Network(inputs, one.layers, one.loss) for one in made.networks))
    found = affordable(wide, count)
    assert (found.members, found.folds) == (members, 8)
    assert affordable(found, count) == found


def test_what_is_affordable_is_counted_in_operations_and_not_in_seconds():
    network = cp.Network(1_000, [cp.Dense(1_000, "relu"), cp.Dense(1, "identity")])
    made = Recipe((network,) * 8, cp.Adam(), 32, epochs=10, folds=1)
    each = 6 * 1_001_000 * 10 * 100_000
    assert affordable(made, 100_000).members == AFFORDED // each == 4
    assert affordable(replace(made, epochs=1), 100_000).members == 8
    assert affordable(replace(made, epochs=10_000), 100_000).members == 1


@pytest.mark.parametrize(("members", "folds"), [(1, 8), (2, 8), (8, 8), (12, 12)])
def test_members_asked_for_leave_out_no_more_than_others(members, folds):
    made = recipe("strong", rows(500), 2, "classes", members=members)
    assert (made.members, made.folds) == (members, folds)


def test_the_kinds_of_members_keep_their_shares():
    first, second = (cp.Network.parse(text) for text in ("2-3-1", "2-4-1"))
    from clearprop.tabular.recipe import _repeated

    assert _repeated((first, first, second, second), 2) == (first, second)
    assert _repeated((first, second), 6) == (first,) * 3 + (second,) * 3


def test_epochs_asked_for_are_those_done():
    made = recipe("strong", rows(500), 2, "classes", epochs=3)
    assert (made.epochs, made.first_epoch) == (3, 3)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: recipe("stong", rows(9), 2, "classes"), 'did you mean "strong"'),
        (lambda: recipe("strong", rows(9), 2, "class"), 'did you mean "classes"'),
        (lambda: recipe("strong", rows(9), 2, "classes", members=0), "members"),
        (lambda: recipe("strong", rows(9), 2, "classes", epochs=0), "epochs"),
        (lambda: Recipe((), cp.Adam(), 32, 1), "networks"),
        (lambda: Recipe((cp.Network.parse("2-1"),), cp.Adam(), 32, 1, folds=0), "folds"),
    ],
)
def test_what_is_no_recipe_is_said(ask, words):
    with pytest.raises(cp.InputError, match=words):
        ask()


def test_a_schedule_is_stretched_over_the_run_and_a_constant_rate_left():
    made = recipe("quick", rows(500), 2, "classes")
    assert made.optimizer_for(77).schedule == replace(made.optimizer.schedule, steps=77)
    assert isinstance(made.optimizer_for(77).schedule, CosLog)
    assert replace(made, optimizer=cp.SGD(0.5)).optimizer_for(77) == cp.SGD(0.5)


def test_recipes_that_differ_are_told_apart():
    made = recipe("quick", rows(500), 2, "classes")
    other = replace(made, networks=(*made.networks[:-1], replace(made.networks[0], l2=0.1)))
    assert made.to_json() != other.to_json() and made.to_json() == recipe("quick", rows(500), 2, "classes").to_json()
