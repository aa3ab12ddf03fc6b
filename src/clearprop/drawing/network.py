"""The picture of a network: layers as columns of units, an edge a weight, all named by canonical ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from clearprop.drawing import lettering
from clearprop.drawing.markup import Markup, element, group, join, picture
from clearprop.drawing.numerals import number
from clearprop.drawing.placing import HEIGHT, Box, Segment, along, place_labels, slots
from clearprop.errors import InputError

GAP_SMALL, GAP_LARGE = 140.0, 230.0
LONGEST_NAME = 120.0
WIDENINGS = 4
MOST_UNITS, MOST_WEIGHTS = 6, 24  # of a network whose numbers all find a place in its drawing


@dataclass(frozen=True)
class Tag:
    """A quantity beside a unit: its id, its text, and the side, "above", "below" or "right", where several may be."""

    id: str
    text: str
    side: str = "below"


@dataclass(frozen=True)
class Writing:
    """What is written in a network's drawing, by canonical id.

    `names` go to units, `values` into units (with them units become large) and onto edges, `tags` beside
    units, `marks` are classes ("used", "computed") of units, edges, tags, and by the id of a whole ("a1", "W1") of
    a layer's units or weights; `heads` are one line for each layer.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, Sequence[Tag]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    heads: Sequence[str] = ()


@dataclass(frozen=True)
class _Unit:
    id: str
    layer: int
    index: int
    x: float
    y: float


@dataclass(frozen=True)
class _Layout:
    """Where the units are; `None` in a layer's slots stands for the units left out."""

    units: tuple[tuple[_Unit, ...], ...]
    dots: tuple[tuple[float, float], ...]
    radius: float
    width: float
    height: float


def unit_id(layer: int, index: int) -> str:
    """The canonical id of a unit's activation; layer 0 is the input.

    >>> unit_id(0, 2), unit_id(1, 3)
    ('x[2]', 'a1[3]')
    """
    return f"x[{index}]" if layer == 0 else f"a{layer}[{index}]"


def has_room(sizes: Sequence[int]) -> bool:
    """Whether a network's drawing has room for the number of each unit and each weight.

    >>> has_room([4, 3, 1]), has_room([784, 10])
    (True, False)
    """
    return max(sizes) <= MOST_UNITS and sum(inputs * units for inputs, units in pairwise(sizes)) <= MOST_WEIGHTS


def network(sizes: Sequence[int], *, prefix: str, label: str, writing: Writing | None = None, most: int = 8) -> Markup:
    """A network with layers of the given sizes, the input first.

    A layer of more than `most` units shows its first ones, dots and its last. `label` stands for the drawing
    where it cannot be seen.

    >>> drawing = network([2, 3, 1], prefix="net", label="2-3-1")
    >>> all(name in drawing for name in ('data-id="x[2]"', 'data-id="a1[3]"', 'data-id="W2[3-&gt;1]"'))
    True

    Raises `InputError` if a layer has no unit.
    """
    if not sizes or min(sizes) < 1:
        raise InputError(f"a network's drawing needs layers of 1 unit or more, got {list(sizes)}")
    writing = writing or Writing()
    gap = GAP_LARGE if writing.values else GAP_SMALL
    for _ in range(WIDENINGS):
        layout = _laid_out(sizes, writing, most, gap)
        edges = _edges(layout)
        obstacles = [box for layer in layout.units for unit in layer for box in _occupied(unit, layout, writing)]
        shown = {name: edge for name, edge in edges.items() if name in writing.values}
        sized = {name: lettering.width(writing.values[name], lettering.SMALL) + 12 for name in shown}
        labels, clear = place_labels(shown, sized, edges, obstacles)
        if clear:
            break
        gap *= 1.3
    counted = writing.heads or not writing.values
    return picture(
        prefix,
        layout.width,
        layout.height,
        label,
        *(_weights(prefix, layer, edges, labels, writing) for layer in range(1, len(sizes))),
        *(_dots(x, y) for x, y in layout.dots),
        *(_units(prefix, layer, layout, writing) for layer in range(len(sizes))),
        *(_tag(prefix, one, box, writing) for layer in layout.units for one, box in _tags(layer, layout, writing)),
        *(_head(prefix, layer, size, layout, writing) for layer, size in enumerate(sizes) if counted),
    )


