"""Packages that an extra brings."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from clearprop.errors import InputError

CALLED = {"onnx": "ONNX", "torch": "PyTorch"}


def needed(package: str, extra: str) -> Any:
    """A package that is imported when it is needed; where it is missing, an `InputError` says how to install it.

    >>> needed("onix", "onnx")
    Traceback (most recent call last):
    clearprop.errors.InputError: onix is not installed; pip install "clearprop[onnx]"
    """
    try:
        return import_module(package)
    except ImportError:
        called = CALLED.get(package, package)
        raise InputError(f'{called} is not installed; pip install "clearprop[{extra}]"') from None
