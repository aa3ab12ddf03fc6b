"""Schedules: the learning rate of each update, counted from 0; or a share that falls from 1."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError, check_count, check_number, unknown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Steps = NDArray[np.int64]
Rates = NDArray[np.float64]
KindT = TypeVar("KindT", bound="DataclassInstance")

MOST_CYCLES = 32  # the first of more would be over before the first of a billion updates


@dataclass(frozen=True)
class Schedule(ABC):
    """The learning rate as a function of how many updates have been done."""

    is_constant: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for entry in fields(self):
            check = check_count if entry.name in ("every", "steps", "cycles") else check_number
            object.__setattr__(self, entry.name, check(entry.name, getattr(self, entry.name)))

    @abstractmethod
    def rates(self, steps: Steps) -> Rates:
        """The rate of each update in `steps` (n,), counted from 0."""

    @property
    @abstractmethod
    def bound(self) -> float:
        """What no rate exceeds; inf where there is no such number."""

    def at(self, step: int) -> float:
        """The rate of one update, counted from 0.

        >>> Exponential(1.0, factor=0.5).at(2)
        0.25
        """
        return float(self.rates(np.array([step]))[0])

    def of_epochs(self, first: int, batches: int, count: int) -> array[float]:
        """The rate of the first update of each of `count` epochs of so many batches, from update `first` on."""
        return array("d", self.rates(first + batches * np.arange(count)).tobytes())

    def to_json(self) -> dict[str, Any]:
        return {"kind": _KINDS[type(self)], **asdict(self)}


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate at every update.

    >>> Constant(0.5).rates(np.arange(3)).tolist()
    [0.5, 0.5, 0.5]
    """

    is_constant: ClassVar[bool] = True
    rate: float

    def rates(self, steps: Steps) -> Rates:
        return np.full(len(steps), self.rate, dtype=np.float64)

    @property
    def bound(self) -> float:
        return self.rate

    def at(self, step: int) -> float:
        return self.rate

    def of_epochs(self, first: int, batches: int, count: int) -> array[float]:
        return array("d", [self.rate]) * count


@dataclass(frozen=True)
class Step(Schedule):
    """rate · factor^⌊t / every⌋: multiplied by `factor` after each `every` updates.

    >>> Step(1.0, every=2, factor=0.5).rates(np.arange(5)).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    rate: float
    every: int
    factor: float = 0.1

    def rates(self, steps: Steps) -> Rates:
        return self.rate * np.power(self.factor, steps // self.every, dtype=np.float64)

    @property
    def bound(self) -> float:
        return self.rate if self.factor <= 1.0 or not self.rate else math.inf


@dataclass(frozen=True)
class Exponential(Schedule):
    """rate · factor^(t / every): multiplied by `factor` over each `every` updates, smoothly.

    >>> Exponential(1.0, factor=0.25, every=2).rates(np.arange(3)).tolist()
    [1.0, 0.5, 0.25]
    """

    rate: float
    factor: float
    every: int = 1

    def rates(self, steps: Steps) -> Rates:
        return self.rate * np.power(self.factor, steps / self.every, dtype=np.float64)

    @property
    def bound(self) -> float:
        return self.rate if self.factor <= 1.0 or not self.rate else math.inf


@dataclass(frozen=True)
class Cosine(Schedule):
    """final + (rate - final)/2 · (1 + cos(πt / steps)), then `final` (Loshchilov and Hutter, ICLR 2017).

    >>> Cosine(1.0, steps=4).rates(np.arange(6)).round(3).tolist()
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    rate: float
    steps: int
    final: float = 0.0

    def rates(self, steps: Steps) -> Rates:
        return self.final + (self.rate - self.final) * _half_cosine(steps / self.steps)

    @property
    def bound(self) -> float:
        return max(self.rate, self.final)


