"""The page itself: its address, its keys, its sizes, its themes and languages, and the server's going and coming."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest

from clearprop.optimize.schedules import SCHEDULES
from tests.browser.conftest import Playground, Server
from tests.conftest import Tab

pytestmark = pytest.mark.slow

# What Chinese writes in Latin letters, too: names of people, methods and files, and the symbols of the notations.
LATIN = set(
    """
    clearprop Clearprop English Nesterov Adam AdamW RMSprop Huber Glorot He LeCun ReLU ELU SELU GELU SiLU Mish softplus
    sigmoid tanh softmax exp AND OR XOR CSV TOML HTML LaTeX Python SVG PNG safetensors UFLDL Nielsen
    Net net out target total output wh wout bh bout lr dE dW db da dz eta delta NaN
    """.split()  # noqa: SIM905 - a list of words
)
DOES_NOT_SCROLL = """[...document.querySelectorAll('html, body')].every(
    (one) => one.scrollWidth <= innerWidth && one.scrollHeight <= innerHeight)"""
STATES = {
    "as it opens": lambda playground: None,
    "in a step": lambda playground: playground.page.keyboard.press("End"),
    "a quiz": lambda playground: (playground.page.keyboard.press("End"), playground.by("quiz").click()),
    "moons": lambda playground: playground.choose("data", "moons"),
    "points": lambda playground: playground.choose("data", "points"),
    "a table's window": lambda playground: playground.by("data").select_option("table"),
    "what can be saved": lambda playground: playground.by("save").click(),
    "a weight being set": lambda playground: playground.page.locator("#diagram .can-set").first.click(),
    "something refused": lambda playground: refuse(playground),
}


def refuse(playground: Playground) -> None:
    playground.by("schedule rate").fill("1.2.3")
    playground.by("schedule rate").press("Enter")
    playground.page.wait_for_selector(".notice")


def test_nothing_is_asked_of_anybody_but_the_server(playground: Playground) -> None:
    playground.open()
    address = playground.server.address.split("?")[0]
    assert [one for one in playground.tab.requests if not one.startswith((address, "data:", "blob:"))] == []
    assert playground.tab.complaints == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", STATES)
def test_a_state_is_sound(playground: Playground, state: str, language: str) -> None:
    """It does not scroll, axe finds nothing wrong with it, and its words are of its language."""
    playground.open(dark=language == "zh")
    if language == "zh":
        playground.settled(lambda: playground.by("language").click())
        assert playground.page.evaluate("document.documentElement.lang") == "zh-Hans"
    STATES[state](playground)
    assert playground.page.evaluate(DOES_NOT_SCROLL) is True
    assert wrong_by_axe(playground) == []
    if language == "zh":
        assert english_in(playground) == []
    assert playground.tab.complaints == []


def wrong_by_axe(playground: Playground) -> list[object]:
    """What axe's rules find that is more than minor: the rule, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(playground.page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found if one["impact"] != "minor"]


def english_in(playground: Playground) -> list[str]:
    """Words of two Latin letters or more that Chinese does not write so, in all that is seen or read out.

    What says of itself that it is English is left out.
    """
    said = playground.page.evaluate(
        """() => {
            const english = [...document.body.querySelectorAll('[lang="en"]')];
            for (const one of english) one.hidden = true;
            const said = [document.body.innerText, document.title];
            for (const one of english) one.hidden = false;
            for (const one of document.querySelectorAll('body :not([lang="en"], [lang="en"] *)')) {
                for (const name of ["aria-label", "aria-valuetext", "title"]) said.push(one.getAttribute(name) ?? "");
                if (one.matches("option, optgroup, svg text, svg title")) said.push(one.textContent, one.label ?? "");
            }
            return said.join("\\n");
        }"""
    )
    return [word for word in re.findall(r"[A-Za-z]{2,}", said) if word not in LATIN]


def typed(key: str, text: str) -> Callable[[Playground], object]:
    return lambda playground: (playground.by(key).fill(text), playground.by(key).press("Enter"))


def table_that_is_none(playground: Playground) -> None:
    playground.by("data").select_option("table")
    playground.page.locator("#table textarea").fill("a,b\n1,2\n3,4,5\n")
    playground.page.locator("#table textarea").press("Tab")


def loss_that_does_not_fit(playground: Playground) -> None:
    playground.choose("data", "numbers")
    playground.type("cell 0 2", "7.5")
    playground.by("loss").select_option("binary_cross_entropy")


def answer_that_is_none(playground: Playground) -> None:
    playground.page.keyboard.press("End")
    playground.by("quiz").click()
    playground.by("answer").fill("？")
    playground.by("answer").press("Enter")


