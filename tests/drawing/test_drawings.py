"""Every drawing: well-formed, ids once, names as text, all in its frame, also for awkward numbers."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from clearprop.drawing import (
    Bar,
    Best,
    Cell,
    Matrix,
    Node,
    Series,
    Tag,
    Writing,
    bars,
    curves,
    graph,
    heat,
    histogram,
    matrices,
    network,
    scatter,
)
from clearprop.drawing.markup import Markup
from clearprop.drawing.network import unit_id
from clearprop.drawing.placing import HEIGHT, Box
from clearprop.errors import InputError

SVG = "{http://www.w3.org/2000/svg}"
NAME = '<script>"&\x00'
P = {"prefix": "p", "label": ""}
AWKWARD = [
    [],
    [0.0],
    [math.nan, math.nan],
    [math.nan, 1.0, math.inf, 2.0],
    [1e308, -1e308],
    [5e-324, 1e-320],
    [1e-320, 1e300],
    [3.0, 3.0, 3.0],
    [-1e-9, 1e9],
    [1e16, 1e16 + 2],
]


def drawings(values: list[float]) -> list[Markup]:
    whole = list(range(1, len(values) + 1))
    lines = [Series(NAME, values), Series("b", values[::-1], "second")]
    common = {"prefix": "p", "label": NAME, "across": NAME, "up": NAME}
    return [
        curves(lines, whole, best=Best(1, NAME), **common),
        curves(lines, whole, percent=True, **common),
        scatter(values, values[::-1], **common),
        histogram(values, **common),
        bars([Bar(f"{NAME}{i}", value) for i, value in enumerate(values)], prefix="p", label=NAME),
    ]


def others() -> list[Markup]:
    counts = [[row * column % 3 for column in range(40)] for row in range(40)]
    long_names = ["x" * place for place in range(40)]
    return [
        heat([[3, 1], [0, 0]], [NAME, "b"], prefix="p", label=NAME, down=NAME, across=NAME),
        heat(counts, long_names, prefix="p", label="", down="", across=""),
        network([2, 2, 2], prefix="p", label=NAME, writing=written([2, 2, 2])),
        network([30, 128, 128, 2], prefix="p", label="", writing=Writing({"x[30]": NAME}, heads=[NAME] * 4)),
        matrices([table("W1", 3, 2), table("W2", 784, 256), table(NAME, 1, 1)], prefix="p", label=NAME, width=300),
        graph([Node(NAME, NAME, NAME, NAME), Node("f", NAME), Node("y", "y", "1")], [(NAME, "f"), ("f", "y")], **P),
    ]


def table(name: str, rows: int, columns: int) -> Matrix:
    return Matrix(name, name, (rows, columns), lambda row, column: Cell(f"{name}[{row}->{column}]", "0.5", NAME))


def written(sizes: list[int], value: str = "−0.123456") -> Writing:
    values = {unit_id(layer, i): value for layer, size in enumerate(sizes) for i in range(1, size + 1)}
    tags = {
        id_: [Tag(f"z{id_[1:]}", f"net {value}"), Tag(f"b{id_[1:]}", f"b {value}", "above")]
        for id_ in values
        if id_.startswith("a")
    }
    for layer, (inputs, units) in enumerate(pairwise(sizes), start=1):
        values |= {f"W{layer}[{i}->{j}]": value for i in range(1, inputs + 1) for j in range(1, units + 1)}
    return Writing({"x[1]": NAME}, values, tags, {"a1[1]": "used"}, [NAME] * len(sizes))


def check(drawing: Markup) -> None:
    root = ElementTree.fromstring(drawing)
    assert root.tag == f"{SVG}svg"
    assert "nan" not in drawing
    assert "inf" not in drawing
    ids = Counter(element.get("id") for element in root.iter() if element.get("id"))
    assert max(ids.values()) == 1
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for element in root.iter():
        for axis, most in (("x", width), ("y", height)):
            for name in (axis, f"{axis}1", f"{axis}2", f"c{axis}"):
                assert -0.5 <= float(element.get(name, "0")) <= most + 0.5, ElementTree.tostring(element)


@pytest.mark.parametrize("values", AWKWARD, ids=str)
def test_awkward_numbers_make_sound_drawings(values: list[float]) -> None:
    for drawing in drawings(values):
        check(drawing)


def test_the_rest_is_sound_too() -> None:
    for drawing in others():
        check(drawing)


def test_names_stay_text() -> None:
    for drawing in [*drawings([1.0, 2.0]), *others()]:
        assert "<script" not in drawing
    shown = [element.text for element in ElementTree.fromstring(drawings([1.0, 2.0])[0]).iter(f"{SVG}text")]
    assert '<script>"&\ufffd' in shown


def test_every_unit_and_weight_has_its_canonical_id() -> None:
    drawing = ElementTree.fromstring(network([2, 3, 1], prefix="net", label=""))
    found = {element.get("data-id"): element.get("class") for element in drawing.iter() if element.get("data-id")}
    units = ["x[1]", "x[2]", "a1[1]", "a1[2]", "a1[3]", "a2[1]"]
    weights = [f"W1[{i}->{j}]" for i in (1, 2) for j in (1, 2, 3)] + [f"W2[{i}->1]" for i in (1, 2, 3)]
    assert {name for name, class_ in found.items() if class_ == "node"} == set(units)
    assert {name for name, class_ in found.items() if class_ and class_.startswith("edge")} == set(weights)


def test_a_large_layer_shows_its_first_units_and_its_last_and_says_how_many() -> None:
    drawing = network([30, 128, 2], prefix="net", label="", most=8)
    assert [place for place in range(1, 129) if f'data-id="a1[{place}]"' in drawing] == [
        1,
        2,
        3,
        4,
        5,
        6,
        128,
    ]
    assert ">128<" in drawing
    assert drawing.count('class="dot"') == 6
    assert 'data-id="W1[30-&gt;128]"' in drawing


@pytest.mark.parametrize("sizes", [[2, 2, 2], [2, 3, 1], [3, 3, 2], [2, 5, 1], [4, 4, 3]], ids=str)
def test_weight_labels_and_tags_meet_neither_each_other_nor_units(sizes: list[int]) -> None:
    root = ElementTree.fromstring(network(sizes, prefix="p", label="", writing=written(sizes)))
    boxes = []
    for rect in root.iter(f"{SVG}rect"):
        x, y, width = (float(rect.get(name, "")) for name in ("x", "y", "width"))
        boxes.append(Box(x + width / 2, y + HEIGHT / 2, width, HEIGHT))
    weights = sum(inputs * units for inputs, units in pairwise(sizes))
    assert len(boxes) == weights + 2 * sum(sizes[1:])
    circles = [
        Box(
            float(c.get("cx", "")),
            float(c.get("cy", "")),
            2 * float(c.get("r", "")),
            2 * float(c.get("r", "")),
        )
        for c in root.iter(f"{SVG}circle")
    ]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1], 0)]
    assert not [(a, b) for a in boxes for b in circles if a.overlaps(b, 0)]


@pytest.mark.parametrize("sizes", [[], [2, 0, 1]])
def test_a_layer_without_units_is_refused(sizes: list[int]) -> None:
    with pytest.raises(InputError, match="layers of 1 unit or more"):
        network(sizes, prefix="p", label="")


def test_counts_that_fit_no_square_are_refused() -> None:
    for counts, names in (([], []), ([[1]], ["a", "b"]), ([[1, 2], [3]], ["a", "b"])):
        with pytest.raises(InputError, match="a confusion matrix of"):
            heat(counts, names, prefix="p", label="", down="", across="")


def test_cells_are_shaded_by_their_share_of_the_row() -> None:
    drawing = heat([[9, 1], [0, 4]], ["a", "b"], prefix="p", label="", down="", across="")
    root = ElementTree.fromstring(drawing)
    shades = {
        cell.get("data-id"): (rect.get("class"), float(rect.get("fill-opacity", "")))
        for cell in root.iter(f"{SVG}g")
        for rect in cell.iter(f"{SVG}rect")
        if rect.get("class") in ("right", "wrong")
    }
    assert {name: kind for name, (kind, _) in shades.items()} == {
        "count[1,1]": "right",
        "count[1,2]": "wrong",
        "count[2,2]": "right",
    }
    assert shades["count[1,2]"][1] < shades["count[1,1]"][1] < shades["count[2,2]"][1] == 1
    assert "a → b: 1 (10.0%)" in drawing


def test_long_curves_keep_their_spikes_and_gaps_and_stay_small() -> None:
    values = [1.0 + (index % 7) / 100 for index in range(50_000)]
    values[31_415] = 9.0
    values[40_000:41_000] = [math.nan] * 1000
    series = [Series("a", values)]
    drawing = curves(series, range(1, 50_001), prefix="p", label="", across="", up="")
    path = next(ElementTree.fromstring(drawing).iter(f"{SVG}path")).get("d", "")
    assert len(path) < 20_000
    assert path.count("M") == 2
    heights = sorted(float(point.split(" ")[1]) for point in path.replace("M", "L").split("L")[1:])
    assert heights[1] - heights[0] > 100  # one point far above all others


def test_the_best_epoch_has_a_ring_on_the_judged_curve() -> None:
    series = [Series("training", [3.0, 2.0, 1.0]), Series("validation", [3.0, 2.5, 2.75], "second")]
    drawing = curves(series, [1, 2, 3], prefix="p", label="", across="", up="", best=Best(2, "best"))
    root = ElementTree.fromstring(drawing)
    (ring,) = root.iter(f"{SVG}circle")
    path = {g.get("data-id"): g for g in root.iter(f"{SVG}g")}["curve[validation]"].find(f"{SVG}path")
    assert path is not None
    assert f"{ring.get('cx')} {ring.get('cy')}" in (path.get("d") or "").split("L")[1]
    assert "best · 2.5" in drawing


def test_what_a_curve_is_the_mean_of_lies_faintly_behind_it_and_has_no_name() -> None:
    series = [Series("mean", [2.0, 1.0], "second", [[3.0, 1.5], [1.0, 0.5]])]
    root = ElementTree.fromstring(curves(series, [1, 2], prefix="p", label="", across="", up=""))
    groups = [g.get("data-id") for g in root.iter(f"{SVG}g") if (g.get("data-id") or "").startswith("curve")]
    assert groups == ["curve[mean 1]", "curve[mean 2]", "curve[mean]"]
    assert [path.get("class") for path in root.iter(f"{SVG}path")] == ["curve second faint"] * 2 + ["curve second"]
    assert [text.text for text in root.iter(f"{SVG}text") if "mean" in (text.text or "")] == ["mean"]


def test_names_of_curves_that_end_together_are_apart() -> None:
    series = [Series(name, [1.0, 2.0]) for name in "abcd"]
    root = ElementTree.fromstring(curves(series, [1, 2], prefix="p", label="", across="", up=""))
    heights = sorted(float(text.get("y", "")) for text in root.iter(f"{SVG}text") if text.text in set("abcd"))
    assert len(heights) == 4
    assert all(below - above >= 14 for above, below in pairwise(heights))


def test_scatter_thins_evenly_and_always_the_same_way() -> None:
    values = [float(index) for index in range(10_001)]
    first, second = (scatter(values, values, prefix="p", label="", across="", up="") for _ in range(2))
    assert first == second
    assert 1000 < first.count("<circle") <= 2000


def test_a_histogram_counts_every_value_once() -> None:
    values = [-1.0, -0.5, 0.0, 0.0, 0.1, 0.25, 1.0]
    root = ElementTree.fromstring(histogram(values, prefix="p", label="", across="", up=""))
    tips = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert sum(int(tip.rpartition(" ")[2]) for tip in tips) == len(values)


def test_a_bar_is_as_long_as_its_share_of_the_track() -> None:
    items = [Bar("half", 0.5), Bar("whole", 1.0), Bar("none", 0.0), Bar("unknown", math.nan)]
    root = ElementTree.fromstring(bars(items, prefix="p", label="", full=1.0))
    lengths = {
        group.get("data-id"): [float(rect.get("width", "")) for rect in group.iter(f"{SVG}rect")]
        for group in root.iter(f"{SVG}g")
    }
    track = lengths["bar[half]"][0]
    assert lengths["bar[half]"] == pytest.approx([track, track / 2], abs=0.01)
    assert lengths["bar[whole]"] == [track, track]
    assert lengths["bar[none]"] == lengths["bar[unknown]"] == [track]


def marked(drawing: Markup, mark: str) -> set[str]:
    found = ElementTree.fromstring(drawing).iter(f"{SVG}g")
    return {group.get("data-id", "") for group in found if mark in (group.get("class") or "").split()}


def test_a_large_matrix_shows_its_first_rows_and_columns_and_its_last_and_asks_for_no_other() -> None:
    asked = []

    def cell(row: int, column: int) -> Cell:
        asked.append((row, column))
        return Cell(f"W[{row}->{column}]", "1")

    drawing = matrices([Matrix("W", "W", (784, 256), cell)], prefix="p", label="")
    assert set(asked) == {(row, column) for row in (1, 2, 3, 4, 784) for column in (1, 2, 3, 4, 256)}
    assert "784 × 256" in drawing and drawing.count("⋱") == 1


def test_cells_and_whole_matrices_are_marked() -> None:
    marks = {"W1[2->1]": "used", "z1": "computed"}
    drawing = matrices([table("W1", 2, 2), table("z1", 1, 2)], prefix="p", label="", marks=marks)
    assert marked(drawing, "used") == {"W1[2->1]"} and marked(drawing, "computed") == {"z1"}


def test_matrices_go_on_in_a_new_row_where_the_width_ends() -> None:
    several = [table(f"W{layer}", 2, 2) for layer in range(1, 5)]
    narrow, wide = (ElementTree.fromstring(matrices(several, width=width, **P)) for width in (200.0, 2000.0))
    assert float(narrow.get("width", "")) <= 201 < float(wide.get("width", ""))
    assert float(narrow.get("height", "")) > float(wide.get("height", ""))


def test_a_graph_leads_from_left_to_right_each_source_just_before_what_needs_it() -> None:
    nodes = [Node("x", "x", "1"), Node("w", "w", "2"), Node("v", "v", "3"), Node("z", "z", "2"), Node("y", "y", "6")]
    edges = [("x", "z"), ("w", "z"), ("z", "y"), ("v", "y")]
    drawing = graph(nodes, edges, marks={"z": "used", "v": "used", "y": "computed"}, **P)
    root = ElementTree.fromstring(drawing)
    at = {
        group.get("data-id"): float(group.find(f"{SVG}text").get("x", ""))  # type: ignore[union-attr]
        for group in root.iter(f"{SVG}g")
        if group.find(f"{SVG}text") is not None
    }
    assert at["x"] == at["w"] < at["z"] == at["v"] < at["y"]
    assert marked(drawing, "used") == {"z", "v", "z y", "v y"} and marked(drawing, "computed") == {"y"}


@pytest.mark.parametrize("edges", [[("x", "y"), ("y", "x")], [("x", "nothing")]], ids=str)
def test_a_graph_that_leads_back_or_nowhere_is_refused(edges: list[tuple[str, str]]) -> None:
    with pytest.raises(InputError, match="graph's edge"):
        graph([Node("x", "x"), Node("y", "y")], edges, **P)
