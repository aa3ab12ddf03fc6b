"""Arguments that several commands take, said once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

TABLE_HELP = "CSV, TSV (also .gz), Parquet or Arrow file."


class Task(StrEnum):
    classes = "classes"
    numbers = "numbers"


class Language(StrEnum):
    en = "en"
    zh = "zh"


class EngineName(StrEnum):
    auto = "auto"
    reference = "reference"
    native = "native"


TableFile = Annotated[Path, typer.Argument(metavar="TABLE", help=TABLE_HELP, show_default=False)]
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Model file that `clearprop train` wrote.", show_default=False)
]
Engine = Annotated[EngineName, typer.Option(help="What computes: auto is native, the C++ core.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads to use; the result is the same.", show_default="one a processor")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a text.")]
