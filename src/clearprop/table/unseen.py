"""Categories that training did not have: what a model answers about them is a guess."""

from __future__ import annotations

from dataclasses import dataclass

from clearprop.table.category import Category
from clearprop.table.encoding import Encoding
from clearprop.table.table import Table, quoted
from clearprop.table.values import categories

MOST_NAMED = 3


@dataclass(frozen=True)
class Unseen:
    """In one column: how many rows have such a category, and the categories, the most frequent first."""

    column: str
    rows: int
    labels: tuple[str, ...]

    def __str__(self) -> str:
        named = ", ".join(map(quoted, self.labels[:MOST_NAMED])) + (", …" if len(self.labels) > MOST_NAMED else "")
        what = "a category" if len(self.labels) == 1 else f"{len(self.labels):,} categories"
        rows = "1 row has" if self.rows == 1 else f"{self.rows:,} rows have"
        return f"{self.column}: {rows} {what} that training did not have: {named}"


def unseen(encoding: Encoding, table: Table) -> list[Unseen]:
    """Each column with categories that no training row had.

    A column with rare categories is not among them: these share one input, and are not known by name.

    >>> import polars as pl
    >>> toys = Table.of(pl.DataFrame({"colour": ["red", "blue", "red"], "y": [1.5, 2.5, 4.0]}), "toys")
    >>> new = Table.of(pl.DataFrame({"colour": ["mauve", "red", None, "mauve"]}), "new")
    >>> print(*unseen(Encoding.learn(toys, "y"), new))
    colour: 2 rows have a category that training did not have: "mauve"
    """
    found = []
    for column in encoding.columns:
        if not isinstance(column, Category) or column.others or column.name not in table.names:
            continue
        keys = categories(table, column.name).drop_nulls()
        new = keys.filter(~keys.is_in(list(column.labels)))
        if len(new):
            counts = new.value_counts(name="rows").sort("rows", new.name, descending=[True, False])
            found.append(Unseen(column.name, len(new), tuple(counts[new.name])))
    return found
