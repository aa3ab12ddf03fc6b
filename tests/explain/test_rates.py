"""Rates of layers, what fades, and smoothed targets, as a step and a derivation tell them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.render import FORMATS, render
from clearprop.explain.render.json import read
from clearprop.explain.render.python import python
from clearprop.explain.render.text import text

SMOOTHED = "smoothed_cross_entropy(0.2)"


def network(**rates: float) -> cp.Network:
    layers = [cp.Dense(2, "tanh", dropout=0.4, **rates), cp.Dense(2, "softmax")]
    return cp.Network(2, layers, SMOOTHED)


def step(optimizer: cp.Optimizer, **rates: float) -> cp.Trace:
    model = cp.Model.initialized(network(**rates), "normal", scale=0.5, seed=3)
    return cp.trace(model, [0.5, -1.0], 1, optimizer=optimizer)


def lines(trace: cp.Trace) -> dict[str, str]:
    """The formula of each number."""
    return {
        line["id"]: line["formula"]["text"]
        for part in read(render(trace.explain(), "json"))["sections"]
        for line in part["lines"]
        if line["formula"]
    }


def test_the_factor_stands_behind_the_rate_where_it_is_not_1() -> None:
    found = lines(step(cp.SGD(0.5), weight_rate=6.0))
    assert found["W1'[2->1]"] == "W1[2->1] - eta·6·dE/dW1[2->1]"
    assert found["b1'[1]"] == "b1[1] - eta·dE/db1[1]"
    assert found["W2'[2->1]"] == "W2[2->1] - eta·dE/dW2[2->1]"
    adam = lines(step(cp.AdamW(0.5, fade=0.5), bias_rate=0.1))
    assert adam["b1'[1]"] == "b1[1] - eta·0.1·m_hat_b1[1]/(sqrt(v_hat_b1[1]) + epsilon)" or "eta·0.1·" in adam["b1'[1]"]
    assert "0.1" not in adam["W1'[2->1]"]
    assert adam["decayed_W1[2->1]"] == "W1[2->1] - eta·weight_decay·fade·W1[2->1]"


@pytest.mark.parametrize("optimizer", [cp.SGD(0.5), cp.SGD(0.5, momentum=0.5), cp.Adam(0.5), cp.RMSprop(0.5)], ids=repr)
def test_a_rate_of_nothing_leaves_the_weights(optimizer: cp.Optimizer) -> None:
    found = lines(step(optimizer, weight_rate=0.0))
    assert found["W1'[2->1]"] == "W1[2->1]" and found["W2'[2->1]"] != "W2[2->1]"


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize(
    "optimizer", [cp.SGD(0.5), cp.SGD(0.5, momentum=0.5), cp.AdamW(0.5), cp.RMSprop(0.5)], ids=repr
)
def test_no_factor_of_1_is_ever_written(optimizer: cp.Optimizer, notation: str) -> None:
    for format in ("text", "latex", "markdown", "python"):
        for rates in ({}, {"weight_rate": 6.0}):
            for form in ("scalar", "matrix"):
                written = render(step(optimizer, **rates).explain(notation=notation, form=form), format)
                assert not re.search(r"(eta|lr|alpha|0\.5)\s*(·|\\cdot|\*)\s*1(?![\d.])", written)
    derived = cp.derive(network(), optimizer=optimizer, notation=notation)
    assert "·1·" not in str(derived) and "·1 " not in str(derived)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_format_tells_all_of_it(format: str, language: str, notation: str) -> None:
    fade = cp.schedules.Cosine(0.5, steps=9)
    trace = step(cp.AdamW(0.25, fade=fade), weight_rate=6.0, bias_rate=0.125)
    written = render(trace.explain(notation=notation, language=language), format)
    if format == "python":
        names: dict[str, Any] = {"print": lambda *words: None}
        exec(written, names)
        assert names["fade"] == 0.5
        assert "eta * 6 * " in written and "eta * 0.125 * " in written and "weight_decay * fade" in written
        return
    said = {
        "en": ["0.5 of the layer's dropout of 0.4 is left", "at 6 times the learning rate", "at 0.125 times"],
        "zh": ["dropout 概率为 0.4，这次更新时还剩其中的 0.5", "以 6 倍的学习率", "以 0.125 倍的学习率"],
    }[language]
    flat = re.sub(r"\s+", " " if language == "en" else "", written)
    for words in said:
        assert (words if language == "en" else words.replace(" ", "")) in flat, words


def test_the_mask_and_the_words_take_what_is_left_of_dropout() -> None:
    trace = step(cp.SGD(0.5, fade=0.5))
    assert set(trace["mask1"].value.ravel()) <= {0.0, 1 / (1 - 0.2)}
    assert "set to 0 with probability 0.2; those that stay are divided by 1 - 0.2" in text(trace.explain()).replace(
        "\n", " "
    )
    plain = text(step(cp.SGD(0.5)).explain()).replace("\n", " ")
    assert "with probability 0.4" in plain and "dropout of" not in plain
    none = step(cp.SGD(0.5, fade=0.0))
    assert (none["mask1"].value == 1.0).all()


def test_nothing_fades_unless_it_is_asked_for() -> None:
    assert "fade" not in step(cp.AdamW(0.5)) and "fade" in step(cp.AdamW(0.5, fade=0.5))


def test_smoothed_targets_are_a_quantity_of_their_own() -> None:
    trace = step(cp.SGD(0.5))
    assert trace["q[2]"].value == pytest.approx(0.9) and trace["q[1]"].value == pytest.approx(0.1)
    found = lines(trace)
    assert found["q[1]"] == "(1 - 0.2)·y[1] + 0.2/2"
    assert found["E[1]"] == "-q[1]·log(a2[1])" or "q[1]·log" in found["E[1]"]
    assert found["delta2[1]"] == "a2[1] - q[1]"
    assert trace["delta2[1]"].sources == ("a2[1]", "q[1]")
    not_sure = cp.trace(trace.model, [0.5, -1.0], [0.5, 0.25], optimizer=cp.SGD(0.5))
    assert lines(not_sure)["delta2[1]"] == "(q[1] + q[2])·a2[1] - q[1]"
    for notation in NOTATIONS:
        names: dict[str, Any] = {"print": lambda *words: None}
        exec(python(trace.explain(notation=notation)), names)
        np.testing.assert_allclose(np.ravel(names["q"]), [0.1, 0.9])


def test_a_derivation_of_all_of_it() -> None:
    derived = cp.derive(network(weight_rate=6.0), optimizer=cp.AdamW(0.1, fade=0.5))
    whole = str(derived).replace("\n", " ")
    for words in (
        "q[j] = (1 - 0.2)·y[j] + 0.2/2",
        "delta2[j] = ∂E/∂z2[j] = a2[j] - q[j]",
        "decayed_W1[i->j] = W1[i->j] - eta·weight_decay·fade·W1[i->j]",
        "It aims at smoothed targets",
        "A number behind η is the factor",
        "Of the decay the share κ is left",
    ):
        assert words in whole, words
    assert "η" in str(cp.derive(network(bias_rate=0.1), language="zh"))
    assert "behind" not in str(cp.derive(network()))
    one_layer = cp.derive(cp.Network.parse("3-2", output="softmax", loss=SMOOTHED))
    assert "logistic regression" in str(one_layer).replace("\n", " ")
