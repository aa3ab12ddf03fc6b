"""clearprop explain: one step as worked arithmetic."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.artefact import TableModel
    from clearprop.engines.base import Array
    from clearprop.explain import Explanation, Trace
    from clearprop.explain.row import Row
    from clearprop.model import Model
    from clearprop.sheet import Sheet

COLOURS = {"heading": "bold", "words": "dim", "name": "cyan", "numbers": "blue", "result": "bold", "note": "yellow"}
NARROWEST = 60


def explain(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="EXAMPLE|SHEET|MODEL",
            help="A name of `clearprop examples`, a sheet (.toml), or a model file that `clearprop train` wrote.",
            show_default=False,
        ),
    ],
    table: Annotated[
        Path | None,
        typer.Argument(metavar="[TABLE]", help="Of a model: the table of the row to explain.", show_default=False),
    ] = None,
    row: Annotated[
        int | None, typer.Option(help="Which row of TABLE, from 1.", min=1, show_default="the first")
    ] = None,
    member: take.MemberNumber = None,
    focus: Annotated[
        str | None,
        typer.Option(
            help='Only what this is computed from, and the paths of the error to it: "dE/dW1[2->1]".',
            show_default=False,
        ),
    ] = None,
    notation: Annotated[
        str | None,
        typer.Option(
            help="How it is written: canonical, net-out, threshold, matrix-columns, matrix, ufldl or nielsen.",
            show_default="the sheet's, or canonical",
        ),
    ] = None,
    language: take.InLanguage = take.Language.en,
    digits: Annotated[int, typer.Option(help="Decimals of what is computed.")] = 9,
    form: Annotated[str, typer.Option(help="auto, scalar (number by number) or matrix.")] = "auto",
    format: Annotated[str, typer.Option(help="text, markdown, latex, html, json or python.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Where to write.", show_default="stdout")] = None,
) -> None:
    """Explain one step: each quantity as symbol = formula = numbers put in = result, in the order a person computes."""
    from clearprop.errors import unknown
    from clearprop.explain import Explanation
    from clearprop.explain.render import FORMATS, render

    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    if out:
        take.check_place(out, *(path for path in (source, table) if path))
    trace, usual, of_row = _step(source, table, row, member)
    explanation = Explanation(
        trace, notation=notation or usual, language=language.value, digits=digits, form=form, focus=focus, row=of_row
    )
    if out is None and format == "text" and sys.stdout.isatty():
        _in_colour(explanation)
        return
    text = render(explanation, format).rstrip("\n") + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write(out, text)


def _step(source: Path, table: Path | None, row: int | None, member: int | None) -> tuple[Trace, str, Row | None]:
    """The step that is meant, the notation it is usually written in, and the row of a table that it starts from."""
    from clearprop.examples import load, names
    from clearprop.sheet import read_sheet

    is_example = str(source) in names()
    is_sheet = source.suffix.lower() == ".toml"
    if not (is_example or is_sheet) and (source.suffix or source.exists()):
        return _of_model(source, table, 1 if row is None else row, member)
    if table is not None:
        raise InputError(f"{source}: a table goes with a model only; leave {table} out")
    for option, given in (("row", row), ("member", member)):
        if given is not None:
            raise InputError(f"{source}: --{option} goes with a model and its table only; leave it out")
    sheet = read_sheet(source) if is_sheet else load(str(source))
    return _first_step(sheet), sheet.notation, None


def _first_step(sheet: Sheet) -> Trace:
    """The first update of a sheet: of all its samples, or of its first batch."""
    import numpy as np

    from clearprop.engines.order import epoch_order
    from clearprop.explain import trace

    rows = np.arange(len(sheet.X))
    if sheet.batch_size is not None:
        order = sheet.order if isinstance(sheet.order, str) else np.array(sheet.order)
        rows = epoch_order(order, sheet.seed, 0, len(sheet.X))[: sheet.batch_size]
    return trace(sheet.model, sheet.X[rows], sheet.Y[rows], optimizer=sheet.optimizer, seed=sheet.seed)


def _of_model(model: Path, table: Path | None, row: int, member: int | None) -> tuple[Trace, str, Row]:
    """The step of a table's model on one row of a table."""
    from clearprop.artefact import TableModel
    from clearprop.explain import trace
    from clearprop.explain.row import row_of
    from clearprop.table import read

    if table is None:
        TableModel.load(model)  # what is wrong with it, is said first
        raise InputError(f"{model}: a model is explained on a row of a table: name the table after it, and --row N")
    loaded = take.table_model(model, table)
    chosen = take.member_of(model, loaded, member)
    found, x, y = row_of(loaded.encoding, read(table), row)
    if len(loaded.members) > 1:
        _say_which(loaded, chosen, x, 1 if member is None else member)
    return trace(chosen, x, y), "canonical", found


def _say_which(loaded: TableModel, chosen: Model, x: Array, number: int) -> None:
    """That one member of several is explained, and how the answer of all compares."""
    from clearprop.cli import show
    from clearprop.drawing.numerals import number as written

    def said(outputs: Array) -> str:
        labels = [f"{label} " for label in loaded.encoding.classes] or [""]
        return ", ".join(f"{label}{written(float(one))}" for label, one in zip(labels, outputs[0], strict=True))

    total = len(loaded.members)
    show.say(f"member {number} of {total} is explained (--member M for another)")
    together = f"all {total} together"
    show.say(f"  {'it answers':{len(together)}}  {said(chosen.predict(x))}")
    show.say(f"  {together}  {said(loaded.model.predict(x))}")


def _in_colour(explanation: Explanation) -> None:
    from rich.console import Console
    from rich.text import Text

    from clearprop.explain.render.text import spanned

    console = Console(highlight=False, soft_wrap=True)
    width = max(shutil.get_terminal_size().columns, NARROWEST)
    for spans in spanned(explanation, width):
        console.print(Text.assemble(*((span.text, COLOURS.get(span.role, "")) for span in spans)))


def _write(path: Path, text: str) -> None:
    from clearprop.container import replacing

    with replacing(path) as file:
        file.write(text.encode())
