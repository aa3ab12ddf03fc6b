"""The history: columns, the best epoch, JSON."""

from __future__ import annotations

import json
import math

import pytest

import clearprop as cp
from clearprop.training.history import History


def test_the_best_epoch_is_the_first_of_the_best() -> None:
    loss, validation = [3.0, 2.0, 1.0], [2.0, 1.0, 1.0]
    assert History({"loss": loss}).best_epoch == 3
    assert History({"loss": loss, "validation_loss": validation}, monitor="validation_loss").best_epoch == 2
    columns = {"loss": loss, "validation_metric": [0.5, 0.9, 0.9]}
    assert History(columns, monitor="validation_metric", metric_name="accuracy").best_epoch == 2
    assert History(columns, monitor="validation_metric", metric_name="mean_absolute_error").best_epoch == 1
    assert History({"loss": loss}, first_epoch=11).best_epoch == 13
    assert History({"loss": [math.nan, 2.0, math.inf]}).best_epoch == 2
    assert History({"loss": [math.nan]}).best_epoch is None
    assert History({}).best_epoch is None


def test_it_never_changes() -> None:
    column = [1.0]
    history = History({"loss": column})
    with pytest.raises(AttributeError, match="a history never changes"):
        history.loss = (2.0,)  # type: ignore[misc]
    column.append(2.0)
    assert history.loss == (1.0,)
    assert len(history) == 1
    assert history.last("loss") == 1.0
    assert list(history.epochs) == [1]


def test_equal_but_for_the_time_it_took() -> None:
    columns = {"loss": [2.0, math.nan], "seconds": [0.1, 0.1]}
    assert History(columns) == History({**columns, "seconds": [0.2, 0.3]})
    for other in (History({"loss": [2.0, 1.0]}), History(columns, first_epoch=2), History({"loss": [2.0]}), columns):
        assert History(columns) != other


def test_there_and_back_as_json() -> None:
    columns = {"loss": [0.1 + 0.2, 1e-300], "validation_loss": [math.inf, math.nan], "seconds": [1.0, 2.0]}
    history = History(columns, monitor="validation_loss", metric_name="r2", first_epoch=3)
    text = json.dumps(history.to_json(), allow_nan=False)
    again = History.from_json(json.loads(text))
    assert again.to_json() == history.to_json()
    assert again.loss == history.loss
    assert math.isnan(again.validation_loss[1])
    assert (again.monitor, again.metric_name, again.first_epoch) == ("validation_loss", "r2", 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": [1.0]}, 'unknown column of a history "losses"; did you mean "loss"'),
        ({"monitor": "los"}, 'unknown monitor "los"'),
        ({"metric_name": "f1"}, 'unknown metric "f1"'),
        ({"validation_loss": [1.0]}, "validation_loss has 1 epochs, loss has 2"),
        ({"loss": 3}, "not a history"),
        ({"loss": ["x"]}, "not a history"),
        ({"first_epoch": None}, "not a history"),
    ],
)
def test_json_that_is_no_history(change: dict[str, object], message: str) -> None:
    description = {**History({"loss": [1.0, 2.0]}).to_json(), **change}
    with pytest.raises(cp.InputError, match=message):
        History.from_json(description)


def test_repr() -> None:
    assert repr(History({})) == "History(0 epochs)"
    assert repr(History({"loss": [math.inf]})) == "History(1 epoch; last: loss inf)"
    columns = {"loss": [0.5], "metric": [0.75], "validation_metric": [0.25]}
    assert repr(History(columns, metric_name="accuracy", monitor="validation_metric")) == (
        "History(1 epoch; last: loss 0.5, accuracy 0.75, validation_accuracy 0.25; "
        "best: epoch 1, validation_accuracy 0.25)"
    )
