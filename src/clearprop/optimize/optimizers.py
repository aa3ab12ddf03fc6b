"""Optimizers: one entry each, how a gradient and what is remembered become new parameters.

The definitions are those of PyTorch, where it has them, so that runs can be compared number by number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import InputError, check_number
from clearprop.network.record import Record, ignore
from clearprop.network.said import UNSAID, said
from clearprop.optimize.schedules import Constant, Schedule, as_schedule, described

Array = NDArray[Any]
Slots = dict[str, Array]


@dataclass(frozen=True, repr=False)
class Optimizer(ABC):
    """From gradients to new parameters.

    `learning_rate` is a number or a schedule. `fade` is one with values from 0 to 1: the share of dropout and of
    decoupled weight decay that is left at each update.

    >>> from clearprop.optimize.schedules import FlatCosine
    >>> SGD(0.1, fade=FlatCosine(1.0, steps=1000))
    SGD(learning_rate=0.1, fade=FlatCosine(rate=1.0, steps=1000), momentum=0.0, nesterov=False)
    """

    learning_rate: float | Schedule
    fade: float | Schedule = field(default=1.0, kw_only=True, metadata=UNSAID)

    def __post_init__(self) -> None:
        for entry in fields(self):
            check = _number_or_schedule if entry.name in ("learning_rate", "fade") else self._checked
            object.__setattr__(self, entry.name, check(entry.name, getattr(self, entry.name)))
        if self.fading.bound > 1.0:
            raise InputError(f"fade: expected a share from 0 to 1, or a schedule of such, got {self.fade!r}")

    __repr__ = said

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of what it remembers between updates, one number a parameter each, 0 at the start."""
        return ()

    @cached_property
    def schedule(self) -> Schedule:
        return as_schedule(self.learning_rate)

    @cached_property
    def fading(self) -> Schedule:
        """`fade` as a schedule."""
        return as_schedule(self.fade, "fade")

    @property
    def fades(self) -> bool:
        """Whether dropout and decay are ever less than in full."""
        return self.fade != 1.0

    @abstractmethod
    def update(
        self,
        w: Array,
        gradient: Array,
        slots: Slots,
        rate: float,
        step: int,
        weights: NDArray[np.bool_],
        record: Record = ignore,
        *,
        factors: Array | float = 1.0,
        fade: float = 1.0,
    ) -> tuple[Array, Slots]:
        """The new parameters and slots.

        Args:
            w, gradient: (P,), the parameters that are trained and ∂J/∂w.
            slots: (P,) each, as the update before left them.
            rate: the learning rate of this update.
            step: how many updates came before.
            weights: (P,), which of the parameters are weights; biases are not decayed.
            record: is told what `formulas` names, but for the slots, which are returned.
            factors: (P,), what the rate is multiplied by, as `Parameters.rate_factors` has it.
            fade: the share of decoupled decay that is left.
        """

    @abstractmethod
    def formulas(self, weight: bool) -> dict[str, str]:
        """What `update` computes for a weight or for a bias, in order; the last is "new", the parameter afterwards.

        They are written in w, its gradient g, eta (the rate), factor (what a layer multiplies it by), t (the number of
        this update, from 1), the fields of the optimizer, the slots as they were (m_old) and what is named before.
        """

    def to_json(self) -> dict[str, Any]:
        """A description of plain numbers and strings."""
        plain = {
            name: value.to_json() if isinstance(value, Schedule) else value
            for name, value in (("learning_rate", self.learning_rate), ("fade", self.fade))
        }
        return {"kind": _KINDS[type(self)], **asdict(self), **plain}

    def _checked(self, name: str, value: object) -> float | bool:
        if name == "nesterov":
            if not isinstance(value, bool):
                raise InputError(f"nesterov: expected True or False, got {value!r}")
            return value
        number = check_number(name, value)
        if name in ("momentum", "beta1", "beta2", "decay") and number >= 1.0:
            raise InputError(f"{name}: expected a number from 0 to below 1, got {value!r}")
        return number


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """Gradient descent: u ← momentum·u + g, w ← w - rate·u; with Nesterov w ← w - rate·(g + momentum·u).

    Robbins and Monro 1951; Polyak 1964; Sutskever and others, ICML 2013.

    >>> w, _ = SGD(0.5).update(np.array([1.0]), np.array([0.2]), {}, 0.5, 0, np.array([True]))
    >>> w.tolist()
    [0.9]
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise InputError("nesterov: needs a momentum above 0, as SGD(0.1, momentum=0.9, nesterov=True)")

    @property
    def slots(self) -> tuple[str, ...]:
        return ("u",) if self.momentum else ()

    def update(
        self,
        w: Array,
        gradient: Array,
        slots: Slots,
        rate: float,
        step: int,
        weights: NDArray[np.bool_],
        record: Record = ignore,
        *,
        factors: Array | float = 1.0,
        fade: float = 1.0,
    ) -> tuple[Array, Slots]:
        if not self.momentum:
            return w - rate * factors * gradient, slots
        u = self.momentum * slots["u"] + gradient
        direction = gradient + self.momentum * u if self.nesterov else u
        return w - rate * factors * direction, {"u": u}

    def formulas(self, weight: bool) -> dict[str, str]:
        if not self.momentum:
            return {"new": "w - eta * factor * g"}
        new = "w - eta * factor * (g + momentum * u)" if self.nesterov else "w - eta * factor * u"
        return {"u": "momentum * u_old + g", "new": new}


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    """m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← w - rate · m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε), t from 1.

    Kingma and Ba, ICLR 2015.
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    @property
    def slots(self) -> tuple[str, ...]:
        return ("m", "v")

    def update(
        self,
        w: Array,
        gradient: Array,
        slots: Slots,
        rate: float,
        step: int,
        weights: NDArray[np.bool_],
        record: Record = ignore,
        *,
        factors: Array | float = 1.0,
        fade: float = 1.0,
    ) -> tuple[Array, Slots]:
        m = self.beta1 * slots["m"] + (1.0 - self.beta1) * gradient
        v = self.beta2 * slots["v"] + (1.0 - self.beta2) * gradient * gradient
        m_corrected = m / (1.0 - self.beta1 ** (step + 1))
        v_corrected = v / (1.0 - self.beta2 ** (step + 1))
        record("m_hat", m_corrected)
        record("v_hat", v_corrected)
        return w - rate * factors * m_corrected / (np.sqrt(v_corrected) + self.epsilon), {"m": m, "v": v}

    def formulas(self, weight: bool) -> dict[str, str]:
        return {
            "m": "beta1 * m_old + (1 - beta1) * g",
            "v": "beta2 * v_old + (1 - beta2) * g**2",
            "m_hat": "m / (1 - beta1**t)",
            "v_hat": "v / (1 - beta2**t)",
            "new": "w - eta * factor * m_hat / (sqrt(v_hat) + epsilon)",
        }


