"""Training on a source: the same bits as in memory, wherever the run is stopped and taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines import memory, streamed
from clearprop.engines.order import Windows
from clearprop.engines.source import ArraySource, Source, Typed, Without
from clearprop.training import prepare
from clearprop.training.checkpoint import fingerprint
from clearprop.training.split import split, strata_of

ROWS = 150_001  # three windows, the last block of one row
NET = cp.Network.parse("4-6-3", hidden="tanh", output="softmax", loss="cross_entropy", l2=0.001, dropout=0.1)


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS, 4)).astype(np.float32)
    return X, (X[:, 0] + 0.5 * X[:, 1] > 0).astype(int) + (X[:, 2] > 1)


def model(dtype: str = "float32") -> cp.Model:
    return cp.Model.initialized(NET, seed=1, dtype=dtype)


@pytest.mark.parametrize("batch_size", [1000, 1024, 777, 65_536, 70_000])
@pytest.mark.parametrize("order", ["shuffled", "sequential"])
@pytest.mark.parametrize("drop_last", [False, True])
def test_a_source_gives_the_bits_of_memory(data: Any, batch_size: int, order: str, drop_last: bool, same: Any) -> None:
    settings: dict[str, Any] = {
        "optimizer": cp.AdamW(cp.schedules.Cosine(0.01, steps=400)),
        "batch_size": batch_size,
        "order": order,
        "drop_last": drop_last,
        "epochs": 3,
        "seed": 5,
    }
    same(cp.train(model(), ArraySource(*data), **settings), cp.train(model(), *data, **settings))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_engine_gives_the_bits_of_memory(engine: str, dtype: str, data: Any, same: Any) -> None:
    settings: dict[str, Any] = {"optimizer": cp.SGD(0.1, momentum=0.5), "batch_size": 5000, "engine": engine}
    source = ArraySource(*data)
    same(cp.train(model(dtype), source, **settings), cp.train(model(dtype), *data, **settings))


@pytest.mark.parametrize("rows", [1, 2, 1023, 65_536, 65_537])
@pytest.mark.parametrize("batch_size", [1, 500, None])
def test_any_number_of_rows(rows: int, batch_size: int | None, data: Any, same: Any) -> None:
    if batch_size == 1 and rows > 2000:
        rows = 2001
    X, Y = (part[:rows] for part in data)
    settings: dict[str, Any] = {"optimizer": cp.Adam(), "batch_size": batch_size, "epochs": 2}
    same(cp.train(model(), ArraySource(X, Y), **settings), cp.train(model(), X, Y, **settings))


def test_all_that_looks_on_sees_the_same(data: Any, same: Any) -> None:
    settings: dict[str, Any] = {
        "optimizer": cp.Adam(0.01),
        "batch_size": 1000,
        "epochs": 4,
        "validation": 0.05,
        "metric": "accuracy",
    }
    results = [
        cp.train(model(), *given, callbacks=[cp.EarlyStopping(patience=1)], **settings)
        for given in ((ArraySource(*data),), data)
    ]
    same(*results)
    assert len(results[0].history.validation_metric) > 1


def test_numbers_and_ones_are_held_out_the_same(data: Any, same: Any) -> None:
    X, Y = data
    for targets in (X[:, :1] - X[:, 1:2], X[:, 0], (Y == 1).astype(np.float64)):
        net = cp.Network.parse("4-5-1", hidden="tanh", output="sigmoid", loss="half_squared_error")
        start = cp.Model.initialized(net, dtype="float32")
        settings: dict[str, Any] = {"optimizer": cp.SGD(0.1), "batch_size": 512, "validation": 0.03}
        same(cp.train(start, ArraySource(X, targets), **settings), cp.train(start, X, targets, **settings))


@pytest.mark.usefixtures("at_every_update")
def test_stopped_anywhere_and_gone_on(data: Any, stop_at: Any, same: Any, tmp_path: Path) -> None:
    """Also in memory with what a source has left, and the other way round: they are the same run."""
    settings: dict[str, Any] = {"optimizer": cp.Adam(0.01), "batch_size": 3000, "epochs": 2, "validation": 0.05}
    whole = cp.train(model(), *data, **settings)
    for step in (0, 1, 20, 21, 22, 41, 47, 48, 49, 70, 94):
        for number, (first, then) in enumerate([(ArraySource(*data), data), (data, ArraySource(*data))]):
            path = tmp_path / f"{step}-{number}"
            given = [source if isinstance(source, tuple) else (source,) for source in (first, then)]
            part = cp.train(model(), *given[0], callbacks=[stop_at(step), cp.Checkpoint(path)], **settings)
            assert (part.ended, part.state.step) == ("stopped", step)
            same(cp.train(model(), *given[1], callbacks=[cp.Checkpoint(path, resume=True)], **settings), whole)


@pytest.mark.usefixtures("at_every_update")
def test_a_state_in_the_middle_of_an_epoch_goes_on(data: Any, stop_at: Any, same: Any) -> None:
    settings: dict[str, Any] = {"optimizer": cp.SGD(0.1), "batch_size": 777, "epochs": 1}
    source, whole = ArraySource(*data), cp.train(model(), *data, **settings)
    part = cp.train(model(), source, callbacks=[stop_at(90)], **settings)
    assert part.state.batch == 90
    rest = cp.train(part.model, source, state=part.state, **settings)
    same(rest, whole)


def test_a_run_that_diverges_keeps_the_last_finite_weights(data: Any) -> None:
    errors = []
    for given in ((ArraySource(*data),), data):
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(model(), *given, optimizer=cp.SGD(1e25), batch_size=1000)
        errors.append(caught.value)
    assert str(errors[0]) == str(errors[1])
    states = [error.result.state for error in errors]  # type: ignore[attr-defined]
    assert states[0] == states[1] and states[0].step > 0


def test_all_right_is_looked_at_part_by_part(same: Any) -> None:
    X = np.random.default_rng(0).normal(size=(70_000, 2)).astype(np.float32)
    X[np.abs(X[:, 0]) < 0.3, 0] = 1.0
    Y = (X[:, 0] > 0).astype(int)
    start = cp.Model.initialized(cp.Network.parse("2-2", output="softmax", loss="cross_entropy"), dtype="float32")
    settings: dict[str, Any] = {"optimizer": cp.Adam(0.05), "batch_size": 256, "epochs": 9, "stop_when_right": True}
    results = [cp.train(start, *given, **settings) for given in ((ArraySource(X, Y),), (X, Y))]
    same(*results)
    assert results[0].ended == "all right"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", ">f4"])
def test_npy_files_and_memory_maps_are_read_as_arrays(dtype: str, data: Any, same: Any, tmp_path: Path) -> None:
    X, Y = (100 * data[0]).astype(dtype), data[1].astype(np.int8)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "Y.npy", Y)
    settings: dict[str, Any] = {"optimizer": cp.SGD(0.01), "batch_size": 1000}
    whole = cp.train(model(), X, Y, **settings)
    same(cp.train(model(), ArraySource(tmp_path / "X.npy", str(tmp_path / "Y.npy")), **settings), whole)
    maps = [np.load(tmp_path / name, mmap_mode="r") for name in ("X.npy", "Y.npy")]
    same(cp.train(model(), ArraySource(*maps), **settings), whole)
    own = np.load(tmp_path / "X.npy", mmap_mode="c")
    own[0] = 7  # which the file does not have
    assert (ArraySource(own, Y).some(0, 1)[0] == 7).all()
    part = ArraySource(maps[0][5:], maps[1][5:])  # a part of a map knows its file, but not where in it it begins
    same(cp.train(model(), part, **settings), cp.train(model(), X[5:], Y[5:], **settings))


def test_what_is_left_of_a_source(data: Any) -> None:
    X, Y = data
    source = ArraySource(X, Y)
    left_out = np.random.default_rng(1).random(ROWS) < 0.3
    left_out[2048:5000] = True
    rest = Without(source, left_out)
    assert len(rest) == (~left_out).sum()
    kept = X[~left_out], Y[~left_out]
    for first, count in ((0, 1), (0, len(rest)), (1400, 3), (len(rest) - 1, 1), (777, 70_000)):
        for found, part in zip(rest.some(first, count), kept, strict=True):
            assert (found == part[first : first + count]).all()
    rows = np.flatnonzero(left_out)
    for found, part in zip(source.taken(rows), (X, Y), strict=True):
        assert (found == part[rows]).all()


def test_the_split_and_the_fingerprint_are_those_of_memory(data: Any) -> None:
    X, Y = data
    source = Typed(ArraySource(X, Y.astype(np.uint8)), X[:0], Y[:0])
    found = strata_of(source)
    assert found.dtype == np.uint8  # type: ignore[union-attr]
    for one, other in zip(split(found, 0.1, 3), split(Y, 0.1, 3), strict=True):
        assert (one == other).all()
    from clearprop.engines.base import Samples

    assert fingerprint(source) == fingerprint(Samples(X, Y))


class Shrinking(Source):
    """Its file becomes shorter while it is learnt from."""

    def __init__(self, source: Source, after: int) -> None:
        self.source, self.memory, self.left = source, source.memory, after

    @property
    def like(self) -> Any:
        return self.source.like

    def __len__(self) -> int:
        return len(self.source)

    def read(self, first: int, X: Any, Y: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise cp.ClearpropError("it has become shorter")
        self.source.read(first, X, Y)


def test_what_goes_wrong_ahead_comes_out(data: Any) -> None:
    with pytest.raises(cp.ClearpropError, match="it has become shorter"):
        cp.train(model(), Shrinking(ArraySource(*data), after=3 + 70), optimizer=cp.SGD(0.1), batch_size=1000)


def test_accuracy_of_targets_of_which_one_is_no_class_is_refused(data: Any) -> None:
    """Also where the row is not among those that the metric is computed on."""
    X, Y = data[0], (data[1] == 1).astype(np.float64)
    Y[-1] = 0.5
    start = cp.Model.initialized(cp.Network.parse("4-1"), dtype="float32")
    for given in ((ArraySource(X, Y),), (X, Y)):
        with pytest.raises(cp.InputError, match='metric "accuracy": the targets must be classes'):
            cp.train(start, *given, optimizer=cp.SGD(0.1), batch_size=1000, metric="accuracy")


def test_each_row_is_read_once_an_epoch(data: Any, monkeypatch: Any) -> None:
    """Also where the engine hands over again and again."""
    read: list[int] = []
    inner = ArraySource(*data)

    def count(self: Any, first: int, X: Any, Y: Any) -> None:
        read.append(len(X))
        inner.read(first, X, Y)

    monkeypatch.setattr(Typed, "read", count)
    monkeypatch.setattr("clearprop.training.loop.TICK_SECONDS", 0.0)
    monkeypatch.setattr("clearprop.training.loop.REPLAY_SECONDS", 0.0)

    def engine(name: str) -> Any:
        from tests.training.conftest import Stepwise

        return Stepwise(name)

    monkeypatch.setattr(prepare, "training_engine", engine)
    cp.train(model(), inner, optimizer=cp.SGD(0.1), batch_size=4000, epochs=2)
    assert sum(read) == 2 * ROWS


def test_windows_are_the_order(data: Any) -> None:
    windows = Windows("shuffled", 3, 1, ROWS)
    assert windows.starts.tolist()[-1] == ROWS and len(windows) == 3
    assert [windows.holding(place) for place in (0, int(windows.starts[1]) - 1, int(windows.starts[1]))] == [0, 0, 1]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "targets given twice": ({"Y": np.zeros(5)}, "Y: a source has its own targets"),
    "weights": ({"sample_weight": np.ones(5)}, "sample_weight: a source has its own targets and no weights"),
    "replacement": ({"order": "replacement"}, "order: a source is read window by window, so the order is one of"),
    "row numbers": ({"order": [1, 2]}, "order: a source is read window by window"),
    "an unknown order": ({"order": "shuffeld"}, 'unknown order "shuffeld"; did you mean "shuffled"'),
    "too large a share": ({"validation": 0.5}, "validation: 0.5 of 150,001 rows take up 1.7 MiB; of a memory of"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_go_with_a_source(case: str, data: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(prepare, "HELD_OUT", 0.001)
    given, message = BAD[case]
    with pytest.raises(cp.InputError, match=message):
        cp.train(model(), ArraySource(*data), optimizer=cp.SGD(0.1), batch_size=100, **given)


def test_a_row_that_is_wrong_is_named_by_its_number(data: Any) -> None:
    X, Y = data[0].copy(), data[1].copy()
    X[140_000, 2] = np.inf
    with pytest.raises(cp.InputError, match=r"X\[140000, 2\] is inf: every number must be finite"):
        cp.train(model(), ArraySource(X, Y), optimizer=cp.SGD(0.1))
    Y[70_001] = 3
    with pytest.raises(cp.InputError, match=r"Y\[70001\] is 3: expected a class index from 0 to 2"):
        cp.train(model(), ArraySource(data[0], Y), optimizer=cp.SGD(0.1))


def test_too_little_memory_says_how_much_is_needed(data: Any, monkeypatch: Any) -> None:
    source = ArraySource(*data, memory="190MiB")
    with pytest.raises(cp.InputError, match=r"memory: 190.0 MiB is too little: .* give at least 19\d.\d MiB$"):
        cp.train(model(), source, optimizer=cp.SGD(0.1), batch_size=100)
    monkeypatch.setattr(memory, "PROCESS", 189 << 20)
    with pytest.raises(cp.InputError, match="or a smaller batch_size"):
        cp.train(model(), source, optimizer=cp.SGD(0.1))
    assert streamed.rows_in_memory(source, 100) == 65_536 + 99


WRONG: dict[str, tuple[Any, Any, str]] = {
    "no file": ("none.npy", [1], "none.npy: there is no such file"),
    "no npy": ("text.npy", [1], "text.npy: this is no .npy file"),
    "texts": ("texts.npy", [1], "texts.npy: expected rows of real numbers"),
    "by columns": ("columns.npy", [1], "columns.npy: it is stored column by column"),
    "cut": ("cut.npy", [1], "cut.npy: the file is cut off"),
    "too few targets": (np.zeros((3, 2)), np.zeros(2), r"X and Y: expected shapes \(N, inputs\)"),
    "no rows": (np.zeros((0, 2)), np.zeros(0), "X and Y: expected shapes"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: Any) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.npy").write_text("1,2\n")
    np.save("texts.npy", np.array(["a"]))
    np.save("columns.npy", np.asfortranarray(np.zeros((3, 2))))
    np.save("cut.npy", np.zeros((30, 2)))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cut.npy").read_bytes()[:-1])
    yield tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("case", WRONG)
def test_arrays_and_files_that_are_none(case: str) -> None:
    X, Y, message = WRONG[case]
    with pytest.raises(cp.InputError, match=message):
        ArraySource(X, Y)


@pytest.mark.parametrize("size", ["", "much", "-1", "1.5XiB", "5i", 0, True, 1.5, None])
def test_sizes_that_are_none(size: Any) -> None:
    with pytest.raises(cp.InputError, match="memory: expected"):
        ArraySource(np.zeros((2, 1)), np.zeros(2), memory=size)
