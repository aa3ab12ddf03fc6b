"""A table in files comes to the model that it comes to in memory, and a stopped run goes on from where it was."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop import artefact
from clearprop.engines.source import STEP, ArraySource
from clearprop.table import read
from clearprop.tabular import fit, prepare, prepare_files
from clearprop.tabular.folds import dealt_out, folds
from clearprop.tabular.learn import learn
from clearprop.tabular.recipe import Recipe, recipe

ROWS = 900


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a table in one file, and in three, of numbers, categories, and some missing values."""
    random, folder = np.random.default_rng(0), tmp_path_factory.mktemp("files")
    x, shop = random.normal(size=(ROWS, 2)), random.choice(list("abcdefghijklmn"), ROWS)
    answer = np.where((x[:, 0] > 0) == (x[:, 1] > 0.2), "yes", "no").tolist()
    answer[::50] = [None] * len(answer[::50])
    frame = pl.DataFrame(
        {"x": x[:, 0], "z": x[:, 1], "shop": shop, "flag": x[:, 1] > 0, "amount": 3 * x[:, 0] + 1, "y": answer}
    ).with_columns(pl.when(pl.int_range(ROWS) % 7 == 0).then(None).otherwise(pl.col("z")).alias("z"))
    for kind, write in (("parquet", pl.DataFrame.write_parquet), ("csv", pl.DataFrame.write_csv)):
        write(frame, folder / f"whole.{kind}")
        (folder / kind).mkdir()
        for part, rows in enumerate((slice(0, 100), slice(100, 650), slice(650, ROWS))):
            write(frame[rows], folder / kind / f"part-{part}.{kind}")
    return folder


def model_file(fitted: Any, path: Path) -> bytes:
    artefact.save(fitted.table_model, path)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("target", ["y", "amount"])
@pytest.mark.parametrize("few", [False, True], ids=["all", "few"])
def test_files_come_to_the_model_of_memory(
    kind: str, target: str, few: bool, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the table has more rows than statistics and temperature are found from."""
    if few:
        monkeypatch.setattr("clearprop.table.encoding.SAMPLE", 200)
        monkeypatch.setattr("clearprop.table.survey.SAMPLE", 200)
        monkeypatch.setattr(sys.modules["clearprop.tabular.learn"], "JUDGED", 100)
    settings: dict[str, Any] = {"recipe_name": "quick", "epochs": 2, "seed": 3}
    whole = fit(prepare(read(files / f"whole.{kind}"), target, **settings))
    parts = fit(prepare_files(files / kind, target, **settings))
    assert model_file(parts, tmp_path / "parts") == model_file(whole, tmp_path / "whole")
    assert parts.learnt.histories == whole.learnt.histories
    assert (len(parts.parts.training), len(parts.parts.held_out)) == (
        len(whole.parts.training),
        len(whole.parts.held_out),
    )
    for one, other in ((parts.scores, whole.scores), (parts.left_out, whole.left_out)):
        assert one is not None and other is not None and one.rows == other.rows
        assert [score.value for score in one.measures] == pytest.approx([score.value for score in other.measures])


def test_a_stopped_run_goes_on_to_the_same_model(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearprop.tabular.side_by_side.TICK_SECONDS", 0.0)
    settings: dict[str, Any] = {"recipe_name": "quick", "epochs": 3}

    class StopAt(cp.Callback):
        def on_tick(self, moment: Any) -> bool | None:
            return False if moment.step == 12 else None

    def fitted(*callbacks: cp.Callback) -> Any:
        return fit(prepare_files(files / "csv", "y", **settings), engine="reference", callbacks=callbacks)

    path = tmp_path / "run"
    assert fitted(StopAt(), cp.Checkpoint(path)).learnt.ended == "stopped"
    rest = fitted(cp.Checkpoint(path, resume=True))
    assert model_file(rest, tmp_path / "rest") == model_file(fitted(), tmp_path / "whole")


def test_a_source_of_arrays_learns_as_arrays_do() -> None:
    random = np.random.default_rng(1)
    X = random.normal(size=(3000, 3)).astype(np.float32)
    for Y, task, outputs in (((X[:, 0] > X[:, 1]).astype(int), "classes", 2), (X[:, :1] - X[:, 1:2], "numbers", 1)):
        chosen = recipe("quick", X, outputs, task, epochs=2)
        assert recipe("quick", ArraySource(X, Y), outputs, task, epochs=2) == chosen
        one, other = learn(ArraySource(X, Y), recipe=chosen), learn(X, Y, recipe=chosen)
        assert one.ensemble == other.ensemble
        known = np.isfinite(other.left_out).all(axis=1)
        assert one.left_out_rows is not None and (one.left_out_rows == known).all()
        assert (one.left_out == other.left_out[known]).all()
    with pytest.raises(cp.InputError, match="Y: does not go together with a source"):
        learn(ArraySource(X, Y), Y, recipe=chosen)


@pytest.mark.parametrize("last, metric", [(0.5, None), (1.0, "accuracy")])
def test_whether_targets_are_classes_is_judged_by_all_rows(last: float, metric: str | None) -> None:
    """Those of the last window, too."""
    Y = (np.arange(2 * STEP + 9.0) % 2)[:, None]
    Y[-1] = last
    X = np.random.default_rng(1).normal(size=(len(Y), 2)).astype(np.float32)
    network = cp.Network.parse("2-1", output="sigmoid", loss="binary_cross_entropy")
    chosen = Recipe((network,), cp.SGD(0.1), batch_size=4096, epochs=1, folds=2)
    one, other = learn(ArraySource(X, Y), recipe=chosen), learn(X, Y, recipe=chosen)
    assert one.histories == other.histories
    assert one.histories[0].metric_name == metric


@pytest.mark.parametrize("classes", [7, np.array([0, 2, 2, 0, 2, 1, 0, 0, 2])])
def test_folds_are_dealt_out_alike(classes: Any) -> None:
    Y = np.zeros((7, 2)) + 0.5 if isinstance(classes, int) else classes
    assert dealt_out(classes, len(Y), 3, 5).tolist() == folds(Y, 3, 5).tolist()


def test_too_few_rows_and_too_many_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,u\n2,v\n3,u\n")
    with pytest.raises(cp.InputError, match="3 rows have a value of y; at least 5 are needed"):
        prepare_files([tmp_path / "a.csv"], "y")
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{i},{'uvw'[i % 3]}\n" for i in range(30)))
    monkeypatch.setattr("clearprop.table.survey.MOST_CODED", 2)
    monkeypatch.setattr("clearprop.table.source.MOST_CODED", 2)
    with pytest.raises(cp.InputError, match='the target "y" has over 2 classes, too many for a table that is read in'):
        prepare_files([tmp_path / "a.csv"], "y")
