"""MLPClassifier, MLPRegressor and Autoencoder: what they learn, what is asked of them, and where they fit in."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from sklearn import neural_network
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import clearprop as cp

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
QUICK: dict[str, Any] = {"recipe": "quick", "max_iter": 8}


def standard(X: Any) -> Any:
    return StandardScaler().fit_transform(X)


@pytest.mark.parametrize("recipe", ["strong", "quick", "scikit-learn", "textbook"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_recipe_learns_classes_and_numbers(recipe: str) -> None:
    X, y = IRIS
    train, test, y_train, y_test = train_test_split(standard(X), y, random_state=0, stratify=y)
    assert cp.MLPClassifier(recipe=recipe).fit(train, y_train).score(test, y_test) > 0.9
    X, y = DIABETES
    train, test, y_train, y_test = train_test_split(standard(X), y / 100, random_state=0)
    assert cp.MLPRegressor(recipe=recipe, max_iter=300).fit(train, y_train).score(test, y_test) > 0.15


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_recipe_of_scikit_learn_has_its_loss_curve(activation: str) -> None:
    X, y = IRIS
    X = standard(X)
    numbers, y_numbers = standard(DIABETES[0][:200]), DIABETES[1][:200] / 100
    for ours, theirs, rows, targets in (
        (cp.MLPClassifier, neural_network.MLPClassifier, X, y),
        (cp.MLPClassifier, neural_network.MLPClassifier, X, y == 1),
        (cp.MLPRegressor, neural_network.MLPRegressor, numbers, y_numbers),
    ):
        settings: dict[str, Any] = {"hidden_layer_sizes": (20, 10), "activation": activation, "random_state": 3}
        one = ours(recipe="scikit-learn", max_iter=60, alpha=0.1, **settings).fit(rows, targets)
        other = theirs(max_iter=60, alpha=0.1, **settings).fit(rows, targets)
        assert one.n_iter_ == other.n_iter_
        np.testing.assert_allclose(one.loss_curve_, other.loss_curve_, rtol=1e-4)
        np.testing.assert_allclose(one.predict(rows).astype(float), other.predict(rows).astype(float), atol=1e-3)
        for W, their_W in zip(one.coefs_, other.coefs_, strict=True):
            np.testing.assert_allclose(W, their_W, atol=1e-3)
        assert one.out_activation_ == other.out_activation_
        assert (one.n_layers_, one.n_outputs_, one.n_features_in_) == (4, other.n_outputs_, rows.shape[1])


def test_the_recipe_of_scikit_learn_ends_where_it_does() -> None:
    X, y = standard(IRIS[0]), IRIS[1]
    settings: dict[str, Any] = {"learning_rate_init": 0.05, "max_iter": 500, "tol": 1e-3, "random_state": 0}
    one = cp.MLPClassifier((10,), recipe="scikit-learn", **settings).fit(X, y)
    other = neural_network.MLPClassifier((10,), **settings).fit(X, y)
    assert one.n_iter_ == other.n_iter_ < 500
    assert one.best_loss_ == pytest.approx(other.best_loss_, rel=1e-4)


def test_many_batches_come_to_what_scikit_learn_comes_to() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X = standard(X)
    scores = []
    for kind in (
        lambda seed: cp.MLPClassifier(recipe="scikit-learn", random_state=seed, max_iter=30),
        lambda seed: neural_network.MLPClassifier(random_state=seed, max_iter=30),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fits = [kind(seed).fit(X[::2], y[::2]) for seed in range(5)]
        scores.append([fit.loss_curve_[-1] for fit in fits])
    assert np.mean(scores[0]) == pytest.approx(np.mean(scores[1]), rel=0.05)


def test_not_done_yet_is_said() -> None:
    with pytest.warns(ConvergenceWarning, match="after max_iter=3 epochs training still gets better: raise max_iter"):
        cp.MLPClassifier(recipe="scikit-learn", max_iter=3).fit(*IRIS)


def test_where_folds_choose_the_epoch_no_more_epochs_are_asked_for() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cp.MLPClassifier(recipe="quick", max_iter=2, n_iter_no_change=5).fit(*IRIS)


def test_the_textbook_is_plain_gradient_descent() -> None:
    X, y = standard(IRIS[0]), IRIS[1]
    classifier = cp.MLPClassifier((2,), recipe="textbook", max_iter=50).fit(X, y)
    net = cp.Network(4, [cp.Dense(2, "sigmoid"), cp.Dense(3, "sigmoid")], "half_squared_error")
    model = cp.Model.initialized(net, "glorot", seed=0)
    result = cp.train(model, X, np.eye(3)[y], optimizer=cp.SGD(0.5), epochs=50)
    np.testing.assert_allclose(classifier.loss_curve_, result.history.loss, rtol=1e-12)
    assert len(cp.MLPClassifier((2,), recipe="textbook", max_iter=2).fit(X, y == 0).intercepts_[-1]) == 1


def test_options_replace_what_the_recipe_says() -> None:
    X, y = IRIS
    for recipe in ("quick", "scikit-learn"):
        given = cp.MLPClassifier(
            (7, 5),
            "tanh",
            recipe=recipe,
            max_iter=2,
            n_estimators=3,
            dropout=0.25,
            alpha=1.5,
            optimizer="sgd",
            learning_rate_init=0.25,
            batch_size=50,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            given.fit(X, y)
        assert len(given.estimators_) == 3 and given.n_iter_ == 2
        network = given.estimators_[0].network
        assert network.inputs == 4 and network.sizes[1:] == (7, 5, 3)
        assert [layer.activation for layer in network.layers] == ["tanh", "tanh", "softmax"]
        assert network.layers[0].dropout == 0.25
        assert network.l2 == pytest.approx(1.5 / 50)
    for option, value in {"hidden_layer_sizes": (), "batch_size": "full", "optimizer": cp.RMSprop(0.01)}.items():
        cp.MLPClassifier(**{**QUICK, option: value}).fit(X, y)
    assert cp.MLPClassifier((), **QUICK).fit(X, y).n_layers_ == 2


def test_few_rows_are_learnt_plainly_and_a_weight_is_a_repeated_row() -> None:
    X, y = IRIS[0][::4], IRIS[1][::4]
    weights = np.arange(len(y)) % 3
    weighted = cp.MLPClassifier().fit(X, y, sample_weight=weights)
    repeated = cp.MLPClassifier().fit(X.repeat(weights, axis=0), y.repeat(weights))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-9)
    assert len(weighted.estimators_) == 1 and weighted.estimators_[0].dtype == "float64"
    assert len(cp.MLPClassifier(**QUICK).fit(*IRIS).estimators_) == 4


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_a_weight_is_a_repeated_row_of_a_frame(scale: float) -> None:
    random = np.random.default_rng(0)
    X = frame(20).assign(size=random.normal(size=20), y=random.normal(size=20))
    y = X.pop("y").to_numpy()
    weights = random.integers(0, 4, 20)
    rows = np.repeat(np.arange(20), weights)
    weighted = cp.MLPRegressor(recipe="quick", max_iter=20).fit(X, y, sample_weight=weights * scale)
    repeated = cp.MLPRegressor(recipe="quick", max_iter=20)
    repeated.fit(X.iloc[rows].reset_index(drop=True), y[rows], sample_weight=np.full(len(rows), scale))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-9)


@pytest.mark.parametrize("recipe", ["strong", "quick", "scikit-learn"])
def test_many_categories_are_embedded_where_the_recipe_embeds(recipe: str) -> None:
    random = np.random.default_rng(0)
    shop = random.integers(0, 30, 400)
    X = pl.DataFrame({"shop": [f"s{k}" for k in shop], "size": random.normal(size=400)})
    y = np.random.default_rng(9).normal(size=30)[shop]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = cp.MLPRegressor(recipe=recipe, max_iter=12).fit(X, y)
    columns = fitted.estimators_[0].network.columns
    assert [layer.kind for layer in columns if layer.kind == "embedding"] == ["embedding"] * (recipe != "scikit-learn")
    assert np.isfinite(fitted.predict(X.with_columns(shop=pl.lit("new")))).all()
    told = str(fitted.explain(X, y, row=3))
    assert (f"(s{shop[3]})" in told and "of Tc2 = (" in told) == bool(columns)


def test_an_autoencoder_gives_no_codes_back() -> None:
    shop = np.random.default_rng(0).integers(0, 30, 200)
    X = pl.DataFrame({"shop": [f"s{k}" for k in shop], "size": shop / 30.0})
    fitted = cp.Autoencoder(recipe="quick", hidden_layer_sizes=(2,), max_iter=2).fit(X)
    assert fitted.inverse_transform(fitted.transform(X)).shape == (200, 31)


@pytest.mark.parametrize("labels", [["no", "yes", "maybe"], [True, False, True], [-1, 5, 9], [0.5, 1.5, 2.5]])
def test_labels_of_any_type_come_back(labels: list[Any]) -> None:
    X, y = IRIS[0], np.array(labels)[IRIS[1]]
    if y.dtype.kind == "f":
        y = y.astype(int).astype(float)
    classifier = cp.MLPClassifier(early_stopping=True, **QUICK).fit(X, y)
    assert classifier.predict(X).dtype == y.dtype
    assert set(classifier.predict(X)) <= set(y)
    np.testing.assert_array_equal(classifier.classes_, np.unique(y))
    assert classifier.score(X, y) > 0.8


def test_probabilities_and_net_inputs_say_the_same() -> None:
    X, y = IRIS
    three = cp.MLPClassifier(**QUICK).fit(X, y)
    P, Z = three.predict_proba(X), three.decision_function(X)
    np.testing.assert_allclose(P.sum(axis=1), 1.0)
    np.testing.assert_allclose(np.exp(Z), P, rtol=1e-9)
    np.testing.assert_allclose(three.predict_log_proba(X), np.log(P))
    two = cp.MLPClassifier(**QUICK).fit(X, y > 0)
    np.testing.assert_allclose(1 / (1 + np.exp(-two.decision_function(X))), two.predict_proba(X)[:, 1], rtol=1e-6)
    several = cp.MLPClassifier(**QUICK).fit(X, np.column_stack([y > 0, y > 1]).astype(int))
    P = several.predict_proba(X)
    assert P.shape == several.decision_function(X).shape == (150, 2)
    np.testing.assert_array_equal(several.predict(X), P > 0.5)
    assert several.score(X, np.column_stack([y > 0, y > 1])) > 0.7


@pytest.mark.parametrize("recipe", ["strong", "quick", "scikit-learn"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_losses_of_numbers_find_what_they_ask_for(recipe: str) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 1))
    y = 20 + 5 * random.exponential(size=400)
    found = {}
    for loss in ("squared", "absolute", "huber(2.0)", "quantile(0.9)", "poisson"):
        regressor = cp.MLPRegressor((8,), recipe=recipe, loss=loss, learning_rate_init=0.02, max_iter=100)
        found[loss] = float(np.median(regressor.fit(X, y).predict(X)))
    assert found["squared"] == pytest.approx(y.mean(), rel=0.05)
    assert found["poisson"] == pytest.approx(y.mean(), rel=0.05)
    assert found["absolute"] == pytest.approx(np.median(y), rel=0.05)
    assert found["absolute"] - 0.5 < found["huber(2.0)"] < found["squared"] + 0.5
    assert found["quantile(0.9)"] == pytest.approx(np.quantile(y, 0.9), rel=0.1)


def test_several_numbers_at_once() -> None:
    X, y = DIABETES
    Y = np.column_stack([y, -1000 * y])
    both = cp.MLPRegressor(**QUICK).fit(X, Y)
    assert both.predict(X).shape == (442, 2)
    assert both.score(X, Y) > 0.3
    assert both.n_outputs_ == 2


def test_weights_of_classes() -> None:
    X, y = IRIS
    kept = np.flatnonzero((y < 2) | (np.arange(150) > 140))
    X, y = X[kept], y[kept]
    balanced = cp.MLPClassifier(class_weight="balanced", **QUICK).fit(X, y)
    by_hand = cp.MLPClassifier(**QUICK).fit(X, y, sample_weight=(len(y) / (3 * np.bincount(y)))[y])
    np.testing.assert_allclose(balanced.predict_proba(X), by_hand.predict_proba(X))
    never = cp.MLPClassifier(class_weight={0: 0.0}, **QUICK).fit(X, y)
    assert 0 not in never.predict(X)


def test_rows_held_out_end_a_run_and_the_best_weights_come_back() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    settings: dict[str, Any] = {"recipe": "quick", "max_iter": 40, "n_iter_no_change": 5, "n_estimators": 1}
    by_loss = cp.MLPClassifier(early_stopping=True, **settings).fit(X, y)
    assert by_loss.best_validation_score_ == max(by_loss.validation_scores_)
    assert by_loss.validation_scores_ == [-loss for loss in by_loss.validation_loss_curve_]
    assert by_loss.n_iter_ <= 40 and by_loss.best_loss_ is None
    given = cp.MLPClassifier(metric="f1_macro", **settings).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    from sklearn.metrics import f1_score

    assert f1_score(y[1::2], given.predict(X[1::2]), average="macro") == pytest.approx(given.best_validation_score_)
    own = make_scorer(mean_absolute_error, greater_is_better=False)
    X, y = DIABETES
    regressor = cp.MLPRegressor(metric=own, **settings).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    error = mean_absolute_error(y[1::2], regressor.predict(X[1::2]))
    assert error == pytest.approx(-regressor.best_validation_score_)


def test_as_scikit_learn_stops_early_by_its_score() -> None:
    X, y = IRIS
    settings: dict[str, Any] = {"recipe": "scikit-learn", "early_stopping": True, "learning_rate_init": 0.02}
    classifier = cp.MLPClassifier(**settings).fit(X, y)
    assert all(0 <= score <= 1 for score in classifier.validation_scores_)
    regressor = cp.MLPRegressor(max_iter=500, **settings).fit(standard(DIABETES[0]), DIABETES[1] / 100)
    assert max(regressor.validation_scores_) == regressor.best_validation_score_ <= 1


def test_given_rows_are_watched_without_ending_the_run_where_early_stopping_is_off() -> None:
    X, y = IRIS
    settings: dict[str, Any] = {"recipe": "textbook", "max_iter": 30, "early_stopping": False}
    watched = cp.MLPClassifier(**settings).fit(X, y, X_val=X, y_val=y)
    alone = cp.MLPClassifier(**settings).fit(X, y)
    assert len(watched.validation_loss_curve_) == 30 and watched.validation_scores_ is None
    np.testing.assert_array_equal(watched.coefs_[0], alone.coefs_[0])


def test_who_goes_on_keeps_the_temperature_that_was_fitted() -> None:
    X, y = IRIS
    for again in ("fit", "partial_fit"):
        classifier = cp.MLPClassifier(recipe="quick", max_iter=8, random_state=0, warm_start=True).fit(X, y)
        fitted = classifier.ensemble_
        getattr(classifier, again)(X, y)
        assert classifier.ensemble_ is not fitted
        assert classifier.ensemble_.temperature == fitted.temperature != 1.0


def test_the_first_part_needs_two_rows_to_learn_scales_from() -> None:
    with pytest.raises(cp.InputError, match="the first partial_fit learns how columns are scaled, so give it two rows"):
        cp.MLPRegressor().partial_fit([[1.0, 2.0]], [1.0])


def test_parts_and_warm_starts_go_on() -> None:
    X, y = standard(IRIS[0]), IRIS[1]
    by_parts = cp.MLPClassifier((10,), recipe="scikit-learn", random_state=0)
    for _ in range(5):
        by_parts.partial_fit(X, y, classes=[0, 1, 2])
    whole = cp.MLPClassifier((10,), recipe="scikit-learn", random_state=0, max_iter=5, tol=0.0)
    with pytest.warns(ConvergenceWarning):
        whole.fit(X, y)
    np.testing.assert_allclose(by_parts.loss_curve_, whole.loss_curve_, rtol=1e-12)
    strong = cp.MLPClassifier()
    for _ in range(30):
        strong.partial_fit(X, y)
    assert strong.score(X, y) > 0.9
    few = cp.MLPClassifier().partial_fit(X[:50], y[:50], classes=[0, 1, 2]).partial_fit(X[50:], y[50:])
    assert few.predict_proba(X).shape == (150, 3)
    warm = cp.MLPRegressor(warm_start=True, **QUICK)
    assert warm.fit(*DIABETES).n_iter_ == 8
    first = warm.coefs_[0].copy()
    assert warm.fit(*DIABETES).n_iter_ == 16
    assert (first != warm.coefs_[0]).any()


def frame(rows: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(0)
    colour = random.choice(["red", "green", "blue"], rows)
    size = random.normal(size=rows)
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 1000, rows), unit="D")
    table = pd.DataFrame({"size": size, "colour": colour, "old": random.random(rows) > 0.5, "when": when})
    table.loc[::7, "size"] = np.nan
    table.loc[::11, "colour"] = None
    return table


@pytest.mark.parametrize("recipe", ["strong", "quick", "scikit-learn", "textbook"])
@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_tables_are_taken_as_they_are(recipe: str, kind: str) -> None:
    made = frame()
    answer = np.where((made["colour"] == "red") | made["old"], "yes", "no")
    X: Any = made
    if kind != "pandas":
        X = pl.DataFrame({name: made[name].to_list() for name in made.columns}, strict=False)
        X = X.to_arrow() if kind == "arrow" else X
    classifier = cp.MLPClassifier(recipe=recipe, max_iter=400 if recipe == "scikit-learn" else 30).fit(X, answer)
    assert classifier.feature_names_in_.tolist() == ["size", "colour", "old", "when"]
    assert classifier.n_features_in_ == 4
    if recipe != "textbook":
        assert classifier.score(X, answer) > 0.9
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))
    codes = cp.Autoencoder((4,), recipe=recipe, max_iter=3).fit(X)
    assert codes.inverse_transform(codes.transform(X)).shape == (120, codes.estimators_[0].network.inputs)
    assert codes.reconstruction_error(X).shape == (120,)


def test_a_table_of_numbers_is_an_array() -> None:
    X, y = DIABETES
    named = pd.DataFrame(X, columns=[f"c{i}" for i in range(10)])
    array = cp.MLPRegressor(**QUICK).fit(X, y)
    np.testing.assert_array_equal(cp.MLPRegressor(**QUICK).fit(named, y).predict(named), array.predict(X))
    with pytest.warns(UserWarning, match="X has feature names, but MLPRegressor was fitted without"):
        np.testing.assert_array_equal(array.predict(named), array.predict(X))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        cp.MLPRegressor(**QUICK).fit(named, y).predict(X)


def test_missing_values_tell_something_and_infinite_ones_are_refused() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 3))
    y = random.random(300) > 0.5
    X[y, 1] = np.nan
    assert cp.MLPClassifier(**QUICK).fit(X, y).score(X, y) > 0.95
    for recipe in ("scikit-learn", "textbook"):
        with pytest.raises(cp.InputError, match=r"X\[\d+, 1\] is NaN: every number must be finite; fill missing"):
            cp.MLPClassifier(recipe=recipe).fit(X, y)


@pytest.mark.parametrize("form", [sp.csr_matrix, sp.csc_matrix, sp.coo_array])
@pytest.mark.parametrize("recipe", ["quick", "textbook"])
def test_sparse_rows_are_dense_ones(form: Any, recipe: str) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 6)) * (random.random((200, 6)) > 0.6)
    y = X[:, 0] > X[:, 1]
    sparse = cp.MLPClassifier(recipe=recipe, max_iter=5).fit(form(X), y)
    dense = cp.MLPClassifier(recipe=recipe, max_iter=5).fit(X, y)
    np.testing.assert_array_equal(sparse.predict_proba(form(X)), dense.predict_proba(X))


def test_sparse_rows_beyond_memory_are_refused_and_predicted_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = sp.csr_matrix((10_000, 1_000_000))
    with pytest.raises(cp.InputError, match=r"X: 10,000 × 1,000,000 sparse numbers take 74.5 GiB when made dense"):
        cp.MLPRegressor().fit(huge, np.arange(10_000))
    X = sp.random(100, 5, 0.5, "csr", random_state=0)
    regressor = cp.MLPRegressor(**QUICK).fit(X, np.arange(100))
    whole = regressor.predict(X)
    monkeypatch.setattr("clearprop.estimators.inputs.SLICE", 50)
    np.testing.assert_allclose(regressor.predict(X), whole, rtol=1e-5)


def test_each_layer_of_the_first_member_can_be_seen() -> None:
    X, y = IRIS
    classifier = cp.MLPClassifier(n_estimators=1, **QUICK).fit(X, y)
    layers = classifier.activations(X)
    assert [layer.shape for layer in layers] == [(150, 64), (150, 64), (150, 3)]
    mean = layers[-1].astype(float) ** (1 / classifier.ensemble_.temperature)
    np.testing.assert_allclose(mean / mean.sum(axis=1, keepdims=True), classifier.predict_proba(X), atol=1e-5)


def test_an_explanation_reproduces_the_prediction() -> None:
    X, y = IRIS
    classifier = cp.MLPClassifier((3,), recipe="quick", max_iter=4).fit(X, y)
    one = classifier.explain(X, y, row=100, member=2)
    told = one.trace["a2"].value[0]
    np.testing.assert_allclose(told, classifier.estimators_[1].predict(classifier._inputs.matrix(X))[100], atol=1e-6)
    every = classifier.explain(X, y, row=100, member="all", digits=4)
    sharpened = every.mean ** (1 / every.temperature)
    np.testing.assert_allclose(sharpened / sharpened.sum(), classifier.predict_proba(X)[100], atol=1e-5)
    lines = str(every).splitlines()
    assert [line for line in lines if line.startswith("member ")] == [f"member {number}" for number in (1, 2, 3, 4)]
    assert any(line.startswith("  mean of 4 members: ") for line in lines)
    made = frame()
    regressor = cp.MLPRegressor((2,), recipe="quick", max_iter=4).fit(made, np.arange(120.0))
    text = str(regressor.explain(made, np.arange(120.0), row=3))
    assert made["colour"][3] in text and "size" in text


def test_all_members_and_their_mean_are_told_in_chinese() -> None:
    X, y = IRIS
    classifier = cp.MLPClassifier((3,), recipe="quick", max_iter=4).fit(X, y)
    told = str(classifier.explain(X, y, row=100, member="all", language="zh", digits=4))
    end = told[told.index("集成的答案是各成员输出的平均。") :]
    assert [line.partition(":")[0] for line in end.splitlines()[2:]] == [
        *(f"  成员 {number}" for number in (1, 2, 3, 4)),
        "  4 个成员的平均",
        f"  取 1/{classifier.ensemble_.temperature:.6g} 次幂并归一化",
    ]
    assert "ember" not in told


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"row": 150}, "row: expected an index from 0 to 149, got 150"),
        ({"member": 9}, 'member: expected a number from 1 to 4, or "all", got 9'),
        ({"notation": "nope"}, "unknown notation"),
    ],
)
def test_a_wrong_question_is_told(given: dict[str, Any], message: str) -> None:
    classifier = cp.MLPClassifier((2,), recipe="quick", max_iter=1).fit(*IRIS)
    with pytest.raises(cp.InputError, match=message):
        classifier.explain(*IRIS, **given)


@pytest.mark.parametrize("kind", [cp.MLPClassifier, cp.MLPRegressor, cp.Autoencoder])
def test_it_is_pickled_cloned_and_asked_too_early(kind: Any) -> None:
    estimator = kind(**QUICK)
    with pytest.raises(NotFittedError):
        (estimator.transform if kind is cp.Autoencoder else estimator.predict)(IRIS[0])
    assert not hasattr(estimator, "coefs_")
    fitted = clone(estimator).fit(*IRIS)
    again = pickle.loads(pickle.dumps(fitted))
    ask = "transform" if kind is cp.Autoencoder else "predict"
    np.testing.assert_array_equal(getattr(again, ask)(IRIS[0]), getattr(fitted, ask)(IRIS[0]))


def test_what_is_saved_predicts_the_same(tmp_path: Path) -> None:
    X, y = DIABETES
    regressor = cp.MLPRegressor(n_estimators=1, **QUICK).fit(X, y)
    cp.save(regressor, tmp_path / "model.safetensors")
    loaded = cp.TableModel.load(tmp_path / "model.safetensors")
    columns = pl.DataFrame({f"x{i}": X[:, i] for i in range(10)})
    answers = np.clip(loaded.predict(columns)["y"].to_numpy(), y.min(), y.max())
    np.testing.assert_allclose(answers, regressor.predict(X), rtol=1e-5)
    plain = cp.MLPClassifier(recipe="textbook", max_iter=2).fit(*IRIS)
    assert plain.as_model() == plain.estimators_[0]


def test_by_parts_and_whole_a_member_learns_at_the_rates_that_go_with_it() -> None:
    """A whole run has rates by layer, which parts at Adam's usual rate have not; one may follow the other."""
    X, y = standard(DIABETES[0]), DIABETES[1]
    whole = cp.MLPRegressor(recipe="quick", n_estimators=1, max_iter=4, warm_start=True).fit(X, y)
    fresh = cp.MLPRegressor(recipe="quick", n_estimators=1, max_iter=4, warm_start=True).partial_fit(X, y)
    paced, usual = whole.estimators_[0].network, fresh.estimators_[0].network
    assert paced != usual
    assert whole.partial_fit(X, y).estimators_[0].network.layers == usual.layers
    assert whole.fit(X, y).estimators_[0].network == paced == fresh.fit(X, y).estimators_[0].network
    assert fresh.score(X, y) > 0.3


