"""How did it learn: losses and the metric over the epochs, the best of them, and why training stopped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from clearprop.drawing import Best, Series, curves
from clearprop.drawing.markup import Markup
from clearprop.drawing.numerals import number, share
from clearprop.report.data import History, Report
from clearprop.report.tables import columns, figure, paragraph, section
from clearprop.report.texts import STOPPED, Words


def learning(report: Report, words: Words) -> Markup:
    history = report.history
    if len(history.epochs) == 0:
        return section("learn", words("learn"), paragraph(words("no_history")), _stopped(history, words))
    metric = words.metric(history.metric)
    loss = (history.training_loss, history.validation_loss)
    judged = (history.training_metric, history.validation_metric)
    return section(
        "learn",
        words("learn"),
        paragraph(_sentence(history, words), "lead"),
        _stopped(history, words),
        columns(
            _plot("loss", words("loss_title"), words("loss"), loss, history, words, False),
            _plot(
                "metric",
                words("metric_title", metric=metric[:1].upper() + metric[1:]),
                metric,
                judged,
                history,
                words,
                history.metric_is_share,
            ),
        ),
    )


def _stopped(history: History, words: Words) -> Markup | None:
    return paragraph(words.known(STOPPED, history.stopped))


def _sentence(history: History, words: Words) -> str:
    epochs = number(len(history.epochs))
    if history.best_epoch is None:
        return words("epochs_sentence", epochs=epochs)
    return words("best_sentence", epoch=number(history.best_epoch), epochs=epochs)


def _plot(
    prefix: str,
    title: str,
    up: str,
    values: tuple[Sequence[float], Sequence[float]],
    history: History,
    words: Words,
    percent: bool,
) -> Markup | None:
    """The training and the validation curve of one quantity, as far as there are any."""
    names = (words("training"), words("validation"))
    series = [
        Series(name, list(numbers), role)
        for name, numbers, role in zip(names, values, ("first", "second"), strict=True)
        if len(numbers)
    ]
    if not series:
        return None
    written = share if percent else number
    spoken = [
        words("curve_label", name=one.name, first=written(ends[0]), last=written(ends[-1]))
        for one in series
        if (ends := [value for value in one.values if math.isfinite(value)])
    ]
    best = None
    if history.best_epoch is not None:
        best = Best(history.best_epoch, words("best", epoch=number(history.best_epoch)))
    drawing = curves(
        series,
        list(history.epochs),
        prefix=prefix,
        label=words("curves_label", title=title, series=words.listed(spoken)),
        across=words("epoch"),
        up=up,
        best=best,
        percent=percent,
    )
    return figure(title, drawing)
