"""The playground as its users have it: a server of its own, and its page in a real browser."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from clearprop.playground.opening import TOKEN
from tests.conftest import Tab

COMMAND = [sys.executable, "-c", "from clearprop.cli import main; main()", "play", "--no-browser"]
PATIENCE = 30_000  # milliseconds that a test waits for what is to be seen


class Server:
    """A running `clearprop play`; after `kill`, `start` has it again, at the same address."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.token = secrets.token_urlsafe(16)
        self.address = ""
        self.start()

    def start(self) -> None:
        port = str(urlsplit(self.address).port) if self.address else "0"
        command = [*COMMAND, "--port", port, *self.arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {TOKEN: self.token}
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.address

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Playground:
    """The page of a server, in a tab."""

    def __init__(self, server: Server, tab: Tab) -> None:
        self.server, self.tab, self.page = server, tab, tab.page
        self.page.set_default_timeout(PATIENCE)
        self._metrics: Any = None

    def open(self, *size: int, address: str | None = None, dark: bool = False) -> Playground:
        self.tab.show(address or self.server.address, *size, dark=dark)
        self.page.wait_for_selector("body[data-trace]")
        return self

    def by(self, key: str) -> Any:
        """A control by its key, which is the same in every language."""
        return self.page.locator(f'[data-key="{key}"]').first

    def settled(self, change: Callable[[], object]) -> None:
        """Makes a change, and waits until the page shows what came of it."""
        before = self.page.evaluate("document.body.dataset.trace")
        change()
        self.page.wait_for_function("before => document.body.dataset.trace !== before", arg=before)

    def type(self, key: str, text: str) -> None:
        self.by(key).fill(text)
        self.settled(lambda: self.by(key).press("Enter"))

    def choose(self, key: str, value: str) -> None:
        self.settled(lambda: self.by(key).select_option(value))

    def set(self, id_: str, text: str) -> None:
        """Types the value of a weight or bias that is clicked in the diagram."""
        self.page.locator(f'#diagram .can-set:is([data-id="{id_} label"], [data-id="{id_}"])').first.click()
        self.page.locator("#setter input").fill(text)
        self.settled(lambda: self.page.locator("#setter input").press("Enter"))

    def metrics(self) -> dict[str, float]:
        """What Chromium counts of the page: its thread's working time, elements, memory."""
        if self._metrics is None:
            self._metrics = self.page.context.new_cdp_session(self.page)
            self._metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
        return {one["name"]: one["value"] for one in self._metrics.send("Performance.getMetrics")["metrics"]}

    def thread_seconds(self) -> float:
        """The time that the page's own thread has worked, whatever else the machine does."""
        return self.metrics()["TaskDuration"]

    def memory(self) -> dict[str, float]:
        """What page and server keep, after all that can be freed was: megabytes, and the page's elements."""
        self.metrics()
        self._metrics.send("HeapProfiler.collectGarbage")
        found = self.metrics()
        pages = int(Path(f"/proc/{self.server.process.pid}/statm").read_text().split()[1])
        server = pages * os.sysconf("SC_PAGESIZE") / 1e6
        return {"server": server, "page": found["JSHeapUsedSize"] / 1e6, "elements": found["Nodes"]}

    def step_to(self, question: str, most: int = 400) -> str:
        """Steps on until a step's card has these words; what the card says then."""
        card = self.page.locator("#card")
        for _ in range(most):
            said = str(card.inner_text())
            if question in said:
                return said
            self.by("next").click()
            self.page.wait_for_function("said => document.querySelector('#card').innerText !== said", arg=said)
        raise AssertionError(f"no step says {question!r}")


@pytest.fixture(scope="session")
def server(chromium: str) -> Iterator[Server]:
    """One server for all tests that do not end it: each tab has a session of its own."""
    running = Server()
    yield running
    running.kill()


@pytest.fixture
def playground(server: Server, tab: Tab) -> Playground:
    return Playground(server, tab)
