"""torch = reference, on the processor: what is asked of the native engine, with this one in its place.

Of the product of `test_product`, each activation meets each loss and, with it, each rule of update, in turn with each
bias kind; over the losses, every activation meets every rule with every bias kind, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

pytest.importorskip("torch")

from clearprop.engines import get_engine
from clearprop.engines.base import Engine, Outcome, Plan, Samples
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.columns import ColumnLayer
from clearprop.network.losses import LOSSES
from clearprop.optimize.optimizers import SGD, Adam, Optimizer
from clearprop.optimize.schedules import FlatCosine
from tests.engines_agree import test_bfloat16, test_columns, test_many, test_shapes, test_threads_and_types
from tests.engines_agree.conftest import Agree
from tests.engines_agree.test_epsilon import test_a_step
from tests.engines_agree.test_evaluate import (
    test_activations_over_their_range,
    test_derivatives_over_their_range,
    test_every_pair,
    test_gradients_of_sure_answers_keep_their_digits,
    test_losses_of_sure_answers_keep_their_digits,
    test_row_counts,
)
from tests.engines_agree.test_product import BIAS_KINDS, RULES, STEPS, case, fitting, run
from tests.engines_agree.test_shapes import (
    test_divergence_at_the_same_step,
    test_dropout_masks_are_the_same,
    test_engines_take_over_from_each_other,
    test_one_sample_at_a_time_in_the_same_order,
    test_what_is_given_is_not_written_to,
)

__all__ = [
    "test_a_step",
    "test_activations_over_their_range",
    "test_derivatives_over_their_range",
    "test_divergence_at_the_same_step",
    "test_dropout_masks_are_the_same",
    "test_engines_take_over_from_each_other",
    "test_every_pair",
    "test_gradients_of_sure_answers_keep_their_digits",
    "test_losses_of_sure_answers_keep_their_digits",
    "test_one_sample_at_a_time_in_the_same_order",
    "test_row_counts",
    "test_what_is_given_is_not_written_to",
]


@pytest.fixture(scope="module")
def native() -> Engine:
    """The engine that is compared: the tests from other modules know it by this name."""
    return get_engine("torch:cpu")


def turns(hidden: str, loss: str) -> Iterator[tuple[int, str, str, str]]:
    """The number, last activation, rule and bias kind of each run of an activation and a loss."""
    fits, first = fitting(loss), list(ACTIVATIONS).index(hidden)
    shift = first + list(LOSSES).index(loss)
    for number, (rule, bias) in enumerate(product(RULES, BIAS_KINDS), first):
        if (list(RULES).index(rule) + shift) % len(BIAS_KINDS) == BIAS_KINDS.index(bias):
            yield number, fits[number % len(fits)], rule, bias


def test_the_product_is_whole() -> None:
    runs = [(hidden, loss, *one[1:]) for hidden in ACTIVATIONS for loss in LOSSES for one in turns(hidden, loss)]

    def met(*places: int) -> set[tuple[str, ...]]:
        return {tuple(one[place] for place in places) for one in runs}

    assert met(0, 1, 3) == set(product(ACTIVATIONS, LOSSES, RULES))
    assert met(0, 3, 4) == set(product(ACTIVATIONS, RULES, BIAS_KINDS))
    assert met(1, 3, 4) == set(product(LOSSES, RULES, BIAS_KINDS))
    assert met(0, 1, 4) == set(product(ACTIVATIONS, LOSSES, BIAS_KINDS))
    assert met(2, 1) == {(last, loss) for loss in LOSSES for last in fitting(loss)}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_same_run(hidden: str, loss: str, native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    for number, last, rule, bias in turns(hidden, loss):
        parameters, samples, plan = case(hidden, last, loss, rule, bias, number)
        settings = parameters, samples, replace(plan, threads=1)
        assert_same_run(run(native, *settings, seed=number), run(reference, *settings, seed=number))


@pytest.mark.parametrize("scale", [False, True], ids=["", "scaled"])
@pytest.mark.parametrize("layers", test_columns.LAYERS.values(), ids=test_columns.LAYERS)
def test_column_layers(
    layers: list[ColumnLayer], scale: bool, native: Engine, reference: Engine, assert_same_run: Agree
) -> None:
    network = test_columns.network_of(layers, scale)
    for turn, rule in enumerate(RULES):
        parameters, samples = test_columns.case(network, 23, seed=turn)
        plan = Plan(RULES[rule](0.003, FlatCosine(1.0, steps=STEPS)), batch_size=(3, 5, 23)[turn % 3])
        expected = run(reference, parameters, samples, plan, seed=turn)
        assert not np.array_equal(expected.parameters.flat, parameters.flat)
        assert_same_run(run(native, parameters, samples, plan, seed=turn), expected)
    test_columns.test_same_gradients_and_outputs(layers, scale, native, reference)


@pytest.mark.parametrize("name", sorted(set(test_shapes.SHAPES) - {"batches in pieces"}))
def test_sizes(name: str, native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    network, rows, batch_size, epochs = test_shapes.SHAPES[name]
    plan = Plan(SGD(0.02, momentum=0.5), batch_size)
    test_shapes.assert_agree(native, reference, assert_same_run, network, rows, plan, epochs)


@pytest.mark.parametrize("optimizer", test_many.OPTIMIZERS)
@pytest.mark.parametrize("kind", test_many.NETWORKS)
def test_each_of_many(kind: str, optimizer: str, native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    """Members that cannot go side by side, and then each beside two that differ in seed, rate and rows alone."""
    network = test_many.NETWORKS[kind]
    samples = test_many.samples_for(network, "float64")
    apart = test_many.members_for(network, test_many.OPTIMIZERS[optimizer], "float64")
    rng = np.random.default_rng(5)
    together = [
        replace(
            member,
            parameters=other.parameters,
            state=replace(member.state, seed=member.state.seed + 10 * beside),
            rows=None if member.rows is None else rng.permutation(member.rows),
            plan=replace(
                member.plan,
                optimizer=replace(member.plan.optimizer, learning_rate=0.01 / beside, fade=1.0 / beside),
            ),
        )
        for member in apart
        for beside, other in enumerate(apart[:3], 1)
    ]
    for members in (apart, together):
        expected = reference.train_many(members, samples, epochs=3, threads=1)
        for found, one in zip(native.train_many(members, samples, epochs=3, threads=1), expected, strict=True):
            assert_same_run(found, one)


@pytest.mark.parametrize("optimizer", [SGD(0.02, momentum=0.9), Adam(0.001, epsilon=1e-4)], ids=["momentum", "adam"])
def test_float32_is_near_the_truth(optimizer: Optimizer, native: Engine, reference: Engine) -> None:
    network = test_threads_and_types.LARGE
    truth = test_threads_and_types.train(reference, network, 1, "float64", optimizer)

    def error(engine: Engine) -> float:
        outcome = test_threads_and_types.train(engine, network, 1, "float32", optimizer)
        assert outcome.parameters.flat.dtype == np.float32
        return float(np.linalg.norm(outcome.parameters.flat - truth.parameters.flat))

    assert 0 < error(native) < 2 * error(reference)


@pytest.mark.parametrize("name", test_bfloat16.SHAPES)
def test_products_in_bfloat16(name: str, native: Engine, reference: Engine) -> None:
    start, samples, plan = test_bfloat16.shape(name)

    def one(engine: Engine, precision: str) -> Outcome:
        return test_bfloat16.run(engine, start, samples, plan, precision, 1)

    native.check_precision("bfloat16")
    expected = one(reference, "bfloat16")
    effect = test_bfloat16.distance(start, one(reference, "full"), expected)
    assert effect > 1e-3
    assert test_bfloat16.distance(start, one(native, "bfloat16"), expected) < effect / 10


def test_weights_of_nothing(native: Engine, reference: Engine, assert_same_run: Agree) -> None:
    """A batch whose samples all count nothing, and class indices."""
    network = test_many.NETWORKS["classes"]
    parameters, samples = test_shapes.start_of(network, 12)
    weights = np.repeat([0.0, 1.0, 0.0], 4)
    samples = Samples(samples.X, np.arange(12) % 3, weights)
    plan = Plan(Adam(0.01, epsilon=1e-4), 4, "sequential")
    expected = run(reference, parameters, samples, plan, seed=1)
    assert_same_run(run(native, parameters, samples, plan, seed=1), expected)
