"""What commands print: data on stdout, colour only on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from clearprop.scores import Score

TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "r2": "R²",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
}


def say(text: str = "") -> None:
    """A line on stderr: what is going on, not data."""
    typer.echo(text, err=True)


@contextmanager
def warnings_said() -> Iterator[None]:
    """A block whose warnings are said as lines of their own."""
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        try:
            yield
        finally:
            for one in caught:
                say(f"warning: {one.message}")


def heading(text: str) -> None:
    """A title in bold, on stdout."""
    typer.secho(text, bold=True)


def rows(lines: Sequence[Sequence[str]], indent: str = "  ") -> None:
    """Lines of words, in columns; the last column is left as it is."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]) - 1)]
    for line in lines:
        cells = [word.ljust(width) for word, width in zip(line, widths, strict=False)]
        typer.echo((indent + "  ".join([*cells, line[-1]])).rstrip())


def scores(measures: Sequence[Score]) -> None:
    """Measures beside the baseline's."""
    from clearprop.scores import written

    lines = [("", "model", "baseline")]
    lines += [(TITLES[one.name], written(one.name, one.value), written(one.name, one.baseline)) for one in measures]
    rows(lines)


def as_json(values: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    typer.echo(json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False))
