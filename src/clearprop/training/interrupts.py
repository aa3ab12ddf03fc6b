"""Ctrl-C and a polite kill: training ends between two updates, with all that is learnt in hand."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers


class Interruption:
    """Whether a signal has asked the run to end, and which one: `signal` is its number, or None."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


_listening: Interruption | None = None


@contextmanager
def interrupts() -> Iterator[Interruption]:
    """Within the block the first SIGINT or SIGTERM ends training at the next update; a second one ends the process.

    `train` then gives back what it has, with `ended` "interrupted", after it has written its checkpoint. Signals reach
    the main thread only: in any other thread the block changes nothing.

    >>> with interrupts() as interruption:
    ...     signal.raise_signal(signal.SIGTERM)
    ...     bool(interruption), interruption.signal == signal.SIGTERM
    (True, True)
    """
    with _caught({signal.SIGINT: signal.SIG_DFL, signal.SIGTERM: signal.SIG_DFL}) as interruption:
        yield interruption


@contextmanager
def keyboard_interrupts(also_kill: bool = False) -> Iterator[Interruption]:
    """The same for one call of `train`: Ctrl-C waits for the next update, and is raised when the block ends.

    Only where Ctrl-C would raise `KeyboardInterrupt`; within a block of `interrupts`, that one decides. A second Ctrl-C
    raises at once. `also_kill` has SIGTERM wait as well, where it would end the process: a launcher sends it to the
    workers that are left, which still have a checkpoint to write.
    """
    waiting: dict[signal.Signals, Handler] = {}
    if _listening is None and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        waiting[signal.SIGINT] = signal.default_int_handler
    if also_kill and _listening is None and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        waiting[signal.SIGTERM] = signal.SIG_DFL
    with _caught(waiting) as interruption:
        yield interruption
    if interruption.signal == signal.SIGTERM:
        signal.raise_signal(signal.SIGTERM)
    if interruption:
        raise KeyboardInterrupt


def asked_to_end() -> bool:
    """Whether a signal has asked the run that is going on to end."""
    return bool(_listening)


@contextmanager
def _caught(second: dict[signal.Signals, Handler]) -> Iterator[Interruption]:
    """The first of these signals is noted; then each gets the handler given here, for the next one."""
    global _listening
    interruption = Interruption()
    if not second or threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def note(number: int, frame: FrameType | None) -> None:
        interruption.signal = number
        for kind, handler in second.items():
            signal.signal(kind, handler)

    outer, _listening = _listening, interruption
    before = {kind: signal.signal(kind, note) for kind in second}
    try:
        yield interruption
    finally:
        _listening = outer
        for kind, handler in before.items():
            # None is a handler that was not set from Python, and cannot be set again from here.
            signal.signal(kind, signal.SIG_DFL if handler is None else handler)
