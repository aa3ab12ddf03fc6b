"""The files of a table that is kept in several, or is too large for memory, and their rows chunk by chunk."""

from __future__ import annotations

import glob
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.container import missing_file, unreadable
from clearprop.engines.source import PROCESS
from clearprop.errors import InputError, did_you_mean
from clearprop.table.pieces import opened, pieces
from clearprop.table.reading import ARROW, KNOWN, PARQUET, TEXT, check_marks, damaged, ending_of
from clearprop.table.table import quoted, row_of

T = TypeVar("T")

NUMBERS = 1 << 21
"""A chunk has about so many values."""

WIDE = (pl.UInt64, pl.Int128, pl.UInt128)
"""Types of whole numbers that become Int64 where the values fit, and Float64 where not."""

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Chunk:
    """Some rows of one file, as they are in it.

    Attributes:
        frame: every column of the table, in the order of the first file.
        path: the file.
        first: how many rows of the table stand before these, in this file and those before it.
        row: how many of them in this file.
        lines: of a text file, the line of each row.
        separator: of a text file.
    """

    frame: pl.DataFrame
    path: Path
    first: int
    row: int
    lines: NDArray[np.int64] | None = None
    separator: str = ""


def files(paths: Paths) -> list[Path]:
    """The files of a name, a pattern such as "data/*.parquet", a folder, or a list of these, in order of their names.

    Raises:
        InputError: nothing is there, or files of several kinds are.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    found = [path for one in given for path in _matching(os.fspath(one))]
    if not found:
        raise InputError("there are no files to read: an empty list was given")
    twice = sorted({str(path) for path in found if found.count(path) > 1})
    if twice:
        raise InputError(f"{twice[0]}: the file is given twice")
    kinds = {is_text(path) if is_text(path) else ending_of(path) in PARQUET: path for path in reversed(found)}
    if len(kinds) > 1:
        one, other = list(kinds.values())[:2]
        raise InputError(f"{one}: it is of another kind than {other}; give files of one kind, such as all Parquet")
    return found


def called(paths: Paths) -> str:
    """What the files of a name, a pattern, a folder or a list of these are called together.

    >>> called("data/*.csv"), called(["a.csv", "b.csv", "c.csv"])
    ('data/*.csv', 'a.csv and 2 more')
    """
    if isinstance(paths, str | os.PathLike):
        return os.fspath(paths)
    names = [os.fspath(path) for path in paths]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def is_text(path: Path) -> str:
    """The separator that a text file of this name has, or "" where it is none."""
    return TEXT.get(ending_of(path), "")


def names_many(given: Paths) -> bool:
    """Whether it is a pattern, a folder or a list, and not the name of one file."""
    if not isinstance(given, str | os.PathLike):
        return True
    path = Path(given)
    return path.is_dir() or (not path.exists() and glob.has_magic(str(path)))


COPIES, ZIPPED = 3, 5
"""How often a table's values, of 8 bytes, are in memory while it is learnt from; and how much gzip makes of a text."""


