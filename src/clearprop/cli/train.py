"""clearprop train: from a table to a trained model, its scores and its report."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.errors import InputError

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
    from clearprop.tabular import fit
    from clearprop.training import Checkpoint, Progress
    from clearprop.training.interrupts import interrupts

    for path in (out, report):
        _check_place(path, table)
    if out.absolute() == report.absolute():
        raise InputError(f"{out}: the model and the report cannot both be this file")
    checkpoint = out.with_name(out.name + ".checkpoint")
    if resume and not checkpoint.exists():
        raise InputError(f"{checkpoint}: there is no checkpoint to go on from; leave out --resume")
    rows = read(table)
    with interrupts() as interruption:
        fitted = fit(
            rows,
            target,
            task=task.value if task else None,
            epochs=epochs,
            seed=seed,
            engine=engine.value,
            threads=threads,
            callbacks=[Progress(), Checkpoint(checkpoint, resume=resume)],
        )
    if fitted.result.ended == "interrupted":
        show.say(f"stopped; the same command with --resume goes on from {checkpoint}")
        raise typer.Exit(128 + (interruption.signal or 2))

    page = _page(fitted, rows.source, len(rows), table, out, language.value)
    artefact.save(fitted.table_model, out)
    _write(report, page)
    checkpoint.unlink(missing_ok=True)
    if as_json:
        show.as_json(_summary(fitted, out, report))
    else:
        _tell(fitted, len(rows), out, report)


def _check_place(path: Path, table: Path) -> None:
    """Says before the work, not after it, that a file cannot be written."""
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{path}: this is a folder; name a file")
    if path.exists() and table.exists() and path.samefile(table):
        raise InputError(f"{path}: this is the table itself, which would be lost; name another file")


def _write(path: Path, text: str) -> None:
    from clearprop.container import replacing

    with replacing(path) as file:
        file.write(text.encode())


def _page(fitted: Any, source: str, total: int, table: Path, out: Path, language: str) -> str:
    from clearprop.report import of_fit, render

    commands = [
        f"clearprop predict {shlex.quote(str(out))} NEW_TABLE.csv --out predictions.csv",
        f"clearprop evaluate {shlex.quote(str(out))} {shlex.quote(str(table))}",
    ]
    lines = [
        "import clearprop as cp",
        f"model = cp.TableModel.load({str(out)!r})",
        'predictions = model.predict("NEW_TABLE.csv")   # or a DataFrame',
    ]
    when = datetime.now().astimezone().isoformat(timespec="seconds")
    return render(of_fit(fitted, source=source, total=total, when=when, shell=commands, python=lines), language)


def _tell(fitted: Any, total: int, out: Path, report: Path) -> None:
    encoding, parts = fitted.table_model.encoding, fitted.parts
    kind = f"{len(encoding.classes)} classes" if encoding.task == "classes" else "numbers"
    show.heading(f"{encoding.target.name}: {kind}, from {total:,} rows")
    _tell_columns(encoding.columns)
    dropped = f", {parts.dropped:,} without a target left out" if parts.dropped else ""
    show.rows(
        [
            (
                "rows",
                f"{len(parts.training):,} to learn from, {len(parts.validation):,} to watch, "
                f"{len(parts.held_out):,} held out{dropped}",
            ),
            ("network", str(fitted.table_model.model.network)),
            (
                "learnt",
                f"{len(fitted.result.history)} epochs in {fitted.seconds:.2f} s, "
                f"{fitted.rows_per_second:,.0f} rows/s; kept epoch {fitted.result.history.best_epoch}",
            ),
        ],
        indent="",
    )
    show.heading("On the held-out rows")
    show.scores(fitted.scores.measures)
    show.rows([("model", str(out)), ("report", str(report))], indent="")


def _tell_columns(columns: Sequence[Any]) -> None:
    """Every column that is left out or worth a note, and of many plain ones the first few."""
    lines, plain = [], 0
    for one in columns:
        noted = one.kind == "left out" or one.notes
        plain += not noted
        if noted or plain <= MOST_PLAIN_COLUMNS:
            lines.append((one.name, one.kind, "; ".join([one.done.removeprefix("left out: "), *one.notes])))
    show.rows(lines)
    if plain > MOST_PLAIN_COLUMNS:
        show.rows([(f"and {plain - MOST_PLAIN_COLUMNS:,} more, which the report lists",)])


def _summary(fitted: Any, out: Path, report: Path) -> dict[str, Any]:
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
            {"name": one.name, "kind": one.kind, "done": one.done, "notes": list(one.notes)} for one in encoding.columns
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
