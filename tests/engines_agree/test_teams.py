"""Teams of threads: large batches in pieces, threads that cannot be had, and what stands beyond the last unit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import clearprop as cp


def test_a_short_batch_before_a_long_one_in_pieces() -> None:
    """The size of the next batch must not be seen by a thread that is still at the last one."""
    rng = np.random.default_rng(0)
    model = cp.Model.initialized(cp.Network.parse("4-900-1", hidden="relu", output="identity"), dtype="float32")
    X, Y = rng.normal(size=(9_300, 4)), rng.normal(size=(9_300, 1))
    settings = {"optimizer": cp.SGD(1e-3), "batch_size": 9_000, "epochs": 12}
    alone = cp.train(model, X, Y, threads=1, **settings).model
    for threads in (2, 3, 4):
        assert cp.train(model, X, Y, threads=threads, **settings).model == alone


@pytest.mark.parametrize("optimizer", [cp.Adam(epsilon=0.0), cp.AdamW(epsilon=0.0), cp.RMSprop(epsilon=0.0)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_epsilon_is_needed_beyond_the_last_unit(optimizer: cp.Optimizer, dtype: str) -> None:
    """Rows of weights end in zeros whose gradient is 0: 0/0 there must not pass for divergence."""
    rng = np.random.default_rng(0)
    model = cp.Model.initialized(cp.Network.parse("3-5-1", hidden="tanh", output="identity"), dtype=dtype)
    X, Y = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))
    native, reference = (
        cp.train(model, X, Y, optimizer=optimizer, epochs=5, engine=engine).model.parameters.flat
        for engine in ("native", "reference")
    )
    np.testing.assert_allclose(native, reference, rtol=1e-10 if dtype == "float64" else 1e-3)


def test_an_optimizer_of_ones_own_is_not_taken_for_its_parent() -> None:
    class Mine(cp.Adam):
        pass

    model = cp.Model.initialized(cp.Network.parse("2-1"))
    with pytest.raises(cp.InputError, match=r'does not know the optimizer Mine; give engine="reference"'):
        cp.train(model, [[0.0, 1.0]], [[1.0]], optimizer=Mine())
    assert cp.train(model, [[0.0, 1.0]], [[1.0]], optimizer=Mine(), engine="reference").state.step == 1


STARVED = """
import resource
import numpy as np
import clearprop as cp
model = cp.Model.initialized(cp.Network.parse("100-300-10", hidden="relu", output="identity"), dtype="float32")
X = np.random.default_rng(0).normal(size=(4000, 100)).astype("f4")
before = model.predict(X, threads=1)
used = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000, used + 60_000_000))
try:
    model.predict(X, threads=64)
except (RuntimeError, MemoryError) as error:
    print("refused:", type(error).__name__)
assert (model.predict(X, threads=1) == before).all()
print("alive")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits a process's memory as Linux does")
def test_threads_that_cannot_be_had_are_an_error_and_no_crash() -> None:
    ran = subprocess.run([sys.executable, "-c", STARVED], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "alive"
