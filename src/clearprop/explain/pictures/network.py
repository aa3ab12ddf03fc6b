"""The network with the numbers of a step in it, as document 001 draws it, neuron by neuron."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clearprop.drawing import Tag, Writing
from clearprop.drawing import network as drawn
from clearprop.drawing.lettering import width
from clearprop.drawing.markup import Markup
from clearprop.drawing.network import has_room, unit_id
from clearprop.drawing.numerals import number
from clearprop.explain.definitions import outputs_below
from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.pictures import lettering
from clearprop.explain.pictures.marks import marks
from clearprop.explain.ref import Ref

DIGITS = 6
INSIDE = 64.0  # pixels across a unit that a number may take
SHORT = 3


def network(explanation: Explanation, lines: Iterable[Line] = ()) -> Markup:
    """The network; the units, weights and tags that the lines compute are yellow, those that they use orange."""
    trace = explanation.trace
    lit = marks(trace, lines).network
    sizes = trace.network.sizes
    writing = _written(explanation, lit) if has_room(sizes) else Writing(marks=lit)
    return drawn(sizes, prefix="network", label=str(trace.network), writing=writing)


def _written(explanation: Explanation, lit: dict[str, str]) -> Writing:
    """Names and numbers; of a batch only those of the parameters, as the units have as many as there are samples."""
    trace = explanation.trace
    sizes = trace.network.sizes
    alone = len(trace.samples) == 1
    names, values, tags = {}, {}, {}
    for layer, size in enumerate(sizes):
        for unit in range(1, size + 1):
            ref = outputs_below(trace.network, layer + 1).at(1, unit)
            id_ = unit_id(layer, unit)
            names[id_] = lettering.mark(explanation.name(ref).mark) if alone else ref.text()
            if alone:
                values[id_] = _within(explanation, ref)
            if layer:
                tags[id_] = list(_tags(explanation, layer, unit, alone))
                for source in range(1, sizes[layer - 1] + 1):
                    weight = Ref("W", layer, (source, unit))
                    values[trace.text(weight)] = _labelled(explanation, weight)
    return Writing(names, values, tags, lit)


def _tags(explanation: Explanation, layer: int, unit: int, alone: bool) -> Iterator[Tag]:
    described = explanation.trace.network.layers[layer - 1]
    if described.bias != "none":
        bias = Ref("b", layer, (unit,) if described.bias == "unit" else ())
        yield Tag(f"b{layer}[{unit}]", _labelled(explanation, bias), "above")
    if not alone:
        return
    yield Tag(f"z{layer}[{unit}]", _labelled(explanation, Ref("z", layer, (1, unit)), DIGITS), "below")
    if layer == len(explanation.trace.network.layers):
        if not explanation.forward:
            yield Tag(f"y[{unit}]", _labelled(explanation, Ref("y", 0, (1, unit))), "right")
        yield from _in_own_unit(explanation)


def _in_own_unit(explanation: Explanation) -> Iterator[Tag]:
    """A row's target, and the answer of a network that answers alone, in the unit of the table."""
    answer, say = explanation.answer, explanation.words
    if answer is None or answer.target.task == "classes":
        return
    if not explanation.forward:
        wanted = float(answer.target.unstandardise(explanation.trace.value(Ref("y", 0, (1, 1)))))
        yield Tag("y own", say.label("answer.wanted", value=number(wanted)), "right")
    if answer.count == 1:
        yield Tag("answer", say.label("answer.given", value=number(float(answer.value))), "right")


def _labelled(explanation: Explanation, ref: Ref, digits: int = lettering.SIGNIFICANT) -> str:
    name, number = lettering.mark(explanation.name(ref).mark), _number(explanation, ref, digits)
    # Where a weight leads is seen from its edge: only a short name says more.
    return number if ref.by_weight and len(name) > SHORT else f"{name} {number}"


def _within(explanation: Explanation, ref: Ref) -> str:
    """A number to as many digits as a unit has room for."""
    several = (_number(explanation, ref, digits) for digits in range(DIGITS, SHORT, -1))
    return next((one for one in several if width(one) <= INSIDE), _number(explanation, ref, SHORT))


def _number(explanation: Explanation, ref: Ref, digits: int = DIGITS) -> str:
    return lettering.number(explanation, ref, explanation.value(ref), digits)
