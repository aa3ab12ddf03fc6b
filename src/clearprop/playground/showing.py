"""A play as the page is told of it."""

from __future__ import annotations

from typing import Any

from clearprop.explain.render.numerals import computed
from clearprop.playground.course import Course
from clearprop.playground.data import MOST_CELLS, Data, points_of
from clearprop.playground.pictures import field, losses, spread
from clearprop.playground.play import Play
from clearprop.playground.training import Trainer


def state_of(play: Play, trainer: Trainer) -> dict[str, Any]:
    """Settings, data and what is looked at."""
    rows = trainer.rows(play)
    return {
        "title": play.title,
        "network": play.network.to_json(),
        "optimizer": play.optimizer.to_json(),
        "batch": play.batch,
        "start": {"kind": play.start, "seed": play.seed},
        "data": _data(play.data),
        "sample": int(rows[0]) if len(rows) == 1 else "batch",
        "follows": play.sample is None,
        "samples": len(play.data),
        "example": play.example,
        "notation": play.notation,
        "language": play.language,
        "digits": play.digits,
    }


def numbers_of(play: Play, course: Course) -> dict[str, Any]:
    """Where the training stands."""
    _, loss, held_out = course.points[-1]
    return {
        "updates": play.state.step,
        "epochs": play.state.epoch,
        "E": computed(loss, play.digits),
        "held_out": None if course.held_out is None else computed(held_out, play.digits),
    }


def pictures(play: Play, trainer: Trainer, course: Course) -> dict[str, Any]:
    """All pictures."""
    return {"curves": losses(play, course), "spread": spread(play, trainer), "map": field(play, whole=True)}


def _data(data: Data) -> dict[str, Any]:
    typed = data.kind == "numbers"
    shown = typed and data.X.size + data.Y.size <= MOST_CELLS
    return {
        "kind": "table" if typed and not shown else data.kind,
        "name": data.name,
        "free": False,
        "inputs": list(data.inputs),
        "outputs": list(data.outputs),
        "classes": None if data.classes is None else list(data.classes),
        "task": data.task,
        "settings": dict(data.settings),
        "rows": len(data),
        "held_out": len(data.held_X),
        "numbers": {"columns": [*data.inputs, *data.outputs], "x": data.X.tolist(), "y": data.Y.tolist()}
        if shown
        else None,
        "points": points_of(data) if data.kind == "points" else None,
    }
