"""Fast motion: trains slice by slice, as fast as it may, and shows as much of it as the page can take."""

from __future__ import annotations

import time
from typing import Any

from clearprop.drawing.network import has_room
from clearprop.drawing.numerals import number
from clearprop.explain.pictures import network as drawn
from clearprop.playground.course import Course
from clearprop.playground.pictures import field, losses, spread
from clearprop.playground.play import Play
from clearprop.playground.showing import numbers_of
from clearprop.playground.training import Trainer
from clearprop.playground.walk import Walk

FRAME = 1 / 60  # seconds from one picture to the next, at least
SLICE = 0.012  # seconds that are trained without looking at anything else
CHARTS, NETWORK, SHARE = 0.1, 0.25, 1.0  # seconds from one drawing, or one address, to the next
MEASURED = 0.5  # seconds over which the speed is measured
MOST_AT_ONCE = 1_000_000


class Runner:
    """A run of a play, at so many updates a second, or at "most"."""

    def __init__(self, play: Play, trainer: Trainer, speed: int | str) -> None:
        self.play = play
        self.trainer = trainer
        now = time.perf_counter()
        self.number = self.shown = 0
        self.framed = self.charted = self.sketched = 0.0
        self.shared = now
        self.framed_step = play.state.step
        self.slice = 1
        self.measured, self.measured_at, self.rate = now, play.state.step, 0.0
        self.at(speed)

    def at(self, speed: int | str) -> None:
        """Goes on at another speed."""
        self.speed = speed
        self.due = time.perf_counter()

    def patience(self) -> float:
        """How many seconds there is nothing to do but to listen."""
        if self.speed == "most":
            return 0.0
        return max(0.0, self.due - time.perf_counter())

    def go_on(self) -> Play:
        """A slice further; raises Diverged where the numbers end."""
        began = time.perf_counter()
        if self.speed == "most":
            self.play = self.trainer.advance(self.play, self.slice)
            self._adapt(time.perf_counter() - began)
        elif began >= self.due:
            due = min(int((began - self.due) * float(self.speed)) + 1, int(self.speed))
            self.play = self.trainer.advance(self.play, due)
            self.due = max(self.due + due / float(self.speed), began - 1.0)
        return self.play

    def seen(self, number: int) -> None:
        """The page has drawn this frame."""
        self.shown = max(self.shown, min(number, self.number))

    def may_show(self) -> bool:
        """Whether there is something new, the page has seen the last frame, and it is time for the next."""
        new = self.play.state.step != self.framed_step
        return new and self.shown == self.number and time.perf_counter() - self.framed >= FRAME

    def frame(self, course: Course) -> dict[str, Any]:
        """The next frame, with those pictures whose time has come."""
        now = time.perf_counter()
        self.number += 1
        self.framed, self.framed_step = now, self.play.state.step
        told = {"type": "frame", "number": self.number, **numbers_of(self.play, course), "rate": self._rate(now)}
        told["map"] = field(self.play, whole=False)
        if now - self.charted >= CHARTS:
            self.charted = now
            told |= {"curves": losses(self.play, course), "spread": spread(self.play, self.trainer)}
        if now - self.sketched >= NETWORK and has_room(self.play.network.sizes):
            self.sketched = now
            told["network"] = drawn(Walk(self.play, self.trainer, 0).explanation)
        return told

    def may_share(self) -> bool:
        """Whether it is time for an address of where the training is by now."""
        now = time.perf_counter()
        due = now - self.shared >= SHARE
        if due:
            self.shared = now
        return due

    def _adapt(self, took: float) -> None:
        """As many updates to a slice as fill its time."""
        if took < SLICE / 2:
            self.slice = min(2 * self.slice, MOST_AT_ONCE)
        elif took > 2 * SLICE:
            self.slice = max(self.slice // 2, 1)

    def _rate(self, now: float) -> str:
        step = self.play.state.step
        if now - self.measured >= MEASURED or not self.rate:
            self.rate = (step - self.measured_at) / max(now - self.measured, 1e-3)
            self.measured, self.measured_at = now, step
        return number(round(self.rate) if self.rate >= 10 else round(self.rate, 1))
