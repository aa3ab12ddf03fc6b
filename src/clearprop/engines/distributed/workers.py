"""What a run asks of the workers it has; of one process that is all, nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from clearprop.engines.base import Array


class Workers(ABC):
    """The processes that are at a run together, as one of them sees them.

    Attributes:
        rank: the number of this one, from 0; the first one alone prints and writes.
        count: how many there are.
    """

    rank: int
    count: int

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    @abstractmethod
    def sum(self, array: Array) -> None:
        """Replaces an array by the sum of those of all workers: the same bits for all, and for a fixed number."""

    @abstractmethod
    def least(self, number: int) -> int:
        """The least of the numbers that the workers have."""

    @abstractmethod
    def check_same(self, about: Mapping[str, Any]) -> None:
        """Whether all have the same of everything that is named; else an `InputError` says who has what otherwise.

        With this a run begins: who is lost before has held up nothing that was learnt.
        """

    @abstractmethod
    def leave(self) -> None:
        """The run is over."""


class Alone(Workers):
    """The only worker there is."""

    rank = 0
    count = 1

    def sum(self, array: Array) -> None:
        pass

    def least(self, number: int) -> int:
        return number

    def check_same(self, about: Mapping[str, Any]) -> None:
        pass

    def leave(self) -> None:
        pass
