"""Early stopping: when it ends a run, and which weights it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.training.history import History


class Feeding(cp.Callback):
    """Keeps the weights after each epoch."""

    def __init__(self) -> None:
        self.after: list[Any] = []

    def on_epoch_end(self, moment: Any) -> None:
        self.after.append(moment)


def ends_at(stopping: cp.EarlyStopping, values: list[float], metric: str | None = None) -> int | None:
    """After how many epochs with these values it asks for the end."""
    stopping.on_start(None)  # type: ignore[arg-type]
    for count in range(1, len(values) + 1):
        columns = {"loss": values[:count], "validation_loss": values[:count], "validation_metric": values[:count]}
        history = History(columns, monitor=stopping.monitor, metric_name=metric)
        moment = cp.training.Moment(count, 0, count, 99, 1, 1, 0.0, history)
        if stopping.on_epoch_end(moment) is False:
            return count
    return None


def test_patience_counts_epochs_without_an_improvement() -> None:
    assert ends_at(cp.EarlyStopping(patience=1), [3, 2, 2]) == 3
    assert ends_at(cp.EarlyStopping(patience=2), [3, 2, 2.5, 1.9, 1.9, 1.9]) == 6
    assert ends_at(cp.EarlyStopping(patience=2), [3, 2, 1]) is None
    assert ends_at(cp.EarlyStopping(patience=2, min_delta=0.5), [3.0, 2.8, 2.6, 2.4]) == 3
    assert ends_at(cp.EarlyStopping(patience=3, min_delta=0.5), [3.0, 2.8, 2.6, 2.4, 2.3]) is None
    assert ends_at(cp.EarlyStopping(patience=2), [float("nan")] * 5) == 2
    assert ends_at(cp.EarlyStopping(patience=2, monitor="validation_metric"), [0.5, 0.6, 0.6, 0.5], "accuracy") == 4
    assert ends_at(cp.EarlyStopping(patience=2, monitor="validation_metric"), [0.5, 0.6, 0.6, 0.5], "r2") == 4
    falling = [0.5, 0.4, 0.3, 0.2]
    assert ends_at(cp.EarlyStopping(patience=2, monitor="validation_metric"), falling, "accuracy") == 3
    assert ends_at(cp.EarlyStopping(patience=2, monitor="validation_metric"), falling, "mean_absolute_error") is None


@pytest.mark.parametrize("monitor", ["validation_loss", "validation_metric", "loss"])
def test_gives_back_the_best_weights_and_their_state(engine: str, monitor: str, classes: Any) -> None:
    problem, more = classes(rows=16), classes(rows=80)
    settings: dict[str, Any] = {
        "optimizer": cp.Adam(0.1),
        "batch_size": 4,
        "validation": (more.X[40:], more.Y[40:]),
        "metric": "accuracy",
        "engine": engine,
    }
    feeding, stopping = Feeding(), cp.EarlyStopping(patience=4, monitor=monitor)
    result = problem.train(epochs=200, callbacks=[feeding, stopping], **settings)
    assert result.ended == "early stopping"
    column = np.array(getattr(result.history, monitor))
    best = int(column.argmax() if monitor == "validation_metric" else column.argmin())
    assert best < len(column) - 1
    assert result.history.best_epoch == best + 1
    assert result.model == feeding.after[best].model
    assert result.state is feeding.after[best].run.state
    assert result.state.epoch == best + 1
    # Going on from there is going on from the best epoch.
    on = problem.train(model=result.model, state=result.state, epochs=1, **settings)
    assert on.model == feeding.after[best + 1].model

    last = problem.train(
        epochs=200, callbacks=[cp.EarlyStopping(patience=4, monitor=monitor, restore_best=False)], **settings
    )
    assert last.model == feeding.after[-1].model
    assert last.history.loss == result.history.loss


def test_the_best_is_restored_when_the_epochs_run_out_but_not_when_all_is_right(classes: Any) -> None:
    problem, more = classes(rows=16), classes(rows=80)
    settings: dict[str, Any] = {
        "optimizer": cp.Adam(0.1),
        "batch_size": 4,
        "validation": (more.X[40:], more.Y[40:]),
        "engine": "reference",
    }
    result = problem.train(epochs=30, callbacks=[cp.EarlyStopping(patience=99)], **settings)
    assert result.ended == "epochs done"
    assert result.state.epoch == result.history.best_epoch < 30
    right = problem.train(epochs=200, callbacks=[cp.EarlyStopping(patience=999)], stop_when_right=True, **settings)
    assert right.ended == "all right"
    assert right.state.epoch == len(right.history)
    assert (right.model.predict(problem.X, engine="reference").argmax(axis=1) == problem.Y).all()


@pytest.mark.parametrize("first", [True, False])
def test_its_end_is_final_whoever_else_wants_one(first: bool, numbers: Any, tmp_path: Path, same: Any) -> None:
    """A run that early stopping ended must not go on from its checkpoint because something else ended it as well."""

    class Third(cp.Callback):
        def on_epoch_end(self, moment: Any) -> bool:
            return moment.epoch < 3

    def callbacks() -> list[cp.Callback]:
        stopping: list[cp.Callback] = [cp.EarlyStopping(patience=2, min_delta=1e9), Third()]
        return [*stopping[:: 1 if first else -1], cp.Checkpoint(tmp_path / "run", resume=True)]

    settings: dict[str, Any] = {"optimizer": cp.SGD(0.01), "epochs": 9, "validation": 0.3, "engine": "reference"}
    result = numbers().train(callbacks=callbacks(), **settings)
    assert (result.ended, len(result.history)) == ("early stopping", 3)
    same(numbers().train(callbacks=callbacks(), **settings), result)


def test_one_object_serves_several_runs(numbers: Any) -> None:
    stopping = cp.EarlyStopping(patience=2)
    settings: dict[str, Any] = {"optimizer": cp.SGD(0.2), "epochs": 40, "validation": 0.3, "engine": "reference"}
    first = numbers().train(callbacks=[stopping], **settings)
    second = numbers().train(callbacks=[stopping], **settings)
    assert first.history.loss == second.history.loss
    assert first.model == second.model


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 0}, "patience: expected a whole number from 1 up, got 0"),
        ({"min_delta": -1.0}, "min_delta: expected a number from 0 up, got -1.0"),
        ({"monitor": "val_loss"}, 'unknown monitor "val_loss"; did you mean "validation_loss"'),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.EarlyStopping(**settings)
