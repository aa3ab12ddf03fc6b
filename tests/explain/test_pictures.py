"""The drawings of a step: what is being computed is yellow, what is used orange, in each of them."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.drawing.matrix import MOST
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.pictures import edges, marks, matrices, network, operations
from clearprop.explain.ref import SETTINGS, Ref
from tests.explain.steps import document_000, large, steps

SVG = "{http://www.w3.org/2000/svg}"

# Document 004, section 4: of each of its steps what is yellow, and what is orange.
STEPS_OF_004 = {
    2: ({"z1"}, {"x", "W1", "b1"}),
    3: ({"a1"}, {"z1"}),
    4: ({"z2", "a2"}, {"a1", "W2", "b2"}),
    5: ({"dE/da2"}, {"y", "a2"}),
    6: ({"da2/dz2", "da1/dz1"}, {"a2", "a1"}),
    7: ({"delta2"}, {"dE/da2", "da2/dz2"}),
    8: ({"dE/da1"}, {"delta2", "W2"}),
    9: ({"delta1"}, {"dE/da1", "da1/dz1"}),
    10: ({"dE/dW2", "dE/dW1", "W2'", "W1'"}, {"a1", "delta2", "x", "delta1", "W2", "W1", "eta"}),
    11: ({"dE/db2", "dE/db1", "b2'", "b1'"}, {"delta2", "delta1", "b2", "b1", "eta"}),
}


def document_004() -> cp.Trace:
    """Three samples as rows, a 4-3-1 network."""
    W1 = [[0.42, 0.88, 0.55], [0.10, 0.73, 0.68], [0.60, 0.18, 0.47], [0.92, 0.11, 0.52]]
    model = cp.Model(
        cp.Network.parse("4-3-1", reduction="sum"), [W1, [[0.30], [0.25], [0.23]]], [[0.46, 0.72, 0.08], [0.69]]
    )
    X = [[1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]]
    return cp.trace(model, X, [[1.0], [1.0], [0.0]], optimizer=cp.SGD(0.1))


def groups(drawing: str) -> dict[str, ElementTree.Element]:
    found = ElementTree.fromstring(drawing).iter(f"{SVG}g")
    return {group.get("data-id", ""): group for group in found if group.get("data-id")}


def lit(drawing: str, mark: str) -> set[str]:
    return {id_ for id_, group in groups(drawing).items() if mark in (group.get("class") or "").split()}


@pytest.mark.parametrize("number", STEPS_OF_004)
@pytest.mark.parametrize("notation", ["canonical", "matrix"])
def test_the_steps_of_document_004_are_yellow_and_orange_where_it_says(number: int, notation: str) -> None:
    yellow, orange = STEPS_OF_004[number]
    explanation = document_004().explain(notation=notation, form="matrix")
    lines = [line for section in explanation.sections for line in section.lines]
    drawing = matrices(explanation, [line for line in lines if explanation.trace.text(line.ref) in yellow])
    assert lit(drawing, "computed") == yellow
    assert lit(drawing, "used") == orange - {"eta"}


def test_the_matrices_of_document_004_hold_its_numbers() -> None:
    drawing = groups(matrices(document_004().explain(form="matrix")))
    shown = {id_: group.findtext(f"{SVG}text") for id_, group in drawing.items() if "cell" in group.get("class", "")}
    assert shown["z1[2,1]"] == "2.400" and shown["delta1[1,1]"] == "−0.001587"
    assert shown["W1[4->1]"] == "0.92" and shown["E label"] == "0.3541"


def test_where_samples_are_columns_so_are_they_in_the_drawing() -> None:
    def places(notation: str) -> dict[str, tuple[float, float]]:
        drawing = groups(matrices(document_004().explain(notation=notation)))
        rects = {id_: group.find(f"{SVG}rect") for id_, group in drawing.items() if "cell" in group.get("class", "")}
        return {id_: (float(r.get("x", "")), float(r.get("y", ""))) for id_, r in rects.items() if r is not None}

    rows, columns = places("matrix"), places("matrix-columns")
    assert rows["W1[1->1]"][1] == rows["W1[1->2]"][1] and rows["W1[1->1]"][0] == rows["W1[2->1]"][0]
    assert columns["W1[1->1]"][0] == columns["W1[1->2]"][0] and columns["W1[1->1]"][1] == columns["W1[2->1]"][1]
    assert columns["b1[1]"][0] == columns["b1[2]"][0] and rows["b1[1]"][1] == rows["b1[2]"][1]


def test_what_a_focus_leaves_out_has_an_empty_place() -> None:
    explanation = document_000().explain(focus="dE/dW1[1->1]")
    shown = {id_: group.findtext(f"{SVG}text") for id_, group in groups(matrices(explanation)).items()}
    assert shown["delta1[1]"] == "0.008771" and shown["delta1[2]"] == "" and shown["delta2[2]"] == "−0.03810"


@pytest.mark.parametrize(
    ("id_", "computed", "used"),
    [
        ("z1[1]", {"z1[1]"}, {"x[1]", "x[2]", "W1[1->1]", "W1[2->1]", "b1[1]", "b1[2]"}),
        ("dE/da2[1]", {"a2[1]"}, {"y[1]"}),
        ("delta2[1]", {"a2[1]", "z2[1]"}, set()),
        ("dE/dW2[1->1]", {"W2[1->1]"}, {"a1[1]", "a2[1]", "z2[1]"}),
        ("dE/da1[1]", {"a1[1]"}, set()),
    ],
)
def test_the_network_is_lit_where_the_step_works(id_: str, computed: set[str], used: set[str]) -> None:
    explanation = document_000().explain(notation="net-out")
    drawing = network(explanation, [explanation.line(explanation.trace[id_].ref)])
    assert {one.removesuffix(" label") for one in lit(drawing, "computed")} == computed
    assert {one.removesuffix(" label") for one in lit(drawing, "used")} == used


def test_the_network_shows_its_numbers_in_the_notation() -> None:
    drawing = network(document_000().explain(notation="net-out"))
    for written in ("out h₁", "0.593270", "net h₁ 0.377500", "w₅ 0.4", "target o₂ 0.99", "b₁ 0.35"):
        assert f">{written}<" in drawing


def test_the_graph_leads_from_inputs_to_the_error_and_is_lit_on_the_way() -> None:
    explanation = document_000().explain(notation="net-out")
    line = explanation.line(explanation.trace["z1[1]"].ref)
    drawing = operations(explanation, [line])
    assert drawing is not None
    assert lit(drawing, "computed") >= {"z1[1]", "z1[1] +"}
    assert lit(drawing, "used") >= {"x[1]", "x[2]", "W1[1->1]", "W1[2->1]", "b1"}
    leading = edges(explanation)
    reached, waiting = set(), ["x[1]"]
    while waiting:
        reached.add(here := waiting.pop())
        waiting += [end for start, end in leading if start == here]
    assert {"z1[1]", "z1[2]", "a2[1]", "E[2]", "E"} <= reached and "x[2]" not in reached


def test_a_large_network_is_drawn_without_numbers_and_has_no_graph() -> None:
    explanation = large().explain()
    assert operations(explanation) is None and edges(explanation) == []
    drawing = matrices(explanation)
    assert len(drawing) < 400_000 and "784 × 256" in drawing
    assert 'class="value"' not in network(explanation)


def is_cut_short(trace: cp.Trace, ref: Ref) -> bool:
    """Whether only the first and last rows and columns of its matrix are drawn: Jacobians stand one below the other."""
    *rows, columns = trace.shapes.of(ref)
    return max(math.prod(rows), columns) > MOST


@given(steps(), st.sampled_from(sorted(NOTATIONS)), st.sampled_from(["scalar", "matrix"]))
@settings(max_examples=40)
def test_whatever_is_lit_is_there(trace: cp.Trace, notation: str, form: str) -> None:
    explanation = trace.explain(notation=notation, form=form)
    lines = [line for section in explanation.sections for line in section.lines]
    cells, units = groups(matrices(explanation)), groups(network(explanation))
    graph = groups(operations(explanation) or "<g/>")
    for line in lines:
        lit_there = marks(trace, [line])
        if line.ref.kind not in SETTINGS:
            assert lit_there.matrices[trace.text(line.ref)] == "computed"
            assert trace.text(line.ref) in cells or is_cut_short(trace, line.ref)
        if len(trace.samples) == 1 and line.ref.by_sample and line.ref.kind != "w":
            assert set(lit_there.network) & set(units), line.ref
        if graph and line.ref.kind in ("z", "a", "W", "b"):
            assert {id_ for id_ in lit_there.graph if " " not in id_} <= set(graph)
