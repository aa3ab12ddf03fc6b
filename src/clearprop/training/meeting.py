"""Pieces of work that go on by turns, and meet where they train: an engine then trains the networks of all in one call.

Each has a thread, but only one runs at a time, so that none has to be written with threads in mind.
"""

from __future__ import annotations

import threading
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from clearprop.engines import get_engine
from clearprop.engines.base import Array, Engine, Member, Outcome, Plan, Samples, State, Task, Tick
from clearprop.errors import check_count
from clearprop.network.parameters import Parameters
from clearprop.training.interrupts import keyboard_interrupts

MOST = 256
"""Pieces of work that are open at a time, unless asked otherwise: enough to fill many threads, and all their lanes."""

HELD = 2**30
"""Fewer are where the rows and the parameters that they hold would take more bytes than so many."""

NAME = "clearprop work"
"""Of the threads."""

_COPIES = 3
"""Of the rows of a piece of work: as it was given them, as it encodes them, and what comes in between."""

_here = threading.local()


def training_engine(name: str) -> Engine:
    """The engine of a name; in a piece of work of a `Meeting` one that trains what others want trained as well."""
    engine = get_engine(name)
    work: Work | None = getattr(_here, "work", None)
    return engine if work is None else _Waiting(engine, work)


class Closed(BaseException):
    """The meeting is over, and the piece of work that waits in it comes to nothing."""


