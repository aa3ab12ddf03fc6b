"""What a playground holds at one moment: a model and where its training stands, its data, and what is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

import numpy as np

from clearprop.engines.base import State
from clearprop.engines.order import ORDERS
from clearprop.errors import InputError, unknown
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.render.words import LANGUAGES
from clearprop.model import Model
from clearprop.network.initializers import INITIALIZERS
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import OPTIMIZERS, SGD, Optimizer, optimizer_from_json
from clearprop.optimize.schedules import SCHEDULES, Schedule
from clearprop.playground.data import Data, data_from_json, named
from clearprop.playground.fitting import fitted, for_data
from clearprop.playground.refusals import Refusal
from clearprop.playground.typed import number, share, whole
from clearprop.random import check_seed
from clearprop.sheet import Sheet

MOST_LAYERS, MOST_UNITS, MOST_PARAMETERS = 8, 64, 500_000
MOST_DIGITS = 17
START = "glorot"
USUAL: dict[str, Any] = {"every": 100, "steps": 1_000, "factor": 0.99}
"""What a schedule that has just been chosen begins with, where it has no default."""


@dataclass(frozen=True, eq=False)
class Play:
    """All that can be shared, saved and taken back.

    Attributes:
        model: as it is now.
        state: where its training stands.
        optimizer, order: as `clearprop.train` takes them.
        batch: "full", "one", or how many rows.
        start, seed: how parameters are drawn afresh; the seed is that of the order and of dropout, too.
        data: what is learnt from.
        sample: the index of the row that is looked at, or None for those that training takes next.
        notation, language, digits: how a step is written.
        title: of what was opened.
        example: its name, while nothing but the training has changed it.
    """

    model: Model
    state: State
    data: Data
    optimizer: Optimizer = field(default_factory=SGD)
    batch: str | int = "one"
    order: str | tuple[int, ...] = "shuffled"
    start: str = START
    seed: int = 0
    sample: int | None = None
    notation: str = "canonical"
    language: str = "en"
    digits: int = 9
    title: str = ""
    example: str | None = None

    @property
    def network(self) -> Network:
        return self.model.network

    @property
    def batch_size(self) -> int | None:
        """As `clearprop.train` takes it."""
        if isinstance(self.batch, int):
            return self.batch
        return 1 if self.batch == "one" else None

    def restarted(self) -> Play:
        """With parameters drawn afresh, and no update done."""
        return self.of_model(Model.initialized(self.network, self.start, seed=self.seed, dtype=self.model.dtype))

    def of_model(self, model: Model) -> Play:
        """With another model, of which no update has been done."""
        state = State.start(model.network, self.optimizer, self.seed, model.parameters.flat.dtype)
        return replace(self, model=model, state=state)

    def of_network(self, network: Network) -> Play:
        """With another network: it keeps its parameters where it has the same, else they are drawn afresh."""
        check_network(network)
        if _shape(network) == _shape(self.network):
            flat = self.model.parameters.flat.copy()
            return replace(self, model=Model.of(Parameters(network, flat)))
        drawn = Model.initialized(network, self.start, seed=self.seed, dtype=self.model.dtype)
        return self.of_model(drawn)

    def of_data(self, data: Data) -> Play:
        """With other data, and a network that fits them."""
        play = replace(self, data=data, sample=None, order=self.order if isinstance(self.order, str) else "shuffled")
        play = play.of_network(for_data(self.network, data))
        # Where an epoch stands is a place in the rows that there were.
        return replace(play, state=State(play.state.seed, play.state.epoch, 0, play.state.step, play.state.slots))

    def changed(self, wanted: Mapping[str, Any]) -> Play:
        """With parts of a `change` message taken over.

        Raises:
            InputError: a part is not possible.
        """
        play = self
        if "start" in wanted:
            play = play._started(wanted["start"])
        if "network" in wanted:
            play = play.of_network(_network(play, wanted["network"]))
        if "optimizer" in wanted:
            play = play._optimized(wanted["optimizer"])
        if "batch" in wanted:
            play = play._batched(wanted["batch"])
        return play

    def viewed(self, wanted: Mapping[str, Any]) -> Play:
        """Written otherwise: notation, language, digits."""
        play = self
        if "notation" in wanted:
            if wanted["notation"] not in NOTATIONS:
                raise unknown("notation", wanted["notation"], NOTATIONS)
            play = replace(play, notation=wanted["notation"])
        if "language" in wanted:
            if wanted["language"] not in LANGUAGES:
                raise unknown("language", wanted["language"], LANGUAGES)
            play = replace(play, language=wanted["language"])
        if "digits" in wanted:
            play = replace(play, digits=whole("digits", wanted["digits"], 0, MOST_DIGITS))
        return play

    def _started(self, wanted: Mapping[str, Any]) -> Play:
        kind = wanted.get("kind", self.start)
        if kind not in INITIALIZERS:
            raise unknown("start", kind, INITIALIZERS)
        seed = whole("seed", wanted.get("seed", self.seed), 0, 2**53)
        return replace(self, start=kind, seed=check_seed(seed)).restarted()

    def _optimized(self, wanted: Mapping[str, Any]) -> Play:
        now = self.optimizer.to_json()
        kind = wanted.get("kind", now["kind"])
        if not isinstance(kind, str) or kind not in OPTIMIZERS:
            raise unknown("optimizer", kind, OPTIMIZERS)
        other = kind != now["kind"]
        settings: dict[str, Any] = {"kind": kind} if other else now
        for name, value in wanted.items():
            if name == "learning_rate" and isinstance(value, Mapping):
                settings[name] = _schedule(self.optimizer.schedule, value)
            elif name != "kind":
                settings[name] = value if isinstance(value, bool) else number(name, value)
        if settings.get("nesterov") and not settings.get("momentum"):
            settings["momentum"] = 0.9
        optimizer = optimizer_from_json(settings)
        slots = self.state.slots
        if optimizer.slots != tuple(slots):
            slots = State.start(self.network, optimizer, 0, self.model.parameters.flat.dtype).slots
        return replace(self, optimizer=optimizer, state=self.state.moved(slots=slots))

    def _batched(self, wanted: Any) -> Play:
        batch = wanted if wanted in ("full", "one") else whole("batch", wanted, 1, 10**6)
        state = State(self.state.seed, self.state.epoch, 0, self.state.step, self.state.slots)
        return replace(self, batch=batch, state=state, sample=None)


def first() -> Play:
    """What an empty playground begins with: XOR, and a network that can learn it."""
    network = Network(2, [Dense(4, "tanh"), Dense(1, "sigmoid")], "binary_cross_entropy")
    model = Model.initialized(network, START, seed=0)
    optimizer = SGD(0.5)
    state = State.start(network, optimizer, 0, np.dtype("float64"))
    return Play(model, state, named("xor", {}), optimizer, title="XOR")


def of_sheet(sheet: Sheet, example: str | None = None) -> Play:
    """A worked sheet, to play with."""
    check_network(sheet.network)
    Y = sheet.Y if sheet.Y.ndim == 2 else np.eye(sheet.network.outputs)[sheet.Y]
    columns = _letters("x", sheet.network.inputs) + _letters("y", sheet.network.outputs)
    data = data_from_json({"kind": "numbers", "columns": columns, "x": sheet.X.tolist(), "y": Y.tolist()})
    size = sheet.batch_size
    batch: str | int = "full" if size is None or size >= len(Y) else "one" if size == 1 else size
    model = sheet.model
    state = State.start(model.network, sheet.optimizer, sheet.seed, model.parameters.flat.dtype)
    return Play(
        model,
        state,
        data,
        sheet.optimizer,
        batch,
        sheet.order,
        seed=sheet.seed,
        notation=sheet.notation,
        title=sheet.title,
        example=example,
    )


def of_model(model: Model, data: Data | None = None, title: str = "") -> Play:
    """A model that there is already, with its data; without any, a row of zeros to type over."""
    network = model.network
    check_network(network)
    if data is None:
        columns = _letters("x", network.inputs) + _letters("y", network.outputs)
        zeros = {"x": [[0.0] * network.inputs], "y": [[0.0] * network.outputs]}
        data = data_from_json({"kind": "numbers", "columns": columns, **zeros})
    optimizer = SGD(0.1)
    state = State.start(network, optimizer, 0, model.parameters.flat.dtype)
    return Play(model, state, data, optimizer, title=title or str(network))


def check_network(network: Network) -> None:
    """Raises an InputError for a network larger than a page can show."""
    if network.parameter_count > MOST_PARAMETERS:
        raise Refusal("parameters", most=MOST_PARAMETERS, count=network.parameter_count)


def check_order(order: object, rows: int) -> str | tuple[int, ...]:
    """An order as it was described: a name, or row numbers."""
    if isinstance(order, str) and order in ORDERS:
        return order
    if isinstance(order, list) and order and all(isinstance(one, int) and 0 <= one < rows for one in order):
        return tuple(order)
    raise InputError(f"order: expected one of {', '.join(ORDERS)}, or row numbers")


def _network(play: Play, wanted: Mapping[str, Any]) -> Network:
    """The network with what is wanted taken over, and what follows from it."""
    settings = {key: value if key in ("loss", "reduction") else number(key, value)
                for key, value in wanted.items() if key != "layers"}  # fmt: skip
    now = play.network
    layers = now.layers
    if "layers" in wanted:
        if not 1 <= len(wanted["layers"]) <= MOST_LAYERS:
            raise Refusal("layers", most=MOST_LAYERS, count=len(wanted["layers"]))
        layers = tuple(_layer(place, one, now) for place, one in enumerate(wanted["layers"], 1))
    return fitted(now, play.data, layers, settings)


def _layer(place: int, wanted: Mapping[str, Any], now: Network) -> Dense:
    units = whole(f"units of layer {place}", wanted["units"], 1, max(MOST_UNITS, *(one.units for one in now.layers)))
    chosen = {key: wanted[key] for key in ("activation", "bias", "train_bias") if key in wanted}
    chosen |= {key: number(key, wanted[key]) for key in ("weight_rate", "bias_rate") if key in wanted}
    if "dropout" in wanted:
        chosen["dropout"] = share("dropout", wanted["dropout"])
    return Dense(units, **chosen)


def _schedule(now: Schedule, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a schedule with what is wanted taken over; another kind takes over what does not depend on it.

    >>> _schedule(SCHEDULES["constant"](0.5), {"kind": "cosine"})
    {'kind': 'cosine', 'rate': 0.5, 'steps': 1000}
    >>> _schedule(SCHEDULES["cosine"](0.5, steps=10), {"final": "0,1"})
    {'kind': 'cosine', 'rate': 0.5, 'steps': 10, 'final': 0.1}
    """
    settings = now.to_json()
    kind = wanted.get("kind", settings["kind"])
    if kind not in SCHEDULES:
        raise unknown("schedule", kind, SCHEDULES)
    counts = [one.name for one in fields(SCHEDULES[kind]) if one.type == "int"]
    if kind != settings["kind"]:
        needed = [one.name for one in fields(SCHEDULES[kind]) if one.default is MISSING]
        begun = USUAL | {name: value for name, value in settings.items() if name in ("rate", "steps")}
        settings = {"kind": kind} | {name: begun[name] for name in needed}
    for name, value in wanted.items():
        if name != "kind":
            settings[name] = whole(name, value, 1, 10**9) if name in counts else number(name, value)
    return settings


def _shape(network: Network) -> tuple[Any, ...]:
    """What the layout of the parameters depends on."""
    return network.sizes, tuple(layer.bias for layer in network.layers), network.columns, network.scale


def _letters(letter: str, count: int) -> list[str]:
    return [f"{letter}{at}" for at in range(1, count + 1)]
