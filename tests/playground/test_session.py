"""A session: what a page asks for is done, with the numbers of `clearprop.train`."""

from __future__ import annotations

import gc
from dataclasses import fields
from queue import Queue
from threading import Thread

import numpy as np
import pytest

import clearprop as cp
from clearprop.examples import load, names
from clearprop.optimize.schedules import SCHEDULES
from clearprop.playground.course import MOST
from clearprop.playground.downloads import download
from clearprop.playground.kept import MOST_CHANGES
from clearprop.playground.play import of_model, of_sheet
from clearprop.playground.session import Session
from tests.playground.conftest import Page


def spoken(page):
    """The arithmetic of each step by its id, as it is read out."""
    return {step["id"]: step["spoken"] for step in page.steps if "spoken" in step}


def test_the_first_picture(page):
    assert [one["type"] for one in page.told] == ["options", "state", "trace", "pictures", "done"]
    assert page.state["data"]["name"] == "xor"
    assert page.state["follows"]


def test_the_example_stepped_through(example):
    assert example.state["E"] == "0.298371109"
    told = spoken(example)
    assert told["E"].endswith("= 0.298371109")
    assert told["W2'[1->1]"].endswith("= 0.358916480")
    assert told["dE/dW2[1->1]"].endswith("= 0.082167041")
    example.done("apply")
    assert (example.state["E"], example.state["updates"]) == ("0.291027774", 1)
    assert example.last("trace")["parameters"]["W2[1->1]"] == {"name": "w₅", "text": "0.35891647971788465"}


def test_the_example_built_by_hand(page):
    page.done("data", kind="numbers", x=[[0.05, 0.1]], y=[[0.01, 0.99]])
    layer = {"units": 2, "activation": "sigmoid", "bias": "layer", "train_bias": False}
    page.done("change", network={"layers": [layer, layer], "loss": "half_squared_error"})
    page.done("change", optimizer={"kind": "sgd", "learning_rate": "0.5"}, notation="net-out")
    typed = {"W1[1->1]": ".15", "W1[2->1]": ".20", "W1[1->2]": ".25", "W1[2->2]": ".30", "b1[1]": ".35"}
    typed |= {"W2[1->1]": ".40", "W2[2->1]": ".45", "W2[1->2]": ".50", "W2[2->2]": "0,55", "b2[2]": "0.6"}
    for id_, text in typed.items():
        page.done("parameter", id=id_, text=text)
    assert page.state["E"] == "0.298371109"
    assert spoken(page)["W2'[1->1]"].endswith("= 0.358916480")


@pytest.mark.parametrize("batch", ["full", "one", 3])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_has_the_bits_of_train(page, batch, optimizer):
    page.done("data", kind="named", name="moons", settings={"rows": "40"})
    page.done("change", batch=batch, optimizer={"kind": optimizer, "learning_rate": 0.05})
    start = page.session.play
    model, data = start.model, start.data
    for _ in range(3):
        page.done("apply")
    page.session.play = page.session.trainer.advance(page.session.play, page.session.trainer.batches * 4 - 3)
    now = page.session.play
    result = cp.train(
        model, data.X, data.targets(model.network), optimizer=start.optimizer, batch_size=start.batch_size, epochs=4
    )
    assert np.array_equal(now.model.parameters.flat, result.model.parameters.flat)
    assert now.state == result.state


def test_a_run_has_the_bits_of_train(page):
    page.done("data", kind="named", name="circles")
    start = page.session.play
    page.done("run")
    for _ in range(30):
        page.session._train(page.session.runner)
        page.ask("seen", number=page.session.runner.number)
    page.done("pause")
    now = page.session.play
    assert now.state.step > 30
    epochs, rest = divmod(now.state.step, len(start.data))
    Y = start.data.targets(start.network)
    whole = cp.train(start.model, start.data.X, Y, optimizer=start.optimizer, batch_size=1, epochs=epochs + 1)
    finished = page.session.trainer.advance(now, len(start.data) - rest)
    assert np.array_equal(finished.model.parameters.flat, whole.model.parameters.flat)


def test_what_is_shown_is_what_is_made(page):
    for settings in ({"batch": "full"}, {"batch": "one"}, {"batch": 3}):
        page.done("change", **settings)
        shown = page.session.walk.trace.value(page.session.walk.trace.checked("W1'"))
        page.done("apply")
        assert np.allclose(page.session.play.model.parameters.weights[0], shown, rtol=1e-12, atol=1e-15)


