"""How good is it: the held-out figures beside the trivial baseline's, and a sentence on what they mean."""

from __future__ import annotations

import math

from clearprop.drawing import Bar, bars
from clearprop.drawing.markup import Markup, element
from clearprop.drawing.numerals import number, share
from clearprop.report.data import Metric, Report
from clearprop.report.tables import paragraph, section, table
from clearprop.report.texts import BASELINES, Words
from clearprop.scores import written as measured

# The normal distribution's 97.5% point: 95% lie within it on both sides.
Z95 = 1.959964
# An interval narrower than this on either side needs no word of caution.
PRECISE = 0.01


def quality(report: Report, words: Words) -> Markup:
    if not report.metrics:
        return section("good", words("good"), paragraph(words("no_metrics")))
    first = report.metrics[0]
    rows = [
        (
            words.metric(one.name),
            written(one, one.value),
            written(one, one.baseline),
            "" if one.left_out is None else written(one, one.left_out),
            _meaning(one, words),
        )
        for one in report.metrics
    ]
    heads = [words(key) for key in ("measure", "model", "baseline", "left_out_rows", "meaning")]
    return section(
        "good",
        words("good"),
        element("div", _headline(first, words), _comparison(first, words), class_="headline"),
        paragraph(_sentence(first, report, words), "lead"),
        table(words("metrics_label"), heads, rows, key="metrics", numeric=(1, 2, 3)),
        paragraph(words("left_out_note")) if any(one.left_out is not None for one in report.metrics) else None,
    )


def written(metric: Metric, value: float) -> str:
    """A value of a metric as it is shown: a share as a percentage."""
    return share(value) if metric.share else measured(metric.name, value)


def gain(metric: Metric) -> float:
    """How much of the way from the baseline to the best value there is; not finite if that cannot be said.

    >>> gain(Metric("accuracy", 0.75, 0.5)), gain(Metric("rmse", 30.0, 40.0, higher_is_better=False))
    (0.5, 0.25)
    """
    best = 1.0 if metric.higher_is_better else 0.0
    whole = best - metric.baseline
    return (metric.value - metric.baseline) / whole if whole else math.nan


def wilson(share_right: float, rows: int) -> tuple[float, float]:
    """The 95% interval of a share seen in so many rows (Wilson, 1927, J. Am. Stat. Assoc. 22, 209).

    >>> [round(end, 3) for end in wilson(0.974, 114)]
    [0.926, 0.991]
    """
    square = Z95**2 / rows
    centre = share_right + square / 2
    half = Z95 * math.sqrt(share_right * (1 - share_right) / rows + square / (4 * rows))
    return max(0.0, (centre - half) / (1 + square)), min(1.0, (centre + half) / (1 + square))


def _meaning(metric: Metric, words: Words) -> str:
    explained = words.explanation(metric.name, metric.explanation)
    better = words("higher" if metric.higher_is_better else "lower")
    return words.joined([explained, better] if explained else [better])


def _headline(metric: Metric, words: Words) -> Markup:
    value = element("span", written(metric, metric.value), class_="value")
    return element("p", value, " ", element("span", words.metric(metric.name), class_="name"), class_="big")


def _comparison(metric: Metric, words: Words) -> Markup:
    value, base = written(metric, metric.value), written(metric, metric.baseline)
    return bars(
        [Bar(words("model"), metric.value), Bar(words("baseline"), metric.baseline, "other")],
        prefix="compared",
        label=words("compared", metric=words.metric(metric.name), value=value, base=base),
        full=1.0 if metric.higher_is_better else None,
        written=lambda shown: written(metric, shown),
    )


def _sentence(metric: Metric, report: Report, words: Words) -> str:
    fields = {
        "rows": number(report.rows.held_out),
        "metric": words.metric(metric.name),
        "value": written(metric, metric.value),
    }
    if not math.isfinite(metric.value):
        return words.joined([words("sentence_alone", **fields), words("not_a_number")])
    if not math.isfinite(metric.baseline):
        return words("sentence_alone", **fields)
    base = written(metric, metric.baseline)
    parts = [words("sentence", **fields, baseline=words.known(BASELINES, report.baseline), base=base)]
    gained = gain(metric)
    if math.isfinite(gained) and gained <= 0:
        parts.append(words("no_better"))
    elif math.isfinite(gained):
        kind = "smaller_error" if not metric.higher_is_better else "gap_closed"
        if metric.name in ("accuracy", "balanced_accuracy"):
            kind = "fewer_mistakes"
        if metric.name == "r2":
            kind = "explained"
        parts.append(words(kind, gain=share(gained, 0)))
    if metric.name == "accuracy" and report.rows.held_out > 0 and 0 <= metric.value <= 1:
        low, high = wilson(metric.value, report.rows.held_out)
        if high - low > 2 * PRECISE:
            parts.append(words("interval", low=share(low), high=share(high)))
    return words.joined(parts)
