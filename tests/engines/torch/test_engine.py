"""How the engine on PyTorch goes about a run: chunks, cursors, groups, ticks, memory. What it computes is compared in
`engines_agree`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from clearprop.engines import get_engine
from clearprop.engines.base import Member, Outcome, Plan, Samples, State
from clearprop.errors import InputError
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import SGD, Adam
from tests.engines.torch.conftest import NETWORK, problem, same

torch = pytest.importorskip("torch")

from clearprop.engines.torch import data, engine, steps  # noqa: E402
from clearprop.engines.torch.device import check_dtype, device_of  # noqa: E402
from clearprop.engines.torch.engine import Torch  # noqa: E402

EPOCHS = 6


def alone(machine: Any, member: Member, samples: Samples, **more: Any) -> Outcome:
    outcome: Outcome = machine.train_epochs(
        member.parameters, samples, member.plan, member.state, epochs=EPOCHS, **more
    )
    return outcome


@pytest.fixture(params=[1, 3], ids=["one", "three side by side"])
def count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=[True, False], ids=["weighted", ""])
def case(request: pytest.FixtureRequest, count: int) -> tuple[list[Member], Samples]:
    return problem(count, weighted=request.param)


def run(members: list[Member], samples: Samples) -> list[Outcome]:
    return Torch("torch:cpu").train_many(members, samples, epochs=EPOCHS, threads=1)


def test_updates_by_cursor_are_those_launched_one_by_one(
    case: tuple[list[Member], Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way that is recorded on a GPU, here without a record."""
    expected = run(*case)
    seen = []

    class Unrecorded(steps.ByCursor):
        def run(self, chunk: data.Chunk) -> Any:
            seen.append(set(chunk.sizes))
            return super().run(chunk)

    monkeypatch.setattr(engine, "Eager", lambda updates: Unrecorded(updates, engine.MOST_STEPS))
    for found, one in zip(run(*case), expected, strict=True):
        same(found, one, rtol=1e-13)
    assert set.union(*seen) == {8, 53 % 8}


def test_a_recorded_update_leaves_no_trace_of_how_it_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """`recorded` runs an update to warm up; then all that it changed is as before, the cursor too."""

    class Anything:
        def __init__(self, *arguments: Any) -> None: ...

        def __getattr__(self, name: str) -> Any:
            return lambda *arguments: None

        def __enter__(self) -> None: ...

        def __exit__(self, *arguments: Any) -> None: ...

    for name in ("Stream", "CUDAGraph", "stream", "graph"):
        monkeypatch.setattr(torch.cuda, name, Anything)
    monkeypatch.setattr(torch.cuda, "current_stream", Anything)
    cursor, flat = torch.tensor([5]), torch.arange(3.0)
    places = []

    def one() -> None:
        places.append(int(cursor))
        cursor.add_(1)
        flat.mul_(2.0)

    steps.recorded(one, [cursor, flat])
    assert places[0] == places[1] == 0
    assert (cursor.tolist(), flat.tolist()) == ([5], [0.0, 1.0, 2.0])


