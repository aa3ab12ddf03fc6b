"""The whole page: one file that fetches nothing, runs nothing, and is at once HTML and well-formed XML."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from importlib.resources import files

from clearprop.drawing import page_style
from clearprop.drawing.markup import Markup, element
from clearprop.drawing.numerals import duration, moment, number
from clearprop.report.contents import being, reading, using
from clearprop.report.data import Report
from clearprop.report.errors import errors
from clearprop.report.learning import learning
from clearprop.report.quality import quality
from clearprop.report.tables import facts
from clearprop.report.texts import LANGUAGES, Words

SECTIONS = ("good", "wrong", "learn", "read", "is", "use")


def render(report: Report, language: str = "en") -> str:
    """The report as one HTML page, to be written in UTF-8.

    Nothing is fetched and no script runs: the page's own policy forbids both, and allows its one style sheet
    by that sheet's hash. Whatever the data hold is shown as text.

    Raises `InputError` for a language other than "en" and "zh", or for counts and sizes that do not fit.
    """
    words = Words(language)
    style = page_style(files("clearprop.report").joinpath("page.css").read_text(encoding="utf-8"))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{report.title} · clearprop"),
        element("style", Markup(style)),
    )
    body = element(
        "body",
        _bar(words),
        element(
            "div",
            element(
                "main",
                element("h1", report.title),
                element("p", f"{report.source} → {report.target} · {moment(report.when)}", class_="subtitle"),
                quality(report, words),
                errors(report, words),
                learning(report, words),
                reading(report, words),
                being(report, words),
                using(report, words),
                element("footer", words("made_by")),
            ),
            _rail(report, words),
            class_="page",
        ),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang=LANGUAGES[language])}\n"


def _bar(words: Words) -> Markup:
    """The page's upper edge; its switch works through CSS alone and turns the reader's own theme round."""
    switch = element("input", type="checkbox", id="theme", aria_label=words("theme"))
    return element(
        "header",
        element("span", "clearprop", class_="name"),
        element("span", words("report"), class_="what"),
        element("label", switch, element("i", class_="half"), title=words("theme"), for_="theme", class_="switch"),
        class_="bar",
    )


def _rail(report: Report, words: Words) -> Markup:
    """What the run was, beside everything else, and the way to each question."""
    rows = report.rows
    counted = [(words(key), number(getattr(rows, key))) for key in ("total", "training", "held_out")]
    if rows.dropped:
        counted.append((words("dropped"), number(rows.dropped)))
    versions = [(words.told(name), value) for name, value in report.versions]
    links = (element("li", element("a", words(key), href=f"#{key}")) for key in SECTIONS)
    blocks = (
        _block(
            words("table"),
            [
                (words("source"), report.source),
                (words("target"), report.target),
                (words("task"), words(report.task)),
            ],
        ),
        _block(words("rows"), counted),
        _block(
            words("run"),
            [
                (words("when"), moment(report.when)),
                (words("took"), duration(report.seconds)),
                (words("learnt"), words("learnt_rows", rows=number(report.rows_learnt), time=_learning(report))),
                (words("speed"), words("rows_per_second", rate=number(report.rows_per_second, 3))),
            ],
        ),
        _block(words("versions"), versions) if versions else None,
        element(
            "nav",
            element("h2", words("contents"), class_="title"),
            element("ul", *links),
            aria_label=words("contents"),
        ),
    )
    return element("aside", element("div", *blocks))


def _learning(report: Report) -> str:
    """How long members learnt, without what judges them."""
    return duration(report.rows_learnt / report.rows_per_second if report.rows_per_second else math.nan)


def _block(title: str, items: Sequence[tuple[str, str]]) -> Markup:
    return element("div", element("h2", title, class_="title"), facts(items), class_="block")
