"""Commands run in this process, as the shell would run them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from clearprop.cli import main


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """run("train", "table.csv", ...) in an empty folder: exit status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr("sys.argv", ["clearprop", *map(str, words)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return run


@pytest.fixture
def table(tmp_path):
    """A CSV in which `answer` follows from `x` and `colour`, and `amount` from `x`."""
    rng = np.random.default_rng(0)
    x, colour = rng.normal(size=300), rng.choice(["red", "green"], 300)
    answer = np.where((x > 0) == (colour == "red"), "yes", "no")
    frame = pl.DataFrame({"row_id": range(300), "x": x, "colour": colour, "amount": 3 * x + 1, "answer": answer})
    frame.write_csv(tmp_path / "table.csv")
    return tmp_path / "table.csv"
