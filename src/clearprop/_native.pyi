from collections.abc import Callable, Sequence
from typing import Any, Literal

from numpy.typing import NDArray

class Network:
    def __init__(
        self,
        layers: Sequence[tuple[int, int, str, float, str, bool, float]],
        loss: str,
        loss_number: float,
        joint: bool,
        mean: bool,
        l1: float,
        l2: float,
        /,
    ) -> None: ...

def instruction_sets() -> list[str]: ...
def fma_rate(threads: int, dtype: str, seconds: float, instruction_set: str) -> float: ...
def train(
    *,
    network: Network,
    optimizer: tuple[str, float, float, float, float, float],
    rates: NDArray[Any],
    X: NDArray[Any],
    Y: NDArray[Any] | None,
    classes: NDArray[Any] | None,
    weights: NDArray[Any] | None,
    order: str,
    given: NDArray[Any] | None,
    visited: int,
    batch_size: int,
    drop_last: bool,
    seed: int,
    threads: int,
    tick: Callable[[int, int, int], bool] | None,
    epochs: int,
    steps: int,
    parameters: NDArray[Any],
    slots: Sequence[NDArray[Any]],
    epoch: int,
    batch: int,
    step: int,
    sums: tuple[float, float, float, float],
    losses: NDArray[Any],
    instruction_set: str,
) -> tuple[Literal["done", "stopped", "diverged"], int, int, int, tuple[float, float, float, float], int]: ...
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
