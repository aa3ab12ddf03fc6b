"""What a wrong gradient looks like: known slips, each of which is named only where it gives the very same values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from clearprop.check.gradient_report import GradientReport, GradientRow
from clearprop.check.layers import Layer, layers
from clearprop.check.perturbed import Point
from clearprop.engines.base import Array
from clearprop.network.penalty import penalty

MOST_NAMED = 3
"""Where several slips give the same values, as for a batch of 2, so many are named."""


@dataclass(frozen=True)
class Slip:
    """What a layer's gradients come to by a slip; an array that it leaves right is None."""

    text: str
    dW: Array | None = None
    db: Array | None = None


def likely_cause(point: Point, report: GradientReport, rounding: Array) -> str | None:
    """The slips that reproduce all wrong values of the first wrong layer, or None.

    Args:
        rounding: what rounding explains of each gradient (P,).
    """
    number = report.first_wrong_layer
    assert number is not None, "there is a cause only where something is wrong"
    if number == 0:
        return None
    rows = [row for row in report.rows if row.place.layer + 1 == number and row.verdict != "kink"]
    layer = layers(point)[number - 1]
    found: list[str] = []
    for slips in (_slips(layer), _any_factor(layer, rows)):
        explaining = (slip for slip in slips if _explains(slip, rows, rounding, report.tolerance))
        found = found or [_text(slip, number) for slip in explaining if _changes(slip, layer)]
    return " or ".join(dict.fromkeys(found[:MOST_NAMED])) or None


def _text(slip: Slip, number: int) -> str:
    arrays = [f"{letter}{number}" for letter, array in (("W", slip.dW), ("b", slip.db)) if array is not None]
    return f"{' and '.join(arrays)}: {slip.text}"


def _changes(slip: Slip, layer: Layer) -> bool:
    """Whether a slip makes any difference here: leaving out sample weights of 1 makes none."""
    both = ((slip.dW, layer.dE + layer.dR), (slip.db, layer.db))
    return any(array is not None and not np.allclose(array, right, rtol=1e-9, atol=0.0) for array, right in both)


def _explains(slip: Slip, rows: list[GradientRow], rounding: Array, tolerance: float) -> bool:
    for letter, array in (("W", slip.dW), ("b", slip.db)):
        own = [row for row in rows if row.place.array[0] == letter]
        if array is None:
            if any(row.verdict == "wrong" for row in own):
                return False
        elif own and not _same(array, own, rounding, tolerance):
            return False
    return True


def _same(array: Array, rows: list[GradientRow], rounding: Array, tolerance: float) -> bool:
    expected = np.array([_entry(array, row) for row in rows])
    value = np.array([row.value for row in rows])
    slack = rounding[[row.place.flat for row in rows]]
    with np.errstate(invalid="ignore"):
        return bool((np.abs(value - expected) <= tolerance * np.abs(expected) + slack).all())


def _entry(array: Array, row: GradientRow) -> float:
    place = row.place
    return float(array[place.unit or 0] if place.input is None else array[place.input, place.unit])


def _slips(layer: Layer) -> Iterator[Slip]:
    yield from _factors(layer)
    yield from _transposed(layer)
    yield from _penalties(layer)
    yield from _biases(layer)
    yield from _deltas(layer)
    yield from _inputs(layer)


def _factors(layer: Layer) -> Iterator[Slip]:
    for factor, text in _known_factors(layer):
        if factor != 1.0:
            yield from _times(layer, factor, text)


def _known_factors(layer: Layer) -> Iterator[tuple[float, str]]:
    yield -1.0, "the sign is wrong"
    yield 0.0, "all are 0"
    batch, outputs = layer.batch, layer.network.outputs
    if layer.network.reduction == "mean":
        yield batch, f"summed over the batch, not averaged: {batch:g} times too large"
        yield 1.0 / batch, f"divided by the size of the batch, {batch:g}, twice"
    else:
        yield 1.0 / batch, f"averaged over the batch, not summed: {batch:g} times too small"
    if layer.network.loss == "mean_squared_error":
        yield float(outputs), f"summed over the outputs, not averaged: {outputs} times too large"
    else:
        yield 1.0 / outputs, f"averaged over the outputs, not summed: {outputs} times too small"
    yield 2.0, "twice as large as it should be: a factor 1/2 is missing"
    yield 0.5, "half as large as it should be: a factor 2 is missing"


def _any_factor(layer: Layer, rows: list[GradientRow]) -> Iterator[Slip]:
    """The factor that fits the wrong rows best."""
    wrong = [row for row in rows if row.verdict == "wrong"]
    value, numeric = (np.array([getattr(row, name) for row in wrong]) for name in ("value", "numeric"))
    if len(wrong) > 1 and np.isfinite(value).all() and numeric.any():
        factor = float(value @ numeric / (numeric @ numeric))
        yield from _times(layer, factor, f"{factor:.6g} times what it should be")


