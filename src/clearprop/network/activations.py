"""Activations: one entry each, its value, its derivative, how both are written, and where it comes from.

Every derivative is a function of the net input z. The values are analytic where the function is, so that a complex
step (Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 1998) can
prove the derivatives, and they keep their relative accuracy in the tails, where the usual formulas cancel or overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clearprop.network.named import Entry, Parameter, look_up
from clearprop.network.record import Array, Record, ignore

Back = Callable[[Array], Array]


@dataclass(frozen=True)
class Activation(Entry):
    """An activation a = f(z).

    `value` and `derivative` take Z (B, O), and the number of a parametrised entry after it. `formula` and
    `derivative_formula` say the same as text, in z, the value a and the number's name. Where `across_units` is
    set, each output depends on all net inputs of its row, and `derivative` is the Jacobian (B, O, O),
    `[b, i, j]` = ∂a_i/∂z_j.
    """

    name: str
    value: Callable[..., Array]
    derivative: Callable[..., Array]
    formula: str
    derivative_formula: str
    source: str
    across_units: bool = False
    positive: bool = False
    kinks: tuple[float, ...] = ()
    parameter: Parameter | None = None
    number: float | None = None

    def forward(self, Z: Array, record: Record = ignore) -> tuple[Array, Back]:
        """A = f(Z), and the way back: from ∂E/∂A to ∂E/∂Z.

        >>> A, back = activation("sigmoid").forward(np.array([[0.0]]))
        >>> float(A[0, 0]), float(back(np.array([[1.0]]))[0, 0])
        (0.5, 0.25)
        """
        derivative = self.derivative(Z, *self.numbers)
        record("da/dz", derivative)
        if self.across_units:
            return self.value(Z, *self.numbers), lambda dA: np.einsum("...bi,bij->...bj", dA, derivative)
        return self.value(Z, *self.numbers), lambda dA: dA * derivative


def activation(name: str) -> Activation:
    """The activation of a name; "leaky_relu(0.2)" sets the number that some of them take.

    >>> activation("leaky_relu(0.2)").number
    0.2
    >>> activation("sigmod")
    Traceback (most recent call last):
        ...
    clearprop.errors.InputError: unknown activation "sigmod"; did you mean "sigmoid"? Known: elu, exp, ...
    """
    return look_up("activation", name, ACTIVATIONS)


def sigmoid(Z: Array) -> Array:
    """1 / (1 + exp(-z)); exp never sees a positive number, so it cannot overflow."""
    shrunk = np.exp(np.where(Z.real > 0, -Z, Z))
    return np.where(Z.real > 0, 1.0, shrunk) / (1.0 + shrunk)


def _tanh_derivative(Z: Array) -> Array:
    shrunk = np.exp(-2.0 * np.abs(Z))
    return 4.0 * shrunk / (1.0 + shrunk) ** 2


def _elu(Z: Array, alpha: float) -> Array:
    return np.where(Z.real > 0, Z, alpha * np.expm1(np.where(Z.real > 0, 0.0, Z)))


def _elu_derivative(Z: Array, alpha: float) -> Array:
    return np.where(Z > 0, 1.0, alpha * np.exp(np.minimum(Z, 0.0)))


# The fixed point of mean 0 and variance 1: Klambauer and others 2017, equation 14.
_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def _tail(Z: Array, factor: Array) -> Array:
    """factor · min(1, eᶻ), eᶻ by two halves: alone it would lose its digits to underflow before the product does."""
    half = np.exp(0.5 * np.where(Z.real > 0, 0.0, Z))
    return factor * half * half


def _silu_derivative(Z: Array) -> Array:
    return _tail(Z, (1.0 + Z * sigmoid(-Z)) * sigmoid(np.abs(Z)))


def _gelu(Z: Array) -> Array:
    """z·Φ(z), with Φ(z) = ½ erfc(-z/√2), in the tail as ½ erfcx(-z/√2) · exp(-z²/2)."""
    from scipy import special

    tail = np.where(Z.real < -1.0, Z, -1.0)
    scaled = _half_square_exp(tail, 0.5 * tail * special.erfcx(-tail * math.sqrt(0.5)))
    return np.where(Z.real < -1.0, scaled, 0.5 * Z * special.erfc(-Z * math.sqrt(0.5))).astype(Z.dtype)


def _gelu_derivative(Z: Array) -> Array:
    """Φ(z) + z·φ(z) for z below 0, and f′(z) = 1 - f′(-z)."""
    from scipy import special

    tail = -np.abs(Z)
    inner = 0.5 * special.erfcx(-tail * math.sqrt(0.5)) + tail / math.sqrt(2.0 * math.pi)
    scaled = _half_square_exp(tail, inner)
    return np.where(Z < 0, scaled, 1.0 - scaled).astype(Z.dtype)


def _half_square_exp(Z: Array, factor: Array) -> Array:
    """factor · exp(-z²/2), z = head + rest with a head of few digits: rounding z² would cost the tail its accuracy."""
    Z = np.where(np.abs(Z.real) < 64.0, Z, 64.0)  # far beyond where it is 0, and where z² does not overflow
    head = np.round(Z.real * 16.0) / 16.0
    half = np.exp(-0.25 * head * head)
    return factor * np.exp(-0.5 * (Z - head) * (Z + head)) * half * half


def _tanh_of_softplus(Z: Array) -> tuple[Array, Array]:
    """t = tanh(log(1 + eᶻ)) without its factor min(1, eᶻ), and 1 - t², with e to the smaller of z and -z."""
    positive = Z.real > 0
    u = np.exp(np.where(positive, -Z, Z))
    numerator = np.where(positive, 1.0 + 2.0 * u, u + 2.0)
    denominator = np.where(positive, numerator + 2.0 * u * u, u * numerator + 2.0)
    rest = np.where(positive, 2.0 * u * (1.0 + u), 2.0 * (1.0 + u)) / denominator
    return numerator / denominator, rest * rest


def _mish_derivative(Z: Array) -> Array:
    t, rest = _tanh_of_softplus(Z)
    return _tail(Z, t + Z * rest * sigmoid(np.abs(Z)))


def softplus(Z: Array) -> Array:
    """log(1 + exp(z)) without overflow."""
    return np.where(Z.real > 0, Z, 0.0) + log1p(np.exp(np.where(Z.real > 0, -Z, Z)))


def log1p(U: Array) -> Array:
    """log(1 + u), also of complex u with a real part above -1, of whose small real parts NumPy's own leaves nothing.

    log|1 + x + iy| = log(1 + x) + 1/2 log(1 + (y / (1 + x))^2)

    >>> log1p(np.array([1e-20 + 1e-30j])).tolist()
    [(1e-20+1e-30j)]
    """
    if not np.iscomplexobj(U):
        return np.log1p(U)
    ratio = U.imag / (1.0 + U.real)
    logarithm: Array = np.log1p(U.real) + 0.5 * np.log1p(ratio * ratio) + 1j * np.arctan(ratio)
    return logarithm


def softmax(Z: Array) -> Array:
    """exp(z) / Σ exp(z) over the units of each row; the largest net input of a row becomes 0 first."""
    grown = np.exp(Z - Z.real.max(axis=1, keepdims=True))
    shares: Array = grown / grown.sum(axis=1, keepdims=True)
    return shares


def _softmax_jacobian(Z: Array) -> Array:
    A = softmax(Z)
    jacobian: Array = A[:, :, None] * (np.eye(Z.shape[1], dtype=Z.dtype) - A[:, None, :])
    return jacobian


_ENTRIES = [
    Activation(
        "identity",
        value=lambda Z: Z,
        derivative=np.ones_like,
        formula="z",
        derivative_formula="1",
        source="the linear unit of Widrow and Hoff, 1960",
    ),
    Activation(
        "step",
        value=lambda Z: np.where(Z.real >= 0, 1.0, 0.0).astype(Z.dtype),
        derivative=np.zeros_like,
        formula="1 if z >= 0 else 0",
        derivative_formula="0",
        source="McCulloch and Pitts, 1943",
        kinks=(0.0,),
    ),
    Activation(
        "sigmoid",
        value=sigmoid,
        derivative=lambda Z: sigmoid(Z) * sigmoid(-Z),
        formula="1 / (1 + exp(-z))",
        derivative_formula="a * (1 - a)",
        source="Rumelhart, Hinton and Williams, Nature 1986",
        positive=True,
    ),
    Activation(
        "tanh",
        value=np.tanh,
        derivative=_tanh_derivative,
        formula="tanh(z)",
        derivative_formula="1 - a**2",
        source="LeCun and others, Efficient BackProp, 1998",
    ),
    Activation(
        "relu",
        value=lambda Z: np.where(Z.real > 0, Z, 0.0).astype(Z.dtype),
        derivative=lambda Z: (Z > 0).astype(Z.dtype),
        formula="max(0, z)",
        derivative_formula="1 if z > 0 else 0",
        source="Nair and Hinton, ICML 2010",
        kinks=(0.0,),
    ),
    Activation(
        "leaky_relu",
        value=lambda Z, slope: np.where(Z.real > 0, Z, slope * Z),
        derivative=lambda Z, slope: np.where(Z > 0, 1.0, slope).astype(Z.dtype),
        formula="z if z > 0 else slope * z",
        derivative_formula="1 if z > 0 else slope",
        source="Maas, Hannun and Ng, 2013",
        kinks=(0.0,),
        parameter=Parameter("slope", 0.01),
        number=0.01,
    ),
    Activation(
        "elu",
        value=_elu,
        derivative=_elu_derivative,
        formula="z if z > 0 else alpha * (exp(z) - 1)",
        derivative_formula="1 if z > 0 else alpha * exp(z)",
        source="Clevert, Unterthiner and Hochreiter, ICLR 2016",
        kinks=(0.0,),
        parameter=Parameter("alpha", 1.0, above=0.0),
        number=1.0,
    ),
    Activation(
        "selu",
        value=lambda Z: _SELU_SCALE * _elu(Z, _SELU_ALPHA),
        derivative=lambda Z: _SELU_SCALE * _elu_derivative(Z, _SELU_ALPHA),
        formula="1.0507009873554805 * (z if z > 0 else 1.6732632423543772 * (exp(z) - 1))",
        derivative_formula="1.0507009873554805 * (1 if z > 0 else 1.6732632423543772 * exp(z))",
        source="Klambauer and others, NeurIPS 2017",
        kinks=(0.0,),
    ),
    Activation(
        "gelu",
        value=_gelu,
        derivative=_gelu_derivative,
        formula="z * Phi(z)",
        derivative_formula="Phi(z) + z * phi(z)",
        source="Hendrycks and Gimpel, 2016, the exact form",
    ),
    Activation(
        "silu",
        value=lambda Z: _tail(Z, Z * sigmoid(np.where(Z.real > 0, Z, -Z))),
        derivative=_silu_derivative,
        formula="z / (1 + exp(-z))",
        derivative_formula="sigmoid(z) * (1 + z * (1 - sigmoid(z)))",
        source="Elfwing, Uchibe and Doya, 2018",
    ),
    Activation(
        "mish",
        value=lambda Z: _tail(Z, Z * _tanh_of_softplus(Z)[0]),
        derivative=_mish_derivative,
        formula="z * tanh(log(1 + exp(z)))",
        derivative_formula="tanh(softplus(z)) + z * (1 - tanh(softplus(z))**2) * sigmoid(z)",
        source="Misra, BMVC 2020",
    ),
    Activation(
        "softplus",
        value=softplus,
        derivative=sigmoid,
        formula="log(1 + exp(z))",
        derivative_formula="1 / (1 + exp(-z))",
        source="Dugas and others, NeurIPS 2000",
        positive=True,
    ),
    Activation(
        "exp",
        value=np.exp,
        derivative=np.exp,
        formula="exp(z)",
        derivative_formula="a",
        source="the inverse of the log link, McCullagh and Nelder, 1989",
        positive=True,
    ),
    Activation(
        "softmax",
        value=softmax,
        derivative=_softmax_jacobian,
        formula="exp(z) / total(exp(z))",
        derivative_formula="softmax_jacobian(a)",
        source="Bridle, 1990",
        across_units=True,
        positive=True,
    ),
]

ACTIVATIONS: dict[str, Activation] = {entry.name: entry for entry in _ENTRIES}
