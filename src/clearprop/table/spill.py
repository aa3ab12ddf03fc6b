"""Rows of numbers in a file without a name, which is gone when the process is, however it ends."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from clearprop.engines.base import Array
from clearprop.engines.source import InFile
from clearprop.errors import ClearpropError, InputError, in_bytes

SPARE = 64 << 20
"""Bytes that a disk is left with."""


def check_folder(folder: str | os.PathLike[str]) -> Path:
    """A folder that is there; another is an `InputError`."""
    path = Path(folder)
    if not path.is_dir():
        raise InputError(f"spill: there is no folder {path}")
    return path


class Spill:
    """Room for so many rows of X and Y, written once from the first to the last and then read in any order.

    Args:
        folder: where the file is; None is the temporary folder, as TMPDIR names it.
        rows: how many.
        X, Y: what a row is like: arrays of none.

    Raises:
        ClearpropError: the disk is too full.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, rows: int, X: Array, Y: Array) -> None:
        self.folder = check_folder(tempfile.gettempdir() if folder is None else folder)
        self.size = sum(rows * part.itemsize * int(np.prod(part.shape[1:])) for part in (X, Y))
        if shutil.disk_usage(self.folder).free < self.size + SPARE:
            raise self._full()
        with self._writing():
            descriptor, name = tempfile.mkstemp(prefix="clearprop-", dir=self.folder)
            os.unlink(name)
        shapes = ((rows, *X.shape[1:]), (rows, *Y.shape[1:]))
        self.X = InFile(descriptor, 0, shapes[0], X.dtype, "the spill file")
        behind = rows * X.itemsize * int(np.prod(X.shape[1:]))
        self.Y = InFile(os.dup(descriptor), behind, shapes[1], Y.dtype, "the spill file")
        self.written = 0

    def write(self, X: Array, Y: Array) -> None:
        """Puts rows behind those that are there."""
        with self._writing():
            self.X.write(self.written, X)
            self.Y.write(self.written, Y)
        self.written += len(X)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise self._full() from None
            raise ClearpropError(f"{self.folder}: the spill file cannot be written: {error.strerror}") from None

    def _full(self) -> ClearpropError:
        free = in_bytes(shutil.disk_usage(self.folder).free)
        return ClearpropError(
            f"{self.folder}: the disk is too full: the rows take up {in_bytes(self.size)}, and {free} are free; "
            "make room, or name a folder on another disk as spill"
        )
