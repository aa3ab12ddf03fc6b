"""Checking gradients against derivatives found by moving each parameter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from clearprop.check.causes import likely_cause
from clearprop.check.given import Given, given_gradients
from clearprop.check.gradient_report import GradientReport
from clearprop.check.module import ModuleLoss, module_gradients
from clearprop.check.numeric import METHODS, allows_complex_step
from clearprop.check.perturbed import Point
from clearprop.check.places import places
from clearprop.check.verdicts import Judge
from clearprop.engines import get_engine, thread_count
from clearprop.engines.base import Samples
from clearprop.engines.reference import value
from clearprop.engines.samples import check_samples
from clearprop.errors import InputError, check_count, check_number, unknown
from clearprop.model import Model
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.random import check_seed

ALL_UP_TO = 2000
"""Networks of at most so many parameters are checked whole."""

SAMPLED = 500
"""Of larger ones so many parameters are checked."""


def check_gradients(
    model: Model,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    gradients: Given | None = None,
    module: Any = None,
    module_loss: ModuleLoss | None = None,
    sample_weight: ArrayLike | None = None,
    engine: str = "auto",
    threads: int | None = None,
    parameters: int | Literal["all"] | None = None,
    seed: int = 0,
    tolerance: float = 1e-6,
    method: str = "auto",
    step: float | None = None,
) -> GradientReport:
    """Compares gradients of J = E + R with derivatives found by moving one parameter at a time.

    What is checked is an engine's gradients, or those that a user gives, or those of a PyTorch module of the same
    shape. The other side is always the reference's loss in float64, by a complex step where its functions are
    analytic: ∂J/∂w = Im J(w + ih) / h. A gradient is wrong where it differs by more than the tolerance and than
    rounding in its float type explains. At a kink (z = 0 of relu, r = 0 of |r|) there is nothing to compare with.

    Args:
        model: whose parameters are moved.
        X, Y: (B, inputs) and (B, outputs), or class indices (B,) for cross-entropy.
        gradients: a user's own: {"W1": (I, O), "b1": (O,), …}, two lists, or `Parameters`.
        module: a PyTorch module whose Linear layers, in order, are those of the network; it is given the model's
            parameters for the time of the check.
        module_loss: of (outputs, targets), the scalar E of the module, if it is not the network's loss; R is added.
        sample_weight: (B,), as in training.
        engine: whose gradients are checked, if none are given.
        parameters: "all", or how many; without it all up to 2,000, else 500, evenly over the layers.
        seed: of the sample.
        tolerance: the relative error that passes.
        method: "complex step", "central differences" or "auto".
        step: of the central differences; without it one that suits the size of each parameter.

    Raises:
        InputError: an argument does not fit the network, or J is not finite there.

    >>> model = Model(Network.parse("2-1"), weights=[[[0.5], [-0.25]]], biases=[0.1])
    >>> report = check_gradients(model, [[1.0, 2.0]], [[1.0]], engine="reference")
    >>> report.ok, [row.id for row in report.rows]
    (True, ['W1[1->1]', 'W1[2->1]', 'b1[1]'])
    >>> dW, db = [[-0.118], [-0.236]], [0.118]
    >>> report = check_gradients(model, [[1.0, 2.0]], [[1.0]], gradients={"W1": dW, "b1": db}, tolerance=0.01)
    >>> [row.id for row in report.of("wrong")], report.cause
    (['b1[1]'], 'b1: the sign is wrong')

    Source: the UFLDL tutorial, "Gradient checking and advanced optimization", and Squire and Trapp, SIAM Review 1998.
    """
    if not isinstance(model, Model):
        raise InputError(f"model: expected a Model, got {model!r}")
    if gradients is not None and module is not None:
        raise InputError("gradients, module: give one of them, and check the other in another call")
    if module_loss is not None and module is None:
        raise InputError("module_loss: it is the loss of a PyTorch module; give that as module, or leave it out")
    network = model.network
    tolerance = check_number("tolerance", tolerance)
    chosen = places(network, _count(network, parameters), check_seed(seed))
    method, step = _method(network, method, step)
    samples = check_samples(network, model.parameters.flat.dtype, X, Y, sample_weight)
    point = _point(model, samples)
    if gradients is not None:
        checked = _Checked("the gradients given", *given_gradients(network, gradients))
    elif module is not None:
        checked = _Checked("the PyTorch module", *module_gradients(model, point, module, module_loss))
    else:
        machine = get_engine(engine)
        found = machine.loss_and_gradients(model.parameters, samples, thread_count(threads))[1]
        checked = _Checked(f"the {machine.name} engine", found, found.flat.dtype, careful=True)
    coarsest = max(checked.dtype, model.parameters.flat.dtype, key=lambda one: float(np.finfo(one).eps))
    judge = Judge.at_point(point, coarsest, checked.careful, method, step, tolerance)
    values = checked.gradients.flat.astype(np.float64)
    report = GradientReport(
        rows=tuple(judge.row(place, float(values[place.flat])) for place in chosen),
        subject=checked.subject,
        network=str(network),
        method=method,
        parameter_count=network.parameter_count,
        tolerance=tolerance,
        dtype=str(coarsest),
        note=checked.note,
    )
    return report if report.ok else replace(report, cause=likely_cause(point, report, judge.rounding.gradients))


@dataclass(frozen=True)
class _Checked:
    """What is checked, the float type it was computed in, and whether it keeps its relative accuracy in the tails."""

    subject: str
    gradients: Parameters
    dtype: np.dtype[Any]
    note: str | None = None
    careful: bool = False


def _count(network: Network, parameters: object) -> int:
    total = network.parameter_count
    if parameters is None:
        return total if total <= ALL_UP_TO else SAMPLED
    if isinstance(parameters, str):
        if parameters != "all":
            raise unknown("choice of parameters", parameters, ["all"])
        return total
    return check_count("parameters", parameters)


def _method(network: Network, method: str, step: float | None) -> tuple[str, float | None]:
    if method not in ("auto", *METHODS):
        raise unknown("method", method, ("auto", *METHODS))
    if step is not None and method == "complex step":
        raise InputError('step: it belongs to method="central differences"; leave it out, or give that method')
    if step is not None and check_number("step", step) == 0.0:
        raise InputError(f"step: expected a number above 0, got {step!r}")
    if method == "auto":
        method = "complex step" if step is None and allows_complex_step(network) else "central differences"
    return method, step


def _point(model: Model, samples: Samples) -> Point:
    weights = None if samples.weights is None else samples.weights.astype(np.float64)
    Y = samples.Y if samples.Y.ndim == 1 else samples.Y.astype(np.float64)
    parameters = Parameters(model.network, model.parameters.flat.astype(np.float64))
    with np.errstate(all="ignore"):  # whether the loss is finite is looked at here
        point = Point(parameters, Samples(samples.X.astype(np.float64), Y, weights))
        loss = float(value(point.parameters, point.samples))
    if not np.isfinite(loss):
        raise InputError(f"the loss is {loss} at these parameters: it has no derivative to check; make them smaller")
    return point
