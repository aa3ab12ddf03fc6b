"""What each Display shows is what it was given, on light, on dark, and on the user's own axes."""

from __future__ import annotations

import re
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.neural_network import MLPClassifier, MLPRegressor

import clearprop as cp
from clearprop.drawing.style import COLOURS, contrast
from clearprop.errors import InputError
from clearprop.plots.house import CLASSES
from clearprop.plots.loss_curve import Curve

X, Y = make_moons(80, noise=0.2, random_state=0)
LABELS = np.array(["lower", "upper"])[Y]


def fitted(estimator, inputs=X, targets=LABELS):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(inputs, targets)


def history(first=0.5, epochs=5, validation=True):
    loss = [first / (epoch + 1) for epoch in range(epochs)]
    columns = {"loss": loss} | (
        {"validation_loss": [0.1 + abs(epoch - 2) for epoch in range(epochs)]} if validation else {}
    )
    return cp.History(columns, monitor="validation_loss" if validation else "loss")


DISPLAYS = {
    "loss": lambda **how: cp.plots.LossCurveDisplay.from_history(history(), **how),
    "map": lambda **how: cp.plots.DecisionMapDisplay.from_estimator(
        fitted(LogisticRegression()), X, LABELS, grid_resolution=20, **how
    ),
    "numbers": lambda **how: cp.plots.DecisionMapDisplay.from_estimator(
        cp.Model.initialized(cp.Network.parse("2-3-1")), X, Y, grid_resolution=20, **how
    ),
    "predicted": lambda **how: cp.plots.PredictedTrueDisplay.from_predictions([1.0, 2.0, 3.0], [1.5, 2.0, 2.5], **how),
    "bars": lambda **how: cp.plots.FirstLayerWeightsDisplay.from_estimator(
        cp.Model.initialized(cp.Network.parse("30-3-1")), **how
    ),
    "images": lambda **how: cp.plots.FirstLayerWeightsDisplay.from_estimator(
        cp.Model.initialized(cp.Network.parse("30-7-1")), image_shape=(5, 6), **how
    ),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", DISPLAYS)
def test_each_draws_in_both_themes(name, theme, pyplot, tmp_path):
    from matplotlib.colors import to_hex

    display = DISPLAYS[name](theme=theme)
    paper = COLOURS["paper"][theme == "dark"]
    assert display.figure_ is display.ax_.figure
    assert to_hex(display.ax_.get_facecolor()) == to_hex(display.figure_.get_facecolor()) == paper
    for axes in display.figure_.axes:
        words = [axes.xaxis.label, axes.yaxis.label, *axes.texts, axes.title, axes._left_title]
        ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()] if axes.axison else []
        for text in [*words, *ticks]:
            if text.get_text():
                assert contrast(to_hex(text.get_color()), paper) >= 4.5, text.get_text()
    display.figure_.savefig(tmp_path / "picture.png")


@pytest.mark.parametrize("name", DISPLAYS)
def test_each_draws_on_axes_that_are_given(name, pyplot):
    figure, (left, right) = pyplot.subplots(1, 2)
    right.set_facecolor("#101010")
    for axes in (left, right):
        display = DISPLAYS[name](ax=axes)
        assert display.ax_ is axes and display.figure_ is figure
    assert left.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    assert len(pyplot.get_fignums()) == 1


def test_given_axes_on_a_dark_ground_are_drawn_on_with_light_ink(pyplot):
    with pyplot.style.context("dark_background"):
        _, axes = pyplot.subplots()
        display = cp.plots.LossCurveDisplay.from_history(history(), ax=axes)
    assert display.ax_.lines[0].get_color() == COLOURS["first"][1]


@pytest.mark.parametrize("dark", [False, True])
def test_the_colours_of_classes_can_be_seen_and_told_apart(dark):
    colours = [pair[dark] for pair in CLASSES]
    assert len(set(colours)) == 8
    assert all(contrast(colour, COLOURS["paper"][dark]) >= 3.0 for colour in colours)


