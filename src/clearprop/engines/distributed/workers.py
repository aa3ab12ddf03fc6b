"""What a run asks of the workers it has, where it is one process: nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Alone:
    """The only worker there is.

    Attributes:
        rank: its number, from 0; the first one alone prints and writes.
        count: how many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def least(self, number: int) -> int:
        """The least of the numbers that the workers have."""
        return number

    def check_same(self, about: Mapping[str, Any]) -> None:
        """Whether all have the same of everything that is named; else an `InputError` says who has what otherwise."""

    def leave(self) -> None:
        """The run is over."""
