"""Columns of many categories: embedded by every recipe, through fit, file, prediction and report."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clearprop.artefact import TableModel, save
from clearprop.network.columns import Embedding, Periodic, PiecewiseLinear, Plain
from clearprop.report.filling import of_fit
from clearprop.table import as_table
from clearprop.tabular import fit, prepare, recipe
from clearprop.tabular.recipe import ONE_HOT_TO
from clearprop.tabular.start import start


def shops(levels=40, rows=600, seed=0):
    """Each shop has a price of its own."""
    rng = np.random.default_rng(seed)
    shop, size = rng.integers(0, levels, rows), rng.normal(size=rows)
    price = np.random.default_rng(99).normal(size=levels)[shop] + 0.3 * size
    lacking = [None if k % 50 == 0 else f"shop {one}" for k, one in enumerate(shop)]
    return pl.DataFrame({"shop": lacking, "size": size, "sold": rng.random(rows) < 0.5, "price": price})


@pytest.fixture(scope="module")
def fitted():
    return fit(prepare(as_table(shops()), "price", recipe_name="quick", epochs=20))


def test_a_column_of_more_categories_is_embedded_and_one_of_fewer_is_not():
    for levels, embedded in ((ONE_HOT_TO, False), (ONE_HOT_TO + 1, True)):
        for name in ("strong", "quick"):
            prepared = prepare(as_table(shops(levels)), "price", recipe_name=name)
            for network in prepared.recipe.networks:
                assert any(isinstance(layer, Embedding) for layer in network.columns) == embedded


def test_inputs_of_a_kind_are_one_layer():
    rng = np.random.default_rng(0)
    numbers, flags = rng.normal(size=(400, 3)), rng.integers(0, 2, (400, 2))
    X = np.hstack([numbers, flags, rng.integers(0, 12, (400, 2)), rng.integers(0, 20, (400, 1))])
    made = recipe("strong", X, 2, "classes", categories=[0, 0, 0, 0, 0, 12, 12, 20])
    kinds = [(type(layer), layer.count) for layer in made.networks[0].columns]
    assert kinds == [(Periodic, 3), (Plain, 2), (Embedding, 2), (Embedding, 1)]
    columns = {f"x{k}": X[:, k] if k % 2 else np.where(X[:, k] > 0.3, X[:, k], np.nan) for k in range(3)}
    table = as_table(pl.DataFrame({**columns, "f": flags[:, 0] == 1, "z": numbers[:, 0], "y": numbers[:, 1]}))
    network = prepare(table, "y", recipe_name="quick").recipe.networks[0]
    assert [type(layer) for layer in network.columns] == [PiecewiseLinear, Plain]


@pytest.mark.parametrize("categories", [[0], [0, 0, 3]])
def test_one_number_of_categories_an_input(categories):
    from clearprop.errors import InputError

    with pytest.raises(InputError, match="categories: expected one number an input, 2"):
        recipe("quick", np.zeros((9, 2)), 2, "classes", categories=categories)


def test_what_shops_are_worth_is_learnt_kept_and_predicted(fitted, tmp_path):
    assert next(one.value for one in fitted.scores.measures if one.name == "r2") > 0.8
    save(fitted.table_model, tmp_path / "model.safetensors")
    loaded = TableModel.load(tmp_path / "model.safetensors")
    new = shops(seed=1).drop("price")
    assert loaded.predict(new).equals(fitted.table_model.predict(new))


def test_shops_never_seen_are_all_one(fitted):
    one = pl.DataFrame({"shop": ["shop 99", "elsewhere", "shop 1"], "size": [0.5] * 3, "sold": [True] * 3})
    answers = fitted.table_model.predict(one)["price"]
    assert answers[0] == answers[1] != answers[2]


def test_categories_that_no_row_has_start_at_zero():
    from clearprop.engines import get_engine

    X = np.array([[0.0], [2.0], [2.0]] * 20)
    network = recipe("quick", X, 1, "numbers", categories=[4]).networks[0]
    T = start(network, X, "data", seed=0, engine=get_engine("reference"), threads=1).columns[0]["T"][0]
    assert (np.abs(T).max(axis=1) > 0).tolist() == [True, False, True, False]


def test_the_report_says_what_became_of_the_column(fitted):
    report = of_fit(fitted, source="shops.csv", total=600, when="now")
    assert report.columns[0].became == "one input, the number of one of 42 categories"
    assert report.structure.inputs[-8:] == [f"shop v{k}" for k in range(1, 9)]
