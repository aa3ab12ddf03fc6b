"""Which engine a name means, and how many threads it gets."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from clearprop.engines import ENGINES, get_engine, native, thread_count
from clearprop.errors import InputError


def test_names() -> None:
    for name in ENGINES:
        if name not in ("auto", "torch"):
            assert get_engine(name).name == name
    assert get_engine("auto").name == "native"


@pytest.mark.parametrize("name", ["numpy", "Native", "", None, 3, ["native"]])
def test_unknown_names(name: str) -> None:
    with pytest.raises(InputError, match="unknown engine"):
        get_engine(name)


def test_threads_as_asked_then_as_the_environment_says_then_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLEARPROP_THREADS", raising=False)
    usual = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert thread_count(None) == usual
    monkeypatch.setenv("CLEARPROP_THREADS", "3")
    assert thread_count(None) == 3
    assert thread_count(5) == 5
    monkeypatch.setenv("CLEARPROP_THREADS", "")
    assert thread_count(None) == usual


@pytest.mark.parametrize("asked", ["0", "-2", "two", "1.5", "1025", "1" * 30])
def test_bad_environment(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARPROP_THREADS", asked)
    with pytest.raises(InputError, match=f"CLEARPROP_THREADS: expected a whole number from 1 to 1024, got '{asked}'"):
        thread_count(None)


@pytest.mark.parametrize("asked", [0, -2, 1025, "2", 2.0, True])
def test_threads_that_are_no_number_of_threads(asked: object) -> None:
    with pytest.raises(InputError, match=re.escape(f"threads: expected a whole number from 1 to 1024, got {asked!r}")):
        thread_count(asked)  # type: ignore[arg-type]


def test_threads_as_a_number_of_numpy() -> None:
    assert thread_count(np.int64(3)) == 3  # type: ignore[arg-type]


def test_an_instruction_set_by_its_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARPROP_INSTRUCTION_SET", "avx2")
    monkeypatch.setattr(native, "_available", lambda: ["portable", "v3", "v4"])
    with pytest.raises(InputError, match=re.escape('portable, v3 (AVX2), v4 (AVX-512), got "avx2"')):
        native.instruction_set()
