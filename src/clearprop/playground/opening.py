"""What a playground begins with: an example, a sheet, a model, or a model with its table; and opening it."""

from __future__ import annotations

import os
import sys
import webbrowser
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from clearprop.artefact import TableModel
from clearprop.artefact import read as read_model
from clearprop.ensemble import Ensemble
from clearprop.errors import InputError
from clearprop.examples import load, names
from clearprop.explain import Trace
from clearprop.model import Model
from clearprop.optimize import SGD
from clearprop.playground.play import Play, first, of_model, of_sheet
from clearprop.sheet import Sheet, read_sheet

LEAST_TOKEN = 16
TOKEN = "CLEARPROP_TOKEN"
"""The environment variable that may hold the token, so that an address stays valid when its server is restarted."""


def opened(
    source: str | os.PathLike[str] | None, table: str | os.PathLike[str] | None = None, row: int | None = None
) -> Play:
    """The play of an example's name, a sheet (.toml) or a model file, or, of nothing, the one of the first visit.

    Args:
        table: of a model trained on one: the rows to learn from.
        row: of the table, from 1, the first unless said: the one that is looked at.

    Raises:
        InputError: there is no such thing, or it does not go with a table.
    """
    if table is None and row is not None:
        raise InputError("--row goes with a model and its table only; leave it out")
    if source is None:
        if table is not None:
            raise InputError(f"{table}: a table goes with a model file; name the model before it")
        return first()
    path = Path(source)
    is_example, is_sheet = str(source) in names(), path.suffix.lower() == ".toml"
    if is_example or is_sheet or not (path.suffix or path.exists()):
        if table is not None:
            raise InputError(f"{source}: a table goes with a model only; leave {table} out")
        return of_sheet(read_sheet(path)) if is_sheet else of_sheet(load(str(source)), str(source))
    model = read_model(path)
    if table is None:
        return of_model(_one(model), title=_title(path, model))
    if not isinstance(model, TableModel):
        raise InputError(f"{source}: this model was not trained on a table; leave {table} out")
    return _with_table(path, model, Path(table), row or 1)


def play(
    what: Model | Ensemble | TableModel | Sheet | Trace | str | os.PathLike[str] | None = None,
    *,
    port: int = 0,
    browser: bool = True,
) -> Any:
    """Opens the playground, which shows each update number by number: in a notebook a cell, elsewhere a page.

    The page is this machine's own, and stays until Ctrl-C. In a notebook the widget is returned (extra `notebook`);
    its `play.model` is the model as it is by then.

    Args:
        what: a model, a sheet, a step that was traced, or what `clearprop play` takes: an example's name or a file.
        port: of the page's address; 0 takes a free one.
        browser: whether the address is opened in the browser; it is printed in any case.

    Raises:
        InputError: there is no such thing, it is too large, or the port is taken.
    """
    start = _play_of(what)
    return _widget(start) if in_notebook() else serve(start, port=port, browser=browser)


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook, which shows what a cell returns."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    return running is not None and hasattr(running, "kernel")


def _widget(start: Play) -> Any:
    try:
        from clearprop.playground.notebook.player import Player
    except ModuleNotFoundError as error:
        if error.name != "anywidget":
            raise
        raise InputError('play: within a notebook it needs anywidget: pip install "clearprop[notebook]"') from None
    return Player(start)


def serve(start: Play, *, port: int, browser: bool) -> None:
    """Serves a play; the first line printed is the address."""
    from clearprop.playground.server import serve as serve_page

    def ready(address: str) -> None:
        print(address, flush=True)
        if browser:
            Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    serve_page(start, port=port, token=_token(), ready=ready)


def _play_of(what: object) -> Play:
    match what:
        case None | str() | os.PathLike():
            return opened(what)
        case Sheet():
            return of_sheet(what)
        case Trace():
            return _of_trace(what)
        case Model() | Ensemble() | TableModel():
            return of_model(_one(what))
    if hasattr(what, "as_model"):
        return of_model(_one(what.as_model()))
    raise InputError(f"play: expected a model, a sheet, a trace, an example's name or a file, got {what!r:.60}")


def _of_trace(step: Trace) -> Play:
    """The model and the samples of a step, to make it and go on."""
    samples = step.samples
    return of_sheet(Sheet(step.model, samples.X, samples.Y, step.optimizer or SGD(), order="sequential"))


def _one(model: Model | Ensemble | TableModel) -> Model:
    """A model, or the first member of several."""
    if isinstance(model, TableModel):
        return model.members[0]
    return model.members[0] if isinstance(model, Ensemble) else model


def _title(path: Path, model: Model | Ensemble | TableModel) -> str:
    """The name of a file and, of an ensemble, which of its members is shown."""
    count = 1 if isinstance(model, Model) else len(model.members)
    return path.name if count == 1 else f"{path.name} (1/{count})"


def _with_table(path: Path, model: TableModel, table: Path, row: int) -> Play:
    from clearprop.playground.datasets import MOST_ROWS
    from clearprop.playground.tables import encoded
    from clearprop.table import labelled, read

    whole = read(table)
    if not 1 <= row <= len(whole):
        raise InputError(f"{table}: there is no row {row:,}; rows go from 1 to {len(whole):,}")
    rows = labelled(whole, model.encoding.target.name)
    if row - 1 not in rows:
        raise InputError(f"{table}, row {row}: its target is missing; look at another row")
    if len(rows) > MOST_ROWS:
        # As many as a page can hold, with the one that is asked for among them.
        rows = np.unique([*rows[: MOST_ROWS - 1], row - 1])
    data = encoded(model.encoding, whole, rows, rows[:0])
    sample = int(np.flatnonzero(rows == row - 1)[0])
    return replace(of_model(model.members[0], data, title=_title(path, model)), sample=sample)


def _token() -> str | None:
    token = os.environ.get(TOKEN)
    if token is not None and (len(token) < LEAST_TOKEN or not token.replace("-", "").replace("_", "").isalnum()):
        raise InputError(f"{TOKEN}: expected {LEAST_TOKEN} characters or more, letters, digits, - and _")
    return token
