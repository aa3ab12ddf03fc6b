"""What a column of texts was perhaps meant to be: numbers with a word among them, or dates that cannot be read."""

from __future__ import annotations

import polars as pl

from clearprop.table import parsing
from clearprop.table.table import quoted

MOST_NAMED = 3
FEWEST = 4
MEND = "correct what is wrong, and leave empty what is missing"

_LIKE_A_DATE = r"^\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b"


def doubts(column: pl.Series) -> tuple[str, ...]:
    """Notes on a column of texts that is taken for categories, or left out, though most of it looks otherwise.

    >>> doubts(pl.Series(["1", "2", "3", "four", "5"]))
    ('4 of 5 values are numbers, but not "four": correct what is wrong, and leave empty what is missing',)
    >>> doubts(pl.Series(["01/02/2024", "03/02/2024", "05/06/2024", "03/02/2024"]))
    ('dates whose day and month cannot be told apart: write them as 2024-12-31',)
    """
    texts = column.drop_nulls()
    if column.dtype != pl.String or len(texts) < FEWEST:
        return ()
    if len(parsing.date_orders(texts)) > 1:
        return ("dates whose day and month cannot be told apart: write them as 2024-12-31",)
    numbers = parsing.floats(texts)
    stray = texts.filter(numbers.is_null())
    codes = bool(stray.str.contains("^0[0-9]+$").any())
    if len(stray) and not codes and 2 * len(stray) <= len(texts):
        named = stray.value_counts(name="rows").sort("rows", stray.name, descending=[True, False])[stray.name]
        shown = ", ".join(map(quoted, named.head(MOST_NAMED))) + (", …" if len(named) > MOST_NAMED else "")
        return (f"{len(texts) - len(stray):,} of {len(texts):,} values are numbers, but not {shown}: {MEND}",)
    if 2 * int(texts.str.contains(_LIKE_A_DATE).sum()) > len(texts):
        return ("dates that are not read: write them as 2024-12-31",)
    return ()
