"""matplotlib without a window, and no figure left open."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def pyplot():
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")
