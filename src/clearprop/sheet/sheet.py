"""What a worked sheet holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from clearprop.engines.base import Array
from clearprop.model import Model
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import SGD, Optimizer
from clearprop.sheet.written import Written

Claimed: TypeAlias = "Written | tuple[Claimed, ...]"


@dataclass(frozen=True)
class Claim:
    """What somebody computed: a quantity, and the digits written for it.

    Attributes:
        id: the quantity, in the notation of the sheet.
        written: a number, or, of a whole vector, matrix or batch, tuples of numbers of equal lengths.
        updates: how many updates were done before.
        place: the file and the line where it stands, for messages; two claims are equal without it.

    >>> Claim("E", Written("0.291"), updates=1).key
    'E@1'
    """

    id: str
    written: Claimed
    updates: int = 0
    place: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """How a sheet names it."""
        return f"{self.id}@{self.updates}" if self.updates else self.id


@dataclass(frozen=True, eq=False)
class Sheet:
    """A worked step: a model, samples, how it is trained, and what somebody claims to have computed.

    Attributes:
        model: the network and its parameters before the first update.
        X, Y: (B, inputs) and (B, outputs), or (B,) class indices.
        optimizer, batch_size, order, seed: as `clearprop.train` takes them.
        title: what it shows, in a line.
        notation: how it names its quantities, a key of `explain.notation.NOTATIONS`.
        claims: what was claimed, in the order of the file.
    """

    model: Model
    X: Array
    Y: Array
    optimizer: Optimizer = field(default_factory=SGD)
    batch_size: int | None = None
    order: str | tuple[int, ...] = "shuffled"
    seed: int = 0
    title: str = ""
    notation: str = "canonical"
    claims: tuple[Claim, ...] = ()

    @property
    def network(self) -> Network:
        return self.model.network

    def _parts(self) -> tuple[Any, ...]:
        training = (self.optimizer, self.batch_size, self.order, self.seed)
        data = (self.X.tolist(), self.Y.tolist())
        return (self.model, *data, *training, self.title, self.notation, self.claims)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sheet) and self._parts() == other._parts()

    __hash__ = None  # type: ignore[assignment]
