"""Right gradients pass, whatever the network; kinks are told apart; bad input is an error that helps."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.check.numeric import allows_complex_step, central_differences, complex_step
from clearprop.check.perturbed import Point
from clearprop.check.places import places
from clearprop.engines.base import Samples
from clearprop.engines.reference import value
from clearprop.network import activations
from clearprop.network.activations import ACTIVATIONS, Activation
from clearprop.network.losses import LOSSES
from clearprop.network.parameters import Parameters
from clearprop.network.spec import BIASES, REDUCTIONS
from tests.check.networks import Drawn, drawn
from tests.check.slips import MODEL, WEIGHTS, X, Y, backpropagation

NETWORKS = 600
AT_ONCE = 50


def checked(case: Drawn, **settings: Any) -> cp.GradientReport:
    return cp.check_gradients(case.model, case.X, case.Y, sample_weight=case.sample_weight, **settings)


def point_of(case: Drawn) -> Point:
    parameters = Parameters(case.model.network, case.model.parameters.flat.astype(np.float64))
    return Point(parameters, Samples(case.X, case.Y, case.sample_weight))


# Right networks


@pytest.mark.parametrize("first", range(0, NETWORKS, AT_ONCE))
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_no_false_alarm(first: int, engine: str) -> None:
    right = kinks = 0
    for number in range(first, first + AT_ONCE):
        report = checked(drawn(number), engine=engine)
        assert report.ok, f"network {number}, {drawn(number)}\n{report}"
        right, kinks = right + len(report.of("right")), kinks + len(report.of("kink"))
    assert kinks < 0.15 * right


def test_the_networks_have_all_there_is() -> None:
    cases = [drawn(number) for number in range(NETWORKS)]
    networks = [case.model.network for case in cases]
    kinds = {layer.function.kind for network in networks for layer in network.layers[:-1]}
    assert kinds == {network.layers[-1].function.kind for network in networks} == set(ACTIVATIONS)
    assert {network.loss_function.kind for network in networks} == set(LOSSES)
    assert {layer.bias for network in networks for layer in network.layers} == set(BIASES)
    assert {network.reduction for network in networks} == set(REDUCTIONS)
    assert {(network.l1 > 0, network.l2 > 0) for network in networks} == {(a, b) for a in (0, 1) for b in (0, 1)}
    assert {case.sample_weight is None for case in cases} == {True, False}
    assert {case.model.dtype for case in cases} == {"float64", "float32"}
    assert {len(network.layers) for network in networks} >= {1, 2, 9}


@pytest.mark.parametrize("first", range(0, 150, AT_ONCE))
def test_no_false_alarm_by_differences(first: int) -> None:
    for number in range(first, first + AT_ONCE):
        report = checked(drawn(number), method="central differences")
        assert report.ok, f"network {number}, {drawn(number)}\n{report}"


@pytest.mark.parametrize("number", range(0, 120, 3))
def test_numeric_derivatives_are_those_of_the_reference_loss(number: int) -> None:
    """The shortcut through the moved layer alone changes nothing."""
    case = drawn(number)
    point = point_of(case)
    found, wholes = [], []
    for place in places(case.model.network, 12, seed=number):
        flat = point.parameters.flat.astype(complex)
        flat[place.flat] += 1e-20j
        wholes.append(value(Parameters(case.model.network, flat), point.samples).imag / 1e-20)
        found.append(complex_step(point, place).value)
    np.testing.assert_allclose(found, wholes, rtol=1e-9, atol=1e-13 * np.abs(wholes).max())


@pytest.mark.parametrize("step", [None, 1e-4, 1e-6])
def test_differences_know_their_error(step: float | None) -> None:
    point = point_of(Drawn(MODEL, X, Y, WEIGHTS))
    for place in places(MODEL.network, 60, seed=0):
        found, true = central_differences(point, place, step), complex_step(point, place)
        assert abs(found.value - true.value) <= found.error < 1e-5


# Kinks


def test_at_the_kink_of_relu_only_what_is_below_it_is_a_kink() -> None:
    network = cp.Network(2, [cp.Dense(2, "relu"), cp.Dense(1, "identity")])
    model = cp.Model(network, weights=[[[1.0, 2.0], [-1.0, 1.0]], [[1.0], [1.0]]], biases=[[0.0, 0.5], [0.0]])
    report = cp.check_gradients(model, [[1.0, 1.0]], [[0.0]])
    assert report.ok
    assert [row.id for row in report.of("kink")] == ["W1[1->1]", "W1[2->1]", "b1[1]"]
    assert len(report.of("right")) == 6
    assert "3 at a kink" in str(report)


def test_what_does_not_reach_the_loss_is_no_kink() -> None:
    """A net input of 0 matters neither in a row of weight 0 nor where elu(1) goes on smoothly."""
    model = cp.Model(cp.Network(1, [cp.Dense(1, "relu"), cp.Dense(1)]), [[[1.0]], [[1.0]]], [[0.0], [0.0]])
    assert cp.check_gradients(model, [[0.0], [2.0]], [[0.0], [1.0]]).of("kink")
    assert not cp.check_gradients(model, [[0.0], [2.0]], [[0.0], [1.0]], sample_weight=[0.0, 1.0]).of("kink")
    smooth = cp.Model(cp.Network(1, [cp.Dense(1, "elu"), cp.Dense(1)]), [[[1.0]], [[1.0]]], [[0.0], [0.0]])
    assert not cp.check_gradients(smooth, [[0.0], [2.0]], [[0.0], [1.0]]).of("kink")


@pytest.mark.parametrize(("loss", "kinks"), [("absolute", 2), ("quantile(0.9)", 2), ("huber", 0)])
def test_residual_of_nothing(loss: str, kinks: int) -> None:
    model = cp.Model(cp.Network(1, [cp.Dense(1, "identity")], loss), [[[2.0]]], [[1.0]])
    assert len(cp.check_gradients(model, [[1.0]], [[3.0]]).of("kink")) == kinks


def test_corner_of_huber_stops_differences_alone() -> None:
    model = cp.Model(cp.Network(1, [cp.Dense(1, "identity")], "huber"), [[[2.0]]], [[1.0]])
    assert len(cp.check_gradients(model, [[1.0]], [[2.0]]).of("right")) == 2
    assert len(cp.check_gradients(model, [[1.0]], [[2.0]], method="central differences").of("kink")) == 2


def test_differences_that_step_over_a_kink() -> None:
    model = cp.Model(cp.Network(1, [cp.Dense(1, "relu")], "half_squared_error"), [[[1.0]]], [[1e-3 - 1.0]])
    near = {"method": "central differences", "step": 1e-2}
    assert len(cp.check_gradients(model, [[1.0]], [[2.0]], **near).of("kink")) == 2
    assert len(cp.check_gradients(model, [[1.0]], [[2.0]], method="central differences").of("right")) == 2


def test_corner_of_the_penalty() -> None:
    network = cp.Network(2, [cp.Dense(1, "tanh")], l1=0.1)
    model = cp.Model(network, [[[0.0], [0.5]]], [[0.2]])
    for method in ("complex step", "central differences"):
        report = cp.check_gradients(model, [[1.0, 1.0]], [[1.0]], method=method)
        assert [row.id for row in report.of("kink")] == ["W1[1->1]"]


def test_perceptron_and_step() -> None:
    model = cp.Model(cp.Network(2, [cp.Dense(1, "step")], "perceptron"), [[[1.0], [-1.0]]], [[0.0]])
    assert len(cp.check_gradients(model, [[1.0, 2.0]], [[1.0]]).of("right")) == 3
    assert len(cp.check_gradients(model, [[1.0, 1.0]], [[0.0]]).of("kink")) == 3


def test_float32_may_see_the_other_side() -> None:
    """x w + b is a little above 0, but nothing or less in float32: no fault of the gradient."""
    network = cp.Network(2, [cp.Dense(1, "relu"), cp.Dense(1, "identity")])
    w, b = np.float32(1.0) / np.float32(3.0), np.float32(-1.0)
    x = np.float32(3.0) - np.float32(2.0**-22)
    model = cp.Model(network, [[[w], [0.0]], [[1.0]]], [[b], [1.0]], dtype="float32")
    exact = float(x) * float(w) + float(b)
    assert 0.0 < abs(exact) < 1e-6
    report = cp.check_gradients(model, [[x, 0.0]], [[0.0]])
    other = {
        "W1": [[1.0 - np.sign(exact)], [0.0]],
        "b1": [1.0 - np.sign(exact)],
        "W2": [[max(exact, 0.0)]],
        "b2": [1.0],
    }
    given = cp.check_gradients(model, [[x, 0.0]], [[0.0]], gradients=other)
    assert report.ok and given.ok


def test_a_wrong_gradient_near_a_kink_is_still_wrong() -> None:
    network = cp.Network(1, [cp.Dense(1, "relu"), cp.Dense(1, "identity")])
    model = cp.Model(network, [[[1.0]], [[1.0]]], [[-1.0 + 1e-8], [1.0]], dtype="float32")
    _, gradients = model.loss_and_gradients([[1.0]], [[0.0]])
    wild = {"W1": gradients.weights[0] + 40.0, "b1": gradients.biases[0], "W2": [[0.0]], "b2": [1.0]}
    report = cp.check_gradients(model, [[1.0 + 1e-6]], [[0.0]], gradients=wild)
    assert [row.id for row in report.of("wrong")] == ["W1[1->1]"]


# Functions that do not go on into the complex plane


def test_every_entry_of_the_registries_allows_a_complex_step() -> None:
    for number in range(NETWORKS):
        assert allows_complex_step(drawn(number).model.network)


def rectified(name: str, value: Any) -> Activation:
    return replace(ACTIVATIONS["identity"], name=name, value=value, derivative=lambda Z: np.sign(Z) * np.cos(np.abs(Z)))


@pytest.mark.parametrize(
    "value",
    [lambda Z: np.sin(np.abs(Z)), lambda Z: np.sin(np.abs(np.asarray(Z, dtype=float)))],
    ids=["absolute", "real only"],
)
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_differences_where_a_function_is_not_analytic(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(activations.ACTIVATIONS, "mirrored", rectified("mirrored", value))
    model = cp.Model.initialized(cp.Network.parse("3-4-2", hidden="mirrored"), seed=1)
    report = cp.check_gradients(model, X, Y, engine="reference")
    assert report.ok and report.method == "central differences"
    monkeypatch.setitem(
        activations.ACTIVATIONS, "mirrored", replace(rectified("mirrored", value), derivative=np.ones_like)
    )
    assert cp.check_gradients(model, X, Y, engine="reference").first_wrong_layer == 1


# Which parameters


def test_a_sample_is_even_and_says_so() -> None:
    model = cp.Model.initialized(cp.Network.parse("100-60-50-3", hidden="tanh"), seed=0)
    report = cp.check_gradients(model, np.ones((2, 100)), np.zeros((2, 3)))
    assert "a sample of 500 of the 9263 parameters" in str(report)
    counts = {array: sum(row.place.array == array for row in report.rows) for array in ("W1", "b1", "W2", "b2", "W3")}
    assert counts["b2"] == 50 and counts["b1"] == 60 and min(counts["W1"], counts["W2"], counts["W3"]) >= 120
    assert [row.place.flat for row in report.rows] == sorted({row.place.flat for row in report.rows})
    other = cp.check_gradients(model, np.ones((2, 100)), np.zeros((2, 3)), seed=1)
    assert [row.id for row in other.rows] != [row.id for row in report.rows]


def test_all_or_a_count() -> None:
    assert len(cp.check_gradients(MODEL, X, Y, parameters="all").rows) == MODEL.network.parameter_count
    assert len(cp.check_gradients(MODEL, X, Y, parameters=7).rows) == 7
    assert len(cp.check_gradients(MODEL, X, Y, parameters=10**9).rows) == MODEL.network.parameter_count


def test_ids_of_every_kind_of_bias() -> None:
    network = cp.Network(1, [cp.Dense(2, bias="layer"), cp.Dense(1, bias="none"), cp.Dense(1)])
    report = cp.check_gradients(cp.Model.initialized(network), [[1.0]], [[0.0]])
    expected = ["W1[1->1]", "W1[1->2]", "b1", "W2[1->1]", "W2[2->1]", "W3[1->1]", "b3[1]"]
    assert [row.id for row in report.rows] == expected


# A user's own gradients


@pytest.mark.parametrize("form", ["parameters", "lists", "names", "float32"])
def test_forms_of_gradients(form: str) -> None:
    written = backpropagation()
    _, gradients = MODEL.loss_and_gradients(X, Y, sample_weight=WEIGHTS)
    arrays = {**{f"W{n}": dW for n, dW in enumerate(written.weights, 1)}}
    arrays |= {f"b{n}": db for n, db in enumerate(written.biases, 1)}
    given: Any = {
        "parameters": gradients,
        "lists": (written.weights, written.biases),
        "names": arrays,
        "float32": {name: array.astype(np.float32) for name, array in arrays.items()},
    }[form]
    report = cp.check_gradients(MODEL, X, Y, sample_weight=WEIGHTS, gradients=given)
    assert report.ok and report.subject == "the gradients given"
    assert report.dtype == ("float32" if form == "float32" else "float64")


def test_a_bias_of_one_number_and_none() -> None:
    network = cp.Network(1, [cp.Dense(2, bias="layer"), cp.Dense(1, bias="none")])
    model = cp.Model.initialized(network, seed=1)
    _, right = model.loss_and_gradients([[1.0]], [[0.0]])
    lists = (right.weights, [float(right.biases[0][0]), None])
    assert cp.check_gradients(model, [[1.0]], [[0.0]], gradients=lists).ok


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("hidden", "last"), [("sigmoid", "softmax"), ("tanh", "sigmoid"), ("sigmoid", "tanh")])
@pytest.mark.parametrize("scale", [1.0, 5.0, 30.0])
def test_plain_formulas_pass_where_they_lose_digits(hidden: str, last: str, dtype: str, scale: float) -> None:
    """a(1 - a), 1 - a² and a - y are right, though of a saturated unit they leave little or nothing."""
    derivatives = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a * a}
    loss = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}.get(last, "half_squared_error")
    network = cp.Network(3, [cp.Dense(5, hidden), cp.Dense(4, hidden), cp.Dense(3, last)], loss, reduction="sum")
    for seed in range(10):
        model = cp.Model.initialized(network, "normal", scale=scale, seed=seed, dtype=dtype)
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(8, 3)).astype(dtype), np.eye(3, dtype=dtype)[rng.integers(0, 3, 8)]
        W, b = model.parameters.weights, model.parameters.biases
        a = [x]
        for layer, weights, bias in zip(network.layers, W, b, strict=True):
            a.append(layer.function.value(a[-1] @ weights + bias))
        delta = (a[3] - y) * (derivatives["tanh"](a[3]) if last == "tanh" else 1)
        dW, db = [a[2].T @ delta], [delta.sum(axis=0)]
        for below in (1, 0):
            delta = (delta @ W[below + 1].T) * derivatives[hidden](a[below + 1])
            dW, db = [a[below].T @ delta, *dW], [delta.sum(axis=0), *db]
        report = cp.check_gradients(model, x, y, gradients=(dW, db))
        assert report.ok, str(report)


GIVEN = {"W1": np.zeros((3, 4)), "b1": np.zeros(4), "W2": np.zeros((4, 4)), "b2": np.zeros(4), "b3": np.zeros(2)}


@pytest.mark.parametrize(
    ("gradients", "message"),
    [
        (GIVEN, r"gradients: W3 of shape \(4, 2\) is missing"),
        (
            GIVEN | {"W3": np.zeros((2, 4))},
            r"layer 3: W3 has shape \(inputs, units\) = \(4, 2\), got \(2, 4\).*transposed",
        ),
        (GIVEN | {"W3": np.zeros((4, 2)), "b2": np.zeros(3)}, r"layer 2: b2 has shape \(units,\) = \(4,\), got \(3,\)"),
        (GIVEN | {"W4": np.zeros((4, 2))}, 'unknown gradient "W4"'),
        (GIVEN | {"W3": "text"}, "gradients of W3: expected real numbers, got text"),
        (([np.zeros((3, 4))], []), "expected a list of weights, one a layer, so 3, got 1"),
        (np.zeros(46), r'expected {"W1": …, "b1": …}.* got ndarray; split the array into one for each W and b'),
        ((np.zeros((3, 4)), np.zeros(4)), r"weights, one a layer, so 3, got ndarray; put .* brackets, as \[W1, W2\]"),
        (cp.Model.initialized(cp.Network.parse("3-2")).parameters, "expected those of 3-4-4-2"),
    ],
)
def test_gradients_that_do_not_fit(gradients: Any, message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.check_gradients(MODEL, X, Y, gradients=gradients)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"parameters": "some"}, 'unknown choice of parameters "some"'),
        ({"parameters": 0}, "parameters: expected a whole number from 1 up"),
        ({"method": "forward"}, 'unknown method "forward"'),
        ({"step": 0.0}, "step: expected a number above 0"),
        ({"step": 1e-4, "method": "complex step"}, 'belongs to method="central differences"; leave it out'),
        ({"tolerance": -1.0}, "tolerance: expected a number from 0 up"),
        ({"engine": "natve"}, 'unknown engine "natve"; did you mean "native"'),
        ({"seed": -1}, "seed: expected a whole number"),
        ({"gradients": {}, "module": object()}, "give one of them"),
        ({"module_loss": abs}, "module_loss: it is the loss of a PyTorch module; give that as module, or leave it out"),
        ({"sample_weight": [1.0]}, "sample_weight: expected shape"),
    ],
)
def test_settings_that_do_not_fit(settings: Any, message: str) -> None:
    with pytest.raises(cp.InputError, match=message):
        cp.check_gradients(MODEL, X, Y, **settings)


def test_no_model_and_no_finite_loss() -> None:
    with pytest.raises(cp.InputError, match="model: expected a Model, got 3"):
        cp.check_gradients(3, X, Y)  # type: ignore[arg-type]
    far = cp.Model(cp.Network(1, [cp.Dense(1, "exp")]), [[[1000.0]]], [[0.0]])
    with pytest.raises(cp.InputError, match="the loss is inf at these parameters"):
        cp.check_gradients(far, [[1.0]], [[0.0]])


# What is told


TEXT = """\
Gradients of 2-2-1 sigmoid sigmoid, half_squared_error, the gradients given: wrong
5 right, 4 wrong, 0 at a kink, by complex step, to a relative error of 1e-06 beside the rounding of float64
first layer that disagrees, from the output back: 2 (W2 2 of 2 wrong, b2 0 of 1 wrong)
errors in the layers below it may follow from it
likely cause: W2: twice as large as it should be: a factor 1/2 is missing

