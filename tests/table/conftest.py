"""Fixtures: the same columns as every kind of file and frame that is read."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clearprop.table import Table, from_frame, read

Columns = Mapping[str, Sequence[Any]]
Make = Callable[[Columns], Table]


def csv(columns: Columns, separator: str = ",") -> bytes:
    return pl.DataFrame(dict(columns), strict=False).write_csv(separator=separator).encode()


def _file(name: str, write: Callable[[Columns, Path], object]) -> Callable[[Columns, Path], Table]:
    def table(columns: Columns, folder: Path) -> Table:
        path = folder / name
        write(columns, path)
        return read(path)

    return table


FILES: dict[str, Callable[[Columns, Path], Table]] = {
    "csv": _file("table.csv", lambda columns, path: path.write_bytes(csv(columns))),
    "tsv": _file("table.tsv", lambda columns, path: path.write_bytes(csv(columns, "\t"))),
    "csv.gz": _file("table.csv.gz", lambda columns, path: path.write_bytes(gzip.compress(csv(columns)))),
    "parquet": _file("table.parquet", lambda columns, path: pl.DataFrame(dict(columns)).write_parquet(path)),
    "arrow": _file("table.arrow", lambda columns, path: pl.DataFrame(dict(columns)).write_ipc(path)),
    "polars": lambda columns, _: from_frame(pl.DataFrame(dict(columns))),
    "pandas": lambda columns, _: from_frame(pd.DataFrame(dict(columns))),
    "pyarrow": lambda columns, _: from_frame(pa.table(dict(columns))),
}


@pytest.fixture(params=FILES)
def source(request: pytest.FixtureRequest) -> str:
    """The name of each kind of file and frame in turn."""
    name: str = request.param
    return name


@pytest.fixture
def make(source: str, tmp_path: Path) -> Make:
    """Columns -> the table of a file or frame of the kind `source`."""
    return lambda columns: FILES[source](columns, tmp_path)


ROWS = 300


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    random = np.random.default_rng(0)
    x = random.normal(size=ROWS)
    day = [datetime(2024, 1, 1) + timedelta(hours=int(h)) for h in random.integers(0, 9000, ROWS)]
    frame = pl.DataFrame(
        {
            "x": np.where(random.random(ROWS) < 0.1, np.nan, x),
            "count": random.integers(-5, 100, ROWS),
            "shop": random.choice(['north, "old"', "south\nside", "east", " west "], ROWS),
            "member": random.choice([True, False], ROWS),
            "seen": day,
            "amount": 3 * x + 1,
            "y": np.where(x > 0, "yes", "no"),
        }
    )
    return frame.with_columns(
        pl.col("x").fill_nan(None),
        pl.when(pl.int_range(ROWS) % 97 == 0).then(None).otherwise(pl.col("y")).alias("y"),
        pl.when(pl.int_range(ROWS) % 89 == 0).then(None).otherwise(pl.col("shop")).alias("shop"),
    )


WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "csv": lambda frame, path: frame.write_csv(path),
    "csv.gz": lambda frame, path: path.write_bytes(gzip.compress(frame.write_csv().encode())),
    "parquet": lambda frame, path: frame.write_parquet(path, row_group_size=100),
    "arrow": lambda frame, path: frame.write_ipc(path, record_batch_size=64),
}


@pytest.fixture(params=WRITERS)
def ending(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[60, 10**5], ids=lambda size: f"chunk{size}")
def chunked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows come so many at a time; of a text so many bytes, but for the first piece a record at least."""
    monkeypatch.setattr("clearprop.table.files.NUMBERS", 7 * request.param)
    monkeypatch.setattr("clearprop.table.pieces.SIZE", 60 * request.param)


def written(frame: pl.DataFrame, folder: Path, ending: str, parts: int = 1) -> Path:
    """The folder with a frame in so many files, of which some may have no rows."""
    folder.mkdir()
    cuts = [0, *sorted(np.random.default_rng(parts).integers(0, len(frame), parts - 1).tolist()), len(frame)]
    for number, (start, end) in enumerate(itertools.pairwise(cuts)):
        columns = frame.columns if number % 2 == 0 else frame.columns[::-1]
        WRITERS[ending](frame[start:end].select(columns), folder / f"part-{number}.{ending}")
    return folder


def lay_out(files: Mapping[str, pl.DataFrame | str | bytes], folder: Path) -> None:
    """Writes files by their names: a frame as Parquet, all else as it is."""
    for name, contents in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(contents, pl.DataFrame):
            contents.write_parquet(path)
        else:
            path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
