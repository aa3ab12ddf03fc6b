"""One full step, taken apart: every quantity of forward, loss, backward and update, with what it was computed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from clearprop.engines.base import Array, Samples, State
from clearprop.engines.reference import dropout_masks, step
from clearprop.engines.samples import check_samples
from clearprop.errors import InputError, did_you_mean
from clearprop.explain.definitions import Part, Step, definitions
from clearprop.explain.expression import Expression, simplified, symbols
from clearprop.explain.ref import SETTINGS, Ref, parse
from clearprop.explain.scalar import Elements, Shapes
from clearprop.model import Model
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer
from clearprop.random import check_seed

if TYPE_CHECKING:
    from clearprop.explain.explanation import Explanation


@dataclass(frozen=True)
class Quantity:
    """A quantity of a trace.

    Attributes:
        id: canonical, as "z1[2]" or, of a whole matrix, "z1".
        value: a number, or an array (B, O), (I, O) or (O,).
        formula: how it was computed, or None where it was given.
        sources: the ids it was computed from, in reading order.
        part: which part of the step computed it, or None where it was given.
    """

    id: str
    ref: Ref
    value: Any
    formula: Expression | None
    sources: tuple[str, ...]
    part: Part | None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(np.shape(self.value))


class Trace:
    """One step of a model on one sample or a batch, made by `trace`.

    >>> import clearprop as cp
    >>> net = cp.Network.parse("2-2-2", bias="layer", train_bias=False)
    >>> W1, W2 = [[0.15, 0.25], [0.20, 0.30]], [[0.40, 0.50], [0.45, 0.55]]
    >>> step = trace(cp.Model(net, [W1, W2], [0.35, 0.60]), [0.05, 0.10], [0.01, 0.99], optimizer=cp.SGD(0.5))
    >>> round(step["delta1[1]"].value, 9), step["delta1[1]"].sources
    (0.008771355, ('dE/da1[1]', 'da1/dz1[1]'))
    >>> round(step["W1'[2->1]"].value, 9)
    0.199561432
    """

    def __init__(self, model: Model, samples: Samples, step: Step, values: dict[Ref, Array]) -> None:
        self.model = model
        self.samples = samples
        self.step = step
        self.shapes = Shapes(step.network, len(samples))
        self.definitions = {one.ref: one for one in definitions(step)}
        self._values = values
        self._elements = Elements(self.shapes)

    @property
    def network(self) -> Network:
        return self.step.network

    @property
    def optimizer(self) -> Optimizer | None:
        return self.step.optimizer

    def __getitem__(self, id: str | Ref) -> Quantity:
        """The quantity of a canonical id, a number or a whole matrix.

        Raises:
            InputError: there is no such quantity in this step.
        """
        ref = self.checked(id)
        definition = self.definitions.get(ref.whole)
        formula = self.formula(ref) if definition else None
        sources = tuple(self.text(one) for one in symbols(formula)) if formula else ()
        return Quantity(self.text(ref), ref, self.value(ref), formula, sources, definition.part if definition else None)

    def __contains__(self, id: object) -> bool:
        try:
            self.checked(id)  # type: ignore[arg-type]
        except InputError:
            return False
        return True

    @property
    def given(self) -> list[Ref]:
        """The whole quantities that the step starts from."""
        return [ref for ref in self._values if ref not in self.definitions and ref.kind not in ("R", "J")]

    def __iter__(self) -> Iterator[str]:
        """The ids of all whole quantities: what was given, then what was computed, in order."""
        return iter([self.text(ref) for ref in (*self.given, *self.definitions)])

    def __len__(self) -> int:
        return len(self.given) + len(self.definitions)

    def text(self, ref: Ref) -> str:
        return ref.text(len(self.samples))

    def value(self, ref: Ref) -> Any:
        """The value of a quantity: a float of one number, an array of a whole matrix."""
        array = self._values[ref.whole]
        if not ref.place:
            return array if array.ndim else float(array)
        return float(array[tuple(int(number) - 1 for number in ref.place)])

    def formula(self, ref: Ref) -> Expression:
        """How a quantity was computed, element by element where `ref` has a place."""
        definition = self.definitions[ref.whole]
        if not ref.place and self.shapes.of(ref):
            return definition.formula
        return simplified(self._elements.of(definition.by_shares or definition.formula, *ref.place))

    def explain(
        self,
        *,
        notation: str = "canonical",
        language: str = "en",
        digits: int = 9,
        form: str = "auto",
        focus: str | None = None,
    ) -> Explanation:
        """The step as worked arithmetic; `print` it, or give it to `clearprop.explain.render`.

        Args:
            notation: "canonical", "net-out", "threshold", "matrix-columns", "matrix", "ufldl" or "nielsen".
            language: "en" or "zh".
            digits: decimals of what is computed.
            form: "scalar" number by number, "matrix" by whole matrices, "auto" by size and notation.
            focus: an id, canonical or of the notation: only what this quantity is computed from.
        """
        from clearprop.explain.explanation import Explanation

        return Explanation(self, notation=notation, language=language, digits=digits, form=form, focus=focus)

    def _repr_html_(self) -> str:
        return self.explain()._repr_html_()

    def _repr_latex_(self) -> str:
        from clearprop.explain.render.equations import formulas

        return formulas(self.explain(form="matrix"))

    def elements(self, ref: Ref) -> Iterator[Ref]:
        """Each number of a whole quantity, row by row, weights unit by unit; a number itself where it is one."""
        shape = self.shapes.of(ref)
        if not shape:
            yield ref
        elif ref.by_weight:
            yield from (ref.at(start, end) for end in range(1, shape[1] + 1) for start in range(1, shape[0] + 1))
        else:
            yield from (ref.at(*(number + 1 for number in place)) for place in np.ndindex(*shape))

    def checked(self, id: str | Ref) -> Ref:
        """The quantity that an id means, its sample named, or an `InputError` that says why there is none."""
        if not isinstance(id, str | Ref):
            raise InputError(f'id: expected a text such as "z1[2]", got {id!r}')
        ref = parse(id) if isinstance(id, str) else id
        written = id if isinstance(id, str) else self.text(id)
        if ref.whole not in self._values:
            known = [self.text(one) for one in self._values]
            raise InputError(f'there is no "{written}" in this step{did_you_mean(written, known)}')
        shape, place = self.shapes.of(ref), ref.place
        if ref.by_sample and len(self.samples) == 1 and 0 < len(place) < len(shape):
            place = (1, *place)
        if ref.kind == "w" and len(place) == 1:
            place = (*place, 1)
        fits = len(place) == len(shape) and all(1 <= int(p) <= n for p, n in zip(place, shape, strict=True))
        if place and not fits:
            first = self.text(ref.at(*[1] * len(shape))) if shape else self.text(ref.whole)
            last = self.text(ref.at(*shape)) if shape else first
            extent = f"it goes from {first} to {last}" if first != last else f"there is only {first}"
            raise InputError(f'there is no "{written}" in this step: {extent}')
        return ref.at(*place)


def trace(
    model: Model,
    x: ArrayLike,
    y: ArrayLike,
    *,
    optimizer: Optimizer | None = None,
    sample_weight: ArrayLike | None = None,
    seed: int | None = None,
    state: State | None = None,
) -> Trace:
    """One step of training on the reference engine, with every quantity on its way.

    Z = A·W + b, A = f(Z); Δ_L = ∂E/∂A ⊙ f′(Z), Δ_l = (Δ_{l+1}·Wᵀ) ⊙ f′(Z); ∂E/∂W = Aᵀ·Δ; then the optimizer. The
    update is that of `train` for the same rows as one batch.

    Args:
        model: as it is before the step.
        x: one sample (inputs,) or a small batch (B, inputs).
        y: (outputs,) or (B, outputs); for cross-entropy also a class index or (B,) of them.
        optimizer: such as `SGD(0.5)`; without one the gradients are not applied.
        sample_weight: (B,), from 0 up.
        seed: of the dropout masks, as in `train`; None is that of `state`, or 0.
        state: of a result of `train`, for a step in the middle of a run.

    Raises:
        InputError: a shape does not fit the network, or a value is out of range.

    >>> import clearprop as cp
    >>> model = cp.Model(cp.Network.parse("1-1", output="identity"), [[[2.0]]], [[1.0]])
    >>> step = trace(model, [3.0], [5.0], optimizer=cp.SGD(0.1))
    >>> step["a1[1]"].value, step["E"].value, round(step["W1'[1->1]"].value, 12)
    (7.0, 2.0, 1.4)
    """
    if not isinstance(model, Model):
        raise InputError(f"model: expected a Model, got {model!r}")
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise InputError(f"optimizer: expected an optimizer such as SGD(0.1), got {optimizer!r}")
    samples = _samples(model, x, y, sample_weight)
    dtype = model.parameters.flat.dtype
    start = State.start(model.network, optimizer, 0, dtype) if optimizer else State(0)
    state = start if state is None else _checked_state(state, start, optimizer)
    if seed is not None:
        state = state.moved(seed=check_seed(seed))
    told: dict[str, Array] = {}
    rate, fade = (optimizer.schedule.at(state.step), optimizer.fading.at(state.step)) if optimizer else (0.0, 0.0)
    with np.errstate(all="ignore"):
        masks = dropout_masks(model.network, state.seed, state.step, dtype, fade) if optimizer else None
        _, _, gradients = step(model.parameters, samples, masks, record=told.__setitem__)
    values = _given(model, samples, optimizer, state, rate, fade)
    described = Step(
        model.network,
        optimizer,
        len(samples),
        weighted=samples.weights is not None,
        dropout=optimizer is not None,
        sure=bool((values[Ref("y")].sum(axis=1) == 1.0).all()),
    )
    shapes = Shapes(model.network, len(samples))
    defined = definitions(described)
    if optimizer:
        updated = _updated(model, gradients, optimizer, state, rate, fade)
        values |= {one.ref: updated[one.ref] for one in defined if one.part.name == "update"}
    values |= {Ref("mask", int(name[4:])): mask for name, mask in told.items() if name.startswith("mask")}
    for one in defined:
        if one.ref not in values:
            values[one.ref] = _told(one.ref, told).reshape(shapes.of(one.ref))
    for name in ("R", "J"):
        values.setdefault(Ref(name), told[name])
    return Trace(model, samples, described, values)


def _checked_state(state: object, start: State, optimizer: Optimizer | None) -> State:
    """A state that fits the optimizer and the network, which `start` fits."""
    if not isinstance(state, State):
        raise InputError(f"state: expected the state of a result of train, got {state!r}")
    if optimizer is not None and {name: len(slot) for name, slot in state.slots.items()} != {
        name: len(slot) for name, slot in start.slots.items()
    }:
        raise InputError(f"state: it is of another optimizer or network, it does not fit {optimizer!r}")
    return state


def _samples(model: Model, x: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None) -> Samples:
    X, Y = np.asarray(x), np.asarray(y)
    if X.ndim == 1:
        X, Y = X[None, :], Y[None]
    return check_samples(model.network, model.parameters.flat.dtype, X, Y, sample_weight)


def _given(
    model: Model, samples: Samples, optimizer: Optimizer | None, state: State, rate: float, fade: float
) -> dict[Ref, Array]:
    """What a step starts from: the sample, the parameters, the settings, the optimizer's memory."""
    network = model.network
    Y = samples.Y if samples.Y.ndim == 2 else np.eye(network.outputs, dtype=samples.X.dtype)[samples.Y]
    values = {Ref("x"): samples.X, Ref("y"): Y}
    if samples.weights is not None:
        values[Ref("w")] = samples.weights[:, None]
    values |= _by_layer(model.parameters, "{of}")
    settings: dict[str, float] = {"B": len(samples), "l1": network.l1, "l2": network.l2}
    if optimizer:
        settings |= {name: getattr(optimizer, name) for name in SETTINGS if hasattr(optimizer, name)}
        settings |= {"eta": rate, "fade": fade, "t": state.step + 1}
        if not optimizer.fades:
            del settings["fade"]
        for name, slot in state.slots.items():
            values |= _by_layer(Parameters(network, slot), f"{name}_old_{{of}}")
    return values | {Ref(name): np.array(number) for name, number in settings.items()}


