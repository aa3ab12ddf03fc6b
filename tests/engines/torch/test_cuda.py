"""On a GPU: the numbers of the reference, the bits of the run before, and what only a GPU has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from clearprop.engines import get_engine
from tests.engines.torch.conftest import problem, same

torch = pytest.importorskip("torch")

from clearprop.engines.torch import data, engine, steps  # noqa: E402
from clearprop.engines.torch.engine import Torch  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
EPOCHS = 6


@pytest.mark.parametrize("resident", [True, False], ids=["resident", "on host"])
@pytest.mark.parametrize("weighted", [True, False], ids=["weighted", ""])
@pytest.mark.parametrize("count", [1, 3])
def test_runs_are_the_reference_s(count: int, weighted: bool, resident: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "fits", lambda samples, device: resident)
    members, samples = problem(count, weighted=weighted)
    found = Torch("torch:cuda").train_many(members, samples, epochs=EPOCHS, threads=1)
    expected = get_engine("reference").train_many(members, samples, epochs=EPOCHS, threads=1)
    for one, true in zip(found, expected, strict=True):
        same(one, true, rtol=1e-9, atol=1e-13)


def test_steps_are_recorded_once_and_launched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    records: list[int] = []
    monkeypatch.setattr(engine, "recorded", lambda *given: records.append(1) or steps.recorded(*given))
    (member,), samples = problem()
    machine = Torch("torch:cuda")
    runs = [
        machine.train_epochs(member.parameters, samples, member.plan, member.state, epochs=EPOCHS) for _ in range(2)
    ]
    assert len(records) == 2  # of a whole batch, and of the short last one
    same(runs[1], runs[0], rtol=0, atol=0)


def test_evaluation() -> None:
    (member,), samples = problem()
    machine, reference = Torch("torch:cuda"), get_engine("reference")
    loss, gradients = machine.loss_and_gradients(member.parameters, samples, 1)
    true, true_gradients = reference.loss_and_gradients(member.parameters, samples, 1)
    assert loss == pytest.approx(true, rel=1e-11)
    np.testing.assert_allclose(gradients.flat, true_gradients.flat, rtol=1e-10, atol=1e-14)
    outputs = machine.predict(member.parameters, samples.X, 1)
    np.testing.assert_allclose(outputs, reference.predict(member.parameters, samples.X, 1), rtol=1e-11)


def test_bfloat16_is_no_farther_than_rounding() -> None:
    def losses(machine: Any, precision: str) -> Any:
        (member,), samples = problem(dtype="float32", precision=precision)
        return machine.train_epochs(member.parameters, samples, member.plan, member.state, epochs=EPOCHS).losses

    machine = Torch("torch:cuda")
    machine.check_precision("bfloat16")
    expected, full = (losses(get_engine("reference"), precision) for precision in ("bfloat16", "full"))
    found = losses(machine, "bfloat16")
    np.testing.assert_allclose(found, expected, rtol=0.02)
    assert not np.array_equal(found, losses(machine, "full")) and not np.array_equal(expected, full)
