"""The steps of all members of an ensemble on one row as one document, and what they come to."""

from __future__ import annotations

import json as standard
from collections.abc import Callable, Iterator, Sequence

from clearprop.errors import InputError
from clearprop.explain.answer import Answer
from clearprop.explain.explanation import Explanation
from clearprop.explain.render.answers import answer_data
from clearprop.explain.render.json import data
from clearprop.explain.render.markdown import answer_blocks, markdown
from clearprop.explain.render.text import WIDTH, Span, Spans, answer_spans, spanned

SCHEMA = "clearprop/explanations/1"


def together(members: Sequence[Explanation], answer: Answer, format: str) -> str:
    """The explanations of members 1, 2, …, then the answer, as text, Markdown or JSON.

    JSON is one object with `schema`, `members` (the objects of `json.py`) and `answer`.

    Raises:
        InputError: the format is none of these.
    """
    check_format(format)
    return FORMATS[format](members, answer)


def check_format(format: str) -> None:
    """Raise InputError for a format that holds one member only."""
    if format not in FORMATS:
        raise InputError(
            f"format: {format} holds one member; all of them together are explained as {', '.join(FORMATS)}"
        )


def spanned_together(members: Sequence[Explanation], answer: Answer, width: int = WIDTH) -> Iterator[Spans]:
    """Line by line, as `text.spanned`."""
    for number, one in enumerate(members, 1):
        yield [Span("heading", one.words.label("answer.member", number=number))]
        yield []
        yield from spanned(one, width)
        yield []
    yield from answer_spans(members[0], answer, width)


def _text(members: Sequence[Explanation], answer: Answer) -> str:
    lines = ("".join(span.text for span in spans).rstrip() for spans in spanned_together(members, answer))
    return "\n".join(lines)


def _markdown(members: Sequence[Explanation], answer: Answer) -> str:
    steps = [
        f"# {one.words.label('answer.member', number=number)}\n\n#{markdown(one)}"
        for number, one in enumerate(members, 1)
    ]
    return "\n".join([*steps, "\n\n".join(answer_blocks(members[0], answer))]) + "\n"


def _json(members: Sequence[Explanation], answer: Answer) -> str:
    whole = {"schema": SCHEMA, "members": [data(one) for one in members], "answer": answer_data(answer)}
    return standard.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


FORMATS: dict[str, Callable[[Sequence[Explanation], Answer], str]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
}
