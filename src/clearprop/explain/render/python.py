"""An explanation as a Python script: the NumPy lines that compute the step, each beside its formula."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from clearprop.explain.explanation import Explanation
from clearprop.explain.expression import (
    Blocks,
    Call,
    Diagonal,
    Expression,
    Number,
    OneHot,
    SoftmaxJacobian,
    Symbol,
    children,
    symbols,
)
from clearprop.explain.ref import Ref
from clearprop.explain.render.links import named
from clearprop.explain.render.text import WRITER
from clearprop.explain.typeset import ATOM, MULTIPLIED, RAISED, SIGNED, Piece, Text, write

# What NumPy does not have.
HELPERS = {
    "sigmoid": "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))",
    "softplus": "def softplus(z):\n    return np.log1p(np.exp(z))",
    "phi": "def phi(z):\n    return np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)",
    "Phi": "Phi = np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)))",
    "softmax_jacobian": (
        "def softmax_jacobian(a):  # of each sample: a_i * ([i = j] - a_j)\n"
        "    return a[:, :, None] * (np.eye(a.shape[1]) - a[:, None, :])"
    ),
    "one_hot": (
        "def one_hot(x, categories):  # each category as so many numbers, 1 at its place\n"
        "    return (x[:, :, None] == np.arange(categories)).reshape(len(x), -1) * 1.0"
    ),
    "blocks": (
        "def blocks(a, count):  # as many blocks, one beneath the other, as a diagonal\n"
        "    inside = np.kron(np.eye(count), np.ones((len(a) // count, a.shape[1])))\n"
        "    return np.where(inside == 1, np.tile(a, (1, count)), 0.0)"
    ),
    "diagonal": (
        "def diagonal(a, count):  # the blocks on the diagonal, one beneath the other\n"
        "    return np.concatenate([np.split(rows, count, axis=1)[k] for k, rows in enumerate(np.split(a, count))])"
    ),
}
_HELPING: dict[type[Expression], str] = {
    SoftmaxJacobian: "softmax_jacobian",
    OneHot: "one_hot",
    Blocks: "blocks",
    Diagonal: "diagonal",
}


class Python:
    """NumPy's way to write a formula of whole matrices."""

    longest: float = math.inf

    def bracket(self, inner: str) -> str:
        return f"({inner})"

    def negative(self, inner: str) -> str:
        return f"-{inner}"

    def added(self, first: str, rest: Sequence[tuple[str, str]]) -> str:
        return first + "".join(f" {sign} {term}" for sign, term in rest)

    def skipped(self, count: int) -> str:
        raise AssertionError("a script leaves nothing out")

    def multiplied(self, factors: Sequence[str], elementwise: bool) -> str:
        return " * ".join(factors)

    def matrix_product(self, left: str, right: str) -> str:
        return f"{left} @ {right}"

    def contracted(self, left: str, jacobian: str) -> str:
        return f'np.einsum("bi,bij->bj", {left}, {jacobian})'

    def softmax_jacobian(self, a: str) -> str:
        return f"softmax_jacobian({a})"

    def divided(self, top: Piece, bottom: Piece) -> Piece:
        above = self.bracket(top.text) if top.binding < MULTIPLIED else top.text
        below = self.bracket(bottom.text) if bottom.binding < RAISED else bottom.text
        return Piece(f"{above} / {below}", MULTIPLIED)

    def raised(self, base: str, exponent: str) -> str:
        return f"{base} ** {exponent}"

    def transposed(self, inner: str) -> str:
        return f"{inner}.T"

    def column(self, inner: str, number: int | str) -> str:
        return self.part(inner, int(number), int(number), False)

    def row(self, inner: str, number: int | str) -> str:
        return self.part(inner, int(number), int(number), True)

    def constant(self, name: str) -> str:
        return f"np.{name}"

    def part(self, inner: str, first: int, last: int, turned: bool) -> str:
        return f"{inner}[{first - 1} : {last}]" if turned else f"{inner}[:, {first - 1}:{last}]"

    def joined(self, parts: Sequence[str], turned: bool) -> str:
        return f"np.concatenate([{', '.join(parts)}], axis={0 if turned else 1})"

    def repeated(self, inner: str, times: int, turned: bool) -> str:
        return f"np.repeat({inner}, {times}, axis={0 if turned else 1})"

    def one_hot(self, inner: str, categories: int, turned: bool) -> str:
        return _helped("one_hot", inner, categories, turned)

    def blocks(self, inner: str, count: int, turned: bool) -> str:
        return _helped("blocks", inner, count, turned)

    def diagonal(self, inner: str, count: int, turned: bool) -> str:
        return _helped("diagonal", inner, count, turned)

    def called(self, function: str, inner: Piece) -> Piece:
        return Piece(f"{function if function in HELPERS else f'np.{function}'}({inner.text})")

    def larger(self, left: str, right: str) -> str:
        return f"np.maximum({left}, {right})"

    def case(self, then: str, condition: str, otherwise: str) -> str:
        return f"np.where({condition}, {then}, {otherwise})"

    def compared(self, left: str, comparison: str, right: str) -> str:
        return f"{left} {comparison} {right}"

    def total(self, inner: Piece, over: str) -> str:
        axis = {"all": "", "units": ", axis=1, keepdims=True", "samples": ", axis=0"}[over]
        return f"np.sum({inner.text}{axis})"

    def sigma(self, letter: str, last: str, inner: str) -> str:
        raise AssertionError("matrices have no letters")

    def same(self, left: str, right: str) -> str:
        raise AssertionError("matrices have no letters")


