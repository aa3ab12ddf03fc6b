"""Frozen dataclasses <-> plain JSON, strictly: what a class does not say, it does not accept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from clearprop.errors import InputError

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Dictionaries, lists, texts, numbers and truth values that say what a frozen dataclass holds."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    return [to_json(item) for item in value] if isinstance(value, tuple) else value


def from_json(kind: type[T], description: Any, where: str) -> T:
    """The object of class `kind` that `to_json` described; `where` names it in messages.

    Raises InputError for a key that is missing or unknown, a value of the wrong type, and a number that is not finite.
    """
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if not isinstance(description, Mapping):
        raise InputError(f"{where}: expected an object, got {description!r:.60}")
    if set(description) != set(names):
        wrong = sorted(set(description) ^ set(names), key=str)
        raise InputError(f"{where}: these keys are missing or unknown: {', '.join(map(str, wrong))}")
    return kind(**{name: _value(hints[name], description[name], f"{where}, {name}") for name in names})


def _value(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, UnionType):
        # A bool is an int to Python; the type that fits exactly goes first.
        choices = sorted(get_args(hint), key=lambda choice: type(value) is not choice)
        for choice in choices[:-1]:
            try:
                return _value(choice, value, where)
            except InputError:
                continue
        return _value(choices[-1], value, where)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise InputError(f"{where}: expected a list, got {value!r:.60}")
        return tuple(_value(get_args(hint)[0], item, f"{where} {place}") for place, item in enumerate(value, 1))
    if is_dataclass(hint):
        return from_json(hint, value, where)  # type: ignore[arg-type]
    if hint is float and type(value) is int and abs(value) <= 2**53:
        return float(value)
    if type(value) is not hint or (hint is float and not math.isfinite(value)):
        raise InputError(f"{where}: expected a {hint.__name__}, got {value!r:.60}")
    return value
