"""Searches with all their fits side by side, over processes and over threads: the results of one fit after another."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import clearprop as cp
from clearprop.engines.base import Task
from clearprop.engines.native import Native
from clearprop.training.meeting import NAME

X, y = load_iris(return_X_y=True)
X_numbers, y_numbers = load_diabetes(return_X_y=True)

PLAIN = cp.MLPClassifier(8, recipe="scikit-learn", max_iter=20, tol=1e-2, n_iter_no_change=3)
# Few epochs, so that no test of what is the same waits for what is good.
pytestmark = pytest.mark.filterwarnings("ignore:after max_iter")


def assert_same_results(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """All of `cv_results_` but the times, to the bit."""
    assert list(found) == list(expected)
    for name, values in expected.items():
        if name.endswith("_time"):
            continue
        assert list(map(str, found[name])) == list(map(str, values)), name
        if isinstance(values, np.ndarray) and values.dtype.kind == "f":
            np.testing.assert_array_equal(found[name], values, err_msg=name)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many networks each call of the engine trained."""
    calls: list[int] = []
    own = Native.train_tasks

    def count(self: Native, tasks: list[Task], **options: Any) -> Any:
        calls.append(sum(len(task.members) for task in tasks))
        return own(self, tasks, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Native, "train_tasks", count)
        yield calls


def assert_same_search(search: Any, X: Any, y: Any, **fit: Any) -> Any:
    """The search together gives what it gives one by one; returns it."""
    from sklearn.base import clone

    expected = clone(search).fit(X, y, **fit)
    with cp.together():
        found = clone(search).fit(X, y, **fit)
    assert_same_results(found.cv_results_, expected.cv_results_)
    if getattr(search, "refit", False):
        assert found.best_params_ == expected.best_params_
        np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    return found


GRIDS: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "scikit-learn": (PLAIN, {"learning_rate_init": [0.001, 0.03], "alpha": [0.0, 0.1], "random_state": [0, 1]}),
    "textbook": (
        cp.MLPClassifier(recipe="textbook", max_iter=30),
        {"learning_rate_init": [0.1, 1.0], "hidden_layer_sizes": [3, (5, 4)], "n_estimators": [1, 3]},
    ),
    "quick": (cp.MLPClassifier(recipe="quick", max_iter=9), {"learning_rate_init": [0.01, 0.04], "dropout": [0.2]}),
    "strong": (cp.MLPClassifier(max_iter=8, n_estimators=2), {"alpha": [None, 0.1]}),
    "watched": (
        cp.MLPClassifier(6, recipe="scikit-learn", max_iter=12, early_stopping=True, n_iter_no_change=2),
        {"batch_size": [16, 50], "metric": [None, "neg_log_loss"]},
    ),
    "perceptron": (cp.Perceptron(), {"shuffle": [True, False], "max_iter": [3, 5]}),
}


@pytest.mark.parametrize("kind", GRIDS)
def test_a_grid_together_gives_the_results_of_one_fit_after_another(kind: str) -> None:
    estimator, grid = GRIDS[kind]
    assert_same_search(GridSearchCV(estimator, grid, cv=3, return_train_score=True), X, y)


def test_numbers_and_several_scores() -> None:
    regressor = cp.MLPRegressor(10, recipe="scikit-learn", max_iter=10)
    scores = {"r2": "r2", "error": "neg_median_absolute_error"}
    grid = {"learning_rate_init": [0.01, 0.1], "loss": ["squared", "huber(1.0)"]}
    assert_same_search(GridSearchCV(regressor, grid, scoring=scores, refit="r2", cv=4), X_numbers, y_numbers)


def test_the_same_networks_of_all_candidates_and_folds_learn_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    search = GridSearchCV(
        cp.MLPClassifier(recipe="textbook", max_iter=30),
        {"alpha": [0.0, 0.01, 0.1], "random_state": [0, 1]},
        cv=5,
        refit=False,
    )
    with counted(monkeypatch) as calls, cp.together():
        search.fit(X, y)
    assert calls == [30]
    with counted(monkeypatch) as calls, cp.together(fits=7):
        search.fit(X, y)
    assert calls == [7, 7, 7, 7, 2]
    with counted(monkeypatch) as calls, cp.together():
        GridSearchCV(search.estimator, search.param_grid, cv=5, refit=False, n_jobs=1).fit(X, y)
    assert calls == []


def test_a_pipeline_and_estimators_of_others_take_their_turns() -> None:
    pipeline = make_pipeline(StandardScaler(), PLAIN)
    grid = {"mlpclassifier__alpha": [0.0, 0.1], "standardscaler__with_mean": [True, False]}
    assert_same_search(GridSearchCV(pipeline, grid), X, y)
    assert_same_search(GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}), X, y)
    voting = VotingClassifier([("a", PLAIN), ("b", LogisticRegression(max_iter=500))], voting="soft")
    assert_same_search(GridSearchCV(voting, {"a__alpha": [0.0, 0.1]}), X, y)


def test_random_and_halving_searches() -> None:
    space = {"learning_rate_init": np.geomspace(1e-3, 0.1, 20), "alpha": np.geomspace(1e-6, 1.0, 20)}
    assert_same_search(RandomizedSearchCV(PLAIN, space, n_iter=6, random_state=0, cv=3), X, y)
    halving = HalvingRandomSearchCV(PLAIN, space, n_candidates=6, min_resources=60, random_state=0, cv=3)
    assert_same_search(halving, X, y)


