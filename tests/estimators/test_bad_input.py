"""What users get wrong: each case is the documented answer, or one typed error that names the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

import clearprop as cp

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 3))
CLASSES = np.arange(80) % 2
NUMBERS = X @ [1.0, -2.0, 0.5]
SHORT: dict[str, Any] = {"max_iter": 2}
ESTIMATORS: dict[str, Callable[[], Any]] = {
    "classifier": lambda: cp.MLPClassifier(recipe="quick", **SHORT),
    "regressor": lambda: cp.MLPRegressor(recipe="quick", **SHORT),
    "autoencoder": lambda: cp.Autoencoder((2,), recipe="quick", **SHORT),
}


def answers(kind: str) -> Any:
    return {"classifier": CLASSES, "regressor": NUMBERS, "autoencoder": None}[kind]


def changed(row: int, column: int, value: float) -> Any:
    other = X.copy()
    other[row, column] = value
    return other


def ask(estimator: Any, rows: Any) -> Any:
    return estimator.transform(rows) if isinstance(estimator, cp.Autoencoder) else estimator.predict(rows)


BAD_X: dict[str, tuple[Any, str]] = {
    "inf": (changed(3, 1, np.inf), r"X\[3, 1\] is inf: every number must be finite"),
    "minus inf": (changed(3, 1, -np.inf), r"X\[3, 1\] is -inf"),
    "inf in float32": (changed(3, 1, np.inf).astype(np.float32), r"X\[3, 1\] is inf"),
    "inf in sparse": (sp.csr_matrix(changed(3, 1, np.inf)), r"X\[3, 1\] is inf"),
    "inf in a frame": (pd.DataFrame(changed(3, 1, np.inf), columns=list("abc")), 'X, row 4, column "b"'),
    "complex": (X + 1j, "Complex data not supported"),
    "text": (np.full((80, 3), "a"), "could not convert string to float"),
    "objects": (np.full((80, 3), {}, dtype=object), "argument must be a string or a real number"),
    "ragged": ([[1.0, 2.0], [3.0]] * 40, "inhomogeneous"),
    "no rows": (np.empty((0, 3)), "Found array with 0 sample"),
    "no columns": (np.empty((80, 0)), "0 feature"),
    "one dimension": (X[:, 0], "Expected 2D array, got 1D array"),
    "three dimensions": (X[:, :, None], "dim 3"),
    "a number": (1.0, "Expected 2D array, got scalar"),
    "nothing": (None, "Expected 2D array, got scalar|NoneType|None"),
    "all constant": (np.ones((80, 3)), "no column is left to learn from: all are constant"),
    "all missing": (np.full((80, 3), np.nan), "no column is left to learn from"),
    "fewer rows than y": (X[:50], "inconsistent numbers of samples"),
    "a frame without rows": (pl.DataFrame({"a": []}), "X: it has no rows"),
    "a frame without columns": (pl.DataFrame(), "X: it has no columns"),
    "names that stand twice": (
        pd.DataFrame(X, columns=["a", "b", "a"]),
        "Expected unique column names, got:\n- 'a' 2 times|X: two columns have the same name",
    ),
    "mixed types": (pd.DataFrame({"a": [1, "b"] * 40}), 'X, row 2, column "a": "b" is of type str, "1" above it'),
    "a lazy frame": (pl.LazyFrame({"a": [1.0] * 80}), "X: expected a DataFrame .*call its collect"),
    "a stray text": (
        pl.DataFrame({"a": [f"{i}.5" for i in range(79)] + ["x?"]}),
        'X, row 80, column "a": "x[?]" stands',
    ),
    "identifiers alone": (
        pl.DataFrame({"name": [f"n{i}" for i in range(80)]}),
        'no column is left .*"name": an identifier',
    ),
    "dates": (np.full((80, 2), np.datetime64("2020-01-01")), "X: expected real numbers, got dates; give a Data"),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("case", BAD_X)
def test_bad_tables_are_one_error_and_leave_no_trace(kind: str, case: str) -> None:
    rows, message = BAD_X[case]
    if (kind, case) == ("autoencoder", "fewer rows than y"):
        pytest.skip("an autoencoder has no y")
    estimator = ESTIMATORS[kind]()
    with pytest.raises((ValueError, TypeError), match=message):
        estimator.fit(rows, answers(kind))
    assert not hasattr(estimator, "n_features_in_"), "a failed fit leaves nothing"
    estimator.fit(X, answers(kind))
    before = ask(estimator, X)
    with pytest.raises((ValueError, TypeError)):
        estimator.fit(rows, answers(kind))
    np.testing.assert_array_equal(ask(estimator, X), before)


BAD_AT_PREDICT: dict[str, tuple[Any, str]] = {
    "inf": (changed(3, 1, np.inf), r"X\[3, 1\] is inf"),
    "too few columns": (X[:, :2], "X has 2 features, but .* is expecting 3 features"),
    "too many columns": (np.column_stack([X, X]), "X has 6 features, but .* is expecting 3 features"),
    "no rows": (np.empty((0, 3)), "Found array with 0 sample"),
    "one dimension": (X[0], "Expected 2D array, got 1D array"),
    "text": (np.full((2, 3), "a"), "could not convert string to float|dtype='numeric'"),
    "complex": (X + 1j, "Complex data not supported"),
    "inf in sparse": (sp.csr_matrix(changed(0, 2, np.inf)), r"X\[0, 2\] is inf"),
    "a frame of texts": (pl.DataFrame({"a": ["x"], "b": ["y"], "c": ["z"]}), 'X, column "a": expected numbers'),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("case", BAD_AT_PREDICT)
@pytest.mark.filterwarnings("ignore:X has feature names")
def test_bad_rows_to_predict_are_one_error(kind: str, case: str) -> None:
    rows, message = BAD_AT_PREDICT[case]
    with pytest.raises(ValueError, match=message):
        ask(ESTIMATORS[kind]().fit(X, answers(kind)), rows)


FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
BAD_FRAMES: dict[str, tuple[Any, str]] = {
    "reordered columns": (FRAME[["c", "a", "b"]], "Feature names must be in the same order as they were in fit"),
    "another name": (FRAME.rename(columns={"b": "d"}), "Feature names unseen at fit time:\n- d"),
    "a column less": (FRAME[["a", "b"]], "Feature names seen at fit time, yet now missing:\n- c"),
    "a column more": (FRAME.assign(d=1.0), "Feature names unseen at fit time:\n- d"),
    "a text in a number": (FRAME.astype({"b": str}).assign(b="x"), 'X, row 1, column "b"'),
    "an infinite number": (FRAME.assign(b=np.inf), 'X, row 1, column "b"'),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("case", BAD_FRAMES)
def test_other_frames_than_the_fitted_one_are_one_error(kind: str, case: str) -> None:
    rows, message = BAD_FRAMES[case]
    with pytest.raises(ValueError, match=message):
        ask(ESTIMATORS[kind]().fit(FRAME, answers(kind)), rows)


BAD_CLASSES: dict[str, tuple[Any, str]] = {
    "none": (None, "y: MLPClassifier requires y to be passed, but the target y is None"),
    "one class": (np.zeros(80), "y: expected two classes or more, got one class: 0"),
    "NaN": (np.where(CLASSES, np.nan, 1.0), r"y\[1\]: Input y contains NaN"),
    "inf": (np.where(CLASSES, np.inf, 1.0), r"y\[1\]: Input y contains infinity"),
    "fractions": (NUMBERS, "Unknown label type: continuous"),
    "too few": (CLASSES[:50], "inconsistent numbers of samples"),
    "missing labels": (np.array(["a", None] * 40, dtype=object), r"y\[1\] is None"),
    "mixed labels": (np.array(["a", 1] * 40, dtype=object), r"y\[1\] is 1, y\[0\] is 'a': labels must be of one type"),
    "three columns of classes": (np.tile(CLASSES[:, None] + 1, 3), "several answers a row must be 0 or 1"),
    "three dimensions": (np.zeros((80, 2, 2)), "y"),
    "ragged": ([[0, 1], [1]] * 40, "y|inhomogeneous"),
    "complex": (CLASSES + 1j, "y|[Cc]omplex|Unknown"),
}


@pytest.mark.parametrize("case", BAD_CLASSES)
def test_bad_classes_are_one_error(case: str) -> None:
    y, message = BAD_CLASSES[case]
    with pytest.raises((ValueError, TypeError), match=message):
        ESTIMATORS["classifier"]().fit(X, y)


BAD_NUMBERS: dict[str, tuple[Any, str]] = {
    "none": (None, "y: MLPRegressor requires y to be passed, but the target y is None"),
    "NaN": (np.where(CLASSES, np.nan, 1.0), r"y\[1\]: Input y contains NaN"),
    "inf": (np.where(CLASSES, np.inf, 1.0), r"y\[1\]: Input y contains infinity"),
    "NaN in the second output": (np.column_stack([NUMBERS, np.full(80, np.nan)]), r"y\[0, 1\]: Input y contains NaN"),
    "text": (np.full(80, "a"), "y: expected real numbers, got text"),
    "complex": (NUMBERS + 1j, "y: expected real numbers, got complex numbers"),
    "objects": (np.full(80, {}, dtype=object), "y: expected real numbers, got Python objects"),
    "too few": (NUMBERS[:50], "inconsistent numbers of samples"),
    "no outputs": (np.empty((80, 0)), "y: y should be a 1d array"),
    "three dimensions": (np.zeros((80, 2, 2)), "y: y should be a 1d array or have one column an output"),
    "ragged": ([[0.0, 1.0], [1.0]] * 40, "y|inhomogeneous"),
    "dates": (np.full(80, np.datetime64("2020-01-01")), "y: expected real numbers, got dates"),
}


@pytest.mark.parametrize("case", BAD_NUMBERS)
def test_bad_numbers_are_one_error(case: str) -> None:
    y, message = BAD_NUMBERS[case]
    with pytest.raises((ValueError, TypeError), match=message):
        ESTIMATORS["regressor"]().fit(X, y)


BAD_WEIGHTS: dict[str, tuple[Any, str]] = {
    "negative": (np.where(CLASSES, -1.0, 1.0), "Negative values"),
    "all zero": (np.zeros(80), "Sample weights must contain at least one non-zero number"),
    "NaN": (np.full(80, np.nan), "NaN"),
    "inf": (np.full(80, np.inf), "infinity"),
    "too few": (np.ones(50), r"sample_weight.shape == \(50,\), expected \(80,\)"),
    "two columns": (np.ones((80, 2)), "Sample weights must be 1D"),
    "text": (np.full(80, "a"), "could not convert string to float"),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights_are_one_error(kind: str, case: str) -> None:
    weights, message = BAD_WEIGHTS[case]
    with pytest.raises(ValueError, match=message):
        ESTIMATORS[kind]().fit(X, answers(kind), sample_weight=weights)


BAD_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"recipe": "strng"}, 'unknown recipe "strng"; did you mean "strong"?'),
    ({"recipe": None}, 'unknown recipe "None"'),
    ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes: expected a whole number from 1 up, got 0"),
    ({"hidden_layer_sizes": 2.5}, "hidden_layer_sizes: expected a whole number from 1 up, got 2.5"),
    ({"hidden_layer_sizes": "64"}, "hidden_layer_sizes: expected a whole number"),
    ({"activation": "rleu"}, 'unknown activation "rleu"; did you mean "relu"?'),
    ({"loss": "crossentropy"}, 'unknown loss "crossentropy"; did you mean "cross_entropy"?'),
    ({"alpha": -1}, "alpha: expected a number from 0 up, got -1"),
    ({"dropout": 1.0}, "dropout: expected a share from 0 to below 1, got 1.0"),
    ({"label_smoothing": 1.5}, "label_smoothing: expected a share"),
    ({"optimizer": "adm"}, 'unknown optimizer "adm"; did you mean "adam"?'),
    ({"optimizer": cp.SGD(0.1), "learning_rate_init": 0.1}, "learning_rate_init: the optimizer given has a rate"),
    ({"learning_rate_init": "big"}, "learning_rate_init: expected a number from 0 up"),
    ({"batch_size": 0}, "batch_size: expected a whole number from 1 up"),
    ({"batch_size": "ful"}, 'unknown batch_size "ful"; did you mean "full"?'),
    ({"max_iter": 0}, "max_iter: expected a whole number from 1 up"),
    ({"n_estimators": 0}, "n_estimators: expected a whole number from 1 up"),
    ({"n_estimators": "many"}, "n_estimators: expected a whole number from 1 up"),
    ({"early_stopping": "yes"}, "early_stopping: expected True, False or None, got 'yes'"),
    ({"validation_fraction": 1.0}, "share of validation rows: expected a number above 0 and below 1"),
    ({"n_iter_no_change": 0}, "n_iter_no_change: expected a whole number"),
    ({"tol": -1.0}, "tol: expected a number from 0 up"),
    ({"metric": "acuracy"}, 'unknown metric "acuracy"; did you mean "accuracy"?'),
    ({"class_weight": "balance"}, "class_weight: expected \"balanced\" or a dict, got 'balance'"),
    ({"class_weight": {"yse": 2.0}}, r'unknown class of class_weight "yse"'),
    ({"class_weight": {0: -1.0}}, r"class_weight\[0\]: expected a number from 0 up"),
    ({"callbacks": [print]}, "callbacks: expected a list of them"),
    ({"random_state": -1}, "seed: expected a whole number"),
    ({"engine": "gpu"}, 'unknown engine "gpu"'),
    ({"threads": 0}, "threads"),
]


@pytest.mark.parametrize(("options", "message"), BAD_OPTIONS, ids=[str(options) for options, _ in BAD_OPTIONS])
def test_bad_options_are_told_by_their_names(options: dict[str, Any], message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.MLPClassifier(**{"recipe": "quick", **SHORT, **options}).fit(X, CLASSES)


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize(
    ("case", "rows"),
    [
        ("1e308", X / np.abs(X).max() * 1e308),
        ("1e-308", X * 1e-308),
        ("subnormals", np.round(X * 100) * 5e-324),
        ("one of 1e308 among ones", changed(0, 0, 1e308)),
        ("integers beyond 2^53", (2**53 + np.arange(240).reshape(80, 3) * 3)),
        ("unsigned integers", np.arange(240, dtype=np.uint64).reshape(80, 3)),
        ("truth values", X > 0),
        ("halves", X.astype(np.float16)),
        ("one column", X[:, :1]),
        ("a constant column", np.column_stack([X, np.ones(80)])),
        ("a missing column", np.column_stack([X, np.full(80, np.nan)])),
        ("columns that stand twice", np.column_stack([X, X])),
        ("more columns than rows", RANDOM.normal(size=(80, 200))),
        ("numbers as objects", X.astype(object)),
        ("a list", X.tolist()),
        ("columns first", np.asfortranarray(X)),
        ("every other row", np.repeat(X, 2, axis=0)[::2]),
        ("other byte order", X.astype(X.dtype.newbyteorder())),
        ("NaN", changed(5, 2, np.nan)),
    ],
)
def test_strange_numbers_are_learnt_from(kind: str, case: str, rows: Any) -> None:
    estimator = ESTIMATORS[kind]().fit(rows, answers(kind))
    assert np.isfinite(np.asarray(ask(estimator, rows), dtype=float)).all()


@pytest.mark.parametrize(
    "scale", [1e308, 1e-308, 5e-324, 2.0**60, 0.0], ids=["1e308", "1e-308", "subnormal", "2^60", "constant"]
)
def test_numbers_of_any_size_are_predicted(scale: float) -> None:
    y = np.round(np.clip(NUMBERS / np.abs(NUMBERS).max(), -1, 1) * 100) / 100 * scale
    regressor = cp.MLPRegressor(recipe="quick", max_iter=20).fit(X, y)
    predicted = regressor.predict(X)
    assert y.min() <= predicted.min() and predicted.max() <= y.max()


def test_a_class_that_came_too_late() -> None:
    classifier = cp.MLPClassifier().partial_fit(X, CLASSES)
    with pytest.raises(cp.InputError, match=r"y\[1\] is 7, which is none of the classes: 0, 1"):
        classifier.partial_fit(X, np.where(CLASSES, 7, 0))
    with pytest.raises(cp.InputError, match=r"classes: expected those of the first call, \[0, 1\], got \[0, 1, 2\]"):
        classifier.partial_fit(X, CLASSES, classes=[0, 1, 2])
    with pytest.raises(cp.InputError, match=r"y\[0\] is 'a', which is none of the classes"):
        cp.MLPClassifier().partial_fit(X, np.array(["a", "b"])[CLASSES], classes=["b", "c"])
    with pytest.raises(cp.InputError, match=r"y_val\[0\] is 5, which is none of the classes: 0, 1"):
        ESTIMATORS["classifier"]().fit(X, CLASSES, X_val=X[:2], y_val=[5, 0])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X}, "y_val: rows to watch need both X_val and y_val, got None"),
        ({"y_val": CLASSES}, "X_val: rows to watch need both X_val and y_val, got None"),
        ({"X_val": X, "y_val": CLASSES[:5]}, "y_val: expected 80 values, one a row of X_val, got 5"),
        ({"X_val": X[:, :2], "y_val": CLASSES}, "X has 2 features"),
        ({"X_val": changed(1, 1, np.inf), "y_val": CLASSES}, r"X_val\[1, 1\] is inf"),
        ({"X_val": X, "y_val": np.full(80, np.nan)}, r"y_val\[0\]: Input y_val contains NaN"),
    ],
)
def test_bad_rows_to_watch_are_one_error(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ESTIMATORS["classifier"]().fit(X, CLASSES, **given)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_one_row_is_too_few_or_enough(kind: str) -> None:
    with pytest.raises(cp.InputError, match=r"one class|1 sample"):
        ESTIMATORS[kind]().fit(X[:1], None if kind == "autoencoder" else answers(kind)[:1])


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("recipe", ["strong", "quick", "scikit-learn", "textbook"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_the_caller_gave_is_not_changed_and_may_be_read_only(kind: str, recipe: str, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    y = None if kind == "autoencoder" else np.array(answers(kind))
    weights = np.ones(80)
    if y is not None:
        y.flags.writeable = False
    weights.flags.writeable = False
    estimator = ESTIMATORS[kind]().set_params(recipe=recipe).fit(mapped, y, sample_weight=weights)
    ask(estimator, mapped)
    np.testing.assert_array_equal(mapped, X)
    own = X.copy()
    ask(ESTIMATORS[kind]().set_params(recipe=recipe).fit(own, y), own)
    np.testing.assert_array_equal(own, X)


def test_divergence_is_told_and_leaves_the_estimator_as_it_was() -> None:
    regressor = cp.MLPRegressor((4,), "identity", recipe="textbook", max_iter=3).fit(X, NUMBERS)
    before = regressor.predict(X)
    regressor.set_params(learning_rate_init=1e9, max_iter=100)
    with pytest.raises(cp.DivergenceError, match="training diverged in epoch"):
        regressor.fit(X, NUMBERS * 1e9)
    np.testing.assert_array_equal(regressor.predict(X), before)
