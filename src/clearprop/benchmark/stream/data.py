"""A generated table of the shape of HIGGS: 28 numbers and two classes, in Parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

FEATURES, TARGET = 28, "signal"
FILE_ROWS = 1_000_000
ROW_GROUP = 125_000


def generate(folder: Path, rows: int, seed: int = 0) -> list[Path]:
    """Writes the table, a million rows a file, and gives the files.

    The features are float32: 21 with normal errors, 7 made of products of them; what the class is follows from a few
    of both, and a fifth of the rows is the other class.
    """
    paths = []
    for number, first in enumerate(range(0, rows, FILE_ROWS)):
        random = np.random.default_rng([seed, number])
        count = min(FILE_ROWS, rows - first)
        X = random.standard_normal((count, FEATURES), dtype=np.float32)
        X[:, 21:] = X[:, :7] * X[:, 7:14] + 0.1 * X[:, 21:]
        score = X[:, 0] - X[:, 3] + X[:, 21] * X[:, 5] - np.abs(X[:, 24]) + 0.8
        y = (score > 0) ^ (random.random(count) < 0.2)
        columns = {f"x{place}": column for place, column in enumerate(np.ascontiguousarray(X.T))}
        paths.append(folder / f"part-{number:03}.parquet")
        frame = pl.DataFrame({**columns, TARGET: y.astype(np.int8)})
        frame.write_parquet(paths[-1], row_group_size=ROW_GROUP)
    return paths
