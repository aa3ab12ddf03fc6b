"""Breaks a distributed run in a random place, and looks at what is left: python -m tests.faults.workers 50."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import clearprop as cp
from tests.engines.distributed.launching import Running

TIMEOUT = 3.0  # that the workers are given; short, and still longer than a busy machine may hold one up
GRACE = 60.0  # for the checkpoint and the end of a process, on a machine that does many other things
ROWS, EPOCHS = 600, 60
PROGRAM = ["-m", "tests.faults.workers", "--train"]


@dataclass(frozen=True)
class Fault:
    """What is done to which of how many workers, and how many seconds after the first update."""

    kind: str
    worker: int
    workers: int
    after: float

    def __str__(self) -> str:
        return f"{self.kind} worker {self.worker} of {self.workers} after {self.after:.2f} s"


def drawn(count: int, seed: int) -> list[Fault]:
    """Random faults; the kinds and workers take turns."""
    chance = random.Random(seed)
    faults = []
    for number in range(count):
        workers = 3 if number % 5 == 4 else 2
        kind = ("SIGKILL", "SIGSTOP")[number % 2]
        faults.append(Fault(kind, number // 2 % workers, workers, chance.uniform(0.0, 3.0)))
    return faults


FAULTS = [Fault("SIGKILL", 1, 2, 0.5), Fault("SIGSTOP", 0, 2, 0.5)]
ALL = drawn(6, seed=1)


def model() -> cp.Model:
    return cp.Model.initialized(cp.Network.parse("12-24-2", hidden="tanh", output="softmax", loss="cross_entropy"))


def train(**settings: Any) -> Any:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, 12))
    Y = (X[:, 0] * X[:, 1] > 0).astype(int)
    plan = {"optimizer": cp.Adam(0.003), "batch_size": 32, "epochs": EPOCHS, "threads": 1}
    return cp.train(model(), X, Y, **plan, **settings)


class Slowly(cp.Callback):
    """Says when the first update is done, and gives the run time to be broken."""

    def __init__(self) -> None:
        self.told = False

    def on_tick(self, moment: Any) -> bool | None:
        if moment.step and not self.told:
            self.told = True
            Path(f"begun {time.time_ns()}").touch()
        return None

    def on_epoch_end(self, moment: Any) -> bool | None:
        time.sleep(0.05)
        return None


@lru_cache(maxsize=1)
def expected() -> Any:
    return train()


class Forked(Running):
    """Processes that this one has forked: PyTorch is there already, which takes most of the time of a short run."""

    def start(self, words: list[str], folder: Path, files: list[Any], environment: dict[str, str]) -> Child:
        pid = os.fork()
        if pid:
            return Child(pid)
        os.environ.update(environment)
        os.chdir(folder)
        for number, file in enumerate(files, 1):
            os.dup2(file.fileno(), number)
        train_as_worker()
        sys.exit(0)  # as a program ends, with all that there is to end


class Child:
    """A forked process, with the methods of a Popen that are used here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None

    def poll(self) -> int | None:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status

    def wait(self, timeout: float = 60.0) -> int:
        ends = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > ends:
                raise TimeoutError(f"process {self.pid} is still there after {timeout:.0f} s")
            time.sleep(0.01)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def check(fault: Fault, folder: Path, kind: type[Running] = Running) -> str:
    """Breaks a run, and asserts what must come of it; says what came."""
    checkpoint = folder / "run.checkpoint"
    with kind(fault.workers, PROGRAM, folder) as running:
        while not list(folder.glob("begun *")):
            assert all(one.poll() is None for one in running.processes), running.wait()[0].err
            time.sleep(0.01)
        time.sleep(fault.after)
        broken = running.processes[fault.worker]
        broken.send_signal(getattr(signal, fault.kind))
        struck = time.monotonic() - running.began
        left = [rank for rank in range(fault.workers) if rank != fault.worker]
        ended = running.wait(left)
    slowest = max(one.seconds for one in ended) - struck
    assert slowest < TIMEOUT + GRACE, f"{fault}: {slowest:.1f} s"
    if any("done" in one.out for one in ended):
        return f"{fault}: the run was done by then"
    for one in ended:
        assert one.status == 1, one.err
        said = one.err.strip().splitlines()
        assert len(said) == 1, one.err
        # Who is held up by what else the machine does may be missed, too, where there are more than two.
        found = re.match(
            rf"worker \d: workers? ([\d and]+) of {fault.workers} (is gone|are gone|did not answer)", said[0]
        )
        assert found and "resume=True" in said[0], said[0]
        assert str(fault.worker) in found[1].split(" and "), said[0]
    kept = cp.Checkpoint(checkpoint, resume=True)
    resumed = train(callbacks=[kept])
    whole = expected()
    np.testing.assert_allclose(resumed.model.parameters.flat, whole.model.parameters.flat, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(resumed.history.loss, whole.history.loss, rtol=1e-9)
    update = re.search(r"up to update (\d+)", said[0])
    assert update
    said_so = f"worker {found[1]} {found[2]}, in {slowest:.1f} s"
    return f"{fault}: {said_so}; went on from update {update[1]} of {whole.state.step}"


def train_as_worker() -> None:
    callbacks = [Slowly(), cp.Checkpoint("run.checkpoint")]
    try:
        train(callbacks=callbacks, distributed=cp.Distributed(timeout=TIMEOUT))
    except cp.WorkerError as error:
        sys.exit(str(error))
    print("done")


def main() -> None:
    if sys.argv[1] == "--train":
        return train_as_worker()
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    import torch.distributed  # noqa: F401  before the first fork

    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for number, fault in enumerate(drawn(count, seed), 1):
        folder = tempfile.mkdtemp()  # not as a block, which each forked process would end, too
        print(f"{number}/{count} {check(fault, Path(folder), Forked)}", flush=True)
        shutil.rmtree(folder)
    return None


if __name__ == "__main__":
    main()
