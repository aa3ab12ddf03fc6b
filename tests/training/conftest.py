"""Fixtures: each engine, small data, and an engine that asks between any two updates whether to go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import get_engine
from clearprop.engines.base import Outcome
from clearprop.training import loop, prepare

Numbers = np.ndarray[Any, np.dtype[Any]]


@pytest.fixture(params=["reference", "native", "torch:cpu"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param.startswith("torch"):
        pytest.importorskip("torch")
    get_engine(request.param)
    return str(request.param)


@dataclass(frozen=True)
class Problem:
    """A model and what it is to learn."""

    model: cp.Model
    X: Numbers
    Y: Numbers

    def train(self, **settings: Any) -> Any:
        return cp.train(settings.pop("model", self.model), self.X, self.Y, **settings)


def classes_problem(rows: int = 40, dtype: str = "float64", dropout: float = 0.0) -> Problem:
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, 4))
    Y = (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int) + (X[:, 2] > 1)
    net = cp.Network.parse("4-6-3", hidden="tanh", output="softmax", loss="cross_entropy", l2=0.001, dropout=dropout)
    return Problem(cp.Model.initialized(net, seed=1, dtype=dtype), X, Y)


def numbers_problem(rows: int = 30) -> Problem:
    random = np.random.default_rng(1)
    X = random.normal(size=(rows, 3))
    Y = X @ [[1.0, 0.0], [0.5, -1.0], [0.0, 2.0]] + 0.1 * random.normal(size=(rows, 2))
    net = cp.Network.parse("3-5-2", hidden="tanh", output="identity", loss="mean_squared_error")
    return Problem(cp.Model.initialized(net, seed=2), X, Y)


@pytest.fixture
def classes() -> Callable[..., Problem]:
    return classes_problem


@pytest.fixture
def numbers() -> Callable[..., Problem]:
    return numbers_problem


class Stepwise:
    """An engine that computes one update a call, and asks before each."""

    def __init__(self, name: str) -> None:
        self.inner = get_engine(name)
        self.name = self.inner.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def train_epochs(
        self, parameters: Any, samples: Any, plan: Any, state: Any, *, epochs: int, steps: Any = None, tick: Any = None
    ) -> Outcome:
        losses: list[float] = []
        while state.epoch < epochs:
            if state.step == steps or (tick and not tick(state.epoch, state.batch, state.step)):
                return Outcome(parameters, state, np.array(losses), "stopped")
            one = self.inner.train_epochs(parameters, samples, plan, state, epochs=epochs, steps=state.step + 1)
            if one.ended == "diverged":
                return Outcome(one.parameters, one.state, np.array(losses), "diverged")
            parameters, state = one.parameters, one.state
            losses += one.losses.tolist()
        return Outcome(parameters, state, np.array(losses), "done")


@pytest.fixture
def at_every_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callbacks are asked before every update, not ten times a second."""
    monkeypatch.setattr(loop, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(prepare, "training_engine", Stepwise)


@dataclass
class StopAt(cp.Callback):
    """Ends the run before the update of a number; raises `error` instead if there is one."""

    step: int
    error: BaseException | None = None

    def on_tick(self, moment: Any) -> bool | None:
        if moment.step < self.step:
            return None
        if self.error:
            raise self.error
        return False


@pytest.fixture
def stop_at() -> type[StopAt]:
    return StopAt


@pytest.fixture
def same() -> Callable[[Any, Any], None]:
    """Asserts that two results are the same, bit for bit, but for the seconds."""

    def check(one: Any, other: Any) -> None:
        assert one.model.parameters.flat.tobytes() == other.model.parameters.flat.tobytes()
        assert {k: v.tobytes() for k, v in one.state.slots.items()} == {
            k: v.tobytes() for k, v in other.state.slots.items()
        }
        assert one.state.moved(slots={}) == other.state.moved(slots={})
        first, second = one.history.to_json(), other.history.to_json()
        assert {**first, "seconds": 0} == {**second, "seconds": 0}
        assert len(one.history.seconds) == len(other.history.seconds)
        assert one.ended == other.ended

    return check
