"""The progress bar: on a terminal only."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest

import clearprop as cp


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("at_every_update")
@pytest.mark.parametrize("validation", [None, 0.2])
def test_shows_epoch_losses_and_rate_on_a_terminal(
    validation: float | None, engine: str, numbers: Any, same: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    settings: dict[str, Any] = {
        "optimizer": cp.SGD(0.01),
        "batch_size": 10,
        "epochs": 4,
        "validation": validation,
        "engine": engine,
    }
    result = numbers().train(callbacks=[cp.Progress()], **settings)
    shown = terminal.getvalue()
    for words in ("epoch 1 of 4", "epoch 4 of 4", "100%", "rows/s", "left", f"loss {result.history.loss[-1]:.4g}"):
        assert words in shown
    assert ("validation loss" in shown) == (validation is not None)
    assert f"loss {result.history.loss[0]:.4g}" in shown, "losses are shown while the engine is at work, too"
    assert shown.rstrip().endswith("\x1b[?25h"), "the cursor is shown again"
    same(result, numbers().train(**settings))


@pytest.mark.usefixtures("at_every_update")
def test_the_terminal_is_left_in_order_after_an_error(
    numbers: Any, stop_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(RuntimeError, match="mine"):
        numbers().train(
            optimizer=cp.SGD(0.01),
            batch_size=10,
            callbacks=[cp.Progress(), stop_at(2, RuntimeError("mine"))],
            engine="reference",
        )
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h") == 1


def test_prints_nothing_where_there_is_no_terminal_and_loads_nothing() -> None:
    code = """
import sys
import clearprop as cp
model = cp.Model.initialized(cp.Network.parse("2-1"))
cp.train(model, [[0.0, 1.0]], [[1.0]], optimizer=cp.SGD(0.5), epochs=3, callbacks=[cp.Progress()], engine="reference")
assert not {"rich", "safetensors", "sklearn", "polars", "scipy"} & set(sys.modules), sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
