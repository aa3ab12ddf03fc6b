"""The quiz: one's own value marked, and the slip named."""

from __future__ import annotations

import pytest

from clearprop.explain import trace


def test_right_and_rounded_to_what_was_written(example):
    for text in ("0.358916480", "0.35891648", "0,3589", ".36"):
        answer = example.ask("quiz", id="W2'[1->1]", text=text)
        assert (answer["status"], answer["true"], answer["slips"]) == ("right", "0.358916480", [])


@pytest.mark.parametrize(("language", "word"), [("en", "updated"), ("zh", "更新")])
def test_the_slip_of_updating_early_is_named(example, language, word):
    """Document 000's printed figures: hidden deltas computed with output weights already updated."""
    example.done("change", language=language)
    play = example.session.play
    step = trace(play.model, play.data.X, play.data.Y, optimizer=play.optimizer)
    handed_back = sum(step[f"W2'[1->{k}]"].value * step[f"delta2[{k}]"].value for k in (1, 2))
    wrong = handed_back * step["da1/dz1[1]"].value * 0.05
    answer = example.ask("quiz", id="dE/dW1[1->1]", text=f"{wrong:.9f}")
    assert answer["status"] == "wrong"
    assert any(word in slip for slip in answer["slips"])


def test_wrong_without_a_known_slip(example):
    answer = example.ask("quiz", id="E", text="123.456")
    assert (answer["status"], answer["slips"]) == ("wrong", [])


def test_what_cannot_be_marked(example):
    assert 'expected a number, got "x"' in example.refused("quiz", id="E", text="x")
    assert 'unknown id "F"' in example.refused("quiz", id="F", text="1")
    example.done("change", notation="matrix")
    assert "a whole matrix" in example.refused("quiz", id="W1'", text="1")


def test_a_slip_is_named_in_the_middle_of_a_run(page):
    """The optimizer's memory is that of the step that is shown."""
    page.done("change", optimizer={"kind": "adam", "learning_rate": 0.1})
    for _ in range(3):
        page.done("apply")
    spoken = {step["id"]: step["spoken"].rpartition("= ")[2] for step in page.steps if "spoken" in step}
    right = float(spoken["delta2[1]"])
    answer = page.ask("quiz", id="delta2[1]", text=f"{-right:.9f}")
    assert answer["status"] == "wrong"
    assert answer["slips"]


@pytest.mark.parametrize("kind", ["sgd", "adam", "rmsprop"])
def test_every_step_of_a_run_is_right_as_it_is_shown(page, kind):
    page.done("data", kind="named", name="moons")
    page.done("change", optimizer={"kind": kind}, network={"layers": [{"units": 3, "dropout": "0.4"}, {"units": 1}]})
    for _ in range(2):
        page.done("apply")
    for step in page.steps[1:]:
        true = step["spoken"].rpartition("= ")[2].replace("×10^", "e")
        assert page.ask("quiz", id=step["id"], text=true)["status"] == "right", step["id"]
