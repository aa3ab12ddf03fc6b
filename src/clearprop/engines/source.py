"""Rows that need not be in memory: any part of them can be read at any time."""

from __future__ import annotations

import mmap
import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.engines.base import Array
from clearprop.engines.order import BLOCK, WINDOW
from clearprop.errors import ClearpropError, InputError, check_size
from clearprop.network.parameters import real_array

STEP = BLOCK * WINDOW
"""How many rows are looked at together where all are."""
AT_ONCE = 8 * BLOCK
"""How many rows are looked through together for those that are wanted."""
MEMORY = "1GiB"
PROCESS = 192 << 20
"""About what Python and the libraries take up before there is any row."""


class Numbers(Protocol):
    """A matrix, or a list of numbers, of which any rows can be read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self, first: int, out: Array) -> None:
        """Fills `out`, whose first axis is rows, with those from number `first` on, in its own float type."""


class InMemory:
    """Numbers of an array."""

    def __init__(self, array: Array) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def read(self, first: int, out: Array) -> None:
        np.copyto(out, self.array[first : first + len(out)], casting="unsafe")


class InFile:
    """Numbers of a file, rows first, which are read and not mapped: what is mapped counts as the process's memory."""

    def __init__(self, descriptor: int, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
        self.descriptor, self.offset, self.shape, self.dtype, self.name = descriptor, offset, shape, dtype, name
        self._row = dtype.itemsize * int(np.prod(shape[1:]))
        weakref.finalize(self, os.close, descriptor)

    def read(self, first: int, out: Array) -> None:
        straight = out.dtype == self.dtype and out.flags.c_contiguous
        target = out if straight else np.empty(out.shape, self.dtype)
        left, place = target.reshape(-1).view(np.uint8).data, self.offset + first * self._row
        while len(left):
            count = os.preadv(self.descriptor, [left], place)
            if not count:
                raise ClearpropError(
                    f"{self.name}: it has become shorter since it was opened; leave it alone, and begin again"
                )
            left, place = left[count:], place + count
        if not straight:
            np.copyto(out, target, casting="unsafe")

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{self.name}: what reads an open file cannot be copied or sent; make the source where it is used"
        )

    def write(self, first: int, rows: Array) -> None:
        """Puts rows, of the numbers' own type, in their place."""
        left, place = rows.reshape(-1).view(np.uint8).data, self.offset + first * self._row
        while len(left):
            count = os.pwrite(self.descriptor, left, place)
            left, place = left[count:], place + count


