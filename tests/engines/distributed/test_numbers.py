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
from tests.engines.distributed.cases import AVERAGED, BATCH, CASES, FLOAT32, ROWS
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
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    folder = tmp_path_factory.mktemp("trained")
    run(request.param, "all_cases", folder)
    return request.param, folder


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_of_one_process(trained: tuple[int, Path], name: str) -> None:
    count, folder = trained
    expected = CASES[name].train()
    same(found(folder, name, 0), expected, rtol=1e-9, atol=1e-12)
    for rank in range(1, count):
        for key, array in found(folder, name, 0).items():
            assert np.array_equal(array, found(folder, name, rank)[key]), (rank, key)


def test_the_same_bits_each_time(tmp_path: Path) -> None:
    for place in ("first", "second"):
        run(3, "float32", tmp_path / place)
    for kind in ("", ", averaged"):
        one = found(tmp_path / "first", f"once{kind}", 0)
        for folder, name in (("first", f"again{kind}"), ("second", f"once{kind}")):
            for rank in range(3):
                for key, array in found(tmp_path / folder, name, rank).items():
                    assert np.array_equal(array, one[key])
    alone = FLOAT32.train()
    one = found(tmp_path / "first", "once", 0)
    np.testing.assert_allclose(one["flat"], alone.model.parameters.flat, rtol=2e-3, atol=2e-5)
    np.testing.assert_allclose(one["losses"], alone.history.loss, rtol=1e-5)


@pytest.mark.parametrize("count", [2, 3])
def test_each_makes_some_updates_alone_and_all_take_the_mean(count: int, tmp_path: Path) -> None:
    run(count, "averaged", tmp_path)
    X, Y, _ = AVERAGED.data()
    model, slots, step = AVERAGED.model(), {name: 0.0 for name in "mv"}, 0
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
        one = found(tmp_path, "averaged", rank)
        np.testing.assert_allclose(one["flat"], model.parameters.flat, rtol=1e-12)
        np.testing.assert_allclose(one["slot v"], slots["v"], rtol=1e-12)
        np.testing.assert_allclose(one["losses"], [loss], rtol=1e-12)
        assert int(one["step"]) == len(batches)


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("others", [1, 2, 4])
def test_any_number_of_workers_goes_on(every: int, others: int, tmp_path: Path) -> None:
    """Three workers stop where one of them is told to, in the middle of an epoch; others go on from their file."""
    ended = run(3, "stopped", tmp_path, 15, every)
    stops = {int(found(tmp_path, "stopped", rank)["step"]) for rank in range(3)}
    assert len(stops) == 1 and 15 <= stops.pop() <= 18 and all(not one.out for one in ended)
    run(others, "resumed", tmp_path, every)
    results = [found(tmp_path, "resumed", rank) for rank in range(others)]
    assert all(np.array_equal(one["flat"], results[0]["flat"]) for one in results)
    expected = CASES["everything"].train()
    assert int(results[0]["step"]) == expected.state.step
    if every == 1:
        same(results[0], expected, rtol=1e-9, atol=1e-12)
        (tmp_path / "run.checkpoint").unlink()


def test_one_process_goes_on_from_the_checkpoint_of_several(tmp_path: Path) -> None:
    run(2, "stopped", tmp_path, 15, 1)
    resumed = CASES["everything"].train(callbacks=[cp.Checkpoint(tmp_path / "run.checkpoint", resume=True)])
    expected = CASES["everything"].train()
    np.testing.assert_allclose(resumed.model.parameters.flat, expected.model.parameters.flat, rtol=1e-9, atol=1e-12)
    assert len(resumed.history) == len(expected.history)


@pytest.mark.parametrize(
    ("what", "named"), [("data", "order"), ("epochs", "epochs"), ("engine", "engine")], ids=lambda text: text
)
def test_workers_that_are_given_something_else_are_told_so(what: str, named: str, tmp_path: Path) -> None:
    for one in run(2, "differing", tmp_path, what):
        assert "worker 1 of 2 differs from worker 0 in " in json.loads(one.out)
        assert named in json.loads(one.out)


def test_a_run_that_diverges_does_so_for_all_at_once(tmp_path: Path) -> None:
    said = {one.out for one in run(2, "diverging", tmp_path)}
    assert len(said) == 1 and "diverged in epoch 1, at update" in said.pop()
    with pytest.raises(cp.DivergenceError) as alone:
        CASES["momentum"].train(optimizer=cp.SGD(1e200))
    for rank in range(2):
        result: Any = alone.value.result
        same(found(tmp_path, "diverged", rank), result, rtol=1e-9, atol=1e-12)
