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
from clearprop.errors import InputError, check_size

if TYPE_CHECKING:
    from clearprop.engines.distributed import Distributed
    from clearprop.table import Column
    from clearprop.tabular import Fit, Prepared
    from clearprop.training import Checkpoint

MOST_PLAIN_COLUMNS = 12
MOST_MEMBERS = 1_000


def train(
    table: take.TableFiles,
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
            metavar="COLUMN=KIND",
            help='number, category, boolean, date or "left out", where a column is not what it seems.',
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="How often through the rows.", show_default="by the row count")
    ] = None,
    recipe: Annotated[
        take.RecipeName, typer.Option(help="strong for the best answer, quick for who is in a hurry.")
    ] = take.RecipeName.strong,
    members: Annotated[
        str,
        typer.Option(
            metavar="N|auto", help="How many networks answer together; auto goes by recipe, row count and cost."
        ),
    ] = "auto",
    engine: take.Engine = "auto",
    threads: take.Threads = None,
    memory: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="What the process may take up. Several files, and a table that would take up more, are read in parts, "
            "to the same model.",
        ),
    ] = "1GiB",
    spill: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="For the encoded rows of a table that is read in parts.",
            show_default="the temporary one, as TMPDIR names it",
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1,
            help="Under torchrun: for how many seconds a process may keep the others waiting, at the start too, before "
            "all end.",
        ),
    ] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same model.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of a stopped run.")] = False,
    as_json: take.AsJson = False,
) -> None:
    """Learn to predict one column of TABLE from the others.

    A fifth of the rows is held out for the scores. An ensemble learns from the rest, each member without a part of it,
    by which it chooses its best epoch. Ctrl-C leaves a checkpoint beside the model, from which the same
    command with --resume goes on.

    Several processes learn it together, and the first prints and writes: torchrun --nproc-per-node 2 -m clearprop train
    """
    from clearprop import artefact
    from clearprop.engines.distributed import Distributed
    from clearprop.engines.distributed.settings import processes, rank
    from clearprop.tabular import fit
    from clearprop.training import Checkpoint, Progress
    from clearprop.training.interrupts import interrupts

    given = take.files_of(table)
    for path in (out, report):
        take.check_place(path, *given)
    check_size("--memory", memory)
    checkpoint = _checkpoint(out, resume)
    places = {path.resolve() for path in (out, report, checkpoint)}
    if len(places) < 3:
        raise InputError(f"{report}: the model and its checkpoint are written here; name another file for the report")
    settings = {
        "task": task.value if task else None,
        "kinds": _kinds(target, exclude, kind),
        "recipe_name": recipe.value,
        "members": _members(members),
        "epochs": epochs,
        "seed": seed,
    }
    prepared = _prepared(table, target, memory, spill, settings)
    distributed = Distributed(timeout=timeout) if processes() > 1 else None
    if rank() > 0:
        _join_in(prepared, engine, threads, Checkpoint(checkpoint, resume=resume), distributed)
        return
    if checkpoint.exists() and not resume:
        show.say(f"{checkpoint}: the checkpoint of a stopped run is given up, for --resume was not asked for")
    if not as_json:
        _tell_prepared(prepared, processes())
    with interrupts() as interruption, show.warnings_said():
        callbacks = [Progress(), Checkpoint(checkpoint, resume=resume)]
        fitted = fit(prepared, engine=engine, threads=threads, callbacks=callbacks, distributed=distributed)
    if fitted.learnt.ended == "interrupted":
        show.say(f"stopped; the same command with --resume goes on from {checkpoint}")
        raise typer.Exit(128 + (interruption.signal or 2))

    page = _page(fitted, prepared.table.source, prepared.total, out, language.value)
    artefact.save(fitted.table_model, out)
    _write(report, page)
    checkpoint.unlink(missing_ok=True)
    if as_json:
        show.as_json(_summary(fitted, out, report))
    else:
        _tell_fitted(fitted, out, report)


def _prepared(
    table: Sequence[Path], target: str, memory: str, spill: Path | None, settings: dict[str, Any]
) -> Prepared:
    """The table in memory where it is one file and fits, else read in parts."""
    from clearprop.table import read
    from clearprop.table.files import fits, names_many
    from clearprop.tabular import prepare, prepare_files

    one = take.paths(table)
    if spill is None and not names_many(one) and fits(table[0], check_size("--memory", memory)):
        return prepare(read(table[0]), target, **settings)
    show.say(f"the table is read in parts, to keep to {memory} of memory")
    return prepare_files(one, target, memory=memory, spill=spill, **settings)


def _join_in(
    prepared: Prepared, engine: str, threads: int | None, checkpoint: Checkpoint, distributed: Distributed | None
) -> None:
    """The part of a process that is not the first: to learn with it, and to say and write nothing."""
    import warnings

    from clearprop.tabular import fit
    from clearprop.training.interrupts import interrupts

    with interrupts() as interruption, warnings.catch_warnings(action="ignore"):
        fitted = fit(prepared, engine=engine, threads=threads, callbacks=[checkpoint], distributed=distributed)
    if fitted.learnt.ended == "interrupted":
        raise typer.Exit(128 + (interruption.signal or 2))


