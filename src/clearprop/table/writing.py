"""Frames -> files: CSV, TSV (also gzipped), Parquet, Arrow; whole or not at all."""

from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path

import polars as pl

from clearprop.container import replacing
from clearprop.errors import InputError
from clearprop.table.reading import ARROW, KNOWN, PARQUET, TEXT


def check_ending(path: str | os.PathLike[str]) -> None:
    """Raise InputError for a name by which `write` would not know what to write; worth asking before hours of work.

    >>> check_ending("predictions.xlsx")
    Traceback (most recent call last):
    clearprop.errors.InputError: predictions.xlsx: the ending is not one that is written: .csv, ...
    """
    name = Path(path).name.lower()
    if str(path) != "-" and not name.endswith(KNOWN):
        raise InputError(f"{path}: the ending is not one that is written: {', '.join(KNOWN)}")


def write(frame: pl.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a frame to a file by the ending of its name, as `read` reads it; `-` writes CSV to standard output.

    The file appears whole or not at all. Raises InputError for an unknown ending and for a place that cannot be written
    to.

    >>> write(pl.DataFrame({"row": [1, 2], "label": ["yes", None]}), "-")
    row,label
    1,yes
    2,
    """
    check_ending(path)
    if str(path) == "-":
        sys.stdout.write(frame.write_csv())
        return
    data = _bytes(frame, Path(path).name.lower())
    with replacing(path) as file:
        file.write(data)


def _bytes(frame: pl.DataFrame, name: str) -> bytes:
    buffer = io.BytesIO()
    try:
        if name.endswith(PARQUET):
            frame.write_parquet(buffer)
        elif name.endswith(ARROW):
            frame.write_ipc(buffer)
        else:
            separator = TEXT[Path(name.removesuffix(".gz")).suffix]
            # A missing value alone in its line would make the line empty, and an empty line is no row.
            frame.write_csv(buffer, separator=separator, null_value="NA" if frame.width == 1 else None)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{name}: {str(error).splitlines()[0]}") from None
    data = buffer.getvalue()
    return gzip.compress(data, mtime=0) if name.endswith(".gz") else data
