"""clearprop evaluate: how good a trained model is on rows whose target is known."""

from __future__ import annotations

from dataclasses import replace

from clearprop.cli import arguments as take
from clearprop.cli import show


def evaluate(
    model: take.ModelFile,
    table: take.TableFiles,
    engine: take.Engine = "auto",
    threads: take.Threads = None,
    as_json: take.AsJson = False,
) -> None:
    """Score MODEL on the rows of TABLE that have the target, beside an answer without looking.

    Several files, and a table that would take up more than 1 GiB, are read in parts, to the same scores.
    """
    from clearprop.table import Newcomers, parts

    table_model, given = take.table_model(model, table), parts(take.paths(table))
    newcomers = Newcomers(table_model.encoding)
    watched = replace(given, tables=newcomers.among(given.tables))
    scores = table_model.evaluate(watched, engine=engine, threads=threads)
    for column in newcomers.found:
        show.say(f"note: {column}")
    target = table_model.encoding.target.name
    if as_json:
        show.as_json({"target": target, "rows": scores.rows, "scores": scores.to_json()})
        return
    show.heading(f"{target}: {scores.rows:,} rows")
    show.scores(scores.measures)
