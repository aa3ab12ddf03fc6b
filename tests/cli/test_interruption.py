"""Ctrl-C and a polite kill leave a checkpoint from which the same command goes on, to the same model."""

from __future__ import annotations

import signal

import pytest

from clearprop.training import Progress

TRAIN = ["train", "table.csv", "--target", "answer", "--recipe", "quick", "--epochs", "12", "--engine", "reference"]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_stopped_run_goes_on_to_the_same_model(run, table, tmp_path, monkeypatch, kind):
    with monkeypatch.context() as patch:

        def interrupt(self, moment):
            if moment.step == 14:  # in the middle of an epoch
                signal.raise_signal(kind)

        patch.setattr(Progress, "on_tick", interrupt)
        patch.setattr("clearprop.tabular.side_by_side.TICK_SECONDS", 0.0)
        stopped = run(*TRAIN, "--out", "stopped")
    assert stopped.status == 128 + kind
    assert "held-out" not in stopped.out
    assert "--resume" in stopped.err and "Traceback" not in stopped.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stopped.checkpoint", "table.csv"]

    assert run(*TRAIN, "--out", "stopped", "--resume").status == 0
    assert run(*TRAIN, "--out", "whole").status == 0
    assert (tmp_path / "stopped").read_bytes() == (tmp_path / "whole").read_bytes()
    assert not (tmp_path / "stopped.checkpoint").exists()


def test_a_checkpoint_of_another_run_is_refused(run, table, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "on_tick", lambda self, moment: signal.raise_signal(signal.SIGINT))
        patch.setattr("clearprop.tabular.side_by_side.TICK_SECONDS", 0.0)
        run(*TRAIN, "--out", "stopped")
    kept = (tmp_path / "stopped.checkpoint").read_bytes()
    refused = run(*TRAIN, "--out", "stopped", "--resume", "--seed", 5)
    assert refused.status == 2
    assert "stopped.checkpoint" in refused.err
    assert (tmp_path / "stopped.checkpoint").read_bytes() == kept
