"""The playground within a notebook: the same session and the same drawings, spoken to through the kernel."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib.resources import files
from queue import Full, Queue
from threading import Thread
from typing import Any

import anywidget

from clearprop.drawing import inset_style
from clearprop.errors import InputError
from clearprop.playground.kept import Kept
from clearprop.playground.notebook.bundle import bundled
from clearprop.playground.play import Play
from clearprop.playground.protocol import read
from clearprop.playground.refusals import Refusal
from clearprop.playground.session import Session

MODULES = ("dom", "words", "refusal", "lighting", "steps", "card")
ROOT = ".clearprop-play"
MOST_WAITING = 256


def style() -> str:
    """The drawings' style and the page's, within the widget alone."""
    return inset_style(ROOT, _read("static", "stage.css") + _read("notebook", "widget.css"))


def script() -> str:
    """The page's modules that a step is shown with, and the widget's own, as one."""
    return bundled({name: _read("static", f"{name}.js") for name in MODULES}, _read("notebook", "widget.js"))


def _read(folder: str, name: str) -> str:
    return files("clearprop.playground").joinpath(folder, name).read_text(encoding="utf-8")


class Player(anywidget.AnyWidget):
    """A play in a cell: the network, the step that comes next, and training. Each view of it shows the same.

    Args:
        start: what it begins with.
    """

    _esm = script()
    _css = style()

    def __init__(self, start: Play) -> None:
        super().__init__()
        self.session = Session("notebook", start, Kept(), self.send)
        self._inbox: Queue[dict[str, Any] | None] = Queue(MOST_WAITING)
        self._worker: Thread | None = None
        self.on_msg(self._heard)

    @property
    def play(self) -> Play:
        """What is shown; its `model` is the model as it is now."""
        return self.session.play

    def close(self) -> None:
        """Ends the training, and takes the widget away."""
        with suppress(Full):
            self._inbox.put_nowait(None)
        super().close()

    def _heard(self, widget: Any, content: Any, buffers: Any) -> None:
        try:
            self._inbox.put_nowait(read(json.dumps(content)))
        except InputError as error:
            self.send(self.session.refusal(error))
        except (ValueError, TypeError) as error:
            self.send(self.session.refusal(InputError(str(error))))
        except Full:
            self.send(self.session.refusal(Refusal("busy")))
        if self._worker is None:
            self._worker = Thread(target=self.session.work, args=(self._inbox,), name="clearprop play", daemon=True)
            self._worker.start()
