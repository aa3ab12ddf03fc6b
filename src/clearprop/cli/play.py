"""clearprop play: a page of this machine to build a network, train it, and look inside each update."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearprop.cli import arguments as take


def play(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[EXAMPLE|SHEET|MODEL]",
            help="A name of `clearprop examples`, a sheet (.toml), or a model file that `clearprop train` wrote.",
            show_default="XOR",
        ),
    ] = None,
    table: Annotated[Path | None, typer.Option(help=f"Of a model: {take.ONE_FILE}.", show_default=False)] = None,
    row: Annotated[
        int | None, typer.Option(help="Which row of the table is looked at, from 1.", min=1, show_default="the first")
    ] = None,
    port: Annotated[int, typer.Option(help="Of the address; 0 takes a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the address in the browser.")] = True,
) -> None:
    """Open the playground; the first line printed is its address. Ctrl-C ends it."""
    from clearprop.playground.opening import opened, serve

    serve(opened(source, table, row), port=port, browser=browser)
