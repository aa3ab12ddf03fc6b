"""clearprop check: which numbers of a worked sheet are wrong, and why; or whether a model's gradients are right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.check import GradientReport, WorksheetReport
    from clearprop.engines.base import Array
    from clearprop.table import Encoding, Parts

WRONG = 1
ROWS = 32
"""Gradients are checked on so many rows: each parameter is moved, and the loss of all of them computed again."""


def check(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SHEET|EXAMPLE|MODEL",
            help="A worked sheet with claims (TOML), the name of an example, or, with TABLE, a model file.",
            show_default=False,
        ),
    ],
    table: Annotated[
        list[Path] | None, typer.Argument(metavar="[TABLE]", help=take.TABLE_HELP, show_default=False)
    ] = None,
    member: take.MemberNumber = None,
    language: take.InLanguage = take.Language.en,
    as_json: take.AsJson = False,
) -> None:
    """Mark the claims of SHEET and name the mistakes behind wrong ones; or check the gradients of MODEL on TABLE.

    Ends with status 1 if something is wrong.
    """
    if table:
        gradients = _of_gradients(Path(what), table, member)
        ok, found, text = gradients.ok, gradients.to_json(), str(gradients)
    elif member is not None:
        raise InputError(f"{what}: --member goes with a model and its table only; leave it out")
    elif what.endswith(".safetensors"):
        raise InputError(f"{what}: the gradients of a model are checked on rows of a table: name the table after it")
    else:
        marks = _of_sheet(what)
        ok, found, text = marks.ok, marks.to_json(), marks.text(language.value)
    if as_json:
        show.as_json(found)
    else:
        typer.echo(text)
    if not ok:
        raise typer.Exit(WRONG)


def _of_sheet(what: str) -> WorksheetReport:
    """The marks of a sheet in a file, or of the example of a name."""
    from clearprop.check import check_worksheet
    from clearprop.examples import load

    return check_worksheet(what if Path(what).exists() or what.endswith(".toml") else load(what))


def _of_gradients(model: Path, table: Sequence[Path], member: int | None) -> GradientReport:
    """The gradient check of a model, or of one member, on the first rows of a table that have the target."""
    from clearprop.check import check_gradients
    from clearprop.examples import names
    from clearprop.table import parts

    if str(model) in names() or model.suffix == ".toml":
        raise InputError(f"{model}: a table goes with a model only; leave {table[0]} out")
    table_model = take.table_model(model, table)
    X, Y = _first_rows(table_model.encoding, parts(take.paths(table)))
    chosen, total = take.member_of(model, table_model, member), len(table_model.members)
    if total > 1:
        show.say(f"the gradients of member {member or 1} of {total} are checked (--member M for another)")
    return check_gradients(chosen, X, Y)


def _first_rows(encoding: Encoding, given: Parts) -> tuple[Array, Array]:
    """The inputs of the first rows that have the target, and what a network learns of it."""
    import numpy as np

    from clearprop.table import all_missing, have
    from clearprop.table.source import targets

    X: list[Array] = []
    Y: list[Array] = []
    for rows in given.tables:
        known = rows.select(have(rows, encoding.target.name)[: ROWS - sum(map(len, X))])
        if len(known):
            Y.append(targets(encoding, known))
            X.append(encoding.inputs(known))
        if sum(map(len, X)) == ROWS:
            break
    if not X:
        raise all_missing(given.source, encoding.target.name)
    return np.concatenate(X), np.concatenate(Y)
