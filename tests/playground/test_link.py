"""Links: a state as a text, and back, bit for bit; and what is no link."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clearprop as cp
from clearprop.errors import InputError
from clearprop.examples import load, names
from clearprop.playground import link
from clearprop.playground.data import named
from clearprop.playground.kept import MOST_KEPT, Kept
from clearprop.playground.play import first, of_model, of_sheet
from clearprop.playground.refusals import REFUSALS
from clearprop.playground.training import Trainer
from tests.playground.conftest import Page


def plays():
    yield first()
    yield from (of_sheet(load(name), name) for name in names())
    for kind in ("adam", "rmsprop", "adamw"):
        play = first().of_data(named("blobs", {})).changed({"optimizer": {"kind": kind}, "batch": 7})
        yield Trainer(play).advance(play, 12)
    network = cp.Network(2, [cp.Dense(2, "relu", dropout=0.5), cp.Dense(1)], columns=[cp.Periodic(2, outputs=2)])
    yield of_model(cp.Model.initialized(network, dtype="float32"))


@pytest.mark.parametrize("play", list(plays()), ids=lambda play: play.title or str(play.network))
def test_a_link_holds_all_of_it(play):
    play = replace(play, language="zh", notation="matrix", digits=4, sample=0)
    text = link.written(play)
    assert text.isascii()
    assert len(text) < 3_000
    back = link.read(text)
    assert link.written(back) == text
    assert back.model == play.model
    assert back.model.dtype == play.model.dtype
    assert back.state == play.state
    for name in ("optimizer", "batch", "order", "start", "seed", "sample", "notation", "language", "digits", "title"):
        assert getattr(back, name) == getattr(play, name)
    one, other = (Trainer(each).advance(each, 5) for each in (play, back))
    assert np.array_equal(one.model.parameters.flat, other.model.parameters.flat)


def test_a_reload_and_another_tab(page):
    page.done("data", kind="named", name="spirals")
    page.done("apply")
    share = page.state["share"]
    other = Page()
    other.hello(share)
    differ = {"session", "undo", "redo"}
    assert {k: v for k, v in other.state.items() if k not in differ} == {
        k: v for k, v in page.state.items() if k not in differ
    }
    assert other.steps == page.steps


def test_a_damaged_link_opens_what_there_would_be_without(page):
    other = Page()
    answer = other.hello(page.state["share"][:-20])
    assert answer["type"] == "error"
    assert answer["message"].startswith("link: it is")
    assert other.state["data"]["name"] == "xor"


def packed(told):
    return "1." + base64.urlsafe_b64encode(zlib.compress(json.dumps(told).encode())).decode().rstrip("=")


def told():
    text = link.written(first()).removeprefix("1.")
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


@pytest.mark.parametrize(
    "change",
    [
        {"network": {}},
        {"network": {"inputs": 3, "layers": [{"units": 1}]}},
        {"network": {"inputs": 1000, "layers": [{"units": 10_000}]}},
        {"dtype": "object"},
        {"parameters": "AAAA"},
        {"parameters": base64.b64encode(np.full(17, np.nan).tobytes()).decode()},
        {"optimizer": {"kind": "sgd", "learning_rate": -1}},
        {"optimizer": {"kind": "adam"}},
        {"at": [0, 0, 0]},
        {"at": [0, -1, 0, 0]},
        {"data": {"kind": "named", "name": "nothing"}},
        {"data": {"kind": "named", "name": "sine"}},
        {"batch": 0},
        {"batch": "some"},
        {"order": [9]},
        {"order": "by heart"},
        {"start": ["nothing", 0]},
        {"sample": 4},
        {"view": {"notation": "nothing"}},
        {"view": None},
        {"sums": None},
    ],
)
def test_a_link_that_somebody_made_up(change):
    assert link.read(packed(told())).title == "XOR"
    with pytest.raises(InputError, match=r"^link: "):
        link.read(packed({**told(), **change}))


@pytest.mark.parametrize(
    ("change", "english", "chinese"),
    [
        ({"start": ["nothing", 0]}, "link: it starts in a way", "链接：其中的起始方式"),
        ({"at": [0, -1, 0, 0]}, "link: updates: expected a whole number", "链接：更新次数：应为"),
        (
            {"network": {"inputs": 1000, "layers": [{"units": 10_000}]}},
            "link: layers: the playground",
            "链接：层：这里的网络",
        ),
    ],
)
def test_that_it_is_the_link_is_said_once_in_both_languages(change, english, chinese):
    with pytest.raises(InputError) as error:
        link.read(packed({**told(), **change}))
    for said, beginning in zip((str(error.value), error.value.texts["zh"]), (english, chinese), strict=True):
        assert said.startswith(beginning)


def test_a_refusal_is_told_by_its_type_and_not_by_its_words(monkeypatch):
    """Also where the English words are others."""
    monkeypatch.setitem(REFUSALS, "link start", ("this address starts oddly", "这个地址的起始方式不对"))
    with pytest.raises(InputError, match=r"^this address starts oddly$"):
        link.read(packed({**told(), "start": ["nothing", 0]}))


@pytest.mark.parametrize("missing", sorted(told()))
def test_a_link_that_lacks_something(missing):
    with pytest.raises(InputError, match=r"^link: "):
        link.read(packed({key: value for key, value in told().items() if key != missing}))


@given(st.text(max_size=60))
def test_any_text_is_refused(text):
    for one in (text, f"1.{text}"):
        with pytest.raises(InputError, match=r"^link: "):
            link.read(one)


def test_a_text_that_becomes_too_large_is_not_unpacked():
    bomb = "1." + base64.urlsafe_b64encode(zlib.compress(b" " * 200_000_000, 9)).decode()
    with pytest.raises(InputError, match="larger than the playground takes"):
        link.read(bomb)


def test_what_is_too_long_for_an_address_is_kept():
    kept = Kept()
    model = cp.Model.initialized(cp.Network.parse("100-200-1"))
    page = Page(of_model(model), kept)
    page.hello()
    assert page.state["share"] == "kept.test"
    other = Page(kept=kept)
    other.hello("kept.test")
    assert other.session.play.model == model
    assert Page().hello("kept.test")["type"] == "error"
    for at in range(MOST_KEPT):
        kept.shared(f"more {at}", page.session.play)
    with pytest.raises(InputError, match="is no longer kept here"):
        kept.find("kept.test")
