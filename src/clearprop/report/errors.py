"""What does it get wrong: the confusion matrix and each class, or predicted against true numbers."""

from __future__ import annotations

import math

from clearprop.drawing import Bar, bars, heat, histogram, scatter
from clearprop.drawing.markup import Markup, element
from clearprop.drawing.numerals import number, share
from clearprop.drawing.scatter import drawn
from clearprop.report.data import ClassErrors, NumberErrors, Report
from clearprop.report.tables import columns, figure, paragraph, section, table
from clearprop.report.texts import Words

MOST_CLASSES = 40
MOST_BARS = 12
WIDE_FROM = 16
MOST_MISTAKES = 10


def errors(report: Report, words: Words) -> Markup:
    found = report.errors
    parts = _classes(found, words) if isinstance(found, ClassErrors) else _numbers(found, words)
    return section("wrong", words("wrong"), *parts)


def _classes(found: ClassErrors, words: Words) -> list[Markup | None]:
    total = sum(int(count) for row in found.counts for count in row)
    if total == 0:
        return [paragraph(words("no_rows"))]
    wrong = total - sum(int(found.counts[place][place]) for place in range(len(found.labels)))
    many, wide = len(found.labels) > MOST_CLASSES, len(found.labels) > WIDE_FROM
    if wrong:
        counts = {"rows": number(total), "wrong": number(wrong), "part": share(wrong / total)}
        sentence = words("wrong_count", **counts)
    else:
        sentence = words("wrong_none", rows=number(total))
    return [
        paragraph(sentence, "lead"),
        paragraph(words("too_many", classes=number(len(found.labels)))) if many else None,
        columns(
            None if many else _matrix(found, words),
            element(
                "div",
                _recalls(found, words),
                _mistakes(found, words),
                class_="columns wide" if wide else "stack",
            ),
        ),
        _by_class(found, words),
    ]


def _matrix(found: ClassErrors, words: Words) -> Markup:
    drawing = heat(
        found.counts,
        found.labels,
        prefix="confusion",
        label=words("confusion"),
        down=words("true"),
        across=words("predicted"),
    )
    return figure(words("confusion"), drawing, words("confusion_note"), wide=len(found.labels) > WIDE_FROM)


def _mistakes(found: ClassErrors, words: Words) -> Markup | None:
    """The most frequent pairs of a true and a wrong class; of two classes, the matrix shows it all."""
    pairs = [
        (int(count), found.labels[true], found.labels[predicted])
        for true, row in enumerate(found.counts)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    if not pairs or len(found.labels) < 3:
        return None
    pairs.sort(key=lambda pair: -pair[0])
    rows = [(true, predicted, number(count)) for count, true, predicted in pairs[:MOST_MISTAKES]]
    heads = [words(key) for key in ("true_class", "taken_for", "count")]
    return table(words("mistakes"), heads, rows, key="mistakes", numeric=(2,))


def _recalls(found: ClassErrors, words: Words) -> Markup | None:
    judged = [one for one in found.classes if one.rows]
    if not judged:
        return None
    worst = sorted(judged, key=lambda one: one.recall)[:MOST_BARS]
    title = words("recall_bars")
    if len(judged) > MOST_BARS:
        title = words("recall_worst", shown=number(len(worst)))
    drawing = bars([Bar(one.label, one.recall) for one in worst], prefix="recall", label=title, full=1.0)
    return figure(title, drawing)


def _by_class(found: ClassErrors, words: Words) -> Markup | None:
    if not found.classes:
        return None
    heads = [words(key) for key in ("class", "count", "precision", "recall", "f1")]
    rows = [
        (one.label, number(one.rows), share(one.precision), share(one.recall), share(one.f1)) for one in found.classes
    ]
    return table(words("by_class"), heads, rows, key="classes", numeric=(1, 2, 3, 4))


def _numbers(found: NumberErrors, words: Words) -> list[Markup | None]:
    pairs = [(float(t), float(p)) for t, p in zip(found.true, found.predicted, strict=True)]
    residuals = [p - t for t, p in pairs if math.isfinite(p - t)]
    if not residuals:
        return [paragraph(words("no_rows"))]
    sizes = sorted(abs(residual) for residual in residuals)
    half, most = (number(sizes[math.ceil(part * len(sizes)) - 1], 3) for part in (0.5, 0.9))
    note = [words("scatter_note")]
    if drawn(len(residuals)) < len(pairs):
        note.append(words("thinned", shown=number(drawn(len(residuals))), all=number(len(pairs))))
    return [
        paragraph(words("within", half=half, most=most, worst=number(sizes[-1], 3)), "lead"),
        columns(
            figure(
                words("scatter"),
                scatter(
                    [t for t, _ in pairs],
                    [p for _, p in pairs],
                    prefix="scatter",
                    label=words("scatter"),
                    across=words("true_value"),
                    up=words("predicted_value"),
                ),
                words.joined(note),
            ),
            figure(
                words("residuals"),
                histogram(
                    residuals,
                    prefix="residuals",
                    label=words("residuals"),
                    across=words("error_axis"),
                    up=words("rows_axis"),
                ),
                words("residuals_note"),
            ),
        ),
    ]
