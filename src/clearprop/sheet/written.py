"""Numbers as somebody wrote them: the digits are kept, for how many there are is part of what is claimed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from clearprop.errors import InputError

_NUMBER = re.compile(r"[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d{1,6}))?", re.ASCII)


@dataclass(frozen=True)
class Written:
    """A number in the digits that it was written in.

    Attributes:
        text: the digits, as they stand.
        value: the number.
        exponent: the last digit written counts 10**exponent.

    Raises:
        InputError: the text is no number, or one that is too large for a float.

    >>> net_h1 = Written("0.3775")
    >>> net_h1.value, net_h1.decimals, net_h1.unit
    (0.3775, 4, 0.0001)
    >>> Written("3.5e-05").decimals, Written("-.5").value, Written("120").unit
    (6, -0.5, 1.0)
    """

    text: str
    value: float = field(init=False, compare=False)
    exponent: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        plain = self.text.replace("−", "-")  # the minus sign of printed mathematics
        match = _NUMBER.fullmatch(plain)
        if match is None:
            raise InputError(f'expected a number, got "{self.text}"')
        digits = match[1] or match[2] or ""
        value, exponent = float(plain), int(match[3] or 0) - len(digits)
        if math.isinf(value) or math.isinf(float(f"1e{exponent}")):
            raise InputError(f"{self.text} is too large: a float ends at 1.8e308")
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "exponent", exponent)

    @property
    def decimals(self) -> int:
        """How many digits after the point were written."""
        return max(0, -self.exponent)

    @property
    def unit(self) -> float:
        """What one step of the last digit is worth."""
        return float(f"1e{self.exponent}")

    def __str__(self) -> str:
        return self.text
