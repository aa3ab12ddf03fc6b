"""clearprop export: a trained model for other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show


class Form(StrEnum):
    onnx = "onnx"
    pytorch = "pytorch"


ENDINGS = {Form.onnx: ".onnx", Form.pytorch: ".py"}


def export(
    model: take.ModelFile,
    to: Annotated[Form, typer.Option(help="The form: onnx or pytorch.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="The file to write; for pytorch it ends in .py.", show_default="MODEL's name, .onnx or .py"),
    ] = None,
) -> None:
    """Write MODEL as a file for onnxruntime and its like, or for PyTorch.

    onnx: one graph, the encoding of the table's columns in it: an input a column, from rows as they are to the
    predicted label and probabilities, or the number in its own unit. pip install "clearprop\\[onnx]" brings what it
    takes.

    pytorch: FILE.py, whose build() makes the module, and FILE_weights.safetensors. Python can be read and changed, and
    loading the weights executes nothing, which cannot be said of a pickled module; neither is tied to a version of
    PyTorch. It is the network alone: FILE.py lists the inputs that it takes, in order.
    """
    from clearprop.artefact import read
    from clearprop.export import to_onnx, write_pytorch
    from clearprop.export.script import weights_path

    place = out or model.with_name(model.stem + ENDINGS[to])
    written = [place] if to is Form.onnx else [place, weights_path(place)]
    for path in written:
        take.check_place(path, model)
    loaded = read(model)
    if to is Form.onnx:
        to_onnx(loaded, place)
    else:
        write_pytorch(loaded, place)
    show.rows([("written", ", ".join(map(str, written)))], indent="")
