"""What is written, from a run that was made up."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest

from clearprop.benchmark.cases import CASES
from clearprop.benchmark.machine import Processor
from clearprop.benchmark.plot import WIDTH, draw
from clearprop.benchmark.race import Outcome, Timing
from clearprop.benchmark.report import to_json, to_markdown, to_text
from clearprop.benchmark.start import Start
from clearprop.benchmark.suite import About, Run
from clearprop.benchmark.targets import TARGETS, marks
from clearprop.drawing import lettering

PROCESSOR = Processor("a processor", "family 25, model 17", 2, 2600.0, {"L2": 1024})
TINY, TAB = CASES[0], CASES[2]


def timing(name, *seconds, ready=0.0, first=0.0):
    return Timing(name, {"threads": 2}, seconds, ready, first)


@pytest.fixture
def made_up():
    """tab: ours 10 ms, JAX 60 ms, PyTorch 50 ms; tiny: ours 1 ms, JAX 2 ms and 200 ms to compile."""
    tab = Outcome(
        TAB,
        (timing("clearprop", 0.009, 0.01, 0.02), timing("torch", 0.05, 0.05), timing("jax", 0.06)),
        {"c": "written for tiny alone"},
        {},
        limit=TAB.operations / 0.008,
        limit_cores=2,
        memory=10 << 20,
    )
    tiny = Outcome(
        TINY,
        (timing("clearprop", 0.001), timing("jax", 0.002, ready=0.15, first=0.05)),
        {},
        {"numpy": "NumPy computes something else: number 1 of 1 is 2, not 1"},
        limit=1e11,
        limit_cores=1,
    )
    about = About("2026-01-01", 60.0, "Linux", PROCESSOR, 2, 7, False, "v3", 0.5, {"Python": "3.11"})
    return Run(about, (tiny, tab), (Start("Python", "", (0.01,)), Start("tiny", "jax", (1.0, 3.0))))


def test_ratios_and_shares_by_hand(made_up):
    tab = made_up.outcomes[1]
    assert tab.ratio("jax") == pytest.approx(6.0)
    assert tab.share_of_limit(tab.timings[0]) == pytest.approx(0.8)
    assert tab.ratio("numpy") is None


def test_marks_by_hand(made_up):
    tiny, tab = made_up.outcomes
    assert {mark.what: (pytest.approx(mark.value), mark.reached) for mark in marks(tab)} == {
        "jax": (6.0, True),
        "torch": (5.0, False),
        "limit": (0.8, True),
        "memory": (TAB.memory_allowance / (10 << 20), True),
    }
    assert {mark.what: (pytest.approx(mark.value), mark.reached) for mark in marks(tiny)} == {
        "jax": (2.0, True),
        "jax, compiling counted": (202.0, True),
    }


def test_targets_are_of_known_cases():
    assert set(TARGETS) <= {case.name for case in CASES}


def test_json_holds_what_was_measured(made_up):
    told = json.loads(to_text(made_up))
    tab = told["cases"][1]
    assert tab["case"]["name"] == "tab" and tab["absent"] == {"c": "written for tiny alone"}
    assert tab["timings"][2]["ratio"] == pytest.approx(6.0) and tab["timings"][0]["seconds"] == [0.009, 0.01, 0.02]
    assert told["starts"][1]["seconds"] == [1.0, 3.0]


def test_the_page_shows_figures_beside_targets(made_up):
    page = to_markdown(made_up)
    assert "| tab | ratio to JAX | 6 × | 5 × | yes |" in page
    assert "| tab | ratio to PyTorch | 5 × | 8 × | 62% of it |" in page
    assert page.index("## tab") < page.index("## What the project aims at") < page.index("aims that the project has")
    assert "**no**" not in page
    assert "| tab | share of the limit of 2 cores | 80% | 75% | yes |" in page
    assert "| tiny | ratio to JAX, compiling counted | 202 × | 100 × | yes |" in page
    assert "the limit is 2 cores at " in page and "the limit is one core at 100 GFLOP/s" in page
    assert "| clearprop | 10 ms | [9 ms – 20 ms] |" in page
    assert "**WRONG** tiny: NumPy computes something else" in page
    assert "Without C, hand-written: written for tiny alone." in page
    assert "seed 7" in page


def test_the_page_says_what_machine_its_figures_hold_for(made_up):
    page = to_markdown(made_up)
    assert "a processor (family 25, model 17), 2 processors, 2.60 GHz, L2 1 MiB; 2 threads at most" in page
    assert "The figures hold for this machine" in page
    assert to_json(made_up)["about"]["processor"]["caches"] == {"L2": 1024}


def test_a_quick_run_makes_no_claims(made_up):
    quick = replace(made_up, about=replace(made_up.about, quick=True))
    assert "aims at" not in to_markdown(quick) and "quick run" in to_markdown(quick)
    assert all(case["targets"] == [] for case in to_json(quick)["cases"])


def shapes(drawing):
    """Of each mark, its place across and up, by data-id."""
    found = {}
    for one in drawing.iter():
        if one.get("data-id"):
            mark = list(one)[-1]
            words = (
                (mark.get("cx"), mark.get("cy"))
                if mark.get("cx")
                else mark.get("d")[1:].split("h")[0].split("l")[0].split()
            )
            found[one.get("data-id")] = tuple(map(float, words))
    return found


def words(drawing):
    return [one.text for one in drawing.iter() if one.tag.endswith("text")]


def drawn(run):
    return ElementTree.fromstring(str(draw(run)))


def test_the_drawing_is_well_formed_and_has_every_timing(made_up):
    marked = set(shapes(drawn(made_up)))
    assert marked == {"tiny[clearprop]", "tiny[jax]", "tab[clearprop]", "tab[torch]", "tab[jax]"}


def test_the_drawing_says_whose_times_it_shows_and_how(made_up):
    said = words(drawn(made_up))
    assert any("a processor (family 25, model 17)" in text and "2026-01-01" in text for text in said)
    assert "times clearprop's time (log scale; right is slower)" in said
    assert {"clearprop", "PyTorch", "JAX"} < set(said) and not {"NumPy", "scikit-learn"} & set(said)
    assert not any("quick" in text for text in said)
    quick = replace(made_up, about=replace(made_up.about, quick=True))
    assert any("a quick run" in text for text in words(drawn(quick)))


def test_marks_that_would_overlap_stand_over_each_other(made_up):
    tab = made_up.outcomes[1]
    timings = tuple(timing(name, 0.01) for name in ("clearprop", "jax", "torch", "numpy"))
    near = drawn(replace(made_up, outcomes=(replace(tab, timings=timings),)))
    heights = [y for _, y in shapes(near).values()]
    assert len(heights) == 4 and min(abs(a - b) for a, b in combinations(heights, 2)) > 8
    apart = shapes(drawn(made_up))  # JAX takes 6 times as long
    assert (
        abs(apart["tab[jax]"][1] - apart["tab[clearprop]"][1]) < 12 < apart["tab[jax]"][0] - apart["tab[clearprop]"][0]
    )


def test_the_drawing_shows_quartiles_and_nothing_beyond_its_edge(made_up):
    tab = made_up.outcomes[1]
    timings = (timing("clearprop", 0.01), timing("torch", 50.0, 60.0, 70.0, 80.0, 100.0))
    drawing = drawn(replace(made_up, outcomes=(replace(tab, timings=timings),)))
    one = next(one for one in drawing.iter() if one.get("data-id") == "tab[torch]")
    whisker = next(part for part in one if part.tag.endswith("line"))
    low, high, (mark, _) = float(whisker.get("x1")), float(whisker.get("x2")), shapes(drawing)["tab[torch]"]
    assert (high - mark) / (mark - low) == pytest.approx(math.log(8 / 7) / math.log(7 / 6), rel=0.01)
    for text in (part for part in drawing.iter() if part.tag.endswith("text")):
        width = lettering.width(text.text, 11)
        share = {"end": 1.0, "middle": 0.5}.get((text.get("class") or "").split(" ")[0], 0.0)
        start = float(text.get("x")) - share * width
        assert start >= 0 and start + width <= WIDTH, text.text


def test_a_case_without_rivals_has_no_row(made_up):
    tiny, tab = made_up.outcomes
    alone = drawn(replace(made_up, outcomes=(tiny, replace(tab, timings=tab.timings[:1]))))
    assert set(shapes(alone)) == {"tiny[clearprop]", "tiny[jax]"} and "tab" not in words(alone)
    nobody = drawn(replace(made_up, outcomes=(replace(tab, timings=tab.timings[:1]),)))
    assert shapes(nobody) == {}
