"""clearprop explain: one step as worked arithmetic."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearprop.cli import arguments as take
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.artefact import TableModel
    from clearprop.explain import Explanation, Trace
    from clearprop.explain.answer import Answer
    from clearprop.sheet import Sheet
    from clearprop.table import Table

COLOURS = {"heading": "bold", "words": "dim", "name": "cyan", "numbers": "blue", "result": "bold", "note": "yellow"}
NARROWEST = 60
ALL = "all"


def explain(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="EXAMPLE|SHEET|MODEL",
            help="A name of `clearprop examples`, a sheet (.toml), or a model file that `clearprop train` wrote.",
            show_default=False,
        ),
    ],
    table: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[TABLE]",
            help=f"Of a model: the table of the row to explain. {take.TABLE_HELP}",
            show_default=False,
        ),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(help="Which row of TABLE, from 1 through all its files.", min=1, show_default="the first"),
    ] = None,
    member: Annotated[
        str | None,
        typer.Option(
            metavar="M|all",
            help="Of an ensemble: one of its members, from 1, or all of them.",
            show_default="the first",
        ),
    ] = None,
    focus: Annotated[
        str | None,
        typer.Option(
            help='Only what this is computed from, and the paths of the error to it: "dE/dW1[2->1]".',
            show_default=False,
        ),
    ] = None,
    notation: Annotated[
        str | None,
        typer.Option(
            help="How it is written: canonical, net-out, threshold, matrix-columns, matrix, ufldl or nielsen.",
            show_default="the sheet's, or canonical",
        ),
    ] = None,
    language: take.InLanguage = take.Language.en,
    digits: Annotated[int, typer.Option(help="Decimals of what is computed.")] = 9,
    form: Annotated[str, typer.Option(help="auto, scalar (number by number) or matrix.")] = "auto",
    format: Annotated[str, typer.Option(help="text, markdown, latex, html, json or python.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Where to write.", show_default="stdout")] = None,
) -> None:
    """Explain one step: each quantity as symbol = formula = numbers put in = result, in the order a person computes."""
    from clearprop.errors import unknown
    from clearprop.examples import load, names
    from clearprop.explain.render import FORMATS, render
    from clearprop.sheet import read_sheet

    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    if out:
        take.check_place(out, source, *(take.files_of(table) if table else ()))
    options = Options(notation, language.value, digits, form, focus, format)
    shown: Explanation | Together
    is_sheet = source.suffix.lower() == ".toml"
    if str(source) in names() or is_sheet or not (source.suffix or source.exists()):
        for option, given in (("row", row), ("member", member)):
            if given is not None:
                raise InputError(f"{source}: --{option} goes with a model and its table only; leave it out")
        if table:
            raise InputError(f"{source}: a table goes with a model only; leave {table[0]} out")
        sheet = read_sheet(source) if is_sheet else load(str(source))
        shown = options.explained(_first_step(sheet), usual=sheet.notation)
    else:
        shown = _of_model(source, table, 1 if row is None else row, member, options)
    if out is None and format == "text" and sys.stdout.isatty():
        _in_colour(shown)
        return
    text = (shown.text(format) if isinstance(shown, Together) else render(shown, format)).rstrip("\n") + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write(out, text)


@dataclass(frozen=True)
class Options:
    """How it is to be explained, as the command has it."""

    notation: str | None
    language: str
    digits: int
    form: str
    focus: str | None
    format: str

    def explained(self, trace: Trace, usual: str = "canonical", **of_row: Any) -> Explanation:
        """A step, in the notation asked for or the usual one."""
        from clearprop.explain import Explanation

        return Explanation(
            trace,
            notation=self.notation or usual,
            language=self.language,
            digits=self.digits,
            form=self.form,
            focus=self.focus,
            **of_row,
        )


@dataclass(frozen=True)
class Together:
    """All members of an ensemble, and what they come to."""

    members: list[Explanation]
    answer: Answer

    def text(self, format: str) -> str:
        from clearprop.explain.render.together import together

        return together(self.members, self.answer, format)


def _first_step(sheet: Sheet) -> Trace:
    """The first update of a sheet: of all its samples, or of its first batch."""
    import numpy as np

    from clearprop.engines.order import epoch_order
    from clearprop.explain import trace

    rows = np.arange(len(sheet.X))
    if sheet.batch_size is not None:
        order = sheet.order if isinstance(sheet.order, str) else np.array(sheet.order)
        rows = epoch_order(order, sheet.seed, 0, len(sheet.X))[: sheet.batch_size]
    return trace(sheet.model, sheet.X[rows], sheet.Y[rows], optimizer=sheet.optimizer, seed=sheet.seed)


def _of_model(
    model: Path, table: Sequence[Path] | None, row: int, member: str | None, options: Options
) -> Explanation | Together:
    """The step of a table's model on one row of a table; without a target only the way forward."""
    import numpy as np

    from clearprop.artefact import TableModel
    from clearprop.cli import show
    from clearprop.explain import trace
    from clearprop.explain.answer import answer_of
    from clearprop.explain.render.together import check_format
    from clearprop.explain.row import row_of
    from clearprop.table import parts, unseen

    if not table:
        TableModel.load(model)  # what is wrong with it, is said first
        raise InputError(f"{model}: a model is explained on a row of a table: name the table after it, and --row N")
    loaded = take.table_model(model, table)
    total, given = len(loaded.members), parts(take.paths(table)).row(row)
    numbers = list(range(1, total + 1)) if member == ALL else [_number(member)]
    if member == ALL:
        check_format(options.format)
    chosen = {number: take.member_of(model, loaded, number) for number in numbers}
    found, x, y = row_of(loaded.encoding, given, 1)
    for column in unseen(loaded.encoding, given):
        show.say(f"note: {column}")
    forward = y is None
    if forward:
        _say_forward(loaded, given, options.format)
    if y is None:  # whatever it is, nothing that is told comes from it
        y = np.zeros(1, np.int64) if loaded.encoding.classes else np.zeros((1, 1))
    traces = {number: trace(one, x, y) for number, one in chosen.items()}
    answer = answer_of(loaded.encoding.target, loaded.model, x, traces)
    if member == ALL:
        steps = [
            options.explained(one, row=found if number == 1 else None, forward=forward)
            for number, one in traces.items()
        ]
        return Together(steps, answer)
    if total > 1:
        show.say(f"member {numbers[0]} of {total} is explained (--member M for another, --member {ALL} for all)")
    return options.explained(traces[numbers[0]], row=found, answer=answer, forward=forward)


