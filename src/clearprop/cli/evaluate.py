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
    from clearprop.artefact import TableModel
    from clearprop.table import read
    from clearprop.tabular import score

    table_model = TableModel.load(model)
    scores = score(table_model, read(table), engine=engine, threads=threads)
    target = table_model.encoding.target.name
    if as_json:
        show.as_json({"target": target, "rows": scores.rows, "scores": scores.to_json()})
        return
    show.heading(f"{target}: {scores.rows:,} rows")
    show.scores(scores.measures)
