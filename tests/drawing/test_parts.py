"""Markup, numbers, axes, lettering, colours."""

from __future__ import annotations

import itertools
import math
import re
from xml.etree import ElementTree

import pytest

from clearprop.drawing import inset_style, page_style, stylesheet
from clearprop.drawing.lettering import shortened, width
from clearprop.drawing.markup import Markup, element, identifier, join
from clearprop.drawing.numerals import duration, evenly, number, share
from clearprop.drawing.scale import counting, fitting, linear, logarithmic, nice_step
from clearprop.drawing.style import COLOURS, FILLS, GROUNDS, WORDS, contrast


def test_any_string_comes_back_from_an_xml_reader() -> None:
    for words in ("<script>\"&'", "]]>", "长", "\U0001f600", "a\tb"):
        read = ElementTree.fromstring(element("a", words, data_x=words))
        assert read.text == words
        assert read.get("data-x", "").replace(" ", "\t") == words.replace(" ", "\t")
    read = ElementTree.fromstring(element("a", "\x00\x1f\ud800\ufffe"))
    assert read.text == "\ufffd" * 4


def test_markup_put_together_as_plain_text_is_escaped_again() -> None:
    bold = element("b", "x")
    assert element("p", bold) == "<p><b>x</b></p>"
    assert element("p", "see " + bold) == "<p>see &lt;b&gt;x&lt;/b&gt;</p>"
    assert isinstance(join([bold, "<"]), Markup)


def test_ids_are_valid_and_different_for_different_names() -> None:
    names = [
        "a1[2]",
        "a1(2)",
        "a1_2",
        "a1 2",
        "a1.2",
        "W1[2->1]",
        "",
        "长",
        "_5b_",
        "[",
        "dE/dW1[1->2]",
        "W1'[1->2]",
    ]
    ids = [identifier("p", name) for name in names]
    assert len(set(ids)) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9_.-]*", id_) for id_ in ids)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (-0.0, "0"),
        (12345, "12,345"),
        (-12345.678, "−12,346"),
        (0.00012344, "0.0001234"),
        (0.9999999, "1.000"),
        (1e9, "1.000×10⁹"),
        (5e-324, "4.941×10⁻³²⁴"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
    ],
)
def test_numbers_are_written_for_people(value: float, shown: str) -> None:
    assert number(value) == shown


def test_only_everything_is_a_hundred_percent() -> None:
    assert [share(value) for value in (0.9994, 0.9996, 0.99999, 1 - 1e-9, 1.0)] == [
        "99.9%",
        "99.96%",
        "99.999%",
        ">99.999%",
        "100%",
    ]
    assert [share(value) for value in (0.0, 1e-9, 0.0004, -0.25, 1.5, math.nan)] == [
        "0%",
        "<0.001%",
        "0.04%",
        "−25.0%",
        "150.0%",
        "–",
    ]


def test_durations_use_the_unit_that_fits() -> None:
    assert [duration(value) for value in (0.0, 0.9999, 59.96, 3599.6, 90_000.0, math.nan)] == [
        "0 ms",
        "1.0 s",
        "1 min 0 s",
        "1 h 0 min",
        "25 h 0 min",
        "–",
    ]


def test_ticks_are_round_inside_the_axis_and_cover_the_values() -> None:
    for low, high in itertools.combinations([-1e6, -3.7, -1e-5, 0.0, 2e-7, 0.3, 1.0, 41.0, 9.9e8], 2):
        axis = linear([low, high], 0, 100)
        assert axis.low <= low + (high - low) * 1e-8
        assert axis.high >= high - (high - low) * 1e-8
        assert 2 <= len(axis.ticks) <= 8
        step = axis.ticks[1] - axis.ticks[0]
        assert float(f"{step:.6e}".partition("e")[0]) in (1.0, 2.0, 5.0)
        assert len(set(axis.labels)) == len(axis.ticks), axis.labels
        assert [axis(tick) for tick in axis.ticks] == sorted(axis(tick) for tick in axis.ticks)


