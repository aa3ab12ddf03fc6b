"""The cases, and how many operations and bytes they are."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.benchmark.cases import CASES, Case, chosen, drawn
from clearprop.benchmark.contestants.ours import network_of
from clearprop.benchmark.problem import make
from clearprop.errors import InputError

ALL = (*CASES, *drawn(0))


def counted(case: Case) -> int:
    """The operations of the products, counted product by product."""
    layers = list(zip(case.sizes[:-1], case.sizes[1:], strict=True))
    rows = case.rows
    count = sum(2 * rows * inputs * units for inputs, units in layers)  # A·W
    if case.kind != "predict":
        count += sum(2 * rows * inputs * units for inputs, units in layers)  # Aᵀ·Δ
        count += sum(2 * rows * inputs * units for inputs, units in layers[1:])  # Δ·Wᵀ
    return count * case.nets * (1 if case.kind == "predict" else case.epochs)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_operations_are_those_of_the_products(case):
    assert case.operations == counted(case)


def test_operations_by_hand():
    tiny, tab = CASES[0], CASES[2]
    assert tiny.operations == 10_000 * (6 * 8 - 2 * 4)
    assert tab.operations == 100_000 * (6 * (30 * 128 + 128 * 128 + 128 * 2) - 2 * 30 * 128)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_parameters_are_those_of_the_network(case):
    network = network_of(case)
    assert network.sizes == case.sizes
    assert network.parameter_count == case.parameter_count


@pytest.mark.parametrize("case", [case.smaller() for case in ALL], ids=lambda case: case.name)
def test_numbers_are_as_described(case):
    problem = make(case, seed=3)
    assert problem.X.nbytes + problem.Y.nbytes == case.data_bytes
    assert problem.X.dtype == case.dtype and all(W.dtype == case.dtype for W in problem.weights)
    assert sorted(problem.order) == list(range(case.rows))
    assert sum(one.stop - one.start for one in problem.batches) == case.rows
    again, other = make(case, seed=3), make(case, seed=4)
    assert np.array_equal(problem.X, again.X) and np.array_equal(problem.order, again.order)
    assert case.worked_example or not np.array_equal(problem.X, other.X)


def test_every_class_is_there():
    problem = make(Case("case", (3, 20), rows=20, batch=5), seed=0)
    assert sorted(problem.Y) == list(range(20))


def test_memory_allowance_by_hand():
    case = Case("case", (10, 5, 2), rows=100, batch=10)  # 67 parameters, of which Adam remembers two numbers each
    assert case.memory_allowance == 67 * 3 * (1 + 2) * 4 + 64 * 2**20


def test_drawn_cases_stay_within_bounds():
    for seed in range(50):
        for case in drawn(seed):
            network_of(case)
            assert case.batch <= case.rows
            assert case.operations <= 2e9 or case.rows == case.batch


def test_a_case_goes_through_json():
    assert [Case.from_json(case.to_json()) for case in ALL] == list(ALL)


def test_a_misspelt_case_is_named():
    with pytest.raises(InputError, match='unknown case "smal"; did you mean "small"'):
        chosen(["smal"], seed=0)


def test_chosen_keeps_the_order_of_the_list():
    assert [case.name for case in chosen(["drawn-2", "tiny"], seed=0)] == ["tiny", "drawn-2"]
    assert len(chosen([], seed=0)) == len(CASES) + 3


def test_tiny_is_the_worked_example():
    problem = make(CASES[0], seed=0)
    model = cp.Model(network_of(CASES[0]), problem.weights, problem.biases)
    assert model.loss(problem.X, problem.Y, engine="reference") == pytest.approx(0.298371109, abs=1e-9)