def _number(member: str | None) -> int:
    if member is None:
        return 1
    if not (member.isascii() and member.isdecimal()):
        raise InputError(f'--member {member}: expected the number of a member, from 1, or "{ALL}"')
    return int(member)


def _say_forward(loaded: TableModel, row: Table, format: str) -> None:
    from clearprop.cli import show

    target = loaded.encoding.target
    lacking = "the row has no target" if target.name in row.names else target.lacking(row.names)
    if format == "python":
        raise InputError(f"{row.source}: {lacking}, with which a script goes on to the error; choose another format")
    show.say(f"{row.source}: {lacking}: the way forward is explained, no error and no gradients")


def _in_colour(shown: Explanation | Together) -> None:
    from rich.console import Console
    from rich.text import Text

    from clearprop.explain.render.text import spanned
    from clearprop.explain.render.together import spanned_together

    console = Console(highlight=False, soft_wrap=True)
    width = max(shutil.get_terminal_size().columns, NARROWEST)
    lines = (
        spanned_together(shown.members, shown.answer, width) if isinstance(shown, Together) else spanned(shown, width)
    )
    for spans in lines:
        console.print(Text.assemble(*((span.text, COLOURS.get(span.role, "")) for span in spans)))


def _write(path: Path, text: str) -> None:
    from clearprop.container import replacing

    with replacing(path) as file:
        file.write(text.encode())
