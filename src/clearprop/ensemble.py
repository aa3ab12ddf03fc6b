"""An ensemble: several models that answer together, by the mean of what each says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import ArrayLike

from clearprop.engines.base import Array
from clearprop.errors import InputError, check_number
from clearprop.model import Model


class Ensemble:
    """Models of any networks with the same inputs and outputs, whose outputs are averaged; it never changes.

    A = (A₁ + … + A_k)/k. Where outputs are probabilities, of a softmax or of sigmoids, each p then becomes p^(1/T),
    divided by the sum over the classes (of a sigmoid, over p and 1 - p): a temperature T below 1 makes them surer, one
    above 1 less sure, and none changes which is likeliest.

    Args:
        members: at least one, of the same dtype and with the same last activation.
        temperature: T, above 0; 1 leaves the mean as it is.

    Raises:
        InputError: a member does not fit the first, or the temperature is none, or not 1 where there is nothing
            probable.

    >>> from clearprop.network.spec import Network
    >>> networks = [Network.parse(text, output="softmax", loss="cross_entropy") for text in ("3-4-2", "3-8-8-2")]
    >>> members = [Model.initialized(network, seed=seed) for seed, network in enumerate(networks)]
    >>> ensemble = Ensemble(members)
    >>> mean = (members[0].predict([[1.0, 0.0, 2.0]]) + members[1].predict([[1.0, 0.0, 2.0]])) / 2
    >>> bool((ensemble.predict([[1.0, 0.0, 2.0]]) == mean).all())
    True
    >>> surer = Ensemble(members, temperature=0.5).predict([[1.0, 0.0, 2.0]])
    >>> bool(np.allclose(surer, mean**2 / (mean**2).sum()))
    True

    Guo and others, "On calibration of modern neural networks", ICML 2017, of the temperature; Rahaman and Thiery,
    "Uncertainty quantification and deep ensembles", NeurIPS 2021, of averaging first.
    """

    __slots__ = ("members", "temperature")

    members: tuple[Model, ...]
    temperature: float

    def __init__(self, members: Sequence[Model], temperature: float = 1.0) -> None:
        object.__setattr__(self, "members", _members(members))
        object.__setattr__(self, "temperature", _temperature(temperature, self.activation))

    @property
    def inputs(self) -> int:
        return self.members[0].network.inputs

    @property
    def outputs(self) -> int:
        return self.members[0].network.outputs

    @property
    def activation(self) -> str:
        """What all members' last layers have."""
        return self.members[0].network.layers[-1].activation

    @property
    def dtype(self) -> str:
        """The name of the float type, "float64" or "float32"."""
        return self.members[0].dtype

    def predict(self, X: ArrayLike, *, engine: str = "auto", threads: int | None = None) -> Array:
        """The outputs (B, outputs) for inputs X (B, inputs).

        Raises:
            InputError: the shape does not fit, or a number is not finite.
        """
        total = np.zeros((), np.float64)
        for member in self.members:
            total = total + member.predict(X, engine=engine, threads=threads)
        return tempered(total / len(self.members), self.temperature, self.activation).astype(self.dtype)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an ensemble never changes: {name} cannot be set")

    def __reduce__(self) -> tuple[type[Ensemble], tuple[tuple[Model, ...], float]]:
        return Ensemble, (self.members, self.temperature)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ensemble) and self.temperature == other.temperature and self.members == other.members

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        count = len(self.members)
        lines = [f"{count} member{'s' if count > 1 else ''}, temperature {self.temperature:.4g}, {self.dtype}", ""]
        first = 1
        for network, same in groupby(self.members, key=lambda member: member.network):
            last = first + len(list(same)) - 1
            which = f"members {first} to {last}" if last > first else f"member {first}"
            lines.append(f"{which}: {network}: {network.parameter_count:,} parameters")
            first = last + 1
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The first member, and a line on the others."""
        from clearprop.drawing.markup import element

        said = f"{repr(self).removesuffix(')').removeprefix('Ensemble(')}. This is member 1."
        return element("div", self.members[0]._repr_svg_(), element("p", said))

    def __repr__(self) -> str:
        count = len(self.members)
        parameters = sum(member.network.parameter_count for member in self.members)
        return (
            f"Ensemble({count} member{'s' if count > 1 else ''}, temperature {self.temperature:.4g}; "
            f"the first {self.members[0].network}; {parameters:,} parameters, {self.dtype})"
        )


def tempered(probabilities: Array, temperature: float, activation: str) -> Array:
    """Probabilities (B, O) as a temperature leaves them: p^(1/T), renormalised, as the last activation sees fit.

    >>> tempered(np.array([[0.2, 0.4, 0.4]]), 0.5, "softmax").round(3).tolist()
    [[0.111, 0.444, 0.444]]
    >>> tempered(np.array([[0.2, 0.5]]), 0.5, "sigmoid").round(3).tolist()
    [[0.059, 0.5]]
    """
    if temperature == 1.0:
        return probabilities
    with np.errstate(divide="ignore"):  # what is impossible stays so: exp(-∞) = 0
        logs = np.log(probabilities) / temperature
        if activation == "sigmoid":
            logs = np.stack([logs, np.log1p(-probabilities) / temperature], axis=-1)
    shares = np.exp(logs - logs.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.asarray(shares[..., 0] if activation == "sigmoid" else shares)


def are_probabilities(activation: str) -> bool:
    """Whether a last layer's outputs are probabilities, which a temperature can be applied to."""
    return activation in ("softmax", "sigmoid")


def _members(given: Sequence[Model]) -> tuple[Model, ...]:
    if not isinstance(given, Sequence) or not len(given):
        raise InputError(f"members: expected a list of Models, at least one, got {given!r:.60}")
    for number, member in enumerate(given, 1):
        if not isinstance(member, Model):
            raise InputError(f"member {number}: expected a Model, got {member!r:.60}")
        for what in ("inputs", "outputs", "last activation", "dtype"):
            own, first = _of(member, what), _of(given[0], what)
            if own != first:
                raise InputError(
                    f"member {number}: all must have the same {what}; here it is {own}, in member 1 {first}"
                )
    return tuple(given)


def _of(member: Model, what: str) -> int | str:
    network = member.network
    found: dict[str, int | str] = {
        "inputs": network.inputs,
        "outputs": network.outputs,
        "last activation": network.layers[-1].activation,
        "dtype": member.dtype,
    }
    return found[what]


def _temperature(given: object, activation: str) -> float:
    temperature = check_number("temperature", given)
    if temperature == 0.0:
        raise InputError("temperature: expected a number above 0, got 0; 1 leaves probabilities as they are")
    if temperature != 1.0 and not are_probabilities(activation):
        raise InputError(
            f'temperature: goes with probabilities, of "softmax" or "sigmoid"; the last activation is "{activation}", '
            "so leave it out"
        )
    return temperature
