"""How did it learn: loss and metric of all members over the epochs, their mean, and which epochs were kept."""

from __future__ import annotations

import math
from collections.abc import Sequence

from clearprop.drawing import Series, curves
from clearprop.drawing.markup import Markup
from clearprop.drawing.numerals import number, share
from clearprop.report.data import History, Report
from clearprop.report.tables import columns, figure, paragraph, section
from clearprop.report.texts import STOPPED, Words


def learning(report: Report, words: Words) -> Markup:
    history = report.history
    if len(history.epochs) == 0:
        return section("learn", words("learn"), paragraph(words("no_history")), _stopped(report, words))
    metric = words.metric(history.metric)
    return section(
        "learn",
        words("learn"),
        paragraph(_sentence(history, words), "lead"),
        _stopped(report, words),
        columns(
            _plot(
                "loss",
                words("loss_title"),
                words("loss"),
                [(words("training"), history.loss, "first"), (words("left_out"), history.left_out_loss, "second")],
                history,
                words,
                False,
            ),
            _plot(
                "metric",
                words("metric_title", metric=metric[:1].upper() + metric[1:]),
                metric,
                [(words("left_out"), history.left_out_metric, "second")],
                history,
                words,
                history.metric_is_share,
            ),
        ),
    )


def _stopped(report: Report, words: Words) -> Markup | None:
    """Why it ended, and how many rows that took, which the rates are of."""
    counted = words("learnt_sentence", rows=number(report.rows_learnt))
    return paragraph(words.joined([words.known(STOPPED, report.history.stopped), counted]))


def _sentence(history: History, words: Words) -> str:
    epochs = number(len(history.epochs))
    if not history.kept:
        return words("epochs_sentence", epochs=epochs)
    first, last = min(history.kept), max(history.kept)
    if not history.left_out_loss:
        return words("kept_last", epochs=epochs)
    if len(history.kept) == 1:
        return words("kept_one", epoch=number(first), epochs=epochs)
    fields = {"members": number(len(history.kept)), "first": number(first), "last": number(last), "epochs": epochs}
    return words("kept_alike" if first == last else "kept_sentence", **fields)


def _plot(
    prefix: str,
    title: str,
    up: str,
    kinds: Sequence[tuple[str, Sequence[Sequence[float]], str]],
    history: History,
    words: Words,
    percent: bool,
) -> Markup | None:
    """The mean curve of each kind over all members, and these faintly behind it, as far as there are any."""
    series = [
        Series(name, _mean(members), role, members if len(members) > 1 else ())
        for name, members, role in kinds
        if members
    ]
    if not series:
        return None
    written = share if percent else number
    spoken = [
        words("curve_label", name=one.name, first=written(ends[0]), last=written(ends[-1]))
        for one in series
        if (ends := [value for value in one.values if math.isfinite(value)])
    ]
    drawing = curves(
        series,
        list(history.epochs),
        prefix=prefix,
        label=words("curves_label", title=title, series=words.listed(spoken)),
        across=words("epoch"),
        up=up,
        percent=percent,
    )
    return figure(title, drawing, words("curves_note") if series[0].parts else None)


def _mean(members: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*members, strict=True)]