id               numeric         checked  relative error  verdict
W2[1->1]    0.0815340929     0.163068186         5.0e-01  wrong
W2[2->1]     0.082030824     0.164061648         5.0e-01  wrong
b1[1]       0.0132649449   -0.0132649449         2.0e+00  wrong
b1[2]       0.0165339533   -0.0165339533         2.0e+00  wrong
"""


def test_text() -> None:
    network = cp.Network.parse("2-2-1", reduction="sum")
    model = cp.Model(network, [[[0.15, 0.25], [0.2, 0.3]], [[0.4], [0.5]]], [[0.35, 0.35], [0.6]])
    _, right = model.loss_and_gradients([[0.05, 0.1]], [[0.01]])
    (dW1, dW2), (db1, db2) = right.weights, right.biases
    given = ([dW1, 2.0 * dW2], [-db1, db2])
    text = str(cp.check_gradients(model, [[0.05, 0.1]], [[0.01]], gradients=given))
    assert text.startswith(TEXT)
    assert text.count(" right") == 6  # of the summary and of five rows, whose errors are rounding


def test_json() -> None:
    written = backpropagation("weights: not a number")
    report = cp.check_gradients(MODEL, X, Y, sample_weight=WEIGHTS, gradients=(written.weights, written.biases))
    told = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert told["ok"] is False and told["first_wrong_layer"] == 3
    assert told["counts"] == {"right": 45, "wrong": 1, "kink": 0}
    wrong = [row for row in told["rows"] if row["verdict"] == "wrong"]
    assert [row["id"] for row in wrong] == ["W3[2->2]"]
    assert wrong[0]["value"] is None and wrong[0]["relative_error"] is None
    assert "nan" in str(report)


def test_a_report_is_frozen() -> None:
    with pytest.raises(AttributeError):
        cp.check_gradients(MODEL, X, Y).method = "none"  # type: ignore[misc]
