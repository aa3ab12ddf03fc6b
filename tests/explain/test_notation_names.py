"""Names: each quantity has one in every notation, which is found again, as are the ways in which people type it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings

import clearprop as cp
from clearprop.errors import InputError
from clearprop.explain.names import Names, typed
from clearprop.explain.notation import NOTATIONS, Mark, find_notation
from clearprop.explain.ref import Ref
from clearprop.explain.trace import Trace
from tests.explain.test_notation import steps


def small(layers: str = "2-2-1", rows: int = 1, **options: object) -> Trace:
    network = cp.Network.parse(layers, **options)  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    X, Y = random.normal(size=(rows, network.sizes[0])), random.random((rows, network.outputs))
    return cp.trace(cp.Model.initialized(network, seed=0), X, Y, optimizer=cp.SGD(0.5))


@settings(max_examples=30)
@given(steps())
def test_every_name_is_one_quantity_and_is_found(trace: Trace) -> None:
    for notation in NOTATIONS.values():
        names = Names(trace, notation)
        texts: dict[str, Ref] = {}
        marks: dict[tuple[Mark, Mark | None], Ref] = {}
        for whole in (*trace.given, *trace.definitions):
            of_one_number = np.size(trace.value(whole)) == 1  # and which may bear the name of the number
            for ref in dict.fromkeys((*trace.elements(whole), whole)):
                name = notation.name(ref, trace.shapes)
                first = texts.setdefault(name.text, ref)
                of_mark = marks.setdefault((name.mark, name.by), ref)
                assert {first, of_mark} == {ref} or (of_one_number and first.whole == of_mark.whole == whole), name
                assert names.find(name.text) == (first, notation.sign(ref))


@settings(max_examples=10)
@given(steps())
def test_canonical_ids_of_numbers_are_understood_beside_every_notation(trace: Trace) -> None:
    own = {key for key in NOTATIONS if key != "matrix"}  # whose E[3,1] is not the loss
    for key in own:
        names = Names(trace, NOTATIONS[key])
        for whole in trace.definitions:
            for ref in trace.elements(whole):
                if ref.place:
                    assert names.find(trace.text(ref)) == (ref, 1), key


# What is typed, in which notation, for which quantity of a 2-2-1 network with one sample.
TYPED = [
    ("net-out", "E(total)", "E"),
    ("net-out", "E_total", "E"),
    ("net-out", "net(h1)", "z1[1]"),
    ("net-out", "out_{o1}", "a2[1]"),
    ("net-out", "outo1", "a2[1]"),
    ("net-out", "w5+", "W2'[1->1]"),
    ("net-out", "w5⁺", "W2'[1->1]"),
    ("net-out", "w5^+", "W2'[1->1]"),
    ("net-out", "w_5'", "W2'[1->1]"),
    ("net-out", "∂E_total/∂w5", "dE/dW2[1->1]"),
    ("net-out", "∂E(o1) / ∂out(h1)", "dE[1]/da1[1]"),
    ("net-out", "δ_o1", "delta2[1]"),
    ("net-out", "sigma(h1)", "delta1[1]"),
    ("net-out", "dE/dnet_h1", "delta1[1]"),
    ("net-out", "target_o1", "y[1]"),
    ("net-out", "b_h1", "b1[1]"),
    ("threshold", "α₁", "s1[1]"),
    ("threshold", "ŷ_1", "a2[1]"),
    ("threshold", r"\hat{y}_1", "a2[1]"),
    ("threshold", "v_1,2", "W1[1->2]"),
    ("threshold", "v12", "W1[1->2]"),
    ("threshold", r"v_{12}^{(t+1)}", "W1'[1->2]"),
    ("threshold", "∂E/∂β_1", "delta2[1]"),
    ("threshold", "b_1", "a1[1]"),
    ("threshold", "b1", "b1"),  # canonical, as b_1 is written otherwise
    ("matrix-columns", "W_12", "W1[2->1]"),
    ("matrix-columns", "w12", "W1[2->1]"),
    ("matrix-columns", "∂L/∂w₁₂", "dE/dW1[2->1]"),
    ("matrix-columns", "∇W0", "dE/dW1"),
    ("matrix-columns", "∇L_W0", "dE/dW1"),
    ("matrix-columns", "W1", "W2"),
    ("matrix-columns", "W_h", "W2"),
    ("matrix-columns", "Ŷ", "a2[1]"),
    ("matrix-columns", "yhat", "a2[1]"),
    ("matrix-columns", "y", "y[1]"),
    ("matrix-columns", "α", "eta"),
    ("ufldl", "a₁⁽²⁾", "a1[1]"),
    ("ufldl", "a_1^2", "a1[1]"),
    ("ufldl", "a1(2)", "a1[1]"),
    ("ufldl", "a_2^(1)", "x[2]"),
    ("ufldl", "δ_1^(3)", "delta2[1]"),
    ("ufldl", "∂J/∂W_12^(1)", "dE/dW1[2->1]"),
    ("ufldl", "f'(z_1^(2))", "da1/dz1[1]"),
    ("ufldl", "dJ/dz_1^(2)", "delta1[1]"),
    ("nielsen", "w_12^2", "W1[2->1]"),
    ("nielsen", r"w^{2}_{12}", "W1[2->1]"),
    ("nielsen", "σ'(z^3_1)", "da2/dz2[1]"),
    ("matrix", "hidden_layer_activations[1,2]", "a1[2]"),
    ("matrix", "hiddenlayer_activations[2]", "a1[2]"),
    ("matrix", "wh[1,2]'", "W1'[1->2]"),
    ("matrix", "wout'", "W2'"),
    ("matrix", "bh[1, 2]", "b1[2]"),
    ("matrix", "E", "dE/da2"),
    ("matrix", "lr", "eta"),
]


@pytest.mark.parametrize(("notation", "text", "id"), TYPED)
def test_what_people_type(notation: str, text: str, id: str) -> None:
    trace = small()
    assert trace.text(Names(trace, find_notation(notation)).find(text)[0]) == id


def test_signs() -> None:
    trace = small()
    found = {
        (key, text): Names(trace, find_notation(key)).find(text)[1]
        for key, text in [("matrix", "E"), ("matrix", "dE/da2[1]"), ("threshold", "θ_1'"), ("threshold", "w_11")]
    }
    assert list(found.values()) == [-1, 1, -1, 1]


@pytest.mark.parametrize("text", ["v_1,12", "v_1_12", "v_{1,12}", "v₁,₁₂"])
def test_indices_of_two_digits(text: str) -> None:
    trace = small("2-12-1")
    names = Names(trace, find_notation("threshold"))
    assert trace.text(names.find(text)[0]) == "W1[1->12]"
    with pytest.raises(InputError):
        names.find("v_112")


def test_deeper_networks_number_their_hidden_layers() -> None:
    trace = small("2-3-2-1")
    ids = {
        "threshold": {"v_31^(2)": "W2[3->1]", "b_2^(1)": "a1[2]", "w_21": "W3[2->1]", "gamma_1^(2)": "b2[1]"},
        "matrix-columns": {"W_13^(1)": "W2[3->1]", "W2": "W3", "h_2^(1)": "z1[2]", "Z_y": "z3[1]"},
        "matrix": {"wh2[3,1]": "W2[3->1]", "hidden_layer1_input[1,2]": "z1[2]", "d_hiddenlayer2": "delta2"},
        "ufldl": {"W_13^(2)": "W2[3->1]", "z_2^(2)": "z1[2]"},
        "nielsen": {"w^3_13": "W2[3->1]", "z^2_2": "z1[2]"},
        "net-out": {"w9": "W2[3->1]", "net_h1_2": "z1[2]"},
    }
    for key, expected in ids.items():
        names = Names(trace, find_notation(key))
        assert {text: trace.text(names.find(text)[0]) for text in expected} == expected


def test_samples_are_named_where_there_are_several() -> None:
    trace = small(rows=3)
    ids = {
        "net-out": "out_o1[3]",
        "threshold": "yhat_1[3]",
        "matrix-columns": "Y_hat[3]",
        "matrix": "output[3]",
        "ufldl": "a_1^(3)[3]",
        "nielsen": "a^3_1[3]",
    }
    for key, text in ids.items():
        assert trace.text(Names(trace, find_notation(key)).find(text)[0]) == "a2[3,1]"


@pytest.mark.parametrize(
    ("notation", "text", "words"),
    [
        ("threshold", "gama_1", 'did you mean "gamma_1"'),
        ("ufldl", "nonsense", "its names are such as"),
        ("net-out", "w9", 'there is no "w9"'),
        ("net-out", "w" + "9" * 10_000, "there is no"),
        ("matrix", "wh[3,1]", 'there is no "wh[3,1]"'),
        ("canonical", "", 'there is no ""'),
    ],
)
def test_unknown_names_say_what_is_near(notation: str, text: str, words: str) -> None:
    with pytest.raises(InputError) as failure:
        Names(small(), find_notation(notation)).find(text)
    assert words in str(failure.value)


def test_signs_of_the_keyboard() -> None:
    assert typed("∂E / ∂θ₁′") == "dE/dtheta_1'"
    assert typed("λ ε η σ") == "lambdaepsilonetasigma"


@pytest.mark.parametrize("key", NOTATIONS)
def test_a_name_among_many_is_found_without_going_through_all(key: str) -> None:
    trace = small("784-256-10")
    notation = find_notation(key)
    names = Names(trace, notation)
    ref = Ref("dE/dW", 1, (712, 213))
    before = time.process_time()
    assert names.find(notation.name(ref, trace.shapes).text)[0] == ref
    assert names.find("W1[712->213]") == (Ref("W", 1, (712, 213)), 1)
    with pytest.raises(InputError):
        names.find("nonsense")
    assert time.process_time() - before < 0.2  # to name all of them takes seconds
