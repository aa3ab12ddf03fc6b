"""The whole page: well-formed, fetching nothing, every id once, hostile text harmless."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from clearprop.drawing import page_style
from clearprop.errors import InputError
from clearprop.report import Column, History, Metric, NumberErrors, Report, Rows, Structure, render
from clearprop.report.texts import LANGUAGES

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'&quot;&amp; &lt;",
    "</style></title><svg onload=alert(1)>",
    "nul\x00 bell\x07 lone\ud800 surrogate",
    "]]> <!-- -->",
    "javascript:alert(1)",
    "‮right to left",
    "new\nline\ttab",
    "",
    "长" * 300,
]


def hostile(report: Report) -> Report:
    names = tuple(HOSTILE)
    counts = [[1] * len(names) for _ in names]
    bad = HOSTILE[0]
    return replace(
        report,
        title=bad,
        source=HOSTILE[1],
        target=HOSTILE[3],
        when=HOSTILE[2],
        metrics=(Metric(HOSTILE[1], 0.5, math.nan, explanation=HOSTILE[3]),),
        baseline=bad,
        history=replace(report.history, metric=HOSTILE[3], stopped=HOSTILE[1]),
        errors=replace(report.errors, labels=names, counts=counts),
        columns=tuple(Column(name, name, name, name, name, name if i % 2 else "") for i, name in enumerate(names)),
        structure=Structure((len(names),) * 2, (bad,), HOSTILE[1], 1, names, names),
        settings=tuple((name, name) for name in names),
        shell=names,
        python=names,
        versions=tuple((name, name) for name in names),
    )


@pytest.fixture(params=["two", "digits", "many", "numbers", "hostile"])
def report(request: pytest.FixtureRequest, samples: SimpleNamespace) -> Report:
    two = samples.two_classes()
    found = {
        "two": lambda: two,
        "digits": samples.digits,
        "many": samples.many_classes,
        "numbers": samples.numbers,
        "hostile": lambda: hostile(two),
    }
    return found[request.param]()


@pytest.fixture(params=LANGUAGES)
def page(request: pytest.FixtureRequest, report: Report) -> str:
    return render(report, request.param)


class Reader(HTMLParser):
    """What an HTML reader makes of a page: its elements, their attributes, and the visible texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements[-1:] and self.elements[-1][0] != "style" and data.strip():
            self.texts.append(data.strip())


def test_html_and_xml_readers_find_the_same_elements(page: str) -> None:
    tree = ElementTree.fromstring(page)
    as_xml = [element.tag.rpartition("}")[2].lower() for element in tree.iter()]
    assert as_xml == [tag for tag, _ in Reader(page).elements]


def test_nothing_is_fetched_run_or_left_to_the_reader(page: str) -> None:
    elements = Reader(page).elements
    assert not {tag for tag, _ in elements} & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
    }
    for _, attributes in elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style", "srcset")]
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in page
    assert "@import" not in page
    assert page.count("http") == page.count('"http://www.w3.org/2000/svg"') + page.count("http-equiv")


def test_the_policy_allows_the_one_style_sheet_by_its_hash(page: str) -> None:
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [a["content"] for tag, a in Reader(page).elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]


def test_the_style_is_that_of_all_pages(page: str) -> None:
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    assert style.startswith(page_style())
    own = style.removeprefix(page_style())
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|light-dark|font-family", own)


def test_every_id_is_there_once_and_every_reference_finds_one(page: str) -> None:
    ids: Counter[str] = Counter()
    wanted: set[str] = set()
    for _, attributes in Reader(page).elements:
        ids.update([attributes["id"] or ""] if "id" in attributes else [])
        for name in ("aria-labelledby", "for"):
            wanted.update((attributes.get(name) or "").split())
        wanted.add((attributes.get("href") or "").removeprefix("#"))
    assert [name for name, count in ids.items() if count > 1] == []
    assert wanted - {""} <= set(ids)


