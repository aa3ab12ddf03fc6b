"""The perceptron: the rule's numbers, its end, and scikit-learn's contract."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import check_estimator

import clearprop as cp
from clearprop.engines import get_engine

X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
AND, OR, XOR = [0, 0, 0, 1], [0, 1, 1, 1], [0, 1, 1, 0]


@pytest.fixture(params=["reference", "native"])
def engine(request: pytest.FixtureRequest) -> str:
    get_engine(request.param)
    return str(request.param)


@pytest.fixture(params=["bias", "dummy"])
def threshold(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_and_with_all_rows_at_once(engine: str, threshold: str) -> None:
    perceptron = cp.Perceptron(engine=engine, threshold=threshold).fit(X, AND)
    assert perceptron.trajectory_.tolist() == [[0, 0, 0], [-1, -1, 3], [0, 0, 2], [1, 1, 1], [0, 0, 3], [1, 1, 2]]
    assert perceptron.n_iter_ == 5
    assert perceptron.converged_
    assert perceptron.period_ is None
    assert (perceptron.coef_.tolist(), perceptron.intercept_.tolist(), perceptron.threshold_.tolist()) == (
        [[1, 1]],
        [-2],
        [2],
    )
    assert perceptron.predict(X).tolist() == AND
    assert perceptron.decision_function(X).tolist() == [-2, -1, -1, 0], "a net input of 0 is class 1"


def test_and_sample_by_sample(engine: str, threshold: str) -> None:
    perceptron = cp.Perceptron(batch="one", engine=engine, threshold=threshold).fit(X, AND)
    assert perceptron.trajectory_.tolist() == [[0, 0, 0], [1, 1, 0], [2, 1, 1], [2, 1, 2], [2, 2, 2], [2, 1, 3]]
    assert perceptron.n_iter_ == 5
    assert perceptron.converged_


def test_xor_goes_round_and_it_says_so(engine: str, threshold: str) -> None:
    perceptron = cp.Perceptron(engine=engine, threshold=threshold)
    words = "the weights repeat with period 2, and 2 rows are still wrong: the classes cannot be separated by a line"
    with pytest.warns(ConvergenceWarning, match=words):
        perceptron.fit(X, XOR)
    assert perceptron.trajectory_.tolist() == [[0, 0, 0], [-1, -1, 2], [0, 0, 0]]
    assert not perceptron.converged_
    assert (perceptron.period_, perceptron.n_iter_) == (2, 2)

    one = cp.Perceptron(batch="one", engine=engine, threshold=threshold)
    with pytest.warns(ConvergenceWarning, match="repeat with period 1, and . rows are still wrong"):
        one.fit(X, XOR)
    assert one.trajectory_.tolist() == [[0, 0, 0], [-1, 0, 1], [-1, 0, 0], [-1, 0, 0]]


def test_the_rule_written_out_is_the_same(engine: str) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(30, 3))
    labels = np.where(rows @ [1.0, -2.0, 0.5] > 0.1, "yes", "no")
    rate, W, b, path = 0.25, np.zeros(3), 0.0, []
    for _ in range(1000):
        path.append([*W, -b])
        errors = (rows @ W + b >= 0) - (labels == "yes").astype(float)
        if not errors.any():
            break
        W, b = W - rate * errors @ rows, b - rate * errors.sum()
    perceptron = cp.Perceptron(rate, engine=engine).fit(rows, labels)
    np.testing.assert_allclose(perceptron.trajectory_, path, rtol=0, atol=1e-12)
    assert perceptron.converged_
    assert perceptron.predict(rows).tolist() == labels.tolist()


def test_giving_up_is_said(engine: str) -> None:
    with pytest.warns(ConvergenceWarning, match="after max_iter=2 epochs 1 row is still wrong: raise max_iter"):
        perceptron = cp.Perceptron(max_iter=2, engine=engine).fit(X, AND)
    assert not perceptron.converged_
    assert perceptron.n_iter_ == 2


def test_shuffled_rows_come_in_another_order_and_a_repeat_is_no_cycle(engine: str) -> None:
    settings: dict[str, Any] = {"batch": "one", "shuffle": True, "engine": engine}
    first, same, other = (cp.Perceptron(random_state=seed, **settings).fit(X, OR) for seed in (0, 0, 4))
    assert first.trajectory_.tolist() == same.trajectory_.tolist()
    assert first.converged_
    assert first.trajectory_.tolist() != other.trajectory_.tolist()
    with pytest.warns(ConvergenceWarning, match="after max_iter=30 epochs"):
        xor = cp.Perceptron(max_iter=30, **settings).fit(X, XOR)
    assert xor.n_iter_ == 30
    assert xor.period_ is None
    assert cp.Perceptron(random_state=None, **settings).fit(X, OR).converged_
    assert cp.Perceptron(random_state=np.random.RandomState(0), **settings).fit(X, OR).converged_


def test_three_classes_are_learnt_one_against_the_rest(engine: str) -> None:
    rows, labels = load_iris(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        three = cp.Perceptron(max_iter=50, engine=engine).fit(rows, labels)
        alone = [cp.Perceptron(max_iter=50, engine=engine).fit(rows, labels == kind) for kind in range(3)]
    assert three.trajectory_.shape == (51, 3, 5)
    for unit, one in enumerate(alone):
        last = len(one.trajectory_)
        np.testing.assert_allclose(three.trajectory_[:last, unit], one.trajectory_, rtol=0, atol=1e-9)
    assert three.predict(rows).tolist() == three.decision_function(rows).argmax(axis=1).tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch": "al"}, 'unknown batch "al"; did you mean "all"'),
        ({"threshold": "dumy"}, 'unknown threshold "dumy"; did you mean "dummy"'),
        ({"max_iter": 0}, "epochs: expected a whole number from 1 up, got 0"),
        ({"learning_rate": -1.0}, "learning_rate: expected a number from 0 up"),
        ({"random_state": -1}, "seed: expected a whole number"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.Perceptron(engine="reference", **settings).fit(X, AND)


def test_one_class_is_an_error() -> None:
    with pytest.raises(cp.InputError, match="expected two classes or more, got one class: 0"):
        cp.Perceptron(engine="reference").fit(X, [0, 0, 0, 0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(("batch", "threshold"), [("all", "bias"), ("one", "dummy")], indirect=["threshold"])
def test_scikit_learns_contract(engine: str, threshold: str, batch: str) -> None:
    if (engine, batch) == ("reference", "one"):
        pytest.skip("an update a row, a thousand times over: minutes on the reference engine")
    checks = check_estimator(cp.Perceptron(engine=engine, threshold=threshold, batch=batch))
    assert {check["status"] for check in checks} <= {"passed", "skipped"}
    assert sum(check["status"] == "passed" for check in checks) > 45