@dataclass(frozen=True, repr=False)
class AdamW(Adam):
    """Adam with decoupled decay: first w ← w - rate·weight_decay·fade·w for the weights, not the biases; then its step.

    Loshchilov and Hutter, ICLR 2019.
    """

    weight_decay: float = 0.01

    def update(
        self,
        w: Array,
        gradient: Array,
        slots: Slots,
        rate: float,
        step: int,
        weights: NDArray[np.bool_],
        record: Record = ignore,
        *,
        factors: Array | float = 1.0,
        fade: float = 1.0,
    ) -> tuple[Array, Slots]:
        decayed = np.where(weights, w - rate * self.weight_decay * fade * w, w)
        record("decayed", decayed)
        return super().update(decayed, gradient, slots, rate, step, weights, record, factors=factors)

    def formulas(self, weight: bool) -> dict[str, str]:
        adam = super().formulas(weight)
        if not weight:
            return adam
        new = adam.pop("new").replace("w", "decayed", 1)
        left = "weight_decay * fade" if self.fades else "weight_decay"
        return {"decayed": f"w - eta * {left} * w", **adam, "new": new}


@dataclass(frozen=True, repr=False)
class RMSprop(Optimizer):
    """v ← decay·v + (1-decay)g², w ← w - rate · g / (√v + ε). Hinton, lecture 6e, 2012."""

    learning_rate: float | Schedule = 0.01
    decay: float = 0.99
    epsilon: float = 1e-8

    @property
    def slots(self) -> tuple[str, ...]:
        return ("v",)

    def update(
        self,
        w: Array,
        gradient: Array,
        slots: Slots,
        rate: float,
        step: int,
        weights: NDArray[np.bool_],
        record: Record = ignore,
        *,
        factors: Array | float = 1.0,
        fade: float = 1.0,
    ) -> tuple[Array, Slots]:
        v = self.decay * slots["v"] + (1.0 - self.decay) * gradient * gradient
        return w - rate * factors * gradient / (np.sqrt(v) + self.epsilon), {"v": v}

    def formulas(self, weight: bool) -> dict[str, str]:
        return {"v": "decay * v_old + (1 - decay) * g**2", "new": "w - eta * factor * g / (sqrt(v) + epsilon)"}


def _number_or_schedule(name: str, given: object) -> float | Schedule:
    schedule = as_schedule(given, name)
    return schedule.rate if isinstance(schedule, Constant) else schedule


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop}
_KINDS = {kind: name for name, kind in OPTIMIZERS.items()}


def optimizer_from_json(description: Mapping[str, Any]) -> Optimizer:
    """The optimizer of a description that `to_json` made, or of a sheet; unknown keys are an `InputError`.

    >>> optimizer_from_json({"kind": "sgd", "learning_rate": 0.5})
    SGD(learning_rate=0.5, momentum=0.0, nesterov=False)
    """
    return described("optimizer", OPTIMIZERS, description, usual="sgd")
