from collections.abc import Callable, Sequence
from typing import Any, Literal

from numpy.typing import NDArray

class Network:
    def __init__(
        self,
        inputs: int,
        columns: Sequence[tuple[str, int, int, int, float]],
        scale_rate: float | None,
        layers: Sequence[tuple[int, int, str, float, str, bool, float, float, float]],
        loss: str,
        loss_number: float,
        joint: bool,
        mean: bool,
        l1: float,
        l2: float,
        /,
    ) -> None: ...

def instruction_sets() -> list[str]: ...
def multiplies_bfloat16(instruction_set: str, /) -> bool: ...
def fma_rate(threads: int, dtype: str, seconds: float, instruction_set: str) -> float: ...

Optimizer = tuple[str, float, float, float, float, float]
"""(rule, momentum, beta1, beta2, epsilon, weight_decay)"""

Sums = tuple[float, float, float, float]

Run = tuple[
    Optimizer,
    NDArray[Any],  # learning rates
    NDArray[Any],  # fades
    str,  # order
    NDArray[Any] | None,  # given: row numbers where order is "given"
    NDArray[Any] | None,  # subset
    int,  # visited
    int,  # batch_size
    bool,  # drop_last
    str,  # precision
    int,  # seed
    int,  # epochs
    int,  # steps
    NDArray[Any],  # parameters, written
    list[NDArray[Any]],  # slots, written
    int,  # epoch
    int,  # batch
    int,  # step
    Sums,
    NDArray[Any],  # losses, written
]
"""What is a run's own."""

Came = tuple[Literal["done", "stopped", "diverged"], int, int, int, Sums, int]
"""What became of a run: why it ended, epoch, batch, step, sums, losses written."""

def train(
    *,
    network: Network,
    X: NDArray[Any],
    Y: NDArray[Any] | None,
    classes: NDArray[Any] | None,
    weights: NDArray[Any] | None,
    run: Run,
    threads: int,
    tick: Callable[[int, int, int], bool] | None,
    instruction_set: str,
) -> Came: ...

Task = tuple[
    Network,
    float,  # its l1
    float,  # and l2
    NDArray[Any],  # X
    NDArray[Any] | None,  # Y
    NDArray[Any] | None,  # classes
    NDArray[Any] | None,  # weights
]
"""What several runs share."""

def train_many(
    *,
    tasks: list[Task],
    places: list[int],
    runs: list[Run],
    threads: int,
    tick: Callable[[int, int, int], bool] | None,
    instruction_set: str,
) -> list[Came]: ...
def evaluate(
    *,
    network: Network,
    X: NDArray[Any],
    Y: NDArray[Any] | None,
    classes: NDArray[Any] | None,
    weights: NDArray[Any] | None,
    parameters: NDArray[Any],
    gradients: NDArray[Any] | None,
    threads: int,
    precision: str,
    seed: int,
    step: int,
    fade: float,
    before: int,
    instruction_set: str,
) -> float: ...
def predict(
    *,
    network: Network,
    X: NDArray[Any],
    parameters: NDArray[Any],
    outputs: NDArray[Any],
    threads: int,
    instruction_set: str,
) -> None: ...
def elementwise(function: str, x: NDArray[Any], y: NDArray[Any], *, one_by_one: bool, instruction_set: str) -> None: ...
def activation(
    name: str,
    number: float,
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    slope: bool,
    one_by_one: bool,
    instruction_set: str,
) -> None: ...