def _laid_out(sizes: Sequence[int], writing: Writing, most: int, gap: float) -> _Layout:
    radius = 36.0 if writing.values else 9.0
    pitch = 2 * radius + (58 if writing.values else 11)
    columns = [slots(size, most) for size in sizes]
    left, right = (_margin(layer, columns[layer], radius, writing) for layer in (0, len(sizes) - 1))
    sides = {tag.side for tags in writing.tags.values() for tag in tags}
    top = radius + 4 + (HEIGHT + 4 if "above" in sides else 0)
    tallest = max(len(column) for column in columns)
    units, dots = [], []
    for layer, column in enumerate(columns):
        x = left + layer * gap
        first = top + (tallest - len(column)) * pitch / 2
        places = [(index, first + slot * pitch) for slot, index in enumerate(column)]
        units.append(tuple(_Unit(unit_id(layer, i), layer, i, x, y) for i, y in places if i is not None))
        dots += [(x, y) for index, y in places if index is None]
    below = radius + (HEIGHT + 6 if "below" in sides else 4) + (44 if writing.heads else 0 if writing.values else 26)
    width = left + (len(sizes) - 1) * gap + right
    return _Layout(tuple(units), tuple(dots), radius, width, top + (tallest - 1) * pitch + below)


def _margin(layer: int, column: Sequence[int | None], radius: float, writing: Writing) -> float:
    """The room outside the first or last layer: for its units, what is written by them, and its head."""
    ids = [unit_id(layer, index) for index in column if index is not None]
    wide = [radius + 4, 30.0, *(lettering.width(head) / 2 for head in writing.heads[layer : layer + 1])]
    for tag in (tag for id_ in ids for tag in writing.tags.get(id_, ())):
        wide.append(radius + 8 + _width(tag) if tag.side == "right" else _width(tag) / 2)
    if not writing.values:
        names = (lettering.width(writing.names[id_], lettering.SMALL) for id_ in ids if id_ in writing.names)
        wide += [radius + 12 + min(name, LONGEST_NAME) for name in names]
    return max(wide)


def _edges(layout: _Layout) -> dict[str, Segment]:
    """Every weight between units that are shown, from the rim of one circle to the rim of the next."""
    found = {}
    for sources, targets in zip(layout.units, layout.units[1:], strict=False):
        for source in sources:
            for target in targets:
                whole = Segment(source.x, source.y, target.x, target.y)
                rim = layout.radius / whole.length
                name = f"W{target.layer}[{source.index}->{target.index}]"
                found[name] = Segment(*along(whole, rim), *along(whole, 1 - rim))
    return found


def _occupied(unit: _Unit, layout: _Layout, writing: Writing) -> list[Box]:
    """Where no label may go: the unit and the tags beside it."""
    return [
        Box(unit.x, unit.y, 2 * layout.radius, 2 * layout.radius),
        *(box for _, box in _tags([unit], layout, writing)),
    ]


def _tags(units: Sequence[_Unit], layout: _Layout, writing: Writing) -> Iterator[tuple[Tag, Box]]:
    """The tags of units, each with its place."""
    away = layout.radius + HEIGHT / 2 + 4
    for unit in units:
        tags = writing.tags.get(unit.id, ())
        beside = [tag for tag in tags if tag.side == "right"]
        for tag in tags:
            wide = _width(tag)
            down = beside.index(tag) - (len(beside) - 1) / 2 if tag in beside else 0.0
            x, y = {
                "above": (unit.x, unit.y - away),
                "below": (unit.x, unit.y + away),
                "right": (unit.x + layout.radius + 6 + wide / 2, unit.y + down * (HEIGHT + 2)),
            }[tag.side]
            yield tag, Box(x, y, wide, HEIGHT)


def _width(tag: Tag) -> float:
    return lettering.width(tag.text, lettering.SMALL) + 10