@dataclass(frozen=True)
class FlatCosine(Schedule):
    """`rate` for the first half of the steps, then along half a cosine to 0: rate/2 · (1 + cos(π(2t / steps - 1))).

    Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024.

    >>> FlatCosine(1.0, steps=8).rates(np.arange(10)).round(3).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    rate: float
    steps: int

    def rates(self, steps: Steps) -> Rates:
        return self.rate * _half_cosine(2.0 * steps / self.steps - 1.0)

    @property
    def bound(self) -> float:
        return self.rate


@dataclass(frozen=True)
class CosLog(Schedule):
    """rate/2 · (1 - cos(2π · log₂(1 + (2^cycles - 1)·t / steps))), then 0: up and down in cycles, each twice as long.

    Holzmüller, Grinsztajn and Steinwart, "Better by default", NeurIPS 2024.

    >>> CosLog(1.0, steps=6, cycles=2).rates(np.arange(8)).round(3).tolist()
    [0.0, 0.93, 0.0, 0.718, 0.93, 0.324, 0.0, 0.0]
    """

    rate: float
    steps: int
    cycles: int = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cycles > MOST_CYCLES:
            raise InputError(f"cycles: expected at most {MOST_CYCLES}, got {self.cycles!r}")

    def rates(self, steps: Steps) -> Rates:
        share = np.minimum(steps / self.steps, 1.0)
        turns = np.log2(1.0 + (2.0**self.cycles - 1.0) * share)
        rates: Rates = self.rate * 0.5 * (1.0 - np.cos(2.0 * np.pi * turns))
        return rates

    @property
    def bound(self) -> float:
        return self.rate


@dataclass(frozen=True)
class OneCycle(Schedule):
    """From rate·start up to `rate` in the first `warmup` of the steps, then down to rate·final, both along a cosine.

    Smith and Topin, "Super-convergence", 2018.

    >>> OneCycle(1.0, steps=4, warmup=0.5, start=0.0, final=0.0).rates(np.arange(6)).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """

    rate: float
    steps: int
    warmup: float = 0.3
    start: float = 0.04
    final: float = 4e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.warmup >= 1.0:
            raise InputError(f"warmup: expected a share from 0 to below 1, got {self.warmup!r}")

    def rates(self, steps: Steps) -> Rates:
        top = self.warmup * self.steps
        rise = self.start + (1.0 - self.start) * (1.0 - _half_cosine(steps / top if top else np.ones(len(steps))))
        fall = self.final + (1.0 - self.final) * _half_cosine((steps - top) / (self.steps - top))
        return self.rate * np.where(steps < top, rise, fall)

    @property
    def bound(self) -> float:
        return self.rate * max(1.0, self.start, self.final)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "cosine": Cosine,
    "flat_cosine": FlatCosine,
    "cos_log": CosLog,
    "one_cycle": OneCycle,
}
_KINDS = {kind: name for name, kind in SCHEDULES.items()}


def as_schedule(given: object, name: str = "learning_rate") -> Schedule:
    """A schedule as it is, a number as a constant one, a description that `to_json` made as what it describes."""
    if isinstance(given, Schedule):
        return given
    if isinstance(given, Mapping):
        return described("schedule", SCHEDULES, given)
    return Constant(check_number(name, given))


def described(
    what: str, kinds: Mapping[str, type[KindT]], description: Mapping[str, Any], usual: str | None = None
) -> KindT:
    """The entry that a description of its kind and its settings means; without a kind it is the usual one.

    Raises:
        InputError: the kind or a setting is unknown, one is missing, or a value is out of range.

    >>> described("schedule", SCHEDULES, {"kind": "step", "rate": 0.5, "every": 10})
    Step(rate=0.5, every=10, factor=0.1)
    """
    if not isinstance(description, Mapping):
        raise InputError(f"{what}: expected a table of settings, got {description!r}")
    settings = dict(description)
    kind = settings.pop("kind", usual)
    if not isinstance(kind, str) or kind not in kinds:
        raise unknown(what, kind, kinds)
    known = fields(kinds[kind])
    for key in settings:
        if key not in [entry.name for entry in known]:
            raise unknown(f"key of the {what} {kind}", key, [entry.name for entry in known])
    for entry in known:
        if entry.default is MISSING and entry.name not in settings:
            raise InputError(f'{what} {kind}: "{entry.name}" is missing')
    return kinds[kind](**settings)


def _half_cosine(share: NDArray[np.floating[Any]]) -> Rates:
    """From 1 at 0 down to 0 at 1 and beyond."""
    half: Rates = 0.5 * (1.0 + np.cos(np.pi * np.clip(share, 0.0, 1.0)))
    return half
