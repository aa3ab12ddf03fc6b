"""What may be said of several processes, and what is said where there are none."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import thread_count
from clearprop.engines.distributed.settings import VARIABLES, launched, rank
from clearprop.engines.distributed.updates import Told, share

MODEL = cp.Model.initialized(cp.Network.parse("2-1"))


def train(distributed: object, **settings: object) -> None:
    cp.train(MODEL, [[0.0, 1.0]], [[1.0]], optimizer=cp.SGD(0.1), distributed=distributed, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"every": 0}, "every: expected a whole number from 1 up, got 0"),
        ({"every": 1.5}, "every: expected a whole number from 1 up, got 1.5"),
        ({"timeout": 0}, "timeout: expected seconds, more than 0, got 0"),
        ({"timeout": "soon"}, "timeout: expected a number from 0 up, got 'soon'"),
        ({"backend": "glo"}, 'unknown backend "glo"; did you mean "gloo"?'),
    ],
)
def test_settings_out_of_range(settings: dict[str, object], message: str) -> None:
    with pytest.raises(cp.InputError, match=re.escape(message)):
        cp.Distributed(**settings)  # type: ignore[arg-type]


def test_what_is_no_setting() -> None:
    with pytest.raises(cp.InputError, match="distributed: expected Distributed"):
        train(2)


def test_a_process_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RANK", "1")
    assert not launched() and rank() == 0
    with pytest.raises(cp.InputError, match=r"this process is none of several .*torchrun --nproc-per-node 2"):
        train(cp.Distributed())


def test_nccl_is_for_cuda() -> None:
    with pytest.raises(cp.InputError, match='backend: "nccl" goes with engine="torch" on CUDA devices'):
        train(cp.Distributed(backend="nccl"), engine="native")


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(cp.InputError, match=re.escape('PyTorch is not installed; pip install "clearprop[torch]"')):
        train(cp.Distributed())


def test_processes_on_one_machine_divide_its_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLEARPROP_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: range(8), raising=False)
    assert [thread_count(None, processes) for processes in (1, 2, 3, 16)] == [8, 4, 2, 1]
    assert thread_count(5, 2) == 5


@pytest.mark.parametrize("count", [1, 3, 8, 53])
@pytest.mark.parametrize("workers", [1, 2, 7])
def test_shares_are_all_rows_in_their_order(count: int, workers: int) -> None:
    rows = np.arange(count) * 10
    shares = [share(rows, worker, workers) for worker in range(workers)]
    assert np.concatenate([own for _, own in shares]).tolist() == rows.tolist()
    assert all(rows[first : first + len(own)].tolist() == own.tolist() for first, own in shares)
    lengths = [len(own) for _, own in shares]
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_are_told_with_all_their_digits(dtype: str) -> None:
    numbers = [[1 / 3, -1e10 / 7, 1.0], [np.pi * 1e-20, 0.0, -(2.0**40) - 1]]
    room = np.zeros(2 * 3 * 2, dtype)
    for worker, own in enumerate(numbers):
        told, sent = Told(worker, 2, 3, np.dtype(dtype)), np.empty_like(room)
        told.write(sent, own)
        room += sent
    np.testing.assert_allclose(told.read(room), numbers, rtol=1e-14)
