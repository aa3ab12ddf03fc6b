"""Frames -> files: CSV, TSV (also gzipped), Parquet, Arrow; whole or not at all."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import BinaryIO

import polars as pl

from clearprop.container import replacing
from clearprop.errors import InputError
from clearprop.table.reading import ARROW, KNOWN, PARQUET, TEXT

IN_MEMORY = 1 << 24
"""Bytes of what is to be printed that are kept in memory, and no file."""


def check_ending(path: str | os.PathLike[str]) -> None:
    """Raise InputError for a name by which `write` would not know what to write; worth asking before hours of work.

    >>> check_ending("predictions.xlsx")
    Traceback (most recent call last):
    clearprop.errors.InputError: predictions.xlsx: the ending is not one that is written: .csv, ...
    """
    name = Path(path).name.lower()
    if str(path) != "-" and not name.endswith(KNOWN):
        raise InputError(f"{path}: the ending is not one that is written: {', '.join(KNOWN)}")


def write(frames: pl.DataFrame | Iterable[pl.DataFrame], path: str | os.PathLike[str]) -> None:
    """Write a frame, or several of the same columns one below the other, to a file by the ending of its name, as `read`
    reads it; `-` writes CSV to standard output.

    The file appears whole or not at all, and so does what is printed: what comes in several frames is kept in a
    temporary file until the last has come. Raises InputError for an unknown ending and for a place that cannot be
    written to.

    >>> write(pl.DataFrame({"row": [1, 2], "label": ["yes", None]}), "-")
    row,label
    1,yes
    2,
    """
    check_ending(path)
    several = [frames] if isinstance(frames, pl.DataFrame) else frames
    name = Path(path).name.lower()
    if str(path) == "-":
        _print(several)
        return
    with replacing(path) as file:
        if name.endswith(PARQUET + ARROW):
            _write_columns(several, file, path)
        elif name.endswith(".gz"):
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as zipped:
                _write_text(several, zipped.write, path, TEXT[Path(name.removesuffix(".gz")).suffix])
        else:
            _write_text(several, file.write, path, TEXT[Path(name).suffix])


def _print(frames: Iterable[pl.DataFrame]) -> None:
    with SpooledTemporaryFile(IN_MEMORY) as kept:
        _write_text(frames, kept.write, "-", ",")
        kept.seek(0)
        shutil.copyfileobj(TextIOWrapper(kept, "utf-8", newline=""), sys.stdout)


def _write_text(
    frames: Iterable[pl.DataFrame], write: Callable[[bytes], object], path: str | os.PathLike[str], separator: str
) -> None:
    for place, frame in enumerate(frames):
        # A missing value alone in its line would make the line empty, and an empty line is no row.
        missing = "NA" if frame.width == 1 else None
        with _refused(path):
            text = frame.write_csv(include_header=place == 0, separator=separator, null_value=missing)
        write(text.encode())


def _write_columns(frames: Iterable[pl.DataFrame], file: BinaryIO, path: str | os.PathLike[str]) -> None:
    """Neither Parquet nor Arrow can be written on: the frames are kept in files until there are no more."""
    with TemporaryDirectory(prefix="clearprop-") as folder:
        kept = []
        for place, frame in enumerate(frames):
            kept.append(Path(folder, f"{place}.arrow"))
            with _refused(path):
                frame.write_ipc(kept[-1])
        with _refused(path):
            table = pl.scan_ipc(kept, glob=False)
            if Path(path).name.lower().endswith(PARQUET):
                table.sink_parquet(file)
            else:
                table.sink_ipc(file)


@contextmanager
def _refused(path: str | os.PathLike[str]) -> Iterator[None]:
    """A block that hands a frame to polars: what it cannot write is an InputError that names the file."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}") from None
