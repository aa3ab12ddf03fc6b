"""Without PyTorch a module is an error that says what to install."""

from __future__ import annotations

import sys

import pytest

import clearprop as cp
from tests.check.slips import MODEL, X, Y


def test_no_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(cp.InputError, match='pip install "clearprop\\[torch\\]"'):
        cp.check_gradients(MODEL, X, Y, module=object())
