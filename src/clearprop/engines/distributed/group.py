"""The workers of a run, joined by a process group of PyTorch: what they tell each other, and who does not answer."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.engines.distributed.settings import VARIABLES, Distributed, launched, local_rank, processes
from clearprop.engines.distributed.workers import Workers
from clearprop.errors import InputError, WorkerError, needed

ROLL_SECONDS = 10.0
"""How long at most those that are left wait for each other's word, after something went wrong."""

NOT_BEGUN = (
    "; nothing has been learnt since the start: start again, with any number of workers, and without resume unless it "
    "was given before"
)
"""What to do where a worker is lost before all have begun."""

_numbers = count()
_store: Any = None  # where the workers of this process's launcher met, for as long as the process lives


class ProcessGroup(Workers):
    """The processes of one run. Each calls the same methods in the same order; who does not is found out.

    Arrays of all methods are contiguous; `sum` and `lend` write to the array they are given. `timeout` is for how many
    seconds a worker may keep the others waiting.
    """

    def __init__(self, settings: Distributed, torch: Any) -> None:
        self._torch, self._dist = torch, torch.distributed
        self.timeout = settings.timeout
        self.rank, self.count = self._dist.get_rank(), self._dist.get_world_size()
        self._number = next(_numbers)
        self._begun = False
        self._device = torch.device("cuda", torch.cuda.current_device()) if settings.backend == "nccl" else None
        with self._answering():
            self._group: Any = self._dist.new_group(
                backend=settings.backend, timeout=timedelta(seconds=settings.timeout)
            )

    @staticmethod
    def join(settings: Distributed) -> ProcessGroup:
        """Meets the others that the launcher has started, or takes them from where PyTorch has met them already."""
        # What a worker that is lost makes PyTorch say in C++ is said by a WorkerError.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
        torch = needed("torch", "torch")
        dist = torch.distributed
        if not dist.is_available():
            raise InputError("distributed: this PyTorch was built without torch.distributed")
        if settings.backend == "nccl":
            _prepare_nccl(torch)
        if not dist.is_initialized():
            _meet(dist, settings)
        return ProcessGroup(settings, torch)

    def sum(self, array: Array) -> None:
        self._each(array, lambda tensor: self._dist.all_reduce(tensor, group=self._group))

    def lend(self, array: Array, owner: int) -> None:
        """Replaces an array by that of one worker."""
        self._each(array, lambda tensor: self._dist.broadcast(tensor, group_src=owner, group=self._group))

    def least(self, number: int) -> int:
        own = np.full(1, number, np.int64)
        self._each(own, lambda tensor: self._dist.all_reduce(tensor, self._dist.ReduceOp.MIN, group=self._group))
        return int(own[0])

    def told(self, text: str) -> list[str]:
        """The texts of all workers."""
        return [self.lent_text(text, owner) for owner in range(self.count)]

    def lent_text(self, text: str, owner: int) -> str:
        """The text of one worker."""
        encoded = np.frombuffer(text.encode(), np.uint8)
        length = np.array([len(encoded)], np.int64)
        self.lend(length, owner)
        array = encoded.copy() if owner == self.rank else np.empty(int(length[0]), np.uint8)
        if len(array):
            self.lend(array, owner)
        return array.tobytes().decode()

    def check_same(self, about: Mapping[str, Any]) -> None:
        texts = self.told(json.dumps(about))
        first = json.loads(texts[0])
        for worker, own in enumerate(map(json.loads, texts)):
            different = [name for name in {**first, **own} if first.get(name) != own.get(name)]
            if different:
                raise InputError(
                    f"distributed: worker {worker} of {self.count} differs from worker 0 in {', '.join(different)}; "
                    "give every worker the same, on machines of one kind with the same versions installed"
                )
        self._begun = True

    def leave(self) -> None:
        with contextlib.suppress(Exception):  # where it has failed already there is nothing to end
            self._dist.destroy_process_group(self._group)

    def _each(self, array: Array, operation: Any) -> None:
        with self._answering():
            tensor = self._torch.from_numpy(array)
            if self._device is None:
                operation(tensor)
            else:
                sent = tensor.to(self._device)
                operation(sent)
                tensor.copy_(sent)

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        """A block in which a worker that does not answer is a `WorkerError`."""
        began = time.monotonic()
        try:
            yield
        except RuntimeError as error:
            waited = time.monotonic() - began
            self.leave()  # whoever still waits for this worker must not wait longer than it did
            late = waited >= 0.9 * self.timeout
            text = self._said(self._missing(), late)
            if self._device is not None and not late:  # a device and NCCL may fail where all workers are there
                text += f"; or this one has failed: {_reason(error)}"
            raise WorkerError(text if self._begun else text + NOT_BEGUN) from error

    def _said(self, missing: list[int], late: bool) -> str:
        several = len(missing) > 1
        who = f"worker{'s' if several else ''} {' and '.join(map(str, missing))}" if missing else "a worker"
        gone = "are gone: they ended, or were cut off" if several else "is gone: it ended, or was cut off"
        return f"{who} of {self.count} {f'did not answer for {self.timeout:g} s' if late else gone}"

    def _missing(self) -> list[int]:
        """Who has not been heard of since something went wrong; nobody where that cannot be told."""
        if _store is None:
            return []
        heard: list[int] | None = None

        def call() -> None:
            nonlocal heard
            found = [self.rank]
            with contextlib.suppress(Exception):
                _store.set(self._key(self.rank), "here")
                while len(found) < self.count - 1 and time.monotonic() < ends:
                    others = [rank for rank in range(self.count) if rank not in found]
                    found += [rank for rank in others if _store.check([self._key(rank)])]
                    time.sleep(0.05)
                heard = found

        patience = min(ROLL_SECONDS, self.timeout)
        ends = time.monotonic() + patience
        # In a thread of its own: where the process that keeps the store is stopped, a question is never answered.
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        thread.join(patience + 1.0)
        if heard is None:  # who keeps the store, in which each says that it is here, is the one that is lost
            return [] if self.rank == 0 or os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True" else [0]
        return [rank for rank in range(self.count) if rank not in heard]

    def _key(self, rank: int) -> str:
        return f"clearprop/{self._number}/{rank}"


