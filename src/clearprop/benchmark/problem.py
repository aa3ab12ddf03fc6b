"""A case's numbers: table, targets, order of the rows and initial weights, the same in every process."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.benchmark.cases import Case

Array = NDArray[Any]

WORKED_WEIGHTS = ([[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]])
DOCUMENT_BIASES = (0.35, 0.60)


@dataclass(frozen=True)
class Problem:
    """What every contestant is handed.

    Attributes:
        X: (rows, inputs); of many networks (nets, rows, inputs).
        Y: classes (rows,) for softmax, else (rows, outputs); with the networks before.
        order: the rows in the order that every epoch visits them.
        weights, biases: of each layer, (inputs, units) and (units,), of tiny (1,); with the networks before.
    """

    case: Case
    X: Array
    Y: Array
    order: Array
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    @property
    def batches(self) -> list[slice]:
        """The places in `order` of each step's rows."""
        rows, batch = self.case.rows, self.case.batch
        return [slice(start, min(start + batch, rows)) for start in range(0, rows, batch)]


def make(case: Case, seed: int) -> Problem:
    """The numbers of a case, drawn from a seed; no more memory is touched than they take.

    >>> problem = make(Case("case", (3, 4, 2), rows=10, batch=4), seed=0)
    >>> problem.X.shape, problem.Y.shape, [(one.start, one.stop) for one in problem.batches]
    ((10, 3), (10,), [(0, 4), (4, 8), (8, 10)])
    """
    rng = np.random.default_rng([seed, case.rows, *case.sizes])
    dtype = np.dtype(case.dtype)
    if case.worked_example:
        weights = tuple(np.array(one, dtype) for one in WORKED_WEIGHTS)
        biases = tuple(np.array([one], dtype) for one in DOCUMENT_BIASES)
        return Problem(case, np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]]), np.arange(1), weights, biases)
    many = (case.nets,) if case.kind == "many" else ()
    X: Array = rng.standard_normal((*many, case.rows, case.sizes[0]), dtype)
    Y: Array
    if case.output == "softmax":
        Y = rng.integers(0, case.sizes[-1], (*many, case.rows))
        Y[..., : case.sizes[-1]] = np.arange(case.sizes[-1])[: case.rows]  # every class is there
    else:
        Y = rng.standard_normal((*many, case.rows, case.sizes[-1]), dtype)
    weights = tuple(
        rng.standard_normal((*many, inputs, units), dtype) * dtype.type(np.sqrt(2.0 / inputs))
        for inputs, units in pairwise(case.sizes)
    )
    biases = tuple(np.zeros((*many, units), dtype) for units in case.sizes[1:])
    order = rng.permutation(case.rows) if case.kind == "train" else np.arange(case.rows)
    return Problem(case, X, Y, order, weights, biases)
