"""Losses: the value and the way back come from one residual, so that they cannot drift apart.

A pair takes the outputs (or the net inputs of the last layer) and the targets, both (B, O), and returns each output's
share of each sample's loss (B, O) and the gradient of their sum (B, O). The batch is joined in `total`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from clearprop.network.activations import sigmoid, softmax, softplus
from clearprop.network.named import Entry, Parameter, look_up
from clearprop.network.record import Array

Pair = Callable[..., tuple[Array, Array]]


@dataclass(frozen=True)
class Loss(Entry):
    """A loss of one sample, as a pair of shares and gradient.

    `of_output` takes (A, Y). `of_net_input` has, for a last activation that belongs to the loss, the pair that takes
    (Z, Y): both computed together, which is shorter and stable. A parametrised entry gets its number last.
    `formula` is an output's share as text, in a, y, z, the number of outputs O and the number's name;
    `gradient_formula` its derivative by a, `joint_gradient_formula` by z where both are computed together.
    `lowest` and `highest` bound the targets. `positive` asks for outputs above 0. `kinks` are the residuals a - y at
    which the derivative jumps or bends, those of a parametrised entry in multiples of its number. `of_classes` says
    that class indices may stand for the targets.

    A loss that aims at something else than the targets has `aim`, which takes Y to Q, and its `aim_formula`; in its
    other formulas y is then what is aimed at.
    """

    name: str
    formula: str
    source: str
    gradient_formula: str = ""
    joint_gradient_formula: str = ""
    of_output: Pair | None = None
    of_net_input: Mapping[str, Pair] = field(default_factory=dict)
    lowest: float = -math.inf
    highest: float = math.inf
    positive: bool = False
    of_classes: bool = False
    aim: Callable[..., Array] | None = None
    aim_formula: str = ""
    kinks: tuple[float, ...] = ()
    parameter: Parameter | None = None
    number: float | None = None

    @property
    def bounds_targets(self) -> bool:
        """Whether there are numbers that are no targets."""
        return self.lowest > -math.inf or self.highest < math.inf


def loss(name: str) -> Loss:
    """The loss of a name; "huber(1.35)" and "quantile(0.9)" set the number that some of them take.

    >>> loss("quantile(0.9)").number
    0.9
    """
    return look_up("loss", name, LOSSES)


def total(shares: Array, weights: Array, reduction: str) -> tuple[Array, Array]:
    """The loss of a batch, and the way back: what each sample's gradient is multiplied by.

    mean: E = Σ wᵢEᵢ / Σ wᵢ; sum: E = Σ wᵢEᵢ.

    Args:
        shares: each output's share of each sample's loss (B, O).
        weights: the samples' weights (B,), 1 each where none were given.
        reduction: "mean" or "sum".

    >>> E, back = total(np.array([[1.0, 1.0], [4.0, 0.0]]), np.array([1.0, 3.0]), "mean")
    >>> float(E), back.tolist()
    (3.5, [[0.25], [0.75]])
    """
    divisor = (weights.sum() or 1.0) if reduction == "mean" else 1.0
    back = weights[:, None] / divisor
    return (shares * weights[:, None]).sum() / divisor, back


def _half_squared_error(A: Array, Y: Array) -> tuple[Array, Array]:
    residual = A - Y
    return 0.5 * residual * residual, residual


def _mean_squared_error(A: Array, Y: Array) -> tuple[Array, Array]:
    residual = A - Y
    return residual * residual / A.shape[1], 2.0 * residual / A.shape[1]


def _absolute(A: Array, Y: Array) -> tuple[Array, Array]:
    residual = A - Y
    sign = np.sign(residual.real)
    return sign * residual, sign


def _huber(A: Array, Y: Array, delta: float) -> tuple[Array, Array]:
    residual = A - Y
    near = np.abs(residual.real) <= delta
    clipped = np.where(near, residual, delta * np.sign(residual.real))
    return np.where(near, 0.5 * residual * residual, clipped * residual - 0.5 * delta * delta), clipped


def _quantile(A: Array, Y: Array, level: float) -> tuple[Array, Array]:
    residual = A - Y
    slope = np.where(residual.real > 0, 1.0 - level, np.where(residual.real < 0, -level, 0.0)).astype(A.dtype)
    return slope * residual, slope


def _poisson(A: Array, Y: Array) -> tuple[Array, Array]:
    # A target of 0 asks for no logarithm, which an output that has underflowed to 0 would not have.
    asked = np.where(Y == 0, 1.0, A)
    return A - Y * np.log(asked), 1.0 - Y / asked


def _poisson_of_log(Z: Array, Y: Array) -> tuple[Array, Array]:
    A = np.exp(Z)
    return A - Y * Z, A - Y


def _binary_cross_entropy(Z: Array, Y: Array) -> tuple[Array, Array]:
    # -y log a - (1 - y) log(1 - a) with log a = -softplus(-z) and log(1 - a) = -softplus(z): nothing cancels.
    return Y * softplus(-Z) + (1.0 - Y) * softplus(Z), (1.0 - Y) * sigmoid(Z) - Y * sigmoid(-Z)


def _cross_entropy(Z: Array, Y: Array) -> tuple[Array, Array]:
    # log(1 + the others), not log of the sum: the loss of a sure answer keeps its digits.
    largest = np.arange(Z.shape[1]) == Z.real.argmax(axis=1)[:, None]
    shifted = Z - Z[largest][:, None]
    log_sum = np.log1p(np.where(largest, 0.0, np.exp(shifted)).sum(axis=1, keepdims=True))
    return Y * (log_sum - shifted), softmax(Z) * Y.sum(axis=1, keepdims=True) - Y


def _smoothed(Y: Array, epsilon: float) -> Array:
    aims: Array = (1.0 - epsilon) * Y + epsilon / Y.shape[1]
    return aims


def _smoothed_cross_entropy(Z: Array, Y: Array, epsilon: float) -> tuple[Array, Array]:
    return _cross_entropy(Z, _smoothed(Y, epsilon))


def _perceptron(Z: Array, Y: Array) -> tuple[Array, Array]:
    residual = np.where(Z.real >= 0, 1.0, 0.0).astype(Z.dtype) - Y
    return residual * Z, residual


_ENTRIES = [
    Loss(
        "half_squared_error",
        formula="1 / 2 * (a - y)**2",
        gradient_formula="a - y",
        source="Rumelhart, Hinton and Williams, Nature 1986",
        of_output=_half_squared_error,
    ),
    Loss(
        "mean_squared_error",
        formula="1 / O * (a - y)**2",
        gradient_formula="2 / O * (a - y)",
        source="Gauss, 1809",
        of_output=_mean_squared_error,
    ),
    Loss(
        "absolute",
        formula="abs(a - y)",
        gradient_formula="sign(a - y)",
        source="Laplace, 1774",
        of_output=_absolute,
        kinks=(0.0,),
    ),
    Loss(
        "huber",
        formula="1 / 2 * (a - y)**2 if abs(a - y) <= delta else delta * (abs(a - y) - 1 / 2 * delta)",
        gradient_formula="a - y if abs(a - y) <= delta else delta * sign(a - y)",
        source="Huber, Annals of Mathematical Statistics 1964",
        of_output=_huber,
        kinks=(-1.0, 1.0),
        parameter=Parameter("delta", 1.0, above=0.0),
        number=1.0,
    ),
    Loss(
        "quantile",
        formula="(1 - level) * (a - y) if a > y else level * (y - a)",
        gradient_formula="1 - level if a > y else -level if a < y else 0",
        source="Koenker and Bassett, Econometrica 1978",
        of_output=_quantile,
        kinks=(0.0,),
        parameter=Parameter("level", 0.5, above=0.0, below=1.0),
        number=0.5,
    ),
    Loss(
        "poisson",
        formula="a - y * log(a)",
        gradient_formula="1 - y / a",
        joint_gradient_formula="a - y",
        source="McCullagh and Nelder, Generalized Linear Models, 1989",
        of_output=_poisson,
        of_net_input={"exp": _poisson_of_log},
        lowest=0.0,
        positive=True,
    ),
    Loss(
        "binary_cross_entropy",
        formula="-(y * log(a)) - (1 - y) * log(1 - a)",
        joint_gradient_formula="a - y",
        source="Solla, Levin and Fleisher, 1988",
        of_net_input={"sigmoid": _binary_cross_entropy},
        lowest=0.0,
        highest=1.0,
    ),
    Loss(
        "cross_entropy",
        formula="-(y * log(a))",
        joint_gradient_formula="total(y) * a - y",
        source="Bridle, 1990",
        of_net_input={"softmax": _cross_entropy},
        lowest=0.0,
        of_classes=True,
    ),
    Loss(
        "smoothed_cross_entropy",
        formula="-(y * log(a))",
        joint_gradient_formula="total(y) * a - y",
        source="Szegedy and others, CVPR 2016",
        of_net_input={"softmax": _smoothed_cross_entropy},
        lowest=0.0,
        of_classes=True,
        aim=_smoothed,
        aim_formula="(1 - epsilon) * y + epsilon / O",
        parameter=Parameter("epsilon", 0.1, above=0.0, below=1.0),
        number=0.1,
    ),
    Loss(
        "perceptron",
        formula="(a - y) * z",
        joint_gradient_formula="a - y",
        source="Rosenblatt, Psychological Review 1958",
        of_net_input={"step": _perceptron},
        lowest=0.0,
        highest=1.0,
    ),
]

LOSSES: dict[str, Loss] = {entry.name: entry for entry in _ENTRIES}
