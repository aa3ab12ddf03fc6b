"""Document 000's network, built by hand in the page; its numbers are read off the page, and a quiz names a slip."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Playground

pytestmark = pytest.mark.slow

WEIGHTS = {
    "W1[1->1]": "0.15",
    "W1[2->1]": "0.20",
    "W1[1->2]": "0.25",
    "W1[2->2]": "0.30",
    "W2[1->1]": "0.40",
    "W2[2->1]": "0.45",
    "W2[1->2]": "0.50",
    "W2[2->2]": "0.55",
    "b1[1]": "0.35",
    "b2[1]": "0.60",
}
EARLY = "0.149817639"  # w₁⁺ where w₅ … w₈ were updated before the hidden deltas were computed
SAMPLE = ["0.05", "0.10", "0.01", "0.99"]


def built_by_hand(playground: Playground) -> Playground:
    playground.open()
    playground.choose("data", "numbers")
    while playground.by("remove row 1").count():
        playground.settled(lambda: playground.by("remove row 1").click())
    for key, count in (("inputs", "2"), ("targets", "2")):
        if playground.by(key).input_value() != count:
            playground.type(key, count)
    for column, number in enumerate(SAMPLE):
        if float(playground.by(f"cell 0 {column}").input_value()) != float(number):
            playground.type(f"cell 0 {column}", number)
    while playground.by("remove 1").count():
        playground.settled(lambda: playground.by("remove 1").click())
    if not playground.by("remove 0").count():
        playground.settled(lambda: playground.by("add layer").click())
    if playground.by("units 0").input_value() != "2":
        playground.type("units 0", "2")
    for key, value in (
        ("activation 0", "sigmoid"),
        ("activation 1", "sigmoid"),
        ("loss", "half_squared_error"),
        ("bias", "layer"),
        ("optimizer", "sgd"),
        ("batch", "full"),
        ("notation", "net-out"),
    ):
        if playground.by(key).input_value() != value:
            playground.choose(key, value)
    if playground.by("train bias").is_checked():
        playground.settled(lambda: playground.by("train bias").click())
    if playground.by("schedule rate").input_value() != "0.5":
        playground.type("schedule rate", "0.5")
    for id_, value in WEIGHTS.items():
        playground.set(id_, value)
    return playground


def test_a_network_built_by_hand_shows_the_numbers_of_document_000(playground: Playground) -> None:
    built_by_hand(playground)
    assert "0.298371109" in playground.page.locator("#diagram .facts").inner_text()
    assert "0.298371109" in playground.step_to("How wrong is it all together?")
    assert "0.358916480" in playground.step_to("w₅ after the update")
    assert playground.tab.complaints == []


@pytest.fixture
def document_000(playground: Playground) -> Playground:
    playground.open()
    playground.choose("example", "cnblogs-2-2-2")
    return playground


def test_an_update_that_is_made_moves_on_to_the_next(document_000: Playground) -> None:
    facts = document_000.page.locator("#diagram .facts")
    document_000.settled(lambda: document_000.by("apply").click())
    assert "0.291027774" in facts.inner_text() and "updates 1" in facts.inner_text()
    document_000.settled(lambda: document_000.by("undo").click())
    assert "0.298371109" in facts.inner_text()


def test_the_quiz_names_the_slip_of_updating_too_early(document_000: Playground) -> None:
    card = document_000.page.locator("#card")
    document_000.by("quiz").click()
    document_000.step_to("w₁ after the update")
    assert "0.149780716" not in card.inner_text()
    for value, status in ((EARLY, "wrong"), ("0.149780716", "right")):
        document_000.page.locator("#answer").fill(value)
        document_000.page.keyboard.press("Enter")
        document_000.page.wait_for_selector(f"#quiz .mark.{status}")
        if status == "wrong":
            assert "updated" in document_000.page.locator("#quiz .mark li").first.inner_text()
    assert "0.149780716" in card.inner_text()
