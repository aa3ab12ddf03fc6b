"""The pieces that the report's sections are made of: headings, tables, lists of facts, figures, code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clearprop.drawing.markup import Markup, element

# A table longer than this scrolls inside its frame on a screen; printed, it is whole.
SHORT = 10  # letters of a cell that stays in one line
LONG = 16


def section(key: str, title: str, *children: str | None) -> Markup:
    """One question of the report and its answer."""
    heading = element("h2", title, id=f"{key}-title")
    return element("section", heading, *children, id=key, aria_labelledby=f"{key}-title")


def paragraph(words: str | None, class_: str | None = None) -> Markup | None:
    return element("p", words, class_=class_) if words else None


def facts(items: Iterable[tuple[str, str]]) -> Markup:
    """Names and values, one below the other."""
    pairs = (element("div", element("dt", name), element("dd", value)) for name, value in items)
    return element("dl", *pairs, class_="facts")


def figure(title: str, drawing: Markup, note: str | None = None, *, wide: bool = False) -> Markup:
    """A drawing under its title; a `wide` one has the page's width. It scrolls where it does not fit."""
    caption = element("figcaption", element("strong", title), element("span", note) if note else None)
    frame = element("div", drawing, class_="frame", tabindex="0", role="group", aria_label=title)
    return element("figure", caption, frame, class_="wide" if wide else None)


def table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, key: str, numeric: Sequence[int] = ()
) -> Markup:
    """A table whose first column names its rows; `numeric` columns are aligned to the right.

    A column with nothing in it is left out. On a narrow screen each row of a wordy table becomes a
    block, and `data-head` then names its cells.
    """
    rows = list(rows)
    kept = [place for place in range(len(heads)) if place == 0 or any(row[place] for row in rows)]
    # Chinese may break after every sign: a word of two would stand in two lines.
    short = {place for place in kept if all(len(row[place]) <= SHORT for row in rows)}

    def cell(place: int, words: str, *, head: bool) -> Markup:
        class_ = "number" if place in numeric else "short" if place in short else None
        if head:
            return element("th", words, scope="col", class_=class_, role="columnheader")
        if place == 0:
            return element("th", words, scope="row", role="rowheader")
        return element("td", words, class_=class_, data_head=heads[place], role="cell")

    def line(row: Sequence[str], *, head: bool = False) -> Markup:
        return element("tr", *(cell(place, row[place], head=head) for place in kept), role="row")

    head, body = line(heads, head=True), [line(row) for row in rows]
    # The roles are those the elements have; some browsers forget them where CSS lays a row out otherwise.
    whole = element(
        "table",
        element("thead", head, role="rowgroup"),
        element("tbody", *body, role="rowgroup"),
        role="table",
        aria_labelledby=f"{key}-caption",
    )
    caption = element("h3", title, id=f"{key}-caption")
    scrolls = len(body) > LONG
    stacks = len(kept) > 3 and not all(place in numeric for place in kept[1:])
    frame = element(
        "div",
        whole,
        class_=" ".join(["table"] + ["scrolls"] * scrolls + ["stacks"] * stacks),
        tabindex="0" if scrolls else None,
        role="region" if scrolls else None,
        aria_labelledby=f"{key}-caption" if scrolls else None,
    )
    return element("div", caption, frame)


def code(title: str, lines: Sequence[str], *, key: str) -> Markup | None:
    """Lines to copy."""
    if not lines:
        return None
    block = element("pre", element("code", "\n".join(lines)), tabindex="0", aria_labelledby=f"{key}-code")
    return element("div", element("h3", title, id=f"{key}-code"), block, class_="code")


def columns(*children: str | None) -> Markup:
    """Side by side where there is room."""
    return element("div", *children, class_="columns")
