"""clearprop bench-stream: training on files that need not fit in memory, beside training in memory."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.cli.bench import PUBLISHED, make_folder
from clearprop.errors import InputError, check_size

if TYPE_CHECKING:
    from clearprop.benchmark.stream.report import Compared
    from clearprop.benchmark.stream.side import Asked

ROWS, QUICK = 20_000_000, 100_000
FILE_NAMES = ("stream.json", "stream.md")


def bench_stream(
    rows: Annotated[
        int | None, typer.Option(min=2000, help="Of the table.", show_default=f"{ROWS:,}, or {QUICK:,} of a quick run")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Through all rows.")] = 2,
    memory: Annotated[str, typer.Option(metavar="SIZE", help="What the streamed side may take up.")] = "768MiB",
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the generated files, about 110 bytes a row; as much again is needed for the spill file.",
            show_default="the temporary one, as TMPDIR names it",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the table (stream.md, stream.json).",
            show_default=f"{PUBLISHED} of a checkout for a whole run; else nothing is written",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few rows: shows only that all works.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each side.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the table and of the training.")] = 0,
    as_json: take.AsJson = False,
) -> None:
    """Train on generated Parquet files larger than memory, and compare with training in memory and with PyTorch.

    Checks that both give the same weights; the exit status is 1 where they do not. PyTorch is compared where it is
    installed.
    """
    from clearprop.benchmark.stream.side import Asked

    check_size("--memory", memory)
    if out is not None:
        make_folder(out)
    if data is not None and not data.is_dir():
        raise InputError(f"--data {data}: there is no such folder")
    whole = rows is None and epochs == 2 and not quick and not seed
    if out is None and whole and PUBLISHED.is_dir():
        out = PUBLISHED
    count = rows or (QUICK if quick else ROWS)
    with tempfile.TemporaryDirectory(prefix="clearprop-bench-", dir=data) as folder:
        compared = _compared(Asked(folder, count, epochs, threads, memory, seed, 20_000 if quick else 500_000))
    if out is not None:
        _write(compared, out)
    if as_json:
        from clearprop.benchmark.stream.report import to_json

        show.as_json(to_json(compared))
    else:
        from clearprop.benchmark.stream.report import cells

        show.rows(cells(compared))
        if out is not None:
            show.rows([("written", ", ".join(str(out / name) for name in FILE_NAMES))], indent="")
    if not compared.same:
        show.say("streamed and in memory came to other weights: a defect")
        raise typer.Exit(1)


def _compared(asked: Asked) -> Compared:
    from importlib.util import find_spec

    from clearprop.benchmark.stream.data import generate
    from clearprop.benchmark.stream.report import Compared
    from clearprop.benchmark.stream.side import SIDES, ask

    show.say(f"writing {asked.rows:,} rows")
    paths = generate(Path(asked.folder), asked.rows, asked.seed)
    size = sum(path.stat().st_size for path in paths)
    told, skipped = {}, {}
    for side in SIDES:
        if side.startswith("PyTorch") and find_spec("torch") is None:
            skipped[side] = "it is not installed"
            continue
        told[side] = ask(side, asked)
        show.say(f"{side}: {told[side].rate:,.0f} rows a second")
    return Compared(datetime.now(UTC).isoformat(timespec="seconds"), asked, size, told, skipped)


def _write(compared: Compared, out: Path) -> None:
    from clearprop.benchmark.stream.report import to_json, to_markdown
    from clearprop.container import replacing

    texts = (json.dumps(to_json(compared), indent=1) + "\n", to_markdown(compared))
    for name, text in zip(FILE_NAMES, texts, strict=True):
        with replacing(out / name) as file:
            file.write(text.encode())
