"""How networks are computed: one protocol, several machines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from clearprop.errors import InputError, unknown

if TYPE_CHECKING:
    from clearprop.engines.base import Engine

MOST_THREADS = 1024
ENGINES = ("auto", "reference", "native")


def get_engine(name: str) -> Engine:
    """The engine of a name; "auto" is the native one.

    >>> get_engine("reference").name
    'reference'
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    if name == "reference":
        from clearprop.engines.reference import Reference

        return Reference()
    from clearprop.engines.native import Native

    return Native()


def thread_count(threads: int | None) -> int:
    """How many threads to use: as asked, else as CLEARPROP_THREADS says, else one a processor that may be used."""
    asked: object = threads if threads is not None else os.environ.get("CLEARPROP_THREADS") or None
    if asked is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not str(asked).isdecimal() or not 1 <= int(str(asked)) <= MOST_THREADS:
        raise InputError(f"threads: expected a whole number from 1 to {MOST_THREADS}, got {asked!r}")
    return int(str(asked))
