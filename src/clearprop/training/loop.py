"""The one training loop: engines compute epochs, the loop keeps the books between their calls."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from clearprop.engines.base import Outcome, State, Tick
from clearprop.engines.distributed import Distributed
from clearprop.engines.source import Source
from clearprop.errors import DivergenceError, InputError, WorkerError
from clearprop.model import Model
from clearprop.optimize.optimizers import Optimizer
from clearprop.training.callbacks import Callback, Ending, Moment
from clearprop.training.checkpoint import Checkpoint, checksum, describe
from clearprop.training.early_stopping import EarlyStopping
from clearprop.training.history import COLUMNS, History
from clearprop.training.interrupts import asked_to_end, keyboard_interrupts
from clearprop.training.judge import all_right, measures
from clearprop.training.prepare import Job, Validation, prepare
from clearprop.training.run import Run

TICK_SECONDS = 0.05
REPLAY_SECONDS = 5.0
"""An engine hands over at least so often: a run that diverges is computed again from where it last did."""

# Where there are several reasons to end, the first of these is the one: what is final must not be taken for a pause.
REASONS: tuple[Ending, ...] = ("all right", "early stopping", "stopped", "interrupted", "epochs done")


@dataclass(frozen=True)
class Result:
    """What training has come to.

    Attributes:
        model: the trained model; with `EarlyStopping` that of the best epoch.
        history: what happened in each epoch of this call.
        state: goes with `model`: `train(result.model, ..., state=result.state)` goes on as if it had never stopped.
        ended: why: "epochs done", "early stopping", "all right", "stopped" (by a callback), "interrupted" (by a
            signal, or as another worker is gone); "diverged" in the result that a `DivergenceError` holds, and in
            those of `train_many`.
    """

    model: Model
    history: History
    state: State
    ended: Ending

    @property
    def diverged(self) -> bool:
        """Whether a number was no longer finite; the model is the last finite one, of use to look at and no more."""
        return self.ended == "diverged"


def train(
    model: Model,
    X: ArrayLike | Source,
    Y: ArrayLike | None = None,
    *,
    optimizer: Optimizer,
    batch_size: int | None = None,
    epochs: int = 1,
    seed: int | None = None,
    order: str | ArrayLike = "shuffled",
    drop_last: bool = False,
    sample_weight: ArrayLike | None = None,
    validation: Validation | None = None,
    metric: str | None = None,
    callbacks: Sequence[Callback] = (),
    state: State | None = None,
    stop_when_right: bool = False,
    engine: str = "auto",
    threads: int | None = None,
    precision: str = "full",
    distributed: Distributed | None = None,
) -> Result:
    """Trains a model: w ← w - update(∂J/∂w), batch after batch, epoch after epoch; the model given is not changed.

    Args:
        X: (N, inputs); or a source of rows that need not be in memory, as `TableSource` and `ArraySource`. It has the
            targets, too, and training on it gives the same bits.
        Y: (N, outputs), or class indices (N,) for cross-entropy.
        optimizer: such as `SGD(0.5)` or `Adam()`.
        batch_size: rows an update; None or more than there are is a full batch, 1 is one sample at a time.
        epochs: how many more epochs; a `state` in the middle of an epoch finishes that one as the first.
        seed: of the order and the dropout masks; None is that of `state`, or 0.
        order: "shuffled", "sequential", "replacement", or the row numbers that each epoch visits, in their order; of a
            source one of the first two.
        drop_last: leaves out a last batch that is short.
        sample_weight: (N,), from 0 up.
        validation: (X, Y), (X, Y, weights), or the share of the rows to hold out, a part of each class. Its loss is
            computed after each epoch.
        metric: "accuracy", "r2", "mean_absolute_error" or "root_mean_squared_error", computed after each epoch.
        callbacks: such as `Progress()`, `EarlyStopping()` and `Checkpoint(path)`.
        state: of a result, to go on from where it stood.
        stop_when_right: ends as soon as the class of every row is right (of those that weigh more than 0).
        engine: "auto", "native", "reference", "torch" or "torch:DEVICE".
        threads: None is one a processor, or this process's share of them; the result does not depend on it.
        precision: "full"; or "bfloat16", for models in float32: the operands of all products (inputs, layers' outputs,
            weights, deltas) are rounded to 8 significant bits, and below 1.2e-38 to 0; the products are summed in
            float32. All else stays float32: the weights that are updated and kept, biases, activations, losses,
            updates; and `validation` and `metric` are computed in full. The native engine needs a processor with
            AVX-512 BF16 for it. It pays where layers have a hundred units or more; for narrow ones there is little to
            gain.
        distributed: `Distributed()` where this process is one of several that train together; all get the same result.
            `Progress` shows and `Checkpoint` writes in the first of them alone; other callbacks are called in each.

    Raises:
        InputError: something given is wrong or does not fit.
        DivergenceError: a number is no longer finite; `result` holds the last finite model, history and state.
        KeyboardInterrupt: after Ctrl-C; where there are callbacks, between two updates and when a `Checkpoint` has been
            written.
        WorkerError: another worker is gone or does not answer; `result` holds the run up to the last whole update, and
            a `Checkpoint` has been written by whoever is left.

    >>> import clearprop as cp
    >>> net = cp.Network.parse("2-2-2", bias="layer", train_bias=False)
    >>> W1, W2 = [[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]
    >>> model = cp.Model(net, weights=[W1, W2], biases=[0.35, 0.60])
    >>> x, y = [[0.05, 0.10]], [[0.01, 0.99]]
    >>> result = cp.train(model, x, y, optimizer=cp.SGD(0.5), epochs=2, engine="reference")
    >>> [round(loss, 9) for loss in result.history.loss]
    [0.298371109, 0.291027774]
    >>> result.ended
    'epochs done'
    """
    job = prepare(
        model,
        X,
        Y,
        optimizer=optimizer,
        batch_size=batch_size,
        epochs=epochs,
        seed=seed,
        order=order,
        drop_last=drop_last,
        sample_weight=sample_weight,
        validation=validation,
        metric_name=metric,
        state=state,
        stop_when_right=stop_when_right,
        engine=engine,
        threads=threads,
        precision=precision,
        distributed=distributed,
    )
    try:
        loop = _Loop(job, callbacks)
        several = job.workers.count > 1
        if not (callbacks or several):
            return loop.run()  # nothing is lost where Ctrl-C is raised at once
        with keyboard_interrupts(also_kill=several):
            return loop.run()
    finally:
        job.workers.leave()


class _Loop:
    """One call of `train`: the books, which an engine's outcome is entered in."""

    def __init__(self, job: Job, callbacks: Sequence[Callback]) -> None:
        check_callbacks(callbacks, validation=job.validation is not None, metric=job.metric is not None)
        self.job = job
        self.now = job.start
        self.checkpoint = next((one for one in callbacks if isinstance(one, Checkpoint)), None)
        # Those of all workers: all must hand over as often, whoever has something to show.
        self.handed = [one for one in callbacks if one.each_epoch]
        callbacks = [one for one in callbacks if job.workers.is_first or not one.only_first]
        # A checkpoint must hold what all others have made of the moment, so its turn is last.
        self.callbacks = sorted(callbacks, key=lambda one: one is self.checkpoint)
        self.told = [one for one in self.callbacks if one.each_epoch]
        self.measured = bool(job.validation or job.metric or job.stop_when_right)
        self.by_epoch = self.measured or bool(self.handed)
        watching = [one.monitor for one in callbacks if isinstance(one, EarlyStopping)]
        self.monitor = watching[0] if watching else "validation_loss" if job.validation else "loss"
        # Not lists: for a full batch of one row, ten thousand objects would cost as much as their epochs.
        self.columns: dict[str, array[float]] = {name: array("d") for name in COLUMNS}
        self.began = self.epoch_began = self.ticked = time.perf_counter()
        self.at_work: float | None = None  # since when the engine has been, in the call under way
        self.ended: Ending | None = None
        self.pausing: list[Callback] = []
        self.asked_at = -1
        self.error: BaseException | None = None

    def run(self) -> Result:
        try:
            self._start()
            try:
                while self.ended is None:
                    self._advance()
            except WorkerError as error:
                raise self._left_behind(error) from error
            return self._finish(self.ended)
        finally:
            for callback in self.callbacks:
                callback.close()

    def _start(self) -> None:
        others = [one for one in self.callbacks if one is not self.checkpoint]
        resumed = self.checkpoint.attach(self.job, others) if self.checkpoint else None
        if self.job.workers.count > 1:
            stands = resumed.run.pack() if resumed else None
            now = stands and {name: checksum(array) for name, array in stands[0].items()}
            self.job.workers.check_same({**describe(self.job), "epochs": self.job.epochs, "checkpoint": now})
        if resumed:
            self.now, self.ended = resumed.run, resumed.ended
            self.columns = {name: array("d", getattr(resumed.history, name)) for name in COLUMNS}
        if self.callbacks:
            moment = self._moment(self.now)
            for callback in self.callbacks:
                callback.on_start(moment)
            if self.checkpoint and resumed:
                self.checkpoint.remind(resumed.memories, moment)
        self._end(self._natural_end())
        self.epoch_began = time.perf_counter()

    def _advance(self) -> None:
        """One call of the engine: an epoch, or all, or as far as a callback lets it."""
        job, before = self.job, self.now
        self.at_work = None
        epochs = min(job.epochs, before.state.epoch + self._epochs_at_once)
        outcome = self._compute(epochs=epochs, tick=self._tick)
        if outcome.ended == "diverged":
            self._diverge(outcome)
        self._take(outcome)
        if len(outcome.losses):
            self._end_epochs()
        if self.by_epoch and self.ended is None and self.error is None:
            self._tick(self.now.state.epoch, self.now.state.batch, self.now.state.step)
        if self.error is not None:
            self._raise(self.error)
        self._agree()
        if self.pausing and self.ended is None:
            moment = self._moment(self.now)
            for callback in self.pausing:
                callback.on_pause(moment)
        self.pausing = []

    def _compute(self, *, epochs: int, steps: int | None = None, tick: Tick) -> Outcome:
        """What the engine makes of the run as it stands; of what comes to an end with a worker, the whole updates."""
        try:
            return self.job.train_epochs(self.now, epochs=epochs, steps=steps, tick=tick)
        except WorkerError as error:
            if isinstance(error.outcome, Outcome):
                self._take(error.outcome)
            raise

    def _agree(self) -> None:
        """Where the run is to end for one worker, it ends for all."""
        reasons = len(REASONS)
        if self.job.workers.count > 1:
            least = self.job.workers.least(REASONS.index(self.ended) if self.ended else reasons)
            self._end(REASONS[least] if least < reasons else None)

    def _left_behind(self, error: WorkerError) -> WorkerError:
        """What there is, kept; and the error that says where."""
        end = "; start again, with any number of workers"
        if self.checkpoint:
            self.checkpoint.take_over(self.now.state.step)
            end += f" and resume=True: {self.checkpoint.path} holds the run up to update {self.now.state.step}"
        told = WorkerError(f"worker {self.job.workers.rank}: {error}{end}")
        told.result = self._finish("interrupted")
        return told

    def _tick(self, epoch: int, batch: int, step: int) -> bool:
        """Whether the engine may go on. No error is thrown through the engine: it waits until the engine hands over."""
        try:
            if asked_to_end():
                self._end("interrupted")
                return False
            now = time.perf_counter()
            if self.at_work is None:  # a call may have waited for others first
                self.at_work = now
            # Once an update: a callback that always asks for a pause must not hold the run up for ever.
            if step == self.asked_at or now - self.ticked < TICK_SECONDS:
                return True
            self.ticked, self.asked_at = now, step
            return self._ask(epoch, batch, step) and now - self.at_work < REPLAY_SECONDS
        except BaseException as error:
            self.error = error
            return False

    def _ask(self, epoch: int, batch: int, step: int) -> bool:
        moment = self._moment(None, epoch, batch, step)
        for callback in self.callbacks:
            answer = callback.on_tick(moment)
            if answer is True:
                self.pausing.append(callback)
            elif answer is False:
                self._end(callback.ending)
        return self.ended is None and not self.pausing

    def _take(self, outcome: Outcome) -> None:
        """Enter what an engine has come to."""
        job, before = self.job, self.now
        self.now = Run(outcome.parameters, outcome.state)
        count = len(outcome.losses)
        if not count:
            return
        first = before.state.step - before.state.batch
        rates = job.plan.optimizer.schedule.of_epochs(first, job.batches, count)
        seconds = (time.perf_counter() - self.epoch_began) / count
        self.epoch_began = time.perf_counter()
        self.columns["loss"].frombytes(outcome.losses.tobytes())
        self.columns["learning_rate"] += rates
        self.columns["seconds"] += array("d", [seconds]) * count
        if self.by_epoch:
            for name, value in measures(job, self.now.parameters).items():
                self.columns[name].append(value)

    @property
    def _epochs_at_once(self) -> int:
        if not self.by_epoch:
            return self.job.epochs
        return 1 if self.measured else min(one.epochs_at_once for one in self.handed)

    def _end_epochs(self) -> None:
        self._end(self._natural_end())
        if not self.told:
            return
        moment = self._moment(self.now)
        for callback in self.told:
            # Once the run is to end, the checkpoint is written in on_end, where the reason is known.
            late = callback is self.checkpoint and self.ended is not None
            if not late and callback.on_epoch_end(moment) is False:
                self._end(callback.ending)

    def _end(self, reason: Ending | None) -> None:
        if reason and (self.ended is None or REASONS.index(reason) < REASONS.index(self.ended)):
            self.ended = reason

    def _natural_end(self) -> Ending | None:
        if self.job.stop_when_right and all_right(self.job, self.now.parameters):
            return "all right"
        return "epochs done" if self.now.state.epoch >= self.job.epochs else None

    def _finish(self, ended: Ending) -> Result:
        moment = chosen = self._moment(self.now, ended=ended)
        for callback in self.callbacks:
            chosen = callback.on_end(moment) or chosen
        assert chosen.run is not None
        return Result(chosen.model, moment.history, chosen.run.state, ended)

    def _raise(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._finish(self.ended or "interrupted")
        raise error

    def _diverge(self, outcome: Outcome) -> None:
        """Computes again up to the update that left the finite numbers, and says what happened."""
        job, failed = self.job, outcome.state
        again = self._compute(epochs=job.epochs, steps=failed.step, tick=lambda epoch, batch, step: not asked_to_end())
        self._take(again)
        result = self._finish("diverged")
        rate = job.plan.optimizer.schedule.at(failed.step)
        last = result.history.last("loss")
        losses = "" if last is None else f" (the loss of the epoch before was {last:.4g})"
        raise DivergenceError(
            f"training diverged in epoch {self.now.state.epoch + 1}, at update {failed.step + 1}{losses}: the loss or "
            f"a weight is no longer a finite number. The learning rate was {rate:g}; try a smaller one, such as "
            f"{rate / 10:g}, and look whether the inputs are scaled",
            result,
        )

    def _moment(
        self, run: Run | None, epoch: int = 0, batch: int = 0, step: int = 0, ended: Ending | None = None
    ) -> Moment:
        job = self.job
        if run is not None:
            epoch, batch, step = run.state.epoch, run.state.batch, run.state.step
        history = History(
            self.columns,
            monitor=self.monitor,
            metric_name=job.metric.name if job.metric else None,
            first_epoch=job.start.state.epoch + 1,
        )
        return Moment(
            epoch=epoch,
            batch=batch,
            step=step,
            epochs=job.epochs,
            batches=job.batches,
            rows=job.rows,
            elapsed=time.perf_counter() - self.began,
            history=history,
            ended=ended,
            run=run,
        )


def check_callbacks(callbacks: Sequence[Callback], *, validation: bool, metric: bool) -> None:
    """Whether these are callbacks, and what they watch is computed."""
    if not isinstance(callbacks, Sequence):
        raise InputError(f"callbacks: expected a list of them, such as [Progress()], got {callbacks!r}")
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise InputError(f"callbacks: expected callbacks, such as Progress() or EarlyStopping(), got {callback!r}")
    if sum(isinstance(callback, Checkpoint) for callback in callbacks) > 1:
        raise InputError("callbacks: expected at most one Checkpoint")
    for stopping in callbacks:
        if not isinstance(stopping, EarlyStopping):
            continue
        missing = []
        if stopping.monitor.startswith("validation") and not validation:
            missing.append("validation=0.2")
        if stopping.monitor == "validation_metric" and not metric:
            missing.append('metric="accuracy"')
        if missing:
            raise InputError(
                f'EarlyStopping watches "{stopping.monitor}", which is not computed; '
                f'give train {" and ".join(missing)}, or watch another with monitor="loss"'
            )
