"""Fixtures: the same columns as every kind of file and frame that is read."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
