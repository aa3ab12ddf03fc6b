"""clearprop bench: side by side with other tools."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.errors import ClearpropError, InputError

if TYPE_CHECKING:
    from clearprop.benchmark.cases import Case
    from clearprop.benchmark.race import Outcome
    from clearprop.benchmark.suite import Run

PUBLISHED = Path("benchmarks/results")
FILE_NAMES = ("bench.json", "bench.md", "bench.svg")


def bench(
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CASE]...",
            help="Cases to measure: tiny, small, tab, mnist, wide, float64, tanh, gelu, regression, batch-1, ragged, "
            "deep, predict-1, predict-10000, many, drawn-1, drawn-2, drawn-3.",
            show_default="all",
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="Only against this one (repeat it for more): scikit-learn, torch, torch-compile, jax, numpy, c.",
            show_default="all that are installed",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the table (bench.md, bench.json) and the plot (bench.svg).",
            show_default=f"{PUBLISHED} of a checkout for a whole run; else nothing is written",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small tables, few rounds: shows only that all works.")
    ] = False,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="Rounds in which all take turns.", show_default="7, or 2 of a quick run")
    ] = None,
    threads: take.Threads = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the tables, and of the shapes of the drawn cases.")] = 0,
    as_json: take.AsJson = False,
) -> None:
    """Time clearprop side by side with the tools that are installed.

    First checks that all compute the same loss curve; one that does not is not timed, and the exit status is 1.
    A ratio is how many times the time of clearprop another takes: above 1 it is slower.
    All cases take 20 to 25 minutes on two processors. pip install "clearprop\\[bench]" brings the others.
    """
    from clearprop.benchmark import report
    from clearprop.benchmark.contestants import rivals
    from clearprop.benchmark.race import Rules
    from clearprop.benchmark.suite import runs
    from clearprop.engines import thread_count

    asked, others, cores = _chosen(cases or [], seed), rivals(against or []), thread_count(threads)
    # What is published is never replaced by less: by a part of it, by a run that was broken off, or without some tool.
    whole = not (cases or against or quick or repeats or threads or any(one.missing() for one in others))
    published = PUBLISHED if out is None and whole and PUBLISHED.is_dir() else None
    if out is not None:
        make_folder(out)
    rules = Rules(cores, seed, repeats or 7, fewest=min(repeats or 3, 3))
    if quick:
        rules = Rules(cores, seed, repeats or 2, fewest=1, seconds=2.0, compiling=60.0)
        asked = [case.smaller() for case in asked]
    show.say(f"seed {seed}, {cores} threads at most; figures are {_where(out, published)}")
    told = 0
    for done in runs(asked, rules, against=others, quick=quick, say=show.say):
        if out is not None:
            _write(done, out)
        for outcome in () if as_json else done.outcomes[told:]:
            _tell(outcome)
        told = len(done.outcomes)
    if published is not None:
        _write(done, published)
    if as_json:
        show.as_json(report.to_json(done))
    elif folder := out or published:
        show.rows([("written", ", ".join(str(folder / name) for name in FILE_NAMES))], indent="")
    if done.wrong:
        raise ClearpropError("not all compute the same: " + "; ".join(done.wrong))


def _chosen(names: list[str], seed: int) -> list[Case]:
    """The cases of these names; a contestant among them is the end of an `--against` that was to name several."""
    from clearprop.benchmark.cases import chosen
    from clearprop.benchmark.contestants import CONTESTANTS

    for name in names:
        if name in {one.name for one in CONTESTANTS}:
            raise InputError(
                f'"{name}" is no case but a contestant; each takes an --against of its own: --against {name}'
            )
    return chosen(names, seed)


def _where(out: Path | None, published: Path | None) -> str:
    if out is not None:
        return f"written to {out} after each case"
    if published is not None:
        return f"written to {published} at the end"
    return "printed and not kept (--out FOLDER writes table and plot)"


def make_folder(out: Path) -> None:
    """Says before the work, not after it, that nothing can be written there."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: this is a file; name a folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=out).close()
    except OSError as error:
        raise InputError(f"{out}: nothing can be written there ({error.strerror}); name another folder") from None


def _write(done: Run, out: Path) -> None:
    from clearprop.benchmark import report
    from clearprop.benchmark.plot import draw
    from clearprop.container import replacing

    texts = (report.to_text(done), report.to_markdown(done), str(draw(done)))
    for name, text in zip(FILE_NAMES, texts, strict=True):
        with replacing(out / name) as file:
            file.write(text.encode())


def _tell(outcome: Outcome) -> None:
    from clearprop.benchmark import report
    from clearprop.benchmark.contestants import OURS, contestant

    show.heading(f"{outcome.case.name}: {outcome.case.unit}")
    lines = [("", "time", "ratio", f"of the limit, {report.limit(outcome)}")]
    for one in outcome.timings:
        ratio = None if one.name == OURS else outcome.ratio(one.name)
        time, share = report.seconds(one.median), report.share(outcome.share_of_limit(one))
        lines.append((contestant(one.name).title, time, report.times(ratio) if ratio else "", share))
    lines += [(contestant(name).title, "–", "", reason) for name, reason in (outcome.absent | outcome.wrong).items()]
    show.rows(lines)
