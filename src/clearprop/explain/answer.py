"""From what a network, or each member of an ensemble, gives for a row of a table to the answer in the table's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clearprop.engines.base import Array
from clearprop.ensemble import Ensemble, tempered
from clearprop.explain.ref import Ref

if TYPE_CHECKING:
    from clearprop.explain.trace import Trace
    from clearprop.model import Model
    from clearprop.table import Target


@dataclass(frozen=True)
class Answer:
    """What members give and what that comes to.

    Attributes:
        target: the column that is predicted, with its classes, or its mean and deviation.
        members: by their numbers, what those that are explained give (outputs,).
        count: how many members the model has.
        mean: of what all members give (outputs,).
        temperature: the mean probabilities are taken to the power 1/temperature, and normalised.
        outputs: the mean, after that.
    """

    target: Target
    members: Mapping[int, Array]
    count: int
    mean: Array
    temperature: float
    outputs: Array

    @property
    def value(self) -> str | int | float | bool:
        """The class, or the number in its own unit, within the range of the training rows."""
        if self.target.task == "classes":
            return self.target.classes[int(self.outputs.argmax())]
        return float(self.target.predicted(self.outputs)[0])

    @property
    def is_held(self) -> bool:
        """Whether a number would be beyond the range of the training rows."""
        return self.target.task == "numbers" and self.value != float(self.target.unstandardise(self.outputs)[0])


def answer_of(target: Target, model: Model | Ensemble, x: Array, traces: Mapping[int, Trace]) -> Answer:
    """The answer of a model for a row, from the traces of some of its members and the outputs of the others.

    Args:
        target: the column that is predicted.
        x: the inputs of the row, (1, I).
        traces: of members, by their numbers from 1.
    """
    members = model.members if isinstance(model, Ensemble) else (model,)
    temperature = model.temperature if isinstance(model, Ensemble) else 1.0
    last = Ref("a", len(members[0].network.layers))
    given = {}
    for number, member in enumerate(members, 1):
        traced = traces.get(number)
        given[number] = np.asarray(member.predict(x) if traced is None else traced.value(last), np.float64)[0]
    mean = np.mean(list(given.values()), axis=0)
    outputs = tempered(mean[np.newaxis], temperature, members[0].network.layers[-1].activation)[0]
    shown = {number: given[number] for number in traces}
    return Answer(target, shown, len(members), mean, temperature, outputs)
