"""Files -> tables: CSV and TSV (also gzipped), Parquet, Arrow."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from clearprop.container import file_bytes
from clearprop.errors import InputError
from clearprop.table.delimited import counted, find_separator, scan
from clearprop.table.parsing import PARSERS, decimal_commas, typed
from clearprop.table.table import Table, quoted

TEXT = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}
PARQUET = (".parquet", ".pq")
ARROW = (".arrow", ".feather", ".ipc")
KNOWN = (*TEXT, *(f"{ending}.gz" for ending in TEXT), *PARQUET, *ARROW)

_KINDS = {True: ("Parquet", b"PAR1"), False: ("Arrow", b"ARROW1")}

SIGNATURES = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"\xff\xff\xff\xff": "an Arrow stream",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip or Excel",
}


def read(path: str | os.PathLike[str]) -> Table:
    """The table in a file, by the ending of its name: .csv, .tsv, .txt (and .gz of these), .parquet, .arrow, .feather.

    A text file is UTF-8 with one line of names; its separator is found (comma, semicolon, tab or bar). Its columns are
    whole numbers, numbers, true/false, ISO dates or dates with times where every value is one, and texts otherwise.
    Spaces around a value are not part of it; empty, NA, N/A, n/a, NaN, nan, NULL, null, None and ? are missing; empty
    lines are skipped; decimal commas are read where the separator is not a comma. Raises InputError naming file, row
    and column.

    >>> read("peple.csv")
    Traceback (most recent call last):
    clearprop.errors.InputError: peple.csv: there is no such file
    """
    path = Path(path)
    ending = ending_of(path)
    data = file_bytes(path)
    if not data:
        raise InputError(f"{path}: the file is empty")
    if ending in TEXT:
        text = _unzipped(data, path) if path.name.lower().endswith(".gz") else data
        return read_text(text, str(path), TEXT[ending])
    if ending not in PARQUET + ARROW:
        raise InputError(f"{path}: the ending is not one that is read: {', '.join(KNOWN)}")
    return Table.of(_read_columns(data, path, ending in PARQUET), str(path))


def _unzipped(data: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path}: not a whole gzip file: {error}") from None


def ending_of(path: Path) -> str:
    """The ending that says what is in a file, in small letters; ".csv" also of one that is gzipped."""
    name = path.name.lower()
    ending = Path(name.removesuffix(".gz")).suffix
    return ending if not name.endswith(".gz") or ending in TEXT else ""


def _read_columns(data: bytes, path: Path, parquet: bool) -> pl.DataFrame:
    check_marks(data, data, path, parquet)
    with damaged(path, parquet):
        return pl.read_parquet(io.BytesIO(data)) if parquet else pl.read_ipc(io.BytesIO(data))


def check_marks(begin: bytes, end: bytes, path: Path, parquet: bool) -> None:
    """The first and last bytes of a Parquet or Arrow file: looked at before anything in between is believed."""
    kind, mark = _KINDS[parquet]
    if not begin:
        raise InputError(f"{path}: the file is empty")
    if not begin.startswith(mark):
        raise InputError(f"{path}: this is no {kind} file{_looks_like(begin)}")
    if not end.endswith(mark):
        raise InputError(f"{path}: the {kind} file is cut off: its end is missing")


@contextmanager
def damaged(path: Path, parquet: bool) -> Iterator[None]:
    """A block that reads a Parquet or Arrow file: what polars says of it is an InputError that names the file."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(f"{path}: the {_KINDS[parquet][0]} file is damaged: {str(error).splitlines()[0]}") from None


def read_text(data: bytes, source: str, preferred: str = ",") -> Table:
    """The table in a text, as `read` reads it from a file; `source` names it in messages.

    `preferred` is the separator where several would do.
    """
    text, above = checked(data, source)
    separator = find_separator(text, preferred)
    records = scan(text, separator, source, above + 1)
    names = names_of(text[: records.ends[0]], separator, source)
    columns = columns_of(text, separator, source)
    kept = ~records.empty[1:]
    if len(columns[0]) != len(kept):
        raise InputError(f"{source}: {counted(len(kept), 'row')} were expected, {len(columns[0]):,} were read")
    parsers = PARSERS if separator == "," else (*PARSERS, decimal_commas)
    values = {}
    for name in names:
        column = columns.pop(0)  # let go of each column's texts as soon as it has its values
        values[name] = typed(column if kept.all() else column.filter(pl.Series(kept)), parsers)
    return Table.of(pl.DataFrame(values), source, lines=records.lines[1:][kept], typed=False)


def checked(data: bytes, source: str) -> tuple[bytes, int]:
    """The text without byte order mark and empty lines above the names, and how many these are; surely UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{source}: the text is UTF-16; save it as UTF-8")
    check_bytes(data, source)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # how the first Macintoshes ended a line
    text = data.lstrip(b"\r\n")
    if not text.strip():
        raise InputError(f"{source}: the file is empty")
    return text, data.count(b"\n", 0, len(data) - len(text))


def check_bytes(data: bytes, source: str, first_line: int = 1, first_byte: int = 0) -> None:
    """Raises InputError for a byte that no text in UTF-8 has, at its line and place in the file."""
    for place, what in ((data.find(b"\0"), "a zero byte"), (_not_utf8(data), "a byte that is not UTF-8")):
        if place >= 0:
            line = data.count(b"\n", 0, place) + first_line
            hint = _looks_like(data) or "; save the file as text in UTF-8"
            raise InputError(f"{source}, line {line}, byte {first_byte + place}: {what}{hint}")


def _not_utf8(data: bytes) -> int:
    """Where the first byte is that cannot be UTF-8, or -1."""
    try:
        data.isascii() or data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return -1


def _looks_like(data: bytes) -> str:
    kinds = [kind for signature, kind in SIGNATURES.items() if data.startswith(signature)]
    return f"; it looks like {kinds[0]}: rename or convert it" if kinds else ""


def columns_of(text: bytes, separator: str, source: str, header: bool = True) -> list[pl.Series]:
    """Every column as texts, by polars; `scan` has seen to it that nothing is left to interpret."""
    try:
        return pl.read_csv(text, has_header=header, separator=separator, infer_schema=False).get_columns()
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{source}: {str(error).splitlines()[0]}") from None


def names_of(header: bytes, separator: str, source: str) -> list[str]:
    names = [(column[0] or "").strip() for column in columns_of(header, separator, source, header=False)]
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in places:
            raise InputError(f"{source}: columns {places[name]} and {place} have the same name {quoted(name)}")
        places[name] = place
    return names
