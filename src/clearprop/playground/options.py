"""All that can be chosen on the page, from the registries: no list stands twice."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

from clearprop.examples import example, names
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.render.words import LANGUAGES
from clearprop.network.activations import ACTIVATIONS
from clearprop.network.initializers import INITIALIZERS
from clearprop.network.losses import LOSSES
from clearprop.network.spec import BIASES
from clearprop.optimize.optimizers import OPTIMIZERS
from clearprop.optimize.schedules import SCHEDULES
from clearprop.playground.datasets import DATASETS, MOST_ROWS
from clearprop.playground.play import MOST_LAYERS, MOST_PARAMETERS, MOST_UNITS
from clearprop.playground.protocol import MOST_BYTES, VERSION

SPEEDS = (1, 4, 16, 60, "most")
USUAL_BATCH = 10


@cache
def options() -> dict[str, Any]:
    """The message."""
    return {
        "type": "options",
        "version": VERSION,
        "hidden_activations": [name for name, one in ACTIVATIONS.items() if not one.across_units],
        "output_activations": list(ACTIVATIONS),
        "losses": list(LOSSES),
        "biases": list(BIASES),
        "initializers": list(INITIALIZERS),
        "optimizers": {kind: _settings(made) for kind, made in OPTIMIZERS.items()},
        "schedules": {kind: [one.name for one in fields(made)] for kind, made in SCHEDULES.items()},
        "batch": USUAL_BATCH,
        "datasets": [{"key": name, "kind": one.task} for name, one in DATASETS.items()],
        "examples": [{"key": name, "title": example(name).summary} for name in names()],
        "notations": [{"key": key, "title": dict(one.title)} for key, one in NOTATIONS.items()],
        "languages": list(LANGUAGES),
        "limits": {
            "layers": MOST_LAYERS,
            "units": MOST_UNITS,
            "parameters": MOST_PARAMETERS,
            "rows": MOST_ROWS,
            "bytes": MOST_BYTES // 2,  # of a file, whose quotes and line ends grow in a message
        },
        "speeds": list(SPEEDS),
    }


def _settings(optimizer: type) -> list[dict[str, str]]:
    shown = [one for one in fields(optimizer) if one.name != "fade"]
    kinds = [
        "schedule" if one.name == "learning_rate" else "flag" if isinstance(one.default, bool) else "number"
        for one in shown
    ]
    return [{"name": one.name, "kind": kind} for one, kind in zip(shown, kinds, strict=True)]
