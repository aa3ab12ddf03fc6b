"""A table's numbers in their own unit: beside the network, on the axes, in the step; the formulas are standardised."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from clearprop.drawing.numerals import number
from clearprop.playground import pictures
from clearprop.playground.downloads import download

CARS = "weight,miles\n" + "\n".join(f"{900 + 40 * at},{40.25 - at}" for at in range(30))
TWO = "weight,power,miles\n" + "\n".join(f"{900 + 40 * at},{at % 7},{40.25 - at}" for at in range(30))


@pytest.fixture
def cars(page):
    """Every row to learn from, and the row that is looked at chosen."""
    page.done("table", name="cars.csv", text=CARS, target="miles")
    page.done("sample", to=2)
    return page


def miles(page):
    """What the row that is looked at has, and what the network answers for it."""
    data, index = page.session.play.data, page.session.walk.rows[0]
    answer = page.session.play.model.predict(data.X[[index]])
    return [float(data.target.unstandardise(one)[0, 0]) for one in (data.Y[[index]], answer)]


def test_the_drawing_has_the_target_and_the_answer(cars):
    wanted, given = miles(cars)
    drawing = cars.last("trace")["network"]
    assert f">target {number(wanted)}<" in drawing
    assert f">answer {number(given)}<" in drawing
    cars.done("change", language="zh")
    assert f">目标 {number(wanted)}<" in cars.last("trace")["network"]


def test_the_axis_of_the_curve_is_in_miles(cars):
    ticks = re.findall(r'class="small muted end">([^<]+)<', cars.last("pictures")["map"]["curve"])
    assert [float(one) for one in ticks] == pytest.approx(sorted(map(float, ticks)))
    assert float(ticks[0]) <= 11.25 and float(ticks[-1]) >= 40.25


def test_the_ends_of_a_map_are_in_miles(page):
    page.done("table", name="cars.csv", text=TWO, target="miles")
    data = page.session.play.data
    low, high = (float(data.target.unstandardise(np.array(end))) for end in (data.Y.min(), data.Y.max()))
    assert page.last("pictures")["map"]["ends"] == [f"miles {number(low)}", f"miles {number(high)}"]
    assert pictures.field(page.session.play, whole=False).keys() == {"width", "height", "pixels"}


def test_a_step_says_that_its_numbers_are_standardised(cars):
    target = cars.session.play.data.target
    said = f"1 stands for {number(target.deviation)}, 0 for {number(target.mean)}."
    phases = {step["phase"] for step in cars.steps if any(said in one for one in step["words"])}
    assert phases == {"given", "loss"}
    output = next(step for step in cars.steps if step["id"] == "a2[1]")
    assert f"= {miles(cars)[1]:.9f}" in " ".join(output["words"])
    assert str(target.deviation).encode() in download("explanation.html", cars.session.play)[1]


def test_classes_and_numbers_typed_in_have_no_other_unit(page):
    page.done("data", kind="numbers", x=[[1.0], [2.0]], y=[[10.0], [20.0]])
    assert "answer" not in page.last("trace")["network"]
    page.done("table", name="t.csv", text=CARS.replace("miles", "kind"), target="weight")
    page.done("sample", to=2)
    assert "answer" in page.last("trace")["network"]
    text = "size,kind\n" + "\n".join(f"{at},{'ab'[at % 2]}" for at in range(30))
    page.done("table", name="t.csv", text=text, target="kind")
    assert "answer" not in page.last("trace")["network"]
    assert not any("stands for" in one for step in page.steps for one in step["words"])


@pytest.mark.parametrize("encoding", [{}, {"target": None}, {"target": {"name": 1}}, [1], "x"])
def test_an_encoding_that_cannot_be_read_leaves_numbers_as_they_are(cars, encoding):
    assert cars.session.play.data.target is not None
    data = replace(cars.session.play.data, encoding=encoding)
    assert data.target is None
    assert pictures.field(replace(cars.session.play, data=data), whole=True)["curve"]
