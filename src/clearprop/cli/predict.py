"""clearprop predict: a trained model on new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show


def predict(
    model: take.ModelFile,
    table: take.TableFile,
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
    """Predict the target for the rows of TABLE, in their order; for classes with probabilities."""
    from clearprop.table import check_ending, read, unseen, write

    if out:
        take.check_place(out, model, table)
    place = out or "-"
    check_ending(place)
    table_model, rows = take.table_model(model, table), read(table)
    predictions = table_model.predict(rows, keep=keep or (), engine=engine, threads=threads)
    for column in unseen(table_model.encoding, rows):
        show.say(f"note: {column}")
    write(predictions, place)