def test_loss_curves_are_the_history(pyplot):
    display = cp.plots.LossCurveDisplay.from_history(history())
    training, validation, best = display.ax_.lines
    assert list(training.get_xdata()) == [1, 2, 3, 4, 5] and tuple(training.get_ydata()) == history().loss
    assert tuple(validation.get_ydata()) == history().validation_loss
    assert best.get_xdata() == [3] and "best: epoch 3" in [text.get_text() for text in display.ax_.texts]


def test_of_several_members_the_mean_over_the_epochs_that_all_have(pyplot):
    display = cp.plots.LossCurveDisplay.from_history({"a": history(0.5), "b": history(1.5, epochs=3)})
    thick = [line for line in display.ax_.lines if line.get_linewidth() == 2]
    assert [line.get_label() for line in thick] == ["training, mean of 2", "validation, mean of 2"]
    np.testing.assert_allclose(thick[0].get_ydata(), [1.0, 0.5, 1.0 / 3.0])
    assert [curve.name for curve in display.curves] == ["a", "b"]


def test_a_loss_over_more_than_two_decades_is_on_a_logarithmic_axis(pyplot):
    assert cp.plots.LossCurveDisplay([Curve("a", (100.0, 1.0, 0.5))]).plot().ax_.get_yscale() == "log"
    assert cp.plots.LossCurveDisplay([Curve("a", (100.0, 2.0, 0.0))]).plot().ax_.get_yscale() == "linear"
    assert cp.plots.LossCurveDisplay([Curve("a", (float("inf"), 2.0, 3.0))]).plot().ax_.get_yscale() == "linear"