def fits(path: Path, memory: int) -> bool:
    """Whether the table in a file can be learnt from in so many bytes of memory, as far as can be told beforehand.

    One that cannot be read is said to: who reads it then says what is wrong.
    """
    try:
        size = path.stat().st_size
        if not is_text(path):
            table = pl.scan_parquet(path, glob=False) if ending_of(path) in PARQUET else pl.scan_ipc(path)
            size = 8 * len(table.collect_schema()) * int(table.select(pl.len()).collect().item())
        else:
            size *= ZIPPED if path.name.lower().endswith(".gz") else 1
            size = max(size, int(8 * size * _values_a_byte(path)))
    except (OSError, EOFError, zlib.error, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return True
    return PROCESS + COPIES * size <= memory


def _values_a_byte(path: Path) -> float:
    """Of a text, by its beginning."""
    with opened(path) as file:
        head = file.read(1 << 20)
    ends = head.count(b"\n") + max(head.count(mark) for mark in b",;\t|")
    return ends / len(head) if head else 0.0


def _matching(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        found = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith((".", "_")))
        found = [one for one in found if ending_of(one) in (*TEXT, *PARQUET, *ARROW)]
        if not found:
            raise InputError(f"{path}: no file in this folder has an ending that is read: {', '.join(KNOWN)}")
        return found
    if not path.exists() and glob.has_magic(text):
        found = sorted(Path(one) for one in glob.glob(text, recursive=True) if Path(one).is_file())
        if not found:
            raise InputError(f"{text}: no file matches this pattern; look what is in the folder it begins with")
    else:
        found = [path]
    for one in found:
        if not one.is_file():
            raise missing_file(one)
        if ending_of(one) not in (*TEXT, *PARQUET, *ARROW):
            raise InputError(f"{one}: the ending is not one that is read: {', '.join(KNOWN)}")
    return found


def chunks(paths: Sequence[Path], types_only: bool = False) -> Iterator[Chunk]:
    """All rows of some files, chunk by chunk, each read while the one before is at work.

    With `types_only` no more than tells the types of the columns: of a file that says them itself, mostly no row.

    Raises:
        InputError: a file cannot be read or is damaged, or its columns are not those of the first.
    """
    return ahead(_chunks(paths, types_only))


def place(starts: Mapping[Path, int], number: int) -> str:
    """Where a row of some files stands: its file, and its number and its line in it, for which the file is read.

    Args:
        starts: how many rows of the table stand before those of each file.
        number: of the row in the table, from 1.
    """
    path, start = [(path, start) for path, start in starts.items() if start < number][-1]
    row = number - start
    for chunk in _chunks([path], types_only=False) if is_text(path) else ():
        if chunk.lines is not None and chunk.row < row <= chunk.row + chunk.frame.height:
            return row_of(str(path), row, int(chunk.lines[row - chunk.row - 1]))
    return row_of(str(path), row, None)


def _chunks(paths: Sequence[Path], types_only: bool) -> Iterator[Chunk]:
    names: list[str] | None = None
    first = 0
    for path in paths:
        row = 0
        try:
            for frame, lines, separator in _frames(path):
                if names is None:
                    names = frame.columns
                _check_names(frame.columns, names, path, paths[0])
                yield Chunk(frame.select(names), path, first, row, lines, separator)
                if types_only and not separator and not any(dtype in WIDE for dtype in frame.dtypes):
                    break
                first, row = first + frame.height, row + frame.height
        except OSError as error:
            raise unreadable(path, error) from None


def _frames(path: Path) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64] | None, str]]:
    """The rows of a file; at least once, with the names."""
    if preferred := is_text(path):
        for piece in pieces(path, preferred):
            yield piece.frame, piece.lines, piece.separator
        return
    parquet = ending_of(path) in PARQUET
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        begin = file.read(8)
        file.seek(max(0, size - 8))
        check_marks(begin, file.read(), path, parquet)
    with damaged(path, parquet):
        table = pl.scan_parquet(path, glob=False) if parquet else pl.scan_ipc(path)
        empty = pl.DataFrame(schema=table.collect_schema())
    yield empty, None, ""
    rows = max(1, NUMBERS // max(1, empty.width))
    with damaged(path, parquet):
        for batch in table.collect_batches(chunk_size=rows, maintain_order=True):
            for start in range(0, batch.height, rows):
                yield batch[start : start + rows], None, ""


def _check_names(names: list[str], expected: list[str], path: Path, first: Path) -> None:
    if names == expected:
        return
    for one, other, of in ((expected, names, path), (names, expected, first)):
        lacking = [name for name in one if name not in other]
        if lacking:
            than = first if of == path else path
            raise InputError(
                f"{of}: there is no column {quoted(lacking[0])}, which {than} has{did_you_mean(lacking[0], other)}; "
                "all files of a table must have the same columns"
            )


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, each made on another thread while the one before is at work; its errors are raised here."""
    line: Queue[tuple[T | None, BaseException | None]] = Queue(maxsize=1)
    given_up = False

    def work() -> None:
        try:
            for item in items:
                line.put((item, None))
                if given_up:
                    return
            line.put((None, StopIteration()))
        except BaseException as error:
            line.put((None, error))

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = line.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            assert item is not None
            yield item
    finally:
        given_up = True
        while thread.is_alive():
            with suppress(Exception):
                line.get(timeout=0.01)
