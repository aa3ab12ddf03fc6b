"""The pictures: maps, curves, spreads, and the course of the losses."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

import numpy as np
import pytest

from clearprop.drawing.style import contrast
from clearprop.playground import pictures
from clearprop.playground.course import MOST, Course
from clearprop.playground.data import named, numbers
from clearprop.playground.play import first
from clearprop.playground.training import Trainer


def levels(told):
    return np.frombuffer(base64.b64decode(told["pixels"]), np.uint8).reshape(told["height"], told["width"])


def test_a_map_shows_what_the_network_answers():
    play = first().of_data(named("moons", {}))
    told = pictures.field(play, whole=True)
    shown = levels(told)
    (left, right), (low, high) = told["across"]["range"], told["up"]["range"]
    for row, column in ((0, 0), (10, 40), (49, 3)):
        x = left + (right - left) * (column + 0.5) / 50
        y = high - (high - low) * (row + 0.5) / 50
        assert shown[row, column] == round(255 * float(play.model.predict([[x, y]])[0, 0]))
    assert len(told["palette"]) == len(told["dark"]) == 256
    assert len(told["points"]) == 200
    assert sum(held for *_, held in told["points"]) == 40
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y, *_ in told["points"])
    assert set(pictures.field(play, whole=False)) == {"width", "height", "pixels"}


def test_a_map_of_three_classes_shows_the_likeliest():
    play = first().of_data(named("blobs", {}))
    play = Trainer(play).advance(play, 3_000)
    told = pictures.field(play, whole=True)
    kinds = levels(told) // (256 // 3)
    for x, y, kind, _ in told["points"][:40]:
        row, column = int((1 - y) * 50), int(x * 50)
        near = kinds[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
        assert kind in near
    assert len(told["palette"]) == 256


def test_one_input_is_a_curve_and_three_are_none():
    curve = pictures.field(first().of_data(named("sine", {})), whole=True)
    assert ElementTree.fromstring(curve["curve"]) is not None
    assert curve["curve"].count("<circle") == 80
    three = first().of_data(numbers([[1, 2, 3]], [[1]]))
    assert pictures.field(three, whole=True) is None


def test_hostile_names_stay_text():
    hostile = "</text><script>alert(1)</script>"
    play = first().of_data(numbers([[1.0], [2.0]], [[0.0], [1.0]], [hostile, "<img src=x>"]))
    told = pictures.field(play, whole=True)["curve"]
    assert "<script" not in told
    assert "<img" not in told
    assert hostile in "".join(ElementTree.fromstring(told).itertext())


@pytest.mark.parametrize("x", [[[1.0]], [[2.0], [2.0]]])
def test_a_map_of_rows_that_do_not_differ(x):
    play = first().of_data(numbers([[*one, 5.0] for one in x], [[0.5]] * len(x)))
    assert pictures.field(play, whole=True)["points"]
    assert pictures.field(first().of_data(numbers(x, [[0.5]] * len(x))), whole=True)["curve"]


def test_weights_and_deltas_by_layer():
    play = first().of_data(named("moons", {}))
    drawing = pictures.spread(play, Trainer(play))
    ids = {one.get("data-id") for one in ElementTree.fromstring(drawing).iter()}
    assert {f"spread[layer {layer} {what}]" for layer in (1, 2) for what in ("weights", "deltas")} <= ids


def test_dead_units_are_counted():
    layers = [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "sigmoid"}]
    play = first().of_data(named("moons", {})).changed({"network": {"layers": layers}})
    flat = play.model.parameters.flat.copy()
    flat[6:8] = -100.0  # two biases: these units are 0 everywhere
    play = play.of_model(type(play.model).of(type(play.model.parameters)(play.network, flat)))
    assert "2 of 3 dead" in pictures.spread(play, Trainer(play))


def test_the_colours_of_classes_are_told_apart_from_their_ground():
    for light, dark in pictures.CLASSES:
        assert contrast(light, "#ffffff") >= 3
        assert contrast(dark, "#1f2125") >= 3


def test_a_course_is_never_longer_than_can_be_drawn():
    course = Course()
    for update in range(0, 50_000, 7):
        course.add(update, 1.0 / (update + 1), 0.5)
    assert MOST / 3 <= len(course) <= MOST + 1
    assert course.updates[0] == 0
    assert course.updates[-1] == 49_994
    assert course.updates == sorted(set(course.updates))
    assert course.losses[-1] == 1.0 / 49_995
    assert set(course.held_out) == {0.5}


def test_a_course_goes_back_with_what_is_taken_back():
    course = Course()
    for update in (0, 1, 2, 3, 1):
        course.add(update, float(update), None)
    assert (course.updates, course.held_out) == ([0, 1], None)
