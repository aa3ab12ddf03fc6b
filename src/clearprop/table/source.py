"""A table that need not fit in memory, as a source to train on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clearprop.engines.base import Array
from clearprop.engines.source import MEMORY, Source
from clearprop.errors import ClearpropError, InputError, check_size
from clearprop.random import check_seed
from clearprop.table.encoding import Encoding
from clearprop.table.files import Paths, called, files, place
from clearprop.table.kinds import check_kinds
from clearprop.table.spill import Spill, check_folder
from clearprop.table.survey import MOST_CODED, MOST_HELD_OUT, Survey, survey
from clearprop.table.table import Table, quoted
from clearprop.table.target import Target
from clearprop.training.split import are_held_out, check_share


class TableSource(Source):
    """A table in one file or in many that need not fit in memory, encoded as `clearprop train` encodes it.

    Making one reads the files once, for the types of the columns and for what the encoding is learnt from. When rows
    are first wanted, the files are read once more, and the encoded rows are kept in a file without a name, from which
    every epoch reads them; it is gone when the source is. Rows without a target are left out.

    Args:
        paths: a file, a pattern such as "data/*.parquet", a folder, or a list of these: CSV, TSV (also .gz), Parquet or
            Arrow, of one kind and with the same columns. They are one table, in the order of their names.
        target: the column to predict. Its classes become class indices; numbers are standardised, as
            `encoding.unstandardise` undoes.
        task, kinds, one_hot_to: as `Encoding.learn`.
        seed: of the choice of rows that statistics are learnt from, where there are more than 262,144.
        memory: how much memory the process may take up, as `"1GiB"`, `"512MiB"`, or a number of bytes.
        spill: the folder for the file of encoded rows; None is the temporary one, as TMPDIR names it.
        held_out: the share of the rows to learn nothing from, at most 0.75, as `split` chooses them; they stay among
            the source's.

    Attributes:
        encoding: how the columns become inputs.
        dropped: how many rows have no target.
        held_out: of each row (N,), whether nothing was learnt from it; None where none are held out.
        classes: of each row (N,), where rows are held out, its class; None for numbers.

    Raises:
        InputError: there is no such file; one is damaged, or its columns or their types are others than in the first;
            too large a share is to be held out; or as `Encoding.learn`.

    >>> import tempfile
    >>> import clearprop as cp
    >>> import polars as pl
    >>> folder = tempfile.mkdtemp()
    >>> for part in range(3):
    ...     x = np.arange(100.0) + part
    ...     pl.DataFrame({"x": x, "y": np.where(x > 50, "high", "low")}).write_parquet(f"{folder}/{part}.parquet")
    >>> source = cp.TableSource(f"{folder}/*.parquet", target="y")
    >>> source
    TableSource(300 rows of 1 input, target "y": 2 classes)
    >>> net = cp.Network.parse("1-8-2", hidden="relu", output="softmax", loss="cross_entropy")
    >>> model = cp.Model.initialized(net, dtype="float32")
    >>> result = cp.train(model, source, optimizer=cp.Adam(0.01), batch_size=32, epochs=20)
    >>> result.history.loss[-1] < 0.3
    True
    """

    def __init__(
        self,
        paths: Paths,
        *,
        target: str,
        task: str | None = None,
        kinds: Mapping[str, str] | None = None,
        one_hot_to: int | None = None,
        seed: int = 0,
        memory: str | int = MEMORY,
        spill: str | os.PathLike[str] | None = None,
        held_out: float | None = None,
    ) -> None:
        self.memory, seed = check_size("memory", memory), check_seed(seed)
        self.folder = None if spill is None else check_folder(spill)
        share = None if held_out is None else _check_held_out(held_out)
        check_kinds(kinds or {})
        named = (target, *(kinds or ()))
        self._survey = survey(files(paths), called(paths), named, seed, self.memory, share)
        self.dropped = self._survey.rows - self._survey.labelled
        answer = self._target(task)
        self.held_out: NDArray[np.bool_] | None = None
        self.classes: NDArray[np.unsignedinteger] | None = None
        rows = None
        if share is not None:
            self.classes = self._classes(answer)
            self.held_out = are_held_out(len(self) if self.classes is None else self.classes, share, seed)
            rows = np.flatnonzero(~self.held_out[self._survey.pooled])
        encoding = Encoding.learn(self._survey.pool, answer, rows, kinds=kinds, one_hot_to=one_hot_to, seed=seed)
        self.encoding = encoding if rows is not None else replace(encoding, dropped_rows=self.dropped)
        # What has been learnt from is not needed any more, and may be large.
        self._survey = replace(self._survey, pool=self._survey.pool.select([]), codes=None)
        self._spill: Spill | None = None

    def _classes(self, answer: Target) -> NDArray[np.unsignedinteger] | None:
        """The class of each row, in the smallest type; None for numbers."""
        found = self._survey
        if answer.task == "numbers":
            return None
        if found.codes is None:
            raise InputError(
                f"{found.source}: the target {quoted(answer.name)} has over {MOST_CODED:,} classes, too many for a "
                'table that is read in parts; give it more memory, or say task="numbers" if these are numbers'
            )
        values = pl.DataFrame({answer.name: found.values})
        classes = answer.values(Table(values, found.source, np.arange(1, len(found.values) + 1)))
        smallest = classes.astype(np.min_scalar_type(int(classes.max())))
        of_rows: NDArray[np.unsignedinteger] = smallest[found.codes]
        return of_rows

    def _target(self, task: str | None) -> Target:
        found = self._survey
        name = quoted(found.tally.values.name)
        return Target.counted(
            found.tally, task, found.source, lambda row: f"{place(found.starts, row + 1)}, column {name}"
        )

    @property
    def source(self) -> str:
        """What its files are called together."""
        return self._survey.source

    @property
    def inputs(self) -> int:
        """How many inputs a network for it has."""
        return len(self.encoding.input_names)

    @property
    def outputs(self) -> int:
        """How many outputs a network for it has: one a class, or one for a number."""
        return max(1, len(self.encoding.classes))

    @property
    def like(self) -> tuple[Array, Array]:
        X = np.empty((0, self.inputs), np.float32)
        if self.encoding.task == "numbers":
            return X, np.empty((0, 1))
        return X, np.empty(0, np.min_scalar_type(self.outputs - 1))

    def __len__(self) -> int:
        return self._survey.labelled

    @property
    def known_bytes(self) -> int:
        return sum(known.nbytes for known in (self.held_out, self.classes) if known is not None)

    def read(self, first: int, X: Array, Y: Array) -> None:
        if self._spill is None:
            self._spill = self._spilled(self._survey)
        self._spill.X.read(first, X)
        self._spill.Y.read(first, Y.reshape(len(Y), *self._spill.Y.shape[1:]))

    def _spilled(self, found: Survey) -> Spill:
        X, Y = self.like
        spill = Spill(self.folder, len(self), X, Y)
        for table in found.tables():
            if spill.written + len(table) > len(self):
                raise _changed(found)
            spill.write(self.encoding.inputs(table), targets(self.encoding, table).astype(Y.dtype))
        if spill.written != len(self):
            raise _changed(found)
        return spill

    def __repr__(self) -> str:
        inputs = f"{self.inputs:,} input{'' if self.inputs == 1 else 's'}"
        task = f"{len(self.encoding.classes)} classes" if self.encoding.classes else "numbers"
        return f"TableSource({len(self):,} rows of {inputs}, target {quoted(self.encoding.target.name)}: {task})"


def _check_held_out(share: float) -> float:
    share = check_share(share)
    if share > MOST_HELD_OUT:
        raise InputError(
            f"held_out: expected a share of at most {MOST_HELD_OUT} of a table that is read in parts, got {share:g}; "
            "put the rows to judge by into files of their own"
        )
    return share


def _changed(found: Survey) -> ClearpropError:
    return ClearpropError(f"{found.source}: its rows have changed since they were first read; read it anew")


def targets(encoding: Encoding, table: Table) -> NDArray[Any]:
    """What a network learns of a table's target: class indices (N,), or standardised numbers (N, 1)."""
    found = encoding.targets(table)
    return found if encoding.task == "classes" else encoding.standardise(found)
