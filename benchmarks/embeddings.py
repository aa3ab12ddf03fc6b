"""One input for each category, or a learnt embedding: the loss on rows held out, by how many categories there are.

    .venv/bin/python benchmarks/embeddings.py                         # every table, three draws
    .venv/bin/python benchmarks/embeddings.py shop-100 mixed --draws 0 1 --outputs 8 4 --rates 1 0.1 --deviations 0.1 1

A line a table: the mean loss one-hot, and of each embedding the ratio to it, below 1 where it is better. All members
are as the recipe "strong" has them, four of the eight; the loss is that of four fifths of the rows learnt from and one
fifth held out: the log-loss of classes, half the squared error of a standardised number.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any
from unittest import mock

import numpy as np
import polars as pl

from clearprop.benchmark.accuracy.generated import hundred, mixed
from clearprop.benchmark.accuracy.task import TARGET
from clearprop.engines.base import Samples
from clearprop.network import column_values
from clearprop.network.columns import Embedding
from clearprop.table import Encoding, from_frame
from clearprop.tabular import learn, recipe
from clearprop.tabular.judging import left_out_loss
from clearprop.training.split import split

recipes = importlib.import_module("clearprop.tabular.recipe")  # the package's own `recipe` is the function in it

MEMBERS = 4


def shops(levels: int, classes: bool, seed: int, rows: int = 4_000) -> pl.DataFrame:
    """A column of categories, each with its own height and slope; the k-th is as frequent as 1/√k."""
    rng = np.random.default_rng([seed, levels, classes])
    share = 1.0 / np.sqrt(np.arange(1.0, levels + 1))
    shop = rng.choice(levels, rows, p=share / share.sum())
    height, slope = rng.normal(size=levels), rng.normal(size=levels)
    X = rng.normal(size=(rows, 4))
    y = height[shop] + slope[shop] * X[:, 0] + np.sin(2 * X[:, 1]) + rng.normal(0, 0.5, rows)
    columns = {"shop": [f"shop {k}" for k in shop], **{f"x{k}": X[:, k] for k in range(4)}}
    yes = rng.uniform(size=rows) < 1 / (1 + np.exp(-2 * y))
    return pl.DataFrame({**columns, TARGET: np.where(yes, "yes", "no") if classes else y})


def pairs(seed: int, levels: tuple[int, int] = (15, 30), rows: int = 6_000) -> pl.DataFrame:
    """Two columns of categories that act through each other alone, as a product of three factors, and a slope."""
    rng = np.random.default_rng([seed, *levels])
    a, b = (rng.integers(0, count, rows) for count in levels)
    u, v = (rng.normal(size=(count, 3)) for count in levels)
    X = rng.normal(size=(rows, 3))
    z = (u[a] * v[b]).sum(axis=1) + X[:, 0] * u[a, 0]
    yes = rng.uniform(size=rows) < 1 / (1 + np.exp(-1.5 * z))
    columns = {"a": [f"a{k}" for k in a], "b": [f"b{k}" for k in b], **{f"x{k}": X[:, k] for k in range(3)}}
    return pl.DataFrame({**columns, TARGET: np.where(yes, "yes", "no")})


LEVELS = (5, 10, 20, 50, 300)
TABLES: dict[str, Callable[[int], pl.DataFrame]] = {
    **{f"shop-{levels}": partial(shops, levels, False) for levels in LEVELS},
    **{f"shop-{levels}-classes": partial(shops, levels, True) for levels in LEVELS},
    "pairs": pairs,
    "mixed": mixed,
    "hundred": hundred,
}


def loss(name: str, draw: int, embedding: tuple[int, float, float] | None) -> float:
    """Of one fit: one-hot, or with embeddings of so many outputs, such a rate and deviation at the start."""
    table = from_frame(TABLES[name](draw), name)
    rest, held_out = split(len(table), 0.2, draw)
    one_hot_to = None if embedding is None else 6 if name == "mixed" else 1  # mixed: cities alone
    encoding = Encoding.learn(table, TARGET, rest, one_hot_to=one_hot_to)

    def arrays(rows: Any) -> tuple[Any, Any]:
        part = table.select(rows)
        y = encoding.targets(part)
        return encoding.inputs(part), y if encoding.task == "classes" else encoding.standardise(y)

    X, Y = arrays(rest)
    outputs, rate, deviation = embedding or (1, 1.0, 1.0)
    kind = Embedding(outputs=outputs, rate=rate)
    with mock.patch.object(recipes, "EMBEDDING", kind), mock.patch.object(column_values, "TABLE_DEVIATION", deviation):
        made = recipe(
            "strong",
            X,
            max(1, len(encoding.classes)),
            encoding.task,
            categories=encoding.input_categories,
            members=MEMBERS,
        )
        learnt = learn(X, Y, recipe=made, seed=draw)
    new, true = arrays(held_out)
    return left_out_loss(made.networks[0], learnt.ensemble.predict(new), Samples(new, true))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("tables", nargs="*", choices=[[], *TABLES], default=[])
    asked.add_argument("--draws", nargs="+", type=int, default=[0, 1, 2])
    asked.add_argument("--outputs", nargs="+", type=int, default=[recipes.EMBEDDING.outputs])
    asked.add_argument("--rates", nargs="+", type=float, default=[recipes.EMBEDDING.rate])
    asked.add_argument("--deviations", nargs="+", type=float, default=[column_values.TABLE_DEVIATION])
    given = asked.parse_args()
    embeddings = list(product(given.outputs, given.rates, given.deviations))
    print("| table | one-hot |", " | ".join("{}, rate {:g}, deviation {:g}".format(*one) for one in embeddings), "|")
    print("|---|---|" + "---|" * len(embeddings))
    for name in given.tables or TABLES:
        plain = np.array([loss(name, draw, None) for draw in given.draws])
        ratios = [np.mean([loss(name, draw, one) for draw in given.draws]) / plain.mean() for one in embeddings]
        print(f"| {name} | {plain.mean():.4f} |", " | ".join(f"{ratio:.3f}" for ratio in ratios), "|", flush=True)


if __name__ == "__main__":
    main()
