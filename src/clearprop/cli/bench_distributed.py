"""clearprop bench-distributed: how long an update takes in several processes, and what was foretold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.cli.bench import PUBLISHED, make_folder
from clearprop.errors import needed

if TYPE_CHECKING:
    from clearprop.benchmark.distributed.suite import Run

FILE_NAMES = ("distributed.json", "distributed.md")


def bench_distributed(
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]...", help="Cases to measure: wide, tab-8192, tab, small.", show_default="all"),
    ] = None,
    workers: Annotated[int, typer.Option(min=2, max=64, help="Processes, of one thread each.")] = 2,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the tables (distributed.md, distributed.json).",
            show_default=f"{PUBLISHED} of a checkout for a whole run; else nothing is written",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small networks, few rounds: shows only that all works.")
    ] = False,
    as_json: take.AsJson = False,
) -> None:
    """Time updates of one process and of several that train together, beside what the cost model foretells.

    The machine should do nothing else, and have a processor for each process. Takes some four minutes; needs PyTorch.
    """
    from clearprop.benchmark.distributed import report, suite

    needed("torch", "torch")
    asked = suite.chosen(cases or [])
    whole = not (cases or quick or workers != 2)
    published = PUBLISHED if out is None and whole and PUBLISHED.is_dir() else None
    if out is not None:
        make_folder(out)
    rules = suite.Rules(workers)
    if quick:
        rules = suite.Rules(workers, seconds=0.1, least=1, quick=True)
        asked = [case.smaller() for case in asked]
    done = suite.run(asked, rules, say=show.say)
    if folder := out or published:
        _write(done, folder)
    if as_json:
        show.as_json(report.to_json(done))
        return
    _tell(done)
    if folder:
        show.rows([("written", ", ".join(str(folder / name) for name in FILE_NAMES))], indent="")


def _write(done: Run, out: Path) -> None:
    from clearprop.benchmark.distributed import report
    from clearprop.container import replacing

    for name, text in zip(FILE_NAMES, (report.to_text(done), report.to_markdown(done)), strict=True):
        with replacing(out / name) as file:
            file.write(text.encode())


def _tell(done: Run) -> None:
    from clearprop.benchmark.distributed import report

    for one in done.found:
        show.heading(f"{one.case.name}: {'-'.join(map(str, one.case.sizes))}, batch {one.case.batch:,}")
        heads = ("processes", "meeting every", "time", "foretold", "off by", "efficiency", "foretold")
        show.rows([heads, *(line[2:] for line in report.rows(done, one))])
