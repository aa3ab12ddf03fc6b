"""Parts of a date from seconds since 1970-01-01 00:00 UTC, as arithmetic in a graph of ONNX."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from clearprop.export.graph import Graph


class Arithmetic:
    """Numbers of a graph in float64 with the signs of arithmetic, so that a formula reads as one.

    All is float64: whole numbers below 2^53 are exact in it, and NaN stays NaN.
    """

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def _with(self, operator: str, other: Arithmetic | float) -> Arithmetic:
        named = other.name if isinstance(other, Arithmetic) else self.graph.constant(other, "number", np.float64)
        return Arithmetic(self.graph, self.graph.add(operator, self.name, named, to="date"))

    def __add__(self, other: Arithmetic | float) -> Arithmetic:
        return self._with("Add", other)

    def __sub__(self, other: Arithmetic | float) -> Arithmetic:
        return self._with("Sub", other)

    def __mul__(self, other: float) -> Arithmetic:
        return self._with("Mul", other)

    def __truediv__(self, other: float) -> Arithmetic:
        return self._with("Div", other)

    def __floordiv__(self, other: float) -> Arithmetic:
        return Arithmetic(self.graph, self.graph.add("Floor", (self / other).name, to="date"))

    def __mod__(self, other: float) -> Arithmetic:
        return self - (self // other) * other

    def at_least(self, number: float) -> Arithmetic:
        """1 where it is at least a number, else 0."""
        limit = self.graph.constant(number, "number", np.float64)
        yes = self.graph.add("GreaterOrEqual", self.name, limit, to="date")
        return Arithmetic(self.graph, self.graph.cast(yes, np.float64, "date"))


def date_parts(graph: Graph, seconds: str, origin: float, wanted: Iterable[str]) -> dict[str, str]:
    """The values of the wanted parts, (B, 1): year, month, day, weekday (Monday 1), days since the origin, hour.

    The calendar is the Gregorian one for all times. A year is counted from March, so that its leap day is its last, in
    eras of 400 years, which all have 146,097 days (Richards, "Mapping time", 1998, chapter 25).
    """
    moment = Arithmetic(graph, seconds)
    days = moment // 86_400
    since_era = days + 719_468  # from 0000-03-01
    day_of_era = since_era % 146_097
    leapless = day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    year_of_era = leapless // 365
    day_of_year = day_of_era - (year_of_era * 365 + year_of_era // 4 - year_of_era // 100)
    from_march = (day_of_year * 5 + 2) // 153
    after_new_year = from_march.at_least(10)
    parts = {
        "year": (since_era // 146_097) * 400 + year_of_era + after_new_year,
        "month": from_march + 3 - after_new_year * 12,
        "day": day_of_year - (from_march * 153 + 2) // 5 + 1,
        "weekday": (days + 3) % 7 + 1,
        "days": (moment - origin) / 86_400,
        "hour": (moment - days * 86_400) // 1 / 3_600,
    }
    return {name: parts[name].name for name in wanted}
