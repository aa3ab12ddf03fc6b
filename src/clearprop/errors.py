"""Every message a user can cause: what is wrong, where, and what to do about it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from importlib import import_module
from numbers import Integral, Real
from typing import Any


class ClearpropError(Exception):
    """The root of all errors that clearprop raises on purpose."""


class InputError(ClearpropError, ValueError):
    """What the user gave is wrong; the message names the place, what was expected, what came, and the mend."""


class DivergenceError(ClearpropError, ArithmeticError):
    """Training left the finite numbers; the message names epoch, step and learning rate.

    `result` holds the run up to the last step whose weights were finite.
    """

    def __init__(self, message: str, result: object = None) -> None:
        super().__init__(message)
        self.result = result


class WorkerError(ClearpropError, RuntimeError):
    """Another worker of a distributed run is gone or does not answer; the message says which, where that is known.

    `result` holds the run up to the last whole update that this worker has, where one call of `train` was at work.
    """

    def __init__(self, message: str, outcome: object = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.result: object = None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name nearest to a misspelt one as the end of a message, or nothing.

    >>> did_you_mean("sigmod", ["sigmoid", "tanh"])
    '; did you mean "sigmoid"?'
    >>> did_you_mean("zzz", ["sigmoid", "tanh"])
    ''
    """
    import difflib  # slow to import, and seldom needed

    close = difflib.get_close_matches(str(name).lower(), list(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def unknown(kind: str, name: object, known: Iterable[str]) -> InputError:
    """An error for a name that is not in a list, with the nearest one and the whole list.

    >>> str(unknown("activation", "sigmod", ["tanh", "sigmoid"]))
    'unknown activation "sigmod"; did you mean "sigmoid"? Known: sigmoid, tanh'
    """
    names = sorted(known)
    end = did_you_mean(str(name), names) or "."
    return InputError(f'unknown {kind} "{name}"{end} Known: {", ".join(names)}')


def check_number(name: str, value: object) -> float:
    """A finite number from 0 up, of Python or NumPy, as a float; anything else is an `InputError`.

    >>> check_number("l2", 1)
    1.0
    """
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    if not 0.0 <= number < math.inf:
        raise InputError(f"{name}: expected a number from 0 up, got {value!r}")
    return number


def check_count(name: str, value: object) -> int:
    """A whole number from 1 up, of Python or NumPy, as an int; anything else is an `InputError`.

    >>> check_count("units", 3)
    3
    """
    # An int is seen at once; to ask the abstract class takes longer.
    if isinstance(value, bool) or not isinstance(value, int | Integral) or value < 1:
        raise InputError(f"{name}: expected a whole number from 1 up, got {value!r}")
    return int(value)


def check_size(name: str, value: object) -> int:
    """A number of bytes, given as one or as a text such as "512MiB"; anything else is an `InputError`.

    >>> check_size("memory", "1GiB"), check_size("memory", "1.5 MB")
    (1073741824, 1500000)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?\s*", str(value), re.IGNORECASE)
    if isinstance(value, bool) or not isinstance(value, str | Integral) or not found or (found[3] and not found[2]):
        raise InputError(f'{name}: expected a size such as "512MiB" or "1GiB", or a number of bytes, got {value!r}')
    power = "BKMGT".index(found[2].upper() or "B")
    size = int(float(found[1]) * (1024 if found[3] or not found[2] else 1000) ** power)
    if not size:
        raise InputError(f"{name}: expected more than nothing, got {value!r}")
    return size


def in_bytes(size: float) -> str:
    """A number of bytes as people read it.

    >>> in_bytes(768 * 2**20), in_bytes(3 * 2**30), in_bytes(100)
    ('768.0 MiB', '3.0 GiB', '0.0 MiB')
    """
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"


def at_least(size: float) -> str:
    """A number of bytes as people read it, and no less.

    >>> at_least(768.01 * 2**20)
    '768.1 MiB'
    """
    tenth = (2**30 if size >= 2**30 else 2**20) / 10
    return in_bytes(math.ceil(size / tenth) * tenth)


_CALLED = {"onnx": "ONNX", "torch": "PyTorch", "matplotlib.pyplot": "matplotlib"}


def needed(package: str, extra: str) -> Any:
    """A package that an extra brings, imported when it is needed; one that is missing is an `InputError`.

    >>> needed("onix", "onnx")
    Traceback (most recent call last):
    clearprop.errors.InputError: onix is not installed; pip install "clearprop[onnx]"
    """
    try:
        return import_module(package)
    except ImportError:
        called = _CALLED.get(package, package)
        raise InputError(f'{called} is not installed; pip install "clearprop[{extra}]"') from None