def test_headings_descend_without_a_gap_and_figures_have_words(page: str) -> None:
    elements = Reader(page).elements
    levels = [int(tag[1]) for tag, _ in elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attributes.get("aria-label") for tag, attributes in elements if tag == "svg")
    assert all(attributes.get("scope") for tag, attributes in elements if tag == "th")


def test_hostile_text_is_shown_as_it_is(samples: SimpleNamespace) -> None:
    texts = " ".join(Reader(render(hostile(samples.two_classes()))).texts)
    for words in HOSTILE[:4]:
        assert words in texts
    assert "nul\ufffd bell\ufffd lone\ufffd surrogate" in texts


def test_the_main_figures_are_on_the_page(samples: SimpleNamespace) -> None:
    page = " ".join(Reader(render(samples.two_classes())).texts)
    assert "On 114 held-out rows, unseen in training, accuracy is 97.4%" in page
    assert "always naming the most common class gets 62.3%. That is 93% fewer mistakes." in page
    assert "Of 114 held-out rows, 3 got the wrong class (2.6%)." in page
    assert "keeps its weights from the epoch that did best on them: epochs 38 to 50 of 60." in page
    assert "left-out rows" in page and "98.2%" in page
    assert "28 of 30 columns were used; values are those of the 455 training rows." in page


def test_every_member_has_its_curve_behind_the_mean(samples: SimpleNamespace) -> None:
    ids = [attributes.get("data-id") for _, attributes in Reader(render(samples.two_classes())).elements]
    for kind in ("training", "left out"):
        assert [one for one in ids if one and one.startswith(f"curve[{kind} ")][:8] == [
            f"curve[{kind} {place}]" for place in range(1, 9)
        ]
        assert f"curve[{kind}]" in ids
    alone = [attributes.get("data-id") for _, attributes in Reader(render(samples.numbers())).elements]
    assert "curve[training]" in alone and "curve[training 1]" not in alone


def test_all_data_missing_at_once(samples: SimpleNamespace) -> None:
    report = replace(
        samples.numbers(),
        rows=Rows(1, 1, 0, dropped=3),
        seconds=math.nan,
        rows_per_second=math.inf,
        metrics=(Metric("rmse", math.nan, math.nan, higher_is_better=False),),
        history=History(),
        errors=NumberErrors((), ()),
        columns=(),
        settings=(),
        shell=(),
        python=(),
        versions=(),
    )
    texts = Reader(render(report)).texts
    assert "No epoch was completed." in texts
    assert "There were no held-out rows to judge by." in texts
    assert "nan" not in " ".join(texts).lower().split()
    assert "Nothing was measured on held-out rows." in Reader(render(replace(report, metrics=()))).texts


def test_two_hundred_columns_are_all_listed(samples: SimpleNamespace) -> None:
    columns = tuple(Column(f"measure {place}", "number", "standardized") for place in range(200))
    texts = Reader(render(replace(samples.two_classes(), columns=columns))).texts
    assert all(f"measure {place}" in texts for place in range(200))


def test_more_classes_than_a_matrix_can_show(samples: SimpleNamespace) -> None:
    page = render(samples.many_classes(60))
    assert 'id="confusion"' not in page
    assert "With 60 classes a matrix cannot be read" in page
    assert 'id="confusion"' in render(samples.many_classes(40))


def test_a_column_left_out_stands_apart_with_its_reason(samples: SimpleNamespace) -> None:
    texts = Reader(render(samples.two_classes())).texts
    assert texts.index("patient") > texts.index("Columns left out") > texts.index("laboratory")
    assert "an identifier: every row has its own number" in texts


def test_an_unknown_language_is_refused(samples: SimpleNamespace) -> None:
    with pytest.raises(InputError, match='unknown language "de"'):
        render(samples.two_classes(), "de")


def test_members_that_keep_the_same_epoch_are_told_in_one(samples: SimpleNamespace) -> None:
    report = samples.two_classes()
    alike = replace(report, history=replace(report.history, kept=[9] * len(report.history.kept)))
    assert "in all of them epoch 9 of" in render(alike) and "epochs 9 to 9" not in render(alike)
