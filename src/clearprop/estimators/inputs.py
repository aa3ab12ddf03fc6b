"""Arrays, sparse matrices and DataFrames as users give them -> the matrix that a network sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.tabular.recipe import ONE_HOT_TO

if TYPE_CHECKING:
    from clearprop.table import Encoding, Table
    from clearprop.table.columns import Number
    from clearprop.table.scaling import Scale
    from clearprop.table.target import Target

DENSE_LIMIT = 4 * 2**30
"""A sparse matrix is learnt from as a whole, made dense, where that takes no more than so many bytes."""

SOFTEST = 2.999
"""A scaled number never reaches ±3; where a network says it does, it is taken for this."""

SLICE = 2**24
"""A sparse matrix is predicted from in slices of about so many numbers."""


def read(estimator: Any, X: Any, *, reset: bool, missing: bool, name: str = "X") -> Any:
    """X checked: an array of float32 or float64, a CSR matrix or a Table; what it is called is the estimator's own.

    Args:
        reset: whether the estimator takes over number and names of the columns, or holds X against them.
        missing: whether NaN is a value like others.

    Raises:
        InputError: a value is infinite, or missing where it must not be; it names the place.
        ValueError, TypeError: as scikit-learn has them for what is no table of numbers, or not the fitted one's.
    """
    frame = _frame(X)
    if frame is not None:
        from clearprop.table import from_frame

        table = from_frame(frame, name)
        validate_data(estimator, X=X, reset=reset, skip_check_array=True)
        return table
    if isinstance(X, np.ndarray) and X.dtype.kind in "mM":
        raise InputError(f"{name}: expected real numbers, got dates; give a DataFrame, whose columns of dates are read")
    array = validate_data(
        estimator,
        X=X,
        reset=reset,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        ensure_all_finite=False,
    )
    _check_finite(name, array, missing)
    return array


def _frame(X: Any) -> Any:
    """X where it is a DataFrame of any library, else None."""
    if isinstance(X, np.ndarray | list | tuple) or hasattr(X, "nnz"):
        return None
    import narwhals as nw

    known = nw.from_native(X, pass_through=True)
    return X if isinstance(known, nw.DataFrame | nw.LazyFrame) else None


def _check_finite(name: str, array: Any, missing: bool) -> None:
    sparse = hasattr(array, "nnz")
    values = array.data if sparse else array
    wrong = np.isinf(values) if missing else ~np.isfinite(values)
    if not wrong.any():
        return
    if sparse:
        entry = int(np.argmax(wrong))
        row = int(np.searchsorted(array.indptr, entry, side="right")) - 1
        column, value = int(array.indices[entry]), values[entry]
    else:
        row, column = (int(index) for index in np.argwhere(wrong)[0])
        value = values[row, column]
    kind = "NaN" if np.isnan(value) else f"{value}"
    mend = (
        'fill missing values first, or take recipe="strong", which knows them'
        if np.isnan(value)
        else "infinite values cannot be learnt from; write NaN where a value is missing"
    )
    raise InputError(f"{name}[{row}, {column}] is {kind}: every number must be finite; {mend}")


def take(rows: Any, index: NDArray[np.int64]) -> Any:
    """Some rows of what `read` gave."""
    return rows[index] if isinstance(rows, np.ndarray) or hasattr(rows, "nnz") else rows.select(index)


def count(rows: Any) -> int:
    """How many rows there are in what `read` gave."""
    return rows.shape[0] if hasattr(rows, "nnz") else len(rows)


def slices(rows: Any) -> Iterator[Any]:
    """What `read` gave, a sparse matrix in slices that are small when dense."""
    if not hasattr(rows, "nnz"):
        yield rows
        return
    height = max(1, SLICE // max(1, rows.shape[1]))
    for start in range(0, rows.shape[0], height):
        yield rows[start : start + height]


def dense(rows: Any, name: str = "X") -> Any:
    """A sparse matrix as an array; the rest as it is.

    Raises:
        InputError: it would take more than `DENSE_LIMIT` bytes.
    """
    if not hasattr(rows, "nnz"):
        return rows
    size = rows.shape[0] * rows.shape[1] * rows.dtype.itemsize
    if size > DENSE_LIMIT:
        raise InputError(
            f"{name}: {rows.shape[0]:,} × {rows.shape[1]:,} sparse numbers take {size / 2**30:.1f} GiB when made "
            f"dense, more than {DENSE_LIMIT / 2**30:g} GiB; learn with partial_fit by parts, or have fewer columns "
            "by sklearn.decomposition.TruncatedSVD"
        )
    return rows.toarray()


@dataclass(frozen=True)
class ArrayColumn:
    """A column of numbers: its scale, None for one that is only missing or not; how many values training lacked."""

    place: int
    scale: Scale | None
    missing: int
    binary: bool

    def as_number(self) -> Number:
        """The same as the table room has it."""
        from clearprop.table.columns import Number

        return Number(f"x{self.place}", self.missing, (), self.scale, self.binary)


@dataclass(frozen=True)
class ArrayInputs:
    """Columns of numbers as they are, or as an Encoding has them: scaled, with a 0/1 indicator where values lacked.

    Attributes:
        given: how many columns there are.
        columns: those that tell something, or None for numbers as they are.
        constants: the value of each column that always has the same, NaN for the others.
        dtype: what the network computes in.
    """

    given: int
    columns: tuple[ArrayColumn, ...] | None
    constants: tuple[float, ...]
    dtype: str

    @staticmethod
    def learn(X: Array, weights: Array | None, *, scaled: bool, dtype: str) -> ArrayInputs:
        """From the training rows (N, columns) and their weights (N,).

        Raises:
            InputError: no column tells anything.
        """
        from clearprop.table.scaling import Scale, only_two

        if not scaled:
            return ArrayInputs(X.shape[1], None, (), dtype)
        columns, constants = [], np.full(X.shape[1], np.nan)
        for place, values in enumerate(X.T.astype(np.float64)):
            absent = int(np.isnan(values).sum())
            scale = Scale.learn(values, weights) if absent < len(values) else None
            if scale is None:
                constants[place] = np.nan if absent == len(values) else values[~np.isnan(values)][0]
            if scale is not None or 0 < absent < len(values):
                columns.append(ArrayColumn(place, scale, absent, only_two(values)))
        if not columns:
            samples = "1 sample" if len(X) == 1 else f"{len(X)} samples"
            raise InputError(f"X: no column is left to learn from: all are constant or missing in the {samples}")
        return ArrayInputs(X.shape[1], tuple(columns), tuple(constants.tolist()), dtype)

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each input."""
        if self.columns is None:
            return tuple(f"x{place}" for place in range(self.given))
        names = [name for column in self.columns for name in column.as_number().input_names]
        return tuple(names[place] for place in np.argsort(self._places))

    @property
    def categories(self) -> tuple[int, ...]:
        """How many categories each input numbers: 0, for all are numbers."""
        return (0,) * self.width

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """Where the inputs stand, of which those of each column come one after the other."""
        from clearprop.table.column import in_order

        return in_order([kind for column in self.columns or () for kind in column.as_number().input_kinds])

    @property
    def missing_allowed(self) -> bool:
        return self.columns is not None

    def matrix(self, rows: Any, name: str = "X") -> Array:
        """The inputs (N, width) of what `read` gave."""
        X = _numbers(rows, name) if not isinstance(rows, np.ndarray) else rows
        if self.columns is None:
            with np.errstate(over="ignore"):
                plain = np.ascontiguousarray(X, dtype=self.dtype)
            _check_finite(name, plain, False)
            return plain
        out = np.zeros((len(X), self.width), dtype=self.dtype)
        places = iter(self._places)
        for column in self.columns:
            values = X[:, column.place].astype(np.float64)
            if column.scale is not None:
                out[:, next(places)] = column.scale(values)
            if column.missing:
                out[:, next(places)] = np.isnan(values)
        return out

    def restored(self, matrix: Array) -> Array:
        """The numbers (N, given) that inputs stand for: the inverse of `matrix`, for a constant column its value."""
        from clearprop.table.scaling import restored

        if self.columns is None:
            return matrix.astype(np.float64)
        out = np.tile(np.array(self.constants), (len(matrix), 1))
        places = iter(self._places)
        for column in self.columns:
            if column.scale is not None:
                s = np.clip(matrix[:, next(places)].astype(np.float64), -SOFTEST, SOFTEST)
                z = s / np.sqrt(1.0 - np.square(s / 3.0))
                out[:, column.place] = restored(z, column.scale.centre, column.scale.width)
            if column.missing:
                next(places)
        return out

    def encoding(self, target: Target, rows: int) -> Encoding:
        """The same as the table room has it, of a table with the columns x0, x1, …"""
        from clearprop.table import Encoding

        if self.columns is None:
            raise InputError("encoding: the numbers are taken as they are")
        return Encoding(tuple(one.as_number() for one in self.columns), target, rows, 0)


