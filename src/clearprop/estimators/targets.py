"""What is to be predicted, as a network learns it, and a network's outputs as what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearprop.engines.base import Array
from clearprop.errors import InputError, unknown

if TYPE_CHECKING:
    from clearprop.table.target import Target

Labels = NDArray[Any]
TINY = float(np.finfo(np.float64).tiny)

CLASS_LOSSES = ("cross_entropy", "squared")


@dataclass(frozen=True)
class Answers:
    """What a network's last layer is: its task ("classes", "labels" or "numbers"), units, activation and loss."""

    task: str
    outputs: int
    activation: str
    loss: str


@dataclass(frozen=True, eq=False)
class Classes:
    """Labels of which one is right, or (with `several`) K answers of 0 and 1 each.

    Attributes:
        labels: the classes, in order.
        several: whether y is (N, K) of 0 and 1.
        squared: whether sigmoid outputs are learnt by half the squared error.
        single: whether two classes share one sigmoid output, as scikit-learn has it.
        shares: of the training rows, what share each class has; empty with `several`.
    """

    labels: Labels
    several: bool
    squared: bool
    single: bool
    shares: tuple[float, ...] = ()

    @property
    def outputs(self) -> int:
        return 1 if self.single and len(self.labels) == 2 and not self.several else len(self.labels)

    @property
    def activation(self) -> str:
        return "sigmoid" if self.squared or self.several or self.outputs == 1 else "softmax"

    @property
    def loss(self) -> str:
        if self.squared:
            return "half_squared_error"
        return "binary_cross_entropy" if self.activation == "sigmoid" else "cross_entropy"

    @property
    def one(self) -> bool:
        """Whether there is one answer a row."""
        return not self.several

    @property
    def about(self) -> dict[str, Any]:
        """What a file says of it, by which `clearprop evaluate` knows what an answer without looking would get."""
        return {"class_shares": list(self.shares)}

    def answers(self, inputs: int) -> Answers:
        """The last layer of a network of so many inputs."""
        return Answers("labels" if self.several else "classes", self.outputs, self.activation, self.loss)

    def indices(self, y: Labels, name: str = "y") -> NDArray[np.int64]:
        """The index of each label (N,).

        Raises:
            InputError: a label is none of the classes.
        """
        places = np.searchsorted(self.labels, y)
        places = np.minimum(places, len(self.labels) - 1)
        strange = self.labels[places] != y
        if np.any(strange):
            row = int(np.argmax(strange))
            some = ", ".join(map(repr, self.labels[:10].tolist())) + (", ..." if len(self.labels) > 10 else "")
            raise InputError(f"{name}[{row}] is {y[row].item()!r}, which is none of the classes: {some}")
        return np.asarray(places, dtype=np.int64)

    def encoded(self, y: Labels, name: str = "y") -> Array:
        """What a network learns: class indices (N,) for a softmax, else 0 and 1 (N, outputs)."""
        if self.several:
            if y.shape[1:] != (len(self.labels),):
                raise InputError(f"{name}: expected shape (N, {len(self.labels)}) as in training, got {y.shape}")
            return y.astype(np.float64)
        indices = self.indices(y, name)
        if self.activation == "softmax":
            return indices
        return indices[:, None].astype(np.float64) if self.outputs == 1 else np.eye(len(self.labels))[indices]

    def probabilities(self, outputs: Array) -> Array:
        """(N, classes), each row 1 in sum; with `several` each its own."""
        P: Array = outputs.astype(np.float64)
        if self.several:
            return P
        if self.outputs == 1:
            return np.column_stack([1.0 - P, P])
        sums = P.sum(axis=1, keepdims=True)
        return np.where(sums > 0, P / np.where(sums > 0, sums, 1.0), 1.0 / P.shape[1])

    def net_inputs(self, outputs: Array) -> Array:
        """log(p / (1 - p)) of what has one output, log p of what has more."""
        P = np.maximum(self.probabilities(outputs), TINY)
        if self.several:
            return np.asarray(np.log(P) - np.log(np.maximum(1.0 - P, TINY)))
        Z: Array = np.log(P)
        return Z[:, 1] - Z[:, 0] if Z.shape[1] == 2 else Z

    def chosen(self, outputs: Array) -> Labels:
        """The likeliest label (N,), or with `several` 0 and 1 (N, K)."""
        P = self.probabilities(outputs)
        if self.several:
            return np.asarray(P > 0.5, dtype=np.int64)
        return np.asarray(self.labels[P.argmax(axis=1)])

    def as_target(self, name: str) -> Target:
        """The same as the table room has it."""
        from clearprop.table.target import Target

        if self.several or len({str(label) for label in self.labels}) < len(self.labels):
            return Target(name, "numbers", (), 0.0, 1.0, 0.0, 1.0, ())
        labels = tuple(one if isinstance(one, str | int | float | bool) else str(one) for one in self.labels.tolist())
        return Target(name, "classes", labels, 0.0, 1.0, 0.0, 0.0, ())


