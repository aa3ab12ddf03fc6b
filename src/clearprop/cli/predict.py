"""clearprop predict: a trained model on new rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show

if TYPE_CHECKING:
    import polars as pl


def predict(
    model: take.ModelFile,
    table: take.TableFiles,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write: .csv, .tsv (also .gz), .parquet or .arrow.", show_default="CSV to stdout"),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column of TABLE to put before the predictions; may be repeated."),
    ] = None,
    engine: take.Engine = "auto",
    threads: take.Threads = None,
) -> None:
    """Predict the target for the rows of TABLE, in their order; for classes with probabilities.

    Several files, and a table that would take up more than 1 GiB, are read and answered in parts.
    """
    from clearprop.table import Newcomers, check_ending, parts, write

    if out:
        take.check_place(out, model, *take.files_of(table))
    place = out or "-"
    check_ending(place)
    table_model, given = take.table_model(model, table), parts(take.paths(table))
    newcomers = Newcomers(table_model.encoding)

    def predicted() -> Iterator[pl.DataFrame]:
        for rows in newcomers.among(given.tables):
            yield table_model.predict(rows, keep=keep or (), engine=engine, threads=threads)
        for column in newcomers.found:
            show.say(f"note: {column}")

    write(predicted(), place)
