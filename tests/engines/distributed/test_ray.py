"""The example trains on a local Ray what one process trains."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from examples.train_on_ray import problem, train

from tests.engines.distributed.launching import MOST_SECONDS, ROOT

pytest.importorskip("torch", reason='no PyTorch: pip install "clearprop[torch]"')
pytest.importorskip("ray", reason='no Ray: pip install "clearprop[ray]"')

PROGRAM = """
import sys
import numpy as np
from examples.train_on_ray import main
np.save(sys.argv[1], main(2).parameters.flat)
"""


@pytest.mark.slow
def test_the_example(tmp_path):
    # In a process of its own, which Ray's threads and files end with.
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "flat.npy"],
        cwd=ROOT,
        timeout=MOST_SECONDS,
        capture_output=True,
        env={**os.environ, "RAY_raylet_start_wait_time_s": "300"},  # on a machine that does many other things
    )
    assert ran.returncode == 0, ran.stderr.decode()
    flat = np.load(tmp_path / "flat.npy")
    alone = train().model
    np.testing.assert_allclose(flat, alone.parameters.flat, rtol=1e-9, atol=1e-12)
    _, X, Y = problem()
    assert (alone.predict(X).argmax(axis=1) == Y).mean() > 0.8
