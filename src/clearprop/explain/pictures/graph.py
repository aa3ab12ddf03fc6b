"""The way forward as a computational graph of its operations, as document 002 draws it."""

from __future__ import annotations

from collections.abc import Iterable

from clearprop.drawing import Node, graph
from clearprop.drawing.graph import Edge
from clearprop.drawing.markup import Markup
from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.expression import Expression, Product, Sum, Symbol, symbols
from clearprop.explain.pictures import lettering
from clearprop.explain.pictures.marks import marks
from clearprop.explain.ref import Ref

MOST_NODES = 80
SHOWN = ("z", "f", "a", "share", "E")


class Operations:
    """Nodes and edges from the inputs to the error: each quantity, and between them each operation with its sign."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        self.trace = explanation.trace
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        for whole, definition in self.trace.definitions.items():
            if definition.part.name in ("forward", "loss") and whole.kind in SHOWN:
                for ref in self.trace.elements(whole):
                    self._computed(ref)

    def _computed(self, ref: Ref) -> None:
        id_, formula = self.trace.text(ref), self.trace.formula(ref)
        sign = self._function(ref)
        if sign:
            start = self._operation(f"{id_} f", sign, [self._quantity(one) for one in symbols(formula)])
        else:
            start = self._added(id_, formula)
        self._quantity(ref)
        self.edges.append((start, id_))

    def _function(self, ref: Ref) -> str | None:
        """The name of the activation or the loss that gives a quantity, if it is given by one."""
        network = self.trace.network
        if ref.kind == "share":
            return network.loss.replace("_", " ")
        dropped = Ref("f", ref.layer) in self.trace.definitions
        return network.layers[ref.layer - 1].activation if ref.kind == ("f" if dropped else "a") else None

    def _added(self, id_: str, formula: Expression) -> str:
        """The node of a sum, of products of quantities; of one term alone, that term."""
        if isinstance(formula, Sum):
            terms = [self._multiplied(id_, number, term) for number, term in enumerate(formula.terms, 1)]
            return self._operation(f"{id_} +", "+", terms)
        return self._multiplied(id_, 1, formula)

    def _multiplied(self, id_: str, number: int, term: Expression) -> str:
        if isinstance(term, Symbol):
            return self._quantity(term.ref)
        sign = "×" if isinstance(term, Product) else "÷"
        return self._operation(f"{id_} × {number}", sign, [self._quantity(one) for one in symbols(term)])

    def _operation(self, id_: str, sign: str, sources: Iterable[str]) -> str:
        self.nodes[id_] = Node(id_, sign)
        self.edges += [(source, id_) for source in dict.fromkeys(sources)]
        return id_

    def _quantity(self, ref: Ref) -> str:
        id_ = self.trace.text(ref)
        if id_ not in self.nodes:
            value = self.explanation.value(ref)
            name = lettering.name(self.explanation, ref)
            tip = f"{name} = {self.explanation.printed(ref, value)}"
            self.nodes[id_] = Node(id_, name, lettering.number(self.explanation, ref, value), tip)
        return id_


def has_graph(explanation: Explanation) -> bool:
    """Whether there is one: of one sample, and of a network small enough to be followed by eye."""
    trace = explanation.trace
    return len(trace.samples) == 1 and not trace.step.penalised and 3 * trace.network.parameter_count <= MOST_NODES


def edges(explanation: Explanation) -> list[Edge]:
    """The graph's edges; none where there is no graph."""
    return Operations(explanation).edges if has_graph(explanation) else []


def operations(explanation: Explanation, lines: Iterable[Line] = ()) -> Markup | None:
    """The graph of a small network's step; lit are the nodes that the lines compute or use. None of a large one."""
    if not has_graph(explanation):
        return None
    found = Operations(explanation)
    lit = marks(explanation.trace, lines).graph
    return graph(list(found.nodes.values()), found.edges, prefix="graph", label=explanation.title, marks=lit)
