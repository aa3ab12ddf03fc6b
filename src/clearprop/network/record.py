"""The hook through which a computation tells each quantity on its way: its name and its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Record = Callable[[str, Array], Any]


def ignore(name: str, value: Array) -> None:
    """Records nothing."""
