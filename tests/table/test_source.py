"""Tables in many files: the same rows, types and bits as in one table in memory, whatever the files and chunks."""

from __future__ import annotations

import errno
import gzip
import os
import re
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.engines.source import PROCESS
from clearprop.table import Encoding, Table, Target, pool, read
from clearprop.table.files import ahead, fits
from clearprop.table.source import targets
from clearprop.table.survey import READING
from clearprop.training.split import split
from tests.table.conftest import lay_out, written


def of_few_rows(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Has statistics learnt from no more rows than these."""
    for module in ("encoding", "survey"):
        monkeypatch.setattr(f"clearprop.table.{module}.SAMPLE", rows)


def in_memory(table: Table, target: str, **settings: Any) -> tuple[Encoding, Any, Any]:
    """What encoding makes of a whole table."""
    encoding = Encoding.learn(table, target, **settings)
    known = table.select(np.flatnonzero(table.frame[target].is_not_null().to_numpy()))
    return encoding, encoding.inputs(known), targets(encoding, known)


@pytest.mark.usefixtures("chunked")
@pytest.mark.parametrize("target", ["y", "amount"])
def test_files_are_the_table_that_they_are_parts_of(
    frame: pl.DataFrame, ending: str, target: str, tmp_path: Path
) -> None:
    one = written(frame, tmp_path / "one", ending)
    encoding, X, Y = in_memory(read(one / f"part-0.{ending}"), target)
    for folder in (one, written(frame, tmp_path / "many", ending, 4)):
        source = cp.TableSource(folder, target=target)
        assert source.encoding == encoding
        found = source.some(0, len(source))
        assert found[0].tobytes() == X.tobytes()
        assert (found[1] == Y).all() and found[1].shape == Y.shape
        assert source.dropped == encoding.dropped_rows == frame[target].null_count()


@pytest.mark.usefixtures("chunked")
@pytest.mark.parametrize("target", ["y", "amount"])
@pytest.mark.parametrize("together", [1 << 24, 2000, 1], ids=["one pack", "packs", "a pack a chunk"])
def test_statistics_of_a_large_table_are_of_the_same_rows(
    frame: pl.DataFrame, ending: str, target: str, together: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_few_rows(monkeypatch, 60)
    monkeypatch.setattr(pool, "TOGETHER", together)
    folder = written(frame, tmp_path / "parts", ending, 3)
    written(frame, tmp_path / "one", ending)
    encoding, X, _ = in_memory(read(tmp_path / "one" / f"part-0.{ending}"), target, seed=4)
    assert encoding.rows == 60
    source = cp.TableSource(folder, target=target, seed=4)
    assert source.encoding == encoding
    assert source.some(0, len(source))[0].tobytes() == X.tobytes()
    assert cp.TableSource(folder, target=target, seed=5).encoding != encoding


@pytest.mark.parametrize("room", [-(1 << 20), 8 << 20], ids=["not for reading", "not for the rows"])
def test_rows_too_large_to_be_kept_are_refused_with_what_is_enough(ending: str, room: int, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    wide = pl.DataFrame(
        {f"x{place}": random.normal(size=200_000) for place in range(8)} | {"y": np.arange(200_000) % 2}
    )
    folder = written(wide, tmp_path / "wide", ending, 2)
    with pytest.raises(cp.InputError, match=rf"memory: .* MiB is too little for {re.escape(str(folder))}: ") as caught:
        cp.TableSource(folder, target="y", memory=PROCESS + READING + room)
    enough = re.search(r"give (\d+\.\d MiB), which is enough for any number", str(caught.value))
    assert enough
    assert len(cp.TableSource(folder, target="y", memory=enough[1])) == 200_000


def test_kept_rows_take_up_no_more_memory_while_others_are_thrown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TOGETHER", 1 << 20)
    rows, kept = np.random.default_rng(0).normal(size=1 << 21), pool.Pool()
    places = np.arange(1, len(rows))
    tracemalloc.start()
    try:
        for part in np.split(rows, 32):
            kept.add(pl.DataFrame({"x": part}))
        tracemalloc.reset_peak()
        kept.keep(places)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * kept.size
    finally:
        tracemalloc.stop()
    assert (next(kept.columns()).to_numpy() == rows[1:]).all()


@pytest.mark.parametrize("target", ["x", "y"], ids=["numbers", "classes"])
def test_statistics_take_up_no_more_memory_where_rows_are_more(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_few_rows(monkeypatch, 1 << 10)
    monkeypatch.setattr("clearprop.table.files.NUMBERS", 1 << 14)
    most = []
    for rows in (1 << 17, 1 << 19):
        x = np.arange(rows) % 5000 / 7
        written(pl.DataFrame({"x": x, "y": x > 300}), tmp_path / str(rows), "parquet")
        tracemalloc.start()
        try:
            cp.TableSource(tmp_path / str(rows), target=target)
            most.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert most[1] < most[0] + (1 << 18), most


@pytest.mark.parametrize("target", ["y", "amount"])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.75])
def test_statistics_are_of_as_many_rows_whatever_share_is_held_out(
    target: str, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_few_rows(monkeypatch, 256)
    x = np.random.default_rng(3).normal(size=4000)
    table = Table.of(pl.DataFrame({"x": x, "y": np.where(x > 1, "yes", "no"), "amount": 3 * x + 1}), "table")
    table.frame.write_parquet(tmp_path / "table.parquet")
    source = cp.TableSource(tmp_path / "table.parquet", target=target, seed=4, held_out=share)
    rows, _ = split(Target.learn(table, target).values(table).astype(int) if target == "y" else 4000, share, 4)
    encoding = Encoding.learn(table, Target.learn(table, target), rows=rows, seed=4)
    assert encoding.rows == 256
    assert source.encoding == encoding


@pytest.mark.parametrize("share, message", [(0.8, "a share of at most 0.75 .* got 0.8; put"), (1.5, "1.5")])
def test_a_share_too_large_to_hold_out_is_refused_before_anything_is_read(share: float, message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.TableSource("nowhere.parquet", target="y", held_out=share)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_trained_on_files_is_trained_in_memory(frame: pl.DataFrame, ending: str, tmp_path: Path) -> None:
    source = cp.TableSource(written(frame, tmp_path / "parts", ending, 4), target="y")
    written(frame, tmp_path / "one", ending)
    _, X, Y = in_memory(read(tmp_path / "one" / f"part-0.{ending}"), "y")
    net = cp.Network.parse(f"{source.inputs}-8-{source.outputs}", output="softmax", loss="cross_entropy")
    model = cp.Model.initialized(net, dtype="float32")
    settings: dict[str, Any] = {"optimizer": cp.Adam(0.01), "batch_size": 32, "epochs": 5, "validation": 0.2}
    streamed, whole = cp.train(model, source, **settings), cp.train(model, X, Y, **settings)
    assert streamed.model.parameters.flat.tobytes() == whole.model.parameters.flat.tobytes()
    assert streamed.history == whole.history
    cp.save(cp.TableModel(streamed.model, source.encoding), tmp_path / "model.safetensors")


def test_types_are_those_of_all_files(tmp_path: Path) -> None:
    parts = [
        pl.DataFrame({"a": [1, 2], "b": [None, None], "y": [1.5, 2.5]}),
        pl.DataFrame({"a": [0.5, None], "b": ["p", "q"], "y": [3.5, 9.5]}),
        pl.DataFrame({"a": pl.Series([2**63 + 5, 1], dtype=pl.UInt64), "b": [None, "p"], "y": [4.5, 5.5]}),
    ]
    for number, part in enumerate(parts):
        part.write_parquet(tmp_path / f"{number}.parquet")
        part.write_csv(tmp_path / f"{number}.csv")
    both = pl.concat(parts, how="vertical_relaxed")
    both.write_parquet(tmp_path / "whole.pq")
    whole = Encoding.learn(read(tmp_path / "whole.pq"), "y")
    assert cp.TableSource(f"{tmp_path}/*.parquet", target="y").encoding == whole
    assert cp.TableSource(f"{tmp_path}/*.csv", target="y").encoding.input_names == whole.input_names


def test_nothing_is_left_and_nothing_is_seen_of_the_spill_file(frame: pl.DataFrame, tmp_path: Path) -> None:
    place = tmp_path / "spill"
    place.mkdir()
    source = cp.TableSource(written(frame, tmp_path / "parts", "csv"), target="y", spill=place)
    descriptors = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    source.some(0, 5)
    assert list(place.iterdir()) == []
    del source
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_full_disk(frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = cp.TableSource(written(frame, tmp_path / "parts", "csv"), target="y", spill=tmp_path)
    message = (
        f"{tmp_path}: the disk is too full: the rows take up 0.0 MiB, and .* are free; make room, or name a folder"
    )

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(cp.ClearpropError, match=message):
        patch.setattr("os.pwrite", full)
        source.some(0, 1)
    with monkeypatch.context() as patch, pytest.raises(cp.ClearpropError, match=message):
        patch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
        source.some(0, 1)
    with pytest.raises(cp.InputError, match="spill: there is no folder nowhere"):
        cp.TableSource(tmp_path / "parts", target="y", spill="nowhere").some(0, 1)
    assert len(source.some(0, 1)[0]) == 1


def test_files_that_change_in_between(frame: pl.DataFrame, tmp_path: Path) -> None:
    folder = written(frame, tmp_path / "parts", "csv", 2)
    for rows in (frame[:5], pl.concat([frame, frame])):
        source = cp.TableSource(folder, target="y")
        rows.write_csv(folder / "part-0.csv")
        with pytest.raises(cp.ClearpropError, match="its rows have changed since they were first read"):
            source.some(0, 1)


KILLED = """
import sys, time
import clearprop as cp
from clearprop.training import loop
folder, path = sys.argv[1:]
source = cp.TableSource(folder + "/*.parquet", target="y")
net = cp.Network.parse("2-4-2", hidden="tanh", output="softmax", loss="cross_entropy")
model = cp.Model.initialized(net, dtype="float32")
loop.TICK_SECONDS = 0.0
class Slow(cp.Callback):
    def on_tick(self, moment):
        time.sleep(0.001)
result = cp.train(model, source, optimizer=cp.Adam(0.01), batch_size=100, epochs=2, engine="reference",
                  callbacks=[cp.Checkpoint(path, every_seconds=0.05, resume=True), Slow()])
print(result.state.step, result.model.parameters.flat.tobytes().hex(), result.history.loss)
"""


@pytest.mark.slow
def test_killed_in_the_middle_of_an_epoch_and_gone_on(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(140_000, 2))
    rows = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.where(x[:, 0] > x[:, 1], "up", "down")})
    for part in range(2):
        rows[part * 70_000 : (part + 1) * 70_000].write_parquet(tmp_path / f"{part}.parquet")

    def command(path: Path) -> list[str]:
        return [sys.executable, "-c", KILLED, str(tmp_path), str(path)]

    whole = subprocess.run(command(tmp_path / "whole"), capture_output=True, text=True, check=True).stdout
    place, kills = tmp_path / "run", 0
    while kills < 4:
        with subprocess.Popen(command(place), stdout=subprocess.PIPE, text=True) as process:
            while not place.exists() and process.poll() is None:
                time.sleep(0.01)
            time.sleep(0.3)
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGKILL)
            kills += 1
    assert kills
    rest = subprocess.run(command(place), capture_output=True, text=True, check=True).stdout
    assert rest == whole


# Bad input: what is written, what is asked for, and the message.

GOOD = "a,b,y\n1,2,yes\n3,4,no\n5,6,yes\n"
BAD: dict[str, tuple[dict[str, str | bytes | pl.DataFrame], Any, str]] = {
    "no such file": ({"a.csv": GOOD}, "b.csv", 'b.csv: there is no such file; did you mean "a.csv"'),
    "one of a list is missing": ({"a.csv": GOOD}, ["a.csv", "b.csv"], "b.csv: there is no such file"),
    "no file matches": ({"a.csv": GOOD}, "*.parquet", r"\*.parquet: no file matches this pattern"),
    "an empty folder": ({"in/a.txt.bak": GOOD}, "in", "in: no file in this folder has an ending that is read"),
    "an empty list": ({}, [], "there are no files to read"),
    "a file twice": ({"a.csv": GOOD}, ["a.csv", "*.csv"], "a.csv: the file is given twice"),
    "files of several kinds": (
        {"a.csv": GOOD, "b.parquet": pl.DataFrame({"a": [1]})},
        ".",
        "b.parquet: it is of another kind than a.csv; give files of one kind",
    ),
    "an ending": ({"a.xlsx": b"PK"}, "a.xlsx", "a.xlsx: the ending is not one that is read"),
    "an empty file": ({"a.csv": GOOD, "b.csv": ""}, "*.csv", "b.csv: the file is empty"),
    "an empty Parquet file": ({"a.parquet": b""}, "*.parquet", "a.parquet: the file is empty"),
    "no rows": ({"a.csv": "a,y\n", "b.csv": "a,y\n"}, "*.csv", r"\*.csv: it has no rows, only names of columns"),
    "no target": ({"a.csv": GOOD}, {"paths": "a.csv", "target": "z"}, 'a.csv: unknown column "z"'),
    "no value of the target": (
        {"a.csv": "a,y\n1,\n2,NA\n"},
        "*.csv",
        'all values of the target column "y" are missing',
    ),
    "a column is missing": (
        {"a.csv": GOOD, "b.csv": "a,y\n1,yes\n"},
        "*.csv",
        'b.csv: there is no column "b", which a.csv has; all files of a table must have the same columns',
    ),
    "a column more": (
        {"a.csv": "a,y\n1,yes\n", "b.csv": GOOD},
        "*.csv",
        'a.csv: there is no column "b", which b.csv has',
    ),
    "a column misspelt": (
        {"a.csv": GOOD, "b.csv": GOOD.replace("b", "B")},
        "*.csv",
        'b.csv: there is no column "b", which a.csv has',
    ),
    "a type that changes": (
        {"a.parquet": pl.DataFrame({"a": [1], "y": ["u"]}), "b.parquet": pl.DataFrame({"a": ["1"], "y": ["v"]})},
        "*.parquet",
        'b.parquet, column "a": its values are of type String, those in a.parquet of type Int64; write all files',
    ),
    "a row too short": (
        {"a.csv": GOOD, "b.csv": GOOD + "\n7,8\n"},
        "*.csv",
        r"b.csv, row 4 \(line 6\): 2 values, but the h",
    ),
    "a quote": ({"a.csv": GOOD + '7,a"b,no\n'}, "*.csv", "a.csv, line 5: a quote in the middle of a value"),
    "a quote that is never closed": (
        {"a.csv": GOOD + '7,"b,no\n1,2,no\n'},
        "*.csv",
        "a.csv, line 5: a quote is opened here",
    ),
    "a zero byte": ({"a.csv": GOOD.encode() + b"1,\0,no\n"}, "*.csv", "a.csv, line 5, byte 31: a zero byte"),
    "not UTF-8": (
        {"a.csv": GOOD.encode() + b"1,\xff,no\n"},
        "*.csv",
        "a.csv, line 5, byte 31: a byte that is not UTF-8",
    ),
    "a cut gzip file": ({"a.csv.gz": gzip.compress(GOOD.encode())[:-9]}, "*.gz", "a.csv.gz: not a whole gzip file"),
    "a cut Parquet file": ({"a.parquet": b"PAR1abcdefgh"}, "*.parquet", "a.parquet: the Parquet file is cut off"),
    "no Parquet file": ({"a.parquet": GOOD}, "*.parquet", "a.parquet: this is no Parquet file"),
    "a damaged Parquet file": (
        {"a.parquet": b"PAR1" + b"x" * 40 + b"PAR1"},
        "*.parquet",
        "a.parquet: the Parquet file is",
    ),
    "a name twice": ({"a.csv": "a,a,y\n1,2,u\n"}, "*.csv", 'a.csv: columns 1 and 2 have the same name "a"'),
    "one value of the target": (
        {"a.csv": "a,y\n1,u\n2,u\n"},
        "*.csv",
        'the target "y" is always "u": nothing to learn',
    ),
    "a kind that there is not": (
        {},
        {"paths": "*.csv", "target": "y", "kinds": {"a": "nubmer"}},
        'unknown kind of column "a": "nubmer"; did you mean "number"',
    ),
    "a column that there is not": (
        {"a.csv": GOOD, "b.csv": "damaged"},
        {"paths": "*.csv", "target": "y", "kinds": {"aa": "number"}},
        'a.csv: unknown column "aa"; did you mean "a"',
    ),
    "a stray text": (
        {"a.csv": "a,y\n" + "".join(f"{i},{i}.5\n" for i in range(50)) + "3,many\n"},
        "*.csv",
        r'^a.csv, row 51 \(line 52\), column "y": "many" stands among 50 numbers',
    ),
    "a stray text in an input": (
        {
            "a.csv": "a,y\n" + "".join(f"{i},{'uv'[i % 2]}\n" for i in range(50)),
            "b.csv": "a,y\n",
            "c.csv": "a,y\n\n1,u\n\nmany,v\n",
        },
        "*.csv",
        r'^c.csv, row 2 \(line 5\), column "a": "many" stands among 51 numbers',
    ),
    "a stray text in a Parquet file": (
        {
            "a.parquet": pl.DataFrame({"a": [f"{i}" for i in range(50)], "y": list("uv") * 25}),
            "b.parquet": pl.DataFrame({"a": ["1", "many"], "y": ["u", "v"]}),
        },
        "*.parquet",
        r'^b.parquet, row 2, column "a": "many" stands among 51 numbers',
    ),
}


@pytest.mark.parametrize("piece", [16, 1 << 23])
@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearprop.table.pieces.SIZE", piece)
    monkeypatch.chdir(tmp_path)
    files, asked, message = BAD[case]
    lay_out(files, tmp_path)
    given = asked if isinstance(asked, dict) else {"paths": asked, "target": "y"}
    with pytest.raises(cp.InputError, match=message):
        cp.TableSource(**given)


def test_a_value_out_of_place_names_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_few_rows(monkeypatch, 10)
    for part in range(3):
        rows = "".join(f"{i / 7},{'uv'[i % 2]}\n" for i in range(50))
        (tmp_path / f"{part}.csv").write_text(f"a,y\n{rows}{'far,v' if part == 2 else '8,u'}\n")
    with pytest.raises(cp.InputError, match=r'2.csv, row 51 \(line 52\), column "a": "far" is not a number'):
        cp.TableSource(f"{tmp_path}/*.csv", target="y").some(0, 1)


def test_errors_and_ends_on_another_thread() -> None:
    def items() -> Any:
        yield from range(5)
        raise cp.InputError("no more")

    found = []
    with pytest.raises(cp.InputError, match="no more"):
        found.extend(ahead(items()))
    some = ahead(items())
    assert next(some) == 0
    some.close()


def test_a_record_without_an_end_is_not_read_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearprop.table.pieces.SIZE", 1 << 16)
    monkeypatch.setattr("clearprop.table.pieces.LONGEST", 1 << 20)
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "1,no\n" * 1000 + '2,"' + "open,\n" * 200_000)
    with pytest.raises(cp.InputError, match=r"line 1,002 does not end within 1.0 MiB; perhaps a quote"):
        cp.TableSource(path, target="y")


def test_words_among_many_numbers_are_found_first(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"1,{row}.5\n" for row in range(70_000)) + "1,n.a.x\n")
    for learn in (lambda: cp.TableSource(path, target="y"), lambda: Target.learn(read(path), "y", None)):
        with pytest.raises(cp.InputError, match=r"n\.a\.x"):
            learn()


def test_a_text_of_short_values_takes_up_more_than_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y,z\n" + "1,2,3\n" * 100_000)
    assert not fits(path, PROCESS + 7_000_000) and fits(path, PROCESS + 7_300_000)  # 24 bytes a value
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes())[:-9])
    assert fits(path.with_suffix(".csv.gz"), 0)  # whoever reads it says what is wrong
