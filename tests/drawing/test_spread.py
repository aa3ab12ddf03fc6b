"""Spreads, and functions with their points."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from clearprop.drawing import Spread, function, spreads


def drawn(text):
    return {one.get("data-id"): one for one in ElementTree.fromstring(text).iter() if one.get("data-id")}


def test_bars_are_as_high_as_their_counts():
    text = spreads(["w"], [("layer 1", [Spread([0, 2, 4], 0.5)])], prefix="s", label="s")
    bars = [
        float(one.get("height")) for one in drawn(text)["spread[layer 1 w]"].iter() if "bar" in one.get("class", "")
    ]
    assert len(bars) == 2
    assert bars[1] == pytest.approx(2 * bars[0])


def test_many_layers_make_it_higher():
    rows = [(f"layer {at}", [Spread([1], 1.0)] * 2) for at in range(12)]
    root = ElementTree.fromstring(spreads(["w", "d"], rows, prefix="s", label="s", height=100.0))
    assert float(root.get("height")) > 300
    assert len(drawn(spreads(["w", "d"], rows, prefix="s", label="s"))) == 24


def test_nothing_to_count_and_hostile_names():
    text = spreads(["<w>"], [("<b>", [Spread([], 0.0, "<i>")])], prefix="s", label="<s>")
    assert "<b>" not in text
    assert "spread[<b> <w>]" in drawn(text)
    assert ElementTree.fromstring(spreads([], [], prefix="s", label="s")) is not None


def test_a_function_goes_through_its_points():
    text = function([0, 1, 2], [0, 1, float("nan")], [(1.0, 1.0, True), (0.5, 0.0, False)], prefix="f", label="f",
                    across="<x>", up="y")  # fmt: skip
    found = drawn(text)
    held, learnt = list(found["points"])
    assert (held.get("class"), learnt.get("class")) == ("ring first", None)
    path = next(iter(found["curve"])).get("d")
    assert path.count("L") == 1
    assert path.split("L")[1] == f"{held.get('cx')} {held.get('cy')}"
    assert "<x>" not in text


def test_a_function_without_points_or_numbers():
    nan = float("nan")
    assert "curve" not in drawn(function([0, 1], [nan, nan], [], prefix="f", label="f", across="x", up="y"))
