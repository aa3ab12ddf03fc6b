"""A worker that is killed, or stops answering, at any instant: the others end in time, and a checkpoint is left.

`python -m tests.faults.workers 50` does this in so many random places, and says what came of each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.workers import ALL, FAULTS, Fault, check, expected

pytest.importorskip("torch", reason='no PyTorch: pip install "clearprop[torch]"')


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_others_end_and_any_number_goes_on(fault: Fault, tmp_path: Path) -> None:
    check(fault, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ALL, ids=str)
def test_in_random_places(fault: Fault, tmp_path: Path) -> None:
    check(fault, tmp_path)


def test_the_run_that_is_broken_is_worth_breaking() -> None:
    """It is long enough to be hit, and what goes on from a checkpoint is compared with numbers that mean something."""
    whole = expected()
    assert whole.state.step > 1000 and whole.history.loss[-1] < 0.9 * whole.history.loss[0]
