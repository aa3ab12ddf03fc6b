"""Values and derivatives of all activations against 50-digit arithmetic, over their whole range."""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.network.activations import ACTIVATIONS, activation

Number = Callable[..., mp.mpf]


def phi(z: mp.mpf) -> mp.mpf:
    return mp.erfc(-z / mp.sqrt(2)) / 2


def sigmoid(z: mp.mpf) -> mp.mpf:
    return 1 / (1 + mp.exp(-z))


def softplus(z: mp.mpf) -> mp.mpf:
    return mp.log1p(mp.exp(z))


SELU_ALPHA = mp.mpf("1.6732632423543772848170429916717")
SELU_SCALE = mp.mpf("1.0507009873554804934193349852946")

# Value and derivative by the textbook's formula: at 50 digits nothing has to be clever.
TRUTH: dict[str, tuple[Number, Number]] = {
    "identity": (lambda z: z, lambda z: 1),
    "step": (lambda z: int(z >= 0), lambda z: 0),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "tanh": (mp.tanh, lambda z: mp.sech(z) ** 2),
    "relu": (lambda z: max(z, 0), lambda z: int(z > 0)),
    "leaky_relu": (lambda z, s: z if z > 0 else s * z, lambda z, s: 1 if z > 0 else s),
    "elu": (lambda z, a: z if z > 0 else a * mp.expm1(z), lambda z, a: 1 if z > 0 else a * mp.exp(z)),
    "selu": (
        lambda z: SELU_SCALE * (z if z > 0 else SELU_ALPHA * mp.expm1(z)),
        lambda z: SELU_SCALE * (1 if z > 0 else SELU_ALPHA * mp.exp(z)),
    ),
    "gelu": (lambda z: z * phi(z), lambda z: phi(z) + z * mp.npdf(z)),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
    "mish": (
        lambda z: z * mp.tanh(softplus(z)),
        lambda z: mp.tanh(softplus(z)) + z * mp.sech(softplus(z)) ** 2 * sigmoid(z),
    ),
    "softplus": (softplus, sigmoid),
    "exp": (mp.exp, mp.exp),
}
NUMBERS = {"leaky_relu": ("leaky_relu", "leaky_relu(0.3)"), "elu": ("elu", "elu(0.7)")}
NAMES = [name for entry in TRUTH for name in NUMBERS.get(entry, (entry,))]

# Units in the last place. gelu has the six of scipy's erfcx.
VALUE_ULPS = {"gelu": 8.0}
# These change their sign: there a sum cancels, and only the error against the sum's terms can be small.
SIGN_CHANGES = {"gelu": -0.7517915, "silu": -1.2784645, "mish": -1.1924575}


def points(name: str) -> Array:
    """Zeros, all magnitudes up to 1e4, and, close together, where results become tiny and then subnormal."""
    positive = np.concatenate(
        [
            np.geomspace(1e-300, 1e4, 150),
            np.linspace(0.01, 45.0, 250),
            np.linspace(340.0, 380.0, 40),
            np.linspace(690.0, 760.0, 150),
        ]
    )
    both = np.concatenate([[0.0, -0.0], positive, -positive])
    return both[both < 709.0] if name == "exp" else both


def ulps(got: Array, true: list[mp.mpf], least: float = 0.0) -> Array:
    """The error in units in the last place of the true value, or of `least` where that is larger."""
    units = [np.spacing(max(abs(float(each)), least)) for each in true]
    return np.array([float(abs(mp.mpf(float(g)) - t) / mp.mpf(u)) for g, t, u in zip(got, true, units, strict=True)])


@pytest.fixture(autouse=True)
def fifty_digits() -> object:
    with mp.workdps(50):
        yield


def test_every_entry_has_its_truth() -> None:
    assert {*TRUTH, "softmax"} == set(ACTIVATIONS)
    assert {name for name, entry in ACTIVATIONS.items() if entry.parameter} == set(NUMBERS)


@pytest.mark.parametrize("name", NAMES)
def test_value(name: str) -> None:
    entry, Z = activation(name), points(name)
    value, _ = TRUTH[name.split("(")[0]]
    true = [value(mp.mpf(float(z)), *entry.numbers) for z in Z]
    error = ulps(entry.value(Z[:, None], *entry.numbers)[:, 0], true)
    assert error.max() <= VALUE_ULPS.get(name, 4.0), f"{error.max():.1f} ulp at z = {Z[error.argmax()]}"


@pytest.mark.parametrize("name", NAMES)
def test_derivative(name: str) -> None:
    entry, Z = activation(name), points(name)
    _, derivative = TRUTH[name.split("(")[0]]
    true = [derivative(mp.mpf(float(z)), *entry.numbers) for z in Z]
    error = ulps(entry.derivative(Z[:, None], *entry.numbers)[:, 0], true)
    if name in SIGN_CHANGES:
        near = np.abs(Z - SIGN_CHANGES[name]) < 0.6
        terms = ulps(entry.derivative(Z[:, None])[:, 0], true, least=0.25)
        error = np.where(near, terms, error)
        assert near.sum() > 5
    assert error.max() <= 8.0, f"{error.max():.1f} ulp at z = {Z[error.argmax()]}"


