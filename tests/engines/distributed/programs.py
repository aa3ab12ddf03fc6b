"""What each of several processes does: python -m tests.engines.distributed.programs NAME WORDS."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.engines import get_engine
from clearprop.engines.distributed import joined, members
from clearprop.engines.distributed.settings import rank
from clearprop.tabular import side_by_side
from clearprop.training import Callback, Moment, loop
from tests.engines.distributed.cases import AVERAGED, CASES, FLOAT32, learn_on_windows, train_on_windows

RANK = str(rank())
TIMEOUT = 120.0
EVERY = (1, 3)
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
def all_at_once() -> None:
    """All that takes no start of its own."""
    for name, case in CASES.items():
        keep(name, case.train(distributed=cp.Distributed(timeout=TIMEOUT)))
    keep("averaged", AVERAGED.train(distributed=cp.Distributed(every=2, timeout=TIMEOUT)))
    told = {what: differing(what) for what in ("order", "epochs", "engine")}
    try:
        CASES["momentum"].train(optimizer=cp.SGD(1e200), distributed=cp.Distributed(timeout=TIMEOUT))
    except cp.DivergenceError as error:
        told["diverging"] = str(error)
        keep("diverged", error.result)
    float32()
    print(json.dumps(told))


def differing(what: str) -> str:
    """What is said where worker 1 is given something else."""
    other: dict[str, Any] = {"order": "sequential", "epochs": 3, "engine": "reference"}
    more = {what: other[what]} if RANK == "1" else {}
    try:
        CASES["momentum"].train(distributed=cp.Distributed(timeout=TIMEOUT), **more)
    except cp.InputError as error:
        return str(error)
    return "nothing"


@program
def float32() -> None:
    for name in ("once", "again"):
        keep(name, FLOAT32.train(distributed=cp.Distributed(timeout=TIMEOUT)))
        keep(f"{name}, averaged", FLOAT32.train(distributed=cp.Distributed(every=3, timeout=TIMEOUT)))


class StopAt(Callback):
    """Ends the run where so many updates are done, as one worker alone is told."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_tick(self, moment: Moment) -> bool | None:
        return False if moment.step >= self.step and RANK == "1" else None


@program
def stopped() -> None:
    loop.TICK_SECONDS = 0.0
    for every in EVERY:
        callbacks = [StopAt(15), cp.Checkpoint(f"{every}.checkpoint")]
        result = CASES["everything"].train(distributed=cp.Distributed(every, TIMEOUT), callbacks=callbacks)
        assert result.ended == "stopped"
        keep(f"stopped {every}", result)


@program
def streamed() -> None:
    loop.TICK_SECONDS = 0.0
    together = cp.Distributed(timeout=TIMEOUT)
    for source in (False, True):
        keep(f"from a source {source}", train_on_windows(source, distributed=together))
    stopped = train_on_windows(True, distributed=together, callbacks=[StopAt(13), cp.Checkpoint("a.checkpoint")])
    assert stopped.ended == "stopped" and 13 < stopped.state.step < 60
    callbacks = [cp.Checkpoint("a.checkpoint", resume=True)]
    keep("gone on", train_on_windows(True, distributed=together, callbacks=callbacks))
    try:
        train_on_windows(True, distributed=cp.Distributed(every=2, timeout=TIMEOUT))
    except cp.InputError as error:
        print(error)


@program
def ensembles() -> None:
    """Members whose workers hear from each other after every update, and of which one worker is told to stop."""
    members.SLICE_SECONDS = side_by_side.TICK_SECONDS = 0.0
    together = cp.Distributed(timeout=TIMEOUT)
    for source in (False, True):
        path = f"{source}.checkpoint"
        stopped = learn_on_windows(source, distributed=together, callbacks=[StopAt(13), cp.Checkpoint(path)])
        assert stopped.ended == "stopped"
        learnt = learn_on_windows(source, distributed=together, callbacks=[cp.Checkpoint(path, resume=True)])
        for number, member in enumerate(learnt.ensemble.members):
            np.save(f"{source} {number} {RANK}.npy", member.parameters.flat)


@program
def lost(met: str) -> None:
    """Worker 1 ends before the workers meet, or once they have met, before the first update."""
    settings = cp.Distributed(timeout=5.0)
    if RANK == "1":
        if met == "met":
            joined(get_engine("native"), settings)
        os._exit(0)
    try:
        CASES["momentum"].train(distributed=settings)
    except cp.WorkerError as error:
        print(error)


@program
def resumed() -> None:
    """Where PyTorch's own process group is there already, as under Ray Train."""
    import torch

    torch.distributed.init_process_group("gloo")
    for every in EVERY:
        callbacks = [cp.Checkpoint(f"{every}.checkpoint", resume=True)]
        result = CASES["everything"].train(distributed=cp.Distributed(every, TIMEOUT), callbacks=callbacks)
        keep(f"resumed {every}", result)


if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
