"""What learning from a source takes up in memory is told before a row is read."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.memory import check_memory
from clearprop.engines.source import Source, Without
from clearprop.tabular import recipe
from clearprop.tabular.learn import learn


class Unread(Source):
    """Rows of which none may be read."""

    def __init__(self, rows: int, memory: int, inputs: int = 2, dtype: str = "f4") -> None:
        self.rows, self.memory = rows, memory
        self._like = np.empty((0, inputs), dtype), np.empty(0, np.uint8)

    @property
    def like(self) -> Any:
        return self._like

    def __len__(self) -> int:
        return self.rows

    def read(self, first: int, X: Any, Y: Any) -> None:
        raise AssertionError("a row has been read")


def network(shape: str = "2-4-2", **settings: Any) -> cp.Network:
    return cp.Network.parse(shape, output="softmax", loss="cross_entropy", **settings)


MIB = 1 << 20
SMALL = {"networks": [network()], "optimizer": cp.Adam(), "batch_size": 100, "dtype": "float32"}
BIG = network("2-1000-1000-2")  # 4 MB of parameters

CASES: dict[str, tuple[dict[str, Any], Source, str, int]] = {
    "a batch's numbers in every layer": (
        {"networks": [network("2-1000-2")], "batch_size": 10_000},
        Unread(10_000, 300 * MIB),
        "a batch of 10,000 rows 153.",
        345,
    ),
    "what column layers compute of each row": (
        {"networks": [cp.Network(2, [cp.Dense(2)], columns=[cp.Periodic(2, frequencies=1000)])], "batch_size": 10_000},
        Unread(10_000, 300 * MIB),
        "a batch of 10,000 rows 307.",
        499,
    ),
    "all members": ({"networks": [BIG] * 16, "folds": 8}, Unread(1000, 300 * MIB), "16 models 26", 450),
    "one model": ({"networks": [BIG]}, Unread(1000, 200 * MIB), "the model 38.", 230),
    "what is known of each row of many": (
        {"folds": 8},
        Unread(50_000_000, 1024 * MIB),
        "what is known of each row 1.8 GiB",
        2000,
    ),
    "what is judged of each row of many": (
        {"networks": [network("2-2-50")] * 8, "folds": 8},
        Unread(2_000_000, 1024 * MIB),
        "what is known of each row 3.1 GiB",
        3300,
    ),
    "which rows are left out": (
        {},
        Without(Unread(20 * MIB, 200 * MIB), np.zeros(20 * MIB, bool)),
        "what is known of each row 20.",
        210,
    ),
    "rows held out": ({"held_out": 0.1}, Unread(50_000_000, 200 * MIB), "rows held out 76.", 270),
    "windows in two types": ({}, Unread(65_536, 200 * MIB, inputs=200, dtype="f8"), "windows of rows 102.", 290),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_too_little_is_refused_with_what_is_enough(case: str) -> None:
    given, source, part, least = CASES[case]
    asked = {**SMALL, **given}
    with pytest.raises(cp.InputError, match=re.escape(part)) as caught:
        check_memory(source, **asked)
    found = re.search(r"give at least (\S+ \S+)", str(caught.value))
    assert found
    source.memory = cp.errors.check_size("memory", found[1])
    assert least * MIB < source.memory < 1.2 * least * MIB
    check_memory(source, **asked)


def test_nothing_is_read_before() -> None:
    few = Unread(1000, 100 * MIB)
    with pytest.raises(cp.InputError, match=r"memory: 100.0 MiB is too little"):
        cp.train(cp.Model.initialized(network()), few, optimizer=cp.Adam(), batch_size=100, validation=0.1)
    X = np.random.default_rng(0).normal(size=(1000, 2))
    many = Unread(1000, 200 * MIB)
    with pytest.raises(cp.InputError, match=r"memory: 200.0 MiB is too little: .* 500 models"):
        learn(many, recipe=recipe("quick", X, 2, "classes", members=500))
