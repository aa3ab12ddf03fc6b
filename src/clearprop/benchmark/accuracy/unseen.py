"""Five tables that no recipe is tuned on: chosen before there was one, and looked at only to report.

Each differs in kind from those of the suite and from the other four. Who changes a recipe because of them has none
left.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from clearprop.benchmark.accuracy.task import TARGET, Task


def spirals(seed: int) -> pl.DataFrame:
    """Three arms that wind twice around each other, among columns of categories that have nothing to do with them."""
    rng = np.random.default_rng([seed, 101])
    rows = 3_000
    arm = rng.integers(0, 3, rows)
    way = np.sqrt(rng.uniform(0.02, 1.0, rows))
    angle = 4 * np.pi * way + 2 * np.pi * arm / 3
    noise = rng.normal(0, 0.03, (2, rows))
    sizes = (4, 12, 40)
    distractors = {f"tag_{k}": rng.choice([f"t{j}" for j in range(size)], rows) for k, size in enumerate(sizes)}
    columns = {"x": way * np.cos(angle) + noise[0], "y": way * np.sin(angle) + noise[1], **distractors}
    return pl.DataFrame({**columns, TARGET: [f"arm {one}" for one in arm]})


def sales(seed: int) -> pl.DataFrame:
    """A number that adds up from a trend, the day of the week, the season, and two things that act together."""
    rng = np.random.default_rng([seed, 102])
    rows = 4_000
    day = rng.integers(0, 4 * 365, rows)
    when = [date(2020, 1, 1) + timedelta(days=int(one)) for one in day]
    weekday = np.array([one.weekday() for one in when])
    price, rain = rng.lognormal(1.0, 0.4, rows), rng.gamma(1.0, 3.0, rows)
    region = rng.choice(["coast", "hills", "plain", "town"], rows, p=[0.2, 0.1, 0.3, 0.4])
    outdoors = np.isin(region, ["coast", "hills"])
    level = (
        0.002 * day
        + np.array([0.0, 0.0, 0.1, 0.2, 0.9, 1.6, 1.2])[weekday]
        + 0.9 * np.cos(2 * np.pi * (day % 365) / 365 - 2.8)
        - 1.2 * np.log(price) * np.where(region == "town", 0.4, 1.0)
        - 0.25 * np.minimum(rain, 6.0) * outdoors
    )
    columns = {"date": when, "price": price, "rain": rain, "region": region, "noise": rng.normal(size=rows)}
    return pl.DataFrame({**columns, TARGET: level + rng.normal(0, 0.4, rows)})


def grades(seed: int) -> pl.DataFrame:
    """Five classes in an order, the highest one in fifty, from counts and ratios on scales far apart."""
    rng = np.random.default_rng([seed, 103])
    rows = 4_000
    income, debt = rng.lognormal(10.0, 0.6, rows), rng.lognormal(8.5, 1.2, rows)
    late = rng.poisson(0.7, rows).astype(float)
    years = rng.uniform(0.0, 40.0, rows)
    owner = rng.uniform(size=rows) < 0.3 + 0.01 * years
    risk = np.log1p(debt / income) * 3.0 + 0.6 * late - 0.04 * years * owner + rng.logistic(0.0, 0.35, rows)
    cuts = np.quantile(risk, [0.45, 0.75, 0.9, 0.98])
    grade = np.searchsorted(cuts, risk)
    extra = {f"z{k}": rng.normal(size=rows) for k in range(3)}
    columns = {"income": income, "debt": debt, "late": late, "years": years, "owner": owner, **extra}
    return pl.DataFrame({**columns, TARGET: [f"grade {one}" for one in grade]})


def steps(seed: int) -> pl.DataFrame:
    """A number that is constant on boxes: forty random boxes of six columns, each of which adds its own height."""
    rng = np.random.default_rng([seed, 104])
    rows = 3_000
    X = rng.uniform(0.0, 1.0, (rows, 6))
    y = np.zeros(rows)
    for _ in range(40):
        sides = rng.choice(6, size=2, replace=False)
        low = rng.uniform(0.0, 0.7, 2)
        inside = ((X[:, sides] > low) & (X[:, sides] < low + rng.uniform(0.2, 0.6, 2))).all(axis=1)
        y += rng.normal() * inside
    return pl.DataFrame({**{f"x{k}": X[:, k] for k in range(6)}, TARGET: y + rng.normal(0, 0.3, rows)})


def sparse(seed: int) -> pl.DataFrame:
    """Three hundred rows of a hundred counts, nearly all nought; each of four classes has words of its own."""
    rng = np.random.default_rng([seed, 105])
    rows, words = 300, 100
    kind = rng.integers(0, 4, rows)
    rates = np.full((4, words), 0.12)
    for one in range(4):
        rates[one, rng.choice(words, size=12, replace=False)] = 0.45
    counts = rng.poisson(rates[kind]).astype(float)
    return pl.DataFrame({**{f"word_{k}": counts[:, k] for k in range(words)}, TARGET: [f"topic {one}" for one in kind]})


UNSEEN: tuple[Task, ...] = (
    Task("spirals", "classes", spirals, "three arms twice around, three columns of categories that say nothing", True),
    Task("sales", "numbers", sales, "trend, weekday and season of a date, and things that act together", True),
    Task("grades", "classes", grades, "five classes in an order, of 45% to 2% of the rows", True),
    Task("steps", "numbers", steps, "constant on boxes", True),
    Task("sparse", "classes", sparse, "300 rows, 100 counts that are mostly 0, four classes", True),
)