def test_what_is_saved_can_be_evaluated(tmp_path: Path) -> None:
    X, y = IRIS
    classifier = cp.MLPClassifier(**QUICK).fit(X[:120], y[:120])
    cp.save(classifier, tmp_path / "model.safetensors")
    table = pl.DataFrame({**{f"x{i}": X[:, i] for i in range(4)}, "y": y})
    scores = cp.TableModel.load(tmp_path / "model.safetensors").evaluate(table)
    accuracy = next(one for one in scores.measures if one.name == "accuracy")
    assert accuracy.value == pytest.approx(classifier.score(X, y)) and accuracy.baseline == pytest.approx(1 / 3)


def test_what_is_not_scaled_is_saved_with_its_encoding(tmp_path: Path) -> None:
    table = pl.DataFrame({"size": np.arange(40.0) / 40, "kind": ["a", "b"] * 20})
    regressor = cp.MLPRegressor(recipe="textbook", max_iter=5).fit(table, table["size"].to_numpy() * 9)
    cp.save(regressor, tmp_path / "model.safetensors")
    loaded = cp.TableModel.load(tmp_path / "model.safetensors")
    np.testing.assert_allclose(loaded.predict(table)["y"].to_numpy(), regressor.predict(table), rtol=1e-6)


def test_it_works_where_scikit_learns_do() -> None:
    X, y = IRIS
    assert make_pipeline(StandardScaler(), cp.MLPClassifier(**QUICK)).fit(X, y).score(X, y) > 0.75
    grid = GridSearchCV(cp.MLPClassifier(recipe="quick"), {"hidden_layer_sizes": [(8,), (16,)]}, cv=2).fit(X, y)
    assert grid.best_score_ > 0.8
    assert cross_val_score(cp.MLPRegressor(**QUICK), *DIABETES, cv=2).mean() > 0.2
    assert CalibratedClassifierCV(cp.MLPClassifier(**QUICK), cv=2).fit(X, y).predict_proba(X).shape == (150, 3)
    voters = [("a", cp.MLPClassifier(**QUICK)), ("b", neural_network.MLPClassifier(max_iter=2000))]
    assert VotingClassifier(voters, voting="soft").fit(X, y).score(X, y) > 0.9
    importance = permutation_importance(cp.MLPClassifier(recipe="quick").fit(X, y), X, y, n_repeats=2, random_state=0)
    assert importance.importances_mean[2:].max() > 0.1


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_codes_come_in_frames_where_asked(container: str) -> None:
    coder = cp.Autoencoder((6, 2), **QUICK).set_output(transform=container)
    codes = coder.fit_transform(IRIS[0])
    assert list(codes.columns) == ["autoencoder0", "autoencoder1"] == coder.get_feature_names_out().tolist()


