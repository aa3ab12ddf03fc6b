"""An explanation: its numbers are the trace's, its formulas give its numbers, its paths add up."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from clearprop.explain.expression import evaluate, symbols
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.paths import paths
from clearprop.explain.ref import Ref, parse
from clearprop.explain.render.numerals import computed
from tests.explain.steps import document_000, large, steps

NOTATION_KEYS = sorted(NOTATIONS)


@given(steps(), st.sampled_from(NOTATION_KEYS), st.sampled_from(["scalar", "matrix"]))
@settings(deadline=None)
def test_each_formula_on_the_numbers_beside_it_gives_its_result(trace, notation, form):
    explanation = trace.explain(notation=notation, form=form)
    lines = [line for section in explanation.sections for line in section.lines]
    assert {line.ref.whole for line in lines} >= {ref for ref in trace.definitions if ref.kind in ("E", "delta", "W'")}
    assert_formulas_hold(explanation)


@pytest.mark.parametrize("z", [-37.7, 13.2, 20.0, 34.0, 36.5, 37.7, 50.0])
def test_formulas_hold_where_an_output_is_all_but_sure(z):
    network = cp.Network.parse("1-1", output="sigmoid", loss="binary_cross_entropy")
    trace = cp.trace(cp.Model(network, [[[z]]], [0.0]), [1.0], [0.59])
    for form in ("scalar", "matrix"):
        assert_formulas_hold(trace.explain(form=form))


def assert_formulas_hold(explanation):
    for line in (line for section in explanation.sections for line in section.lines if line.formula is not None):
        found = results(explanation, line.formula)
        with np.errstate(invalid="ignore"):  # both may be infinite
            close = 1e-9 * np.abs(line.value) + 1e-12
            within = (np.fmin.reduce(found) - close <= line.value) & (line.value <= np.fmax.reduce(found) + close)
        assert np.all(within | (found[0] == line.value)), line.ref


def results(explanation, formula):
    """On the numbers beside it, and on their neighbours: log(1 - a) of an a near 1 lives on its last digit."""

    def on(end, digits):
        def value(ref):
            number = explanation.notation.sign(ref) * explanation.value(ref)
            for _ in range(digits):
                number = np.nextafter(number, end)
            return number

        return evaluate(formula, value)

    with np.errstate(all="ignore"):
        return [on(np.inf, 0), *(on(end, digits) for end in (-np.inf, np.inf) for digits in (1, 2))]


@given(steps(), st.sampled_from(NOTATION_KEYS), st.integers(0, 17))
@settings(deadline=None)
def test_each_number_is_the_trace_s_rounded_once(trace, notation, digits):
    explanation = trace.explain(notation=notation, form="scalar", digits=digits)
    for section in explanation.sections:
        for line in section.lines:
            printed = explanation.number(line.ref)
            value = explanation.notation.sign(line.ref) * trace.value(line.ref)
            if "e" not in printed:
                assert printed in (f"{value + 0.0:.{digits}f}", repr(value).removesuffix(".0"), repr(abs(value)), "0")
            assert abs(float(printed) - value) <= 0.5 * 10.0**-digits + 1e-15 * abs(value)


@given(steps(), st.data())
@settings(deadline=None)
def test_focus_shows_what_a_number_comes_from_and_its_paths_add_up(trace, data):
    whole = data.draw(st.sampled_from([ref for ref in trace.definitions if ref.by_weight or ref.by_bias]))
    ref = data.draw(st.sampled_from(list(trace.elements(whole))))
    explanation = trace.explain(focus=trace.text(ref))
    shown = [line.ref for section in explanation.sections for line in section.lines]
    assert shown[-1] == ref and len(shown) == len(set(shown))
    for section in explanation.sections:
        for line in section.lines:
            if line.formula is None:
                assert line.ref.whole in trace.given
            else:
                assert all(one in shown or one.whole in shown for one in symbols(line.formula))
    found = explanation.paths
    assert found is not None
    total = sum(line.value for line in found.lines) + found.others
    np.testing.assert_allclose(total, found.total.value, rtol=1e-9, atol=1e-12)
    for line in found.lines:
        np.testing.assert_allclose(evaluate(line.formula, trace.value), line.value, rtol=1e-12)
    strengths = [abs(line.value) for line in found.lines]
    assert strengths == sorted(strengths, reverse=True)


def test_the_strongest_paths_are_those_of_all():
    """Against every path of a network of three layers, written out."""
    network = cp.Network.parse("3-4-5-3", hidden="tanh", output="identity")
    trace = cp.trace(cp.Model.initialized(network, "normal", scale=1.0, seed=3), [0.5, -1.0, 2.0], [1.0, 0.0, -1.0])
    delta, W3, W2 = trace["delta3"].value[0], trace["W3"].value, trace["W2"].value
    f2, f1 = trace["da2/dz2"].value[0], trace["da1/dz1"].value[0]
    every = np.einsum("o,uo,u,u->ou", delta, W3, f2, W2[1]) * f1[1] * 2.0
    found = paths(trace, Ref("dE/dW", 1, (3, 2)))
    strongest = sorted(every.ravel(), key=abs, reverse=True)[:10]
    np.testing.assert_allclose([path.value for path in found.strongest], strongest, rtol=1e-12)
    assert found.count == 15
    np.testing.assert_allclose(found.others, every.sum() - sum(strongest), rtol=1e-9)


def test_a_parameter_is_followed_to_what_becomes_of_it():
    trace = document_000()
    assert trace.explain(notation="net-out", focus="w1").focus == Ref("W'", 1, (1, 1))
    assert trace.explain(focus="b1").focus == Ref("b'", 1)
    without = cp.trace(trace.model, [0.05, 0.10], [0.01, 0.99])
    assert without.explain(focus="W1[2->1]").focus == parse("dE/dW1[2->1]")
    assert without.explain(focus="z1[2]").paths is None


def seconds(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_a_large_step_takes_matrices_and_a_focus_a_few_numbers():
    trace = large()
    whole = [seconds(lambda: str(trace.explain())) for _ in range(3)]
    focus = [seconds(lambda: str(trace.explain(focus="W1[300->20]"))) for _ in range(3)]
    assert min(whole) < 2.0 and min(focus) < 1.0
    assert "784 × 256" in str(trace.explain())
    text = str(trace.explain(focus="W1[300->20]"))
    assert len(text.splitlines()) < 250 and "the other 1,270 paths together" in text
    with pytest.raises(cp.InputError, match='too many to write out one by one; ask for form="matrix"'):
        trace.explain(form="scalar")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("loss", ["half_squared_error", "cross_entropy"])
def test_numbers_that_are_not_finite_are_explained_as_they_are(language, loss):
    output = "softmax" if loss == "cross_entropy" else "identity"
    network = cp.Network.parse("2-2-2", hidden="relu", output=output, loss=loss)
    model = cp.Model(network, [np.full((2, 2), 1e300)] * 2, [[0.0, 0.0]] * 2)
    trace = cp.trace(model, [1e300, 1.0], [1.0, 0.0], optimizer=cp.Adam())
    for form in ("scalar", "matrix"):
        text = str(trace.explain(form=form, language=language))
        assert re.search("∞|NaN", text)
    assert trace.explain(focus="W1[1->1]").paths is not None


def test_nothing_is_said_twice_and_nothing_only_repeats():
    text = str(document_000().explain(notation="net-out"))
    assert "b2' = b2" in text and "0.6 (frozen)" in text and "1 / 1" not in text
    sentences = [words for section in document_000().explain().sections for words in section.words]
    assert len(sentences) == len(set(sentences))


def test_of_one_output_no_share_is_told_apart():
    trace = cp.trace(cp.Model.initialized(cp.Network.parse("2-2-1"), seed=0), [1.0, 2.0], [1.0])
    lines = {trace.text(line.ref): line for section in trace.explain().sections for line in section.lines}
    assert "dE[1]/da1[1]" not in lines
    assert [ref.text() for ref in symbols(lines["dE/da1[1]"].formula)] == ["delta2[1]", "W2[1->1]"]
    assert trace.explain(focus="dE[1]/da1[1]").focus == parse("dE[1]/da1[1]").at(1, 1)


def test_the_words_use_the_letters_and_the_signs_of_the_notation():
    words = {
        key: " ".join(
            sentence for section in document_000().explain(notation=key).sections for sentence in section.words
        )
        for key in ("net-out", "threshold", "matrix")
    }
    assert "its net input, net." in words["net-out"] and "δ = ∂E/∂net" in words["net-out"]
    assert "minus the sum of their ∂E/∂β" in words["threshold"]  # it is shared
    assert "takes its threshold away" in words["threshold"] and "output, ŷ." in words["threshold"]
    assert "its d_output times the weight" in words["matrix"]
    assert "d_output = -∂loss/∂output_layer_input" in words["matrix"]
    assert "This notation counts d_output with the other sign." in words["matrix"]


@pytest.mark.parametrize(
    ("notation", "penalty", "corrected"),
    [
        ("canonical", "is J = E + R.", "1 - β₁ᵗ and 1 - β₂ᵗ"),
        ("ufldl", "is J = J₀ + R.", "1 - β₁ᵗ and 1 - β₂ᵗ"),
        ("nielsen", "is C = C₀ + R.", "1 - β₁ᵗ and 1 - β₂ᵗ"),
        ("threshold", "is J = E + R.", "1 - ρ₁ᵗ and 1 - ρ₂ᵗ"),
        ("matrix", "is objective = loss + penalty.", "1 - β₁ᵗ and 1 - β₂ᵗ"),
    ],
)
def test_the_words_keep_the_numbers_of_letters(notation, penalty, corrected):
    model = cp.Model.initialized(cp.Network.parse("2-2-1", l2=0.1), seed=0)
    explanation = cp.trace(model, [1, 2], [1], optimizer=cp.Adam(0.1)).explain(notation=notation)
    words = " ".join(sentence for section in explanation.sections for sentence in section.words)
    assert penalty in words and corrected in words


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"notation": "netout"}, 'did you mean "net-out"?'),
        ({"language": "de"}, "Known: en, zh"),
        ({"digits": 18}, "digits: expected a whole number from 0 to 17, got 18"),
        ({"digits": True}, "got True"),
        ({"form": "matrices"}, 'did you mean "matrix"?'),
        ({"focus": "dE/dW1[3->1]"}, "it goes from"),
        ({"focus": "W9"}, 'there is no "W9" in this step'),
        ({"focus": "", "notation": "net-out"}, ""),
    ],
)
def test_what_cannot_be_explained_is_refused(asked, message):
    with pytest.raises(cp.InputError) as refused:
        document_000().explain(**asked)
    assert message in str(refused.value)


def test_computed_numbers_are_printed_to_the_digits_asked_for():
    assert computed(0.5, 0) == "0" and computed(float("nan"), 3) == "NaN" and computed(1e20, 3) == "1.00e+20"
