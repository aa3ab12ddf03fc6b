"""How networks are computed: one protocol, several machines."""

from __future__ import annotations

import os
from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING

from clearprop.errors import InputError, needed, unknown

if TYPE_CHECKING:
    from clearprop.engines.base import Engine

MOST_THREADS = 1024
ENGINES = ("auto", "reference", "native", "torch")


def get_engine(name: str) -> Engine:
    """The engine of a name; "auto" is the native one, "torch:cuda:1" the one on PyTorch on a device of that name.

    "torch" takes a CUDA device where there is one, else the processor.

    >>> get_engine("reference").name
    'reference'
    """
    if name in ("auto", "native"):
        return _native()
    check_engine(name)
    if name.startswith("torch"):
        from clearprop.engines.torch.engine import Torch

        return Torch(name)
    from clearprop.engines.reference import Reference

    return Reference()


@cache
def _native() -> Engine:
    from clearprop.engines.native import Native

    return Native()


def check_engine(name: str) -> str:
    """The name, where it is an engine's that is installed; else an `InputError`."""
    if isinstance(name, str) and name.partition(":")[0] == "torch":
        needed("torch", "torch")
    elif name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    return name


def thread_count(threads: int | None, processes: int = 1) -> int:
    """How many threads to use: as asked, else as CLEARPROP_THREADS says, else one a processor that may be used.

    `processes` that are at work on this machine together divide the processors among them.
    """
    if threads is not None:
        whole = isinstance(threads, Integral) and not isinstance(threads, bool)
        return _in_range("threads", threads, int(threads) if whole else 0)
    if asked := os.environ.get("CLEARPROP_THREADS"):
        return _in_range("CLEARPROP_THREADS", asked, int(asked) if asked.isdecimal() else 0)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // processes)


def _in_range(name: str, asked: object, count: int) -> int:
    if not 1 <= count <= MOST_THREADS:
        raise InputError(f"{name}: expected a whole number from 1 to {MOST_THREADS}, got {asked!r}")
    return count
