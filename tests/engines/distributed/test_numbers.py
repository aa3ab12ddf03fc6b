"""Several processes have the numbers of one that has the whole batch; and the same bits each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.engines.base import State
from clearprop.engines.distributed.updates import share
from tests.engines.distributed.cases import (
    AVERAGED,
    BATCH,
    CASES,
    FLOAT32,
    ROWS,
    learn_on_windows,
    train_on_windows,
)
from tests.engines.distributed.launching import run

pytest.importorskip("torch", reason='no PyTorch: pip install "clearprop[torch]"')


def found(folder: Path, name: str, rank: int) -> Any:
    return np.load(folder / f"{name} {rank}.npz")


def same(found: Any, expected: Any, rtol: float, atol: float) -> None:
    assert int(found["step"]) == expected.state.step
    np.testing.assert_allclose(found["flat"], expected.model.parameters.flat, rtol=rtol, atol=atol)
    np.testing.assert_allclose(found["losses"], expected.history.loss, rtol=rtol, atol=atol)
    for name, slot in expected.state.slots.items():
        np.testing.assert_allclose(found[f"slot {name}"], slot, rtol=rtol, atol=atol)


@pytest.fixture(scope="module", params=[2, 3])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path, list[str]]:
    """How many processes have done all, where, and what each has printed."""
    folder = tmp_path_factory.mktemp("trained")
    return request.param, folder, [one.out for one in run(request.param, "all_at_once", folder)]


Trained = tuple[int, Path, list[str]]


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_of_one_process(trained: Trained, name: str) -> None:
    count, folder, _ = trained
    same(found(folder, name, 0), CASES[name].train(), rtol=1e-9, atol=1e-12)
    for rank in range(1, count):
        for key, array in found(folder, name, 0).items():
            assert np.array_equal(array, found(folder, name, rank)[key]), (rank, key)


def test_the_same_bits_each_time(trained: Trained, tmp_path: Path) -> None:
    count, folder, _ = trained
    run(count, "float32", tmp_path)
    for kind in ("", ", averaged"):
        one = found(folder, f"once{kind}", 0)
        for where, name in ((folder, f"again{kind}"), (tmp_path, f"once{kind}")):
            for rank in range(count):
                for key, array in found(where, name, rank).items():
                    assert np.array_equal(array, one[key])
    alone, one = FLOAT32.train(), found(folder, "once", 0)
    np.testing.assert_allclose(one["flat"], alone.model.parameters.flat, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(one["losses"], alone.history.loss, rtol=1e-5)


def test_each_makes_some_updates_alone_and_all_take_the_mean(trained: Trained) -> None:
    count, folder, _ = trained
    X, Y, _ = AVERAGED.data()
    model, slots, step = AVERAGED.model(), dict.fromkeys("mv", 0.0), 0
    batches = [np.arange(ROWS)[start : start + BATCH] for start in range(0, ROWS, BATCH)]
    loss = 0.0
    for start in range(0, len(batches), 2):
        both = batches[start : start + 2]
        rows = sum(map(len, both))
        flat, mean, before = 0.0, dict.fromkeys(slots, 0.0), step
        for worker in range(count):
            own = np.concatenate([share(batch, worker, count)[1] for batch in both])
            size = len(share(both[0], worker, count)[1])
            state = State(0, step=before, slots={name: np.zeros(model.network.parameter_count) + slots[name]
                                                 for name in slots})  # fmt: skip
            found_alone = cp.train(
                model, X[own], Y[own], optimizer=cp.Adam(0.01), batch_size=size, order="sequential", state=state
            )
            flat = flat + found_alone.model.parameters.flat * len(own) / rows
            mean = {name: mean[name] + slot * len(own) / rows for name, slot in found_alone.state.slots.items()}
            loss += found_alone.history.loss[0] * len(own) / ROWS
        model, slots, step = cp.Model.of(type(model.parameters)(model.network, flat)), mean, before + len(both)
    for rank in range(count):
        one = found(folder, "averaged", rank)
        np.testing.assert_allclose(one["flat"], model.parameters.flat, rtol=1e-12)
        np.testing.assert_allclose(one["slot v"], slots["v"], rtol=1e-12)
        np.testing.assert_allclose(one["losses"], [loss], rtol=1e-12)
        assert int(one["step"]) == len(batches)


def test_workers_that_are_given_something_else_are_told_so(trained: Trained) -> None:
    for out in trained[2]:
        for what in ("order", "epochs", "engine"):
            said = json.loads(out)[what]
            assert said.startswith(f"distributed: worker 1 of {trained[0]} differs from worker 0 in {what};")


def test_a_run_that_diverges_does_so_for_all_at_once(trained: Trained) -> None:
    count, folder, printed = trained
    said = {json.loads(out)["diverging"] for out in printed}
    assert len(said) == 1 and "diverged in epoch 1, at update" in said.pop()
    with pytest.raises(cp.DivergenceError) as alone:
        CASES["momentum"].train(optimizer=cp.SGD(1e200))
    result: Any = alone.value.result
    for rank in range(count):
        same(found(folder, "diverged", rank), result, rtol=1e-9, atol=1e-12)


def test_a_source_gives_the_numbers_of_arrays(tmp_path: Path) -> None:
    """Also where one worker alone is told to stop, among windows that are read one after another."""
    told = run(2, "streamed", tmp_path)
    one = found(tmp_path, "from a source False", 0)
    same(one, train_on_windows(False), rtol=1e-9, atol=1e-12)
    for rank in range(2):
        for name in ("from a source True", "gone on"):
            for key in ("flat", "slot u", "step"):
                assert np.array_equal(found(tmp_path, name, rank)[key], one[key]), (rank, name, key)
        assert told[rank].out.startswith("distributed: workers that meet only every 2 updates need rows in memory")


@pytest.mark.parametrize("count", [2, 3])
def test_members_that_are_divided_have_the_bits_of_one_process(count: int, tmp_path: Path) -> None:
    """Of any shapes, from arrays and from a source, also where a run is stopped and goes on."""
    run(count, "ensembles", tmp_path)
    alone = learn_on_windows(False).ensemble.members
    for source in (False, True):
        for number, member in enumerate(alone):
            for rank in range(count):
                flat = np.load(tmp_path / f"{source} {number} {rank}.npy")
                assert np.array_equal(flat, member.parameters.flat), (source, number, rank)


@pytest.mark.parametrize(
    ("met", "message"),
    [
        (
            "met",
            "worker 1 of 2 is gone: it ended, or was cut off; nothing has been learnt since the start: start",
        ),
        ("not met", "not all of the 2 workers came within 5 s: one has ended, was not started, needs longer"),
    ],
)
def test_what_to_do_is_said_where_a_worker_is_lost_before_the_first_update(
    met: str, message: str, tmp_path: Path
) -> None:
    told = run(2, "lost", tmp_path, met)[0]
    assert told.out.startswith(message) and len(told.out.splitlines()) == 1, told.out


def test_any_number_of_workers_goes_on(tmp_path: Path) -> None:
    """Three workers stop where one of them is told to, in the middle of an epoch; others go on from their file."""
    run(3, "stopped", tmp_path)
    expected, case = CASES["everything"].train(), CASES["everything"]
    for every in (1, 3):
        stops = {int(found(tmp_path, f"stopped {every}", rank)["step"]) for rank in range(3)}
        assert len(stops) == 1 and 15 < stops.pop() <= 18
    by_one = tmp_path / "one.checkpoint"
    by_one.write_bytes((tmp_path / "1.checkpoint").read_bytes())
    alone = case.train(callbacks=[cp.Checkpoint(by_one, resume=True)])
    np.testing.assert_allclose(alone.model.parameters.flat, expected.model.parameters.flat, rtol=1e-9, atol=1e-12)
    assert len(alone.history) == len(expected.history)

    run(2, "resumed", tmp_path)
    for every in (1, 3):
        first, second = (found(tmp_path, f"resumed {every}", rank) for rank in range(2))
        assert np.array_equal(first["flat"], second["flat"])
        assert int(first["step"]) == expected.state.step
    same(found(tmp_path, "resumed 1", 0), expected, rtol=1e-9, atol=1e-12)
    with pytest.raises(cp.InputError, match=r"belongs to another run.*engine"):
        case.train(callbacks=[cp.Checkpoint(tmp_path / "3.checkpoint", resume=True)])