def test_a_chosen_sample_is_learnt_alone_and_moves_nothing_else(page):
    follows = page.state["sample"]
    chosen = (follows + 1) % 4
    page.done("sample", to=chosen)
    assert (page.state["sample"], page.state["follows"]) == (chosen, False)
    before = page.session.play
    page.done("apply")
    now, data = page.session.play, before.data
    X, Y = data.X[[chosen]], data.targets(before.network)[[chosen]]
    alone = cp.train(before.model, X, Y, optimizer=before.optimizer, epochs=1).model
    assert np.array_equal(now.model.parameters.flat, alone.parameters.flat)
    assert (now.state.step, now.state.epoch, now.state.batch) == (1, 0, 0)
    assert page.refused("sample", to=4).startswith("sample: expected a whole number from 0 to 3")
    page.done("sample", to="next")
    assert (page.state["sample"], page.state["follows"]) == (follows, True)


def test_undo_and_redo(page):
    first = page.session.play
    page.done("apply")
    second = page.session.play
    page.done("change", notation="net-out")
    page.done("undo")
    assert page.session.play.model is first.model
    assert (page.state["undo"], page.state["redo"], page.state["notation"]) == (False, True, "net-out")
    page.done("redo")
    assert page.session.play.model is second.model
    assert (page.state["undo"], page.state["redo"]) == (True, False)
    page.done("initialise")
    assert (page.state["updates"], page.state["redo"]) == (0, False)
    for _ in range(MOST_CHANGES + 5):
        page.session.undone.remember(first)
    assert len(page.session.undone._past) == MOST_CHANGES


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_is_chosen_and_keeps_the_rate(page, kind):
    page.done("change", optimizer={"learning_rate": {"kind": kind}})
    optimizer = page.session.play.optimizer
    assert isinstance(optimizer.schedule, SCHEDULES[kind]) and optimizer.schedule.rate == 0.5
    assert page.state["optimizer"]["learning_rate"] == (0.5 if kind == "constant" else optimizer.schedule.to_json())
    assert page.last("options")["schedules"][kind] == [one.name for one in fields(SCHEDULES[kind])]
    for name in page.last("options")["schedules"][kind]:
        page.done("change", optimizer={"learning_rate": {name: "0" if name in ("final", "start", "warmup") else "1"}})
    page.done("apply")


def test_numbers_of_a_schedule_are_typed(page):
    page.done("change", optimizer={"learning_rate": {"kind": "cosine", "rate": "0,2"}})
    page.done("change", optimizer={"learning_rate": {"steps": "20"}})
    page.done("change", optimizer={"momentum": "0.9"})
    assert page.session.play.optimizer == cp.SGD(cp.schedules.Cosine(0.2, steps=20), momentum=0.9)
    page.done("change", optimizer={"learning_rate": {"kind": "one_cycle"}})
    assert page.session.play.optimizer.learning_rate == cp.schedules.OneCycle(0.2, steps=20)
    assert "steps: expected a whole number from 1" in page.refused(
        "change", optimizer={"learning_rate": {"steps": "1.5"}}
    )
    assert 'did you mean "cosine"' in page.refused("change", optimizer={"learning_rate": {"kind": "cosin"}})
    assert "unknown key of the schedule" in page.refused("change", optimizer={"learning_rate": {"every": "3"}})
    page.done("change", optimizer={"learning_rate": {"kind": "constant"}})
    assert page.session.play.optimizer == cp.SGD(0.2, momentum=0.9)


def test_a_refused_change_changes_nothing(page):
    before, told = page.session.play, len(page.told)
    assert page.refused("change", optimizer={"learning_rate": "fast"}) == 'learning_rate: expected a number, got "fast"'
    assert "unknown optimizer" in page.refused("change", optimizer={"kind": "sdg"})
    assert 'did you mean "tanh"' in page.refused("change", network={"layers": [{"units": 1, "activation": "tahn"}]})
    assert "expected a whole number from 1 to 64" in page.refused(
        "change", network={"layers": [{"units": 65}, {"units": 1}]}
    )
    assert "takes 1 to 8, got 9" in page.refused("change", network={"layers": [{"units": 1}] * 9})
    assert "there is no" in page.refused("parameter", id="W9[1->1]", text="1")
    assert "expected the id of one weight" in page.refused("parameter", id="E", text="1")
    assert "finite" in page.refused("parameter", id="W1[1->1]", text="1e999")
    assert "unknown example" in page.refused("example", key="nothing")
    assert "unknown data" in page.refused("data", kind="named", name="nothing")
    assert "expected rows of numbers" in page.refused("data", kind="numbers", x=[[1.0], []], y=[[1.0], [1.0]])
    assert page.session.play is before
    assert all(one["type"] == "error" for one in page.told[told:])