def test_sample_weights_are_routed() -> None:
    X, y = IRIS
    weights = np.where(y == 2, 0.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        step = cp.MLPClassifier(**QUICK).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), step)
        pipeline.fit(X, y, sample_weight=weights)
    assert 2 not in pipeline.predict(X)


def test_an_autoencoder_gives_back_what_it_was_given() -> None:
    X = load_breast_cancer().data[:, :10]
    coder = cp.Autoencoder((16, 4), max_iter=200).fit(X)
    back = coder.inverse_transform(coder.transform(X))
    spread = X.std(axis=0)
    assert (np.abs(back - X) / spread).mean() < 0.3
    strange = X[:20] * [1, -3, 1, 1, 1, 1, 1, 1, 1, 1]
    assert coder.reconstruction_error(strange).mean() > 3 * coder.reconstruction_error(X).mean()
    assert coder.score(X) == pytest.approx(-coder.reconstruction_error(X).mean())
    constant = np.column_stack([X, np.full(len(X), 7.0)])
    again = cp.Autoencoder((4,), max_iter=2).fit(constant)
    assert (again.inverse_transform(again.transform(constant))[:, -1] == 7.0).all()
    by_parts = cp.Autoencoder((4,))
    for _ in range(20):
        by_parts.partial_fit(X)
    assert by_parts.loss_curve_[-1] < by_parts.loss_curve_[0]


