"""A progress bar on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from clearprop.training.callbacks import Callback, Moment

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


class Progress(Callback):
    """Shows epoch, losses, rows a second and the time left, on standard error and only where that is a terminal.

    It redraws itself as the engine reports, from no thread of its own; where there is no terminal it prints nothing.

    >>> Progress()
    Progress()
    """

    only_first = True

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._first = 0

    def on_start(self, moment: Moment) -> None:
        self.close()
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("epoch {task.fields[epoch]} of {task.fields[epochs]}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
            auto_refresh=False,
        )
        self._first = _rows_done(moment)
        self._task = self._bar.add_task(
            "training", total=moment.epochs * moment.rows, completed=self._first, **self._fields(moment)
        )
        self._bar.start()

    def on_tick(self, moment: Moment) -> bool | None:
        self._show(moment)
        # Engines give losses when they hand over: ask for that where epochs have ended since.
        shown = moment.history.first_epoch - 1 + len(moment.history)
        return True if self._bar is not None and moment.epoch > shown else None

    def on_pause(self, moment: Moment) -> None:
        self._show(moment)

    def on_end(self, moment: Moment) -> None:
        self._show(moment)
        self.close()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(self, moment: Moment) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=_rows_done(moment), refresh=True, **self._fields(moment))

    def _fields(self, moment: Moment) -> dict[str, Any]:
        named = {
            "loss": moment.history.last("loss"),
            "validation loss": moment.history.last("validation_loss"),
        }
        rate = (_rows_done(moment) - self._first) / moment.elapsed if moment.elapsed > 0 else 0.0
        return {
            "epoch": min(moment.epoch + 1, moment.epochs),
            "epochs": moment.epochs,
            "losses": "  ".join(f"{name} {value:.4g}" for name, value in named.items() if value is not None),
            "rate": f"{rate:,.0f} rows/s" if rate else "",
        }

    def __repr__(self) -> str:
        return "Progress()"


def _rows_done(moment: Moment) -> int:
    return moment.epoch * moment.rows + moment.batch * moment.rows // moment.batches