def test_numbers_typed_in_follow_the_loss_or_are_refused(page):
    page.done("data", kind="numbers", x=[[1.0]], y=[[7.5]])
    assert page.state["network"]["layers"][-1]["activation"] == "identity"
    message = page.refused("change", network={"loss": "binary_cross_entropy"})
    assert "takes targets from 0 to 1" in message
    assert page.state["network"]["loss"] == "half_squared_error"


def test_many_rows_with_many_outputs_are_looked_at_a_few_at_a_time(page):
    x, y = [[float(at)] for at in range(3_000)], [[0.5] * 100 for _ in range(3_000)]
    page.done("data", kind="numbers", x=x, y=y)
    assert "take a smaller batch" in page.refused("change", batch="full")
    page.done("change", batch=10)


def test_points_drawn_by_hand(page):
    page.done("data", kind="points", points=[])
    assert page.state["data"]["points"] == [[-0.5, -0.5, 0], [0.5, 0.5, 1]]
    page.done("point", add=[0.25, 1.0, 2])
    page.done("point", add=[0.3, 0.1, 1], raw=True)
    assert page.state["data"]["points"][2:] == [[-0.5, 1.0, 2], [0.3, 0.1, 1]]
    assert page.state["network"]["layers"][-1]["units"] == 3
    for _ in range(3):
        page.done("point", remove=0)
    assert "last one" in page.refused("point", remove=0)
    assert "from 0 to 5" in page.refused("point", add=[0.5, 0.5, 6])


def test_own_table(page):
    text = "size;colour;<b>kind</b>\n" + "\n".join(f"{at};{'rg'[at % 2]};{'ab'[at % 2]}" for at in range(40))
    answer = page.ask("table", name="mine.csv", text=text, target=None)
    assert answer["names"] == ["size", "colour", "<b>kind</b>"]
    page.done("table", name="mine.csv", text=text, target="<b>kind</b>")
    data = page.state["data"]
    assert data["inputs"] == ["size", "colour"] or data["inputs"][0] == "size"
    assert (data["classes"], data["rows"], data["held_out"]) == (["a", "b"], 32, 8)
    assert page.state["held_out"]
    assert "<b>" not in page.last("trace")["network"] + str(page.last("pictures"))
    assert "unknown column" in page.refused("table", name="mine.csv", text=text, target="nothing")
    assert "the file is empty" in page.refused("table", name="mine.csv", text="", target=None)
    assert "line 3" in page.refused("table", name="mine.csv", text="a,b\n1,2\n3,4,5\n", target=None)


def test_a_row_of_a_table_is_shown_as_it_was_read(page):
    text = "size,<i>colour</i>,kind\n" + "\n".join(f"{at},{'rg'[at % 2]},{'ab'[at % 2]}" for at in range(30))
    page.done("table", name="mine.csv", text=text, target="kind")
    page.done("sample", to=2)
    given = {one["label"]: " ".join(one["values"]) for one in page.steps[0]["given"]}
    assert given["size"].startswith("<mtext>")
    assert " →</mtext> <mtext>size = " in given["size"]
    assert "<i>" not in " ".join(given.values())
    assert "&lt;i&gt;colour" in given["<i>colour</i>"]
    assert b"size" in download("explanation.html", page.session.play)[1]
    other = Page()
    other.hello(page.state["share"])
    assert other.steps == page.steps


def test_every_example_opens_and_goes_on(page):
    for name in names():
        page.done("example", key=name)
        assert page.state["example"] == name
        page.done("apply")
        assert page.state["example"] == name
    page.done("parameter", id="W1[1->1]", text="1")
    assert page.state["example"] is None


def test_all_notations_and_languages_of_the_example(example):
    for key in (one["key"] for one in example.last("options")["notations"]):
        for language in ("en", "zh"):
            example.done("change", notation=key, language=language)
            assert (example.state["notation"], example.state["language"]) == (key, language)
            for step in example.steps:
                assert step["title"]
                assert step["title"].isascii() <= (language == "en")
    assert "unknown notation" in example.refused("change", notation="hegel")
    assert "unknown language" in example.refused("change", language="fr")


