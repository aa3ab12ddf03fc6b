"""Checkpoints: a run that was stopped anywhere, or killed, ends as if it had not been."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop import container
from clearprop.training import prepare

Make = Callable[..., Any]


def settings(problem: Any, engine: str) -> dict[str, Any]:
    """A run in which everything is kept that can be: slots, sums, early stopping, a metric."""
    return {
        "optimizer": cp.Adam(0.3),
        "batch_size": 8,
        "epochs": 3,
        "validation": 0.25,
        "metric": "accuracy",
        "engine": engine,
    }


def stopping() -> cp.EarlyStopping:
    return cp.EarlyStopping(patience=2)


@pytest.mark.usefixtures("at_every_update")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_stopped_before_any_update_and_gone_on(
    engine: str, dtype: str, classes: Make, stop_at: Make, same: Make, tmp_path: Path
) -> None:
    whole = classes(dtype=dtype, dropout=0.1)
    whole = whole.train(callbacks=[stopping()], **settings(whole, engine))
    for step in range(12):
        path = tmp_path / f"{step}"
        problem = classes(dtype=dtype, dropout=0.1)
        plan = settings(problem, engine)
        part = problem.train(callbacks=[stop_at(step), stopping(), cp.Checkpoint(path)], **plan)
        assert part.ended == "stopped"
        again = classes(dtype=dtype, dropout=0.1)
        rest = again.train(callbacks=[cp.Checkpoint(path, resume=True), stopping()], **settings(again, engine))
        same(rest, whole)


@pytest.mark.usefixtures("at_every_update")
def test_killed_after_any_write_and_gone_on(
    engine: str, classes: Make, same: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file that a run writes, at each update and each epoch's end, leads to the same end."""
    written: list[bytes] = []
    path = tmp_path / "run"
    write = container.write

    def keep(place: Any, *contents: Any) -> None:
        write(place, *contents)
        written.append(path.read_bytes())

    monkeypatch.setattr(container, "write", keep)
    problem = classes()
    plan = {**settings(problem, engine), "epochs": 12}
    # The checkpoint stands first: it has to come after early stopping all the same.
    eager = cp.Checkpoint(path, every_seconds=0, every_epochs=1)
    whole = problem.train(callbacks=[eager, stopping()], **plan)
    assert whole.ended == "early stopping"
    assert len(written) > 4 * len(whole.history)
    monkeypatch.undo()
    for contents in written:
        path.write_bytes(contents)
        rest = classes().train(callbacks=[cp.Checkpoint(path, resume=True), stopping()], **plan)
        same(rest, whole)


def test_a_run_that_had_ended_ends_at_once(engine: str, classes: Make, same: Make, tmp_path: Path) -> None:
    problem = classes()
    plan = settings(problem, engine)
    checkpoint = cp.Checkpoint(tmp_path / "run", resume=True)
    whole = problem.train(callbacks=[checkpoint, stopping()], **plan)
    same(problem.train(callbacks=[checkpoint, stopping()], **plan), whole)