def test_steps_are_one_two_or_five() -> None:
    assert [nice_step(span, 5) for span in (1.0, 2.0, 5.0, 9.0, 0.07, 60.0)] == [
        0.2,
        0.5,
        1.0,
        2.0,
        0.02,
        20.0,
    ]


def test_more_than_two_decades_are_drawn_on_a_logarithmic_axis() -> None:
    assert not fitting([0.01, 1.0], 0, 100).log
    assert not fitting([-1.0, 1000.0], 0, 100).log
    assert not fitting([math.nan], 0, 100).log
    axis = fitting([0.005, 1.0], 0, 100)
    assert axis.log
    assert axis.ticks == (0.001, 0.01, 0.1, 1.0)
    assert axis(0.1) == pytest.approx(200 / 3)
    assert len(logarithmic([1e-200, 1e200], 0, 1).ticks) <= 8


def test_epochs_have_whole_ticks_only() -> None:
    assert counting([1, 2, 3], 0, 100).ticks == (1.0, 2.0, 3.0)
    assert counting(range(1, 2001), 0, 100).ticks == (500.0, 1000.0, 1500.0, 2000.0)
    single = counting([7], 0, 100)
    assert (single.ticks, single(7)) == ((7,), 50.0)


def test_axis_numbers_have_the_decimals_of_their_step() -> None:
    assert evenly([0.99, 0.995, 1.0]) == ["0.990", "0.995", "1.000"]
    assert evenly([-5, 0, 5]) == ["−5", "0", "5"]
    assert evenly([1e6, 2e6]) == ["1×10⁶", "2×10⁶"]
    assert evenly([0.0, 0.0002]) == ["0", "0.0002"]
    assert evenly([]) == []


def test_shortened_text_fits() -> None:
    for words in (
        "a very long column name indeed",
        "一个非常长的列名一个非常长的列名",
        "a\nb " * 20,
        "WWWWWWWWWWWWWWWW",
    ):
        short = shortened(words, 100, 12)
        assert width(short, 12) <= 100
        assert short.endswith("…")
        assert "\n" not in short
    assert shortened("short", 100, 12) == "short"


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_are_readable_on_every_ground_and_fill(theme: int) -> None:
    for word in WORDS:
        for ground in GROUNDS:
            assert contrast(COLOURS[word][theme], COLOURS[ground][theme]) >= 4.5, (word, ground)
    for fill in FILLS:
        assert contrast(COLOURS["ink"][theme], COLOURS[fill][theme]) >= 4.5, fill


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_lines_that_carry_meaning_are_visible(theme: int) -> None:
    for line in ("first", "second", "used-line", "computed-line", "node-line"):
        for ground in GROUNDS:
            assert contrast(COLOURS[line][theme], COLOURS[ground][theme]) >= 3, (line, ground)


def test_the_style_sheet_names_no_colour_that_is_not_in_the_table() -> None:
    css = stylesheet()
    assert set(re.findall(r"var\(--([a-z-]+)\)", css)) <= {*COLOURS, "sans", "mono"}
    rules = css[css.index(".drawing") :]
    assert not re.search("#[0-9a-f]{3}|rgb|hsl", rules)
    assert css.count("{") == css.count("}")
    assert "<" not in css
    assert "&" not in css


def test_pages_share_their_style_and_an_inset_keeps_it_to_itself():
    shared = page_style().removeprefix(stylesheet())
    assert "button" in shared and not re.search(r"#[0-9a-f]{3,8}\b", shared.replace("#theme", ""))
    # What a page calls by a class alone must not be what a drawing calls so: a bar of a chart is no bar of the page.
    drawn, called = (
        set(re.findall(pattern, css))
        for pattern, css in ((r"\.([a-z-]+)", stylesheet()), (r"(?m)^\.([a-z-]+)", shared))
    )
    assert drawn & called == {"muted"}
    inset = inset_style(".mine", "p { margin: 0; }")
    assert inset.startswith(stylesheet(".mine"))
    assert ":root" not in inset
    assert inset.rstrip().endswith("p { margin: 0; } }")
