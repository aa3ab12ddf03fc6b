"""Arguments that several commands take, said once."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.engines import MOST_THREADS, check_engine
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.artefact import TableModel
    from clearprop.model import Model

ONE_FILE = "CSV, TSV (also .gz), Parquet or Arrow file"
TABLE_HELP = f"{ONE_FILE}; or several, a folder of them, or a pattern in quotes such as 'data/*.parquet'."


class Task(StrEnum):
    classes = "classes"
    numbers = "numbers"


class Language(StrEnum):
    en = "en"
    zh = "zh"


class RecipeName(StrEnum):
    strong = "strong"
    quick = "quick"


TableFiles = Annotated[list[Path], typer.Argument(metavar="TABLE", help=TABLE_HELP, show_default=False)]
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="Model file that `clearprop train` wrote.", show_default=False)
]
Engine = Annotated[
    str,
    typer.Option(
        callback=check_engine,
        help="What computes: auto is native, the C++ core; reference, NumPy; torch, PyTorch, on a GPU where there is "
        "one; torch:cpu or torch:cuda:1, PyTorch on the device of that name.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MOST_THREADS,
        help="Threads to use; the result is the same, of torch but for rounding.",
        show_default="one a processor",
    ),
]
MemberNumber = Annotated[
    int | None,
    typer.Option("--member", min=1, help="Of an ensemble: which of its members, from 1.", show_default="the first"),
]
InLanguage = Annotated[Language, typer.Option("--language", help="en or zh.")]
InNotation = Annotated[
    str,
    typer.Option(help="How it is written: canonical, net-out, threshold, matrix-columns, matrix, ufldl or nielsen."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a text.")]


def check_place(path: Path, *inputs: Path) -> None:
    """Says before the work, not after it, that a file cannot be written, or that an input would be lost."""
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{path}: this is a folder; name a file")
    for given in inputs:
        if path.exists() and given.exists() and path.samefile(given):
            raise InputError(f"{path}: this is an input, which would be lost; name another file")


def paths(table: Sequence[Path]) -> Path | Sequence[Path]:
    """What TABLE names: one name, which may be that of a folder or a pattern, or several."""
    return table[0] if len(table) == 1 else table


def files_of(table: Sequence[Path]) -> list[Path]:
    """The files that TABLE names, as far as they are there: what is wrong with them, who reads them says."""
    from clearprop.table.files import files, names_many

    return files(table) if names_many(paths(table)) else list(table)


def table_model(path: Path, table: Sequence[Path]) -> TableModel:
    """The model in a file; where the file is a table and the other a model, the message asks whether they are swapped.

    Raises:
        InputError: as `TableModel.load`.
    """
    from clearprop.artefact import TableModel

    try:
        return TableModel.load(path)
    except InputError as error:
        models = [one for one in table if one.is_file() and _is_container(one)]
        if models and path.is_file() and not _is_container(path):
            raise InputError(
                f"{path}: this is no model, but {models[0]} is one: are they swapped? MODEL stands first"
            ) from None
        raise error


def _is_container(path: Path) -> bool:
    from clearprop import container

    try:
        container.read(path)
    except InputError:
        return False
    return True


def member_of(path: Path, loaded: TableModel, number: int | None) -> Model:
    """The member of a number, from 1, or the first; one that is not there is an `InputError` with the file's name."""
    try:
        return loaded.member(1 if number is None else number)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
