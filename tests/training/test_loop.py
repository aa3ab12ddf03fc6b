"""The loop: what goes in, what comes out, and that a run goes on as if it had never stopped."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import get_engine
from clearprop.engines.reference import Reference
from clearprop.errors import ClearpropError
from clearprop.random import Stream, permutation
from clearprop.training import prepare

OPTIMIZERS = [
    cp.SGD(0.1),
    cp.SGD(0.1, momentum=0.9),
    cp.Adam(0.01),
    cp.AdamW(cp.schedules.Cosine(0.02, steps=40)),
    cp.AdamW(cp.schedules.CosLog(0.02, steps=100), weight_decay=0.5, fade=cp.schedules.FlatCosine(1.0, steps=100)),
]


def test_learns_and_leaves_all_that_was_given_alone(engine: str, classes: Any) -> None:
    problem = classes()
    X, Y, weights = problem.X.copy(), problem.Y.copy(), np.linspace(0.0, 1.0, len(problem.X))
    before, given = problem.model.parameters.flat.copy(), weights.copy()
    order = np.arange(len(X))[::-1].copy()
    for array in (X, Y, weights, order):
        array.flags.writeable = False
    result = cp.train(
        problem.model,
        X,
        Y,
        optimizer=cp.Adam(0.05),
        batch_size=8,
        epochs=20,
        sample_weight=weights,
        order=order,
        engine=engine,
    )
    assert result.history.loss[-1] < 0.5 * result.history.loss[0]
    assert (problem.model.parameters.flat == before).all()
    assert (X == problem.X).all()
    assert (Y == problem.Y).all()
    assert (weights == given).all()
    assert result.ended == "epochs done"


def test_first_loss_of_a_full_batch_is_that_before_the_update(engine: str, numbers: Any) -> None:
    problem = numbers()
    history = problem.train(optimizer=cp.SGD(0.05), epochs=3, engine=engine).history
    assert history.loss[0] == pytest.approx(problem.model.loss(problem.X, problem.Y, engine=engine), rel=1e-14)
    assert history.learning_rate == (0.05, 0.05, 0.05)
    assert len(history.seconds) == 3


def test_full_batch_is_taken_as_it_lies(numbers: Any, same: Any) -> None:
    problem = numbers()
    settings = {"optimizer": cp.SGD(0.05), "epochs": 3, "engine": "reference"}
    whole = problem.train(**settings)
    same(whole, problem.train(order="sequential", **settings))
    same(whole, problem.train(batch_size=1000, **settings))
    same(whole, problem.train(batch_size=len(problem.X), **settings))
    drawn = problem.train(order="replacement", **settings)
    assert drawn.history.loss != whole.history.loss


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("order", ["shuffled", "sequential", "replacement", [3, 1, 4, 1, 5, 9, 2, 6]], ids=str)
def test_going_on_is_as_if_never_stopped(engine: str, optimizer: Any, order: Any, classes: Any) -> None:
    problem = classes(dropout=0.3, dtype="float32")
    settings = {"optimizer": optimizer, "batch_size": 3, "order": order, "engine": engine}
    whole = problem.train(epochs=10, seed=5, **settings)
    half = problem.train(epochs=5, seed=5, **settings)
    rest = problem.train(model=half.model, state=half.state, epochs=5, **settings)
    assert rest.model == whole.model
    assert rest.state.step == whole.state.step
    for name in optimizer.slots:
        assert rest.state.slots[name].tobytes() == whole.state.slots[name].tobytes()
    assert half.history.loss + rest.history.loss == whole.history.loss
    assert half.history.learning_rate + rest.history.learning_rate == whole.history.learning_rate
    assert rest.history.epochs == range(6, 11)


@pytest.mark.usefixtures("at_every_update")
def test_going_on_from_the_middle_of_an_epoch_finishes_it_first(engine: str, classes: Any, stop_at: Any) -> None:
    problem = classes()
    falling = cp.Adam(cp.schedules.Exponential(0.01, factor=0.5, every=5))
    settings = {"optimizer": falling, "batch_size": 8, "engine": engine}
    whole = problem.train(epochs=3, **settings)
    for step in range(1, 15):
        part = problem.train(epochs=3, callbacks=[stop_at(step)], **settings)
        assert (part.ended, part.state.step, part.state.batch) == ("stopped", step, step % 5)
        rest = problem.train(model=part.model, state=part.state, epochs=3 - part.state.epoch, **settings)
        assert rest.model == whole.model
        assert part.history.loss + rest.history.loss == whole.history.loss
        assert part.history.learning_rate + rest.history.learning_rate == whole.history.learning_rate


def test_all_epochs_are_one_call_of_the_engine_unless_somebody_looks_on(
    monkeypatch: pytest.MonkeyPatch, numbers: Any
) -> None:
    calls = []

    class Counting(Reference):
        def train_epochs(self, *arguments: Any, **named: Any) -> Any:
            calls.append(named["epochs"])
            return super().train_epochs(*arguments, **named)

    monkeypatch.setattr(prepare, "training_engine", lambda name: Counting())
    problem = numbers()
    history = problem.train(optimizer=cp.SGD(0.01), epochs=7, callbacks=[cp.Callback(), cp.Progress()]).history
    assert calls == [7]
    assert len(history) == 7
    calls.clear()
    problem.train(optimizer=cp.SGD(0.01), epochs=3, validation=0.2)
    assert calls == [1, 2, 3]


def test_a_call_costs_less_than_a_millisecond(numbers: Any) -> None:
    problem = numbers(rows=2)
    engine = "native" if _is_built("native") else "reference"
    took = []
    for _ in range(20):
        start = time.perf_counter()
        problem.train(optimizer=cp.SGD(0.01), engine=engine)
        took.append(time.perf_counter() - start)
    assert sorted(took)[10] < 0.001


def test_the_seed_decides(engine: str, classes: Any) -> None:
    problem = classes()
    settings = {"optimizer": cp.SGD(0.1), "batch_size": 7, "epochs": 2, "engine": engine}
    default, zero, one = (problem.train(seed=seed, **settings) for seed in (None, 0, 1))
    assert default.model == zero.model
    assert one.model != zero.model
    assert one.state.seed == 1
    on = problem.train(model=one.model, state=one.state, **settings)
    assert on.state.seed == 1
    with pytest.raises(cp.InputError, match="the state goes on with seed 1, and 2 was given"):
        problem.train(model=one.model, state=one.state, seed=2, **settings)


def test_validation_loss_and_metric_are_those_of_the_model(engine: str, classes: Any) -> None:
    problem, more = classes(), classes(rows=60)
    X, Y, weights = more.X[40:], more.Y[40:], np.arange(1.0, 21.0)
    result = problem.train(
        optimizer=cp.Adam(0.02), batch_size=8, epochs=4, validation=(X, Y, weights), metric="accuracy", engine=engine
    )
    history, model = result.history, result.model
    assert history.validation_loss[-1] == model.loss(X, Y, sample_weight=weights, engine=engine)
    right = model.predict(X, engine=engine).argmax(axis=1) == Y
    assert history.validation_metric[-1] == pytest.approx(np.average(right, weights=weights), rel=1e-15)
    assert history.metric[-1] == (model.predict(problem.X, engine=engine).argmax(axis=1) == problem.Y).mean()
    assert [len(column) for column in (history.loss, history.metric, history.validation_metric)] == [4, 4, 4]
    assert history.monitor == "validation_loss"
    assert history.best_epoch == 1 + int(np.argmin(history.validation_loss))


def test_a_share_is_held_out_and_not_learnt_from(classes: Any) -> None:
    problem = classes()
    settings = {"optimizer": cp.SGD(0.1), "epochs": 2, "engine": "reference"}
    training, held_out = cp.training.split(problem.Y, 0.25, seed=3)
    shared = problem.train(validation=0.25, seed=3, metric="accuracy", **settings)
    apart = cp.train(
        problem.model,
        problem.X[training],
        problem.Y[training],
        validation=(problem.X[held_out], problem.Y[held_out]),
        seed=3,
        **settings,
    )
    assert shared.model == apart.model
    assert shared.history.validation_loss == apart.history.validation_loss
    assert set(problem.Y[held_out]) == set(problem.Y)


def test_the_metric_looks_at_ten_thousand_training_rows(monkeypatch: pytest.MonkeyPatch, numbers: Any) -> None:
    monkeypatch.setattr(prepare, "METRIC_ROWS", 10)
    problem = numbers(rows=200)
    result = problem.train(optimizer=cp.SGD(0.05), metric="mean_absolute_error", engine="reference")
    errors = np.abs(result.model.predict(problem.X, engine="reference") - problem.Y).mean(axis=1)
    chosen = permutation(0, Stream.SAMPLE, 200)[:10]
    assert result.history.metric[0] == pytest.approx(errors[chosen].mean(), rel=1e-14)


class Looking(cp.Callback):
    """Writes down what it is shown, and answers as it is told."""

    def __init__(self, tick: Any = None, stop_after: int | None = None) -> None:
        self.tick, self.stop_after = tick, stop_after
        self.seen: list[tuple[str, int, int]] = []
        self.moments: list[Any] = []

    def _see(self, name: str, moment: Any) -> None:
        self.seen.append((name, moment.epoch, moment.step))
        self.moments.append(moment)

    def on_start(self, moment: Any) -> None:
        self._see("start", moment)

    def on_tick(self, moment: Any) -> bool | None:
        self._see("tick", moment)
        return self.tick

    def on_pause(self, moment: Any) -> None:
        self._see("pause", moment)

    def on_epoch_end(self, moment: Any) -> bool | None:
        self._see("epoch", moment)
        return False if moment.epoch == self.stop_after else None

    def on_end(self, moment: Any) -> None:
        self._see("end", moment)

    def close(self) -> None:
        self.seen.append(("close", 0, 0))


@pytest.mark.usefixtures("at_every_update")
def test_callbacks_see_each_moment(engine: str, numbers: Any) -> None:
    looking = Looking()
    result = numbers().train(optimizer=cp.SGD(0.05), batch_size=15, epochs=2, callbacks=[looking], engine=engine)
    ticks = [entry for entry in looking.seen if entry[0] == "tick"]
    assert ticks == [("tick", 0, 0), ("tick", 0, 1), ("tick", 1, 2), ("tick", 1, 3)]
    assert [entry for entry in looking.seen if entry[0] != "tick"] == [
        ("start", 0, 0),
        ("epoch", 1, 2),
        ("epoch", 2, 4),
        ("end", 2, 4),
        ("close", 0, 0),
    ]
    first, last = looking.moments[0], looking.moments[-1]
    assert (first.epochs, first.batches, first.rows, first.batch) == (2, 2, 30, 0)
    assert last.model == result.model
    assert last.ended == "epochs done"
    assert [len(moment.history) for moment in looking.moments if moment.run] == [0, 1, 2, 2]
    middle = next(moment for moment in looking.moments if moment.run is None)
    with pytest.raises(ClearpropError, match="take the model in on_pause"):
        middle.model  # noqa: B018


@pytest.mark.usefixtures("at_every_update")
def test_a_pause_shows_the_model_and_changes_nothing(engine: str, classes: Any, same: Any) -> None:
    problem = classes(dropout=0.2)
    settings = {"optimizer": cp.Adam(0.01), "batch_size": 16, "epochs": 2, "engine": engine}
    looking = Looking(tick=True)
    paused = problem.train(callbacks=[looking], **settings)
    same(paused, problem.train(**settings))
    names = [name for name, _, _ in looking.seen]
    pauses = [moment for name, moment in zip(names, looking.moments, strict=False) if name == "pause"]
    assert [moment.step for moment in pauses] == [0, 1, 2, 3, 4, 5]
    assert all(moment.run.state.step == moment.step for moment in pauses)


def test_a_callback_ends_the_run(engine: str, numbers: Any, same: Any) -> None:
    settings = {"optimizer": cp.SGD(0.05), "batch_size": 4, "engine": engine}
    stopped = numbers().train(epochs=9, callbacks=[Looking(stop_after=3)], **settings)
    assert stopped.ended == "stopped"
    assert stopped.model == numbers().train(epochs=3, **settings).model


def test_an_error_in_a_callback_comes_through_and_all_are_closed(engine: str, numbers: Any) -> None:
    class Failing(cp.Callback):
        def on_epoch_end(self, moment: Any) -> None:
            raise RuntimeError("mine")

    looking = Looking()
    with pytest.raises(RuntimeError, match="mine"):
        numbers().train(optimizer=cp.SGD(0.05), epochs=2, callbacks=[Failing(), looking], engine=engine)
    assert looking.seen[-1][0] == "close"


@pytest.mark.usefixtures("at_every_update")
def test_an_error_in_a_tick_comes_through(engine: str, numbers: Any, stop_at: Any) -> None:
    with pytest.raises(RuntimeError, match="mine"):
        numbers().train(
            optimizer=cp.SGD(0.05), batch_size=5, epochs=2, callbacks=[stop_at(3, RuntimeError("mine"))], engine=engine
        )


@pytest.mark.parametrize("by_epoch", [False, True])
def test_divergence_is_an_error_with_the_last_finite_run(engine: str, by_epoch: bool, numbers: Any) -> None:
    problem = numbers()
    settings: dict[str, Any] = {"optimizer": cp.SGD(1e30), "batch_size": 10, "engine": engine}
    if by_epoch:
        settings["validation"] = (problem.X, problem.Y)
    with pytest.raises(cp.DivergenceError) as caught:
        problem.train(epochs=50, **settings)
    result: Any = caught.value.result
    step = result.state.step
    assert result.ended == "diverged"
    assert np.isfinite(result.model.parameters.flat).all()
    assert 1 <= step < 150
    assert len(result.history) == result.state.epoch
    message = str(caught.value)
    assert f"in epoch {step // 3 + 1}, at update {step + 1}" in message
    assert "The learning rate was 1e+30; try a smaller one, such as 1e+29" in message
    with pytest.raises(cp.DivergenceError):
        problem.train(model=result.model, state=result.state, **settings)


def test_huge_losses_before_the_divergence_do_not_stop_early_stopping(numbers: Any) -> None:
    problem = numbers()
    with pytest.raises(cp.DivergenceError):
        problem.train(
            optimizer=cp.SGD(1e5),
            epochs=500,
            validation=0.3,
            metric="r2",
            callbacks=[cp.EarlyStopping(patience=500)],
            engine="reference",
        )


AND = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [0.0], [0.0], [1.0]])


def test_stops_when_all_is_right(engine: str) -> None:
    net = cp.Network(2, [cp.Dense(1, "step")], loss="perceptron", reduction="sum")
    start = cp.Model.initialized(net, "zeros")
    result = cp.train(start, *AND, optimizer=cp.SGD(1.0), epochs=100, stop_when_right=True, engine=engine)
    assert (result.ended, result.state.epoch) == ("all right", 5)
    assert result.model.parameters.flat.tolist() == [1.0, 1.0, -2.0]
    again = cp.train(result.model, *AND, optimizer=cp.SGD(1.0), epochs=9, stop_when_right=True, engine=engine)
    assert (again.ended, len(again.history)) == ("all right", 0)


def test_rows_of_no_weight_need_not_be_right(engine: str) -> None:
    net = cp.Network(2, [cp.Dense(1, "step")], loss="perceptron", reduction="sum")
    xor = (AND[0], [[0.0], [1.0], [1.0], [0.0]])
    settings = {"optimizer": cp.SGD(1.0), "epochs": 50, "stop_when_right": True, "engine": engine}
    start = cp.Model.initialized(net, "zeros")
    assert cp.train(start, *xor, **settings).ended == "epochs done"
    assert cp.train(start, *xor, sample_weight=[1.0, 1.0, 1.0, 0.0], **settings).ended == "all right"


@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("sigmoid", "half_squared_error")],
)
def test_right_is_the_class_not_the_number(output: str, loss: str, engine: str) -> None:
    units = 2 if output == "softmax" else 1
    Y = [0, 0, 0, 1] if output == "softmax" else AND[1]
    start = cp.Model.initialized(cp.Network.parse(f"2-{units}", output=output, loss=loss), seed=1)
    result = cp.train(start, AND[0], Y, optimizer=cp.SGD(1.0), epochs=2000, stop_when_right=True, engine=engine)
    assert result.ended == "all right"
    outputs = result.model.predict(AND[0], engine=engine)
    assert (outputs[:, -1] > 0.5).tolist() == [False, False, False, True]
    assert 0 < result.state.epoch < 2000


def test_numbers_are_never_right(numbers: Any) -> None:
    with pytest.raises(cp.InputError, match=r'stop_when_right: needs classes .* "identity"'):
        numbers().train(optimizer=cp.SGD(0.1), stop_when_right=True, engine="reference")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"optimizer": "sgd"}, r"optimizer: expected one such as SGD\(0.5\) or Adam\(\), got 'sgd'"),
    ({"model": 3}, "model: expected a Model, got 3"),
    ({"epochs": 0}, "epochs: expected a whole number from 1 up, got 0"),
    ({"epochs": 2.5}, "epochs: expected a whole number from 1 up, got 2.5"),
    ({"epochs": True}, "epochs: expected a whole number"),
    ({"batch_size": 0}, "batch_size: expected a whole number from 1 up, got 0"),
    ({"batch_size": 31, "drop_last": True}, "drop_last: with batch_size=31 the 30 rows .* at most 30"),
    ({"seed": -1}, "seed: expected a whole number from 0"),
    ({"order": "shufled"}, 'unknown order "shufled"; did you mean "shuffled"'),
    ({"order": [0, 30]}, r"order\[1\] is 30: expected a row number from 0 to 29"),
    ({"order": [-1]}, r"order\[0\] is -1: expected a row number"),
    ({"order": []}, "order: expected one of shuffled, sequential, replacement, or row numbers"),
    ({"order": [0.5]}, "order: expected one of"),
    ({"order": [[1], [2, 3]]}, "order: expected one of"),
    ({"order": [0, 1], "validation": 0.5}, "order: row numbers and a share for validation do not go together"),
    ({"validation": 1.0}, "share of validation rows: expected a number above 0 and below 1, got 1.0"),
    ({"validation": 0}, "share of validation rows: .* got 0"),
    ({"validation": True}, "share of validation rows: .* got True"),
    ({"validation": "0.2"}, r"validation: expected \(X, Y\), \(X, Y, weights\) or a share such as 0.2, got '0.2'"),
    ({"validation": ([[1.0]],)}, r"validation: expected \(X, Y\)"),
    ({"validation": ([[1.0, 2.0]], [[1.0, 2.0]])}, r"validation: X: expected shape \(B, 3\)"),
    ({"validation": (None, [[1.0, 2.0]])}, "got None in the place of X or Y"),
    ({"validation": 0.2, "sample_weight": [1.0] + 29 * [0.0], "seed": 4}, "all rows left for training weigh 0"),
    ({"metric": "acuracy"}, 'unknown metric "acuracy"; did you mean "accuracy"'),
    ({"metric": "accuracy"}, 'metric "accuracy": the targets must be classes'),
    ({"callbacks": [cp.EarlyStopping]}, "callbacks: expected callbacks"),
    ({"callbacks": cp.Progress()}, r"callbacks: expected a list of them, such as \[Progress\(\)\], got Progress\(\)"),
    ({"callbacks": [cp.Checkpoint("a"), cp.Checkpoint("b")]}, "at most one Checkpoint"),
    (
        {"callbacks": [cp.EarlyStopping()]},
        'watches "validation_loss", which is not computed; give train validation=0.2',
    ),
    (
        {"callbacks": [cp.EarlyStopping(monitor="validation_metric")]},
        'give train validation=0.2 and metric="accuracy"',
    ),
    ({"engine": "nativ"}, 'unknown engine "nativ"; did you mean "native"'),
    ({"threads": 0}, "threads: expected"),
    ({"state": 3}, "state: expected the state of a result of train, got 3"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_wrong_settings_are_named(settings: dict[str, Any], message: str, numbers: Any) -> None:
    given = {"optimizer": cp.SGD(0.1), "engine": "reference", **settings}
    if message.startswith("all rows"):
        # The one row that weighs something has to be held out.
        held_out = cp.training.split(30, 0.2, given["seed"])[1]
        given["sample_weight"] = np.eye(30)[held_out[0]]
    with pytest.raises(cp.InputError, match=message):
        numbers().train(**given)


def test_a_metric_of_numbers_is_not_for_class_indices(classes: Any) -> None:
    with pytest.raises(cp.InputError, match='metric "r2" is for numbers'):
        classes().train(optimizer=cp.SGD(0.1), metric="r2", engine="reference")


def test_the_metric_must_fit_the_validation_rows_too() -> None:
    model = cp.Model.initialized(cp.Network.parse("2-1"))
    with pytest.raises(cp.InputError, match='validation: metric "accuracy": the targets must be classes'):
        cp.train(
            model,
            *AND,
            optimizer=cp.SGD(0.1),
            metric="accuracy",
            validation=(AND[0], [0.5, 0, 1, 1]),
            engine="reference",
        )


def test_a_state_must_fit(numbers: Any, classes: Any) -> None:
    problem = numbers()
    settings: dict[str, Any] = {"batch_size": 10, "engine": "reference"}
    adam = problem.train(optimizer=cp.Adam(0.1), **settings)
    with pytest.raises(cp.InputError, match="state: it remembers m, v, but SGD remembers nothing; give the optimizer"):
        problem.train(optimizer=cp.SGD(0.1), state=adam.state, **settings)
    with pytest.raises(cp.InputError, match="state: m has 32 numbers, but the network has 51 parameters"):
        classes().train(optimizer=cp.Adam(0.1), state=adam.state, **settings)
    single = cp.Model.initialized(problem.model.network, dtype="float32")
    with pytest.raises(cp.InputError, match="state: m is float64, but the model is float32"):
        problem.train(model=single, optimizer=cp.Adam(0.1), state=adam.state, **settings)
    with pytest.raises(cp.InputError, match="has done 3 batches of an epoch that has 3 here"):
        problem.train(optimizer=cp.Adam(0.1), state=adam.state.moved(batch=3), **settings)
    with pytest.raises(cp.InputError, match="state: step must be a whole number from 0 up, got -1"):
        problem.train(optimizer=cp.Adam(0.1), state=adam.state.moved(step=-1), **settings)


def _is_built(name: str) -> bool:
    try:
        get_engine(name)
    except ImportError:
        return False
    return True


def test_equal_runs_have_equal_results(classes: Any) -> None:
    problem = classes()
    first, again = (problem.train(optimizer=cp.Adam(0.01), batch_size=8, epochs=2) for _ in range(2))
    assert first == again and first.state == again.state
    assert first.state != problem.train(optimizer=cp.RMSprop(0.01), batch_size=8, epochs=2).state
    assert first.state != problem.train(optimizer=cp.Adam(0.02), batch_size=8, epochs=2).state


def test_a_result_is_shown_in_a_few_words(classes: Any) -> None:
    shown = repr(classes().train(optimizer=cp.Adam(0.01), epochs=2))
    assert "State(seed 0; epoch 2, batch 0, step 2; m, v of each parameter)" in shown
    assert len(shown) < 500 and "array" not in shown
