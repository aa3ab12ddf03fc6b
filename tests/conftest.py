"""What all tests share: slow tests on demand, Ctrl-C as it usually is, and the browser where there is one.

A page is tested in the Chromium of the machine, driven by Playwright (extra `browser`).
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("clearprop", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=500)  # pytest --hypothesis-profile=thorough
settings.load_profile("clearprop")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the tests marked slow, too")


def pytest_configure() -> None:
    # A shell has what it starts in the background ignore Ctrl-C, and tests would wait forever for it to be heard.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="slow: runs in `make test-all`")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, from the variable CHROMIUM or the search path."""
    path = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    if path is None:
        pytest.skip("no browser: install Chromium or set CHROMIUM to its path")
    return path


FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass
class Tab:
    """A page of Playwright's, what its console complained of, and every address that it asked for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def show(self, address: str, width: int = 1280, height: int = 720, *, dark: bool = False) -> None:
        """Opens an address, and waits until it is there."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.goto(address)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A running browser; each test has its own tab in it."""
    api = pytest.importorskip("playwright.sync_api", reason='no Playwright: pip install "clearprop[browser]"')
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    """A tab with nothing in it, and nothing remembered from other tabs."""
    context = browser.new_context()
    yield Tab(context.new_page())
    context.close()
