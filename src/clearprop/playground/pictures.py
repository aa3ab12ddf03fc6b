"""What is seen of a network as a whole: its losses, how weights and deltas are spread, and what it answers where."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from clearprop.drawing import Series, Spread, curves, function, spreads
from clearprop.drawing.numerals import number as written
from clearprop.drawing.style import COLOURS
from clearprop.engines.base import Array, Samples
from clearprop.engines.reference import step
from clearprop.playground.course import Course
from clearprop.playground.data import Data
from clearprop.playground.play import Play
from clearprop.playground.training import Trainer
from clearprop.training.prepare import rows_of

SIDE = 50  # of a map, in pixels
ALONG = 161  # places at which a curve is computed
MOST_POINTS = 600
BINS = 25  # an odd number: zero is in the middle of one
LOOKED_AT = 256  # rows whose deltas are looked at
MOST_SHARES = 5_000_000  # numbers: of each row, each output's share of the error at each output

WORDS = {
    "en": {"training": "training", "held out": "held out", "updates": "updates", "loss": "loss", "layer": "layer {l}",
           "weights": "weights", "deltas": "deltas", "dead": "{count} of {all} dead", "spread": "Weights and deltas",
           "zero": "all 0"},
    "zh": {"training": "训练", "held out": "留出", "updates": "更新次数", "loss": "误差", "layer": "第 {l} 层",
           "weights": "权重", "deltas": "δ", "dead": "{count}/{all} 个失活", "spread": "权重与 δ", "zero": "全为 0"},
}  # fmt: skip

# The colours of classes, on light and on dark; the first two are those of curves.
CLASSES = (
    COLOURS["first"],
    COLOURS["second"],
    ("#2f7d32", "#7fd487"),
    ("#8e3b9e", "#e0a2ec"),
    ("#9a7400", "#ffd94f"),
    ("#007a8a", "#6fdbe8"),
)
STRENGTH = 0.55  # how much of a class's colour is in the ground where the network is sure

Colour = tuple[int, int, int]


def losses(play: Play, course: Course) -> str | None:
    """The curves of the losses; None before there is anything to see."""
    if len(course) < 2:
        return None
    words = WORDS[play.language]
    series = [Series(words["training"], course.losses)]
    if course.held_out is not None:
        series.append(Series(words["held out"], course.held_out, "second"))
    return curves(
        series,
        course.updates,
        prefix="losses",
        label=words["loss"],
        across=words["updates"],
        up=words["loss"],
        width=360.0,
        height=200.0,
    )


def spread(play: Play, trainer: Trainer) -> str:
    """Weights and deltas by layer; of layers whose units may be dead, how many are."""
    words = WORDS[play.language]
    told = _told(play, trainer.samples)
    rows = []
    for number, (layer, W) in enumerate(zip(play.network.layers, play.model.parameters.weights, strict=True), 1):
        slope = told.get(f"da{number}/dz{number}")
        note = ""
        if slope is not None and layer.activation != "step" and not layer.function.across_units:
            dead = int((slope == 0.0).all(axis=0).sum())
            note = words["dead"].format(count=dead, all=layer.units) if dead else ""
        delta = told[f"delta{number}"]
        rows.append((words["layer"].format(l=number), [_counted(W), _counted(delta, note or _silent(delta, words))]))
    heads = [words["weights"], words["deltas"]]
    return spreads(heads, rows, prefix="spread", label=words["spread"], width=360.0, height=200.0)


def field(play: Play, *, whole: bool) -> dict[str, Any] | None:
    """What the network answers everywhere: a map of two inputs, a curve over one; None of more.

    `whole`: with its palette, axes and points, which stay as they are while a network trains.
    """
    data = play.data
    if len(data.inputs) == 1:
        return {"curve": _curve(play)}
    if len(data.inputs) != 2:
        return None
    (left, right), (low, high) = data.ranges
    across = left + (right - left) * (np.arange(SIDE) + 0.5) / SIDE
    down = high - (high - low) * (np.arange(SIDE) + 0.5) / SIDE
    X = np.stack([np.tile(across, SIDE), np.repeat(down, SIDE)], axis=1)
    pixels = _levels(data, play.model.predict(X, threads=1))
    told: dict[str, Any] = {"width": SIDE, "height": SIDE, "pixels": base64.b64encode(pixels.tobytes()).decode()}
    if not whole:
        return told
    names = zip(("across", "up"), data.inputs, data.ranges, strict=True)
    axes = {key: {"name": name, "range": list(span)} for key, name, span in names}
    palettes = {key: palette(data, dark) for key, dark in (("palette", False), ("dark", True))}
    ends = {} if data.classes else {"ends": [f"{data.outputs[0]} {written(end)}" for end in _own(data, _span(data))]}
    return {**told, "kind": data.task, **palettes, **axes, **ends, "points": _points(data)}


def palette(data: Data, dark: bool) -> list[Colour]:
    """The colours of the levels 0 to 255: from the first class to the second, or so many levels a class."""
    ground = _rgb(COLOURS["surface"][dark])
    kinds = [_mixed(ground, _rgb(pair[dark]), STRENGTH) for pair in CLASSES]
    count = len(data.classes or ())
    if count <= 2:
        half = [_mixed(kinds[0], ground, at / 127) for at in range(128)]
        return half + [_mixed(ground, kinds[1], (at + 1) / 128) for at in range(128)]
    levels = 256 // count
    steps = [at / (levels - 1) for at in range(levels)]
    each = [_mixed(ground, kinds[kind % len(kinds)], at) for kind in range(count) for at in steps]
    return each + [ground] * (256 - len(each))


def _levels(data: Data, outputs: Array) -> Array:
    """Outputs as levels of the palette."""
    outputs = np.nan_to_num(outputs.astype(np.float64))
    count = len(data.classes or ())
    if count > 2:
        each = 256 // count
        kind, sure = outputs.argmax(axis=1), np.clip(outputs.max(axis=1), 1 / count, 1.0)
        found: Array = kind * each + np.round((sure - 1 / count) / (1 - 1 / count) * (each - 1))
        return found.astype(np.uint8)
    low, high = _span(data)
    part = np.clip((outputs[:, -1 if count else 0] - low) / (high - low), 0.0, 1.0)
    levels: Array = np.round(255 * part).astype(np.uint8)
    return levels


def _span(data: Data) -> tuple[float, float]:
    """The values of an output that stand at the two ends of the palette."""
    if data.classes is not None:
        return 0.0, 1.0
    low, high = float(data.Y[:, 0].min()), float(data.Y[:, 0].max())
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _own(data: Data, values: ArrayLike) -> list[float]:
    """Outputs or targets in the unit of the table, where they are standardised."""
    values = np.asarray(values, dtype=np.float64)
    numbers = data.target is not None and data.task == "numbers"
    own: list[float] = (data.target.unstandardise(values) if data.target and numbers else values).tolist()
    return own


def _points(data: Data) -> list[list[Any]]:
    """The rows, as many as can be seen, in 0 to 1 of the map; numbers as the end of the palette they are nearer to."""
    (left, right), (low, high) = data.ranges
    found: list[list[Any]] = []
    for X, Y, held in ((data.X, data.Y, False), (data.held_X, data.held_Y, True)):
        kinds = Y if data.classes is not None else (Y[:, 0] > sum(_span(data)) / 2).astype(np.int64)
        for (x, y), kind in zip(X[:MOST_POINTS].tolist(), kinds[:MOST_POINTS].tolist(), strict=True):
            found.append([round((x - left) / (right - left), 4), round((y - low) / (high - low), 4), kind, held])
    return found


def _curve(play: Play) -> str:
    data = play.data
    low, high = data.ranges[0]
    at = np.linspace(low, high, ALONG)
    values = play.model.predict(at[:, None], threads=1)[:, -1 if data.classes else 0]
    points = []
    for X, Y, held in ((data.X, data.Y, False), (data.held_X, data.held_Y, True)):
        up = Y if Y.ndim == 1 else Y[:, 0]
        pairs = zip(X[:MOST_POINTS, 0].tolist(), _own(data, up[:MOST_POINTS]), strict=True)
        points += [(float(x), float(y), held) for x, y in pairs]
    return function(
        at.tolist(), _own(data, values), points, prefix="map", label=data.outputs[0], across=data.inputs[0],
        up=data.outputs[0],
    )  # fmt: skip


def _told(play: Play, samples: Samples) -> dict[str, Array]:
    """The quantities of a step on some of the rows."""
    most = max(1, min(LOOKED_AT, MOST_SHARES // play.network.outputs**2))
    few = samples if len(samples) <= most else rows_of(samples, np.arange(most))
    told: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        step(play.model.parameters, few, None, record=told.__setitem__)
    return told


def _counted(values: Array, note: str = "") -> Spread:
    flat = values[np.isfinite(values)]
    reach = float(np.abs(flat).max()) if flat.size else 0.0
    counts, _ = np.histogram(flat, BINS, (-reach or -1.0, reach or 1.0))
    return Spread(counts.tolist(), reach, note)


def _silent(delta: Array, words: dict[str, str]) -> str:
    return "" if delta.any() else words["zero"]


def _rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(one: Colour, other: Colour, part: float) -> Colour:
    mixed = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return tuple(mixed)  # type: ignore[return-value]
