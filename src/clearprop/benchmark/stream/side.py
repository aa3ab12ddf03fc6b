"""One side of the comparison, in a process of its own: what it took, and the weights it came to."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clearprop.benchmark.stream.data import TARGET
from clearprop.errors import ClearpropError

HIDDEN, BATCH = 128, 1024


@dataclass(frozen=True)
class Asked:
    """What each side is asked to do.

    Attributes:
        folder: of the Parquet files.
        epochs: through all rows.
        rows_of_torch: how many rows PyTorch is timed on; its rate is the same on more.
    """

    folder: str
    rows: int
    epochs: int
    threads: int
    memory: str
    seed: int
    rows_of_torch: int


@dataclass(frozen=True)
class Told:
    """What one side took.

    Attributes:
        before: seconds before the first epoch, by what was done.
        epochs: seconds of each epoch.
        rows: that an epoch has.
        peak: bytes of memory at most, of the whole process.
        weights: a checksum of what was learnt.
        loss: of each epoch.
    """

    before: dict[str, float]
    epochs: list[float]
    rows: int
    peak: int
    weights: str
    loss: list[float]

    @property
    def rate(self) -> float:
        """Rows a second, of the fastest epoch."""
        return self.rows / min(self.epochs)


def ask(side: str, asked: Asked) -> Told:
    """Has a side do its work in a new process."""
    command = [sys.executable, "-m", "clearprop.benchmark.stream.side", side, json.dumps(asdict(asked))]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        last = ran.stderr.strip().splitlines()[-1:] or [f"it ended with {ran.returncode}"]
        raise ClearpropError(f"{side}: {last[0]}")
    return Told(**json.loads(ran.stdout.splitlines()[-1]))


def _learnt(asked: Asked, in_memory: bool) -> Told:
    import clearprop as cp

    start = time.perf_counter()
    source = cp.TableSource(Path(asked.folder), target=TARGET, memory="1TiB" if in_memory else asked.memory)
    surveyed = time.perf_counter()
    rows = len(source)
    given: tuple[Any, ...] = source.some(0, rows) if in_memory else (source,)
    if not in_memory:
        source.some(0, 1)
    decoded = time.perf_counter()
    if in_memory:
        del source
    network = cp.Network.parse(f"28-{HIDDEN}-{HIDDEN}-2", hidden="relu", output="softmax", loss="cross_entropy")
    model = cp.Model.initialized(network, seed=asked.seed, dtype="float32")
    result = cp.train(
        model,
        *given,
        optimizer=cp.Adam(),
        batch_size=BATCH,
        epochs=asked.epochs,
        seed=asked.seed,
        threads=asked.threads,
        callbacks=[_EachEpoch()],
    )
    return Told(
        {"statistics": surveyed - start, "decoding": decoded - surveyed},
        list(result.history.seconds),
        rows,
        peak_memory(),
        hashlib.sha256(result.model.parameters.flat.tobytes()).hexdigest(),
        list(result.history.loss),
    )


def _EachEpoch() -> Any:
    """A callback for which the engine hands over after each epoch, so that each is timed alone."""
    import clearprop as cp

    class EachEpoch(cp.Callback):
        def on_epoch_end(self, moment: Any) -> None:
            pass

    return EachEpoch()


def peak_memory() -> int:
    """The most memory that this process has taken up, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _streamed(asked: Asked) -> Told:
    return _learnt(asked, in_memory=False)


def _in_memory(asked: Asked) -> Told:
    return _learnt(asked, in_memory=True)


def _torch(asked: Asked) -> Told:
    from clearprop.benchmark.stream.torch_loader import learnt

    return learnt(asked, by_rows=True)


def _torch_by_batches(asked: Asked) -> Told:
    from clearprop.benchmark.stream.torch_loader import learnt

    return learnt(asked, by_rows=False)


SIDES: dict[str, Callable[[Asked], Told]] = {
    "streamed": _streamed,
    "in memory": _in_memory,
    "PyTorch, DataLoader": _torch,
    "PyTorch, whole batches": _torch_by_batches,
}

if __name__ == "__main__":
    print(json.dumps(asdict(SIDES[sys.argv[1]](Asked(**json.loads(sys.argv[2]))))))
