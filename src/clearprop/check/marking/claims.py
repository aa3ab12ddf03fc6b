"""The claims of a sheet, number by number: which quantity each is about, after how many updates, and how exact."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clearprop.check.marking.course import Course
from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.explain.names import Names
from clearprop.explain.notation import find_notation
from clearprop.explain.ref import PARAMETERS, Ref
from clearprop.explain.trace import Trace
from clearprop.sheet import Claim, Sheet, Written


@dataclass(frozen=True)
class Figure:
    """One number that was claimed.

    Attributes:
        claim: the place of its claim in the sheet.
        ref: the quantity, one number; a parameter after n updates is the W' or b' of the step before.
        updates: how many were done before that step.
        written: the digits.
        sign: -1 where the notation of the sheet counts the quantity with the other sign.
    """

    claim: int
    ref: Ref
    updates: int
    written: Written
    sign: int

    @property
    def value(self) -> float:
        """The number claimed, with the sign that the quantity has here."""
        return self.sign * self.written.value

    @property
    def half(self) -> float:
        """Half of what the last digit counts: the true value may lie so far away."""
        return 0.5 * self.written.unit

    def of(self, array: Array) -> float:
        """The number at this place of the quantity's array."""
        return float(array[tuple(int(place) - 1 for place in self.ref.place)])

    def says(self, value: float, off: float = 0.0) -> bool:
        """Whether the digits are those of a value that may itself be off by so much."""
        if not math.isfinite(value) or not math.isfinite(off):
            return False
        slack = 1e-12 * max(abs(value), abs(self.value))  # the float nearest to a tie is not the tie
        return abs(value - self.value) <= self.half + off + slack


@dataclass(frozen=True)
class Resolved:
    """A claim with its figures, and how their places lie in it."""

    claim: Claim
    figures: tuple[Figure, ...]
    shape: tuple[int, ...]


def resolved(sheet: Sheet, course: Course) -> list[Resolved]:
    """The claims of a sheet.

    Raises:
        InputError: a claim is about nothing that there is, or is of another shape; the message names its line.
    """
    found = []
    names: dict[int, Names] = {}
    for number, claim in enumerate(sheet.claims):
        try:
            if claim.updates not in names:
                names[claim.updates] = Names(course.step(claim.updates), find_notation(sheet.notation))
            found.append(_resolved(number, claim, names[claim.updates]))
        except InputError as error:
            place = f"{claim.place}: " if claim.place else ""
            raise InputError(f'{place}claim "{claim.key}": {error}') from None
    return found


def _resolved(number: int, claim: Claim, names: Names) -> Resolved:
    step, turned = names.trace, names.notation.columns
    ref, sign = names.find(claim.id)
    places = _places(ref, step)
    if turned and not ref.place and places.ndim == 2:
        places = places.T
    written = np.array(claim.written, dtype=object)
    if written.shape != places.shape:
        places = _fitting(ref, places, written.shape, step)
    pairs = zip(places.ravel(), written.ravel(), strict=True)
    figures = tuple(_figure(number, one, claim.updates, text, sign) for one, text in pairs)
    return Resolved(claim, figures, written.shape)


def _figure(number: int, ref: Ref, updates: int, written: Written, sign: int) -> Figure:
    """A parameter after n updates is what the n-th of them made of it."""
    if updates and ref.kind in PARAMETERS:
        return Figure(number, Ref(f"{ref.kind}'", ref.layer, ref.place), updates - 1, written, sign)
    return Figure(number, ref, updates, written, sign)


def _places(ref: Ref, step: Trace) -> Array:
    """The numbers of a quantity, as it is laid out."""
    shape = () if ref.place else step.shapes.of(ref)
    places = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        places[place] = ref if ref.place else ref.at(*(index + 1 for index in place))
    return places


def _fitting(ref: Ref, places: Array, shape: tuple[int, ...], step: Trace) -> Array:
    """The same places without the axis of a single sample, or of a single number, if they then fit."""
    if 1 in places.shape and shape == tuple(size for size in places.shape if size != 1):
        return places.reshape(shape)
    of_one_sample = ref.by_sample and len(step.samples) == 1 and not ref.place
    expected = places.shape[1:] if of_one_sample else places.shape
    if shape in (expected, _by_input(ref, step)):
        return places.reshape(shape)
    raise InputError(f"expected {_said(expected)}, got {_said(shape)}")


def _by_input(ref: Ref, step: Trace) -> tuple[int, ...]:
    """The shape in which a sheet gives the parameters of a column layer: one list an input."""
    if ref.place or not (ref.of_columns and ref.layer and ref.parameter):
        return step.shapes.of(ref)
    return step.network.columns[ref.layer - 1].shapes[ref.parameter[0]]


def _said(shape: tuple[int, ...]) -> str:
    if not shape:
        return "one number"
    if len(shape) == 1:
        return f"a list of {shape[0]}"
    if len(shape) > 2:
        return f"lists of shape {shape}"
    return f"{shape[0]} list{'s' * (shape[0] > 1)} of {shape[1]}"
