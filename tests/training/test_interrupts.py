"""Ctrl-C and a polite kill: a checkpoint, then the end; twice, at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import clearprop as cp
from clearprop import container
from clearprop.training.interrupts import asked_to_end, interrupts, keyboard_interrupts

posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


class Signalling(cp.Callback):
    """Sends a signal to this process before the update of a number."""

    def __init__(self, step: int, number: int) -> None:
        self.step, self.number, self.sent = step, number, False

    def on_tick(self, moment: Any) -> None:
        if moment.step >= self.step and not self.sent:
            self.sent = True
            signal.raise_signal(self.number)


SETTINGS: dict[str, Any] = {"optimizer": cp.Adam(0.1), "batch_size": 8, "epochs": 3}


@pytest.mark.usefixtures("at_every_update")
@pytest.mark.parametrize("how", ["signal", "raised"])
def test_ctrl_c_leaves_a_checkpoint_and_is_raised(
    how: str, engine: str, classes: Any, stop_at: Any, same: Any, tmp_path: Path
) -> None:
    whole = classes().train(engine=engine, **SETTINGS)
    for step in (0, 3, 5, 13):
        path = tmp_path / f"{step}"
        interrupting = Signalling(step, signal.SIGINT) if how == "signal" else stop_at(step, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            classes().train(callbacks=[interrupting, cp.Checkpoint(path)], engine=engine, **SETTINGS)
        metadata = container.read(path).metadata
        assert metadata["ended"] == "interrupted"
        assert step <= metadata["state"]["step"] <= step + 1
        same(classes().train(callbacks=[cp.Checkpoint(path, resume=True)], engine=engine, **SETTINGS), whole)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert not asked_to_end()


@pytest.mark.usefixtures("at_every_update")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_end_a_run_with_its_result(number: int, engine: str, classes: Any, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    path = tmp_path / "run"
    with interrupts() as interruption:
        result = classes().train(callbacks=[Signalling(4, number), cp.Checkpoint(path)], engine=engine, **SETTINGS)
        assert interruption
        assert interruption.signal == number
    assert result.ended == "interrupted"
    assert result.state.step == 5
    assert container.read(path).metadata["ended"] == "interrupted"
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert classes().train(engine=engine, **SETTINGS).ended == "epochs done"


@pytest.mark.usefixtures("at_every_update")
def test_interrupted_with_early_stopping_gives_back_the_best_and_keeps_the_newest(classes: Any, tmp_path: Path) -> None:
    path = tmp_path / "run"
    settings = {**SETTINGS, "optimizer": cp.Adam(2.0), "epochs": 9, "validation": 0.5, "engine": "reference"}
    with interrupts():
        result = classes().train(
            callbacks=[Signalling(25, signal.SIGTERM), cp.EarlyStopping(patience=99), cp.Checkpoint(path)], **settings
        )
    assert result.ended == "interrupted"
    assert result.state.epoch == result.history.best_epoch
    contents = container.read(path)
    assert contents.metadata["state"]["step"] == 26 > result.state.step
    assert (contents.tensors["callbacks/EarlyStopping/parameters"] == result.model.parameters.flat).all()


def test_ctrl_c_ends_a_run_that_nothing_watches(engine: str, classes: Any) -> None:
    settings = {**SETTINGS, "epochs": 10**7}
    pressed = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    pressed.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        classes().train(engine=engine, **settings)
    assert time.monotonic() - began < 20
    pressed.join()


def test_another_handler_of_ctrl_c_is_left_alone(classes: Any) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        settings = {**SETTINGS, "epochs": 1, "engine": "reference"}

        class AtTheEnd(cp.Callback):
            def on_epoch_end(self, moment: Any) -> None:
                signal.raise_signal(signal.SIGINT)

        assert classes().train(callbacks=[AtTheEnd()], **settings).ended == "epochs done"
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]


def test_ctrl_c_after_the_last_update_is_not_lost(classes: Any) -> None:
    class AtTheEnd(cp.Callback):
        def on_end(self, moment: Any) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        classes().train(callbacks=[AtTheEnd()], engine="reference", **SETTINGS)


def test_any_thread_may_train(engine: str, classes: Any) -> None:
    results: list[Any] = []

    def work() -> None:
        with interrupts() as interruption:
            results.append(classes().train(engine=engine, **SETTINGS))
            results.append(bool(interruption))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results[0].model == classes().train(engine=engine, **SETTINGS).model
    assert results[1] is False


LONG = """
import sys
import numpy as np
import clearprop as cp
from clearprop.training import interrupts

path, engine, how = sys.argv[1:]
X = np.random.default_rng(0).normal(size=(20000, 16))
model = cp.Model.initialized(cp.Network.parse("16-32-1", output="identity"))


class Stubborn(cp.Callback):
    begun = False
    ticks = 0

    def on_tick(self, moment):
        if not self.begun:
            self.begun = True
            print("begun", flush=True)
        if how == "stubborn" and moment.step > 0:
            import time
            time.sleep(60)


def run():
    cp.train(model, X, X[:, :1], optimizer=cp.SGD(0.001), batch_size=32, epochs=10**6, engine=engine,
             callbacks=[Stubborn(), cp.Checkpoint(path)])


if how == "plain":
    run()
else:
    with interrupts() as interruption:
        run()
    sys.exit(40 + interruption.signal)
"""


def started(tmp_path: Path, engine: str, how: str) -> tuple[subprocess.Popen[str], Path]:
    script, path = tmp_path / "long.py", tmp_path / "run"
    script.write_text(LONG, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(path), engine, how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process, path


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_ends_within_two_seconds_with_a_checkpoint(number: int, engine: str, tmp_path: Path) -> None:
    if engine.startswith("torch"):
        pytest.skip("how long a process that has PyTorch in it takes to end is not ours to say")
    process, path = started(tmp_path, engine, "caught")
    start = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - start < 2.0
    assert (process.returncode, errors) == (40 + number, "")
    assert container.read(path).metadata["state"]["step"] > 0


@posix
def test_ctrl_c_in_a_plain_script(engine: str, tmp_path: Path) -> None:
    process, path = started(tmp_path, engine, "plain")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
    assert container.read(path).metadata["ended"] == "interrupted"


@posix
def test_the_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    process, path = started(tmp_path, "reference", "stubborn")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert process.poll() is None
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert time.monotonic() - start < 1.0
    assert process.returncode == -signal.SIGTERM
    assert not path.exists()


KILLED = """
import signal, sys
from clearprop.training.interrupts import asked_to_end, keyboard_interrupts
with keyboard_interrupts(also_kill=True):
    signal.raise_signal(signal.SIGTERM)
    print(asked_to_end(), flush=True)
print("not reached")
"""


@posix
def test_a_kill_waits_for_a_worker_and_ends_it_then() -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (-signal.SIGTERM, "True\n")


def test_a_kill_does_not_wait_for_a_run_that_is_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with keyboard_interrupts():
        assert signal.getsignal(signal.SIGTERM) is before
    with keyboard_interrupts(also_kill=True):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
