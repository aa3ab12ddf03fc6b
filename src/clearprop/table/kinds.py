"""What kind a column is, found by looking at its training rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from clearprop.errors import InputError, unknown
from clearprop.table import parsing
from clearprop.table.category import Category
from clearprop.table.column import Column, Learning
from clearprop.table.columns import KINDS, Boolean, Date, LeftOut, Number
from clearprop.table.doubts import doubts
from clearprop.table.table import Table, quoted
from clearprop.table.tally import Tally
from clearprop.table.values import usable

FEW = 20
"""Up to so many different values, whole numbers may stand for classes, and texts that look like numbers for categories.
"""

LONGEST_CATEGORY = 200  # letters

# user_id, id, row.index; "Unnamed: 0", as pandas calls a column that has no name; and no name at all.
_IDENTIFIER = re.compile(
    r"(^|[^a-z])(id|ids|idx|index|key|uuid|guid|rowid|row|rownames|row ?number)$|^id[^a-z]|^unnamed: \d+$|^$",
    re.IGNORECASE,
)
# $1,234.50, 1.234,50, 12 %: numbers to a person.
_DRESSED_NUMBER = r"^[^\w\s]?\s?-?\d{1,3}([.,' ]?\d{3})*([.,]\d+)?\s?[^\w\s]?$"
_CAMEL_IDENTIFIER = re.compile(r"[a-z](Id|ID|Key|Index)$")


def check_kinds(asked: Mapping[str, str]) -> None:
    """Raises an InputError where one of the kinds that columns are said to be of is not known."""
    for name, kind in asked.items():
        if kind not in KINDS:
            raise unknown(f"kind of column {quoted(name)}:", kind, KINDS)


def learn(table: Table, name: str, kind: str | None = None, learning: Learning | None = None) -> Column:
    """What a column of training rows is to be: of the kind asked for, else of the kind that is found.

    What kind it is, is found by looking at rows, whatever they weigh.

    Raises InputError for a kind that is not known, and for a column of numbers in which a few texts have strayed.
    """
    column = table.frame[name]
    if kind is not None:
        check_kinds({name: kind})
    reason = "as you asked" if kind == LeftOut.kind else _why_unusable(column)
    found = kind is None and reason is None
    if found:
        reason = _why_useless(column)
        if reason is None:
            kind = _find(table, column)
            reason = _why_no_category(column.drop_nulls()) if kind == Category.kind else None
    notes = doubts(column) if found and kind == Category.kind else ()
    if reason is not None:
        return LeftOut(name, column.null_count(), notes, reason)
    learners = {entry.kind: entry.learn for entry in (Number, Boolean, Category, Date)}
    learnt = learners[str(kind)](table, name, learning or Learning())
    return replace(learnt, notes=(*learnt.notes, *notes))


def _why_unusable(column: pl.Series) -> str | None:
    if column.null_count() == len(column):
        return "all values are missing"
    if not usable(column.dtype):
        return f"values of type {column.dtype} are not used"
    return None


def _why_useless(column: pl.Series) -> str | None:
    if column.null_count() == 0 and column.min() == column.max():
        return f"always {quoted(column[0])}"
    whole_numbers = column.dtype == pl.Int64 and column.null_count() == 0
    if whole_numbers and named_like_an_identifier(column.name) and column.n_unique() == len(column):
        return "an identifier: every row has its own number"
    return None


def named_like_an_identifier(name: str) -> bool:
    """Whether a name says that its column tells rows apart, and nothing about them.

    >>> [named_like_an_identifier(name) for name in ("id", "PassengerId", "row index", "humid", "monkey")]
    [True, True, True, False, False]
    """
    return bool(_IDENTIFIER.search(name.strip()) or _CAMEL_IDENTIFIER.search(name))


def _find(table: Table, column: pl.Series) -> str:
    """A kind for a column that varies."""
    if column.dtype == pl.Boolean:
        return Boolean.kind
    if column.dtype != pl.String:
        return Date.kind if column.dtype.is_temporal() else Number.kind
    many = column.drop_nulls().n_unique() > FEW
    looks = {Number.kind: parsing.floats, Boolean.kind: parsing.truths}
    for kind, parse in looks.items():
        # A frame that says text means text, unless there are too many of them for categories.
        if many and parsing.complete(parse(column), column):
            return kind
    if len(orders := parsing.date_orders(column)) == 1:
        return Date.kind
    if orders:
        return Category.kind
    name = quoted(column.name)
    refuse_strays(
        Tally.of(column),
        lambda row: table.place(row, column.name),
        f'say that they are categories: kinds={{{name}: "category"}}, or --kind COLUMN=category',
    )
    return Category.kind


def _why_no_category(texts: pl.Series) -> str | None:
    different = texts.n_unique()
    longest = texts.str.len_chars().max()
    assert isinstance(longest, int)
    if different > FEW and _dressed_up(texts):
        return "numbers with signs or separators in them, which are not read: write 1234.5"
    if longest > LONGEST_CATEGORY:
        return "free text: too long for categories"
    if len(texts) > FEW and different == len(texts):
        return "an identifier: every row has its own text"
    if len(texts) > FEW and different > 0.9 * len(texts):
        return f"free text: {different:,} different texts in {len(texts):,} rows"
    return None


def _dressed_up(texts: pl.Series) -> bool:
    """Whether texts are numbers as people write them, most with a sign or separator; codes of digits alone are not."""
    plain = texts.str.contains(r"^-?\d+$")
    return bool(texts.str.contains(_DRESSED_NUMBER).all()) and 2 * int(plain.sum()) < len(texts)


def refuse_strays(tally: Tally, place: Callable[[int], str], otherwise: str) -> None:
    """Raise InputError for a text that has strayed into a column of numbers or dates.

    A column counts as one of numbers when at most one value in twenty (or one alone) is none, and the rest are more, or
    more different, than codes would be. A code with a leading zero is no mistake. `place` says where the value of a row
    stands; `otherwise` is what to do if the text is meant.
    """
    texts = tally.values
    dates = min(
        (parsing.moments(parsing.in_iso(texts, order)) for order in ("", *parsing.ORDERS)),
        key=lambda parsed: _counted(tally, parsed.is_null()),
    )
    for parsed, what in ((parsing.floats(texts), "numbers"), (dates, "dates")):
        wrong = parsed.is_null()
        good, strays = parsed.drop_nulls(), _counted(tally, wrong)
        few, rows = 0 < strays <= max(1, tally.rows // 20), tally.rows - strays
        if rows < 4 or not few or texts.filter(wrong).str.contains("^0[0-9]+$").any():
            continue
        different = good.n_unique()
        if different > FEW or different == rows or _measured(good):
            first = int(wrong.arg_max() or 0)
            raise InputError(
                f"{place(int(tally.firsts[first]))}: {quoted(texts[first])} stands among {rows:,} {what}; "
                f"correct it, leave it empty if it is missing, or {otherwise}"
            )


def _counted(tally: Tally, which: pl.Series) -> int:
    """How many rows have one of these values."""
    return int(tally.counts[which.to_numpy()].sum())


def _measured(good: pl.Series) -> bool:
    """Whether numbers have a fraction, which codes have not."""
    return good.dtype == pl.Float64 and bool((good != good.round()).any())


def one_to_one(column: pl.Series, target: pl.Series) -> bool:
    """Whether each value of a column goes with one value of the target, and the other way around.

    Such a column is a copy of the target under another name. Where nearly all values differ it is always so; then both
    must be numbers, at least ten of them, and rise or fall together.

    >>> one_to_one(pl.Series([1, 2, 1, 2]), pl.Series(["no", "yes", "no", "yes"]))
    True
    """
    both = pl.DataFrame({"column": column, "target": target}).drop_nulls()
    # A look at the beginning spares most columns the look at all.
    return both.height >= 4 and all(_pair_up(rows) for rows in (both.head(1000), both))


def _pair_up(rows: pl.DataFrame) -> bool:
    different = rows["column"].n_unique()
    if not different == rows["target"].n_unique() == rows.n_unique():
        return False
    if 2 * different <= rows.height:
        return True
    if rows.height < 10 or not all(dtype.is_numeric() for dtype in rows.dtypes):
        return False
    target = rows.sort("column")["target"]
    return target.is_sorted() or target.is_sorted(descending=True)
