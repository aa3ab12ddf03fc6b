"""The processes of a run, from the side that asks: one a contestant, started when it is first needed."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clearprop.benchmark.contestants import Contestant, Setting
from clearprop.errors import ClearpropError

PATIENCE = 120.0


class Trouble(ClearpropError):
    """A contestant could not do what it was asked; the message says why."""


class Assistant:
    """One process of `worker.py`."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the process is there
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clearprop.benchmark.worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=os.environ | environment,
            text=True,
            encoding="utf-8",
        )
        self.answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def ask(self, ask: str, *, patience: float = PATIENCE, **question: Any) -> dict[str, Any]:
        """The answer to a question; a process that takes too long is ended."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"ask": ask, **question}) + "\n")
            self.process.stdin.flush()
            line = self.answers.get(timeout=patience)
        except queue.Empty:
            self.end()
            raise Trouble(f"given up after {patience:.0f} s") from None
        except (BrokenPipeError, ValueError):  # it is no longer there, or has been ended
            line = ""
        if not line:
            words = self._last_words()
            self.end()
            raise Trouble(f"its process ended: {words}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Trouble(answer["error"])
        return answer

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """End the process, if it is there; more than once does no harm."""
        self.process.kill()
        self.process.wait()
        self.listener.join()
        with contextlib.suppress(BrokenPipeError):  # what it has not read is lost
            for pipe in (self.process.stdin, self.process.stdout, self.errors):
                if pipe is not None:
                    pipe.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")

    def _last_words(self) -> str:
        if self.errors.closed:
            return "it was ended before"
        self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"status {self.process.returncode}"


class Crew:
    """All processes of a run; a context that ends them."""

    def __init__(self, cores: int) -> None:
        self.cores = cores
        self.assistants: dict[tuple[str, int], Assistant] = {}
        # What PyTorch compiles is compiled in this run, not found from one before.
        self.cache = tempfile.TemporaryDirectory(prefix="clearprop-bench-", ignore_cleanup_errors=True)

    def of(self, one: Contestant, setting: Setting) -> Assistant:
        """The process of a contestant, which may be at work since an earlier case."""
        threads = setting["threads"] if one.fixed_threads else self.cores
        key = (one.name, threads)
        if key not in self.assistants or not self.assistants[key].alive:
            self.assistants[key] = self.fresh(one.name, threads)
        return self.assistants[key]

    def fresh(self, name: str, threads: int) -> Assistant:
        """A new process, which the caller has to end."""
        return Assistant(name, self._environment(threads))

    def drop(self) -> None:
        """Have all forget what they hold."""
        for assistant in self.assistants.values():
            if assistant.alive:
                with contextlib.suppress(Trouble):  # it is ended then, and begun anew when it is needed
                    assistant.ask("drop")

    def _environment(self, threads: int) -> dict[str, str]:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")  # the last one is JAX's
        environment = dict.fromkeys(names, str(threads)) | {"TORCHINDUCTOR_CACHE_DIR": self.cache.name}
        environment["JAX_PLATFORMS"], environment["CUDA_VISIBLE_DEVICES"] = "cpu", ""
        if threads == 1:
            environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        return environment

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for assistant in self.assistants.values():
            assistant.end()
        self.cache.cleanup()


@contextmanager
def alone(crew: Crew, name: str, threads: int) -> Iterator[Assistant]:
    """A new process for once."""
    assistant = crew.fresh(name, threads)
    try:
        yield assistant
    finally:
        assistant.end()
