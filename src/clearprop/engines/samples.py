"""Arrays as users give them -> checked arrays of a model's float type; a copy only where the type asks for one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from clearprop.engines.base import Array, Samples
from clearprop.engines.source import Source, Typed
from clearprop.errors import InputError
from clearprop.network.parameters import real_array
from clearprop.network.spec import Network

NUMBERS_AT_ONCE = 1 << 17


def check_samples(
    network: Network, dtype: np.dtype[Any], X: ArrayLike, Y: ArrayLike, sample_weight: ArrayLike | None = None
) -> Samples:
    """Inputs, targets and weights of the same number of rows, as an engine wants them.

    Raises:
        InputError: a shape does not fit the network, a value is not finite or out of the loss's range.
    """
    inputs = check_inputs(network, dtype, X)
    targets = _check_targets(network, dtype, Y, len(inputs))
    weights = None if sample_weight is None else _check_weights(dtype, sample_weight, len(inputs))
    return Samples(inputs, targets, weights)


def check_source(network: Network, dtype: np.dtype[Any], source: Source) -> Typed:
    """The source with its rows in the types that an engine wants, all looked at as `check_samples` does.

    Raises:
        InputError: as `check_samples`; rows are named by their number in the source.
    """
    wanted = None
    for first, X, Y in source.parts():
        try:
            found = check_samples(network, dtype, X, Y)
        except InputError as error:
            raise InputError(_further(str(error), first)) from None
        wanted = wanted or Typed(source, found.X[:0].copy(), found.Y[:0].copy())
    assert wanted is not None, "a source has rows"
    return wanted


def _further(message: str, rows: int) -> str:
    """A message about a row, whose number is so much higher."""
    return re.sub(r"^([XY])\[(\d+)", lambda match: f"{match[1]}[{int(match[2]) + rows}", message)


def check_inputs(network: Network, dtype: np.dtype[Any], X: ArrayLike) -> Array:
    """X as (B, inputs), finite and contiguous."""
    array = real_array("X", X)
    if array.ndim != 2 or array.shape[1] != network.inputs:
        mend = "; for one sample give X[None, :]" if array.shape == (network.inputs,) else ""
        raise InputError(
            f"X: expected shape (B, {network.inputs}), got {array.shape}: the network has {network.inputs} inputs{mend}"
        )
    if len(array) == 0:
        raise InputError("X: expected at least one row, got none")
    inputs, first = _finite("X", array, dtype), 0
    for layer in network.columns:
        layer.check(inputs[:, first : first + layer.count], first)
        first += layer.count
    return inputs


def _check_targets(network: Network, dtype: np.dtype[Any], Y: ArrayLike, rows: int) -> Array:
    array = real_array("Y", Y)
    function = network.loss_function
    if function.of_classes and array.ndim == 1:
        return _check_classes(array, network.outputs, rows)
    if array.ndim == 1 and network.outputs == 1:
        array = array[:, None]
    if array.shape != (rows, network.outputs):
        also = f" or class indices ({rows},)" if function.of_classes else ""
        raise InputError(f"Y: expected shape ({rows}, {network.outputs}){also}, got {array.shape}")
    targets = _finite("Y", array, dtype)
    if not function.bounds_targets:
        return targets
    outside = (targets < function.lowest) | (targets > function.highest)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise InputError(
            f'Y[{row}, {column}] is {targets[row, column]:g}: the loss "{function.name}" '
            f"takes targets from {function.lowest:g} to {function.highest:g}"
        )
    return targets


def _check_classes(array: Array, outputs: int, rows: int) -> Array:
    if array.shape != (rows,):
        raise InputError(f"Y: expected {rows} class indices, one a row of X, got {len(array)}")
    with np.errstate(invalid="ignore"):  # what is no whole number is found below
        classes = array.astype(np.int64)
    wrong = (classes != array) | (classes < 0) | (classes >= outputs)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(f"Y[{row}] is {array[row]}: expected a class index from 0 to {outputs - 1}")
    return classes


def _check_weights(dtype: np.dtype[Any], sample_weight: ArrayLike, rows: int) -> Array:
    array = real_array("sample_weight", sample_weight)
    if array.shape != (rows,):
        raise InputError(f"sample_weight: expected shape ({rows},), one a row of X, got {array.shape}")
    weights = _finite("sample_weight", array, dtype)
    if (weights < 0).any():
        raise InputError(f"sample_weight[{int(np.argmax(weights < 0))}] is negative: expected numbers from 0 up")
    check_total("sample_weight", weights)
    return weights


def check_total(name: str, weights: Array) -> None:
    """Whether weights add up to something to learn from."""
    if not weights.any():
        raise InputError(f"{name}: all are 0, so there is nothing to learn from")
    with np.errstate(over="ignore"):
        if not np.isfinite(weights.sum()):
            raise InputError(f"{name}: the sum is too large for {weights.dtype}; divide all of them by one number")


def _all_finite(array: Array) -> bool:
    """Whether all numbers are finite, a part at a time, so that what is found of a part stays in the cache."""
    if array.size <= NUMBERS_AT_ONCE:
        return bool(np.isfinite(array).all())
    numbers = array.reshape(-1)
    parts = range(0, numbers.size, NUMBERS_AT_ONCE)
    return all(np.isfinite(numbers[start : start + NUMBERS_AT_ONCE]).all() for start in parts)


def _finite(name: str, array: Array, dtype: np.dtype[Any]) -> Array:
    if array.dtype == dtype and array.flags.c_contiguous:
        converted = array
    else:
        with np.errstate(over="ignore"):
            converted = np.ascontiguousarray(array, dtype=dtype)
    if not _all_finite(converted):
        place = tuple(int(index) for index in np.argwhere(~np.isfinite(converted))[0])
        end = f" as {dtype}" if np.isfinite(array[place]) else ""
        raise InputError(
            f"{name}[{', '.join(map(str, place))}] is {array[place]}{end}: every number must be finite; "
            "fill or leave out missing values first"
        )
    return converted
