"""Schedules at points whose rates are known."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from clearprop.errors import InputError
from clearprop.optimize.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosLog,
    Exponential,
    FlatCosine,
    OneCycle,
    Schedule,
    Step,
    as_schedule,
)

POINTS: list[tuple[Schedule, dict[int, float]]] = [
    (Constant(0.3), {0: 0.3, 1: 0.3, 10**12: 0.3}),
    (Step(1.0, every=10), {0: 1.0, 9: 1.0, 10: 0.1, 19: 0.1, 20: 0.01}),
    (Step(0.5, every=3, factor=0.5), {2: 0.5, 3: 0.25, 6: 0.125, 300: 0.5**101}),
    (Exponential(2.0, factor=0.9), {0: 2.0, 1: 1.8, 2: 1.62, 50: 2.0 * 0.9**50}),
    (Exponential(1.0, factor=0.01, every=100), {0: 1.0, 50: 0.1, 100: 0.01, 200: 0.0001}),
    (Cosine(1.0, steps=100), {0: 1.0, 50: 0.5, 100: 0.0, 25: 0.5 + math.sqrt(0.125), 1000: 0.0}),
    (Cosine(0.8, steps=60, final=0.2), {0: 0.8, 20: 0.65, 30: 0.5, 40: 0.35, 60: 0.2, 61: 0.2}),
    (
        OneCycle(1.0, steps=100, warmup=0.2, start=0.1, final=0.01),
        {0: 0.1, 10: 0.55, 20: 1.0, 60: 0.505, 100: 0.01, 5000: 0.01},
    ),
    (OneCycle(2.0, steps=10, warmup=0.0, final=0.0), {0: 2.0, 5: 1.0, 10: 0.0}),
    (OneCycle(1.0, steps=1000), {0: 0.04, 150: 0.52, 300: 1.0, 1000: 4e-6}),
    (FlatCosine(0.5, steps=100), {0: 0.5, 50: 0.5, 75: 0.25, 100: 0.0, 101: 0.0}),
    (FlatCosine(1.0, steps=12), {6: 1.0, 8: 0.75, 10: 0.25, 12: 0.0}),
    # The cycles end where 1 + 15t is a power of 2; at 3/2 of one, it is log2(3/2) through the next.
    (CosLog(2.0, steps=15), {0: 0.0, 1: 0.0, 3: 0.0, 7: 0.0, 15: 0.0, 10**9: 0.0}),
    (CosLog(2.0, steps=15), {5: 1.0 - math.cos(math.tau * math.log2(6))}),
    (CosLog(1.0, steps=1, cycles=1), {0: 0.0, 1: 0.0}),
    (CosLog(1.0, steps=30, cycles=4), {1: 0.5 - 0.5 * math.cos(math.tau * math.log2(1.5)), 2: 0.0}),
]


def test_every_schedule_is_here() -> None:
    assert {type(schedule) for schedule, _ in POINTS} == set(SCHEDULES.values())


@pytest.mark.parametrize(("schedule", "points"), POINTS, ids=repr)
def test_points(schedule: Schedule, points: dict[int, float]) -> None:
    rates = schedule.rates(np.array(list(points)))
    assert rates.dtype == np.float64
    np.testing.assert_allclose(rates, list(points.values()), rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize(("schedule", "_"), POINTS, ids=repr)
def test_a_rate_is_a_function_of_its_step_alone(schedule: Schedule, _: object) -> None:
    together = schedule.rates(np.arange(200))
    alone = [float(schedule.rates(np.array([step]))[0]) for step in range(200)]
    assert together.tolist() == alone
    assert (together >= 0).all() and np.isfinite(together).all()


@pytest.mark.parametrize(
    "schedule",
    [
        *(schedule for schedule, _ in POINTS),
        Step(0.5, every=3, factor=1.5),
        Step(0.0, every=3, factor=2.0),
        Exponential(0.5, factor=1.1),
        Cosine(0.2, steps=60, final=0.8),
        OneCycle(1.0, steps=50, start=1.5, final=0.0),
        OneCycle(1.0, steps=50, start=0.1, final=2.0),
    ],
    ids=repr,
)
def test_no_rate_is_above_the_bound(schedule: Schedule) -> None:
    largest = schedule.rates(np.arange(3000)).max()
    if math.isinf(schedule.bound):
        assert largest > 1e6
    else:
        assert 0.9 * schedule.bound <= largest <= schedule.bound or isinstance(schedule, CosLog)
        assert largest <= schedule.bound


@pytest.mark.parametrize(("schedule", "_"), POINTS, ids=repr)
def test_to_json_and_back(schedule: Schedule, _: object) -> None:
    description = json.loads(json.dumps(schedule.to_json()))
    assert as_schedule(description) == schedule
    assert as_schedule(schedule) is schedule


def test_a_number_is_a_constant_schedule() -> None:
    assert as_schedule(0.25) == Constant(0.25)
    assert Step(np.float32(0.5), every=np.int64(3)).to_json() == {
        "kind": "step",
        "rate": 0.5,
        "every": 3,
        "factor": 0.1,
    }


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Constant(-1.0), ["rate", "from 0 up", "-1.0"]),
        (lambda: Step(1.0, every=0), ["every", "whole number from 1 up", "0"]),
        (lambda: Step(1.0, every=2.5), ["every", "whole number"]),  # type: ignore[arg-type]
        (lambda: Step(1.0, every=True), ["every", "True"]),
        (lambda: Exponential(1.0, factor=float("nan")), ["factor", "nan"]),
        (lambda: Cosine(1.0, steps=0), ["steps", "from 1 up"]),
        (lambda: CosLog(1.0, steps=9, cycles=0), ["cycles", "whole number from 1 up"]),
        (lambda: CosLog(1.0, steps=9, cycles=33), ["cycles", "at most 32"]),
        (lambda: Cosine(1.0, steps="9"), ["steps", "'9'"]),  # type: ignore[arg-type]
        (lambda: OneCycle(1.0, steps=10, warmup=1.0), ["warmup", "below 1"]),
        (lambda: as_schedule({"kind": "step", "rate": 1.0}), ["schedule step", '"every" is missing']),
        (lambda: as_schedule({"kind": "step", "rate": 1.0, "evry": 3}), ["evry", 'did you mean "every"?']),
        (lambda: as_schedule([0.1]), ["learning_rate", "[0.1]"]),
    ],
)
def test_bad_values(make: Callable[[], object], words: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        make()
    for word in words:
        assert word in str(raised.value)
