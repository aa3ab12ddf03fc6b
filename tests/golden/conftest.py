"""Figures as data, and one fixture for every engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clearprop.engines import get_engine

Figures = dict[str, Any]


@pytest.fixture(params=["reference", "native", "torch:cpu"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name.startswith("torch"):
        pytest.importorskip("torch")
    get_engine(name)
    return name


@pytest.fixture(scope="session")
def figures() -> Callable[[str], Figures]:
    def read(name: str) -> Figures:
        found: Figures = json.loads((Path(__file__).parent / f"{name}.json").read_text())
        return found

    return read
