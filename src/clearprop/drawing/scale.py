"""From numbers to places on an axis, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from clearprop.drawing.numerals import evenly

# Beyond this, the difference of two float64 numbers may overflow.
LARGEST = 1e300
DECADES_FOR_LOG = 2.0


@dataclass(frozen=True)
class Scale:
    """One axis: numbers `low` to `high` drawn from `start` to `end`, linear or logarithmic.

    `percent` has its ticks written as percentages.

    >>> axis = linear([0.0, 9.3], 0.0, 100.0)
    >>> axis.ticks, axis(5.0)
    ((0.0, 2.0, 4.0, 6.0, 8.0, 10.0), 50.0)
    """

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    log: bool = False
    percent: bool = False

    def __call__(self, value: float) -> float:
        """The place of a number; what lies outside the axis is put at its nearer end."""
        value = min(max(value, self.low), self.high)
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    @property
    def labels(self) -> list[str]:
        if self.percent:
            return [f"{written}%" for written in evenly([100 * tick for tick in self.ticks])]
        return evenly(self.ticks)


def nice_step(span: float, count: int) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten that cuts a span into at most `count` parts.

    >>> nice_step(9.3, 5), nice_step(0.0031, 4)
    (2.0, 0.001)
    """
    rough = span / count
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))


def finite(values: Iterable[float]) -> list[float]:
    """The numbers that can be drawn, as floats."""
    return [min(max(float(value), -LARGEST), LARGEST) for value in values if math.isfinite(value)]


def linear(values: Iterable[float], start: float, end: float, *, count: int = 5, percent: bool = False) -> Scale:
    """A linear axis over all the finite values, widened to round numbers."""
    found = finite(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    if high - low <= 1e-9 * max(abs(low), abs(high)) or high - low < LARGEST**-1:
        room = abs(low) / 2 or 0.5
        low, high = low - room, high + room
    step = nice_step(high - low, count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    places = max(0, 2 - math.floor(math.log10(step)))
    ticks = tuple(round(index * step, places) for index in range(first, last + 1))
    return Scale(first * step, last * step, start, end, ticks, percent=percent)


def counting(values: Iterable[float], start: float, end: float, *, count: int = 5) -> Scale:
    """An axis of whole numbers from the first to the last of them, not widened: epochs.

    >>> counting([1, 2, 37], 0.0, 100.0).ticks
    (10.0, 20.0, 30.0)
    """
    found = finite(values) or [0.0]
    low, high = min(found), max(found)
    if high - low < 1:
        return Scale(low - 0.5, low + 0.5, start, end, (low,))
    step = max(1.0, nice_step(high - low, count))
    ticks = tuple(index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1))
    return Scale(low, high, start, end, ticks)


def logarithmic(values: Iterable[float], start: float, end: float) -> Scale:
    """A logarithmic axis over all the positive values, from one power of ten to another."""
    found = [value for value in finite(values) if value >= 1 / LARGEST]
    low, high = math.floor(math.log10(min(found)) + 1e-9), math.ceil(math.log10(max(found)) - 1e-9)
    high = max(high, low + 1)
    every = math.ceil((high - low) / 6)
    ticks = tuple(10.0**power for power in range(low, high + 1, every))
    return Scale(10.0**low, 10.0**high, start, end, ticks, log=True)


def fitting(values: Iterable[float], start: float, end: float) -> Scale:
    """A logarithmic axis if all values are positive and span more than two decades, else a linear one.

    >>> fitting([0.5, 1.0], 0, 1).log, fitting([0.001, 1.0], 0, 1).log, fitting([0.0, 1.0], 0, 1).log
    (False, True, False)
    """
    found = finite(values)
    if found and min(found) >= 1 / LARGEST and math.log10(max(found) / min(found)) > DECADES_FOR_LOG:
        return logarithmic(found, start, end)
    return linear(found, start, end)
