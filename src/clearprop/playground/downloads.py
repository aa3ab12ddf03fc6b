"""What can be taken away: files of the state and of the step that is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from clearprop.artefact import TableModel, save
from clearprop.drawing import standalone
from clearprop.errors import unknown
from clearprop.explain.pictures import network
from clearprop.explain.render import render
from clearprop.playground.play import Play
from clearprop.playground.training import Trainer
from clearprop.playground.walk import Walk
from clearprop.sheet import Sheet, write_sheet


def _sheet(play: Play) -> bytes:
    data, start = play.data, play.optimizer
    sheet = Sheet(
        play.model,
        data.X,
        data.targets(play.network),
        start,
        play.batch_size,
        play.order,
        play.seed,
        play.title or str(play.network),
        play.notation,
    )
    return write_sheet(sheet).encode()


def _rendered(format: str) -> Callable[[Play], bytes]:
    return lambda play: render(Walk(play, Trainer(play), 0).explanation, format).encode()


def _picture(play: Play) -> bytes:
    return standalone(network(Walk(play, Trainer(play), 0).explanation)).encode()


def _model(play: Play) -> bytes:
    """The model; of a table together with how it is read, so that `clearprop predict` takes it."""
    from clearprop.table import Encoding

    encoding = play.data.encoding
    wanted = max(1, len(play.data.classes or ()))
    by_table = encoding is not None and play.network.outputs == wanted
    model = TableModel(play.model, Encoding.from_json(encoding)) if by_table and encoding else play.model
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save(model, path)
        return path.read_bytes()


FILES: dict[str, tuple[str, Callable[[Play], bytes]]] = {
    "sheet.toml": ("application/toml", _sheet),
    "explanation.html": ("text/html; charset=utf-8", _rendered("html")),
    "explanation.tex": ("application/x-tex", _rendered("latex")),
    "program.py": ("text/x-python; charset=utf-8", _rendered("python")),
    "network.svg": ("image/svg+xml", _picture),
    "model.safetensors": ("application/octet-stream", _model),
}


def download(name: str, play: Play) -> tuple[str, bytes]:
    """The media type and the bytes of a file.

    Raises:
        InputError: there is no such file, or this play has none.
    """
    if name not in FILES:
        raise unknown("file", name, FILES)
    kind, made = FILES[name]
    return kind, made(play)