def test_callbacks_look_on() -> None:
    class Three(cp.Callback):
        def on_epoch_end(self, moment: Any) -> bool:
            return bool(moment.epoch < 3)

    assert cp.MLPClassifier(recipe="textbook", callbacks=[Three()]).fit(*IRIS).n_iter_ == 3
    assert cp.MLPClassifier(callbacks=[Three()], **QUICK).fit(*IRIS).n_iter_ == 3


def test_a_fit_may_be_ended_before_its_first_epoch_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class No(cp.Callback):
        def on_tick(self, moment: Any) -> bool:
            return False

    monkeypatch.setattr("clearprop.tabular.side_by_side.TICK_SECONDS", 0.0)
    ended = cp.MLPClassifier(recipe="quick", batch_size=16, engine="reference", callbacks=[No()]).fit(*IRIS)
    assert ended.n_iter_ == 0 and ended.best_loss_ is None and ended.predict(IRIS[0]).shape == (150,)


def test_targets_are_smoothed() -> None:
    smooth = cp.MLPClassifier(recipe="scikit-learn", label_smoothing=0.2, max_iter=400).fit(*IRIS)
    assert smooth.predict_proba(IRIS[0]).max() < 0.99


def test_the_same_seed_gives_the_same_and_none_another() -> None:
    X, y = IRIS
    one, same, other = (cp.MLPClassifier(random_state=seed, **QUICK).fit(X, y) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.predict_proba(X), same.predict_proba(X))
    assert (one.predict_proba(X) != other.predict_proba(X)).any()
    threads = cp.MLPClassifier(random_state=1, threads=1, **QUICK).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), threads.predict_proba(X))
    drawn = [cp.MLPClassifier(random_state=None, **QUICK).fit(X, y).coefs_[0] for _ in range(2)]
    assert (drawn[0] != drawn[1]).any()


def test_a_checkpoint_is_refused_where_members_are_trained_one_by_one(tmp_path: Path) -> None:
    kept = cp.Checkpoint(tmp_path / "run.checkpoint")
    several = cp.MLPClassifier(recipe="scikit-learn", n_estimators=2, max_iter=2, callbacks=[kept])
    with pytest.raises(cp.InputError, match="here 2 members are trained one by one; give n_estimators=1"):
        several.fit(*IRIS)
    assert not (tmp_path / "run.checkpoint").exists()


def test_classes_learnt_by_the_squared_error_are_saved_as_a_network() -> None:
    squared = cp.MLPClassifier(loss="squared", **QUICK).fit(*IRIS)
    assert isinstance(squared.as_model(), cp.Ensemble)


def test_a_saved_estimator_knows_what_the_answer_is_called(tmp_path: Path) -> None:
    X, y = IRIS
    table = pl.DataFrame({f"x{i}": X[:, i] for i in range(4)})
    cp.save(cp.MLPClassifier(**QUICK).fit(table, pl.Series("kind", y)), tmp_path / "model.safetensors")
    assert cp.TableModel.load(tmp_path / "model.safetensors").encoding.target.name == "kind"
