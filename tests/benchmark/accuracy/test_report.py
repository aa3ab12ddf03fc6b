"""What is written, from a run that was made up."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from clearprop.benchmark.accuracy import report
from clearprop.benchmark.accuracy.entrants import entrant
from clearprop.benchmark.accuracy.fit import Draw
from clearprop.benchmark.accuracy.plot import draw
from clearprop.benchmark.accuracy.suite import About, Run
from clearprop.benchmark.machine import Processor

NAMES = ("clearprop", "clearprop-quick", "realmlp", "scikit-learn")


@pytest.fixture
def made_up(outcome):
    iris = outcome(
        "iris",
        {
            "clearprop": [(0.1, 0.9, 0.02)],
            "clearprop-quick": [(0.15, 0.9, 0.02)],
            "realmlp": [(0.2, 0.8, 0.1)],
            "scikit-learn": [(0.4, 0.7, 0.2)],
        },
        {"realmlp": 20.0},
        {"catboost": "catboost is not installed"},
    )
    steps = outcome("steps", {name: [(0.5, 1.0)] for name in NAMES})
    about = About(
        "2026-01-01", 60.0, "Linux", Processor("a processor", "", 2, None, {}), 2, True, Draw(), 0.5, {"Python": "3"}
    )
    return Run(about, tuple(map(entrant, NAMES)), (iris, steps))


def test_the_page(made_up):
    page = report.to_markdown(made_up)
    assert page.index("## The suite") < page.index("## Tables that no recipe was tuned on") < page.index("## iris")
    assert "| clearprop | 0.1000 | 0.9000 | 0.0200 | 1.00 | 1 s | 100 ms |" in page
    assert "Without CatBoost: catboost is not installed." in page
    assert (
        "| clearprop | 1.00 | 1.00 | 1.00 | 1.00 | −0.681 | 1 of 1 (100%) | 1 of 1 (100%) | 0.0200 | 20 × | – | 1 × |"
        in page
    )
    assert "seed 0" in page and "quick run" not in page


def test_each_of_ours_is_ranked_without_the_other(made_up):
    told = json.loads(report.to_text(made_up))
    suite = told["standing"]["The suite"]
    assert [suite[name]["rank"]["all"] for name in NAMES] == [1.0, 1.0, 2.0, 3.0]
    unseen = told["standing"]["Tables that no recipe was tuned on"]
    assert [unseen[name]["rank"]["r2"] for name in NAMES] == [2.0] * 4
    assert told["tasks"][0]["absent"] == {"catboost": "catboost is not installed"}


def test_the_drawing(made_up):
    drawing = ElementTree.fromstring(str(draw(made_up)))
    marked = {one.get("data-id") for one in drawing.iter() if one.get("data-id")}
    assert marked == {f"{task}[{name}]" for task in ("iris", "steps") for name in NAMES}
    said = {one.text for one in drawing.iter() if one.tag.endswith("text")}
    assert {"iris", "steps (not tuned on)", "RealMLP-TD", "clearprop"} < said
