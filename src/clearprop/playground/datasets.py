"""Ready-made data: one entry each, how its rows are drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clearprop.engines.base import Array
from clearprop.errors import unknown
from clearprop.playground.refusals import Refusal
from clearprop.playground.typed import share, whole
from clearprop.random import Stream, normals, uniforms

MOST_ROWS = 20_000
TABLES = (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)  # the four rows of a function of two bits


class Draw:
    """The numbers of one drawing: a function of the seed and the place in the order of asking."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.asked = 0

    def uniform(self, rows: int, low: float = 0.0, high: float = 1.0) -> Array:
        self.asked += 1
        return low + (high - low) * uniforms(self.seed, Stream.DATASET, rows, lane=self.asked)

    def normal(self, rows: int, columns: int = 1) -> Array:
        self.asked += 1
        return normals(self.seed, Stream.DATASET, rows * columns, lane=self.asked).reshape(rows, columns)


Made = tuple[Array, Array]


@dataclass(frozen=True)
class Dataset:
    """Rows by a rule.

    Attributes:
        name: its key.
        task: "classes", two or more in a plane, or "numbers", a curve over one input.
        make: (rows, noise, draw) to X (N, inputs), and class indices (N,) or numbers (N, 1).
        settings: what can be set, and what it is unless set: rows, noise, the share held out, seed. None: always the
            same rows.
    """

    name: str
    task: str
    make: Callable[[int, float, Draw], Made]
    settings: Mapping[str, float] = field(default_factory=dict)


def _bits(answers: tuple[int, int, int, int]) -> Callable[[int, float, Draw], Made]:
    return lambda rows, noise, draw: (np.array(TABLES), np.array(answers))


def _halves(rows: int) -> Array:
    """The class of each row, two of the same size, one after the other."""
    return (np.arange(rows) >= (rows + 1) // 2).astype(np.int64)


def _circles(rows: int, noise: float, draw: Draw) -> Made:
    kind, angle = _halves(rows), draw.uniform(rows, 0.0, 2 * np.pi)
    radius = np.where(kind == 0, draw.uniform(rows, 0.0, 0.4), draw.uniform(rows, 0.65, 0.95))
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * draw.normal(rows, 2), kind


def _moons(rows: int, noise: float, draw: Draw) -> Made:
    kind, angle = _halves(rows), draw.uniform(rows, 0.0, np.pi)
    side = 1.0 - 2.0 * kind
    X = np.stack([side * np.cos(angle) - 0.5 * side, side * np.sin(angle) - 0.25 * side], axis=1)
    return 0.6 * X + noise * draw.normal(rows, 2), kind


def _spirals(rows: int, noise: float, draw: Draw) -> Made:
    kind, way = _halves(rows), draw.uniform(rows, 0.05, 1.0)
    angle = 1.6 * 2 * np.pi * way + np.pi * kind
    X = 0.95 * way[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * draw.normal(rows, 2), kind


def _blobs(rows: int, noise: float, draw: Draw) -> Made:
    kind = np.arange(rows) % 3
    centres = 0.55 * np.array([[np.cos(at), np.sin(at)] for at in (np.pi / 2, np.pi * 7 / 6, np.pi * 11 / 6)])
    return centres[kind] + noise * draw.normal(rows, 2), kind


def _curve(function: Callable[[Array], Array]) -> Callable[[int, float, Draw], Made]:
    def make(rows: int, noise: float, draw: Draw) -> Made:
        x = draw.uniform(rows, -1.0, 1.0)
        return x[:, None], function(x)[:, None] + noise * draw.normal(rows)

    return make


def _settings(rows: int, noise: float) -> dict[str, float]:
    return {"rows": rows, "noise": noise, "held_out": 0.2, "seed": 0}


_ENTRIES = [
    Dataset("and", "classes", _bits((0, 0, 0, 1))),
    Dataset("or", "classes", _bits((0, 1, 1, 1))),
    Dataset("xor", "classes", _bits((0, 1, 1, 0))),
    Dataset("circles", "classes", _circles, _settings(200, 0.05)),
    Dataset("moons", "classes", _moons, _settings(200, 0.08)),
    Dataset("spirals", "classes", _spirals, _settings(200, 0.02)),
    Dataset("blobs", "classes", _blobs, _settings(150, 0.15)),
    Dataset("line", "numbers", _curve(lambda x: 0.8 * x), _settings(60, 0.1)),
    Dataset("parabola", "numbers", _curve(lambda x: 2 * x**2 - 1), _settings(60, 0.1)),
    Dataset("sine", "numbers", _curve(lambda x: np.sin(2 * np.pi * x)), _settings(80, 0.1)),
    Dataset("bump", "numbers", _curve(lambda x: np.exp(-((4 * x) ** 2))), _settings(60, 0.05)),
    Dataset("steps", "numbers", _curve(lambda x: np.floor(2 * x) / 2 + 0.25), _settings(80, 0.05)),
]

DATASETS: dict[str, Dataset] = {entry.name: entry for entry in _ENTRIES}


def dataset(name: str) -> Dataset:
    if name not in DATASETS:
        raise unknown("data", name, DATASETS)
    return DATASETS[name]


def checked(entry: Dataset, given: Mapping[str, Any]) -> dict[str, float]:
    """The settings of a dataset, what is not given as it is usually.

    Raises:
        InputError: there is no such setting, or it is out of range.

    >>> checked(DATASETS["moons"], {"rows": "50"})
    {'rows': 50, 'noise': 0.08, 'held_out': 0.2, 'seed': 0}
    """
    settings = dict(entry.settings)
    for name, value in given.items():
        if name not in settings:
            raise (
                unknown(f"setting of {entry.name}", name, settings)
                if settings
                else Refusal("settings", name=entry.name)
            )
        if name in ("noise", "held_out"):
            settings[name] = share(name, value)
        else:
            settings[name] = whole(name, value, 4 if name == "rows" else 0, MOST_ROWS if name == "rows" else 2**53)
    return settings


def made(entry: Dataset, settings: Mapping[str, float]) -> Made:
    """The rows: X (N, inputs), and class indices (N,) or numbers (N, 1)."""
    draw = Draw(int(settings.get("seed", 0)))
    X, Y = entry.make(int(settings.get("rows", 0)), float(settings.get("noise", 0.0)), draw)
    return np.round(X, 6), Y if entry.task == "classes" else np.round(Y, 6)
