"""How long the first steps take: importing, asking for help, a first training, and the engines side by side.

    python benchmarks/first_steps.py

Each comparison first asserts that both sides compute the same. Medians, and ratios within this one run; written to
benchmarks/results/first_steps.json.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import clearprop as cp
from clearprop.engines import thread_count
from clearprop.engines.native import instruction_set

RESULTS = Path(__file__).parent / "results" / "first_steps.json"
TINY = """
import time
import clearprop as cp
net = cp.Network.parse("2-2-2", bias="layer", train_bias=False)
weights = [[[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]]
started = time.perf_counter()
model = cp.Model(net, weights=weights, biases=[0.35, 0.60])
result = cp.train(model, [[0.05, 0.10]], [[0.01, 0.99]], optimizer=cp.SGD(0.5), epochs=10_000)
print(time.perf_counter() - started, result.model.loss([[0.05, 0.10]], [[0.01, 0.99]]))
"""


def run(code: str, repeats: int = 11) -> tuple[float, list[str]]:
    """The median seconds of a fresh interpreter that runs `code`, and what each printed."""
    seconds, printed = [], []
    for _ in range(repeats):
        started = time.perf_counter()
        printed.append(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        seconds.append(time.perf_counter() - started)
    return median(seconds), printed


def timed(function: Callable[[], object], repeats: int = 5) -> float:
    function()
    seconds = []
    time.sleep(1.0)  # the threads of a BLAS go on spinning for a while, and would be timed with what comes next
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def tiny() -> dict[str, float]:
    """The worked example's 10,000 updates in a fresh process, the first call of all; imports not counted."""
    printed = [line.split() for line in run(TINY)[1]]
    assert all(abs(float(loss) / 3.510187782978859e-05 - 1) < 1e-9 for _, loss in printed)
    return {"tiny_first_call_ms": 1e3 * median(float(seconds) for seconds, _ in printed)}


def engines() -> dict[str, float]:
    """Native against reference: 20,000 x 30, two layers of 128, batches of 256, Adam, float32, an epoch."""
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(20_000, 30)).astype(np.float32), rng.integers(0, 2, 20_000)
    net = cp.Network(30, [cp.Dense(128, "relu"), cp.Dense(128, "relu"), cp.Dense(2, "softmax")], "cross_entropy")
    model = cp.Model.initialized(net, "he", dtype="float32")
    settings = {"optimizer": cp.Adam(), "batch_size": 256}
    losses = [cp.train(model, X, labels, engine=name, **settings).history.loss[0] for name in ("native", "reference")]
    assert abs(losses[0] / losses[1] - 1) < 1e-4, losses
    times = {
        "native": timed(lambda: cp.train(model, X, labels, engine="native", **settings)),
        "native_1_thread": timed(lambda: cp.train(model, X, labels, engine="native", threads=1, **settings)),
        "reference": timed(lambda: cp.train(model, X, labels, engine="reference", **settings), repeats=3),
    }
    figures = {f"epoch_{name}_ms": 1e3 * seconds for name, seconds in times.items()}
    return {**figures, "native_against_reference": times["reference"] / times["native"]}


def main() -> None:
    empty, numpy_time = run("pass")[0], run("import numpy")[0]
    ours = run("import clearprop")[0]
    figures = {
        "python_start_ms": 1e3 * empty,
        "import_numpy_ms": 1e3 * numpy_time,
        "import_clearprop_ms": 1e3 * ours,
        "import_clearprop_against_numpy": ours / numpy_time,
        "import_clearprop_against_numpy_less_python_start": (ours - empty) / (numpy_time - empty),
        "help_ms": 1e3
        * run("import sys; sys.argv = ['clearprop', '--help']; from clearprop.cli import main; main()")[0],
        **tiny(),
        **engines(),
    }
    about = {
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "threads": thread_count(None),
        "instruction_set": instruction_set(),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"about": about, "figures": figures}, indent=2) + "\n")
    for name, figure in figures.items():
        print(f"{name:52} {figure:10.3g}")


if __name__ == "__main__":
    main()
