"""An explanation as one page: every line in MathML, beside pictures that light up as one goes through them.

The page fetches nothing and computes nothing. Without its script it is a page to read; the script moves from line to
line, and gives the elements that a line names in its `data-` attributes their classes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from clearprop.drawing import inset_style, matrix, page_style
from clearprop.drawing.graph import lit_edges
from clearprop.drawing.markup import Markup, element, identifier, join
from clearprop.explain.answer import Answer
from clearprop.explain.explanation import Explanation, Line, Passage, PathsShown, Section
from clearprop.explain.pictures import edges, grids, marks, network, operations
from clearprop.explain.render.answers import answer_lines, answer_words
from clearprop.explain.render.given import Given, given_groups
from clearprop.explain.render.inputs import became, read_of
from clearprop.explain.render.links import Links, links
from clearprop.explain.render.mathml import WRITER
from clearprop.explain.render.page_words import TAGS, WORDS
from clearprop.explain.render.text import WRITER as TYPED
from clearprop.explain.row import Row

PHASES = {"given": "given", "forward": "forward", "loss": "loss", "backward": "backward", "gradients": "backward"}

FRAME = "padding: 16px; border-radius: 10px; color: var(--ink); background: var(--surface); font-family: var(--sans);"
INSIDE = "aside { min-height: 0; border: 0; padding: 0; }"


def html(explanation: Explanation) -> str:
    """The explanation as a page, to be written in UTF-8; it is at once HTML and well-formed XML.

    Its policy forbids whatever is not in it: its style sheet and its script are allowed by their hashes.
    """
    return f"<!DOCTYPE html>\n{Page(explanation).whole}\n"


def fragment(explanation: Explanation) -> str:
    """The explanation without its script, as a part of another page, such as a notebook: lines and pictures."""
    page = Page(explanation)
    style = inset_style(".clearprop", f"{FRAME}{_read('page.css')}{INSIDE}")
    return element("div", element("style", Markup(style)), page.pictures, *page.lines, class_="clearprop")


class Page:
    """The parts of a page, made in the order of reading; each line takes the next number as a step."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        self.words = WORDS[explanation.language]
        self.phases: list[str] = []
        self.edges = edges(explanation)
        self.lines = list(self._sections())

    @property
    def whole(self) -> Markup:
        style, script = _style(), _read("page.js")
        policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
        head = element(
            "head",
            element("meta", charset="utf-8"),
            element(
                "meta",
                http_equiv="Content-Security-Policy",
                content=f"{policy}; base-uri 'none'; form-action 'none'",
            ),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", f"{self.explanation.title} · clearprop"),
            element("style", Markup(style)),
        )
        body = element(
            "body",
            self._bar(),
            element("div", self.pictures, element("main", *self.lines), class_="page"),
            self._controls(),
            element("script", Markup(script)),
        )
        return element("html", head, body, lang=TAGS[self.explanation.language])

    @property
    def pictures(self) -> Markup:
        """What is lit: the network, the matrices, and for small networks the graph of the operations."""
        drawn = {"network": network(self.explanation), "matrices": self._matrices()}
        graph = operations(self.explanation)
        if graph is not None:
            drawn["graph"] = graph
        choices = (
            element(
                "label",
                element("input", type="radio", name="picture", id=f"show-{key}", checked=key == "network"),
                element("span", self.words[key]),
                class_=key,
            )
            for key in drawn
        )
        figures = (
            element(
                "figure",
                element("figcaption", self.words[key], class_="title"),
                element("div", one, class_="frame", tabindex="0", role="group", aria_label=self.words[key]),
                data_drawing=key,
            )
            for key, one in drawn.items()
        )
        return element(
            "aside",
            element(
                "div",
                element("div", *choices, class_="choices", role="radiogroup", aria_label=self.words["pictures"]),
                element("p", self.words["legend"], class_="legend"),
                class_="above",
            ),
            *figures,
            aria_label=self.words["pictures"],
        )

    def _matrices(self) -> Markup:
        """Part by part, each matrix a drawing of its own, so that they flow in a page of any width."""
        parts = []
        for passage in self.explanation.passages:
            several = grids(self.explanation, passage)
            drawn = [matrix(one, prefix=identifier("m", one.id), label=one.name) for one in several]
            if drawn:
                parts.append(element("div", *drawn, class_=f"part {phase(passage)}"))
        return join(parts)

    def _bar(self) -> Markup:
        """The page's upper edge; its switch works through CSS alone and turns the reader's own theme round."""
        switch = element("input", type="checkbox", id="theme", aria_label=self.words["theme"])
        return element(
            "header",
            element("span", "clearprop", class_="name"),
            element("span", self.words["what"], class_="what"),
            element("span", self.explanation.notation.title[self.explanation.language], class_="what notation"),
            element("label", switch, element("i", class_="half"), title=self.words["theme"], class_="switch"),
            class_="bar",
        )

    def _controls(self) -> Markup:
        def button(key: str, sign: str, *, wide: bool = False) -> Markup:
            label = element("span", self.words[key]) if wide else None
            arrow = element("span", sign, aria_hidden="true")
            inside = (arrow, label) if key == "previous" else (label, arrow)
            class_ = "main" if key == "next" else None
            return element("button", *inside, type="button", id=key, class_=class_, aria_label=self.words[key])

        count = len(self.phases)
        stretches = (
            element("rect", x=float(place), y=0.0, width=1.0, height=1.0, class_=phase)
            for place, phase in enumerate(self.phases)
        )
        line = element(
            "svg", *stretches, viewBox=f"0 0 {count} 1", preserveAspectRatio="none", aria_hidden="true", class_="phases"
        )
        slider = element(
            "input", type="range", id="slider", min="0", max=str(count - 1), value="0", aria_label=self.words["present"]
        )
        return element(
            "nav",
            element("div", button("previous", "◀", wide=True), button("next", "▶", wide=True), class_="buttons"),
            element("div", line, slider, class_="track"),
            element("output", f"1 {self.words['of']} {count}", id="counter", for_="slider", aria_live="polite"),
            id="controls",
            hidden=True,
            aria_label=self.words["steps"],
            title=self.words["keys"],
        )

    def _sections(self) -> Iterator[Markup]:
        yield element("h1", self.explanation.title)
        if self.explanation.row:
            yield self._row(self.explanation.row)
        for section in self.explanation.sections:
            body = self._given(section) if section.part is None else self._list(section, section.lines)
            yield self._section(section.heading, section.words, body, phase(section))
        if self.explanation.paths:
            yield self._paths(self.explanation.paths)
        if self.explanation.answer:
            yield self._answer(self.explanation.answer)

    def _section(self, heading: str, words: Sequence[str], body: Markup, phase: str) -> Markup:
        said = element("p", self.explanation.words.paragraph(words)) if words else None
        return element("section", element("h2", heading), said, body, class_=phase)

    def _list(self, section: Section, lines: Sequence[Line]) -> Markup:
        return element("ol", *(self._line(line, links(self.explanation, line, WRITER), section) for line in lines))

    def _line(self, line: Line, one: Links, section: Section | None) -> Markup:
        spoken = " = ".join(links(self.explanation, line, TYPED).all)
        note = element("span", line.note, class_="note") if line.note else None
        return self._step("li", [line], _chain(one, spoken), note, phase=phase(section))

    def _step(self, tag: str, lines: Sequence[Line], *children: str | None, phase: str) -> Markup:
        """What becomes present all at once, with all that lights up then."""
        lit = marks(self.explanation.trace, lines)
        self.phases.append(phase)
        return element(
            tag,
            *children,
            data_step=str(len(self.phases)),
            data_matrices=_listed(lit.matrices),
            data_network=_listed(lit.network),
            data_graph=_listed(lit.graph | lit_edges(self.edges, lit.graph)),
        )

    def _given(self, section: Section) -> Markup:
        """What was given, all of it one step."""
        groups = given_groups(self.explanation, section.lines)
        rows = (element("div", element("dt", one.label), element("dd", *self._values(one))) for one in groups)
        return self._step("dl", section.lines, *rows, phase="given")

    def _values(self, group: Given) -> Iterator[Markup]:
        if not group.lines:
            yield element("span", group.note)
        for number, line in enumerate(group.lines):
            if group.left_out and number == len(group.lines) - 2:
                yield element("span", self.words["left_out"].format(count=f"{group.left_out:,}"), class_="note")
            one = links(self.explanation, line, WRITER)
            yield _math(f"{one.name}<mo>=</mo>{one.result}")

    def _paths(self, shown: PathsShown) -> Markup:
        lines = [self._line(line, links(self.explanation, line, WRITER), None) for line in shown.lines]
        if len(shown.lines) < shown.count:
            label = self.explanation.words.label("others", count=f"{shown.count - len(shown.lines):,}")
            others = WRITER.number(self.explanation.printed(shown.total.ref, shown.others)).text
            lines.append(element("li", element("span", label, class_="note"), _math(others)))
        lines.append(self._line(shown.total, links(self.explanation, shown.total, WRITER), None))
        return self._section(shown.heading, shown.words, element("ol", *lines), "backward")

    def _answer(self, answer: Answer) -> Markup:
        say = self.explanation.words
        lines = answer_lines(answer, say, self.explanation.digits)
        rows = (element("tr", element("th", label, scope="row"), element("td", said)) for label, said in lines)
        table = element("div", element("table", element("tbody", *rows)), class_="table")
        return self._section(say.answer_heading, answer_words(answer, say), table, "given")

    def _row(self, row: Row) -> Markup:
        say = self.explanation.words
        heads = element("tr", *(element("th", say.label(key), scope="col") for key in ("columns", "read", "became")))
        rows = (
            element(
                "tr",
                element("th", f"{cell.column} ({say.label(cell.kind)})", scope="row"),
                element("td", read_of(self.explanation, cell)),
                element("td", *(element("div", line) for line in became(self.explanation, cell))),
            )
            for cell in row.cells
        )
        table = element("div", element("table", element("thead", heads), element("tbody", *rows)), class_="table")
        return self._section(say.row_heading, (say.sentence("row", place=row.place),), table, "given")


def _chain(one: Links, spoken: str) -> Markup:
    """name = formula = numbers = result; each link a piece of its own, so that a line may break between them."""
    name, *rest = one.all
    parts = [element("span", _math(name), class_="of")]
    for number, link in enumerate(rest, 1):
        kind = "result" if number == len(rest) else "numbers" if link == one.numbers else "formula"
        parts.append(element("span", _math("<mo>=</mo>"), _math(link), class_=f"link {kind}"))
    return element("div", *parts, class_="chain", role="math", aria_label=spoken)


def _math(inner: str) -> Markup:
    return Markup(f"<math>{inner}</math>")


def phase(section: Section | Passage | None) -> str:
    if section is None:
        return "backward"
    return "given" if section.part is None else PHASES.get(section.part.name, section.part.name)


def _listed(lit: Mapping[str, str]) -> str:
    """Each class with the id that has it: `used:x[1];computed:z1[1]`."""
    return ";".join(f"{mark}:{id_}" for id_, mark in lit.items())


def _style() -> str:
    return page_style(_read("page.css"))


def _read(name: str) -> str:
    return files("clearprop.explain.render").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