def _prepare_nccl(torch: Any) -> None:
    """Takes the device of this process, and has whoever waits for a lost worker raise an error."""
    if not torch.distributed.is_nccl_available():
        raise InputError('backend: this PyTorch was built without NCCL; give backend="gloo"')
    # Otherwise only the device waits, for ever, until a thread of PyTorch's ends the whole process.
    os.environ["TORCH_NCCL_BLOCKING_WAIT"] = "1"
    try:
        torch.cuda.set_device(local_rank())
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f'backend: "nccl" needs a CUDA device for each process, and number {local_rank()} is not there '
            f'({_reason(error)}); start fewer processes, or give backend="gloo"'
        ) from None


def _reason(error: BaseException) -> str:
    """The line of an error that says why: NCCL's own word, where it stands behind the others, or the first."""
    text = str(error).strip()
    said = text.rpartition("Last error:")[2].strip() or text or type(error).__name__
    return f"{said.splitlines()[0]:.200}"


def _meet(dist: Any, settings: Distributed) -> None:
    """Makes the default process group of the workers that a launcher has started."""
    global _store
    if not launched():
        raise InputError(
            f"distributed: this process is none of several ({', '.join(VARIABLES)} are not all set); start it with "
            "torchrun, as in: torchrun --nproc-per-node 2 program.py; or under Ray Train"
        )
    timeout, began = timedelta(seconds=settings.timeout), time.monotonic()
    try:
        _store, rank, size = next(dist.rendezvous("env://", timeout=timeout))
        dist.init_process_group(settings.backend, store=_store, rank=rank, world_size=size, timeout=timeout)
    except (RuntimeError, ValueError) as error:
        if time.monotonic() - began < 0.9 * settings.timeout:
            raise WorkerError(f"the workers have not met: {_reason(error)}{NOT_BEGUN}") from error
        raise WorkerError(
            f"not all of the {processes()} workers came within {settings.timeout:g} s: one has ended, was not started, "
            f"needs longer to read its data, or cannot reach {os.environ['MASTER_ADDR']}; nothing has been learnt yet: "
            "start all again, with a longer timeout (--timeout), which limits the start as well, if they need it"
        ) from error
