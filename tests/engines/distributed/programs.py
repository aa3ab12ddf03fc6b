"""What each of several processes does: python -m tests.engines.distributed.programs NAME WORDS."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.training import Callback, Moment, loop
from tests.engines.distributed.cases import AVERAGED, CASES, FLOAT32

RANK = os.environ["RANK"]
PROGRAMS: dict[str, Callable[..., None]] = {}


def program(function: Callable[..., None]) -> Callable[..., None]:
    PROGRAMS[function.__name__] = function
    return function


def keep(name: str, result: Any) -> None:
    """Writes a result where the test finds it."""
    slots = {f"slot {slot}": array for slot, array in result.state.slots.items()}
    flat, losses = result.model.parameters.flat, np.array(result.history.loss)
    np.savez(f"{name} {RANK}.npz", flat=flat, losses=losses, step=result.state.step, **slots)


@program
def all_cases() -> None:
    for name, case in CASES.items():
        keep(name, case.train(distributed=cp.Distributed(timeout=120)))


@program
def float32() -> None:
    for name in ("once", "again"):
        keep(name, FLOAT32.train(distributed=cp.Distributed(timeout=120)))
        keep(f"{name}, averaged", FLOAT32.train(distributed=cp.Distributed(every=3, timeout=120)))


class StopAt(Callback):
    """Ends the run where so many updates are done, as one worker alone is told."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_tick(self, moment: Moment) -> bool | None:
        return False if moment.step >= self.step and RANK == "1" else None


@program
def stopped(step: str, every: str) -> None:
    loop.TICK_SECONDS = 0.0
    callbacks = [StopAt(int(step)), cp.Checkpoint("run.checkpoint")]
    result = CASES["everything"].train(distributed=cp.Distributed(every=int(every), timeout=120), callbacks=callbacks)
    assert result.ended == "stopped"
    keep("stopped", result)


@program
def resumed(every: str) -> None:
    callbacks = [cp.Checkpoint("run.checkpoint", resume=True)]
    keep("resumed", CASES["everything"].train(distributed=cp.Distributed(int(every), 120), callbacks=callbacks))


@program
def averaged() -> None:
    """Each worker's own two updates, and the mean."""
    keep("averaged", AVERAGED.train(distributed=cp.Distributed(every=2, timeout=120)))


@program
def differing(what: str) -> None:
    """One worker is given something else."""
    case, other = CASES["momentum"], RANK == "1"
    more: dict[str, Any] = {}
    if what == "data" and other:
        more["order"], more["epochs"] = "sequential", 3
    if what == "epochs" and other:
        more["epochs"] = 3
    if what == "engine" and other:
        more["engine"] = "reference"
    try:
        case.train(distributed=cp.Distributed(timeout=120), **more)
    except cp.InputError as error:
        print(json.dumps(str(error)))


@program
def diverging() -> None:
    try:
        CASES["momentum"].train(optimizer=cp.SGD(1e200), distributed=cp.Distributed(timeout=120))
    except cp.DivergenceError as error:
        print(json.dumps(str(error)))
        keep("diverged", error.result)


if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
