"""clearprop train: from a table to a trained model, its scores and its report."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.table import Column
    from clearprop.tabular import Fit, Prepared

MOST_PLAIN_COLUMNS = 12


def train(
    table: take.TableFile,
    target: Annotated[str, typer.Option(help="The column to predict.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Where to write the model.")] = Path("model.safetensors"),
    report: Annotated[Path, typer.Option(help="Where to write the report, one HTML page.")] = Path("report.html"),
    language: Annotated[take.Language, typer.Option(help="Of the report.")] = take.Language.en,
    task: Annotated[
        take.Task | None, typer.Option(help="What the target is.", show_default="by the target's values")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="A column not to learn from; may be repeated.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=KIND", help="number, category, boolean or date, where a column is not what it seems."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="At most so many times through the rows.", show_default="by the row count")
    ] = None,
    engine: take.Engine = take.EngineName.auto,
    threads: take.Threads = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same model.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of a stopped run.")] = False,
    as_json: take.AsJson = False,
) -> None:
    """Learn to predict one column of TABLE from the others.

    A fifth of the rows is held out for the scores. Ctrl-C leaves a checkpoint beside the model, from which the same
    command with --resume goes on.
    """
    from clearprop import artefact
    from clearprop.table import read
    from clearprop.tabular import fit, prepare
    from clearprop.training import Checkpoint, Progress
    from clearprop.training.interrupts import interrupts

    for path in (out, report):
        take.check_place(path, table)
    checkpoint = _checkpoint(out, resume)
    places = {path.resolve() for path in (out, report, checkpoint)}
    if len(places) < 3:
        raise InputError(f"{report}: the model and its checkpoint are written here; name another file for the report")
    rows = read(table)
    prepared = prepare(
        rows, target, task=task.value if task else None, kinds=_kinds(exclude, kind), epochs=epochs, seed=seed
    )
    if checkpoint.exists() and not resume:
        show.say(f"{checkpoint}: the checkpoint of a stopped run is given up, for --resume was not asked for")
    if not as_json:
        _tell_prepared(prepared)
    with interrupts() as interruption:
        callbacks = [Progress(), Checkpoint(checkpoint, resume=resume)]
        fitted = fit(prepared, engine=engine.value, threads=threads, callbacks=callbacks)
    if fitted.result.ended == "interrupted":
        show.say(f"stopped; the same command with --resume goes on from {checkpoint}")
        raise typer.Exit(128 + (interruption.signal or 2))

    page = _page(fitted, rows.source, len(rows), out, language.value)
    artefact.save(fitted.table_model, out)
    _write(report, page)
    checkpoint.unlink(missing_ok=True)
    if as_json:
        show.as_json(_summary(fitted, out, report))
    else:
        _tell_fitted(fitted, out, report)


def _checkpoint(out: Path, resume: bool) -> Path:
    path = out.with_name(out.name + ".checkpoint")
    if resume and not path.exists():
        raise InputError(f"{path}: there is no checkpoint to go on from; leave out --resume")
    return path


def _kinds(exclude: Sequence[str] | None, kind: Sequence[str] | None) -> dict[str, str]:
    kinds = {}
    for text in kind or ():
        name, equals, value = text.rpartition("=")
        if not equals or not name:
            raise InputError(f'--kind {text}: expected COLUMN=KIND, such as --kind "postcode=category"')
        kinds[name] = value
    return {**kinds, **dict.fromkeys(exclude or (), "left out")}


def _write(path: Path, text: str) -> None:
    from clearprop.container import replacing

    with replacing(path) as file:
        file.write(text.encode())


def _page(fitted: Fit, source: str, total: int, out: Path, language: str) -> str:
    from clearprop.report import of_fit, render

    commands = [
        f"clearprop predict {shlex.quote(str(out))} NEW_TABLE.csv --out predictions.csv",
        f"clearprop evaluate {shlex.quote(str(out))} OTHER_TABLE.csv",
    ]
    lines = [
        "import clearprop as cp",
        f"model = cp.TableModel.load({str(out)!r})",
        'predictions = model.predict("NEW_TABLE.csv")   # or a DataFrame',
    ]
    when = datetime.now().astimezone().isoformat(timespec="seconds")
    return render(of_fit(fitted, source=source, total=total, when=when, shell=commands, python=lines), language)


def _tell_prepared(prepared: Prepared) -> None:
    encoding, parts = prepared.encoding, prepared.parts
    kind = f"{len(encoding.classes)} classes" if encoding.task == "classes" else "numbers"
    show.heading(f"{encoding.target.name}: {kind}, from {len(prepared.table):,} rows")
    _tell_columns(encoding.columns)
    dropped = f", {parts.dropped:,} without a target left out" if parts.dropped else ""
    rows = (
        f"{len(parts.training):,} to learn from, {len(parts.validation):,} to watch, "
        f"{len(parts.held_out):,} held out{dropped}"
    )
    show.rows([("rows", rows), ("network", str(prepared.recipe.network))], indent="")


def _tell_fitted(fitted: Fit, out: Path, report: Path) -> None:
    from clearprop.table import COPY

    learnt = (
        f"{len(fitted.result.history)} epochs in {fitted.seconds:.2f} s, "
        f"{fitted.rows_per_second:,.0f} rows/s; kept epoch {fitted.result.history.best_epoch}"
    )
    show.rows([("learnt ", learnt)], indent="")
    show.heading(f"On the {fitted.scores.rows:,} held-out rows")
    show.scores(fitted.scores.measures)
    first = fitted.scores.measures[0]
    if (first.value <= first.baseline) == first.higher_is_better:
        show.heading("The model is no better than an answer without looking.")
    for column in fitted.table_model.encoding.columns:
        if COPY in column.notes:
            show.heading(f"{column.name} {COPY} If so, leave it out: --exclude {shlex.quote(column.name)}")
    show.rows([("model", str(out)), ("report", str(report))], indent="")


def _tell_columns(columns: Sequence[Column]) -> None:
    """Every column that is left out or worth a note, and of many plain ones the first few."""
    lines, plain = [], 0
    for one in columns:
        noted = one.kind == "left out" or one.notes
        plain += not noted
        if noted or plain <= MOST_PLAIN_COLUMNS:
            missing = [f"{one.missing:,} missing"] if one.missing and one.kind != "left out" else []
            lines.append((one.name, one.kind, "; ".join([one.done, *missing, *one.notes])))
    show.rows(lines)
    if plain > MOST_PLAIN_COLUMNS:
        show.rows([(f"and {plain - MOST_PLAIN_COLUMNS:,} more, which the report lists",)])


def _summary(fitted: Fit, out: Path, report: Path) -> dict[str, Any]:
    encoding, parts, history = fitted.table_model.encoding, fitted.parts, fitted.result.history
    return {
        "target": encoding.target.name,
        "task": encoding.task,
        "classes": list(encoding.classes),
        "rows": {
            "training": len(parts.training),
            "validation": len(parts.validation),
            "held_out": len(parts.held_out),
            "dropped": parts.dropped,
        },
        "columns": [
            {"name": one.name, "kind": one.kind, "done": one.done, "missing": one.missing, "notes": list(one.notes)}
            for one in encoding.columns
        ],
        "network": fitted.table_model.model.network.to_json(),
        "epochs": len(history),
        "best_epoch": history.best_epoch,
        "ended": fitted.result.ended,
        "seconds": fitted.seconds,
        "scores": fitted.scores.to_json(),
        "model": str(out),
        "report": str(report),
    }
