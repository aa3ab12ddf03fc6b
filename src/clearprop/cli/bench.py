"""clearprop bench: side by side with other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.errors import ClearpropError, InputError

if TYPE_CHECKING:
    from clearprop.benchmark.suite import Run

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
        Path, typer.Option(help="Folder for the table (bench.md, bench.json) and the plot (bench.svg).")
    ] = Path("benchmarks/results"),
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
    All cases take about a quarter of an hour on two processors. pip install "clearprop\\[bench]" brings the others.
    """
    from clearprop.benchmark import report
    from clearprop.benchmark.cases import chosen
    from clearprop.benchmark.contestants import contestant
    from clearprop.benchmark.plot import draw
    from clearprop.benchmark.race import Rules
    from clearprop.benchmark.suite import runs
    from clearprop.container import replacing
    from clearprop.engines import thread_count

    asked = chosen(cases or [], seed)
    for name in against or []:
        contestant(name)
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: this is a file; name a folder")
    out.mkdir(parents=True, exist_ok=True)
    cores = thread_count(threads)
    rules = Rules(cores, seed, repeats or 7, fewest=min(repeats or 3, 3))
    if quick:
        rules = Rules(cores, seed, repeats or 2, fewest=1, seconds=2.0, compiling=60.0)
        asked = [case.smaller() for case in asked]
    show.say(f"seed {seed}, {cores} threads at most")
    for done in runs(asked, rules, against=against or [], quick=quick, say=show.say):
        texts = (report.to_text(done), report.to_markdown(done), str(draw(done)))
        for name, text in zip(FILE_NAMES, texts, strict=True):
            with replacing(out / name) as file:
                file.write(text.encode())
    if as_json:
        show.as_json(report.to_json(done))
    else:
        _tell(done, out)
    if done.wrong:
        raise ClearpropError("not all compute the same: " + "; ".join(done.wrong))


def _tell(done: Run, out: Path) -> None:
    from clearprop.benchmark import report

    for outcome in done.outcomes:
        show.heading(f"{outcome.case.name}: {outcome.case.unit}")
        lines = []
        for one in outcome.timings:
            ratio, share = outcome.ratio(one.name), report.share(outcome.share_of_limit(one))
            lines.append((one.name, report.seconds(one.median), report.times(ratio) if ratio else "", share))
        lines += [(name, "–", "", reason) for name, reason in {**outcome.absent, **outcome.wrong}.items()]
        show.rows(lines)
    show.rows([("written", ", ".join(str(out / name) for name in FILE_NAMES))], indent="")