class Source(ABC):
    """Inputs and targets of rows, to train on without having them in memory: `train(model, source, ...)`.

    Attributes:
        memory: how many bytes the process may take up while it learns from it.
    """

    memory: int

    @property
    @abstractmethod
    def like(self) -> tuple[Array, Array]:
        """None of the rows, in the types in which they are kept: X (0, inputs), and Y, (0,) or (0, outputs)."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def read(self, first: int, X: Array, Y: Array) -> None:
        """Fills X (n, inputs) and Y with the rows from number `first` on, in the arrays' own types.

        Y is (n,), or (n, outputs); (n, 1) also where the targets are a list.
        """

    def room(self, rows: int) -> tuple[Array, Array]:
        """X and Y for so many rows, in the types in which they are kept; of zeros."""
        X, Y = self.like
        return np.zeros((rows, *X.shape[1:]), X.dtype), np.zeros((rows, *Y.shape[1:]), Y.dtype)

    @property
    def row_bytes(self) -> int:
        """How much memory a row takes up."""
        return sum(part.itemsize * int(np.prod(part.shape[1:])) for part in self.like)

    @property
    def known_bytes(self) -> int:
        """How much memory is taken up by what is known of all rows beside themselves, such as which are left out."""
        return 0

    def parts(self, step: int = STEP) -> Iterator[tuple[int, Array, Array]]:
        """All rows, so many at a time: the number of the first, X and Y, in the types in which they are kept."""
        for first in range(0, len(self), step):
            yield first, *self.some(first, min(step, len(self) - first))

    def some(self, first: int, count: int) -> tuple[Array, Array]:
        """X and Y of so many rows from number `first` on, in the types in which they are kept."""
        X, Y = self.room(count)
        self.read(first, X, Y)
        return X, Y

    def taken(self, rows: NDArray[np.int64]) -> tuple[Array, Array]:
        """X and Y of some rows, whose numbers are sorted, in the types in which they are kept."""
        X, Y = self.room(len(rows))
        ends = np.searchsorted(rows, np.arange(0, len(self) + BLOCK, BLOCK))
        for block in np.flatnonzero(np.diff(ends)):
            own = slice(ends[block], ends[block + 1])
            first, last = int(rows[own.start]), int(rows[own.stop - 1])
            some = self.some(first, last + 1 - first)
            X[own], Y[own] = (part[rows[own] - first] for part in some)
        return X, Y


class ArraySource(Source):
    """A source of arrays: in memory, or in .npy files, of which no more is read than is needed.

    Args:
        X: (N, inputs): an array, or the name of a .npy file, or a memory map of one, which is read as the file is.
        Y: (N,) or (N, outputs), class indices or numbers; likewise.
        memory: how much memory the process may take up, as `"1GiB"`, `"512MiB"`, or a number of bytes.

    Raises:
        InputError: a file is not there, is no .npy file of numbers, or X and Y do not go together.

    >>> import clearprop as cp
    >>> source = ArraySource(np.eye(4), np.array([0, 1, 0, 1]))
    >>> net = cp.Network.parse("4-2", output="softmax", loss="cross_entropy")
    >>> model = cp.Model.initialized(net)
    >>> len(source), cp.train(model, source, optimizer=cp.SGD(0.5), batch_size=2).state.step
    (4, 2)
    """

    def __init__(
        self,
        X: ArrayLike | str | os.PathLike[str],
        Y: ArrayLike | str | os.PathLike[str],
        *,
        memory: str | int = MEMORY,
    ) -> None:
        self.memory = check_size("memory", memory)
        self._numbers = _numbers("X", X), _numbers("Y", Y)
        shapes = tuple(part.shape for part in self._numbers)
        if len(shapes[0]) != 2 or len(shapes[1]) not in (1, 2) or shapes[0][0] != shapes[1][0] or 0 in shapes[0]:
            raise InputError(
                f"X and Y: expected shapes (N, inputs) and (N,) or (N, outputs), got {shapes[0]} and {shapes[1]}"
            )

    @property
    def like(self) -> tuple[Array, Array]:
        X, Y = (np.empty((0, *part.shape[1:]), part.dtype) for part in self._numbers)
        return X, Y

    def __len__(self) -> int:
        return self._numbers[0].shape[0]

    def read(self, first: int, X: Array, Y: Array) -> None:
        inputs, targets = self._numbers
        inputs.read(first, X)
        targets.read(first, Y.reshape(len(Y), *targets.shape[1:]))

    def __repr__(self) -> str:
        X, Y = self._numbers
        return f"ArraySource(X {X.shape}, Y {Y.shape})"


class Typed(Source):
    """A source whose rows come in the types of X (0, inputs) and Y, (0,) or (0, outputs)."""

    def __init__(self, source: Source, X: Array, Y: Array) -> None:
        self.source, self.memory, self._like = source, source.memory, (X, Y)

    @property
    def like(self) -> tuple[Array, Array]:
        return self._like

    def __len__(self) -> int:
        return len(self.source)

    @property
    def known_bytes(self) -> int:
        return self.source.known_bytes

    def read(self, first: int, X: Array, Y: Array) -> None:
        self.source.read(first, X, Y)


class Without(Source):
    """A source without some of its rows: row n is the n-th that is left.

    Args:
        left_out: (N,), True for those that are not in it.
    """

    def __init__(self, source: Source, left_out: NDArray[np.bool_]) -> None:
        self.source, self.memory, self.kept = source, source.memory, ~left_out
        sums = np.add.reduceat(self.kept, np.arange(0, len(self.kept), BLOCK), dtype=np.int64)
        self.before = np.concatenate([[0], np.cumsum(sums)])  # how many are kept before each block, and in all

    @property
    def like(self) -> tuple[Array, Array]:
        return self.source.like

    def __len__(self) -> int:
        return int(self.before[-1])

    @property
    def known_bytes(self) -> int:
        return self.source.known_bytes + self.kept.nbytes

    def read(self, first: int, X: Array, Y: Array) -> None:
        start, end, done = self._place(first), self._place(first + len(X) - 1) + 1, 0
        for place in range(start, end, AT_ONCE):  # where few are kept, the rows they stand among are many
            kept = self.kept[place : min(place + AT_ONCE, end)]
            all_X, all_Y = (np.empty((len(kept), *part.shape[1:]), part.dtype) for part in (X, Y))
            self.source.read(place, all_X, all_Y)
            own = slice(done, done + int(kept.sum()))
            X[own], Y[own] = all_X[kept], all_Y[kept]
            done = own.stop

    def _place(self, number: int) -> int:
        """Where the row of a number stands among all."""
        block = int(np.searchsorted(self.before, number, side="right")) - 1
        start = block * BLOCK
        return start + int(np.flatnonzero(self.kept[start : start + BLOCK])[number - self.before[block]])


def _numbers(name: str, given: Any) -> Numbers:
    if isinstance(given, str | os.PathLike):
        return npy(Path(given))
    # A map that is copied on writing may hold numbers that its file has not.
    mapped = isinstance(given, np.memmap) and isinstance(given.base, mmap.mmap) and given.mode != "c"
    if mapped and given.flags.c_contiguous:
        path = Path(str(given.filename))
        return InFile(_opened(path), given.offset, given.shape, given.dtype, str(path))
    return InMemory(real_array(name, given))


def npy(path: Path) -> InFile:
    """The numbers in a .npy file."""
    descriptor = _opened(path)
    try:
        with open(descriptor, "rb", closefd=False) as file:
            version = np.lib.format.read_magic(file)
            header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, by_columns, dtype = header[version](file)
            offset = file.tell()
    except (KeyError, ValueError, OSError):
        os.close(descriptor)
        raise InputError(f"{path}: this is no .npy file") from None
    numbers = InFile(descriptor, offset, shape, dtype, str(path))
    if dtype.kind not in "fiub" or not shape:
        raise InputError(f"{path}: expected rows of real numbers, got {dtype} of shape {shape}")
    if by_columns and len(shape) > 1:
        raise InputError(
            f"{path}: it is stored column by column; store it row by row: numpy.save(path, numpy.ascontiguousarray(X))"
        )
    if os.fstat(descriptor).st_size < offset + shape[0] * numbers._row:
        raise InputError(f"{path}: the file is cut off: its end is missing")
    return numbers


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
