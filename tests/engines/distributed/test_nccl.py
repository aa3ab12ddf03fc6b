"""NCCL that fails, or waits in vain, ends in an error that says so; without devices, so PyTorch is a stand-in."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.distributed import group
from clearprop.engines.distributed.group import ProcessGroup

SETTINGS = cp.Distributed(backend="nccl", timeout=0.2)
DUPLICATE = "NCCL error in: NCCLUtils.cpp:94, invalid usage\nLast error:\nDuplicate GPU detected : rank 1 and rank 0"


def works(*given: Any, **named: Any) -> Any:
    return None


def fails(text: str) -> Callable[..., None]:
    def call(*given: Any, **named: Any) -> None:
        raise RuntimeError(text)

    return call


def waits(*given: Any, **named: Any) -> None:
    time.sleep(SETTINGS.timeout)
    raise RuntimeError("WorkNCCL timed out in blocking wait")


class OnDevice:
    """A tensor, of which a copy is sent."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def to(self, device: Any) -> OnDevice:
        return OnDevice(self.array.copy())

    def copy_(self, other: OnDevice) -> None:
        self.array[...] = other.array


class Torch:
    """What a `ProcessGroup` needs of PyTorch: two workers, of which this is the first, and calls that may fail."""

    def __init__(self, **calls: Callable[..., Any]) -> None:
        self.ended: list[Any] = []
        self.waiting: str | None = None
        given = {"new_group": self.new_group, "destroy_process_group": self.ended.append, **calls}
        self.distributed = SimpleNamespace(
            is_available=lambda: True,
            is_nccl_available=lambda: True,
            is_initialized=lambda: True,
            get_rank=lambda: 0,
            get_world_size=lambda: 2,
            ReduceOp=SimpleNamespace(MIN="least"),
        )
        self.distributed.__dict__.update(given)
        self.cuda = SimpleNamespace(current_device=lambda: 0, set_device=calls.get("set_device", works))

    def new_group(self, backend: str, timeout: Any) -> str:
        self.waiting = os.environ.get("TORCH_NCCL_BLOCKING_WAIT")
        return "the group"

    def device(self, kind: str, number: int) -> str:
        return f"{kind}:{number}"

    from_numpy = staticmethod(OnDevice)


class Store:
    """Where only this worker says that it is here."""

    def set(self, key: str, value: str) -> None:
        pass


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was afterwards."""
    monkeypatch.setenv("TORCH_NCCL_BLOCKING_WAIT", "0")
    monkeypatch.setenv("TORCH_CPP_LOG_LEVEL", "ERROR")


def joined(monkeypatch: pytest.MonkeyPatch, torch: Torch) -> ProcessGroup:
    monkeypatch.setitem(sys.modules, "torch", torch)
    return ProcessGroup.join(SETTINGS)


def test_sums_come_back_from_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_reduce(tensor: OnDevice, *given: Any, **named: Any) -> None:
        tensor.array *= 2

    array = np.arange(3.0)
    joined(monkeypatch, Torch(all_reduce=all_reduce)).sum(array)
    assert array.tolist() == [0, 2, 4]


def test_whoever_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch reads it where a group is made; without it a lost worker ends this process, too."""
    torch = Torch()
    joined(monkeypatch, torch)
    assert torch.waiting == "1"


@pytest.mark.parametrize(
    ("all_reduce", "message"),
    [
        (waits, "worker 1 of 2 did not answer for 0.2 s"),
        (
            fails(DUPLICATE),
            "worker 1 of 2 is gone: it ended, or was cut off; "
            "or this one has failed: Duplicate GPU detected : rank 1 and rank 0",
        ),
        (
            fails("CUDA error: out of memory\nCUDA kernel errors might be reported later"),
            "worker 1 of 2 is gone: it ended, or was cut off; or this one has failed: CUDA error: out of memory",
        ),
        (fails(""), "worker 1 of 2 is gone: it ended, or was cut off; or this one has failed: RuntimeError"),
    ],
)
def test_a_collective_that_fails(
    all_reduce: Callable[..., None], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "_store", Store())
    torch = Torch(all_reduce=all_reduce)
    workers = joined(monkeypatch, torch)
    for call in (lambda: workers.sum(np.zeros(3)), lambda: workers.least(3)):
        with pytest.raises(cp.WorkerError, match=f"^{re.escape(message + group.NOT_BEGUN)}$"):
            call()
    assert torch.ended == ["the group"] * 2


def test_a_group_that_does_not_come_about(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(cp.WorkerError, match=r"^a worker of 2 is gone.* or this one has failed: Duplicate GPU"):
        joined(monkeypatch, Torch(new_group=fails(DUPLICATE)))


def test_workers_that_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "1")
    torch = Torch(
        is_initialized=lambda: False,
        rendezvous=lambda url, timeout: iter([(Store(), 0, 2)]),
        init_process_group=fails(DUPLICATE),
    )
    monkeypatch.setattr(group, "_store", None)
    with pytest.raises(
        cp.WorkerError, match=r"^the workers have not met: Duplicate GPU detected.*; nothing has been learnt"
    ):
        joined(monkeypatch, torch)


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        ({"is_nccl_available": lambda: False}, 'backend: this PyTorch was built without NCCL; give backend="gloo"'),
        (
            {"set_device": fails("CUDA error: invalid device ordinal")},
            'backend: "nccl" needs a CUDA device for each process, and number 0 is not there '
            "(CUDA error: invalid device ordinal); start fewer",
        ),
    ],
)
def test_what_nccl_needs(calls: dict[str, Callable[..., Any]], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(cp.InputError, match=re.escape(message)):
        joined(monkeypatch, Torch(**calls))
