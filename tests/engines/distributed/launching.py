"""Programs in several processes, as torchrun starts them: with its variables, over loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
MOST_SECONDS = 600.0  # on a machine that does many other things


@dataclass(frozen=True)
class Ended:
    """A process that has ended: with which status, when after all were started, and what it printed."""

    status: int
    seconds: float
    out: str
    err: str


class Running:
    """`count` processes of `python WORDS`; what is still at work when the block ends is killed."""

    def __init__(self, count: int, words: list[str], folder: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        shared = {
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "WORLD_SIZE": str(count),
            "LOCAL_WORLD_SIZE": str(count),
            "GLOO_SOCKET_IFNAME": "lo",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }
        self.began = time.monotonic()
        self.files = [[(folder / f"{rank}.{kind}").open("w+b") for kind in ("out", "err")] for rank in range(count)]
        environments = [
            {**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank), **environment} for rank in range(count)
        ]
        self.processes: list[Any] = [
            self.start(words, folder, files, environment)
            for files, environment in zip(self.files, environments, strict=True)
        ]

    def start(self, words: list[str], folder: Path, files: list[Any], environment: dict[str, str]) -> Any:
        """One process, with the methods of a Popen."""
        return subprocess.Popen([sys.executable, *words], cwd=folder, stdout=files[0], stderr=files[1], env=environment)

    def wait(self, ranks: list[int] | None = None) -> list[Ended]:
        """Until these have ended, or all."""
        ended = []
        for rank in range(len(self.processes)) if ranks is None else ranks:
            left = MOST_SECONDS - (time.monotonic() - self.began)
            status = self.processes[rank].wait(timeout=max(left, 0.1))
            seconds = time.monotonic() - self.began
            texts = []
            for file in self.files[rank]:
                file.seek(0)
                texts.append(file.read().decode())
            ended.append(Ended(status, seconds, *texts))
        return ended

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        for process, files in zip(self.processes, self.files, strict=True):
            process.kill()
            process.wait()
            for file in files:
                file.close()


def run(count: int, program: str, folder: Path, *words: object, **environment: str) -> list[Ended]:
    """What has come of a program of `programs`, which all have ended well."""
    folder.mkdir(exist_ok=True)
    command = ["-m", "tests.engines.distributed.programs", program, *map(str, words)]
    with Running(count, command, folder, **environment) as running:
        ended = running.wait()
    for one in ended:
        assert one.status == 0, one.err
    return ended
