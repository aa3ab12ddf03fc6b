"""How numbers are written for people: significant digits, thousands, percentages, durations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

MISSING = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 4) -> str:
    """A number to so many significant digits, thousands separated, powers of ten where it is far from 1.

    >>> number(0.298371109), number(1234567.0), number(-0.00001234), number(float("nan")), number(3)
    ('0.2984', '1,234,567', '−1.234×10⁻⁵', '–', '3')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}".replace("-", "−")
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if -4 <= exponent < 9:
        return f"{value:,.{max(0, digits - 1 - exponent)}f}".replace("-", "−")
    return f"{mantissa}×10{str(exponent).translate(_SUPERSCRIPT)}".replace("-", "−")


def share(value: float, decimals: int = 1) -> str:
    """A part of one as a percentage, with more decimals where it would else look like 0% or 100%.

    >>> share(0.97368), share(1.0), share(0.99996), share(0.0), share(1e-6), share(0.93, 0)
    ('97.4%', '100%', '99.996%', '0%', '<0.001%', '93%')
    """
    if not math.isfinite(100 * value):
        return number(value)
    if abs(value) > 1e4:
        return f"{number(100 * value)}%"
    if value in (0.0, 1.0):
        return f"{value:.0%}"
    for places in range(decimals, 4):
        written = f"{100 * value:,.{places}f}"
        if float(written.replace(",", "")) not in (0.0, 100.0):
            return f"{written}%".replace("-", "−")
    return "<0.001%" if abs(value) < 0.5 else ">99.999%"


def duration(seconds: float) -> str:
    """A time span in the units of the SI, three digits or two units.

    >>> duration(0.0123), duration(2.345), duration(185), duration(7325), duration(59.97)
    ('12 ms', '2.3 s', '3 min 5 s', '2 h 2 min', '1 min 0 s')
    """
    if not math.isfinite(seconds):
        return number(seconds)
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def moment(iso: str) -> str:
    """A time in ISO 8601, to the minute; what is no such time stays as it is.

    >>> moment("2026-03-14T09:26:53+01:00"), moment("yesterday")
    ('2026-03-14 09:26', 'yesterday')
    """
    try:
        return datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return iso


def evenly(values: Sequence[float]) -> list[str]:
    """The numbers on an axis, all with the decimals that their steps need.

    >>> evenly([0.0, 0.25, 0.5]), evenly([0, 500, 1000]), evenly([1e-5, 2e-5]), evenly([0.001, 0.1, 10])
    (['0', '0.25', '0.50'], ['0', '500', '1,000'], ['1×10⁻⁵', '2×10⁻⁵'], ['0.001', '0.1', '10'])
    """
    largest = max((abs(value) for value in values), default=0.0)
    steps = [abs(after - before) for before, after in pairwise(values)]
    step = min(steps, default=largest)
    if largest >= 1e6 or 0 < step < 1e-4:
        return [_power(value) for value in values]
    if steps and max(steps) > 1.01 * step:  # a logarithmic axis: each tick as short as it can be
        return [f"{value:,.4f}".rstrip("0").rstrip(".") for value in values]
    decimals = next((places for places in range(5) if abs(step - round(step, places)) < step * 1e-6), 4)
    return ["0" if value == 0 else f"{value:,.{decimals}f}".replace("-", "−") for value in values]


def _power(value: float) -> str:
    if value == 0:
        return "0"
    mantissa, _, power = f"{value:.2e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}×10{str(int(power)).translate(_SUPERSCRIPT)}".replace("-", "−")
