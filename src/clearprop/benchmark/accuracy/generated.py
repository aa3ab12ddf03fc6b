"""The tables that are made from a seed: scikit-learn's generators, and what they lack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn import datasets

from clearprop.benchmark.accuracy.task import TARGET, Task

Array = NDArray[Any]


def _frame(X: Array, target: Sequence[Any] | Array) -> pl.DataFrame:
    return pl.DataFrame({**{f"x{k}": X[:, k] for k in range(X.shape[1])}, TARGET: target})


def _classes(X: Array, y: Array) -> pl.DataFrame:
    return _frame(X, [f"class {int(one)}" for one in y])


def friedman1(seed: int) -> pl.DataFrame:
    return _frame(*datasets.make_friedman1(2_000, n_features=10, noise=1.0, random_state=seed))


def friedman2(seed: int) -> pl.DataFrame:
    return _frame(*datasets.make_friedman2(2_000, noise=125.0, random_state=seed))


def friedman3(seed: int) -> pl.DataFrame:
    return _frame(*datasets.make_friedman3(2_000, noise=0.1, random_state=seed))


def hastie(seed: int) -> pl.DataFrame:
    return _classes(*datasets.make_hastie_10_2(4_000, random_state=seed))


def moons(seed: int) -> pl.DataFrame:
    X, y = datasets.make_moons(2_000, noise=0.3, random_state=seed)
    noise = np.random.default_rng([seed, 1]).normal(size=(len(X), 8))
    return _classes(np.hstack([X, noise]), y)


def quantiles(seed: int) -> pl.DataFrame:
    X, y = datasets.make_gaussian_quantiles(n_samples=3_000, n_features=6, n_classes=4, random_state=seed)
    return _classes(X, y)


def classification(seed: int) -> pl.DataFrame:
    X, y = datasets.make_classification(
        20_000,
        n_features=30,
        n_informative=12,
        n_redundant=6,
        n_classes=2,
        n_clusters_per_class=4,
        flip_y=0.05,
        random_state=seed,
    )
    return _classes(X, y)


def checkerboard(seed: int) -> pl.DataFrame:
    """Fields of 4 × 4, one in twenty answers wrong, and two columns of noise."""
    rng = np.random.default_rng([seed, 2])
    X = rng.uniform(0.0, 4.0, (4_000, 4))
    y = (np.floor(X[:, 0]) + np.floor(X[:, 1])) % 2
    return _classes(X, np.where(rng.uniform(size=len(X)) < 0.05, 1 - y, y))


def mixed(seed: int) -> pl.DataFrame:
    """Numbers and categories that act together; the higher the income, the likelier it is not told."""
    rng = np.random.default_rng([seed, 3])
    rows = 4_000
    job = rng.choice(["clerk", "doctor", "farmer", "pilot", "smith", "teacher"], rows)
    city = rng.choice([f"city {k}" for k in range(12)], rows)
    sex = rng.choice(["f", "m"], rows)
    age, income = rng.uniform(18, 80, rows), rng.lognormal(10, 0.5, rows)
    coast = np.isin(city, [f"city {k}" for k in (1, 3, 4, 8, 11)])
    manual = np.isin(job, ["farmer", "smith"])
    richness = np.log(income) - 10
    score = (
        2.0 * np.where(manual == coast, 1.0, -1.0)
        + 1.5 * richness * np.where(sex == "f", 1.0, -0.5)
        + 0.06 * (age - 45) * manual
        - 0.002 * (age - 45) ** 2 * ~manual
    )
    wants = rng.uniform(size=rows) < 1 / (1 + np.exp(-score))
    told = rng.uniform(size=rows) > 1 / (1 + np.exp(-2.0 * (richness - 0.7)))
    aged = rng.uniform(size=rows) > np.where(sex == "f", 0.25, 0.05)
    asked = rng.uniform(size=rows) > 0.1
    columns = {
        "job": [str(one) if known else None for one, known in zip(job, asked, strict=True)],
        "city": city,
        "sex": sex,
        "age": _where(aged, age),
        "income": _where(told, income),
        "height": rng.normal(170, 10, rows),
    }
    return pl.DataFrame({**columns, TARGET: np.where(wants, "yes", "no")})


def heavy_tailed(seed: int) -> pl.DataFrame:
    """A smooth number of eight columns, some of them skewed, with noise of Student's t of three degrees."""
    rng = np.random.default_rng([seed, 4])
    rows = 3_000
    X = rng.normal(size=(rows, 8))
    X[:, 5:] = np.exp(1.2 * X[:, 5:])
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + np.log1p(X[:, 5]) * X[:, 3] + 0.5 * np.sqrt(X[:, 6])
    return _frame(X, y + 0.5 * rng.standard_t(3, rows))


def hundred(seed: int) -> pl.DataFrame:
    """A column of a hundred categories, each with its own height and slope, the frequent ones ten times the rare."""
    rng = np.random.default_rng([seed, 5])
    rows, levels = 5_000, 100
    share = np.geomspace(10.0, 1.0, levels)
    shop = rng.choice(levels, rows, p=share / share.sum())
    height, slope = rng.normal(0, 1.0, levels), rng.normal(0, 1.0, levels)
    X = rng.normal(size=(rows, 5))
    y = height[shop] + slope[shop] * X[:, 0] + np.sin(2 * X[:, 1]) + 0.5 * X[:, 2] ** 2 + rng.normal(0, 0.5, rows)
    return pl.DataFrame({"shop": [f"shop {one}" for one in shop]}).hstack(_frame(X, y))


def _where(known: Array, values: Array) -> list[float | None]:
    return [float(one) if there else None for one, there in zip(values, known, strict=True)]


GENERATED: tuple[Task, ...] = (
    Task("friedman1", "numbers", friedman1, "2,000 rows, 10 numbers, five of which matter"),
    Task("friedman2", "numbers", friedman2, "2,000 rows, an impedance of 4 numbers"),
    Task("friedman3", "numbers", friedman3, "2,000 rows, a phase of 4 numbers"),
    Task("hastie_10_2", "classes", hastie, "4,000 rows, inside or outside a sphere of 10 dimensions"),
    Task("moons", "classes", moons, "2,000 rows, two moons and 8 columns of noise"),
    Task("gaussian_quantiles", "classes", quantiles, "3,000 rows, four shells of 6 dimensions"),
    Task("classification", "classes", classification, "20,000 rows, 30 numbers, 5% of the answers drawn by lot"),
    Task("checkerboard", "classes", checkerboard, "4,000 rows, fields of 4 × 4, 5% of the answers wrong"),
    Task("mixed", "classes", mixed, "4,000 rows, categories that interact, values missing not at random"),
    Task("heavy_tailed", "numbers", heavy_tailed, "3,000 rows, skewed columns, noise with heavy tails"),
    Task("hundred_categories", "numbers", hundred, "5,000 rows, a column of 100 categories that matters"),
)
