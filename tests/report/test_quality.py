"""The sentence that says what the figures mean."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import pytest

from clearprop.report import Metric, Rows, render
from clearprop.report.quality import gain, wilson


def lead(samples: SimpleNamespace, *metrics: Metric, held_out: int = 100_000) -> str:
    page = render(samples.two_classes(metrics=metrics, rows=Rows(200_000, 100_000, held_out)))
    return re.findall(r'<p class="lead">(.*?)</p>', page)[0]


def test_a_model_no_better_than_the_baseline_is_called_that(samples: SimpleNamespace) -> None:
    for value in (0.6, 0.5):
        assert "it has learnt nothing" in lead(samples, Metric("accuracy", value, 0.6, share=True))
    assert "it has learnt nothing" in lead(samples, Metric("rmse", 1.2, 1.2, higher_is_better=False))
    assert "it has learnt nothing" not in lead(samples, Metric("accuracy", 0.61, 0.6, share=True))


def test_the_gain_is_told_in_the_metric_s_own_words(samples: SimpleNamespace) -> None:
    assert "That makes the error 25% smaller." in lead(samples, Metric("mae", 3.0, 4.0, higher_is_better=False))
    assert "That explains 80% of what" in lead(samples, Metric("r2", 0.8, 0.0))
    assert "That is 80% of the way to perfect." in lead(samples, Metric("roc_auc", 0.9, 0.5))
    assert "That is 50% fewer mistakes." in lead(samples, Metric("accuracy", 0.8, 0.6, share=True))


def test_an_r2_of_rounding_errors_is_0(samples: SimpleNamespace) -> None:
    assert "always answering the mean gets 0.000." in lead(samples, Metric("r2", 0.8, -8.8e-5)).replace(
        "always naming the most common class", "always answering the mean"
    )


def test_doubt_is_told_where_rows_are_few(samples: SimpleNamespace) -> None:
    accuracy = Metric("accuracy", 0.9, 0.6, share=True)
    assert "95% interval" in lead(samples, accuracy, held_out=50)
    assert "95% interval" not in lead(samples, accuracy, held_out=50_000)
    assert "95% interval" not in lead(samples, accuracy, held_out=0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_cannot_be_compared_is_not_compared(samples: SimpleNamespace, value: float) -> None:
    assert "could not be compared" in lead(samples, Metric("accuracy", value, 0.6, share=True))
    words = lead(samples, Metric("accuracy", 0.9, value, share=True), held_out=0)
    assert words.endswith("accuracy is 90.0%.")


def test_a_perfect_baseline_has_nothing_to_gain() -> None:
    assert math.isnan(gain(Metric("accuracy", 1.0, 1.0)))
    assert gain(Metric("rmse", 0.0, 2.0, higher_is_better=False)) == 1.0


def test_wilson_keeps_within_zero_and_one() -> None:
    for rows in (1, 10, 1000):
        for part in (0.0, 0.5, 1.0):
            low, high = wilson(part, rows)
            assert 0 <= low <= part + 1e-12
            assert part - 1e-12 <= high <= 1
