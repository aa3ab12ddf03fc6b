"""clearprop examples: the worked examples, and the sheet of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearprop.cli import arguments as take
from clearprop.cli import show

if TYPE_CHECKING:
    from clearprop.examples import Example


def examples(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Print the sheet of this one as TOML.", show_default="a list of all"),
    ] = None,
    language: Annotated[take.Language, typer.Option(help="Of the summaries.")] = take.Language.en,
    as_json: take.AsJson = False,
) -> None:
    """List the worked examples, or print one as a sheet to save and change."""
    from clearprop.examples import example, names, text

    if name is None:
        found = [example(each) for each in names()]
        if as_json:
            show.as_json({"examples": [_described(each, language.value) for each in found]})
        else:
            show.rows([(each.name, _shape(each), each.summary[language.value]) for each in found], indent="")
    elif as_json:
        show.as_json({**_described(example(name), language.value), "sheet": text(name)})
    else:
        typer.echo(text(name), nl=False)


def _described(example: Example, language: str) -> dict[str, Any]:
    return {
        "name": example.name,
        "shape": _shape(example),
        "summary": example.summary[language],
        "shows": example.shows[language],
        "source": {"title": example.source.title, "url": example.source.url},
    }


def _shape(example: Example) -> str:
    from clearprop.examples import load

    return "-".join(map(str, load(example.name).network.sizes))
