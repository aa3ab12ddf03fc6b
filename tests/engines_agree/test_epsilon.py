"""Optimizers that divide by a root: any epsilon, and gradients so small or large that their squares leave float32."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.engines.base import Engine, Plan, Samples, State
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import Adam, Optimizer, RMSprop


@pytest.mark.parametrize("units", [2, 40])  # number by number, and in panels
@pytest.mark.parametrize("size", [1e-20, 1e-12, 1.0, 1e15])
@pytest.mark.parametrize("epsilon", [0.0, 1e-30, 1e-10, 1e-8])
@pytest.mark.parametrize("kind", [Adam, RMSprop])
def test_a_step(
    kind: type[Optimizer], epsilon: float, size: float, units: int, native: Engine, reference: Engine
) -> None:
    network = Network(3, [Dense(units, "identity")], "half_squared_error", reduction="sum")
    rng = np.random.default_rng(0)
    parameters = Parameters(network, np.zeros(network.parameter_count, np.float32))
    samples = Samples(
        rng.uniform(0.5, 1.0, (1, 3)).astype(np.float32),
        (size * rng.uniform(0.5, 1.0, (1, units))).astype(np.float32),
    )
    plan = Plan(kind(0.01, epsilon=epsilon), batch_size=1)
    with np.errstate(all="ignore"):
        found, expected = (
            engine.train_epochs(
                parameters, samples, plan, State.start(network, plan.optimizer, 0, np.dtype("f4")), epochs=1
            )
            for engine in (native, reference)
        )
    assert found.ended == expected.ended
    if found.ended == "done":
        np.testing.assert_allclose(found.parameters.flat, expected.parameters.flat, rtol=2e-5)
