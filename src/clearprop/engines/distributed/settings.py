"""What a user says about running on several processes, and what their launcher says in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearprop.errors import InputError, check_count, check_number, unknown

if TYPE_CHECKING:
    from clearprop.engines.base import Engine

BACKENDS = ("gloo", "nccl")
VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Distributed:
    """Says that this process is one of several, started by torchrun or Ray Train, that train together.

    Each of them, a worker, runs the same program on the same rows. Of each batch a worker computes its share, and what
    they have found is added up once an update, so that all have the numbers that one process has of the whole batch.

    Args:
        every: after how many updates the workers meet. With 1 they add up gradients; with more, each makes so many
            updates on its own share of the batches (local SGD), and then all take the mean of parameters and slots:
            other numbers, and less to send, for networks whose updates are short.
        timeout: for how many seconds a worker may keep the others waiting, at the start too; then the run ends with a
            `WorkerError`. It must be longer than an update, and than one worker may need more than another to read its
            data.
        backend: what they talk over: "gloo", for the processor; "nccl", for the torch engine on CUDA devices, one a
            process.

    Raises:
        InputError: a value is out of range.

    >>> Distributed(timeout=600)
    Distributed(every=1, timeout=600.0, backend='gloo')

    Zinkevich and others, "Parallelized stochastic gradient descent", NIPS 2010, and Stich, "Local SGD converges fast
    and communicates little", ICLR 2019, of `every`.
    """

    every: int = 1
    timeout: float = 60.0
    backend: str = "gloo"

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", check_count("every", self.every))
        object.__setattr__(self, "timeout", check_number("timeout", self.timeout))
        if self.timeout == 0.0:
            raise InputError("timeout: expected seconds, more than 0, got 0")
        if self.backend not in BACKENDS:
            raise unknown("backend", self.backend, BACKENDS)

    def own(self, engine: Engine) -> Engine:
        """The engine, if the backend can send what it computes; with NCCL on the device that is this process's own."""
        if self.backend != "nccl":
            return engine
        if engine.name == "torch":
            from clearprop.engines import get_engine

            return get_engine(f"torch:cuda:{local_rank()}")
        if engine.name.startswith("torch:cuda"):
            return engine
        raise InputError(
            f'backend: "nccl" goes with engine="torch" on CUDA devices, and the engine is "{engine.name}"; '
            'give backend="gloo"'
        )


def check_rounds(settings: Distributed | None) -> None:
    """Whether workers meet after every update, as where rows are read window by window they must."""
    if isinstance(settings, Distributed) and settings.every > 1:
        raise InputError(
            f"distributed: workers that meet only every {settings.every} updates need rows in memory, and a source is "
            "read window by window; give every=1, or arrays"
        )


def launched() -> bool:
    """Whether a launcher such as torchrun has started this process as one of several."""
    return all(name in os.environ for name in VARIABLES)


def processes() -> int:
    """How many processes the launcher has started, this one among them; 1 where there is none."""
    return number_of("WORLD_SIZE", 1) if launched() else 1


def rank() -> int:
    """The number of this process as the launcher says it, 0 where there is none."""
    return number_of("RANK", 0) if launched() else 0


def local_rank() -> int:
    """The number of this process among those on this machine."""
    return number_of("LOCAL_RANK", 0)


def processes_here() -> int:
    """How many of the processes are on this machine, as far as the launcher says."""
    return max(1, number_of("LOCAL_WORLD_SIZE", 1))


def number_of(variable: str, usual: int) -> int:
    """A whole number of the environment, or the usual one where it has none."""
    text = os.environ.get(variable, "")
    return int(text) if text.isascii() and text.isdecimal() else usual