def _weights(
    prefix: str, layer: int, edges: Mapping[str, Segment], labels: Mapping[str, Box], writing: Writing
) -> Markup:
    """All edges that lead into a layer, and over them their labels."""
    name = f"W{layer}"
    mine = [id_ for id_ in edges if id_.startswith(f"{name}[")]
    lines = (_edge(prefix, id_, edges[id_], writing, faint=not writing.values) for id_ in mine)
    pills = (_pill(prefix, id_, labels[id_], writing) for id_ in mine if id_ in labels)
    return group(prefix, name, *lines, *pills, class_=_classes("weights", writing.marks.get(name)))


def _units(prefix: str, layer: int, layout: _Layout, writing: Writing) -> Markup:
    name = f"a{layer}" if layer else "x"
    nodes = (_node(prefix, unit, layout, writing) for unit in layout.units[layer])
    return group(prefix, name, *nodes, class_=_classes("layer", writing.marks.get(name)))


def _edge(prefix: str, name: str, edge: Segment, writing: Writing, *, faint: bool) -> Markup:
    line = element("line", x1=edge.x1, y1=edge.y1, x2=edge.x2, y2=edge.y2)
    class_ = _classes("edge", "faint" if faint else None, writing.marks.get(name))
    return group(prefix, name, line, class_=class_)


def _node(prefix: str, unit: _Unit, layout: _Layout, writing: Writing) -> Markup:
    name, value = writing.names.get(unit.id), writing.values.get(unit.id)
    parts: list[str | None] = [element("circle", cx=unit.x, cy=unit.y, r=layout.radius)]
    if writing.values:
        inside = [line for line in (name, value) if line is not None]
        for row, line in enumerate(inside):
            y = unit.y + 4 + (row - (len(inside) - 1) / 2) * 18
            class_ = "middle strong" if line is name else "middle value"
            short = lettering.shortened(line, 2 * layout.radius)
            parts.append(element("text", short, x=unit.x, y=y, class_=class_))
    elif name is not None and unit.layer in (0, len(layout.units) - 1):
        side = -1 if unit.layer == 0 else 1
        short = lettering.shortened(name, LONGEST_NAME, lettering.SMALL)
        x = unit.x + side * (layout.radius + 8)
        parts.append(element("text", short, x=x, y=unit.y + 4, class_="small end" if side < 0 else "small"))
    title = None if name is None else element("title", name)
    return group(prefix, unit.id, title, *parts, class_=_classes("node", writing.marks.get(unit.id)))


def _dots(x: float, y: float) -> Markup:
    return join(element("circle", cx=x, cy=y + step, r=1.5, class_="dot") for step in (-6, 0, 6))


def _pill(prefix: str, name: str, box: Box, writing: Writing) -> Markup:
    shape = element("rect", x=box.left, y=box.top, width=box.width, height=box.height, rx=9, class_="pill")
    words = element("text", writing.values[name], x=box.x, y=box.y + 4, class_="small middle")
    return group(prefix, f"{name} label", shape, words, class_=_classes("label", writing.marks.get(name)))


def _tag(prefix: str, tag: Tag, box: Box, writing: Writing) -> Markup:
    shape = element("rect", x=box.left, y=box.top, width=box.width, height=box.height, rx=9, class_="pill")
    words = element("text", tag.text, x=box.x, y=box.y + 4, class_="small muted middle")
    return group(prefix, tag.id, shape, words, class_=_classes("tag", writing.marks.get(tag.id)))


def _head(prefix: str, layer: int, size: int, layout: _Layout, writing: Writing) -> Markup:
    x, y = layout.units[layer][0].x, layout.height - (22 if writing.heads else 6)
    lines = [element("text", number(size), x=x, y=y, class_="strong middle")]
    if layer < len(writing.heads):
        lines.append(element("text", writing.heads[layer], x=x, y=y + 16, class_="small muted middle"))
    return group(prefix, f"layer {layer}", *lines)


def _classes(*names: str | None) -> str:
    return " ".join(name for name in names if name)
