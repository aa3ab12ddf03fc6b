"""clearprop predict: a trained model on new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearprop.cli import arguments as take


def predict(
    model: take.ModelFile,
    table: take.TableFile,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write: .csv, .tsv (also .gz), .parquet or .arrow.", show_default="CSV to stdout"),
    ] = None,
    engine: take.Engine = "auto",
    threads: take.Threads = None,
) -> None:
    """Predict the target for the rows of TABLE, in their order; for classes with probabilities."""
    from clearprop.artefact import TableModel
    from clearprop.table import check_ending, write

    if out:
        take.check_place(out, model, table)
    place = out or "-"
    check_ending(place)
    predictions = TableModel.load(model).predict(table, engine=engine, threads=threads)
    write(predictions, place)