def class_loss(name: object, squared: bool) -> bool:
    """Whether classes are learnt by the squared error: as the loss says, or where it is None the recipe."""
    if name is None:
        return squared
    if name not in CLASS_LOSSES:
        raise unknown("loss", name, CLASS_LOSSES)
    return name == "squared"


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers (N, outputs), standardised where the recipe scales.

    Attributes:
        one: whether y was (N,).
        loss: of the network, in its own unit.
        means, deviations: of each output, 0 and 1 where nothing is scaled.
        low, high: the range that predictions are held to, infinite where nothing is scaled.
    """

    one: bool
    loss: str
    means: Array
    deviations: Array
    low: Array
    high: Array

    @staticmethod
    def learn(y: Array, weights: Array, loss: object, *, scaled: bool) -> Numbers:
        """From targets (N,) or (N, outputs) and the weights of their rows."""
        Y = y.reshape(len(y), -1)
        width = Y.shape[1]
        kind = _kind(loss)
        means, deviations = np.zeros(width), np.ones(width)
        low, high = np.full(width, -np.inf), np.full(width, np.inf)
        if kind.kind == "poisson" and (Y < 0).any():
            row, column = (int(index) for index in np.argwhere(Y < 0)[0])
            raise InputError(f'y[{row}] is {Y[row, column]:g}: the loss "poisson" takes targets from 0 up')
        if scaled:
            low, high = Y.min(axis=0), Y.max(axis=0)
            size = np.abs(Y).max(axis=0)
            size[size == 0] = 1.0
            relative = Y / size  # no sum of these can overflow
            centre = np.average(relative, axis=0, weights=weights)
            spread = np.sqrt(np.average((relative - centre) ** 2, axis=0, weights=weights))
            if kind.kind == "poisson":
                deviations = np.where(centre > 0, centre * size, 1.0)
            else:
                means = centre * size
                deviations = np.where(spread > 1e-12, np.maximum(spread, TINY) * size, 1.0)
        name = kind.name
        if kind.kind == "huber":
            # δ is in the unit of y; the outputs share one, so the mean deviation says what it is to the network.
            name = f"huber({kind.number / float(deviations.mean())!r})" if kind.number else name
        return Numbers(y.ndim == 1, name, means, deviations, low, high)

    @property
    def outputs(self) -> int:
        return len(self.means)

    def answers(self, inputs: int) -> Answers:
        """The last layer of a network of so many inputs."""
        return Answers("numbers", self.outputs, self.activation, self.loss)

    @property
    def about(self) -> dict[str, Any]:
        """What a file says of it beside its target: nothing."""
        return {}

    @property
    def activation(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def encoded(self, y: Array, name: str = "y") -> Array:
        """What a network learns (N, outputs)."""
        Y = y.reshape(len(y), -1)
        if Y.shape[1] != self.outputs:
            raise InputError(f"{name}: expected {self.outputs} numbers a row as in training, got {Y.shape[1]}")
        from clearprop.table.scaling import quotient

        parts = zip(Y.T, self.means.tolist(), self.deviations.tolist(), strict=True)
        return np.column_stack([quotient(column, mean, deviation) for column, mean, deviation in parts])

    def predicted(self, outputs: Array) -> Array:
        """Numbers in their own unit, (N,) where y was, else (N, outputs)."""
        from clearprop.table.scaling import restored

        parts = zip(outputs.astype(np.float64).T, self.means.tolist(), self.deviations.tolist(), strict=True)
        Y = np.column_stack([restored(column, mean, deviation) for column, mean, deviation in parts])
        Y = np.clip(Y, self.low, self.high)
        return Y[:, 0] if self.one else Y

    def as_target(self, name: str) -> Target:
        """The same as the table room has it; where nothing bounds predictions, the largest numbers do."""
        from clearprop.table.scaling import LARGEST
        from clearprop.table.target import Target

        if not self.one:
            return Target(name, "numbers", (), 0.0, 1.0, 0.0, 0.0, ())
        mean, deviation = float(self.means[0]), float(self.deviations[0])
        low, high = max(float(self.low[0]), -LARGEST), min(float(self.high[0]), LARGEST)
        return Target(name, "numbers", (), mean, deviation, low, high, ())


NUMBER_LOSSES = ("squared", "absolute", "huber", "quantile", "poisson")


def _kind(loss: object) -> Any:
    """The network's loss of a name; "quantile(0.9)" and "huber(1.5)" set the number."""
    from clearprop.network.losses import LOSSES
    from clearprop.network.named import look_up

    known = {name: LOSSES["half_squared_error" if name == "squared" else name] for name in NUMBER_LOSSES}
    return look_up("loss", "squared" if loss is None else loss, known)
