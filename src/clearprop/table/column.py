"""What every kind of column says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from clearprop.table import described
from clearprop.table.scaling import Scale
from clearprop.table.table import Table

Matrix = NDArray[np.float32]

InputKind = Literal["number", "flag", "code"]
"""What an input of a network is: a number, one of two values, or the number of a category, from 0."""

MOST_ONE_HOT = 256
"""Categories that may have an input each; further ones, the rarest, share one."""


@dataclass(frozen=True)
class Learning:
    """What training rows are learnt from by, beside their values.

    Attributes:
        weights: of the rows (N,), above 0; None for 1 each. Statistics take a row of weight 2 for two rows.
        one_hot_to: a column with more categories is one input, the number of its category, instead of one for each;
            None: none is.
    """

    weights: NDArray[np.floating[Any]] | None = None
    one_hot_to: int | None = None


@dataclass(frozen=True)
class Column(ABC):
    """A column of the training table: its name, how many training rows lack a value, what else is worth knowing."""

    kind: ClassVar[str]

    name: str
    missing: int
    notes: tuple[str, ...]

    @property
    @abstractmethod
    def done(self) -> str:
        """What was done with it, in words; of a column that is left out, why."""

    @property
    def input_names(self) -> tuple[str, ...]:
        """One name for each column of the matrix that it fills."""
        return ()

    @property
    def input_kinds(self) -> tuple[InputKind, ...]:
        """What each of these is."""
        return ()

    @property
    def codes(self) -> int:
        """How many categories an input that is the number of one goes over; 0 without such an input."""
        return 0

    def code_names(self) -> tuple[str, ...]:
        """What each of these numbers stands for: the categories, then "other", then "missing" if there is such."""
        return ()

    def fill(self, table: Table, out: Matrix) -> None:  # noqa: B027
        """Write this column's inputs for every row of a table into `out`, (B, len(input_names)), which is 0 before."""

    def measured(self, table: Table) -> Iterator[tuple[str, NDArray[np.float64], Scale]]:
        """Each input that is a scaled number: its name, the numbers of the rows, NaN where missing, and the scale."""
        yield from ()

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **described.to_json(self)}

    @property
    def _missing_name(self) -> tuple[str, ...]:
        return (f"{self.name} missing",) if self.missing else ()

    @property
    def _missing_kind(self) -> tuple[InputKind, ...]:
        return ("flag",) if self.missing else ()


def in_order(kinds: list[InputKind]) -> NDArray[np.int64]:
    """Where each input comes to stand when those of a kind stand together: numbers, flags, codes.

    >>> in_order(["flag", "number", "code", "number"]).tolist()
    [2, 0, 3, 1]
    """
    ranks = [get_args(InputKind).index(kind) for kind in kinds]
    places = np.empty(len(kinds), np.int64)
    places[np.argsort(ranks, kind="stable")] = np.arange(len(kinds))
    return places
