"""The engines that are compared, and what it means that two runs are the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from clearprop.engines import get_engine
from clearprop.engines.base import Engine, Outcome

Agree = Callable[[Outcome, Outcome], None]


@pytest.fixture(scope="session")
def native() -> Engine:
    return get_engine("native")


@pytest.fixture(scope="session")
def reference() -> Engine:
    return get_engine("reference")


@pytest.fixture(scope="session")
def assert_same_run() -> Agree:
    """The same numbers to a relative 1e-10; what is 0 but for rounding may differ by its rounding."""

    def check(outcome: Outcome, expected: Outcome) -> None:
        assert outcome.ended == expected.ended
        for name in ("seed", "epoch", "batch", "step"):
            assert getattr(outcome.state, name) == getattr(expected.state, name), name
        np.testing.assert_allclose(outcome.parameters.flat, expected.parameters.flat, rtol=1e-10, atol=1e-15)
        np.testing.assert_allclose(outcome.losses, expected.losses, rtol=1e-10, atol=1e-15)
        assert list(outcome.state.slots) == list(expected.state.slots)
        for name, slot in expected.state.slots.items():
            np.testing.assert_allclose(outcome.state.slots[name], slot, rtol=1e-10, atol=1e-14, err_msg=name)
        sums, true = outcome.state.sums, expected.state.sums
        np.testing.assert_allclose(
            (sums.loss, sums.weight, sums.penalty, sums.rows),
            (true.loss, true.weight, true.penalty, true.rows),
            rtol=1e-10,
            atol=1e-14,
        )

    return check
