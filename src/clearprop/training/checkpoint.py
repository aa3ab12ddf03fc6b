"""Checkpoints: one file that a run which was stopped, or killed, goes on from as if nothing had happened."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from clearprop.engines.base import Array, Samples
from clearprop.engines.source import Source
from clearprop.errors import InputError, check_count, check_number
from clearprop.training.callbacks import Callback, Ending, Memory, Moment
from clearprop.training.history import COLUMNS, History
from clearprop.training.prepare import Job
from clearprop.training.run import Run

if TYPE_CHECKING:
    from clearprop.container import Contents

KIND = "checkpoint"
_FINAL = ("early stopping", "all right")
_SHORT = 60


@dataclass(frozen=True)
class Resumed:
    """What a run goes on from: where it stood, what had happened, what its callbacks knew, and whether it had ended."""

    run: Run
    history: History
    memories: Mapping[str, Memory]
    ended: Ending | None


class Checkpoint(Callback):
    """Writes all that a run needs to go on, to one file that is always whole: the old one or the new one.

    It is written every `every_seconds`, also in the middle of an epoch; after every `every_epochs` epochs; when the run
    ends; and when Ctrl-C interrupts it. It holds no row of the data, only their checksums.

    With `resume`, and where the file is there, `train` goes on from it, and what it returns is bit for bit what it
    would have returned without the stop: weights, optimizer, history (but for the seconds), early stopping. Give
    `train` the same arguments as before; only `epochs` may be more.

    Args:
        path: the file.
        every_seconds: how often to write it; None for not by time.
        every_epochs: after how many epochs to write it; None for not by epochs.
        resume: go on from the file where it is there.

    Raises:
        InputError: the file cannot be written, is damaged, or belongs to another run; it says in what they differ.

    >>> Checkpoint("run.checkpoint", every_epochs=5)
    Checkpoint('run.checkpoint', every_seconds=30.0, every_epochs=5, resume=False)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        every_seconds: float | None = 30.0,
        every_epochs: int | None = None,
        resume: bool = False,
    ) -> None:
        self.path = Path(path)
        self.every_seconds = None if every_seconds is None else check_number("every_seconds", every_seconds)
        self.every_epochs = None if every_epochs is None else check_count("every_epochs", every_epochs)
        self.resume = bool(resume)
        self._written = 0.0
        self._writes = True
        self._about: dict[str, Any] = {}
        self._others: dict[str, Callback] = {}

    def attach(self, job: Job, callbacks: Sequence[Callback]) -> Resumed | None:
        """Called by `train` before all else: what is to be kept, and what to go on from, if anything."""
        contents = self.open(describe(job), callbacks, writes=job.workers.is_first)
        if contents is None:
            return None
        with self.reading():
            resumed = _unpacked(job, contents)
        state = resumed.run.state
        if (state.epoch, state.batch) > (job.epochs, 0):
            raise InputError(
                f"{self.path}: the checkpoint stands in epoch {state.epoch + (state.batch > 0)}, and the run is to end "
                f"after {job.epochs}; ask for as many epochs as before, or more"
            )
        return resumed

    def open(self, about: Mapping[str, Any], callbacks: Sequence[Callback], *, writes: bool = True) -> Contents | None:
        """Begins to keep a run that is `about` this, or finds what one like it has left to go on from.

        Who does not write only reads: all workers of a run have the same to keep, and the first one keeps it.
        """
        self._about, self._writes = dict(about), writes
        self._others = _named([one for one in callbacks if one.save() is not None])
        if not self.resume or not self.path.exists():
            return None
        from clearprop.container import read

        contents = read(self.path)
        if contents.metadata.get("kind") != KIND:
            raise InputError(f"{self.path}: this is not a checkpoint of a training run")
        with self.reading():
            self._compare(contents.metadata["about"], contents.metadata["callbacks"])
        return contents

    def remind(self, memories: Mapping[str, Memory], moment: Moment) -> None:
        """Called after `on_start`: gives the callbacks what they knew."""
        with self.reading():
            for name, memory in memories.items():
                self._others[name].load(memory, moment)

    @property
    def is_due(self) -> bool:
        """Whether it is time to write it again."""
        return (
            self._writes and self.every_seconds is not None and time.monotonic() - self._written >= self.every_seconds
        )

    def on_start(self, moment: Moment) -> None:
        self._written = time.monotonic()

    def on_tick(self, moment: Moment) -> bool | None:
        return True if self.is_due else None

    def on_pause(self, moment: Moment) -> None:
        self._write(moment)

    def on_epoch_end(self, moment: Moment) -> None:
        if self.every_epochs is not None and moment.epoch % self.every_epochs == 0:
            self._write(moment)

    def on_end(self, moment: Moment) -> None:
        if moment.ended != "diverged":
            self._write(moment)

    @property
    def each_epoch(self) -> bool:
        return self.every_epochs is not None

    def take_over(self, updates: int) -> None:
        """Writes from now on, as the worker that did may be gone; not where the file has come as far already."""
        from clearprop.container import read

        self._writes = True
        with suppress(InputError):  # what is not there, or damaged, is no better than what we have
            kept = read(self.path).metadata
            self._writes = kept.get("about") != _plain(self._about) or kept.get("updates", -1) < updates

    def write(self, tensors: Mapping[str, Array], values: Mapping[str, Any], updates: int) -> None:
        """Writes arrays and plain values of so many updates, with what the run is about and what its callbacks keep."""
        from clearprop.container import write

        if not self._writes:
            return
        arrays = dict(tensors)
        kept: dict[str, dict[str, Any]] = {}
        for name, callback in self._others.items():
            memory = callback.save() or Memory({})
            kept[name] = dict(memory.values)
            arrays.update({f"callbacks/{name}/{key}": array for key, array in memory.tensors.items()})
        write(self.path, arrays, {"kind": KIND, "about": self._about, "callbacks": kept, "updates": updates, **values})
        self._written = time.monotonic()

    def _write(self, moment: Moment) -> None:
        assert moment.run is not None
        tensors, state = moment.run.pack()
        history = moment.history
        tensors.update(columns_of(history))
        about_history = {name: getattr(history, name) for name in ("first_epoch", "metric_name", "monitor")}
        values = {"epochs": moment.epochs, "state": state, "history": about_history, "ended": moment.ended}
        self.write(tensors, values, moment.step)

    def _compare(self, then: Mapping[str, Any], callbacks: Mapping[str, Any]) -> None:
        now = _plain(self._about)
        different = [
            f"{name} ({_said(then.get(name), now.get(name))})"
            for name in {**now, **then}
            if then.get(name) != now.get(name)
        ]
        if set(callbacks) != set(self._others):
            different.append(f"callbacks ({_said(sorted(callbacks), sorted(self._others))})")
        if different:
            raise InputError(
                f"the checkpoint belongs to another run; what differs: {'; '.join(different)}. "
                "Give what that run was given, or begin anew without resuming"
            )

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A block in which whatever is wrong with the contents of the file is an `InputError` that names the file."""
        try:
            yield
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from None
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{self.path}: not a whole checkpoint: {type(error).__name__}: {error}") from None

    def __repr__(self) -> str:
        settings = f"every_seconds={self.every_seconds}, every_epochs={self.every_epochs}, resume={self.resume}"
        return f"Checkpoint('{self.path}', {settings})"


def describe(job: Job) -> dict[str, Any]:
    """All that the result of a run depends on, but for the number of epochs: a run goes on only as what it was."""
    plan, start = job.plan, job.start
    tensors, state = start.pack()
    return {
        "network": job.network.to_json(),
        "float type": str(start.parameters.flat.dtype),
        "engine": job.engine.name,
        "optimizer": plan.optimizer.to_json(),
        "batch size": plan.batch_size,
        "order": plan.order if isinstance(plan.order, str) else checksum(plan.order),
        "drop_last": plan.drop_last,
        "precision": plan.precision,
        "seed": start.state.seed,
        "stop_when_right": job.stop_when_right,
        "metric": None if job.metric is None else job.metric.name,
        "training data": fingerprint(job.samples),
        "validation data": None if job.validation is None else fingerprint(job.validation),
        "starting point": {**state, **{name: checksum(array) for name, array in tensors.items()}},
    }


def _named(callbacks: Iterable[Callback]) -> dict[str, Callback]:
    """Each callback under the name of its class, and a number where there are several."""
    named: dict[str, Callback] = {}
    for callback in callbacks:
        kind = type(callback).__name__
        same = sum(type(other) is type(callback) for other in named.values())
        named[f"{kind} {same + 1}" if same else kind] = callback
    return named


def fingerprint(samples: Samples | Source) -> dict[str, str | None]:
    """Checksums of what is learnt from, by which another run tells whether it learns from the same.

    A source has those of its rows in memory.
    """
    if isinstance(samples, Source):
        return {**_checksums(samples), "weights": None}
    parts = {"X": samples.X, "Y": samples.Y, "weights": samples.weights}
    return {name: None if array is None else checksum(array) for name, array in parts.items()}


def checksum(array: Array) -> str:
    from hashlib import sha256

    contiguous = np.ascontiguousarray(array)
    return f"{contiguous.shape} {contiguous.dtype.str} {sha256(contiguous.data).hexdigest()}"


def _checksums(source: Source) -> dict[str, str]:
    from hashlib import sha256

    found = sha256(), sha256()
    for _, *parts in source.parts():
        for known, part in zip(found, parts, strict=True):
            known.update(part.data)
    kept = zip(("X", "Y"), source.like, found, strict=True)
    return {name: f"{(len(source), *like.shape[1:])} {like.dtype.str} {one.hexdigest()}" for name, like, one in kept}


def _plain(about: Mapping[str, Any]) -> Any:
    """As it comes out of a file."""
    return json.loads(json.dumps(about))


def _said(then: Any, now: Any) -> str:
    """What a thing was and is, as far as that is short."""
    if isinstance(then, dict) and isinstance(now, dict):
        keys = [key for key in {**now, **then} if then.get(key) != now.get(key)]
        return ", ".join(f"{key} {_said(then.get(key), now.get(key))}" for key in keys)
    words = [json.dumps(value, ensure_ascii=False) for value in (then, now)]
    return f"then {words[0]}, now {words[1]}" if max(map(len, words)) <= _SHORT else "other values"


def _unpacked(job: Job, contents: Contents) -> Resumed:
    metadata, tensors = contents.metadata, contents.tensors
    flat = tensors["parameters"]
    if flat.dtype != job.start.parameters.flat.dtype or not np.isfinite(flat).all():
        raise ValueError("the parameters are not finite numbers of the model's type")
    run = Run.unpack(job.network, tensors, metadata["state"]).check(job.plan.optimizer, job.batches)
    columns = {name: [float(value) for value in tensors[f"history/{name}"]] for name in COLUMNS}
    if len(columns["loss"]) != run.state.epoch - job.start.state.epoch:
        raise ValueError("the history has another number of epochs than the state")
    ended = metadata["ended"]
    if ended is not None and ended not in get_args(Ending):
        raise ValueError(f"unknown ending {ended!r}")
    history = History(columns, **metadata["history"])
    return Resumed(run, history, memories(contents), ended if ended in _FINAL else None)


def memories(contents: Contents) -> dict[str, Memory]:
    """What each callback kept."""
    found = {}
    for name, values in contents.metadata["callbacks"].items():
        prefix = f"callbacks/{name}/"
        kept = {key.removeprefix(prefix): array for key, array in contents.tensors.items() if key.startswith(prefix)}
        found[name] = Memory(values, kept)
    return found


def columns_of(history: History) -> dict[str, Array]:
    """The columns of a history as arrays."""
    return {f"history/{name}": np.array(getattr(history, name), dtype=np.float64) for name in COLUMNS}