def _helped(function: str, inner: str, number: int, turned: bool) -> str:
    """A call of a helper that has samples as rows."""
    if not turned:
        return f"{function}({inner}, {number})"
    return f"{function}({inner if inner.isidentifier() else f'({inner})'}.T, {number}).T"


STYLE = Python()
COMMENT = Text()


def python(explanation: Explanation) -> str:
    """A script that computes the step with NumPy alone and prints E and the new parameters.

    Names are the canonical ids as far as Python allows: `dE_da1`, `W1_new`; the comment beside a line has the formula
    of the notation, and where that counts with the other sign, the line does.
    """
    wanted = _wanted(explanation)
    formulas = {ref: _formula(explanation, ref) for ref in wanted if ref in explanation.trace.definitions}
    used = [name for name in HELPERS if any(_calls(formula, name) for formula in formulas.values())]
    lines = [f"# {explanation.title}", *(["import math", ""] if "Phi" in used else []), "import numpy as np", ""]
    for name in used:
        lines += ["", *HELPERS[name].splitlines(), ""]
    part = None
    for ref in wanted:
        there = explanation.part(ref)
        if there != part:
            lines += ["", f"# {explanation.words.heading(there)}"]
            part = there
        lines.append(_assigned(explanation, ref, formulas[ref]) if ref in formulas else _given(explanation, ref))
    return "\n".join([*lines, "", *_printed(explanation, wanted)]) + "\n"


def identifier(ref: Ref) -> str:
    """The name of a whole quantity in Python.

    >>> identifier(Ref("dE/dW", 1)), identifier(Ref("W'", 2)), identifier(Ref("dE[k]/da", 1, output=2))
    ('dE_dW1', 'W2_new', 'dE2_da1')
    """
    text = ref.text().replace("E[:]", "E_shares").replace("'", "_new").replace("/", "_")
    return re.sub(r"\[(\d+)\]", r"\1", text)


def _wanted(explanation: Explanation) -> list[Ref]:
    """All whole quantities of the step, or those that the one in focus is computed from, in order."""
    trace = explanation.trace
    shown = [ref for ref in trace.definitions if ref.kind not in explanation.notation.hidden]
    if explanation.focus is not None:
        shown = [explanation.focus.whole]
    needed: set[Ref] = set()
    waiting = list(shown)
    while waiting:
        ref = waiting.pop()
        if ref in needed:
            continue
        needed.add(ref)
        if ref in trace.definitions:
            waiting += [one.whole for one in symbols(_formula(explanation, ref))]
    return [ref for ref in (*trace.given, *trace.definitions) if ref in needed]


def _formula(explanation: Explanation, ref: Ref) -> Expression:
    formula = explanation.trace.definitions[ref].formula
    return explanation.notation.formula(ref, formula, explanation.trace.shapes)


def _calls(formula: Expression, name: str) -> bool:
    match formula:
        case Call(called, _) if called == name:
            return True
    if _HELPING.get(type(formula)) == name:
        return True
    return any(_calls(part, name) for part in children(formula))


def _assigned(explanation: Explanation, ref: Ref, formula: Expression) -> str:
    code = write(formula, STYLE, _leaf)
    shape = np.shape(explanation.value(ref))
    if shape and not symbols(formula):
        code = f"np.full({shape}, {code}{_kind(explanation)})"
    comment = write(formula, COMMENT, named(explanation, WRITER))
    return f"{identifier(ref)} = {code}  # {explanation.name(ref).text} = {comment}"


def _leaf(node: Symbol | Number) -> Piece:
    if isinstance(node, Symbol):
        return Piece(identifier(node.ref))
    return Piece(_literal(node.value), SIGNED if node.value < 0 else ATOM)


def _literal(value: float) -> str:
    return repr(float(value)).removesuffix(".0") if math.isfinite(value) else f'float("{value}")'


def _given(explanation: Explanation, ref: Ref) -> str:
    value = explanation.value(ref)
    name = f"{identifier(ref)} = "
    said = explanation.name(ref).text
    comment = "" if said == identifier(ref) else f"  # {said}"
    if not np.ndim(value):
        return name + _literal(value) + comment
    return f"{name}np.array({_rows(np.asarray(value), len(name) + 10)}{_kind(explanation)}){comment}"


def _rows(array: Any, indent: int) -> str:
    """A matrix as Python writes it, a row a line."""
    if array.ndim == 1:
        return "[" + ", ".join(_literal(value) for value in array) + "]"
    return "[" + (",\n" + " " * indent).join(_rows(row, indent) for row in array) + "]"


def _kind(explanation: Explanation) -> str:
    dtype = explanation.trace.model.parameters.flat.dtype
    return "" if dtype == np.float64 else f", dtype=np.{dtype}"


def _printed(explanation: Explanation, wanted: list[Ref]) -> Iterator[str]:
    """The end of the script: what came of it."""
    results = [ref for ref in wanted if ref.kind in ("E", "J") or ref.kind.endswith("'")]
    if explanation.focus is not None:
        results = [explanation.focus.whole]
    for ref in results:
        yield f'print("{explanation.name(ref).text} =", {identifier(ref)})'