def test_weights_groups_and_routed_metadata() -> None:
    rng = np.random.default_rng(0)
    weights, groups = rng.uniform(0.5, 2.0, len(X)), rng.integers(0, 6, len(X))
    grid = {"alpha": [0.0, 0.1]}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The scoring", UserWarning)
        assert_same_search(GridSearchCV(PLAIN, grid, cv=GroupKFold(3)), X, y, sample_weight=weights, groups=groups)
    with config_context(enable_metadata_routing=True):
        routed = cp.MLPClassifier(8, recipe="scikit-learn", max_iter=10).set_fit_request(sample_weight=True)
        routed.set_score_request(sample_weight=True)
        assert_same_search(GridSearchCV(routed, grid, cv=3), X, y, sample_weight=weights)


def test_candidates_that_fail_get_the_error_score_and_the_others_their_own() -> None:
    grid = {"learning_rate_init": [0.01, 1e30], "optimizer": ["sgd"], "batch_size": [32]}
    search = GridSearchCV(PLAIN, grid, cv=3, error_score=-1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        found = assert_same_search(search, X, y)
    assert found.cv_results_["mean_test_score"][1] == -1.0
    assert found.cv_results_["mean_test_score"][0] > 0.0
    with (
        pytest.warns(FitFailedWarning, match=r"3 fits failed out of a total of 6[\s\S]*training diverged"),
        cp.together(),
    ):
        search.fit(X, y)
    search.set_params(error_score="raise")
    with pytest.raises(cp.DivergenceError, match="try a smaller one"), cp.together():
        search.fit(X, y)
    with cp.together():  # and the next search is not disturbed by what was left of that one
        assert search.set_params(param_grid={"alpha": [0.0]}).fit(X, y).best_score_ > 0.0
    assert not any(thread.name == NAME for thread in threading.enumerate())


def test_cross_validation_and_bagging() -> None:
    expected = cross_validate(PLAIN, X, y, return_train_score=True)
    bagging = BaggingClassifier(PLAIN, 5, random_state=0)
    alone = bagging.fit(X, y).predict_proba(X)
    with cp.together():
        found = cross_validate(PLAIN, X, y, return_train_score=True)
        np.testing.assert_array_equal(cross_val_score(PLAIN, X, y), expected["test_score"])
        np.testing.assert_array_equal(bagging.fit(X, y).predict_proba(X), alone)
    for name in ("test_score", "train_score"):
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("kind", ["scikit-learn", "quick"])
def test_two_jobs_of_joblib_give_the_results_of_one(backend: str, kind: str) -> None:
    estimator, grid = GRIDS[kind]
    one = GridSearchCV(estimator, grid, cv=3, return_train_score=True).fit(X, y)
    two = GridSearchCV(estimator, grid, cv=3, return_train_score=True, n_jobs=2)
    with joblib.parallel_config(backend=backend):
        two.fit(X, y)
    assert_same_results(two.cv_results_, one.cv_results_)
    space = {"learning_rate_init": np.geomspace(1e-3, 0.1, 20)}
    one, two = (RandomizedSearchCV(estimator, space, n_iter=3, random_state=1, cv=3, n_jobs=jobs) for jobs in (None, 2))
    with joblib.parallel_config(backend=backend):
        two.fit(X, y)
    assert_same_results(two.cv_results_, one.fit(X, y).cv_results_)


def test_each_convergence_warning_is_told_as_it_is_alone() -> None:
    search = GridSearchCV(PLAIN.set_params(max_iter=3), {"alpha": [0.0, 0.1]}, cv=2, refit=False)
    told = []
    for surroundings in (warnings.catch_warnings(), cp.together()):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with surroundings:
                warnings.simplefilter("always")
                search.fit(X, y)
        told.append([str(one.message) for one in caught])
    PLAIN.set_params(max_iter=20)
    assert told[0] == told[1]
    assert len(told[0]) == 4


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT of this kind")
def test_ctrl_c_ends_a_search(capsys: pytest.CaptureFixture[str]) -> None:
    slow = cp.MLPClassifier(recipe="textbook", max_iter=10_000_000)
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), cp.together():
        GridSearchCV(slow, {"alpha": [0.0, 0.1]}, cv=3).fit(X, y)
    timer.join()
    assert time.monotonic() - began < 30
    assert not any(thread.name == NAME for thread in threading.enumerate())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("fits", [0, -1, 2.5, "many"])
def test_how_many_fits_is_a_count(fits: Any) -> None:
    with pytest.raises(cp.InputError, match="fits"), cp.together(fits):
        pass


def test_the_block_ends_where_it_ends() -> None:
    with cp.together():
        inside = joblib.parallel.get_active_backend()[0]
    assert type(joblib.parallel.get_active_backend()[0]) is not type(inside)


@pytest.mark.slow
@pytest.mark.parametrize("load", [load_breast_cancer, load_digits])
def test_larger_tables(load: Any) -> None:
    X, y = load(return_X_y=True)
    space = {"learning_rate_init": np.geomspace(1e-4, 0.1, 50), "alpha": np.geomspace(1e-6, 1.0, 50)}
    estimator = cp.MLPClassifier(recipe="scikit-learn", max_iter=60)
    assert_same_search(RandomizedSearchCV(estimator, space, n_iter=10, random_state=0), X, y)
