"""A prediction of a fitted estimator, taken apart: one member, or all of them and their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.estimators.inputs import TableInputs, count, take

if TYPE_CHECKING:
    from clearprop.explain.explanation import Explanation
    from clearprop.explain.row import Row


@dataclass(frozen=True)
class Explained:
    """The steps of all members on one row, and what they come to.

    Attributes:
        members: an explanation of each.
        outputs: what each gives, (members, outputs).
        mean: of the outputs, (outputs,).
        temperature: probabilities are taken to the power 1/temperature and normalised again.
        prediction: what the estimator's outputs are, (outputs,).
    """

    members: tuple[Explanation, ...]
    outputs: Array
    mean: Array
    temperature: float
    prediction: Array

    def __str__(self) -> str:
        words = self.members[0].words  # of the language of the explanations
        names = [words.label("answer.member", number=number) for number in range(1, len(self.members) + 1)]
        lines = [(name, row) for name, row in zip(names, self.outputs, strict=True)]
        lines.append((words.label("answer.mean", count=len(self.members)), self.mean))
        if self.temperature != 1.0:
            label = words.label("answer.temperature", T=f"{self.temperature:.6g}")
            lines.append((label, self.prediction))
        steps = [f"{name}\n\n{one}" for name, one in zip(names, self.members, strict=True)]
        end = [words.sentence("answer.mean"), "", *(f"  {label}: {_written(values)}" for label, values in lines)]
        return "\n\n".join([*steps, "\n".join(end)]) + "\n"


def explain(estimator: Any, X: Any, y: Any, row: int, member: int | str, options: dict[str, Any]) -> Any:
    """One step on one row, of a member (from 1) or of "all"."""
    from clearprop.explain import Explanation, trace
    from clearprop.explain.row import row_of

    rows = estimator._read(X)
    if isinstance(row, bool) or not isinstance(row, int | np.integer) or not 0 <= row < count(rows):
        raise InputError(f"row: expected an index from 0 to {count(rows) - 1}, got {row!r}")
    members = estimator.estimators_
    chosen = _chosen(member, len(members))
    targets = estimator._checked_targets(y, "y")
    if len(targets) != count(rows):
        raise InputError(f"y: expected {count(rows)} values, one a row of X, got {len(targets)}")
    one = np.array([row])
    inputs, alone = estimator._inputs, take(rows, one)
    x = inputs.matrix(alone)
    target = estimator._encoded(targets[one], x, "y")
    shown: Row | None = None
    if isinstance(inputs, TableInputs) and targets.ndim == 1:
        import polars as pl

        table = inputs.table(rows)
        answer = pl.Series(inputs.encoding.target.name, targets.tolist())
        with_answer = type(table).of(table.frame.with_columns(answer), table.source)
        shown, _, _ = row_of(inputs.encoding, with_answer, int(row) + 1)
    steps = tuple(Explanation(trace(members[m], x, target), **options, row=shown) for m in chosen)
    if member != "all":
        return steps[0]
    outputs = np.array([model.predict(x)[0].astype(np.float64) for model in members])
    return Explained(steps, outputs, outputs.mean(axis=0), estimator.ensemble_.temperature, estimator._outputs(X)[row])


def _chosen(member: int | str, members: int) -> list[int]:
    if member == "all":
        return list(range(members))
    if isinstance(member, bool) or not isinstance(member, int | np.integer) or not 1 <= member <= members:
        raise InputError(f'member: expected a number from 1 to {members}, or "all", got {member!r}')
    return [int(member) - 1]


def _written(values: Array) -> str:
    return ", ".join(f"{value:.9g}" for value in values)