def test_samples_that_do_not_fit_are_sent_chunk_by_chunk(
    case: tuple[list[Member], Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(*case)
    monkeypatch.setattr(data, "fits", lambda samples, device: False)
    assert isinstance(data.placed(case[1], torch.device("cpu")), data.OnHost)
    for found, one in zip(run(*case), expected, strict=True):
        same(found, one, rtol=0, atol=0)


@pytest.mark.parametrize("most", [1, 5, 7, 1000])
def test_the_length_of_chunks_changes_no_bit(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    members, samples = problem(2)
    expected = run(members, samples)
    monkeypatch.setattr(engine, "FIRST_STEPS", most)
    monkeypatch.setattr(engine, "MOST_STEPS", most)
    for found, one in zip(run(members, samples), expected, strict=True):
        same(found, one, rtol=0, atol=0)


@pytest.mark.parametrize("stop", [0, 3, 6, 7, 8, 20, 41])
def test_a_run_that_is_stopped_goes_on_with_the_same_bits(stop: int) -> None:
    (member,), samples = problem()
    whole, machine = alone(Torch("torch:cpu"), member, samples), Torch("torch:cpu")
    begun = alone(machine, member, samples, steps=stop)
    assert (begun.ended, begun.state.step) == ("stopped", stop)
    rest = alone(machine, replace(member, parameters=begun.parameters, state=begun.state), samples)
    same(replace(rest, losses=np.concatenate([begun.losses, rest.losses])), whole, rtol=0, atol=0)


def test_a_tick_is_asked_ten_times_a_second_and_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    members, samples = problem(2)
    members.append(replace(members[0], plan=replace(members[0].plan, batch_size=5)))
    now = [0.0]

    def clock() -> float:
        now[0] += 0.03
        return now[0]

    monkeypatch.setattr(engine.time, "perf_counter", clock)
    asked: list[tuple[int, int, int]] = []

    def tick(epoch: int, batch: int, step: int) -> bool:
        assert step == 7 * epoch + batch
        asked.append((epoch, batch, step))
        return len(asked) < 3

    monkeypatch.setattr(engine, "MOST_STEPS", 2)
    outcomes = Torch("torch:cpu").train_many(members, samples, epochs=100, threads=1, tick=tick)
    assert len(asked) == 3 and 0 < asked[0][2] < asked[1][2] < asked[2][2]
    assert [outcome.ended for outcome in outcomes] == ["stopped"] * 3
    assert [outcome.state.step for outcome in outcomes] == [asked[-1][2]] * 2 + [0]


def test_what_goes_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    members, samples = problem(4)
    first = members[0]
    other = replace(first, plan=replace(first.plan, optimizer=Adam(0.1)))
    later = replace(first, state=replace(first.state, epoch=1, step=7))
    fewer = replace(first, rows=np.arange(20))
    machine = Torch("torch:cpu")
    assert machine._groups([*members, other, later, fewer, members[1]], samples) == [[0, 1, 2, 3, 7], [4], [5], [6]]
    monkeypatch.setattr(engine, "TOGETHER", (1, 1))
    assert machine._groups(members, samples) == [[0], [1], [2], [3]]


def test_one_that_diverges_leaves_the_others_alone() -> None:
    network = Network(3, [Dense(8, "relu"), Dense(2, "identity")])
    rng = np.random.default_rng(0)
    samples = Samples(rng.normal(size=(20, 3)), rng.normal(size=(20, 2)))
    start = Parameters(network, rng.normal(size=network.parameter_count))
    members = []
    for rate in (0.01, 1e30, 0.02):
        state = State.start(network, SGD(rate), 0, start.flat.dtype)
        members.append(Member(start, Plan(SGD(rate), 6), state))
    found = Torch("torch:cpu").train_many(members, samples, epochs=EPOCHS, threads=1)
    expected = get_engine("reference").train_many(members, samples, epochs=EPOCHS, threads=1)
    assert [outcome.ended for outcome in found] == ["done", "diverged", "done"]
    for number in (0, 2):
        same(found[number], expected[number], rtol=1e-10)
    assert found[1].state.moved(slots={}, sums=expected[1].state.sums) == expected[1].state


def test_an_epoch_without_batches() -> None:
    (member,), samples = problem(batch_size=60, drop_last=True)
    outcomes = [alone(machine, member, samples) for machine in (Torch("torch:cpu"), get_engine("reference"))]
    same(*outcomes, rtol=0, atol=0)


def test_evaluation_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    (member,), samples = problem()
    machine = Torch("torch:cpu")

    def found() -> list[Any]:
        loss, gradients = machine.loss_and_gradients(member.parameters, samples, 1)
        outputs = machine.predict(member.parameters, samples.X, 1)
        return [loss, machine.loss(member.parameters, samples, 1), gradients.flat, outputs]

    whole = found()
    monkeypatch.setattr(engine, "PIECE", (500, 500))
    assert len(machine._pieces(NETWORK, len(samples))) > 3
    for one, all_at_once in zip(found(), whole, strict=True):
        np.testing.assert_allclose(one, all_at_once, rtol=1e-12, atol=1e-16)


def test_the_same_bits_each_time_and_no_operation_that_has_no_order() -> None:
    members, samples = problem(3, dtype="float32")
    first = run(members, samples)
    torch.use_deterministic_algorithms(True)
    try:
        for found, one in zip(run(members, samples), first, strict=True):
            same(found, one, rtol=0, atol=0)
    finally:
        torch.use_deterministic_algorithms(False)


def test_threads_are_as_before_and_autograd_is_left_alone() -> None:
    (member,), samples = problem(threads=3)
    before = torch.get_num_threads()
    alone(Torch("torch:cpu"), member, samples, tick=lambda *moment: torch.get_num_threads() == 3)
    assert torch.get_num_threads() == before
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_the_next_call_finds_the_samples_where_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a run with callbacks does, which asks for epoch after epoch."""
    (member,), samples = problem()
    placed: list[Samples] = []
    monkeypatch.setattr(engine, "placed", lambda one, device: placed.append(one) or data.placed(one, device))
    machine = Torch("torch:cpu")
    for _ in range(3):
        alone(machine, member, samples)
    assert len(placed) == 1
    same(alone(machine, member, replace(samples, weights=None)), run([member], replace(samples, weights=None))[0], 0, 0)
    assert len(placed) == 3


class Own(SGD):
    """An optimizer of a user's own."""


def test_an_optimizer_of_ones_own() -> None:
    (member,), samples = problem()
    own = replace(member, plan=Plan(Own(0.1), 8), state=replace(member.state, slots={}))
    message = 'the torch engine does not know the optimizer Own; give engine="reference"'
    with pytest.raises(InputError, match=message):
        alone(Torch("torch:cpu"), own, samples)
    with pytest.raises(InputError, match=message):
        Torch("torch:cpu").train_many([own], samples, epochs=1, threads=1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torch:", 'PyTorch has no device ""'),
        ("torch:gpu", 'PyTorch has no device "gpu"'),
        ("torch:cpu:x", 'PyTorch has no device "cpu:x"'),
        ("torch:cuda:99", '"torch:cuda:99" asks for a device that is not there'),
        ("torch:meta", '"torch:meta" asks for a device that is not there'),
        ("torchs", 'unknown engine "torchs"; did you mean "torch"'),
    ],
)
def test_devices_that_are_not_there(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get_engine(name)


def test_the_usual_device() -> None:
    assert device_of("torch").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert get_engine("torch:cpu").name == "torch:cpu"


def test_a_device_without_a_float_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*shape: Any, dtype: Any, device: Any) -> Any:
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")

    monkeypatch.setattr(torch, "zeros", refuse)
    with pytest.raises(InputError, match='the device "cpu" has no float64; make the model with dtype="float32"'):
        check_dtype(torch.device("cpu"), np.dtype(np.float64))


def test_a_device_without_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Torch("torch:cpu")
    machine.check_precision("bfloat16")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    machine.device = torch.device("cuda:0")
    machine.check_precision("full")
    with pytest.raises(InputError, match='the device "cuda:0" or this PyTorch does not have; leave out precision'):
        machine.check_precision("bfloat16")


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r'PyTorch is not installed; pip install "clearprop\[torch\]"'):
        get_engine("torch:cpu")
