"""What a notebook shows of an object, and what `print` does: well-formed, with its own style, fetching nothing."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import clearprop as cp
from clearprop.training import History
from tests.explain.steps import document_000, large


def objects() -> dict[str, object]:
    trace = document_000()
    return {
        "network": trace.network,
        "large network": large().network,
        "model": trace.model,
        "large model": large().model,
        "model without bias": cp.Model.initialized(cp.Network.parse("2-2-1", bias="none")),
        "ensemble": cp.Ensemble([trace.model, trace.model]),
        "history": History({"loss": [0.5, 0.3, 0.2], "validation_loss": [0.6, 0.4, 0.5]}, monitor="validation_loss"),
        "history of nothing": History({"loss": []}),
        "history gone wrong": History({"loss": [1.0, math.inf, math.nan]}),
        "trace": trace,
        "explanation": trace.explain(notation="net-out", language="zh"),
    }


@pytest.mark.parametrize("name", objects())
def test_what_a_notebook_shows_is_well_formed_and_fetches_nothing(name: str) -> None:
    shown = objects()[name]
    for way in ("_repr_html_", "_repr_svg_"):
        if not hasattr(shown, way):
            continue
        markup = getattr(shown, way)()
        root = ElementTree.fromstring(markup)
        assert root.tag.endswith("svg" if way == "_repr_svg_" else ("svg", "div"))
        style = next(one.text or "" for one in root.iter() if one.tag.endswith("style"))
        assert "--computed" in style and "url(" not in style and "@import" not in style
        # Nothing around it changes: no colours on the root of the page that it is shown in.
        assert ":root {" not in style.partition(".clearprop {")[0]
        assert not any(one.tag.endswith(("script", "a", "image", "link")) for one in root.iter())
        assert set(re.findall(r"https?://[^\"' ]+", markup)) <= {"http://www.w3.org/2000/svg"}


def test_a_small_model_shows_its_numbers_and_a_large_one_its_shape() -> None:
    small, big = document_000().model._repr_svg_(), large().model._repr_svg_()
    assert ">0.4500<" in small and ">b 0.3500<" in small and 'data-id="W2[2-&gt;1] label"' in small
    assert ">784<" in big and 'class="pill"' not in big


def test_a_history_shows_its_curves_and_its_best_epoch() -> None:
    shown = objects()["history"]._repr_svg_()  # type: ignore[attr-defined]
    assert 'data-id="curve[training]"' in shown and 'data-id="curve[validation]"' in shown
    assert "best: epoch 2" in shown


def test_a_trace_as_latex_is_its_formulas() -> None:
    latex = document_000()._repr_latex_()
    assert latex.startswith("$$\\begin{aligned}\n") and latex.endswith("\n\\end{aligned}$$")
    assert r"{W^{(1)}} &=" not in latex and r"z^{(1)} &= x \, W^{(1)} + b^{(1)} \\" in latex
    assert latex.count("{") == latex.count("}")
    assert latex.count("&=") == sum(len(one.lines) for one in document_000().explain(form="matrix").sections[1:])


def test_print_shows_a_model_layer_by_layer_and_leaves_out_the_middle_of_large_matrices() -> None:
    model = cp.Model(
        cp.Network.parse("2-2-1", hidden="relu"), [[[0.1, -0.2], [0.3, 0.4]], [[5.0], [6.0]]], [[0, 1], [2]]
    )
    assert str(model).splitlines() == [
        "2-2-1 relu sigmoid, half_squared_error: 9 parameters, float64",
        "",
        "layer 1: 2 inputs, 2 units, relu",
        "  W1 = [[ 0.1 -0.2]",
        "        [ 0.3  0.4]]",
        "  b1 = [0. 1.]",
        "",
        "layer 2: 2 inputs, 1 unit, sigmoid",
        "  W2 = [[5.]",
        "        [6.]]",
        "  b2 = [2.]",
    ]
    assert repr(model) == "Model(2-2-1 relu sigmoid, half_squared_error; 9 parameters, float64)"
    printed = str(large().model)
    assert len(printed) < 4000 and "..." in printed and "layer 3: 128 inputs, 10 units, softmax" in printed


def test_what_is_printed_does_not_hang_on_numpys_own_settings() -> None:
    model = document_000().model
    with np.printoptions(precision=1, threshold=1):
        assert "0.45" in str(model)