def softmax_rows() -> Array:
    """On a grid, so that differences of net inputs are exact; rounding them would be the input's error, not ours."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(0, size, (60, 3)) for size in (0.1, 1.0, 30.0, 300.0, 5000.0)])
    rows = np.concatenate([rows, [[0.0, 0.0, 0.0], [0.0, -720.0, -744.0], [1e4, 1e4, -1e4]]])
    return np.round(rows * 1024) / 1024


def softmax_truth(row: Array) -> list[mp.mpf]:
    grown = [mp.exp(mp.mpf(float(z))) for z in row]
    return [each / mp.fsum(grown) for each in grown]


def test_softmax() -> None:
    Z = softmax_rows()
    true = [each for row in Z for each in softmax_truth(row)]
    assert ulps(activation("softmax").value(Z).ravel(), true).max() <= 4.0


def test_softmax_jacobian() -> None:
    Z = softmax_rows()
    jacobians = activation("softmax").derivative(Z)
    assert jacobians.shape == (len(Z), 3, 3)
    for row, jacobian in zip(Z, jacobians, strict=True):
        a = softmax_truth(row)
        true = [a[i] * ((i == j) - a[j]) for i in range(3) for j in range(3)]
        # 1 - a of the likeliest unit cancels: its error is counted against a, not against the difference.
        least = [float(a[i]) if i == j else 0.0 for i in range(3) for j in range(3)]
        for got, each, floor in zip(jacobian.ravel(), true, least, strict=True):
            assert ulps(np.array([got]), [each], least=floor).max() <= 8.0


def test_softmax_way_back_is_the_jacobian() -> None:
    rng = np.random.default_rng(1)
    Z, dA = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    A, back = activation("softmax").forward(Z)
    expected = [dA[b] @ (np.diag(A[b]) - np.outer(A[b], A[b])) for b in range(5)]
    np.testing.assert_allclose(back(dA), expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", [*NAMES, "softmax"])
def test_float32_stays_float32(name: str) -> None:
    entry = activation(name)
    Z = np.linspace(-80.0, 80.0, 60, dtype=np.float32).reshape(20, 3)
    A, back = entry.forward(Z)
    assert A.dtype == entry.derivative(Z, *entry.numbers).dtype == back(np.ones_like(Z)).dtype == np.float32
    wide = entry.value(Z.astype(np.float64), *entry.numbers)
    np.testing.assert_allclose(A, wide, rtol=3e-6, atol=1e-36)


@pytest.mark.parametrize("real", [-700.0, -50.0, -1.0, 0.0, 1.0, 50.0])
@pytest.mark.parametrize("imaginary", [0.0, 1e-20, 0.3, -2.0])
def test_softplus_of_complex_numbers(real: float, imaginary: float) -> None:
    z = complex(real, imaginary)
    found, true = activation("softplus").value(np.array([z]))[0], complex(mp.log1p(mp.exp(mp.mpc(z))))
    assert found.real == pytest.approx(true.real, rel=1e-13)
    assert found.imag == pytest.approx(true.imag, rel=1e-13)


@pytest.mark.parametrize("name", [*NAMES, "softmax"])
def test_inputs_are_not_written_to(name: str) -> None:
    Z = np.linspace(-3.0, 3.0, 12).reshape(4, 3)
    Z.flags.writeable = False
    _, back = activation(name).forward(Z)
    dA = np.ones((4, 3))
    dA.flags.writeable = False
    back(dA)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_entries_say_how_they_are_written_and_where_they_come_from(name: str) -> None:
    entry = ACTIVATIONS[name]
    assert all((entry.formula, entry.derivative_formula, entry.source))
    assert entry.positive == (np.nanmin(entry.value(np.linspace(-5, 5, 30).reshape(10, 3), *entry.numbers)) > 0)


def test_the_number_of_a_name_is_kept_in_its_shortest_form() -> None:
    assert activation("leaky_relu( 0.010 )").name == "leaky_relu"
    assert activation("elu(2)").name == "elu(2.0)"
    assert activation(activation("elu(2)").name).number == 2.0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sigmod", ['unknown activation "sigmod"', 'did you mean "sigmoid"?']),
        ("Tanh", ["unknown activation", "Known:", "tanh"]),
        ("", ["unknown activation"]),
        (None, ['unknown activation "None"']),
        ("relu(3)", ["relu takes no number", 'write "relu"']),
        ("leaky_relu(x)", ["slope is not a number", '"x"']),
        ("leaky_relu()", ["slope is not a number"]),
        ("leaky_relu(nan)", ["slope must lie between"]),
        ("elu(0)", ["alpha must lie between 0 and inf"]),
        ("elu(-1)", ["alpha must lie between 0 and inf"]),
        ("elu(1)(2)", ["unknown activation"]),
    ],
)
def test_bad_names(name: str, words: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        activation(name)
    for word in words:
        assert word in str(raised.value)
