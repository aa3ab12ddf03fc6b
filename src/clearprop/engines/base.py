"""What every engine does, and the words it is told in: samples, plan, state, outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network

if TYPE_CHECKING:
    from clearprop.optimize.optimizers import Optimizer

Array = NDArray[Any]


@dataclass(frozen=True)
class Samples:
    """What is learnt from, checked and in the model's float type.

    X is (N, inputs), Y (N, outputs) or class indices (N,) of int64, weights (N,) or None for 1 each.
    """

    X: Array
    Y: Array
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True)
class Plan:
    """How a run goes: everything but the data and where it stands.

    `order` is "shuffled", "sequential", "replacement" or row numbers (int64); `precision` is "full" or "bfloat16".
    """

    optimizer: Optimizer
    batch_size: int
    order: str | NDArray[np.int64] = "shuffled"
    drop_last: bool = False
    threads: int = 1
    precision: str = "full"

    def batches(self, rows: int) -> int:
        """How many batches an epoch over so many rows has."""
        visited = self.visited(rows)
        return visited // self.batch_size if self.drop_last else -(-visited // self.batch_size)

    def visited(self, rows: int) -> int:
        """How many rows an epoch visits."""
        return rows if isinstance(self.order, str) else len(self.order)


@dataclass(frozen=True)
class Sums:
    """What the epoch that is under way has added up: Σ wᵢEᵢ, Σ wᵢ, Σ rows·R and Σ rows over its batches."""

    loss: float = 0.0
    weight: float = 0.0
    penalty: float = 0.0
    rows: float = 0.0

    def epoch_loss(self, reduction: str) -> float:
        """J over the epoch, each batch as it was before its update."""
        data = self.loss / (self.weight or 1.0) if reduction == "mean" else self.loss
        return data + self.penalty / (self.rows or 1.0)


@dataclass(frozen=True, eq=False, repr=False)
class State:
    """Where a run stands: with the parameters, all that is needed to go on as if it had never stopped.

    Attributes:
        seed: of the order of samples and the dropout masks.
        epoch, batch: epochs done, and batches done of the one under way.
        step: updates done.
        slots: what the optimizer remembers, (P,) each.
        sums: what the epoch under way has added up.

    >>> State(0, epoch=2, step=10, slots={"m": np.zeros(9), "v": np.zeros(9)})
    State(seed 0; epoch 2, batch 0, step 10; m, v of each parameter)
    """

    seed: int
    epoch: int = 0
    batch: int = 0
    step: int = 0
    slots: dict[str, Array] = field(default_factory=dict)
    sums: Sums = field(default_factory=Sums)

    @staticmethod
    def start(network: Network, optimizer: Optimizer, seed: int, dtype: np.dtype[Any]) -> State:
        return State(seed, slots={name: np.zeros(network.parameter_count, dtype) for name in optimizer.slots})

    def moved(self, **changes: Any) -> State:
        return replace(self, **changes)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, State)
            and self._numbers == other._numbers
            and self.slots.keys() == other.slots.keys()
            and all(np.array_equal(slot, other.slots[name]) for name, slot in self.slots.items())
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def _numbers(self) -> tuple[int, int, int, int, Sums]:
        return self.seed, self.epoch, self.batch, self.step, self.sums

    def __repr__(self) -> str:
        slots = f"; {', '.join(self.slots)} of each parameter" if self.slots else ""
        return f"State(seed {self.seed}; epoch {self.epoch}, batch {self.batch}, step {self.step}{slots})"


Tick = Callable[[int, int, int], bool]
"""Called about ten times a second between two updates with (epoch, batch, step); False asks the engine to stop."""


@dataclass(frozen=True)
class Member:
    """One of many networks that are trained at once: what is its own, and not shared by all.

    `rows` are the numbers of the rows that it learns from (int64), some perhaps several times, or None for all of them;
    orders count these. `steps` as in `train_epochs`.
    """

    parameters: Parameters
    plan: Plan
    state: State
    rows: NDArray[np.int64] | None = None
    steps: int | None = None


@dataclass(frozen=True)
class Task:
    """Members of one network, what they share, and how many epochs they will have done in all."""

    members: Sequence[Member]
    samples: Samples
    epochs: int


Ended = Literal["done", "stopped", "diverged"]


@dataclass(frozen=True)
class Outcome:
    """What a call of `train_epochs` has come to.

    `losses` has J of each epoch that was finished. Where `ended` is "diverged", `state.step` is the update that left
    the finite numbers, and parameters and slots are of no use.
    """

    parameters: Parameters
    state: State
    losses: NDArray[np.float64]
    ended: Ended


class Engine(Protocol):
    """A machine that computes networks. Arrays come checked, contiguous and of the parameters' float type."""

    name: str

    def check_precision(self, precision: str) -> None:
        """Raises an InputError that says what this machine lacks where it cannot train in a precision but "full"."""

    def predict(self, parameters: Parameters, X: Array, threads: int) -> Array:
        """The outputs (B, O)."""

    def loss(self, parameters: Parameters, samples: Samples, threads: int) -> float:
        """J = E + R."""

    def loss_and_gradients(self, parameters: Parameters, samples: Samples, threads: int) -> tuple[float, Parameters]:
        """J, and ∂J/∂w of every weight and bias, also of frozen ones."""

    def train_epochs(
        self,
        parameters: Parameters,
        samples: Samples,
        plan: Plan,
        state: State,
        *,
        epochs: int,
        steps: int | None = None,
        tick: Tick | None = None,
    ) -> Outcome:
        """Goes on from `state` until `epochs` are done in all, or `steps` updates in all, or `tick` says stop."""

    def train_many(
        self, members: Sequence[Member], samples: Samples, *, epochs: int, threads: int, tick: Tick | None = None
    ) -> list[Outcome]:
        """What `train_epochs` would make of each member alone, on its rows; all have the same network and float type.

        The threads are shared by all, not each plan's. Where `tick` says stop, all stop.
        """

    def train_tasks(self, tasks: Sequence[Task], *, threads: int, tick: Tick | None = None) -> list[list[Outcome]]:
        """What `train_many` would make of each task; all have the same float type."""