class Meeting:
    """Runs functions by turns, each until it trains; when all that are open wait for that, trains for all, and goes on.

    What a function gives is what it would give alone: `Engine.train_tasks` promises the same bits.

    Args:
        most: pieces of work that are open at a time; fewer where they would hold more than `HELD` bytes.

    >>> import clearprop as cp
    >>> import numpy as np
    >>> X, Y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [0.0]])
    >>> def final_loss(rate):
    ...     model = cp.Model.initialized(cp.Network.parse("2-3-1"), seed=0)
    ...     return cp.train(model, X, Y, optimizer=cp.SGD(rate), epochs=50).history.loss[-1]
    >>> meeting = Meeting()
    >>> works = [meeting.add(lambda rate=rate: final_loss(rate)) for rate in (0.1, 1.0)]
    >>> [work.get() for work in works] == [final_loss(0.1), final_loss(1.0)]
    True
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = check_count("most", most)
        self.closed = False
        self.turn_is_over = _locked()
        self._queue: deque[Work] = deque()
        self._open: list[Work] = []
        self._largest = 1

    def add(self, function: Callable[[], Any], done: Callable[[Any], object] | None = None) -> Work:
        """A piece of work that is to be done; `done` is called with what it gave, and may add others."""
        work = Work(self, function, done)
        self._queue.append(work)
        return work

    def go_on(self) -> None:
        """A round: all that are open to where they train, or to their end; then the training of all."""
        waiting = [work for work in self._open if work.request]
        _train([work.request for work in waiting if work.request])
        for work in waiting:
            self._give_turn(work)
        while self._queue and len(self._open) < self._room:
            work = self._queue.popleft()
            self._open.append(work)
            self._give_turn(work)

    def close(self) -> None:
        """Ends what is open, wherever it waits; what is not begun never is."""
        self.closed = True
        self._queue.clear()
        before = _told_of_warnings()
        for work in self._open:
            work.resume()
        for work in self._open:
            work.thread.join()
        self._open.clear()
        vars(warnings).update(before)

    @property
    def _room(self) -> int:
        return max(1, min(self.most, HELD // self._largest))

    def _give_turn(self, work: Work) -> None:
        # What `warnings.catch_warnings` changes is the whole process's, and each piece of work may be within its own.
        before = _told_of_warnings()
        vars(warnings).update(work.told_of_warnings)
        try:
            work.resume()
            self.turn_is_over.acquire()
        finally:
            work.told_of_warnings = _told_of_warnings()
            vars(warnings).update(before)
        if work.request:
            self._largest = max(self._largest, work.request.size)
        if work.is_done:
            self._open.remove(work)
            if work.done:
                work.done(work.result)


class Work:
    """A function of a `Meeting`, and what came of it."""

    def __init__(self, meeting: Meeting, function: Callable[[], Any], done: Callable[[Any], object] | None) -> None:
        self.meeting, self.function, self.done = meeting, function, done
        self.request: _Request | None = None
        self.is_done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.told_of_warnings: dict[str, Any] = {}
        self.thread = threading.Thread(target=copy_context().run, args=(self._run,), name=NAME, daemon=True)
        self._turn = _locked()

    def get(self) -> Any:
        """What the function gives, or raises; works on all that is open until it does."""
        while not self.is_done:
            self.meeting.go_on()
        if self.error is not None:
            raise self.error
        return self.result

    def resume(self) -> None:
        """Begins it, or lets it go on."""
        if self.thread.ident is None:
            self.thread.start()
        else:
            self._turn.release()

    def wait_for(self, request: _Request) -> list[list[Outcome]]:
        """Called in its own thread: waits until others want training as well, and what it asks for has been trained."""
        if self.meeting.closed:
            raise Closed
        self.request = request
        self.meeting.turn_is_over.release()
        self._turn.acquire()
        self.request = None
        if self.meeting.closed:
            raise Closed
        return request.answer()

    def _run(self) -> None:
        _here.work = self
        try:
            self.result = self.function()
        except BaseException as error:  # raised again where the result is asked for
            self.error = error
        self.is_done = True
        if not self.meeting.closed:
            self.meeting.turn_is_over.release()


class _Waiting:
    """An engine as a piece of work has it: what trains waits for others, all else is done at once."""

    def __init__(self, engine: Engine, work: Work) -> None:
        self.name, self._engine, self._work = engine.name, engine, work
        self.check_precision, self.predict = engine.check_precision, engine.predict
        self.loss, self.loss_and_gradients = engine.loss, engine.loss_and_gradients

    def train_epochs(
        self,
        parameters: Parameters,
        samples: Samples,
        plan: Plan,
        state: State,
        *,
        epochs: int,
        steps: int | None = None,
        tick: Tick | None = None,
    ) -> Outcome:
        member = Member(parameters, plan, state, steps=steps)
        return self.train_many([member], samples, epochs=epochs, threads=plan.threads, tick=tick)[0]

    def train_many(
        self, members: Sequence[Member], samples: Samples, *, epochs: int, threads: int, tick: Tick | None = None
    ) -> list[Outcome]:
        return self.train_tasks([Task(members, samples, epochs)], threads=threads, tick=tick)[0]

    def train_tasks(self, tasks: Sequence[Task], *, threads: int, tick: Tick | None = None) -> list[list[Outcome]]:
        return self._work.wait_for(_Request(self._engine, tasks, threads, tick))


class _Request:
    """What a piece of work wants trained, and what came of it."""

    def __init__(self, engine: Engine, tasks: Sequence[Task], threads: int, tick: Tick | None) -> None:
        self.engine, self.tasks, self.threads, self.tick = engine, tasks, threads, tick
        self.outcomes: list[list[Outcome]] = []
        self.error: Exception | None = None

    def answer(self) -> list[list[Outcome]]:
        if self.error is not None:
            raise self.error
        return self.outcomes

    @property
    def kind(self) -> tuple[str, str]:
        """What requests have in common that an engine answers in one call."""
        return self.engine.name, self.tasks[0].members[0].parameters.flat.dtype.name

    @property
    def size(self) -> int:
        """About how many bytes the piece of work holds."""
        return sum(_COPIES * _bytes(task.samples) + sum(map(_bytes_of_member, task.members)) for task in self.tasks)

    def may_go_on(self, place: tuple[int, int, int]) -> bool:
        return self.tick is None or self.tick(*place)

    @property
    def place(self) -> tuple[int, int, int]:
        """Where the first of its members stood when it was asked for."""
        state = self.tasks[0].members[0].state
        return state.epoch, state.batch, state.step


def _train(requests: list[_Request]) -> None:
    """Answers all, in one call for each kind."""
    kinds: dict[tuple[str, str], list[_Request]] = {}
    for request in requests:
        kinds.setdefault(request.kind, []).append(request)
    for alike in kinds.values():
        try:
            _answer(alike)
        except Exception as error:
            if len(alike) == 1:
                alike[0].error = error
                continue
            for request in alike:  # what is wrong with one is not to be told to all
                _train([request])


def _answer(requests: list[_Request]) -> None:
    def tick(epoch: int, batch: int, step: int) -> bool:
        if len(requests) == 1:
            return requests[0].may_go_on((epoch, batch, step))
        answers = [request.may_go_on(request.place) for request in requests]  # all are asked, so that each can end
        return all(answers)

    tasks = [task for request in requests for task in request.tasks]
    with keyboard_interrupts():
        outcomes = requests[0].engine.train_tasks(
            tasks, threads=max(request.threads for request in requests), tick=tick
        )
    found = iter(outcomes)
    for request in requests:
        request.outcomes = [next(found) for _ in request.tasks]


def _bytes(samples: Samples) -> int:
    arrays: tuple[Array | None, ...] = (samples.X, samples.Y, samples.weights)
    return sum(array.nbytes for array in arrays if array is not None)


def _bytes_of_member(member: Member) -> int:
    return member.parameters.flat.nbytes * (2 + 2 * len(member.state.slots))


def _locked() -> threading.Lock:
    """A lock that is taken: whoever takes it again waits until someone else gives it back."""
    lock = threading.Lock()
    lock.acquire()
    return lock


def _told_of_warnings() -> dict[str, Any]:
    return {name: vars(warnings)[name] for name in ("filters", "showwarning", "_showwarnmsg_impl")}
