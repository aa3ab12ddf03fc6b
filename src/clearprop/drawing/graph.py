"""A computational graph from left to right: what is computed stands to the right of what it is computed from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, coordinate, element, group, picture
from clearprop.errors import InputError

HIGH, PITCH, GAP, EDGE = 36.0, 48.0, 34.0, 4.0
ROUND = 26.0  # the height of an operation, and its width where its sign is short
SWEEPS = 4


@dataclass(frozen=True)
class Node:
    """A quantity, with a name and a value, or, where there is no value, an operation with its sign."""

    id: str
    name: str
    value: str | None = None
    tip: str = ""

    @property
    def width(self) -> float:
        if self.value is None:
            return max(ROUND, lettering.width(self.name, lettering.SMALL) + 14)
        return max(lettering.width(self.name, lettering.SMALL), lettering.width(self.value, lettering.SMALL)) + 14


Edge = tuple[str, str]


def graph(
    nodes: Sequence[Node], edges: Sequence[Edge], *, prefix: str, label: str, marks: Mapping[str, str] | None = None
) -> Markup:
    """Nodes in columns by depth, each as far right as what is computed from it allows, and an arrow for each edge.

    An edge is the ids of where it comes from and where it leads to. `marks` are classes ("used", "computed") of
    nodes; an edge between two marked nodes takes the mark of the one that it comes from.

    >>> nodes = [Node("x", "x", "2"), Node("w", "w", "3"), Node("times", "×"), Node("z", "z", "6")]
    >>> drawing = graph(nodes, [("x", "times"), ("w", "times"), ("times", "z")], prefix="g", label="z = w x")
    >>> drawing.count("<path"), 'data-id="times"' in drawing
    (3, True)

    Raises `InputError` if an edge leads to what it is computed from, or to no node.
    """
    marks = dict(marks or {})
    marks |= lit_edges(edges, marks)
    columns = _ordered(_columns(nodes, edges), edges)
    places, width, height = _placed(columns)
    drawn = [_edge(prefix, one, places, marks) for one in edges]
    drawn += [_node(prefix, one, places[one.id], marks.get(one.id)) for column in columns for one in column]
    return picture(prefix, width, height, label, *drawn)


def lit_edges(edges: Sequence[Edge], marks: Mapping[str, str]) -> dict[str, str]:
    """The marks of edges, by their ids: each between two marked nodes has that of the one it comes from.

    >>> lit_edges([("x", "z"), ("w", "z")], {"x": "used", "z": "computed"})
    {'x z': 'used'}
    """
    return {f"{start} {end}": marks[start] for start, end in edges if start in marks and end in marks}


def _columns(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[list[Node]]:
    """Each node just left of the first that needs it, and right of all that it is computed from."""
    sources, targets = defaultdict(list), defaultdict(list)
    known = {one.id for one in nodes}
    for start, end in edges:
        if start not in known or end not in known:
            raise InputError(f"a graph's edge needs two nodes, got {start!r} to {end!r}")
        sources[end].append(start)
        targets[start].append(end)
    depth: dict[str, int] = {}
    waiting = [one.id for one in nodes]
    while waiting:
        ready = [id_ for id_ in waiting if all(source in depth for source in sources[id_])]
        if not ready:
            raise InputError(f"a graph's edges must lead forward, but {waiting[0]!r} is computed from itself")
        depth |= {id_: 1 + max((depth[source] for source in sources[id_]), default=-1) for id_ in ready}
        waiting = [id_ for id_ in waiting if id_ not in depth]
    for id_ in sorted(depth, key=lambda one: -depth[one]):
        if targets[id_]:
            depth[id_] = min(depth[target] for target in targets[id_]) - 1
    columns: list[list[Node]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for one in nodes:
        columns[depth[one.id]].append(one)
    return columns


def _ordered(columns: list[list[Node]], edges: Sequence[Edge]) -> list[list[Node]]:
    """Each column in the order of its neighbours' middle, swept from side to side, so that few edges cross."""
    beside = defaultdict(list)
    for start, end in edges:
        beside[start].append(end)
        beside[end].append(start)
    height = {one.id: float(place) - len(column) / 2 for column in columns for place, one in enumerate(column)}

    def middle(one: Node) -> float:
        found = [height[id_] for id_ in beside[one.id]]
        return sum(found) / len(found) if found else height[one.id]

    for sweep in range(SWEEPS):
        for column in columns[:: 1 if sweep % 2 else -1]:
            column.sort(key=middle)
            height |= {one.id: float(place) - len(column) / 2 for place, one in enumerate(column)}
    return columns


def _placed(columns: list[list[Node]]) -> tuple[dict[str, tuple[float, float]], float, float]:
    """The middle of each node, and the width and height of it all."""
    tall = max((len(column) for column in columns), default=1)
    height = tall * PITCH
    places, x = {}, EDGE
    for column in columns:
        wide = max(one.width for one in column)
        pitch = height / len(column)
        for place, one in enumerate(column):
            places[one.id] = (x + wide / 2, (place + 0.5) * pitch)
        x += wide + GAP
    return places, x - GAP + EDGE, height


def _edge(prefix: str, edge: Edge, places: Mapping[str, tuple[float, float]], marks: Mapping[str, str]) -> Markup:
    (x1, y1), (x2, y2) = places[edge[0]], places[edge[1]]
    bend = (x2 - x1) / 2
    points = [(x1 + bend, y1), (x2 - bend, y2), (x2, y2)]
    path = f"M{coordinate(x1)} {coordinate(y1)}C" + " ".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    id_ = f"{edge[0]} {edge[1]}"
    return group(prefix, id_, element("path", d=path), class_=f"way {marks[id_]}" if id_ in marks else "way")


def _node(prefix: str, one: Node, at: tuple[float, float], mark: str | None) -> Markup:
    x, y = at
    kind, high = ("operation", ROUND) if one.value is None else ("quantity", HIGH)
    corner = high / 2 if one.value is None else 7.0
    box = element("rect", x=x - one.width / 2, y=y - high / 2, width=one.width, height=high, rx=corner, class_="pill")
    if one.value is None:
        words = [element("text", one.name, x=x, y=y + 4, class_="small middle")]
    else:
        words = [
            element("text", one.name, x=x, y=y - 4, class_="small middle muted name"),
            element("text", one.value, x=x, y=y + 11, class_="small middle value"),
        ]
    title = element("title", one.tip) if one.tip else None
    return group(prefix, one.id, title, box, *words, class_=f"{kind} {mark}" if mark else kind)
