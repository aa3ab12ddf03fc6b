"""clearprop train in several processes: one of them speaks and writes, and the model is that of one process."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from clearprop.artefact import TableModel
from tests.engines.distributed.launching import MOST_SECONDS, Running

pytest.importorskip("torch", reason='no PyTorch: pip install "clearprop[torch]"')

TRAIN = ["train", "table.csv", "--target", "answer", "--recipe", "quick", "--epochs", "6", "--threads", "1"]


def test_each_trains_some_members_and_the_first_alone_speaks_and_writes(run, table, tmp_path):
    with Running(2, ["-m", "clearprop", *TRAIN, "--out", "model", "--report", "page"], tmp_path) as running:
        first, second = running.wait()
    assert first.status == second.status == 0, (first.err, second.err)
    assert second.out == second.err == "" and "held-out rows" in first.out
    files = {path.name for path in tmp_path.iterdir() if path.suffix not in (".out", ".err")}
    assert files == {"model", "page", "table.csv"}
    assert run(*TRAIN, "--out", "alone", "--report", "other").status == 0
    assert (tmp_path / "model").read_bytes() == (tmp_path / "alone").read_bytes()


def test_of_a_table_in_parts_each_trains_some_members_of_any_shape(run, table, tmp_path):
    rows = table.read_text().splitlines(keepends=True)
    for part, some in enumerate((rows[1:120], rows[120:])):
        (tmp_path / f"part-{part}.csv").write_text("".join([rows[0], *some]))
    train = ["train", "part-*.csv", "--target", "answer", "--members", "2", "--epochs", "2", "--threads", "1"]
    with Running(2, ["-m", "clearprop", *train, "--out", "model", "--report", "page"], tmp_path) as running:
        first, second = running.wait()
    assert first.status == second.status == 0, (first.err, second.err)
    assert "2, each with some of the members" in first.out
    assert run(*train, "--out", "alone", "--report", "other").status == 0
    assert (tmp_path / "model").read_bytes() == (tmp_path / "alone").read_bytes()


def test_what_is_wrong_is_said_by_each_with_its_number(table, tmp_path):
    with Running(2, ["-m", "clearprop", "train", "table.csv", "--target", "nothing"], tmp_path) as running:
        first, second = running.wait()
    assert first.status == second.status == 2
    assert first.err.startswith("error: ") and second.err.startswith("error: worker 1: ")
    assert "Traceback" not in first.err + second.err


@pytest.mark.slow
def test_torchrun_with_one_network_that_all_train(run, table, tmp_path):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ran = subprocess.run(
        [*torchrun, "-m", "clearprop", *TRAIN, "--members", "1", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    alone = run(*TRAIN, "--members", "1", "--out", "alone", "--report", "other", "--json")
    expected = json.loads(alone.out)
    assert told["best_epochs"] == expected["best_epochs"] and told["ended"] == "epochs done"
    first, second = (TableModel.load(tmp_path / name).model.members[0] for name in ("model.safetensors", "alone"))
    np.testing.assert_allclose(first.parameters.flat, second.parameters.flat, rtol=1e-3, atol=1e-5)
