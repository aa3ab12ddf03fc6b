"""What the page asks for as other data -> the data, with what it leaves out as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clearprop.playground.data import MOST_CELLS, Data, data_from_json, points, points_of
from clearprop.playground.play import Play
from clearprop.playground.refusals import Refusal

FIRST_ROWS = 4  # that are taken over where there are too many to type over
MOST_POINTS = 5_000


def data(play: Play, wanted: Mapping[str, Any]) -> Data:
    """The data of a `data` message.

    Raises:
        InputError: they are not possible.
    """
    now = play.data
    if wanted["kind"] == "named":
        name = wanted.get("name", now.name)
        kept = now.settings if now.kind == "named" and now.name == name else {}
        return data_from_json({"kind": "named", "name": name, "settings": {**kept, **wanted.get("settings", {})}})
    if wanted["kind"] == "points":
        return data_from_json({"kind": "points", "points": wanted.get("points", _as_points(now))})
    if "x" in wanted and "y" in wanted:
        columns = wanted.get("columns", [*now.inputs, *now.outputs])
        return data_from_json({"kind": "numbers", "columns": columns, "x": wanted["x"], "y": wanted["y"]})
    rows = FIRST_ROWS if now.X.size > MOST_CELLS // 10 else len(now)
    x, y = now.X[:rows], now.targets(play.network)[:rows]
    columns = [*now.inputs, *(now.outputs if y.shape[1] == len(now.outputs) else now.classes or ())]
    return data_from_json({"kind": "numbers", "columns": columns, "x": x.tolist(), "y": y.tolist()})


def point(now: Data, wanted: Mapping[str, Any]) -> Data:
    """The data with a point more or less."""
    if now.kind != "points":
        raise Refusal("not drawn")
    have = points_of(now)
    if "add" in wanted:
        if len(wanted["add"]) != 3:
            raise Refusal("point")
        across, up, kind = wanted["add"]
        if not wanted.get("raw"):
            (left, right), (low, high) = now.ranges
            across, up = left + across * (right - left), low + up * (high - low)
        if len(have) >= MOST_POINTS:
            raise Refusal("most points", most=MOST_POINTS)
        return points([*have, [round(across, 4), round(up, 4), kind]])
    if wanted["remove"] >= len(have):
        raise Refusal("no point")
    if len(have) == 1:
        raise Refusal("last point")
    return points([one for place, one in enumerate(have) if place != wanted["remove"]])


def _as_points(now: Data) -> list[list[float]]:
    """Rows of two inputs and a class as points, those that lie on the map; none of others."""
    if now.classes is None or len(now.inputs) != 2:
        return []
    return [one for one in points_of(now) if abs(one[0]) <= 1 and abs(one[1]) <= 1 and one[2] < 6][:MOST_POINTS]