def test_more_epochs_than_before_are_as_if_asked_for_at_once(
    engine: str, numbers: Make, same: Make, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    plan: dict[str, Any] = {"optimizer": cp.SGD(0.01, momentum=0.5), "batch_size": 7, "engine": engine}
    whole = numbers().train(epochs=9, **plan)
    numbers().train(epochs=4, callbacks=[cp.Checkpoint(path)], **plan)
    same(numbers().train(epochs=9, callbacks=[cp.Checkpoint(path, resume=True)], **plan), whole)
    with pytest.raises(cp.InputError, match="stands in epoch 9, and the run is to end after 5; ask for as many"):
        numbers().train(epochs=5, callbacks=[cp.Checkpoint(path, resume=True)], **plan)


def test_a_run_that_began_from_a_state(engine: str, numbers: Make, same: Make, tmp_path: Path) -> None:
    path = tmp_path / "run"
    plan: dict[str, Any] = {"optimizer": cp.Adam(0.01), "batch_size": 7, "engine": engine}
    first = numbers().train(epochs=2, **plan)
    whole = numbers().train(model=first.model, state=first.state, epochs=4, **plan)
    numbers().train(model=first.model, state=first.state, epochs=1, callbacks=[cp.Checkpoint(path)], **plan)
    resumed = cp.Checkpoint(path, resume=True)
    same(numbers().train(model=first.model, state=first.state, epochs=4, callbacks=[resumed], **plan), whole)
    with pytest.raises(cp.InputError, match="starting point"):
        numbers().train(epochs=6, callbacks=[resumed], **plan)


def test_when_it_is_written(numbers: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[tuple[int, str | None]] = []
    monkeypatch.setattr(
        container,
        "write",
        lambda path, tensors, metadata: epochs.append((metadata["state"]["epoch"], metadata["ended"])),
    )
    path = tmp_path / "run"
    plan: dict[str, Any] = {"optimizer": cp.SGD(0.01), "epochs": 7, "engine": "reference"}
    numbers().train(callbacks=[cp.Checkpoint(path, every_epochs=3)], **plan)
    assert epochs == [(3, None), (6, None), (7, "epochs done")]
    epochs.clear()
    numbers().train(callbacks=[cp.Checkpoint(path)], **plan)
    assert epochs == [(7, "epochs done")]
    epochs.clear()
    with pytest.raises(cp.DivergenceError):
        numbers().train(**{**plan, "optimizer": cp.SGD(1e30)}, callbacks=[cp.Checkpoint(path)])
    assert epochs == []


def test_without_resume_a_run_begins_anew(numbers: Make, same: Make, tmp_path: Path) -> None:
    path = tmp_path / "run"
    plan: dict[str, Any] = {"optimizer": cp.SGD(0.01), "epochs": 2, "engine": "reference"}
    first = numbers().train(callbacks=[cp.Checkpoint(path)], **plan)
    same(numbers().train(callbacks=[cp.Checkpoint(path)], **plan), first)


OTHERS: list[tuple[str, dict[str, Any]]] = [
    (r"optimizer \(learning_rate then 0.3, now 0.2\)", {"optimizer": cp.Adam(0.2)}),
    (r"optimizer \(kind then \"adam\", now \"sgd\"", {"optimizer": cp.SGD(0.3)}),
    (r"optimizer \(fade then 1.0, now 0.5\)", {"optimizer": cp.Adam(0.3, fade=0.5)}),
    (r"batch size \(then 8, now 4\)", {"batch_size": 4}),
    (r"order \(then \"shuffled\", now \"sequential\"\)", {"order": "sequential"}),
    (r"drop_last \(then false, now true\)", {"drop_last": True}),
    (r"seed \(then 0, now 1\)", {"seed": 1}),
    (r"metric \(then \"accuracy\", now null\)", {"metric": None}),
    (r"stop_when_right \(then false, now true\)", {"stop_when_right": True}),
    (r"training data \(X other values.*validation data", {"validation": 0.5}),
    (r"training data \(weights other values\); validation data", {"sample_weight": np.arange(40.0)}),
    (r"callbacks \(then \[\"EarlyStopping\"\], now \[\]\)", {"callbacks": []}),
    (
        r"callbacks \(then \[\"EarlyStopping\"\], now \[\"EarlyStopping\", \"EarlyStopping 2\"\]\)",
        {"callbacks": [stopping(), stopping()]},
    ),
    (r"EarlyStopping: patience was 2, and is 3 here", {"callbacks": [cp.EarlyStopping(patience=3)]}),
]


@pytest.mark.parametrize(("message", "other"), OTHERS, ids=[message[:30] for message, _ in OTHERS])
def test_another_run_is_refused_by_what_differs(
    message: str, other: dict[str, Any], classes: Make, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    problem = classes()
    plan = settings(problem, "reference")
    problem.train(callbacks=[cp.Checkpoint(path), stopping()], **plan)
    before = path.read_bytes()
    changed = {**plan, **other}
    callbacks = [cp.Checkpoint(path, resume=True), *changed.pop("callbacks", [stopping()])]
    with pytest.raises(cp.InputError, match=message) as caught:
        problem.train(callbacks=callbacks, **changed)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_another_model_or_other_data_are_refused(classes: Make, tmp_path: Path) -> None:
    path = tmp_path / "run"
    problem = classes()
    plan = settings(problem, "reference")
    problem.train(callbacks=[cp.Checkpoint(path)], **plan)

    def resume(problem: Any, message: str) -> None:
        with pytest.raises(cp.InputError, match=f"belongs to another run; what differs: {message}"):
            problem.train(callbacks=[cp.Checkpoint(path, resume=True)], **plan)

    resume(classes(dropout=0.5), r"network \(layers other values\)")
    first, *others = problem.model.network.layers
    slower = cp.Network(4, [replace(first, weight_rate=0.5), *others], problem.model.network.loss, l2=0.001)
    same = problem.model.parameters
    resume(replace(problem, model=cp.Model(slower, same.weights, same.biases)), r"network \(layers other values\)")
    resume(classes(dtype="float32"), "float type")
    resume(replace(problem, model=cp.Model.initialized(problem.model.network, seed=9)), r"starting point \(parameters")
    X = problem.X.copy()
    X[7, 2] = np.nextafter(X[7, 2], 9.0)
    resume(replace(problem, X=X), r"(training|validation) data \(X other values\)\. Give")


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, metadata: metadata.pop("state"),
        lambda tensors, metadata: metadata["state"].pop("sums"),
        lambda tensors, metadata: metadata["state"].update(epoch=2),
        lambda tensors, metadata: metadata["state"].update(epoch="x"),
        lambda tensors, metadata: metadata.update(ended="tired"),
        lambda tensors, metadata: metadata.update(about=3),
        lambda tensors, metadata: metadata.update(callbacks=None),
        lambda tensors, metadata: metadata["callbacks"]["EarlyStopping"].pop("waited"),
        lambda tensors, metadata: metadata["history"].update(monitor="nothing"),
        lambda tensors, metadata: tensors.pop("parameters"),
        lambda tensors, metadata: tensors.update(parameters=tensors["parameters"][:-1]),
        lambda tensors, metadata: tensors.update(parameters=tensors["parameters"] * np.nan),
        lambda tensors, metadata: tensors.pop("slots/m"),
        lambda tensors, metadata: tensors.update({"slots/m": tensors["slots/m"][1:]}),
        lambda tensors, metadata: tensors.pop("history/loss"),
        lambda tensors, metadata: tensors.pop("callbacks/EarlyStopping/parameters"),
    ],
)
def test_a_file_that_is_no_whole_checkpoint_is_an_input_error(
    change: Callable[[Any, Any], Any], classes: Make, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    problem = classes()
    plan = settings(problem, "reference")
    problem.train(callbacks=[cp.Checkpoint(path), stopping()], **plan)
    contents = container.read(path)
    change(contents.tensors, contents.metadata)
    container.write(path, contents.tensors, contents.metadata)
    with pytest.raises(cp.InputError) as caught:
        problem.train(callbacks=[cp.Checkpoint(path, resume=True), stopping()], **plan)
    assert str(path) in str(caught.value)


def test_files_of_another_kind_are_refused(numbers: Make, tmp_path: Path) -> None:
    path = tmp_path / "run"
    plan: dict[str, Any] = {"optimizer": cp.SGD(0.01), "engine": "reference"}
    container.write(path, {"W": np.eye(2)}, {"kind": "model"})
    with pytest.raises(cp.InputError, match="this is not a checkpoint of a training run"):
        numbers().train(callbacks=[cp.Checkpoint(path, resume=True)], **plan)
    path.write_bytes(b"rubbish")
    with pytest.raises(cp.InputError, match="not a whole clearprop file"):
        numbers().train(callbacks=[cp.Checkpoint(path, resume=True)], **plan)


def test_a_place_that_cannot_be_written_to_is_an_input_error(numbers: Make, tmp_path: Path) -> None:
    with pytest.raises(cp.InputError, match="cannot be written"):
        numbers().train(
            optimizer=cp.SGD(0.01), callbacks=[cp.Checkpoint(tmp_path / "none" / "run")], engine="reference"
        )


def test_no_row_of_the_data_is_in_the_file(numbers: Make, tmp_path: Path) -> None:
    path = tmp_path / "run"
    problem = numbers()
    problem.train(optimizer=cp.SGD(0.01), callbacks=[cp.Checkpoint(path)], engine="reference")
    contents = path.read_bytes()
    assert all(row.tobytes() not in contents for row in problem.X)
    assert repr(float(problem.X[0, 0])) not in contents.decode("latin-1")


def test_ten_thousand_epochs_fit(numbers: Make, same: Make, tmp_path: Path) -> None:
    path = tmp_path / "run"
    plan: dict[str, Any] = {"optimizer": cp.SGD(1e-5), "epochs": 10_000, "engine": "reference"}
    problem = replace(numbers(rows=2), model=cp.Model.initialized(cp.Network.parse("3-2", output="identity")))
    whole = problem.train(callbacks=[cp.Checkpoint(path)], **plan)
    same(problem.train(callbacks=[cp.Checkpoint(path, resume=True)], **plan), whole)


def test_a_checkpoint_costs_a_run_one_call_of_the_engine(numbers: Make, tmp_path: Path, monkeypatch: Any) -> None:
    calls = []
    engine = prepare.training_engine("reference")
    compute = type(engine).train_epochs

    def counted(*arguments: Any, **named: Any) -> Any:
        calls.append(named["epochs"])
        return compute(*arguments, **named)

    monkeypatch.setattr(type(engine), "train_epochs", counted)
    numbers().train(optimizer=cp.SGD(0.01), epochs=5, callbacks=[cp.Checkpoint(tmp_path / "run")], engine="reference")
    assert calls == [5]


KILLED = """
import sys, json, hashlib
import numpy as np
import clearprop as cp

path, = sys.argv[1:]
random = np.random.default_rng(0)
X = random.normal(size=(64, 4))
Y = (X[:, 0] > 0).astype(int)
model = cp.Model.initialized(cp.Network.parse("4-8-2", output="softmax", loss="cross_entropy"))
print("begun", flush=True)
result = cp.train(
    model, X, Y, optimizer=cp.Adam(0.01), batch_size=16, epochs=150, validation=0.25, engine="reference",
    callbacks=[cp.Checkpoint(path, every_seconds=0, every_epochs=1, resume=True), cp.EarlyStopping(patience=999)],
)
slots = b"".join(result.state.slots[name].tobytes() for name in ("m", "v"))
print(json.dumps([
    hashlib.sha256(result.model.parameters.flat.tobytes() + slots).hexdigest(),
    result.history.loss, result.history.validation_loss, result.state.step,
]))
"""


def test_killed_at_random_instants(tmp_path: Path) -> None:
    """The file is always a whole one, the old or the new, and the run ends as if it had never been killed."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")

    def start(path: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, str(script), str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    whole = start(tmp_path / "whole")
    expected = json.loads(whole.communicate()[0])
    path, instants, epochs = tmp_path / "run", random.Random(0), [0]
    for number in range(20):
        process = start(path)
        if number == 0:  # so that the others find a file, however busy the machine
            _wait_for(path)
        time.sleep(instants.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.communicate()
        if path.exists():
            epochs.append(container.read(path).metadata["state"]["epoch"])
    assert epochs == sorted(epochs)
    assert any(0 < epoch < 150 for epoch in epochs), "the run was never killed in its middle"
    last = start(path)
    assert json.loads(last.communicate()[0]) == expected


def _wait_for(path: Path) -> None:
    for _ in range(2000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} was never written")


@pytest.mark.parametrize(("updates", "writes"), [(5, False), (6, False), (7, True)])
@pytest.mark.parametrize("there", ["this run's", "another run's", "damaged", "nothing"])
def test_who_takes_over_does_not_undo_what_another_has_kept(
    there: str, updates: int, writes: bool, numbers: Make, tmp_path: Path
) -> None:
    """A worker that had been stopped may wake up when others have long gone on."""
    path = tmp_path / "run"
    numbers().train(epochs=2, callbacks=[cp.Checkpoint(path)], optimizer=cp.SGD(0.01), batch_size=10)  # 6 updates
    about = container.read(path).metadata["about"]
    if there == "another run's":
        about["seed"] = 5
    if there == "damaged":
        path.write_bytes(b"damaged")
    if there == "nothing":
        path.unlink()
    late = cp.Checkpoint(path)
    late.open(about, [], writes=False)
    late.write({}, {"by": "who is not to write"}, updates)
    late.take_over(updates)
    late.write({}, {"by": "who took over"}, updates)
    found = container.read(path).metadata.get("by")
    assert found == ("who took over" if writes or there != "this run's" else None)
