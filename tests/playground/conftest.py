"""A page without a browser: it asks a session, and holds every message of both sides to the protocol."""

from __future__ import annotations

import json
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from clearprop.examples import load
from clearprop.playground.kept import Kept
from clearprop.playground.play import Play, first, of_sheet
from clearprop.playground.protocol import FROM_SERVER, check_message, read
from clearprop.playground.session import Session

TOKEN = "a-token-for-tests-only"


class Page:
    """What a page would see: `ask` gives the answer, `last` the newest message of a type."""

    def __init__(self, start: Play | None = None, kept: Kept | None = None) -> None:
        self.told: list[dict[str, Any]] = []
        self.session = Session("test", start or first(), kept or Kept(), self.hear)
        self.count = 0

    def hear(self, message: dict[str, Any]) -> None:
        plain = json.loads(json.dumps(message, allow_nan=False))
        check_message(FROM_SERVER, "re", plain)
        self.told.append(plain)

    def ask(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        self.count += 1
        self.session.take(read(json.dumps({"type": kind, "ask": self.count, **fields})))
        assert self.told[-1]["re"] == self.count
        return self.told[-1]

    def hello(self, share: str = "", language: str = "en") -> dict[str, Any]:
        return self.ask("hello", version=1, language=language, share=share)

    def done(self, kind: str, /, **fields: Any) -> None:
        answer = self.ask(kind, **fields)
        assert answer["type"] == "done", answer

    def refused(self, kind: str, /, **fields: Any) -> str:
        answer = self.ask(kind, **fields)
        assert answer["type"] == "error", answer
        return str(answer["message"])

    def last(self, kind: str) -> dict[str, Any]:
        return next(one for one in reversed(self.told) if one["type"] == kind)

    @property
    def state(self) -> dict[str, Any]:
        return self.last("state")

    @property
    def steps(self) -> list[dict[str, Any]]:
        """All steps of the present trace."""
        trace = self.last("trace")
        found: list[dict[str, Any]] = []
        while len(found) < len(trace["phases"]):
            answer = self.ask("steps", **{"trace": trace["number"], "from": len(found), "to": len(trace["phases"])})
            found += answer["steps"]
        return found


@pytest.fixture
def page():
    """An open page, as at the first visit."""
    one = Page()
    one.hello()
    return one


@pytest.fixture
def example():
    """An open page with document 000's network."""
    one = Page(of_sheet(load("cnblogs-2-2-2"), "cnblogs-2-2-2"))
    one.hello()
    return one


@contextmanager
def served(start: Play | None = None, token: str = TOKEN):
    """A running server: its address, and the playground behind it."""
    from clearprop.playground.server import listening, server_of

    one = listening(0)
    server, address = server_of(start or first(), one, token)
    thread = Thread(target=server.run, kwargs={"sockets": [one]}, daemon=True)
    thread.start()
    try:
        yield address, server.config.app.playground
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def server():
    with served() as one:
        yield one
