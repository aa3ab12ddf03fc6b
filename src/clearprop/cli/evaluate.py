"""clearprop evaluate: how good a trained model is on rows whose target is known."""

from __future__ import annotations

from clearprop.cli import arguments as take
from clearprop.cli import show


def evaluate(
    model: take.ModelFile,
    table: take.TableFile,
    engine: take.Engine = "auto",
    threads: take.Threads = None,
    as_json: take.AsJson = False,
) -> None:
    """Score MODEL on the rows of TABLE that have the target, beside an answer without looking."""
    from clearprop.table import read, unseen

    table_model = take.table_model(model, table)
    rows = read(table)
    scores = table_model.evaluate(rows, engine=engine, threads=threads)
    for column in unseen(table_model.encoding, rows):
        show.say(f"note: {column}")
    target = table_model.encoding.target.name
    if as_json:
        show.as_json({"target": target, "rows": scores.rows, "scores": scores.to_json()})
        return
    show.heading(f"{target}: {scores.rows:,} rows")
    show.scores(scores.measures)
