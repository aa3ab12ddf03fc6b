"""Names of a registry, some with one number: "relu", "leaky_relu", "leaky_relu(0.2)"."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeVar

from clearprop.errors import InputError, unknown

_CALL = re.compile(r"\s*([a-z0-9_]+)\s*(?:\(\s*([^()]*?)\s*\))?\s*")


@dataclass(frozen=True)
class Parameter:
    """The one number that an entry may take: its name, its usual value, and the open interval it lies in."""

    name: str
    default: float
    above: float = -math.inf
    below: float = math.inf


class Entry:
    """What every entry of a registry is called, and the number it was given, if it takes one."""

    name: str
    parameter: Parameter | None
    number: float | None

    @property
    def kind(self) -> str:
        """Its name without the number."""
        return self.name.split("(")[0]

    @property
    def numbers(self) -> tuple[float, ...]:
        """The number, as its functions take it after their arrays."""
        return () if self.number is None else (self.number,)


EntryT = TypeVar("EntryT", bound=Entry)


def look_up(kind: str, text: object, registry: Mapping[str, EntryT]) -> EntryT:
    """The entry that a name means, with its number; an unknown name or a number out of range is an `InputError`."""
    match = _CALL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise unknown(kind, text, registry)
    name, written = match.groups()
    if name not in registry:
        raise unknown(kind, name, registry)
    entry = registry[name]
    if written is None:
        return entry
    if entry.parameter is None:
        raise InputError(f'{kind} "{text}": {name} takes no number; write "{name}"')
    number = _number(kind, text, entry.parameter, written)
    changed = copy(entry)
    object.__setattr__(changed, "name", canonical(name, entry.parameter, number))
    object.__setattr__(changed, "number", number)
    return changed


def canonical(name: str, parameter: Parameter | None, number: float | None) -> str:
    """The shortest way to write an entry with its number.

    >>> canonical("leaky_relu", Parameter("slope", 0.01), 0.2), canonical("elu", Parameter("alpha", 1.0), 1.0)
    ('leaky_relu(0.2)', 'elu')
    """
    if parameter is None or number == parameter.default:
        return name
    return f"{name}({number!r})"


def _number(kind: str, text: Any, parameter: Parameter, written: str) -> float:
    try:
        number = float(written)
    except ValueError:
        raise InputError(f'{kind} "{text}": {parameter.name} is not a number: "{written}"') from None
    if not parameter.above < number < parameter.below:
        raise InputError(
            f'{kind} "{text}": {parameter.name} must lie between {parameter.above:g} and {parameter.below:g}'
        )
    return number
