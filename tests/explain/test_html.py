"""An explanation's page: one well-formed file that fetches nothing, with every line and number of the explanation."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections import Counter
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.explain import Explanation
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.render.html import fragment, html
from clearprop.explain.render.links import result_of
from clearprop.explain.render.page_words import WORDS
from clearprop.explain.row import Cell, Row
from tests.conftest import Tab
from tests.explain.steps import document_000, large, steps

LOOKS = [(language, form) for language in ("en", "zh") for form in ("scalar", "matrix")]
FETCHING = {"a", "link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "source", "use", "image"}


def parsed(page: str) -> ElementTree.Element:
    """A page as XML, whatever its elements' namespaces."""
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    for one in root.iter():
        one.tag = one.tag.rpartition("}")[2]
    return root


def elements(root: ElementTree.Element, class_: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if class_ in (one.get("class") or "").split()]


def check_self_contained(root: ElementTree.Element) -> None:
    assert not FETCHING & {one.tag for one in root.iter()}
    for one in root.iter():
        assert not {name for name in one.attrib if name in ("src", "href", "style") or name.startswith("on")}, (
            one.attrib
        )
        assert "url(" not in (one.text or "") and "@import" not in (one.text or "")
    ids = Counter(one.get("id") for one in root.iter() if one.get("id"))
    assert max(ids.values()) == 1


@given(steps(), st.sampled_from(sorted(NOTATIONS)), st.sampled_from(LOOKS))
@settings(max_examples=40)
def test_any_step_makes_a_sound_page_with_every_line(trace: cp.Trace, notation: str, look: tuple[str, str]) -> None:
    language, form = look
    explanation = trace.explain(notation=notation, language=language, form=form)
    root = parsed(html(explanation))
    check_self_contained(root)
    lines = [line for section in explanation.sections if section.part for line in section.lines]
    assert len([one for one in root.iter() if one.get("data-step")]) == 1 + len(lines)
    shown = [one.get("aria-label", "") for one in elements(root, "chain")]
    for line, spoken in zip(lines, shown, strict=True):
        assert spoken.startswith(explanation.name(line.ref).text)
        if not explanation.is_matrix(line.ref):
            assert spoken.endswith(f"= {result_of(explanation, line)}")


def test_its_policy_allows_its_own_style_and_script_by_their_hashes_and_nothing_else() -> None:
    root = parsed(html(document_000().explain()))
    policy = next(one.get("content", "") for one in root.iter("meta") if one.get("http-equiv"))
    for tag in ("style", "script"):
        (only,) = root.iter(tag)
        digest = base64.b64encode(hashlib.sha256((only.text or "").encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy


def test_the_only_address_in_it_is_the_name_of_svg() -> None:
    assert set(re.findall(r"https?://[^\"' ]+", html(large().explain()))) == {"http://www.w3.org/2000/svg"}


def test_document_000_in_its_notation() -> None:
    root = parsed(html(document_000().explain(notation="net-out")))
    spoken = [one.get("aria-label") for one in elements(root, "chain")]
    assert "dE/dw5 = delta_o1·out_h1 = 0.138498562·0.593269992 = 0.082167041" in spoken
    (step,) = [one for one in root.iter("li") if "computed:dE/dW2[1->1]" in one.get("data-matrices", "")]
    assert step.get("data-network") == "used:a2[1];used:z2[1];used:a1[1];computed:W2[1->1]"
    # ∂E/∂w₅ in MathML
    mathml = ElementTree.tostring(step, encoding="unicode")
    assert "<mfrac><mrow><mo>∂</mo>" in mathml and "<msub><mi>w</mi><mn>5</mn></msub>" in mathml


def test_a_row_of_a_table_and_the_paths_are_on_the_page() -> None:
    row = Row("people.csv, row 3", (Cell("<age>", "number", "52", ()),))
    explanation = Explanation(document_000(), row=row, focus="W1[1->1]")
    page = html(explanation)
    assert "people.csv, row 3" in page and "&lt;age&gt;" in page
    assert explanation.paths is not None and escape(explanation.paths.heading) in page
    parsed(page)


def test_a_large_network_takes_less_than_two_seconds() -> None:
    explanation = large().explain()
    start = time.perf_counter()
    page = html(explanation)
    assert time.perf_counter() - start < 2.0
    assert len(page) < 1_000_000


def test_a_fragment_has_no_script_and_needs_nothing() -> None:
    root = parsed(fragment(document_000().explain(notation="net-out", language="zh")))
    check_self_contained(root)
    assert root.tag == "div" and not list(root.iter("script"))


def test_both_languages_say_the_same_things() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_in_a_browser_arrow_keys_move_what_is_lit(tab: Tab, tmp_path: Path, language: str) -> None:
    file = tmp_path / "step.html"
    file.write_text(html(document_000().explain(notation="net-out", language=language)), encoding="utf-8")
    lit = "[...document.querySelectorAll('[data-drawing=matrices] .computed')].map(one => one.dataset.id).join()"
    present = "[...document.querySelectorAll('[data-step]')].findIndex(e => e.getAttribute('aria-current') === 'step')"
    ask, press = tab.page.evaluate, tab.page.keyboard.press
    tab.show(file.as_uri())
    assert ask(present) == 0 and "W1[1->1]" in ask(lit)
    press("ArrowRight")
    assert ask(present) == 1 and ask(lit) == "z1[1]"
    used = "document.querySelectorAll('[data-drawing=\"network\"] .edge.used').length"
    assert ask(used) == 2
    press("ArrowRight")
    assert ask(lit) == "z1[2]"
    press("ArrowLeft")
    assert ask(lit) == "z1[1]"
    value = "document.querySelector('[data-drawing=matrices] [data-id=\"a2[1]\"] .value')"
    hidden = f"getComputedStyle({value}).visibility"
    assert ask(hidden) == "hidden"
    press("End")
    assert ask("document.getElementById('next').disabled") is True and ask(hidden) == "visible"
    press("Home")
    assert ask(present) == 0
    ask("document.getElementById('next').click()")
    assert ask(present) == 1
    tab.show(file.as_uri(), 390, 800, dark=True)
    ask("document.getElementById('show-graph').click()")
    assert ask("document.documentElement.scrollWidth <= innerWidth") is True
    assert tab.complaints == []
    assert set(tab.requests) == {file.as_uri()}
