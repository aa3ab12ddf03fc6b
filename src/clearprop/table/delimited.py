"""The records of a delimited text: where each begins, how many fields it has, and whether every quote is in its place.

The rules are RFC 4180's: a field that holds a separator, a quote or a new line stands in quotes, and a quote in it is
doubled. A parser that is lenient about this shifts values into other columns without a word; so this is checked first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError

SEPARATORS = (",", ";", "\t", "|")
NEWLINE, RETURN, QUOTE = b'\n\r"'
CHUNK = 1 << 22  # bytes looked at in one go: fits in the cache, and keeps the masks small


@dataclass(frozen=True)
class Records:
    """For each record, the header first: where it ends, its number of fields, its first line, whether it is empty."""

    ends: NDArray[np.int64]
    fields: NDArray[np.int64]
    lines: NDArray[np.int64]
    empty: NDArray[np.bool_]


def find_separator(data: bytes, preferred: str = ",") -> str:
    r"""The separator of a text: the one that the first lines agree on; of several, the one that stands more often.

    >>> find_separator(b"name;price\nnail;0,05\n")
    ';'
    """
    unquoted = re.sub(rb'"[^"]*"', b"", data[: 1 << 20])
    first = [line for line in unquoted.split(b"\n", 5)[:5] if line.strip()]
    if not first:
        return preferred

    def score(separator: str) -> tuple[int, int, bool]:
        counts = [line.count(separator.encode()) for line in first]
        return (
            sum(count == counts[0] for count in counts) if counts[0] else 0,
            counts[0],
            separator == preferred,
        )

    best = max(SEPARATORS, key=score)
    return best if score(best)[0] else preferred


def scan(data: bytes, separator: str, source: str, first_line: int = 1, rows_before: int = 0) -> Records:
    r"""The records of a text whose lines end in \n or \r\n; the first is a header, below which rows are counted on.

    Raises InputError for a quote out of place and for a row that has more or fewer values than the header has names.

    >>> scan(b'a,b\n1,"x\ny"\n2,z\n', ",", "table.csv").lines
    array([1, 2, 4])
    """
    text = np.frombuffer(data, np.uint8)
    quotes = QUOTE in data
    ends, separators, lines = [], [], [np.array([first_line])]
    parity, line, seen, last_quote = 0, first_line, 0, 0
    for start in range(0, len(text), CHUNK):
        chunk = text[start : start + CHUNK]
        breaks = np.flatnonzero(chunk == NEWLINE)
        commas = np.flatnonzero(chunk == ord(separator))
        after = line + 1 + np.arange(len(breaks))
        line += len(breaks)
        if quotes:
            mark = chunk == QUOTE
            inside = (np.cumsum(mark, dtype=np.uint8) + np.uint8(parity)) & 1  # wraps around, and so keeps the parity
            parity = int(inside[-1])
            places = np.flatnonzero(mark)
            if len(places):
                wrong = _wrong_quotes(text, start + places, inside[places] == 1, separator)
                if len(wrong):
                    above = first_line + data.count(b"\n", 0, int(wrong[0]))
                    raise InputError(
                        f"{source}, line {above}: a quote in the middle of a value; "
                        'put the whole value in quotes and double those in it: "5"" pipe"'
                    )
                last_quote = int(start + places[-1])
            outside = inside[breaks] == 0
            breaks, after, commas = breaks[outside], after[outside], commas[inside[commas] == 0]
        ends.append(start + breaks)
        separators.append(seen + np.searchsorted(commas, breaks))
        lines.append(after)
        seen += len(commas)
    if parity:
        line = first_line + data.count(b"\n", 0, last_quote)
        raise InputError(f"{source}, line {line}: a quote is opened here and never closed")
    if not data.endswith(b"\n"):
        ends.append(np.array([len(text)]))
        separators.append(np.array([seen]))
        lines.append(np.array([0]))
    end = np.concatenate(ends)
    length = np.diff(end, prepend=-1) - 1
    returned = text[np.maximum(end - 1, 0)] == RETURN
    records = Records(
        ends=end,
        fields=np.diff(np.concatenate([[0], *separators])) + 1,
        lines=np.concatenate(lines)[:-1],
        empty=(length == 0) | ((length == 1) & returned),
    )
    _check_widths(records, source, rows_before)
    return records


def _wrong_quotes(
    text: NDArray[np.uint8], places: NDArray[np.int64], opening: NDArray[np.bool_], separator: str
) -> NDArray[np.int64]:
    """The quotes that neither begin nor end a field; two side by side are one that is written twice."""
    before = np.where(places > 0, text[places - 1], NEWLINE)
    behind = np.where(places + 1 < len(text), text[np.minimum(places + 1, len(text) - 1)], NEWLINE)
    beside = np.where(opening, before, behind)
    return places[~np.isin(beside, [ord(separator), NEWLINE, RETURN, QUOTE])]


def last_end(data: bytes) -> int:
    r"""Where the last record that is whole ends, behind its \n; 0 where there is none. The text begins with a record.

    >>> last_end(b'1,"x\ny"\n2,"z\n')
    8
    """
    if QUOTE not in data:
        return data.rfind(b"\n") + 1
    text = np.frombuffer(data, np.uint8)
    outside = np.cumsum(text == QUOTE, dtype=np.uint8) & 1 == 0  # wraps around, and so keeps the parity
    whole = np.flatnonzero((text == NEWLINE) & outside)
    return int(whole[-1]) + 1 if len(whole) else 0


def _check_widths(records: Records, source: str, rows_before: int) -> None:
    expected = records.fields[0]
    wrong = np.flatnonzero((records.fields != expected) & ~records.empty)
    if len(wrong):
        record = int(wrong[0])
        row = rows_before + record - int(records.empty[:record].sum())
        raise InputError(
            f"{source}, row {row} (line {records.lines[record]}): "
            f"{counted(int(records.fields[record]), 'value')}, "
            f"but the header has {counted(int(expected), 'name')}"
        )


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("s" if number != 1 else "")