def test_the_loss_curve_of_scikit_learn(pyplot):
    estimator = fitted(MLPClassifier(max_iter=7, random_state=0))
    display = cp.plots.LossCurveDisplay.from_estimator(estimator)
    assert list(display.ax_.lines[0].get_ydata()) == estimator.loss_curve_
    estimator.validation_loss_curve_ = [3.0, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    assert cp.plots.LossCurveDisplay.from_estimator(estimator).curves[0].best_epoch == 2
    with pytest.raises(InputError, match="this MLPClassifier has no loss_curve_; fit it first"):
        cp.plots.LossCurveDisplay.from_estimator(MLPClassifier())


def test_the_losses_of_held_out_rows_after_a_warm_start_are_of_the_last_epochs(pyplot):
    settings = {"recipe": "textbook", "max_iter": 3, "warm_start": True}
    estimator = cp.MLPClassifier(**settings).fit(X, LABELS).set_params(early_stopping=True).fit(X, LABELS)
    curve = cp.plots.LossCurveDisplay.from_estimator(estimator).curves[0]
    assert len(curve.loss) == 6 and np.isnan(curve.validation_loss[:3]).all()
    assert list(curve.validation_loss[3:]) == estimator.validation_loss_curve_
    assert curve.best_epoch == 4 + int(np.argmin(estimator.validation_loss_curve_))


def test_a_map_asks_for_probabilities_all_over_the_grid(pyplot):
    estimator = fitted(LogisticRegression())
    display = cp.plots.DecisionMapDisplay.from_estimator(estimator, X, grid_resolution=9)
    points = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    assert (display.response.reshape(81, 2) == estimator.predict_proba(points)).all()
    assert display.xx0.min() < X[:, 0].min() and display.xx1.max() > X[:, 1].max()
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["lower", "upper"]


@pytest.mark.parametrize("frame", [pd.DataFrame, lambda columns: pl.DataFrame(columns)])
def test_a_map_of_a_frame_keeps_its_names(frame, pyplot):
    columns = frame({"width": X[:, 0], "height": X[:, 1]})
    estimator = fitted(LogisticRegression(), columns)  # scikit-learn would warn of names that are not there
    display = cp.plots.DecisionMapDisplay.from_estimator(estimator, columns, LABELS, grid_resolution=9)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("width", "height")


def test_a_map_of_a_classifier_without_probabilities(pyplot):
    display = cp.plots.DecisionMapDisplay.from_estimator(fitted(Perceptron()), X, grid_resolution=9)
    assert set(np.unique(display.response)) == {0.0, 1.0}


def test_labels_as_text_are_those_of_classes_that_are_numbers(pyplot):
    display = cp.plots.DecisionMapDisplay.from_estimator(
        fitted(LogisticRegression(), X, Y), X, Y.astype(str), grid_resolution=20
    )
    assert sum(len(dots.get_offsets()) for dots in display.ax_.collections if len(dots.get_offsets()) > 1) >= len(X)


def test_a_map_of_a_model_of_classes(pyplot):
    model = cp.Model.initialized(cp.Network.parse("2-3-2", output="softmax", loss="cross_entropy"))
    display = cp.plots.DecisionMapDisplay.from_estimator(model, X, Y, grid_resolution=9)
    assert display.classes == [0, 1] and display.response.shape == (9, 9, 2)


def test_a_map_of_numbers(pyplot):
    estimator = fitted(MLPRegressor(max_iter=5, random_state=0), X, Y.astype(float))
    display = cp.plots.DecisionMapDisplay.from_estimator(estimator, X, Y, grid_resolution=9)
    assert display.classes == [] and display.response.shape == (9, 9)


def test_a_map_where_one_class_is_likeliest_everywhere(pyplot):
    grid = np.meshgrid([0.0, 1.0], [0.0, 1.0])
    response = np.full((2, 2, 2), [0.9, 0.1])
    assert cp.plots.DecisionMapDisplay(*grid, response, ["a", "b"]).plot().ax_ is not None


def test_predicted_and_true(pyplot):
    from sklearn.metrics import r2_score, root_mean_squared_error

    rng = np.random.default_rng(0)
    true = rng.normal(size=12_000)
    predicted = true + rng.normal(size=12_000) / 3
    display = cp.plots.PredictedTrueDisplay.from_predictions(true, predicted[:, None])
    assert display.r2 == pytest.approx(r2_score(true, predicted))
    assert display.rmse == pytest.approx(root_mean_squared_error(true, predicted))
    assert len(display.ax_.collections[0].get_offsets()) == 4_000
    assert display.ax_.get_xlim() == display.ax_.get_ylim()


def test_bars_are_the_longest_first(pyplot):
    weights = np.diag(np.arange(25.0))
    display = cp.plots.FirstLayerWeightsDisplay(weights).plot()
    widths = [bar.get_width() for bar in display.ax_.patches]
    assert len(widths) == 20 and widths == sorted(widths, reverse=True)
    assert widths[0] == pytest.approx(24.0 / 5.0)
    assert [label.get_text() for label in display.ax_.get_yticklabels()][:2] == ["x24", "x23"]


def test_one_unit_shows_its_weights_with_their_signs(pyplot):
    estimator = fitted(LogisticRegression(), pd.DataFrame(X, columns=["width", "height"]))
    display = cp.plots.FirstLayerWeightsDisplay.from_estimator(estimator)
    found = dict(zip([label.get_text() for label in display.ax_.get_yticklabels()], display.ax_.patches, strict=True))
    for name, weight in zip(["width", "height"], estimator.coef_[0], strict=True):
        assert found[name].get_width() == weight


def test_what_column_layers_make_of_the_inputs_does_not_bear_their_names(pyplot):
    frame = pl.DataFrame({"width": X[:, 0], "height": X[:, 1], "kind": ["a", "b"] * 40})
    estimator = cp.MLPClassifier(recipe="quick", max_iter=1).fit(frame, LABELS)
    for shown in (estimator, estimator.estimators_[0]):
        display = cp.plots.FirstLayerWeightsDisplay.from_estimator(shown)
        assert display.feature_names == [f"h[{number}]" for number in range(1, len(display.weights) + 1)]
    plainly = cp.MLPClassifier(recipe="scikit-learn", max_iter=1, tol=1.0)
    encoded = cp.plots.FirstLayerWeightsDisplay.from_estimator(fitted(plainly, frame))
    assert encoded.feature_names == ["x0", "x1", "x2", "x3"]


def test_images_stand_where_their_units_are(pyplot):
    weights = np.arange(12.0).reshape(6, 2)
    display = cp.plots.FirstLayerWeightsDisplay(weights, image_shape=(2, 3)).plot()
    mosaic = display.ax_.images[0].get_array()
    assert mosaic[:2, :3].tolist() == weights[:, 0].reshape(2, 3).tolist()
    second = mosaic[3:, :3] if mosaic.shape[0] == 5 else mosaic[:2, 4:]
    assert second.tolist() == weights[:, 1].reshape(2, 3).tolist()


WRONG = {
    "there is no epoch to show": lambda plots: plots.LossCurveDisplay([]),
    "expected a History, got list": lambda plots: plots.LossCurveDisplay.from_history([[1.0, 2.0]]),
    "expected rows of two inputs, (N, 2), got (4, 3)": lambda plots: plots.DecisionMapDisplay.from_estimator(
        None, np.zeros((4, 3))
    ),
    "predicts several numbers": lambda plots: plots.DecisionMapDisplay.from_estimator(
        cp.Model.initialized(cp.Network.parse("2-3-2")), X
    ),
    "expected as many of both, got 1 and 2": lambda plots: plots.PredictedTrueDisplay([1.0, 2.0], [1.0]),
    "y_pred: row 1 has a value that is missing": lambda plots: plots.PredictedTrueDisplay([1.0, 2.0], [1.0, np.nan]),
    "y_true: expected numbers to draw, found 'a'": lambda plots: plots.PredictedTrueDisplay(["a", "b"], [1.0, 2.0]),
    "X: row 1 has a value that is missing": lambda plots: plots.DecisionMapDisplay.from_estimator(
        fitted(LogisticRegression()), [[0.0, 1.0], [1.0, np.nan]]
    ),
    "X: expected numbers to draw, found 'red'": lambda plots: plots.DecisionMapDisplay.from_estimator(
        fitted(LogisticRegression()), pd.DataFrame({"a": [0.0], "b": ["red"]})
    ),
    "y: 'sideways' is none of the classes that were learnt, lower, upper": lambda plots: (
        plots.DecisionMapDisplay.from_estimator(fitted(LogisticRegression()), X[:2], ["lower", "sideways"])
    ),
    "y: expected one target a row, 80, got shape (3,)": lambda plots: plots.DecisionMapDisplay.from_estimator(
        fitted(LogisticRegression()), X, LABELS[:3]
    ),
    "weights: expected numbers to draw, found 'x'": lambda plots: plots.FirstLayerWeightsDisplay([["x"]]),
    "expected one number a row, got shape (2, 2)": lambda plots: plots.PredictedTrueDisplay(np.eye(2), np.eye(2)),
    "feature_names: expected 2, one an input, got 1": lambda plots: plots.FirstLayerWeightsDisplay(np.eye(2), ["a"]),
    "(2, 2) has 4 inputs, layer 1 has 3": lambda plots: plots.FirstLayerWeightsDisplay(np.eye(3), image_shape=(2, 2)),
    "has neither coefs_ nor coef_; fit it first": lambda plots: plots.FirstLayerWeightsDisplay.from_estimator(
        MLPClassifier()
    ),
    'unknown theme "night"': lambda plots: plots.FirstLayerWeightsDisplay(np.eye(2)).plot(theme="night"),
    "ax: expected axes of matplotlib, got int": lambda plots: plots.FirstLayerWeightsDisplay(np.eye(2)).plot(3),
    'unknown colour map "signs"; did you mean "sign"?': lambda plots: plots.colormap("signs"),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be_drawn_is_named(message, pyplot):
    with pytest.raises(InputError, match=re.escape(message)):
        WRONG[message](cp.plots)


def test_without_matplotlib_one_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(InputError, match=re.escape('matplotlib is not installed; pip install "clearprop[plot]"')):
        cp.plots.LossCurveDisplay.from_history(history())
