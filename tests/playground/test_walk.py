"""Steps of an update: in order, each with its question, its arithmetic, what lights up, and soon enough."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest

import clearprop as cp
from clearprop.examples import load, names
from clearprop.explain.ref import PARAMETERS, TEMPLATES
from clearprop.playground.data import named
from clearprop.playground.play import first, of_model, of_sheet
from clearprop.playground.questions import QUESTIONS, _key
from clearprop.playground.training import Trainer
from clearprop.playground.walk import Walk


def walk(play):
    return Walk(play, Trainer(play), 1)


def example(**other):
    return replace(of_sheet(load("cnblogs-2-2-2")), **other)


def ids(markup):
    return {one.get("data-id") for one in ElementTree.fromstring(markup).iter() if one.get("data-id")}


def test_the_order_of_the_phases():
    phases = walk(example()).message()["phases"]
    assert [phase for at, phase in enumerate(phases) if phases[at - 1 : at] != [phase]] == [
        "given",
        "forward",
        "loss",
        "backward",
        "update",
    ]


@pytest.mark.parametrize("name", names())
def test_what_a_step_uses_is_there_already(name):
    one = walk(of_sheet(load(name)))
    for place in range(len(one.steps)):
        told = one.step(place)
        for id_, mark in told["matrices"].items():
            assert one.first[id_] <= place if mark == "used" else one.first[id_] == place


def test_what_lights_up_is_in_the_drawings():
    one = walk(example())
    network = {id_.removesuffix(" label") for id_ in ids(one.message()["network"])}
    for place in range(1, len(one.steps)):
        told = one.step(place)
        drawn = set().union(*map(ids, told["drawings"]))
        assert set(told["network"]) <= network
        assert {id_ for id_ in told["matrices"] if one.trace.checked(id_).kind != "eta"} <= {
            id_.removesuffix(" label") for id_ in drawn
        }
        assert set(told["later"]) <= drawn
        assert all(step > place for step in told["later"].values())


def test_the_links_are_the_line_that_is_read_out():
    one = walk(example())
    for place in range(1, len(one.steps)):
        told = one.step(place)
        assert [one["kind"] for one in told["links"]][-1] == "result"
        for mathml in (told["of"], *(one["mathml"] for one in told["links"])):
            ElementTree.fromstring(f"<math>{mathml}</math>")
        assert told["spoken"].count(" = ") == len(told["links"])


def test_the_shares_of_all_outputs_are_named_in_words():
    for language, name, question in (
        ("en", "E of each output", "How wrong is each output?"),
        ("zh", "各输出的 E", "各个输出错多少？"),
    ):
        one = walk(example(notation="canonical", language=language, digits=4))
        assert any(f">{name}<" in drawing for drawing in one.step(one.first["E"])["drawings"])
        assert QUESTIONS[language][_key(cp.explain.ref.Ref("share"))] == question


def test_questions_in_both_languages():
    assert QUESTIONS["en"].keys() == QUESTIONS["zh"].keys()
    fields = [{key: set(re.findall(r"{(\w+)}", text)) for key, text in texts.items()} for texts in QUESTIONS.values()]
    assert fields[0] == fields[1]
    for text in QUESTIONS["zh"].values():
        assert not re.search(r"[A-Za-z]", re.sub(r"{\w+}", "", text))


def test_every_kind_of_quantity_has_a_question():
    asked = {kind: _key(cp.explain.ref.Ref(kind, 1)) for kind in TEMPLATES}
    assert {asked[kind] for kind in ("dE/dW", "dE/db", "dE/dscale")} == {"dE/d"}
    assert {asked[f"{kind}'"] for kind in PARAMETERS} == {"new"}
    assert asked["dJ/dW"] == "dJ/d"
    assert _key(cp.explain.ref.Ref("m_W", 1)) == "slot"
    plain = {kind for kind, key in asked.items() if key == "other"}
    assert plain.isdisjoint({"z", "a", "E", "delta", "dE/da", "da/dz"})


@pytest.mark.parametrize(
    ("id_", "en", "zh"),
    [
        ("z1[1]", "What is the net input net h₁?", "净输入 net h₁ 是多少？"),
        ("E[2]", "How wrong is output 2?", "输出 2 错多少？"),
        ("delta2[1]", "How much does net o₁ change the error?", "net o₁ 对误差影响多大？"),
        ("dE/dW2[1->1]", "How much does w₅ change the error?", "w₅ 对误差影响多大？"),
        ("W2'[1->1]", "What is w₅ after the update?", "更新之后 w₅ 是多少？"),
    ],
)
def test_questions_of_the_example(id_, en, zh):
    for language, question in (("en", en), ("zh", zh)):
        one = walk(example(language=language))
        assert one.step(one.first[id_])["title"] == question


def test_networks_that_begin_with_column_layers():
    columns = [cp.Embedding(categories=3, outputs=2), cp.Periodic(2, outputs=2)]
    network = cp.Network(3, [cp.Dense(3, "tanh"), cp.Dense(1)], columns=columns)
    one = walk(of_model(cp.Model.initialized(network)))
    for place in range(len(one.steps)):
        assert one.step(place)["title"]


def test_a_batch_of_many_rows():
    play = first().of_data(named("moons", {"rows": 5_000})).changed({"batch": "full"})
    one = walk(play)
    assert one.explanation.by_matrices
    assert all(len(one.step(place)["drawings"]) <= 8 for place in range(len(one.steps)))


def least(what, times=5):
    """The least processor time that something took, in seconds: what else runs beside it does not count."""
    found = []
    for _ in range(times):
        began = time.process_time()
        what()
        found.append(time.process_time() - began)
    return min(found)


def test_a_step_takes_less_than_50_milliseconds():
    layers = [{"units": 8, "activation": "relu"}, {"units": 8, "activation": "relu"}, {"units": 1}]
    for play in (example(), first().of_data(named("moons", {})).changed({"network": {"layers": layers}})):
        one = walk(play)
        one.message()
        places = iter(range(1, 40))
        assert least(lambda one=one, places=places: one.step(next(places))) < 0.05


def test_the_first_picture_takes_less_than_a_second():
    assert least(lambda: walk(example()).message(), times=2) < 1.0
