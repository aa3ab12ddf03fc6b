"""clearprop check: which numbers of a worked sheet are wrong, and why; or whether a model's gradients are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.check import GradientReport, WorksheetReport

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
    table: Annotated[Path | None, typer.Argument(metavar="[TABLE]", help=take.TABLE_HELP, show_default=False)] = None,
    member: take.MemberNumber = None,
    language: take.InLanguage = take.Language.en,
    as_json: take.AsJson = False,
) -> None:
    """Mark the claims of SHEET and name the mistakes behind wrong ones; or check the gradients of MODEL on TABLE.

    Ends with status 1 if something is wrong.
    """
    if table is not None:
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


def _of_gradients(model: Path, table: Path, member: int | None) -> GradientReport:
    """The gradient check of a model, or of one member, on the first rows of a table that have the target."""
    from clearprop.check import check_gradients
    from clearprop.examples import names
    from clearprop.table import labelled, read

    if str(model) in names() or model.suffix == ".toml":
        raise InputError(f"{model}: a table goes with a model only; leave {table} out")
    table_model = take.table_model(model, table)
    encoding, rows = table_model.encoding, read(table)
    known = rows.select(labelled(rows, encoding.target.name)[:ROWS])
    targets = encoding.targets(known)
    if encoding.task == "numbers":
        targets = encoding.standardise(targets)
    chosen, total = take.member_of(model, table_model, member), len(table_model.members)
    if total > 1:
        show.say(f"the gradients of member {member or 1} of {total} are checked (--member M for another)")
    return check_gradients(chosen, encoding.inputs(known), targets)