def weight_that_is_none(playground: Playground) -> None:
    playground.page.locator("#diagram .can-set").first.click()
    playground.page.locator("#setter input").fill("一")
    playground.page.locator("#setter input").press("Enter")


def run_that_diverges(playground: Playground) -> None:
    playground.choose("data", "parabola")
    playground.settled(lambda: playground.by("remove 0").click())
    playground.type("schedule rate", "50")
    playground.by("run").click()


def address_that_is_cut(playground: Playground) -> None:
    playground.page.goto(playground.page.url.partition("#")[0] + "#1.abc")
    playground.page.reload()


REFUSED = {
    "no number": typed("schedule rate", "很多"),
    "a rate below 0": typed("schedule rate", "-1"),
    "too many units": typed("units 0", "99"),
    "all outputs dropped": typed("dropout", "1"),
    "a seed with a fraction": typed("seed", "1.5"),
    "more than 80 characters": typed("seed", "1" * 100),
    "a table": table_that_is_none,
    "a loss": loss_that_does_not_fit,
    "an answer": answer_that_is_none,
    "a weight": weight_that_is_none,
    "a run": run_that_diverges,
    "an address": address_that_is_cut,
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_on_the_chinese_page_is_chinese(playground: Playground, what: str) -> None:
    """Where only English has words for it, Chinese says where, and the rest is marked as English."""
    playground.open()
    playground.settled(lambda: playground.by("language").click())
    REFUSED[what](playground)
    told = playground.page.locator(".notice:not(.good) p, #table .mark")
    told.wait_for()
    assert re.search(r"[\u4e00-\u9fff]", told.inner_text())
    assert english_in(playground) == []
    english = told.locator("[lang=en]")
    if english.count():
        assert not re.search(r"[\u4e00-\u9fff]", english.inner_text())


def test_four_layers_and_adam_need_no_scrolling(playground: Playground) -> None:
    playground.open()
    playground.choose("data", "moons")
    for _ in range(3):
        playground.settled(lambda: playground.by("add layer").click())
    playground.choose("optimizer", "adam")
    fits = "[...document.querySelectorAll('#settings')].every((one) => one.scrollHeight <= one.clientHeight)"
    assert playground.page.evaluate(fits) is True
    cut = "[...document.querySelectorAll('#settings .what')].filter((one) => one.scrollWidth > one.clientWidth).length"
    assert playground.page.evaluate(cut) == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_schedule_is_chosen_and_its_numbers_stand_beside_it(playground: Playground, language: str) -> None:
    playground.open()
    if language == "zh":
        playground.settled(lambda: playground.by("language").click())
    names = playground.by("schedule").locator("option").all_inner_texts()
    assert len(names) == len(set(names)) == len(SCHEDULES)
    keys = "all => all.map(one => one.dataset.key)"
    for kind, made in list(SCHEDULES.items())[::-1]:
        playground.choose("schedule", kind)
        shown = playground.page.locator('input[data-key^="schedule "]').evaluate_all(keys)
        assert shown == [f"schedule {one.name}" for one in fields(made)]
        if language == "zh":
            assert english_in(playground) == []
    playground.choose("schedule", "cosine")
    playground.type("schedule steps", "20")
    playground.type("schedule rate", "0.25")
    playground.page.reload()
    playground.page.wait_for_selector("body[data-trace]")
    kept = {key: playground.by(key).input_value() for key in ("schedule", "schedule rate", "schedule steps")}
    assert kept == {"schedule": "cosine", "schedule rate": "0.25", "schedule steps": "20"}
    assert playground.tab.complaints == []


def test_digits_and_dropout_are_chosen(playground: Playground) -> None:
    playground.open()
    playground.choose("digits", "4")
    assert re.search(r"^−?0\.\d{4}$", playground.step_to("the output a₁"), re.MULTILINE)
    playground.type("dropout", "0.5")
    while playground.by("previous").is_enabled():
        playground.by("first").click()
    assert "mask, layer 1" in playground.step_to("What is given?")
    playground.settled(lambda: playground.by("add layer").click())
    assert playground.by("dropout").input_value() == "0.5"


def test_what_was_refused_is_not_chosen(playground: Playground) -> None:
    playground.open()
    loss_that_does_not_fit(playground)
    playground.page.wait_for_selector(".notice")
    assert playground.by("loss").input_value() != "binary_cross_entropy"


@pytest.mark.parametrize("state", STATES)
def test_a_narrow_page_is_as_wide_as_the_screen(playground: Playground, state: str) -> None:
    playground.open(390, 844)
    for place in ("settings", "diagram", "step", "pictures"):
        playground.by(f"place {place}").click()
        assert playground.page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    in_settings = state in ("moons", "points", "a table's window", "something refused")
    playground.by("place settings" if in_settings else "place diagram").click()
    if state == "a quiz":
        playground.by("place step").click()
    STATES[state](playground)
    assert playground.page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    assert playground.tab.complaints == []


def test_a_narrow_page_can_be_used(playground: Playground) -> None:
    playground.open(390, 844)
    playground.by("place step").click()
    before = playground.page.locator("#card").inner_text()
    playground.by("next").click()
    playground.page.wait_for_function("before => document.querySelector('#card').innerText !== before", arg=before)
    playground.by("place settings").click()
    playground.choose("data", "xor")
    playground.by("place diagram").click()
    assert playground.page.locator("#diagram .drawing").is_visible()


def test_the_theme_is_turned_round_and_remembered(playground: Playground) -> None:
    ground = "getComputedStyle(document.body.parentElement).backgroundColor"
    playground.open()
    light = playground.page.evaluate(ground)
    playground.by("theme").click()
    dark = playground.page.evaluate(ground)
    assert light != dark
    playground.page.reload()
    playground.page.wait_for_selector("body[data-trace]")
    assert playground.page.evaluate(ground) == dark


def test_a_link_opens_the_same_state_in_another_tab(playground: Playground, browser: Any) -> None:
    playground.open()
    playground.choose("data", "xor")
    playground.settled(lambda: playground.by("apply").click())
    playground.page.locator("#diagram .can-set").first.click()
    playground.page.locator("#setter input").fill("0.123")
    playground.settled(lambda: playground.page.locator("#setter input").press("Enter"))
    context = browser.new_context()
    other = Playground(playground.server, Tab(context.new_page())).open(address=playground.page.url)
    for part in ("#settings", "#diagram", "#card"):
        assert other.page.locator(part).inner_text() == playground.page.locator(part).inner_text()
    assert "0.123" in other.page.locator("#diagram").inner_text()
    other.page.reload()
    other.page.wait_for_selector("body[data-trace]")
    assert "0.123" in other.page.locator("#diagram").inner_text()
    context.close()


def test_the_keyboard_alone_is_enough(playground: Playground) -> None:
    playground.open()
    press = playground.page.keyboard.press
    focus = "document.activeElement.dataset.key ?? document.activeElement.dataset.id ?? document.activeElement.id"

    def tab_to(wanted: str) -> None:
        for _ in range(120):
            if playground.page.evaluate(focus) == wanted:
                return
            press("Tab")
        raise AssertionError(f"Tab does not come to {wanted}")

    tab_to("data")
    playground.settled(lambda: playground.page.keyboard.type("moons"))
    tab_to("units 0 +")
    playground.settled(lambda: press("Enter"))
    assert playground.page.evaluate(focus) == "units 0 +"
    stop = playground.page.locator('#diagram [tabindex="0"].can-set')
    tab_to(stop.get_attribute("data-id"))
    press("ArrowRight")
    press("Enter")
    playground.page.keyboard.insert_text("0.25")
    playground.settled(lambda: press("Enter"))
    assert "0.25" in playground.page.locator("#diagram").inner_text()
    tab_to("next")
    place = "Number(document.querySelector('#timeline input[type=range]').value)"
    start = playground.page.evaluate(place)
    press("Enter")
    playground.page.wait_for_function(f"() => {place} === {start + 1}")
    press("ArrowRight")
    playground.page.wait_for_function(f"() => {place} === {start + 2}")
    tab_to("quiz")
    press("Enter")
    tab_to("answer")
    playground.page.keyboard.type("7")
    press("Enter")
    playground.page.wait_for_selector("#quiz .mark")


def test_a_refusal_is_told_and_changes_nothing(playground: Playground) -> None:
    playground.open()
    before = playground.page.url
    refuse(playground)
    assert playground.page.locator(".notice").inner_text().startswith("rate: expected a number")
    assert playground.by("schedule rate").get_attribute("aria-invalid") == "true"
    assert playground.page.url == before


@pytest.fixture
def mortal(chromium: str) -> Iterator[Server]:
    running = Server()
    yield running
    running.kill()


def test_a_server_that_is_killed_and_restarted_finds_all_as_it_was(mortal: Server, tab: Tab) -> None:
    playground = Playground(mortal, tab).open()
    playground.choose("data", "xor")
    playground.settled(lambda: playground.by("apply").click())
    before = playground.page.locator("#diagram").inner_text()
    mortal.kill()
    playground.page.wait_for_selector("#gone")
    mortal.start()
    playground.page.wait_for_selector("#gone", state="detached")
    playground.page.wait_for_function("before => document.querySelector('#diagram').innerText === before", arg=before)
    playground.settled(lambda: playground.by("apply").click())


def test_an_address_without_its_token_says_so(playground: Playground) -> None:
    playground.tab.show(playground.server.address.split("?")[0])
    playground.page.wait_for_function("() => document.body.innerText.includes('token')")
