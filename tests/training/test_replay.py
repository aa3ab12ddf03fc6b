"""A run that diverges is not computed again from its beginning."""

from __future__ import annotations

import pytest

import clearprop as cp
from clearprop.engines.native import Native


def test_an_engine_hands_over_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no time allowed between two hand-overs, one long run is many calls, and ends the same."""
    calls = []
    train_epochs = Native.train_epochs

    def counted(self, *arguments, **settings):
        calls.append(settings)
        return train_epochs(self, *arguments, **settings)

    monkeypatch.setattr(Native, "train_epochs", counted)
    model = cp.Model.initialized(cp.Network.parse("2-3-1"), seed=1)
    X, Y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[1.0], [1.0], [0.0]]
    settings = {"optimizer": cp.SGD(0.1), "batch_size": 1, "epochs": 400_000}
    whole = cp.train(model, X, Y, **settings)
    once = len(calls)
    monkeypatch.setattr("clearprop.training.loop.REPLAY_SECONDS", 0.0)
    pieces = cp.train(model, X, Y, **settings)
    assert once == 1 and len(calls) > 2
    assert pieces.model == whole.model
    assert pieces.history.loss == whole.history.loss
