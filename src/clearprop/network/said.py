"""How a description is written in Python, without what few need and nearly all leave as it is."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

UNSAID = {"said": False}
"""The metadata of a field that is written only where it has another value than usual."""


def said(description: DataclassInstance) -> str:
    """The call that makes a description, as `repr` writes it.

    >>> from dataclasses import dataclass, field
    >>> @dataclass(repr=False)
    ... class Tap:
    ...     litres: float
    ...     drips: bool = field(default=False, metadata=UNSAID)
    >>> said(Tap(0.5)), said(Tap(0.5, drips=True))
    ('Tap(litres=0.5)', 'Tap(litres=0.5, drips=True)')
    """
    settings: list[tuple[str, Any]] = []
    for entry in fields(description):
        value = getattr(description, entry.name)
        if entry.metadata.get("said", True) or value != entry.default:
            settings.append((entry.name, value))
    return f"{type(description).__name__}({', '.join(f'{name}={value!r}' for name, value in settings)})"
