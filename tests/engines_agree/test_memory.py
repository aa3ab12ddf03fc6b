"""The working memory of a call serves the next one, whatever it has been left with."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import clearprop as cp
from clearprop._native import multiplies_bfloat16
from clearprop.engines.native import instruction_set


def spoil() -> None:
    """Leaves a large block of working memory behind in which almost nothing is a finite number."""
    sizes = (64, 600, 600, 600, 64)
    net = cp.Network(sizes[0], [cp.Dense(units, "identity") for units in sizes[1:]], loss="half_squared_error")
    rng = np.random.default_rng(0)
    weights = [rng.choice([-1e30, 1e30], size=shape) for shape in pairwise(sizes)]
    model = cp.Model(net, weights, [0.0] * len(weights), dtype="float32")
    with np.errstate(all="ignore"):
        assert not np.isfinite(model.predict(np.full((1000, 64), 1e30, "f4"), threads=1)).all()


@pytest.mark.parametrize("precision", ["full", "bfloat16"])
@pytest.mark.parametrize("shape", ["37-101-53-7", "300-3-200-1", "50-200-2", "33-31-200-17"])
def test_what_is_left_in_memory_changes_no_bit(shape: str, precision: str) -> None:
    if precision == "bfloat16" and not multiplies_bfloat16(instruction_set()):
        pytest.skip("no bfloat16 here")
    output, loss = ("identity", "half_squared_error") if shape.endswith("-1") else ("softmax", "cross_entropy")
    net = cp.Network.parse(shape, hidden="tanh", output=output, loss=loss)
    model = cp.Model.initialized(net, dtype="float32")
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2_777, net.sizes[0])), rng.normal(size=(2_777, 1))
    if net.outputs > 1:
        Y = rng.integers(0, net.outputs, 2_777)

    def results() -> list[object]:
        trained = cp.train(model, X, Y, optimizer=cp.Adam(), batch_size=1_301, precision=precision)
        return [trained.model, *trained.history.loss, trained.model.predict(X).tolist(), model.loss(X, Y)]

    first = results()
    spoil()
    assert results() == first


MEASURED = """
import resource
import numpy as np
import clearprop as cp

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

layers = [cp.Dense(8, "tanh"), cp.Dense(1, "identity")]
net = cp.Network(400, layers, columns=[cp.Periodic(400, outputs=9)], scale=cp.Scale())
model = cp.Model.initialized(net, dtype="float32")
X, Y = np.zeros((4096, 400), "f4"), np.zeros((4096, 1), "f4")
peaks = []
for rows in (240, 4096):
    cp.train(model, X, Y, optimizer=cp.SGD(0.0), batch_size=rows, threads=1)
    peaks.append(peak())
print(peaks[1] - peaks[0])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in KiB on Linux alone")
def test_what_column_layers_work_on_counts_as_rows_on_their_way() -> None:
    """A larger batch takes no more than 32 MiB of rows on their way; 1,024 rows in all arrays would be 62 MiB."""
    found = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert int(found.stdout) < 40 << 10


def test_what_is_left_in_memory_changes_no_bit_of_a_small_network_with_column_layers() -> None:
    layers = [cp.Dense(37, "selu", dropout=0.2), cp.Dense(3, "tanh", dropout=0.1), cp.Dense(1, "identity")]
    columns = [cp.Periodic(3), cp.PiecewiseLinear(2), cp.Plain(1)]
    net = cp.Network(6, layers, loss="half_squared_error", columns=columns, scale=cp.Scale())
    model = cp.Model.initialized(net, dtype="float32")
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(90, 6)), rng.normal(size=(90, 1))

    def results() -> list[object]:
        trained = cp.train(model, X, Y, optimizer=cp.Adam(), batch_size=23, epochs=3)
        return [trained.model, *trained.history.loss, trained.model.predict(X).tolist(), model.loss(X, Y)]

    first = results()
    spoil()
    assert results() == first