def _times(layer: Layer, factor: float, text: str) -> Iterator[Slip]:
    """The loss's part times a factor, or the penalty's, too; of all, of the weights or of the biases."""
    for dW in (factor * layer.dE + layer.dR, factor * (layer.dE + layer.dR)):
        yield Slip(text, dW, factor * layer.db)
        yield Slip(text, dW=dW)
    yield Slip(text, db=factor * layer.db)


def _transposed(layer: Layer) -> Iterator[Slip]:
    dW = layer.dE + layer.dR
    if dW.shape[0] == dW.shape[1]:
        yield Slip("transposed", dW=dW.T)
    elif 1 not in dW.shape:
        yield Slip("laid out as (units, inputs), then only reshaped", dW=dW.T.reshape(dW.shape))


def _penalties(layer: Layer) -> Iterator[Slip]:
    network, dE, dR = layer.network, layer.dE, layer.dR
    if not dR.any():
        return
    yield Slip("the penalty is left out", dW=dE)
    yield Slip("the penalty has the wrong sign", dW=dE - dR)
    yield Slip("the penalty is twice as large as it should be", dW=dE + 2.0 * dR)
    yield Slip("the penalty is half as large as it should be", dW=dE + 0.5 * dR)
    yield Slip("the penalty is divided by the size of the batch", dW=dE + dR / layer.batch)
    yield Slip("the penalty is multiplied by the size of the batch", dW=dE + dR * layer.batch)
    if network.l1 and network.l2:
        yield Slip("the l1 penalty is left out", dW=dE + network.l2 * layer.W)
        yield Slip("the l2 penalty is left out", dW=dE + network.l1 * np.sign(layer.W))
    yield Slip("the penalty is on the biases, too", db=layer.db + penalty(layer.b, network.l1, network.l2)[1])


def _biases(layer: Layer) -> Iterator[Slip]:
    delta, size = layer.delta, len(layer.b)
    if layer.bias == "unit":
        if len(delta) == size:
            yield Slip("summed over the units, not over the rows", db=delta.sum(axis=1))
        yield Slip("summed over the units, too", db=np.full(size, delta.sum()))
    if layer.bias == "layer":
        yield Slip("averaged over the units, not summed", db=layer.db / delta.shape[1])
        yield Slip("of the first unit alone", db=delta[:, :1].sum(keepdims=True)[0])
    if size:
        yield Slip("averaged over the rows, not summed", db=layer.db / len(delta))
        yield Slip("of the first row alone", db=layer.summed(delta[:1]))
        yield Slip("of the last row alone", db=layer.summed(delta[-1:]))


def _deltas(layer: Layer) -> Iterator[Slip]:
    """Slips in ∂E/∂Z, which go on into weights and biases alike."""
    function, delta = layer.function, layer.delta
    back: Callable[[Array], Array] = function.forward(layer.net_inputs)[1]
    if layer.dA is None:
        yield _of(layer, "∂E/∂z is multiplied by f′, which the loss has taken in already", back(delta))
    else:
        yield _of(layer, "f′ is missing", layer.dA)
        if not function.across_units:
            of_outputs = function.derivative(layer.outputs, *function.numbers)
            yield _of(layer, "f′(a) in the place of f′(z)", layer.dA * of_outputs)
    if layer.above is not None:
        delta_above, W_above = layer.above
        if W_above.shape[0] == W_above.shape[1]:
            text = "Δ of the layer above is multiplied by its W, not by Wᵀ"
            yield _of(layer, text, back(delta_above @ W_above))
    yield _of(layer, "the sample weights are left out", layer.unweighted)
    for text, kept in (("the last row is left out", slice(-1)), ("the first row is left out", slice(1, None))):
        yield _of(layer, text, delta[kept], layer.inputs[kept])


def _of(layer: Layer, text: str, delta: Array, inputs: Array | None = None) -> Slip:
    dE = (layer.inputs if inputs is None else inputs).T @ delta
    return Slip(text, dE + layer.dR, layer.summed(delta) if len(layer.b) else None)


def _inputs(layer: Layer) -> Iterator[Slip]:
    """Slips in A, which the biases do not have."""
    if layer.below is not None:
        text = "made with the net inputs of the layer below, not with its outputs"
        yield Slip(text, dW=layer.below.T @ layer.delta + layer.dR)
    if layer.outputs.shape == layer.inputs.shape:
        yield Slip(
            "made with the outputs of the layer, not with its inputs", dW=layer.outputs.T @ layer.delta + layer.dR
        )