def _updated(
    model: Model, gradients: Parameters, optimizer: Optimizer, state: State, rate: float, fade: float
) -> dict[Ref, Array]:
    """What the optimizer computes, as `train` does it: frozen biases stay as they are."""
    network, flat = model.network, model.parameters.flat
    told: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        new, slots = optimizer.update(
            flat,
            gradients.flat,
            state.slots,
            rate,
            state.step,
            model.parameters.are_weights(),
            told.__setitem__,
            factors=model.parameters.rate_factors(),
            fade=fade,
        )
    trained = model.parameters.trained()
    values = _by_layer(Parameters(network, np.where(trained, new, flat)), "{of}'")
    for name, slot in {**slots, **told}.items():
        kept = Parameters(network, np.where(trained, slot, 0.0).astype(flat.dtype))
        values |= _by_layer(kept, f"{name}_{{of}}")
    return values


def _by_layer(parameters: Parameters, kind: str) -> dict[Ref, Array]:
    """The arrays of W, b and what column layers have, each in the shape of its quantity; `kind` as "m_old_{of}"."""
    shapes = Shapes(parameters.network, samples=1)
    arrays: dict[Ref, Array] = {}
    for number, layer in enumerate(parameters.network.layers):
        arrays[Ref("W", number + 1)] = parameters.weights[number]
        if layer.bias != "none":
            arrays[Ref("b", number + 1)] = parameters.biases[number]
    for number, own in enumerate(parameters.columns, 1):
        arrays |= {Ref(f"{letter}c", number): array for letter, array in own.items()}
    if parameters.network.scale:
        arrays[Ref("scale")] = parameters.scale
    return {Ref(kind.format(of=ref.kind), ref.layer): array.reshape(shapes.of(ref)) for ref, array in arrays.items()}


def _told(ref: Ref, told: dict[str, Array]) -> Array:
    if ref.kind == "share":
        return told["share"]
    if ref.kind == "dE[k]/da":
        shares: Array = told[f"dE[k]/da{ref.layer}"][int(ref.output) - 1]
        return shares
    return told[ref.text()]
