"""clearprop bench-accuracy: how good the models are beside those of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.cli.bench import PUBLISHED, make_folder
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.benchmark.accuracy.suite import Run

FILE_NAMES = ("accuracy.json", "accuracy.md", "accuracy.svg")
CACHE = PUBLISHED / "accuracy" / "fits.jsonl"
FOLDS = 5


def bench_accuracy(
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this task (repeat it for more): breast_cancer, wine, iris, digits, diabetes, friedman1, "
            "friedman2, friedman3, hastie_10_2, moons, gaussian_quantiles, classification, checkerboard, mixed, "
            "heavy_tailed, hundred_categories; and the unseen ones, spirals, sales, grades, steps, sparse.",
            show_default="all of the suite",
        ),
    ] = None,
    entrants: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this one (repeat it for more): clearprop, clearprop-quick, realmlp, lightgbm, catboost, "
            "scikit-learn.",
            show_default="all that are installed",
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Parts of each table.", show_default=f"{FOLDS}, or 2 of a quick run")
    ] = None,
    unseen: Annotated[bool, typer.Option("--unseen", help="Also the five tables that no recipe was tuned on.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the table (accuracy.md, accuracy.json) and the plot (accuracy.svg).",
            show_default=f"{PUBLISHED} of a checkout for a whole run with --unseen; else nothing is written",
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="File that keeps each fit, so that a run that was cut short goes on where it was.",
            show_default=f"{CACHE} of a checkout, unless quick",
        ),
    ] = None,
    untimed: Annotated[
        bool,
        typer.Option("--untimed", help="The machine is doing other things too: the times of these fits do not count."),
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Few rows of each table: shows only that all works.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads that each fit is limited to.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the tables, the folds and the fits.")] = 0,
    as_json: take.AsJson = False,
) -> None:
    """Compare the default models with those of other tools, on 16 tables and five that no recipe was tuned on.

    All learn the same folds and are asked about the same rows. pip install "clearprop\\[accuracy]" brings the others;
    with them a whole run takes hours, goes on where it was cut short, and fits anew only what has changed.
    """
    from clearprop.benchmark.accuracy import entrants as known
    from clearprop.benchmark.accuracy import report, suite
    from clearprop.benchmark.accuracy.cache import Cache
    from clearprop.benchmark.accuracy.fit import Draw, Processes
    from clearprop.benchmark.accuracy.tasks import chosen

    asked, those = chosen(tasks or [], unseen=unseen), known.chosen(entrants or [])
    # What is published is never replaced by less: by a part of it, or without some tool.
    less = tasks or entrants or folds or quick or untimed or seed or any(one.missing() for one in those)
    whole = unseen and not less
    published = PUBLISHED if out is None and whole and PUBLISHED.is_dir() else None
    if out is not None:
        make_folder(out)
    if cache is None and not quick and PUBLISHED.is_dir():
        cache = CACHE
    if cache is not None and cache.is_dir():
        raise InputError(f"{cache}: this is a folder; name a file for the fits")
    rules = suite.Rules(Draw(folds or (2 if quick else FOLDS), seed, quick), threads, timed=not untimed)
    done = None
    with Processes() as processes:
        for done in suite.runs(asked, those, rules, cache=Cache(cache), fit=processes.fit, say=show.say):
            if out is not None:
                _write(done, out)
    assert done is not None  # there is no run of no task
    if published is not None:
        _write(done, published)
    if as_json:
        show.as_json(report.to_json(done))
        return
    _tell(done)
    if folder := out or published:
        show.rows([("written", ", ".join(str(folder / name) for name in FILE_NAMES))], indent="")


def _write(done: Run, out: Path) -> None:
    from clearprop.benchmark.accuracy import report
    from clearprop.benchmark.accuracy.plot import draw
    from clearprop.container import replacing

    texts = (report.to_text(done), report.to_markdown(done), str(draw(done)))
    for name, text in zip(FILE_NAMES, texts, strict=True):
        with replacing(out / name) as file:
            file.write(text.encode())


def _tell(done: Run) -> None:
    from clearprop.benchmark.accuracy import report

    for outcome in done.outcomes:
        show.heading(f"{outcome.task.name}: {outcome.task.what}")
        show.rows(report.cells(done, outcome))
    for title, outcomes in report.groups(done).items():
        show.heading(title)
        show.rows(report.standing_cells(done.entrants, outcomes))
