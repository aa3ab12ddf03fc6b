"""From what training a table has come to, to what the report tells."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import numpy as np

import clearprop
from clearprop.network.columns import ColumnLayer, Embedding
from clearprop.report.data import (
    ClassErrors,
    ClassResult,
    Column,
    History,
    Metric,
    NumberErrors,
    Report,
    Rows,
    Structure,
)
from clearprop.scores import SHARES, Scores
from clearprop.table import Column as TableColumn
from clearprop.tabular import Fit


def of_fit(
    fit: Fit, *, source: str, total: int, when: str, shell: Sequence[str] = (), python: Sequence[str] = ()
) -> Report:
    """The report of a fit to a table of `total` rows; `when` is a time in ISO 8601; the lines use the model."""
    encoding, parts = fit.table_model.encoding, fit.parts
    classes = encoding.task == "classes"
    return Report(
        title=encoding.target.name,
        source=source,
        target=encoding.target.name,
        task=encoding.task,
        when=when,
        rows=Rows(total, len(parts.training), len(parts.held_out), parts.dropped),
        seconds=fit.seconds,
        rows_per_second=fit.rows_per_second,
        rows_learnt=fit.rows_learnt,
        metrics=_metrics(fit),
        baseline="most_frequent" if classes else "mean",
        history=_history(fit),
        errors=_class_errors(fit.scores, encoding.classes) if classes else _number_errors(fit.scores),
        columns=[_column(one, encoding.rows) for one in encoding.columns],
        structure=_structure(fit),
        settings=[*fit.recipe.settings(), ("seed", str(fit.table_model.about.get("seed")))],
        shell=shell,
        python=python,
        versions=[
            ("clearprop", clearprop.__version__),
            ("Python", platform.python_version()),
            ("NumPy", np.__version__),
            ("platform", f"{platform.system()} {platform.machine()}"),
        ],
    )


def _metrics(fit: Fit) -> list[Metric]:
    left_out = {one.name: one.value for one in fit.left_out.measures} if fit.left_out else {}
    return [
        Metric(
            one.name,
            one.value,
            one.baseline,
            one.higher_is_better,
            share=one.name in SHARES,
            left_out=left_out.get(one.name),
        )
        for one in fit.scores.measures
    ]


def _history(fit: Fit) -> History:
    histories = fit.learnt.histories
    name = histories[0].metric_name or ""

    def column(kind: str) -> list[tuple[float, ...]]:
        return [getattr(one, kind) for one in histories if getattr(one, kind)]

    return History(
        epochs=list(histories[0].epochs),
        loss=column("loss"),
        left_out_loss=column("validation_loss"),
        metric=name,
        metric_is_share=name in SHARES,
        left_out_metric=column("validation_metric"),
        kept=fit.learnt.best_epochs,
        stopped=fit.learnt.ended,
    )


def _class_errors(scores: Scores, labels: Sequence[object]) -> ClassErrors:
    counts = scores.confusion
    right = np.diag(counts).astype(float)
    true, predicted = counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(invalid="ignore"):  # a class that does not occur, or is never answered, has no such number
        precision, recall = right / predicted, right / true
        f1 = 2 * right / (true + predicted)
    return ClassErrors(
        labels=[str(label) for label in labels],
        counts=counts.tolist(),
        classes=[
            ClassResult(str(label), int(true[i]), float(precision[i]), float(recall[i]), float(f1[i]))
            for i, label in enumerate(labels)
        ],
    )


def _number_errors(scores: Scores) -> NumberErrors:
    return NumberErrors(scores.true.tolist(), scores.predicted.tolist())


def _column(column: TableColumn, rows: int) -> Column:
    left_out = column.kind == "left out"
    missing = f"{column.missing:,} missing of {rows:,}" if column.missing else ""
    return Column(
        name=column.name,
        kind=column.kind,
        became="" if left_out else column.done,
        statistics=missing,
        note="; ".join(column.notes),
        left_out=column.done if left_out else "",
    )


def _structure(fit: Fit) -> Structure:
    ensemble, encoding = fit.learnt.ensemble, fit.table_model.encoding
    network = ensemble.members[0].network
    return Structure(
        sizes=network.sizes,
        activations=[layer.activation for layer in network.layers],
        loss=network.loss,
        parameters=sum(member.network.parameter_count for member in ensemble.members),
        inputs=taken_in(network.columns, encoding.input_names) or encoding.input_names,
        outputs=[str(label) for label in encoding.classes] or [encoding.target.name],
        members=len(ensemble.members),
        temperature=ensemble.temperature,
        columns=bool(network.columns),
    )


def taken_in(columns: Sequence[ColumnLayer], inputs: Sequence[str]) -> list[str]:
    """A name for each number that column layers make of the inputs: its own, and "age v2" for the second of v.

    >>> from clearprop.network.columns import Periodic, Plain
    >>> taken_in([Periodic(1, outputs=2), Plain(2)], ["age", "sex", "born here"])
    ['age', 'age v1', 'age v2', 'sex', 'born here']
    """
    names: list[str] = []
    first = 0
    for layer in columns:
        own = inputs[first : first + layer.count]
        first += layer.count
        made = layer.width // layer.count
        if not isinstance(layer, Embedding):
            names += own
            made -= 1
        names += [f"{name} v{number}" for name in own for number in range(1, made + 1)]
    return names
