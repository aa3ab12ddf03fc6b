"""Models: what they hold, what they compute, and one clear message for everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clearprop as cp
from clearprop.errors import InputError

NET = cp.Network.parse("2-3-2", output="identity")
X = np.array([[0.1, -0.4], [0.7, 0.2], [-0.3, 0.9]])
Y = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
W1, W2 = np.arange(6.0).reshape(2, 3) / 10, np.arange(6.0).reshape(3, 2) / 10 - 0.2
b1, b2 = np.array([0.1, 0.2, 0.3]), np.array([-0.1, 0.1])


def model(dtype: str = "float64") -> cp.Model:
    return cp.Model(NET, weights=[W1, W2], biases=[b1, b2], dtype=dtype)


def classifier() -> cp.Model:
    return cp.Model.initialized(cp.Network.parse("2-4-3", output="softmax", loss="cross_entropy"), seed=1)


def of_loss(loss: str, output: str) -> cp.Model:
    return cp.Model.initialized(cp.Network.parse("2-2", output=output, loss=loss), seed=1)


def by_hand(rows: Any) -> Any:
    hidden = 1 / (1 + np.exp(-(np.asarray(rows, float) @ W1 + b1)))
    return hidden @ W2 + b2


def test_predict_and_loss() -> None:
    np.testing.assert_allclose(model().predict(X, engine="reference"), by_hand(X), rtol=1e-14)
    expected = 0.5 * ((by_hand(X) - Y) ** 2).sum() / 3
    assert model().loss(X, Y, engine="reference") == pytest.approx(expected, rel=1e-14)


def test_loss_and_gradients() -> None:
    loss, gradients = model().loss_and_gradients(X, Y, engine="reference")
    assert loss == model().loss(X, Y, engine="reference")
    residual = (by_hand(X) - Y) / 3
    hidden = 1 / (1 + np.exp(-(X @ W1 + b1)))
    np.testing.assert_allclose(gradients.weights[1], hidden.T @ residual, rtol=1e-13)
    np.testing.assert_allclose(gradients.biases[1], residual.sum(axis=0), rtol=1e-13, atol=1e-16)
    delta = residual @ W2.T * hidden * (1 - hidden)
    np.testing.assert_allclose(gradients.weights[0], X.T @ delta, rtol=1e-12)
    np.testing.assert_allclose(gradients.biases[0], delta.sum(axis=0), rtol=1e-12)


def test_gradients_of_frozen_biases_are_computed() -> None:
    frozen = cp.Model(cp.Network.parse("2-3-2", output="identity", train_bias=False), [W1, W2], [b1, b2])
    _, expected = model().loss_and_gradients(X, Y, engine="reference")
    _, gradients = frozen.loss_and_gradients(X, Y, engine="reference")
    assert np.array_equal(gradients.flat, expected.flat) and gradients.biases[0].all()


def test_sample_weights_count_like_repeated_rows() -> None:
    repeated = [0, 0, 0, 1, 2, 2]
    for reduction in ("mean", "sum"):
        net = cp.Network.parse("2-3-2", output="identity", reduction=reduction, l2=0.1)
        one = cp.Model(net, [W1, W2], [b1, b2])
        loss, gradients = one.loss_and_gradients(X, Y, sample_weight=[3, 1, 2], engine="reference")
        same, as_rows = one.loss_and_gradients(X[repeated], Y[repeated], engine="reference")
        assert loss == pytest.approx(same, rel=1e-14)
        np.testing.assert_allclose(gradients.flat, as_rows.flat, rtol=1e-13)


def test_one_output_takes_a_flat_target() -> None:
    one = cp.Model.initialized(cp.Network.parse("2-3-1"), seed=2)
    assert one.loss(X, [0.0, 1.0, 0.5], engine="reference") == one.loss(X, [[0.0], [1.0], [0.5]], engine="reference")


@pytest.mark.parametrize(
    "classes",
    [
        [2, 0, 1],
        np.array([2, 0, 1], dtype=np.uint8),
        np.array([2.0, 0.0, 1.0]),
        [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
        [[False, False, True], [True, False, False], [False, True, False]],
    ],
)
def test_classes_in_every_form(classes: Any) -> None:
    expected = classifier().loss(X, np.eye(3)[[2, 0, 1]], engine="reference")
    assert classifier().loss(X, classes, engine="reference") == expected


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_its_type_is_what_it_computes_in(dtype: str) -> None:
    one = model(dtype)
    assert one.dtype == dtype
    assert one.predict(X, engine="reference").dtype == dtype
    assert one.loss_and_gradients(X, Y, engine="reference")[1].flat.dtype == dtype
    assert one.parameters.flat.dtype == dtype


@pytest.mark.parametrize(
    "given",
    [
        X.tolist(),
        X.astype(np.float32).astype(np.float64),
        np.asfortranarray(X),
        np.repeat(X, 2, axis=0)[::2],
        X.astype(">f8"),
        X.astype(np.longdouble),
    ],
)
def test_inputs_in_every_form(given: Any) -> None:
    np.testing.assert_allclose(model().predict(given, engine="reference"), by_hand(given), rtol=1e-13)


def test_whole_numbers_and_truth_values_are_numbers() -> None:
    for kind in (np.int8, np.uint64, bool):
        given = np.array([[1, 0], [0, 1]], dtype=kind)
        np.testing.assert_allclose(model().predict(given, engine="reference"), by_hand(given), rtol=1e-13)


def test_the_callers_arrays_stay_as_they_are(tmp_path: Path) -> None:
    arrays = [array.copy() for array in (X, Y, W1, W2, b1, b2)]
    for array in arrays:
        array.flags.writeable = False
    x, y, w1, w2, c1, c2 = arrays
    one = cp.Model(NET, [w1, w2], [c1, c2])
    one.loss_and_gradients(x, y, sample_weight=np.ones(3), engine="reference")
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(one.predict(mapped, engine="reference"), one.predict(X, engine="reference"))
    for array, original in zip(arrays, (X, Y, W1, W2, b1, b2), strict=True):
        assert np.array_equal(array, original)


def test_a_model_does_not_change() -> None:
    weight, bias = W1.copy(), b1.copy()
    one = cp.Model(NET, [weight, W2], [bias, b2])
    before = one.predict(X, engine="reference")
    weight[...] = 99.0
    bias[...] = 99.0
    assert np.array_equal(one.predict(X, engine="reference"), before)
    for view in (one.parameters.flat, *one.parameters.weights, *one.parameters.biases):
        with pytest.raises(ValueError, match="read-only"):
            view[...] = 0.0
    for name in ("network", "parameters", "dtype"):
        with pytest.raises(AttributeError):
            setattr(one, name, getattr(one, name))


def test_equality() -> None:
    assert model() == model()
    assert model() != model("float32")
    assert model() != cp.Model(NET, [W1, W2], [b1, b2 + 1e-12])
    assert model() != cp.Model(cp.Network.parse("2-3-2", output="identity", l2=0.1), [W1, W2], [b1, b2])
    assert model() != "a model"
    with pytest.raises(TypeError):
        hash(model())


def test_it_says_what_it_is() -> None:
    assert repr(model()) == "Model(2-3-2 sigmoid identity, half_squared_error; 17 parameters, float64)"


def test_initialized_is_a_function_of_its_seed() -> None:
    assert cp.Model.initialized(NET, "he", seed=3) == cp.Model.initialized(NET, "he", seed=3)
    assert cp.Model.initialized(NET, "he", seed=3) != cp.Model.initialized(NET, "he", seed=4)


# Everything a caller can get wrong: one InputError that names the place, what was expected and what came.

NAN, INF = float("nan"), float("inf")
with_nan, with_inf = X.copy(), X.copy()
with_nan[1, 1], with_inf[2, 0] = NAN, -INF


def predicting(given: Any, dtype: str = "float64") -> Callable[[], object]:
    return lambda: model(dtype).predict(given, engine="reference")


def losing(targets: Any, weights: Any = None, one: Callable[[], cp.Model] = model) -> Callable[[], object]:
    return lambda: one().loss(X, targets, sample_weight=weights, engine="reference")


def making(weights: Any, biases: Any, net: Any = NET, **settings: Any) -> Callable[[], object]:
    return lambda: cp.Model(net, weights, biases, **settings)


BAD: dict[str, tuple[Callable[[], object], list[str]]] = {
    # X
    "one sample as a vector": (predicting([0.1, 0.2]), ["X", "(B, 2)", "got (2,)", "X[None, :]"]),
    "a vector of another length": (predicting([0.1, 0.2, 0.3]), ["X", "(B, 2)", "got (3,)"]),
    "a scalar": (predicting(3.0), ["X", "(B, 2)", "got ()"]),
    "three axes": (predicting(X[None]), ["X", "(B, 2)", "(1, 3, 2)"]),
    "too many columns": (predicting(np.ones((3, 5))), ["X", "(3, 5)", "the network has 2 inputs"]),
    "too few columns": (predicting(np.ones((3, 1))), ["X", "(3, 1)", "the network has 2 inputs"]),
    "no rows": (predicting(np.ones((0, 2))), ["X", "at least one row", "none"]),
    "an empty list": (predicting([]), ["X", "(B, 2)", "(0,)"]),
    "ragged rows": (predicting([[1.0, 2.0], [3.0]]), ["X", "different lengths"]),
    "nan": (predicting(with_nan), ["X[1, 1] is nan", "finite", "missing values"]),
    "inf": (predicting(with_inf), ["X[2, 0] is -inf", "finite"]),
    "too large for float32": (predicting([[1e300, 0.0]], "float32"), ["X[0, 0] is 1e+300 as float32", "finite"]),
    "text": (predicting([["a", "b"]]), ["X", "real numbers", "got text"]),
    "text that looks like numbers": (predicting([["1", "2"]]), ["X", "real numbers", "got text"]),
    "bytes": (predicting([[b"1", b"2"]]), ["X", "real numbers", "got bytes"]),
    "complex numbers": (predicting([[1j, 2.0]]), ["X", "real numbers", "complex"]),
    "objects": (predicting([[None, 1.0]]), ["X", "real numbers", "Python objects"]),
    "none": (predicting(None), ["X", "real numbers", "Python objects"]),
    "dates": (predicting(np.array([["2020-01-01", "2020-01-02"]], dtype="datetime64[D]")), ["X", "dates"]),
    "durations": (predicting(np.array([[1, 2]], dtype="timedelta64[s]")), ["X", "durations"]),
    "records": (predicting(np.zeros(2, dtype=[("a", float)])), ["X", "real numbers"]),
    # Y
    "targets too few": (losing(Y[:2]), ["Y", "expected shape (3, 2)", "(2, 2)"]),
    "targets too narrow": (losing(Y[:, :1]), ["Y", "expected shape (3, 2)", "(3, 1)"]),
    "targets flat": (losing([0.0, 1.0, 0.0]), ["Y", "expected shape (3, 2)", "(3,)"]),
    "targets scalar": (losing(1.0), ["Y", "expected shape (3, 2)", "()"]),
    "targets ragged": (losing([[1.0, 2.0], [1.0], [2.0]]), ["Y", "different lengths"]),
    "targets nan": (losing([[1, 2], [NAN, 1], [0, 0]]), ["Y[1, 0] is nan", "finite"]),
    "targets text": (losing(["yes", "no", "yes"]), ["Y", "real numbers", "text"]),
    "targets complex": (losing(Y * 1j), ["Y", "complex"]),
    "class too high": (losing([0, 3, 1], one=classifier), ["Y[1] is 3", "class index from 0 to 2"]),
    "class negative": (losing([0, 1, -1], one=classifier), ["Y[2] is -1", "class index from 0 to 2"]),
    "class not whole": (losing([0.5, 1, 2], one=classifier), ["Y[0] is 0.5", "class index"]),
    "class nan": (losing([NAN, 1, 2], one=classifier), ["Y[0] is nan", "class index"]),
    "class inf": (losing([INF, 1, 2], one=classifier), ["Y[0] is inf", "class index"]),
    "class over 2^63": (losing([2**63, 1, 2], one=classifier), ["Y[0] is 9", "class index"]),
    "classes too few": (losing([0, 1], one=classifier), ["Y", "expected 3 class indices", "got 2"]),
    "classes as text": (losing(["a", "b", "c"], one=classifier), ["Y", "real numbers", "text"]),
    "classes as a column": (losing([[0], [1], [2]], one=classifier), ["Y", "(3, 3) or class indices (3,)", "(3, 1)"]),
    "class share negative": (
        losing([[1, 0, 0], [0, -1, 2], [0, 0, 1]], one=classifier),
        ["Y[1, 1] is -1", '"cross_entropy"', "from 0 to inf"],
    ),
    "probability over 1": (
        losing([[1, 0], [0, 1.5], [1, 1]], one=lambda: of_loss("binary_cross_entropy", "sigmoid")),
        ["Y[1, 1] is 1.5", '"binary_cross_entropy"', "from 0 to 1"],
    ),
    "count negative": (
        losing([[1, 0], [0, 1], [-2, 1]], one=lambda: of_loss("poisson", "exp")),
        ["Y[2, 0] is -2", '"poisson"', "from 0"],
    ),
    "perceptron's target -1": (
        losing([[1, 0], [0, 1], [-1, 1]], one=lambda: of_loss("perceptron", "step")),
        ["Y[2, 0] is -1", '"perceptron"', "from 0 to 1"],
    ),
    # sample weights
    "weights too few": (losing(Y, [1.0, 2.0]), ["sample_weight", "(3,)", "(2,)"]),
    "weights a column": (losing(Y, [[1.0], [2.0], [3.0]]), ["sample_weight", "(3,)", "(3, 1)"]),
    "weights a number": (losing(Y, 2.0), ["sample_weight", "(3,)", "()"]),
    "weights negative": (losing(Y, [1.0, -2.0, 1.0]), ["sample_weight[1] is negative", "from 0 up"]),
    "weights nan": (losing(Y, [1.0, 1.0, NAN]), ["sample_weight[2] is nan"]),
    "weights all 0": (losing(Y, [0, 0, 0]), ["sample_weight", "all are 0"]),
    "weights too large together": (losing(Y, [1e308, 1e308, 1.0]), ["sample_weight", "sum"]),
    "weights text": (losing(Y, ["a", "b", "c"]), ["sample_weight", "text"]),
    # parameters
    "network as text": (making([W1, W2], [b1, b2], net="2-3-2"), ["network", "expected a Network", "'2-3-2'"]),
    "one weight matrix": (making([W1], [b1, b2]), ["weights", "2 layers", "got 1"]),
    "three biases": (making([W1, W2], [b1, b2, b2]), ["biases", "2 layers", "got 3"]),
    "weights no list": (making(3, [b1, b2]), ["weights", "expected a list", "3"]),
    "biases no list": (making([W1, W2], None), ["biases", "expected a list", "None"]),
    "weights transposed": (making([W1.T, W2], [b1, b2]), ["W1", "(inputs, units) = (2, 3)", "(3, 2)"]),
    "weights flat": (making([W1, W2.ravel()], [b1, b2]), ["W2", "(3, 2)", "(6,)"]),
    "weights of rows ragged": (making([[[1, 2, 3], [1]], W2], [b1, b2]), ["W1", "different lengths"]),
    "weights as text": (making([W1, W2.astype(str)], [b1, b2]), ["W2", "real numbers"]),
    "weights with nan": (making([W1 * NAN, W2], [b1, b2]), ["parameters", "finite"]),
    "weights with inf": (making([W1, W2 + INF], [b1, b2]), ["parameters", "finite"]),
    "weights too large for float32": (making([W1 + 1e300, W2], [b1, b2], dtype="float32"), ["finite"]),
    "bias too short": (making([W1, W2], [b1[:2], b2]), ["b1", "(3,)", "(2,)"]),
    "bias a row": (making([W1, W2], [b1, b2[None]]), ["b2", "(2,)", "(1, 2)"]),
    "bias left out": (making([W1, W2], [b1, None]), ["b2", "has a bias", "give 2 numbers or one"]),
    "bias complex": (making([W1, W2], [b1 * 1j, b2]), ["b1", "real numbers"]),
    "bias of a layer without": (
        making([W1, W2], [0.5, None], net=cp.Network.parse("2-3-2", bias="none")),
        ["b1", 'bias="none"', "give None"],
    ),
    "dtype": (making([W1, W2], [b1, b2], dtype="float16"), ['unknown dtype "float16"', 'did you mean "float64"?']),
    "dtype int": (making([W1, W2], [b1, b2], dtype=int), ["unknown dtype", "float32, float64"]),
    "initializer": (lambda: cp.Model.initialized(NET, "xavier"), ['unknown initializer "xavier"', "glorot"]),
    "seed": (lambda: cp.Model.initialized(NET, seed=-1), ["seed", "2**64 - 1", "-1"]),
    # how
    "engine": (lambda: model().predict(X, engine="refrence"), ["unknown engine", 'did you mean "reference"?']),
    "engine none": (lambda: model().predict(X, engine=None), ['unknown engine "None"', "auto"]),  # type: ignore[arg-type]
    "threads 0": (lambda: model().predict(X, engine="reference", threads=0), ["threads", "from 1 to 1024", "0"]),
    "threads -1": (lambda: model().predict(X, engine="reference", threads=-1), ["threads", "-1"]),
    "threads 1.5": (lambda: model().predict(X, engine="reference", threads=1.5), ["threads", "1.5"]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str) -> None:
    call, expected = BAD[name]
    with pytest.raises(InputError) as raised:
        call()
    for part in expected:
        assert part in str(raised.value)


def test_enough_bad_input() -> None:
    assert len(BAD) >= 60