def _checkpoint(out: Path, resume: bool) -> Path:
    path = out.with_name(out.name + ".checkpoint")
    if resume and not path.exists():
        raise InputError(f"{path}: there is no checkpoint to go on from; leave out --resume")
    return path


def _members(text: str) -> int | None:
    if text == "auto":
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_MEMBERS):
        raise InputError(f'--members {text}: expected a whole number from 1 to {MOST_MEMBERS:,}, or "auto"')
    return int(text)


def _kinds(target: str, exclude: Sequence[str] | None, kind: Sequence[str] | None) -> dict[str, str]:
    from clearprop.table.kinds import check_kinds

    kinds = {}
    if target in (exclude or ()):
        raise InputError(f"--exclude {target}: this is the target, the column to predict; leave out another, or none")
    for text in kind or ():
        name, equals, value = text.rpartition("=")
        if not equals or not name:
            raise InputError(f'--kind {text}: expected COLUMN=KIND, such as --kind "postcode=category"')
        if name == target:
            raise InputError(f"--kind {text}: this is the target; say what it is with --task classes or --task numbers")
        kinds[name] = value
    check_kinds(kinds)
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


def _tell_prepared(prepared: Prepared, processes: int) -> None:
    encoding, parts, recipe = prepared.encoding, prepared.parts, prepared.recipe
    kind = f"{len(encoding.classes)} classes" if encoding.task == "classes" else "numbers"
    show.heading(f"{encoding.target.name}: {kind}, from {prepared.total:,} rows")
    _tell_columns(encoding.columns, encoding.rows)
    dropped = f", {parts.dropped:,} without a target left out" if parts.dropped else ""
    rows = f"{len(parts.training):,} to learn from, {len(parts.held_out):,} held out{dropped}"
    members = f"{recipe.members}, each without one of {recipe.folds} parts of the rows"
    lines = [("rows", rows), ("members", members), ("network", str(recipe.networks[0]))]
    if processes > 1:
        work = "with some of the members" if processes <= recipe.members else "with a share of every batch"
        lines.append(("processes", f"{processes:,}, each {work}"))
    show.rows(lines, indent="")


def _tell_fitted(fitted: Fit, out: Path, report: Path) -> None:
    from clearprop.scores import written
    from clearprop.table import COPY

    course = fitted.learnt
    best = course.best_epochs
    kept = f"epochs {min(best)} to {max(best)}" if min(best) < max(best) else f"epoch {best[0]}"
    learnt = (
        f"{course.epochs} epochs of {sum(course.rows):,} rows, all members', in {course.seconds:.2f} s: "
        f"{fitted.rows_per_second:,.0f} rows/s; kept {kept}"
    )
    lines = [("learnt ", learnt)]
    if fitted.left_out:
        score = fitted.left_out.measures[0]
        rows = f"on the {fitted.left_out.rows:,} rows that members left out"
        lines.append(("       ", f"{show.TITLES[score.name]} {written(score.name, score.value)} {rows}"))
    show.rows(lines, indent="")
    show.heading(f"On the {fitted.scores.rows:,} held-out rows")
    show.scores(fitted.scores.measures)
    first = fitted.scores.measures[0]
    if (first.value <= first.baseline) == first.higher_is_better:
        show.heading("The model is no better than an answer without looking.")
    for column in fitted.table_model.encoding.columns:
        if COPY in column.notes:
            show.heading(f"{column.name} {COPY} If so, leave it out: --exclude {shlex.quote(column.name)}")
    show.rows([("model", str(out)), ("report", str(report))], indent="")


def _tell_columns(columns: Sequence[Column], rows: int) -> None:
    """Every column that is left out or worth a note, of many plain ones the first few; as so many rows have them."""
    lines, plain = [], 0
    for one in columns:
        noted = one.kind == "left out" or one.notes
        plain += not noted
        if noted or plain <= MOST_PLAIN_COLUMNS:
            missing = [f"{one.missing:,} missing of {rows:,}"] if one.missing and one.kind != "left out" else []
            lines.append((one.name, one.kind, "; ".join([one.done, *missing, *one.notes])))
    show.rows(lines)
    if plain > MOST_PLAIN_COLUMNS:
        show.rows([(f"and {plain - MOST_PLAIN_COLUMNS:,} more, which the report lists",)])


def _summary(fitted: Fit, out: Path, report: Path) -> dict[str, Any]:
    encoding, parts, learnt = fitted.table_model.encoding, fitted.parts, fitted.learnt
    return {
        "target": encoding.target.name,
        "task": encoding.task,
        "classes": list(encoding.classes),
        "rows": {"training": len(parts.training), "held_out": len(parts.held_out), "dropped": parts.dropped},
        "columns": [
            {"name": one.name, "kind": one.kind, "done": one.done, "missing": one.missing, "notes": list(one.notes)}
            for one in encoding.columns
        ],
        "networks": [member.network.to_json() for member in learnt.ensemble.members],
        "temperature": learnt.ensemble.temperature,
        "epochs": learnt.epochs,
        "best_epochs": list(learnt.best_epochs),
        "ended": learnt.ended,
        "seconds": fitted.seconds,
        "rows_learnt": fitted.rows_learnt,
        "seconds_learning": learnt.seconds,
        "scores": fitted.scores.to_json(),
        "left_out_scores": fitted.left_out.to_json() if fitted.left_out else None,
        "model": str(out),
        "report": str(report),
    }