def test_running(page):
    page.done("speed", to=60)
    page.done("run")
    assert page.state["running"]
    assert "pause" in page.refused("apply")
    runner = page.session.runner
    runner.due -= 1.0
    page.session._train(runner)
    frame = page.last("frame")
    assert frame["updates"] == page.session.play.state.step > 0
    told = len(page.told)
    page.session._train(runner)
    assert len(page.told) == told  # until the page has seen the frame
    page.done("pause")
    assert not page.state["running"]
    assert page.state["updates"] == page.session.play.state.step
    page.done("undo")
    assert page.state["updates"] == 0


def test_the_address_follows_a_run(page):
    page.done("run")
    runner = page.session.runner
    runner.shared -= 2.0
    page.session._train(runner)
    frame = page.last("frame")
    page.ask("seen", number=frame["number"])
    other = Page()
    other.hello(frame["share"])
    assert other.state["updates"] == frame["updates"] > 0
    runner.framed = 0.0
    page.session._train(runner)
    assert "share" not in page.last("frame")


def test_divergence_ends_a_run_at_the_last_finite_numbers(page):
    page.done("data", kind="numbers", x=[[30.0]], y=[[1.0]])
    layers = [{"units": 1, "activation": "identity"}]
    page.done("change", network={"layers": layers, "loss": "half_squared_error"}, optimizer={"learning_rate": 10.0})
    page.done("run")
    while page.session.runner:
        page.session._train(page.session.runner)
    assert "training diverged at update" in page.last("error")["message"]
    assert not page.state["running"]
    assert np.isfinite(page.session.play.model.parameters.flat).all()
    before = page.session.play
    assert "diverged" in page.refused("apply")
    assert page.session.play is before


def test_changes_while_it_runs(page):
    page.done("run")
    page.session._train(page.session.runner)
    page.done("change", language="zh", optimizer={"learning_rate": 0.1})
    page.done("data", kind="named", name="spirals")
    page.session._train(page.session.runner)
    assert page.state["running"]
    assert page.last("frame")["updates"] > 0
    assert page.session.play.data.name == "spirals"


def test_work_ends_with_its_page_and_takes_training_with_it(page):
    inbox = Queue()
    thread = Thread(target=page.session.work, args=(inbox,))
    thread.start()
    inbox.put({"type": "run"})
    inbox.put(None)
    thread.join(10)
    assert not thread.is_alive()
    step = page.session.play.state.step
    assert page.session.play.state.step == step


def test_memory_stays_while_it_trains(page):
    page.done("data", kind="named", name="moons")
    page.done("run")

    def train(slices):
        for _ in range(slices):
            runner = page.session.runner
            runner.slice = 50
            page.session._train(runner)
            runner.framed = 0.0
            runner.seen(runner.number)
            page.told.clear()

    train(100)
    gc.collect()
    before = len(gc.get_objects())
    train(600)
    gc.collect()
    assert len(gc.get_objects()) - before < 200
    assert len(page.session.course) <= MOST + 1


def test_another_version_is_refused():
    page = Page()
    assert "reload the page" in page.refused("hello", version=2, language="en", share="")


def test_the_language_of_the_first_visit():
    page = Page()
    page.hello(language="zh-CN")
    assert page.state["language"] == "zh"
    assert page.steps[0]["title"] == "已知什么？"


def test_a_model_larger_than_a_drawing_with_numbers():
    model = cp.Model.initialized(cp.Network.parse("30-40-3", output="softmax", loss="cross_entropy"))
    page = Page(of_model(model))
    assert "error" not in page.hello()["type"]
    step = page.steps[1]
    assert step["drawings"]
    page.done("parameter", id="W1[30->40]", text="2")
    assert page.session.play.model.parameters.weights[0][29, 39] == 2.0


def test_a_threshold_is_typed_as_the_notation_counts_it():
    page = Page(of_sheet(load("d-q-l")))
    page.hello()
    assert page.state["notation"] == "threshold"
    page.done("parameter", id="b1[1]", text="0.25")
    assert page.session.play.model.parameters.biases[0][0] == -0.25
    assert page.last("trace")["parameters"]["b1[1]"]["text"] == "0.25"


def test_a_session_that_is_not_asked_says_nothing():
    told = []
    Session("key", of_sheet(load("xor-2-5-1")), Page().session.kept, told.append)
    assert told == []
