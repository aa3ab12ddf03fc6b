"""A text file of any length, some records at a time: each piece is read as strictly as a whole file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.errors import InputError, in_bytes
from clearprop.table.delimited import counted, find_separator, last_end, scan
from clearprop.table.reading import check_bytes, checked, columns_of, names_of

SIZE = 1 << 23
"""Bytes that are read together; more only where a record is longer."""
LONGEST = 1 << 26
"""Bytes of a record: no more is looked through for its end."""


@dataclass(frozen=True)
class Piece:
    """Some rows of a text file: every value as a text, the line of each row, and the file's separator."""

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    separator: str


def pieces(path: Path, preferred: str) -> Iterator[Piece]:
    """The rows of a text file in pieces, each of about `SIZE` bytes of it; the first has the names, and may be empty.

    Raises:
        InputError: as `reading.read_text`; lines, rows and bytes are those of the file.
    """
    source, header, separator = str(path), b"", preferred
    names: list[str] = []
    line, row, byte = 1, 0, 0  # of what comes next
    for text in _whole_records(path):
        length = len(text)
        if header:
            check_bytes(text, source, line, byte)
        else:
            text, above = checked(text, source)
            separator, line = find_separator(text, preferred), line + above
            header = text[: first_end(text)]
            names = names_of(header, separator, source)
            text = text[len(header) :]
            line += header.count(b"\n")
        records = scan(header + text, separator, source, line - header.count(b"\n"), row)
        columns = columns_of(header + text, separator, source)
        kept = ~records.empty[1:]
        if len(columns[0]) != len(kept):
            raise InputError(f"{source}: {counted(len(kept), 'row')} were expected, {len(columns[0]):,} were read")
        frame = pl.DataFrame(dict(zip(names, columns, strict=True)))
        yield Piece(frame if kept.all() else frame.filter(pl.Series(kept)), records.lines[1:][kept], separator)
        line, row, byte = line + text.count(b"\n"), row + int(kept.sum()), byte + length


def first_end(text: bytes) -> int:
    """Where the first record ends, behind its end of line."""
    end = text.find(b"\n") + 1
    while end and text.count(b'"', 0, end) % 2:
        end = text.find(b"\n", end) + 1
    return end or len(text)


def _whole_records(path: Path) -> Iterator[bytes]:
    rest, read, line = b"", 0, 1
    try:
        with opened(path) as file:
            while more := file.read(SIZE):
                read += len(more)
                rest += more
                if end := last_end(rest):
                    yield rest[:end]
                    line += rest.count(b"\n", 0, end)
                    rest = rest[end:]
                elif len(rest) > LONGEST:
                    raise InputError(
                        f"{path}: the record that begins in line {line:,} does not end within {in_bytes(LONGEST)}; "
                        "perhaps a quote in it is opened and never closed"
                    )
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: not a whole gzip file: {error}") from None
    if not read:
        raise InputError(f"{path}: the file is empty")
    if rest:
        yield rest


def opened(path: Path) -> BinaryIO:
    """A text file, unzipped where it is zipped."""
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]
