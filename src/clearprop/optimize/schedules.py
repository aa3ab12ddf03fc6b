"""Schedules: the learning rate of each update, counted from 0."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError, unknown

Steps = NDArray[np.int64]
Rates = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule(ABC):
    """The learning rate as a function of how many updates have been done."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            check_positive(entry.name, getattr(self, entry.name), zero=entry.name not in ("every", "steps"))

    @abstractmethod
    def rates(self, steps: Steps) -> Rates:
        """The rate of each update in `steps` (n,), counted from 0."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": _KINDS[type(self)], **asdict(self)}


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate at every update.

    >>> Constant(0.5).rates(np.arange(3)).tolist()
    [0.5, 0.5, 0.5]
    """

    rate: float

    def rates(self, steps: Steps) -> Rates:
        return np.full(len(steps), self.rate, dtype=np.float64)


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

    def rates(self, steps: Steps) -> Rates:
        top = self.warmup * self.steps
        rise = self.start + (1.0 - self.start) * (1.0 - _half_cosine(steps / top if top else np.ones(len(steps))))
        fall = self.final + (1.0 - self.final) * _half_cosine((steps - top) / (self.steps - top))
        return self.rate * np.where(steps < top, rise, fall)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}
_KINDS = {kind: name for name, kind in SCHEDULES.items()}


def as_schedule(learning_rate: object) -> Schedule:
    """A schedule as it is, a number as a constant one, a description that `to_json` made as what it describes."""
    if isinstance(learning_rate, Schedule):
        return learning_rate
    if isinstance(learning_rate, Mapping):
        settings = dict(learning_rate)
        kind = settings.pop("kind", None)
        if kind not in SCHEDULES:
            raise unknown("schedule", kind, SCHEDULES)
        known = [entry.name for entry in fields(SCHEDULES[kind])]
        for key in settings:
            if key not in known:
                raise unknown(f"key of the schedule {kind}", key, known)
        return SCHEDULES[kind](**settings)
    return Constant(check_positive("learning_rate", learning_rate, zero=True))


def check_positive(name: str, value: Any, *, zero: bool = False) -> float:
    """The number, if it is one and above 0 (or 0 where `zero`)."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise InputError(f"{name}: expected a number {'from 0 up' if zero else 'above 0'}, got {value!r}")
    return float(value)


def _half_cosine(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 1 at 0 down to 0 at 1 and beyond."""
    return 0.5 * (1.0 + np.cos(np.pi * np.clip(share, 0.0, 1.0)))