def _numbers(rows: Any, name: str) -> Array:
    """A sparse matrix, or a Table of numbers and truth values, as an array; NaN is missing."""
    if hasattr(rows, "nnz"):
        array: Array = dense(rows, name)
        return array
    import polars as pl

    from clearprop.table.table import quoted

    for column in rows.frame:
        if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
            raise InputError(
                f"{name}, column {quoted(column.name)}: expected numbers, as in training, got values of type "
                f"{column.dtype}"
            )
    numbers: Array = rows.frame.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return numbers


@dataclass(frozen=True)
class TableInputs:
    """Columns of a DataFrame, encoded as `clearprop train` does."""

    encoding: Encoding
    names: tuple[str, ...]
    dtype: str

    @staticmethod
    def learn(table: Table, weights: Array | None, target: Target, dtype: str, embeds: bool) -> TableInputs:
        """From the training rows and their weights (N,); no input is learnt from the target."""
        from clearprop.table import Encoding
        from clearprop.table.column import Learning
        from clearprop.table.kinds import learn
        from clearprop.table.table import quoted

        learning = Learning(weights, ONE_HOT_TO if embeds else None)
        columns = tuple(learn(table, name, learning=learning) for name in table.names)
        encoding = Encoding(columns, target, len(table), 0)
        if not encoding.input_names:
            reasons = "; ".join(f"{quoted(column.name)}: {column.done}" for column in columns)
            raise InputError(f"{table.source}: no column is left to learn from ({reasons})")
        return TableInputs(encoding, table.names, dtype)

    @property
    def width(self) -> int:
        return len(self.encoding.input_names)

    @property
    def categories(self) -> tuple[int, ...]:
        """How many categories each input numbers, 0 for a number."""
        return self.encoding.input_categories

    @property
    def missing_allowed(self) -> bool:
        return True

    def matrix(self, rows: Any, name: str = "X") -> Array:
        """The inputs (N, width) of what `read` gave."""
        return np.ascontiguousarray(self.encoding.inputs(self.table(rows, name)), dtype=self.dtype)

    def table(self, rows: Any, name: str = "X") -> Table:
        """What `read` gave as a Table; the columns of an array are those of training, in their order."""
        import polars as pl

        from clearprop.table import Table

        if isinstance(rows, Table):
            return rows
        columns = zip(self.names, dense(rows, name).T, strict=True)
        return Table.of(pl.DataFrame({one: np.ascontiguousarray(column) for one, column in columns}), name)


Inputs = ArrayInputs | TableInputs


def learn_inputs(rows: Any, weights: Array | None, target: Target, *, scaled: bool, dtype: str, embeds: bool) -> Inputs:
    """How the columns of the training rows become inputs.

    Args:
        rows: what `read` gave.
        target: of the same rows; its name is none of their columns'.
        weights: of these rows, or None for 1 each.
        scaled: whether numbers are scaled. Columns that are no numbers always are encoded.
        embeds: whether an input may be the number of a category.
    """
    if not isinstance(rows, np.ndarray) and not hasattr(rows, "nnz"):
        import polars as pl

        as_they_are = all(kind.is_numeric() or kind == pl.Boolean for kind in rows.frame.dtypes)
        if scaled or not as_they_are:
            return TableInputs.learn(rows, weights, target, "float32" if dtype == "given" else dtype, embeds)
        rows = _numbers(rows, "X")
        _check_finite("X", rows, False)
    kind = str(rows.dtype) if dtype == "given" else dtype
    return ArrayInputs.learn(dense(rows), weights, scaled=scaled, dtype=kind)
