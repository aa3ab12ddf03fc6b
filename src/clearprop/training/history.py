"""What happened, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from clearprop.errors import InputError, unknown
from clearprop.training.metrics import METRICS

COLUMNS = ("loss", "validation_loss", "metric", "validation_metric", "learning_rate", "seconds")
MONITORS = ("validation_loss", "validation_metric", "loss")


class History:
    """What happened in each epoch of a run; it never changes.

    Two are equal where all but `seconds` is.

    Attributes:
        epochs: the number of each epoch, counted from 1 and over all calls that a run goes on through.
        loss: J over the training rows, each batch as it was before its update; so with a full batch
            `loss[0]` is J before the first update.
        validation_loss: J over the validation rows after the epoch; empty where there were none.
        metric, validation_metric: the metric called `metric_name` after the epoch, over at most 10,000 training rows
            and over the validation rows; empty where it was not asked for.
        learning_rate: the rate of the epoch's first update.
        seconds: how long each epoch took; epochs that an engine ran in one call share its time evenly.

    >>> history = History({"loss": [0.5, 0.25], "validation_loss": [0.6, 0.7]}, monitor="validation_loss")
    >>> history
    History(2 epochs; last: loss 0.25, validation_loss 0.7; best: epoch 1, validation_loss 0.6)
    >>> history.loss, history.best_epoch
    ((0.5, 0.25), 1)
    """

    __slots__ = ("_columns", "_length", "first_epoch", "metric_name", "monitor")

    _columns: dict[str, Sequence[float]]
    _length: int
    first_epoch: int
    metric_name: str | None
    monitor: str

    def __init__(
        self,
        columns: Mapping[str, Sequence[float]],
        *,
        monitor: str = "loss",
        metric_name: str | None = None,
        first_epoch: int = 1,
    ) -> None:
        length = len(columns.get("loss", ()))
        for name, column in columns.items():
            if name not in COLUMNS:
                raise unknown("column of a history", name, COLUMNS)
            if len(column) not in (0, length):
                raise InputError(f"history: {name} has {len(column)} epochs, loss has {length}")
        if monitor not in MONITORS:
            raise unknown("monitor", monitor, MONITORS)
        if metric_name is not None and metric_name not in METRICS:
            raise unknown("metric", metric_name, METRICS)
        # The loop that trains goes on adding to its columns: what is shown stops at today's length.
        for name, value in (
            ("_columns", dict(columns)),
            ("_length", length),
            ("first_epoch", first_epoch),
            ("metric_name", metric_name),
            ("monitor", monitor),
        ):
            object.__setattr__(self, name, value)

    @property
    def epochs(self) -> range:
        return range(self.first_epoch, self.first_epoch + self._length)

    @property
    def loss(self) -> tuple[float, ...]:
        return self._column("loss")

    @property
    def validation_loss(self) -> tuple[float, ...]:
        return self._column("validation_loss")

    @property
    def metric(self) -> tuple[float, ...]:
        return self._column("metric")

    @property
    def validation_metric(self) -> tuple[float, ...]:
        return self._column("validation_metric")

    @property
    def learning_rate(self) -> tuple[float, ...]:
        return self._column("learning_rate")

    @property
    def seconds(self) -> tuple[float, ...]:
        return self._column("seconds")

    def higher_is_better(self, column: str) -> bool:
        """Whether a value of a column is better when it is higher."""
        named = column in ("metric", "validation_metric") and self.metric_name is not None
        return named and METRICS[str(self.metric_name)].higher_is_better

    @property
    def best_epoch(self) -> int | None:
        """The number of the epoch, from 1, with the best value of what `monitor` names, the first of equals.

        None where there is no epoch with a finite value.
        """
        sign = -1.0 if self.higher_is_better(self.monitor) else 1.0
        finite = [
            (sign * value, epoch)
            for value, epoch in zip(self._column(self.monitor), self.epochs, strict=False)
            if math.isfinite(value)
        ]
        return min(finite)[1] if finite else None

    def last(self, name: str) -> float | None:
        """The newest value of a column, or None where it is empty.

        >>> History({"loss": [0.5, 0.25]}).last("loss")
        0.25
        """
        if name not in COLUMNS:
            raise unknown("column of a history", name, COLUMNS)
        column = self._columns.get(name, ())
        return column[self._length - 1] if column and self._length else None

    def to_json(self) -> dict[str, Any]:
        """A description of plain numbers, strings and lists; a value that is not finite is a string.

        >>> History({"loss": [0.5, math.inf]}).to_json()["loss"]
        [0.5, 'inf']
        """
        columns = {name: [_written(value) for value in self._column(name)] for name in COLUMNS}
        about = {"first_epoch": self.first_epoch, "metric_name": self.metric_name, "monitor": self.monitor}
        return {**about, **columns}

    @staticmethod
    def from_json(description: Mapping[str, Any]) -> History:
        """The history of a description that `to_json` made; anything else is an `InputError`.

        >>> History.from_json(History({"loss": [0.5, math.inf]}).to_json()).loss
        (0.5, inf)
        """
        try:
            about = dict(description)
            return History(
                first_epoch=int(about.pop("first_epoch")),
                metric_name=about.pop("metric_name"),
                monitor=about.pop("monitor"),
                columns={name: [float(value) for value in column] for name, column in about.items()},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise error if isinstance(error, InputError) else InputError(f"not a history: {error}") from None

    def _repr_svg_(self) -> str:
        """The losses over the epochs, the best epoch marked."""
        from clearprop.drawing import Best, Series, curves, standalone

        series = [Series("training", self.loss)]
        if self.validation_loss:
            series.append(Series("validation", self.validation_loss, "second"))
        best = None if self.best_epoch is None else Best(self.best_epoch, f"best: epoch {self.best_epoch:,}")
        picture = curves(series, self.epochs, prefix="history", label=repr(self), across="epoch", up="loss", best=best)
        return standalone(picture)

    _repr_html_ = _repr_svg_

    def __len__(self) -> int:
        return self._length

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a history never changes: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and {**self.to_json(), "seconds": 0} == {**other.to_json(), "seconds": 0}

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        epochs = f"{self._length} epoch{'' if self._length == 1 else 's'}"
        shown = [(name, self.last(name)) for name in COLUMNS[:4]]
        last = ", ".join(f"{self._named(name)} {value:.6g}" for name, value in shown if value is not None)
        if self.best_epoch is None:
            return f"History({epochs}{f'; last: {last}' if last else ''})"
        best = self._column(self.monitor)[self.best_epoch - self.first_epoch]
        return f"History({epochs}; last: {last}; best: epoch {self.best_epoch}, {self._named(self.monitor)} {best:.6g})"

    def _column(self, name: str) -> tuple[float, ...]:
        return tuple(self._columns.get(name, ())[: self._length])

    def _named(self, column: str) -> str:
        return column.replace("metric", self.metric_name or "metric")


def _written(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
