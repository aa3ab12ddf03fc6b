"""A small problem that uses all that a step can have."""

from __future__ import annotations

from typing import Any

import numpy as np

from clearprop.engines.base import Member, Outcome, Plan, Samples, State
from clearprop.network.columns import Embedding, Periodic, Plain
from clearprop.network.initializers import initial
from clearprop.network.spec import Dense, Network, Scale
from clearprop.optimize.optimizers import AdamW
from clearprop.optimize.schedules import Cosine, FlatCosine

ROWS = 53
NETWORK = Network(
    5,
    [Dense(9, "tanh", dropout=0.3, weight_rate=0.5), Dense(6, "softmax", "layer", False, 0.2), Dense(3, "softmax")],
    "smoothed_cross_entropy",
    l1=0.001,
    l2=0.01,
    columns=[Plain(2), Periodic(2, frequencies=3), Embedding(1, categories=4, outputs=2)],
    scale=Scale(),
)


def problem(
    count: int = 1, dtype: str = "float64", weighted: bool = True, **settings: Any
) -> tuple[list[Member], Samples]:
    """So many members, alike but for their seeds, rates and rows, and the samples that they share."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(ROWS, 4)), rng.integers(0, 4, ROWS)]).astype(dtype)
    weights = rng.uniform(0.0, 2.0, ROWS).astype(dtype) if weighted else None
    members = []
    for seed in range(count):
        optimizer = AdamW(Cosine(0.02 / (1 + seed), steps=60), epsilon=1e-4, fade=FlatCosine(1.0, steps=50 + seed))
        plan = Plan(optimizer, **{"batch_size": 8, **settings})
        start = initial(NETWORK, "he", seed=seed, dtype=dtype)
        state = State.start(NETWORK, optimizer, seed, start.flat.dtype)
        members.append(Member(start, plan, state, rng.permutation(ROWS) if seed else None))
    return members, Samples(X, rng.integers(0, 3, ROWS), weights)


def same(found: Outcome, expected: Outcome, rtol: float, atol: float = 1e-14) -> None:
    """The same run, to a tolerance; 0 for every bit."""
    assert found.ended == expected.ended
    assert found.state.moved(slots={}, sums=expected.state.sums) == expected.state.moved(slots={})
    np.testing.assert_allclose(found.parameters.flat, expected.parameters.flat, rtol=rtol, atol=atol)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=rtol, atol=atol)
    for name, slot in expected.state.slots.items():
        np.testing.assert_allclose(found.state.slots[name], slot, rtol=rtol, atol=atol, err_msg=name)
