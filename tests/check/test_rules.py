"""The step as rules, without a slip, is the step of the reference engine and the run of `train`."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.check.marking import course
from clearprop.check.marking.course import Course
from clearprop.check.marking.rules import Rules
from clearprop.check.marking.slips import IDS, slips
from clearprop.explain.ref import Ref
from clearprop.sheet import Sheet

OPTIMIZERS = [
    cp.SGD(0.3),
    cp.SGD(0.1, momentum=0.9),
    cp.SGD(0.1, 0.9, True),
    cp.Adam(0.05),
    cp.AdamW(0.05),
    cp.RMSprop(0.02),
]
NETWORKS = [
    cp.Network.parse("2-3-2", hidden="tanh", bias="layer", train_bias=False, reduction="sum"),
    cp.Network.parse("3-2-2-1", hidden="sigmoid", bias="none", l1=0.01, l2=0.1),
    cp.Network.parse("2-3-3", hidden="softplus", output="softmax", loss="cross_entropy"),
    cp.Network.parse("2-3-1", hidden="leaky_relu(0.2)", loss="binary_cross_entropy"),
    cp.Network.parse("2-4-2", hidden="gelu", output="identity", loss="huber(0.5)", dropout=0.25),
]


def sheet(network, optimizer, **settings) -> Sheet:
    rng = np.random.default_rng(1)
    model = cp.Model.initialized(network, "normal", scale=0.5, seed=3)
    Y = rng.dirichlet(np.ones(network.outputs), 4) if network.outputs > 1 else rng.integers(0, 2, (4, 1)).astype(float)
    return Sheet(model, rng.normal(size=(4, network.inputs)), Y, optimizer, **settings)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: repr(one).partition("(")[0])
@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_values_are_those_of_the_trace(network, optimizer) -> None:
    run = Course(sheet(network, optimizer))
    step = run.step(2)
    rules = Rules.of(step.step)
    values = run.values(rules, 2)
    for ref in step.definitions:
        np.testing.assert_allclose(values[ref], step.value(ref), rtol=1e-9, atol=1e-13, err_msg=step.text(ref))


@pytest.mark.parametrize("compiled", [False, True], ids=["by matrices", "compiled"])
@pytest.mark.parametrize(
    "settings", [{}, {"batch_size": 3, "seed": 5}, {"batch_size": 1, "order": (0, 2, 2, 1)}], ids=str
)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: repr(one).partition("(")[0])
@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_many_updates_are_those_of_train(network, optimizer, settings, compiled, monkeypatch) -> None:
    monkeypatch.setattr(course, "FEW", 0 if compiled else 100)
    given = sheet(network, optimizer, **settings)
    run = Course(given)
    state = run.state(Rules.of(run.step(0).step), 4)
    trained = {"batch_size": given.batch_size, "order": given.order, "seed": given.seed, "optimizer": optimizer}
    updates = run.plan.batches(4)
    model = cp.train(given.model, given.X, given.Y, epochs=4 // updates, engine="reference", **trained).model
    assert 4 % updates == 0
    for layer, W in enumerate(model.parameters.weights, 1):
        np.testing.assert_allclose(state[Ref("W", layer)], W, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_every_slip_can_be_computed(network) -> None:
    run = Course(sheet(network, cp.SGD(0.5)))
    step = run.step(0)
    found = list(slips(step.step, 0.5))
    for slip in found:
        values = run.values(slip.rules, 1)
        assert values is None or all(values[ref].shape == slip.rules.shapes.of(ref) for ref in slip.rules.formulas)
    assert {slip.id for slip in found} < set(IDS)
