"""clearprop evaluate: how good a trained model is on rows whose target is known."""

from __future__ import annotations

from clearprop.cli import arguments as take
from clearprop.cli import show


def evaluate(
    model: take.ModelFile,
    table: take.TableFile,
    engine: take.Engine = take.EngineName.auto,
    threads: take.Threads = None,
    as_json: take.AsJson = False,
) -> None:
    """Score MODEL on the rows of TABLE that have the target, beside an answer without looking."""
    table_model = take.table_model(model, table)
    scores = table_model.evaluate(table, engine=engine.value, threads=threads)
    target = table_model.encoding.target.name
    if as_json:
        show.as_json({"target": target, "rows": scores.rows, "scores": scores.to_json()})
        return
    show.heading(f"{target}: {scores.rows:,} rows")
    show.scores(scores.measures)
