"""Ensembles: what they answer, what they refuse, how they show themselves."""

from __future__ import annotations

import copy
import pickle
from xml.etree import ElementTree

import numpy as np
import pytest

import clearprop as cp
from clearprop.ensemble import tempered

X = np.random.default_rng(0).normal(size=(7, 3))


def member(text="3-4-2", seed=0, output="softmax", loss="cross_entropy", dtype="float64", **settings):
    network = cp.Network.parse(text, output=output, loss=loss, **settings)
    return cp.Model.initialized(network, "lecun", scale=3.0, seed=seed, dtype=dtype)


def members(count=3, **settings):
    return [member("3-4-2" if seed % 2 else "3-5-6-2", seed, **settings) for seed in range(count)]


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize(("output", "loss"), [("softmax", "cross_entropy"), ("identity", "half_squared_error")])
def test_it_answers_the_mean_of_its_members(engine, output, loss):
    some = members(output=output, loss=loss)
    expected = np.mean([one.predict(X, engine=engine) for one in some], axis=0)
    np.testing.assert_allclose(cp.Ensemble(some).predict(X, engine=engine), expected, rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_answers_in_the_type_of_its_members(dtype):
    ensemble = cp.Ensemble(members(dtype=dtype), temperature=2.0)
    assert ensemble.dtype == dtype and ensemble.predict(X).dtype == dtype
    assert (ensemble.inputs, ensemble.outputs) == (3, 2)


@pytest.mark.parametrize("temperature", [0.2, 0.7, 1.0, 3.0])
def test_a_temperature_raises_probabilities_to_a_power(temperature):
    mean = cp.Ensemble(members()).predict(X)
    powers = mean ** (1 / temperature)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(cp.Ensemble(members(), temperature).predict(X), expected, rtol=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 4.0])
def test_each_sigmoid_goes_with_its_complement(temperature):
    some = members(output="sigmoid", loss="binary_cross_entropy")
    mean = cp.Ensemble(some).predict(X)
    powers, others = mean ** (1 / temperature), (1 - mean) ** (1 / temperature)
    np.testing.assert_allclose(cp.Ensemble(some, temperature).predict(X), powers / (powers + others), rtol=1e-12)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_temperature_leaves_extremes_finite_and_changes_no_order(activation):
    P = np.array([[0.0, 1.0], [1e-300, 1.0], [0.5, 0.5], [0.25, 0.75]])
    for temperature in (0.05, 0.9, 20.0):
        shares = tempered(P, temperature, activation)
        assert np.isfinite(shares).all() and (shares >= 0).all() and (shares <= 1).all()
        assert (shares.argmax(axis=1) == P.argmax(axis=1)).all()
        assert shares[0].tolist() == [0.0, 1.0]


def test_one_member_is_an_ensemble_too():
    np.testing.assert_array_equal(cp.Ensemble([member()]).predict(X), member().predict(X))


@pytest.mark.parametrize(
    ("given", "temperature", "words"),
    [
        ([], 1.0, "at least one"),
        (member(), 1.0, "list of Models"),
        ([member(), 3], 1.0, "member 2: expected a Model"),
        ([member(), member("4-4-2")], 1.0, "member 2: all must have the same inputs; here it is 4, in member 1 3"),
        ([member(), member("3-4-3")], 1.0, "same outputs"),
        ([member(), member(dtype="float32")], 1.0, "same dtype"),
        (
            [member(), member(output="sigmoid", loss="binary_cross_entropy")],
            1.0,
            "same last activation; here it is sigmoid",
        ),
        ([member()], 0.0, "temperature: expected a number above 0"),
        ([member()], -1.0, "temperature"),
        ([member()], float("nan"), "temperature"),
        ([member()], None, "temperature"),
        ([member(output="identity", loss="half_squared_error")], 0.5, "goes with probabilities"),
    ],
)
def test_what_does_not_fit_is_refused(given, temperature, words):
    with pytest.raises(cp.InputError, match=words):
        cp.Ensemble(given, temperature)


def test_rows_of_another_width_are_refused():
    with pytest.raises(cp.InputError, match="3 inputs"):
        cp.Ensemble(members()).predict(X[:, :2])


def test_it_never_changes():
    ensemble = cp.Ensemble(members())
    with pytest.raises(AttributeError, match="never changes"):
        ensemble.temperature = 2.0


def test_copies_are_equal_and_others_are_not():
    ensemble = cp.Ensemble(members(), 0.5)
    assert pickle.loads(pickle.dumps(ensemble)) == copy.deepcopy(ensemble) == ensemble
    assert ensemble != cp.Ensemble(members()) and ensemble != cp.Ensemble(members(2), 0.5)
    assert ensemble != member()


def test_it_says_what_it_is():
    same = cp.Ensemble([member(seed=0), member(seed=1), member("3-8-2")], 0.5)
    assert str(same).splitlines() == [
        "3 members, temperature 0.5, float64",
        "",
        "members 1 to 2: 3-4-2 sigmoid softmax, cross_entropy: 26 parameters",
        "member 3: 3-8-2 sigmoid softmax, cross_entropy: 50 parameters",
    ]
    assert repr(same) == (
        "Ensemble(3 members, temperature 0.5; the first 3-4-2 sigmoid softmax, cross_entropy; 102 parameters, float64)"
    )


def test_a_notebook_shows_its_first_member():
    shown = cp.Ensemble(members())._repr_html_()
    assert members()[0]._repr_svg_() in shown and "3 members" in shown and "member 1" in shown
    assert ElementTree.fromstring(shown).tag == "div"
