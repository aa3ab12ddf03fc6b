"""Categories that training did not have: what a model answers about them is a guess."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clearprop.table.category import Category
from clearprop.table.encoding import Encoding
from clearprop.table.table import Table, quoted
from clearprop.table.tally import Tally
from clearprop.table.values import categories

MOST_NAMED = 3


@dataclass(frozen=True)
class Unseen:
    """In one column: how many rows have such a category, and the categories, the most frequent first.

    With `more` some of them, for there were too many to tell apart.
    """

    column: str
    rows: int
    labels: tuple[str, ...]
    more: bool = False

    def __str__(self) -> str:
        named = ", ".join(map(quoted, self.labels[:MOST_NAMED])) + (", …" if len(self.labels) > MOST_NAMED else "")
        what = "a category" if len(self.labels) == 1 else f"{len(self.labels):,} categories"
        what = f"over {what}" if self.more else what
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
    newcomers = Newcomers(encoding)
    newcomers.see(table)
    return newcomers.found


class Newcomers:
    """`unseen` for a table that comes part by part."""

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        self._tallies: dict[str, Tally] = {}

    def among(self, tables: Iterable[Table]) -> Iterator[Table]:
        """The tables, each looked at when something has been done with it."""
        for table in tables:
            yield table
            self.see(table)

    def see(self, table: Table) -> None:
        """Counts the new categories of some rows."""
        for column in self.encoding.columns:
            if not isinstance(column, Category) or column.others or column.name not in table.names:
                continue
            keys = categories(table, column.name).drop_nulls()
            new = keys.filter(~keys.is_in(list(column.labels)))
            if len(new):
                before = self._tallies.get(column.name)
                self._tallies[column.name] = before.and_more(new, before.rows) if before else Tally.of(new)

    @property
    def found(self) -> list[Unseen]:
        """Each column that had such categories, in the order of the encoding."""
        return [
            _told(column.name, self._tallies[column.name])
            for column in self.encoding.columns
            if column.name in self._tallies
        ]


def _told(name: str, tally: Tally) -> Unseen:
    counted = zip(-tally.counts, tally.values, strict=True)
    return Unseen(name, tally.rows, tuple(label for _, label in sorted(counted)), tally.others > 0)
