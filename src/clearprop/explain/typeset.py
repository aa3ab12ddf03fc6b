"""How a formula is written: as text, LaTeX or MathML. One walk for all; a style knows the marks of its language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

from clearprop.explain.expression import (
    Blocks,
    Call,
    Cases,
    Column,
    Constant,
    Contracted,
    Diagonal,
    Expression,
    Joined,
    Larger,
    MatMul,
    Negative,
    Number,
    OneHot,
    Part,
    Partial,
    Power,
    Product,
    Quotient,
    Repeated,
    Row,
    Same,
    Sigma,
    SoftmaxJacobian,
    Sum,
    Symbol,
    Total,
    Transpose,
    children,
)
from clearprop.explain.ref import Ref

# How tightly each kind of node holds its parts; a part that holds less tightly gets brackets.
ADDED, SIGNED, SUMMED, MULTIPLIED, RAISED, ATOM = range(6)

LONGEST = 12  # terms that a person reads before the middle is left out
SHOWN_FIRST, SHOWN_LAST = 3, 1


@dataclass(frozen=True)
class Piece:
    """Something written, and how tightly it holds together."""

    text: str
    binding: int = ATOM


Leaf = Callable[[Any], Piece]


class Style(Protocol):
    """The marks of one language. Each takes and gives text of that language; brackets are set before.

    A sum of more terms than `longest` is written with its middle left out.
    """

    longest: float

    def bracket(self, inner: str) -> str: ...
    def negative(self, inner: str) -> str: ...
    def added(self, first: str, rest: Sequence[tuple[str, str]]) -> str: ...
    def skipped(self, count: int) -> str: ...
    def multiplied(self, factors: Sequence[str], elementwise: bool) -> str: ...
    def matrix_product(self, left: str, right: str) -> str: ...
    def divided(self, top: Piece, bottom: Piece) -> Piece: ...
    def raised(self, base: str, exponent: str) -> str: ...
    def transposed(self, inner: str) -> str: ...
    def column(self, inner: str, number: int | str) -> str: ...
    def row(self, inner: str, number: int | str) -> str: ...
    def constant(self, name: str) -> str: ...
    def part(self, inner: str, first: int, last: int, turned: bool) -> str: ...
    def joined(self, parts: Sequence[str], turned: bool) -> str: ...
    def repeated(self, inner: str, times: int, turned: bool) -> str: ...
    def one_hot(self, inner: str, categories: int, turned: bool) -> str: ...
    def blocks(self, inner: str, count: int, turned: bool) -> str: ...
    def diagonal(self, inner: str, count: int, turned: bool) -> str: ...
    def called(self, function: str, inner: Piece) -> Piece: ...
    def larger(self, left: str, right: str) -> str: ...
    def case(self, then: str, condition: str, otherwise: str) -> str: ...
    def compared(self, left: str, comparison: str, right: str) -> str: ...
    def total(self, inner: Piece, over: str) -> str: ...
    def contracted(self, left: str, jacobian: str) -> str: ...
    def softmax_jacobian(self, a: str) -> str: ...
    def sigma(self, letter: str, last: str, inner: str) -> str: ...
    def same(self, left: str, right: str) -> str: ...


def is_matrix(formula: Expression) -> bool:
    """Whether a formula's value is a matrix or a row of numbers, not one number."""
    if isinstance(formula, Symbol):
        return has_elements(formula.ref)
    if isinstance(formula, Total):
        return formula.over != "all"
    return any(is_matrix(part) for part in children(formula))


def has_elements(ref: Ref) -> bool:
    return not ref.place and (ref.by_sample or bool(ref.parameter))


def write(formula: Expression, style: Style, leaf: Leaf) -> str:
    """The formula in a style.

    Args:
        formula: what to write.
        style: `Text()`, `Latex()` or `MathML()`.
        leaf: how a `Symbol`, a `Number` or a `Partial` is written: its name, or its value.
    """
    return _written(formula, style, leaf).text


def _written(formula: Expression, style: Style, leaf: Leaf) -> Piece:
    def of(node: Expression, at_least: int = 0) -> str:
        piece = _written(node, style, leaf)
        return style.bracket(piece.text) if piece.binding < at_least else piece.text

    match formula:
        case Symbol() | Number() | Partial():
            return leaf(formula)
        case Negative(inner):
            return Piece(style.negative(of(inner, SUMMED)), SIGNED)
        case Sum(terms):
            return Piece(_sum(terms, style, of), ADDED)
        case Product(factors):
            written = [of(factor, MULTIPLIED) for factor in factors]
            if sum(is_matrix(factor) for factor in factors) > 1:
                numbers = next(place for place, factor in enumerate(factors) if is_matrix(factor))
                written = [*written[:numbers], style.multiplied(written[numbers:], elementwise=True)]
            return Piece(style.multiplied(written, elementwise=False), MULTIPLIED)
        case Quotient(top, bottom):
            return style.divided(_written(top, style, leaf), _written(bottom, style, leaf))
        case Power(base, exponent):
            return Piece(style.raised(of(base, ATOM), of(exponent)), RAISED)
        case Call(function, inner):
            return style.called(function, _written(inner, style, leaf))
        case Larger(left, right):
            return Piece(style.larger(of(left), of(right)))
        case Cases(left, comparison, right, then, otherwise):
            return Piece(style.case(of(then), style.compared(of(left), comparison, of(right)), of(otherwise)), -1)
        case MatMul(left, right):
            return Piece(style.matrix_product(of(left, MULTIPLIED), of(right, MULTIPLIED)), MULTIPLIED)
        case Contracted(left, jacobian):
            return Piece(style.contracted(of(left, MULTIPLIED), of(jacobian, MULTIPLIED)), MULTIPLIED)
        case Transpose(inner):
            return Piece(style.transposed(of(inner, ATOM)), RAISED)
        case Column(inner, number):
            return Piece(style.column(of(inner, ATOM), number))
        case Row(inner, number):
            return Piece(style.row(of(inner, ATOM), number))
        case Constant(name):
            return Piece(style.constant(name))
        case Part(inner, first, last, turned):
            return Piece(style.part(of(inner, ATOM), first, last, turned))
        case Joined(parts, turned):
            return Piece(style.joined([of(part) for part in parts], turned))
        case Repeated(inner, times, turned):
            return Piece(style.repeated(of(inner), times, turned))
        case OneHot(inner, categories, turned):
            return Piece(style.one_hot(of(inner), categories, turned))
        case Blocks(inner, count, turned):
            return Piece(style.blocks(of(inner), count, turned))
        case Diagonal(inner, count, turned):
            return Piece(style.diagonal(of(inner), count, turned))
        case Total(inner, over):
            return Piece(style.total(_written(inner, style, leaf), over), SUMMED)
        case Sigma(letter, last, inner):
            return Piece(style.sigma(letter, str(last), of(inner, SUMMED)), SUMMED)
        case SoftmaxJacobian(a):
            return Piece(style.softmax_jacobian(of(a)), ADDED)
        case Same(left, right):
            return Piece(style.same(str(left), str(right)))
    raise TypeError(f"cannot be written: {formula!r}")


def _sum(terms: Sequence[Expression], style: Style, of: Callable[[Expression, int], str]) -> str:
    def term(node: Expression) -> tuple[str, str]:
        if isinstance(node, Negative):
            return "-", of(node.inner, SUMMED)
        return "+", of(node, SUMMED)

    if len(terms) > style.longest:
        count = len(terms) - SHOWN_FIRST - SHOWN_LAST
        shown = [*map(term, terms[:SHOWN_FIRST]), ("+", style.skipped(count)), *map(term, terms[-SHOWN_LAST:])]
    else:
        shown = [term(node) for node in terms]
    (sign, _), *rest = shown
    return style.added(style.negative(shown[0][1]) if sign == "-" else of(terms[0], SIGNED), rest)


def _held(style: Style, inner: Piece) -> str:
    """What stands behind a sign of summation."""
    return style.bracket(inner.text) if inner.binding < SUMMED else inner.text


def span(first: int, last: int) -> str:
    """Which rows or columns a part of a matrix has."""
    return str(first) if first == last else f"{first}…{last}"


_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Text:
    """Plain text: `W1[1->1]·x[1] + b1[1]`."""

    longest: float = LONGEST

    def bracket(self, inner: str) -> str:
        return f"({inner})"

    def negative(self, inner: str) -> str:
        return f"-{inner}"

    def added(self, first: str, rest: Sequence[tuple[str, str]]) -> str:
        return first + "".join(f" {sign} {term}" for sign, term in rest)

    def skipped(self, count: int) -> str:
        return f"… ({count:,})"

    def multiplied(self, factors: Sequence[str], elementwise: bool) -> str:
        return (" ⊙ " if elementwise else "·").join(factors)

    def matrix_product(self, left: str, right: str) -> str:
        return f"{left}·{right}"

    def divided(self, top: Piece, bottom: Piece) -> Piece:
        above = self.bracket(top.text) if top.binding < MULTIPLIED else top.text
        below = self.bracket(bottom.text) if bottom.binding < RAISED else bottom.text
        return Piece(f"{above}/{below}" if top.binding == bottom.binding == ATOM else f"{above} / {below}", MULTIPLIED)

    def raised(self, base: str, exponent: str) -> str:
        plain = exponent.lstrip("-").isdecimal()
        return base + (exponent.translate(_SUPERSCRIPTS) if plain else f"^{exponent}")

    def transposed(self, inner: str) -> str:
        return f"{inner}ᵀ"

    def column(self, inner: str, number: int | str) -> str:
        return f"{inner}[:,{number}]"

    def row(self, inner: str, number: int | str) -> str:
        return f"{inner}[{number},:]"

    def constant(self, name: str) -> str:
        return _CONSTANTS[name]

    def part(self, inner: str, first: int, last: int, turned: bool) -> str:
        return (self.row if turned else self.column)(inner, span(first, last))

    def joined(self, parts: Sequence[str], turned: bool) -> str:
        return f"[{('; ' if turned else ', ').join(parts)}]"

    def repeated(self, inner: str, times: int, turned: bool) -> str:
        return f"repeat({inner}, {times})"

    def one_hot(self, inner: str, categories: int, turned: bool) -> str:
        return f"onehot({inner})"

    def blocks(self, inner: str, count: int, turned: bool) -> str:
        return f"blocks({inner})"

    def diagonal(self, inner: str, count: int, turned: bool) -> str:
        return f"diag({inner})"

    def called(self, function: str, inner: Piece) -> Piece:
        if function == "abs":
            return Piece(f"|{inner.text}|")
        if function == "sqrt":
            return Piece(f"√{inner.text}" if inner.binding == ATOM else f"√({inner.text})", RAISED)
        return Piece(f"{_FUNCTIONS.get(function, function)}({inner.text})")

    def larger(self, left: str, right: str) -> str:
        return f"max({left}, {right})"

    def case(self, then: str, condition: str, otherwise: str) -> str:
        return f"{then} if {condition} else {otherwise}"

    def compared(self, left: str, comparison: str, right: str) -> str:
        return f"{left} {_COMPARED[comparison]} {right}"

    def total(self, inner: Piece, over: str) -> str:
        return {"all": "Σ ", "units": "Σ→ ", "samples": "Σ↓ "}[over] + _held(self, inner)

    def contracted(self, left: str, jacobian: str) -> str:
        return self.matrix_product(left, jacobian)

    def softmax_jacobian(self, a: str) -> str:
        return f"diag({a}) - {a}ᵀ·{a}"

    def sigma(self, letter: str, last: str, inner: str) -> str:
        return f"Σ_{letter} {inner}"

    def same(self, left: str, right: str) -> str:
        return f"[{left} = {right}]"


_CONSTANTS = {"pi": "π"}
_FUNCTIONS = {"sigmoid": "σ", "phi": "φ", "Phi": "Φ"}
_COMPARED = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "="}


class Latex:
    """LaTeX, for math mode."""

    longest: float = LONGEST

    def bracket(self, inner: str) -> str:
        return rf"\left({inner}\right)"

    def negative(self, inner: str) -> str:
        return f"-{inner}"

    def added(self, first: str, rest: Sequence[tuple[str, str]]) -> str:
        return first + "".join(f" {sign} {term}" for sign, term in rest)

    def skipped(self, count: int) -> str:
        return rf"\underbrace{{\cdots}}_{{{count}}}"

    def multiplied(self, factors: Sequence[str], elementwise: bool) -> str:
        return (r" \odot " if elementwise else r" \cdot ").join(factors)

    def matrix_product(self, left: str, right: str) -> str:
        return rf"{left} \, {right}"

    def divided(self, top: Piece, bottom: Piece) -> Piece:
        return Piece(rf"\frac{{{top.text}}}{{{bottom.text}}}", RAISED)

    def raised(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def transposed(self, inner: str) -> str:
        return rf"{{{inner}}}^{{\top}}"

    def column(self, inner: str, number: int | str) -> str:
        return f"{{{inner}}}_{{:,{number}}}"

    def row(self, inner: str, number: int | str) -> str:
        return f"{{{inner}}}_{{{number},:}}"

    def constant(self, name: str) -> str:
        return rf"\{name}"

    def part(self, inner: str, first: int, last: int, turned: bool) -> str:
        return (self.row if turned else self.column)(inner, span(first, last).replace("…", r" \ldots "))

    def joined(self, parts: Sequence[str], turned: bool) -> str:
        between = r" \\ " if turned else " & "
        return rf"\begin{{bmatrix}} {between.join(parts)} \end{{bmatrix}}"

    def repeated(self, inner: str, times: int, turned: bool) -> str:
        return rf"\operatorname{{repeat}}_{{{times}}}{self.bracket(inner)}"

    def one_hot(self, inner: str, categories: int, turned: bool) -> str:
        return rf"\operatorname{{onehot}}{self.bracket(inner)}"

    def blocks(self, inner: str, count: int, turned: bool) -> str:
        return rf"\operatorname{{blocks}}{self.bracket(inner)}"

    def diagonal(self, inner: str, count: int, turned: bool) -> str:
        return rf"\operatorname{{diag}}{self.bracket(inner)}"

    def called(self, function: str, inner: Piece) -> Piece:
        if function == "abs":
            return Piece(rf"\left|{inner.text}\right|")
        if function == "sqrt":
            return Piece(rf"\sqrt{{{inner.text}}}")
        if function == "exp":
            return Piece(f"e^{{{inner.text}}}", RAISED)
        return Piece(f"{_LATEX_FUNCTIONS[function]}{self.bracket(inner.text)}")

    def larger(self, left: str, right: str) -> str:
        return rf"\max\left({left}, {right}\right)"

    def case(self, then: str, condition: str, otherwise: str) -> str:
        return rf"\begin{{cases}} {then} & {condition} \\ {otherwise} & \text{{else}} \end{{cases}}"

    def compared(self, left: str, comparison: str, right: str) -> str:
        return f"{left} {_LATEX_COMPARED[comparison]} {right}"

    def total(self, inner: Piece, over: str) -> str:
        sign = {"all": r"\sum ", "units": r"\sum_{\rightarrow} ", "samples": r"\sum_{\downarrow} "}[over]
        return sign + _held(self, inner)

    def contracted(self, left: str, jacobian: str) -> str:
        return self.matrix_product(left, jacobian)

    def softmax_jacobian(self, a: str) -> str:
        return rf"\operatorname{{diag}}\left({a}\right) - {self.transposed(a)} \, {a}"

    def sigma(self, letter: str, last: str, inner: str) -> str:
        return rf"\sum_{{{letter}=1}}^{{{last}}} {inner}"

    def same(self, left: str, right: str) -> str:
        return f"[{left} = {right}]"


_LATEX_FUNCTIONS = {
    "log": r"\ln",
    "cos": r"\cos",
    "sin": r"\sin",
    "tanh": r"\tanh",
    "sign": r"\operatorname{sign}",
    "sigmoid": r"\sigma",
    "softplus": r"\operatorname{softplus}",
    "phi": r"\varphi",
    "Phi": r"\Phi",
}
_LATEX_COMPARED = {">": ">", ">=": r"\ge", "<": "<", "<=": r"\le", "==": "="}


class MathML:
    """Presentation MathML, as browsers draw it by themselves; leaves are elements such as <mi>x</mi>."""

    longest: float = LONGEST

    def bracket(self, inner: str) -> str:
        return _row(_mo("("), inner, _mo(")"))

    def negative(self, inner: str) -> str:
        return _row(_mo("−", form="prefix"), inner)

    def added(self, first: str, rest: Sequence[tuple[str, str]]) -> str:
        return _row(first, *(_mo("−" if sign == "-" else sign) + term for sign, term in rest))

    def skipped(self, count: int) -> str:
        return f"<munder><mo>⋯</mo><mn>{count:,}</mn></munder>"

    def multiplied(self, factors: Sequence[str], elementwise: bool) -> str:
        return _row(_mo("⊙" if elementwise else "·").join(factors))

    def matrix_product(self, left: str, right: str) -> str:
        return _row(left, "<mspace width='0.17em'></mspace>", right)

    def divided(self, top: Piece, bottom: Piece) -> Piece:
        return Piece(f"<mfrac>{_row(top.text)}{_row(bottom.text)}</mfrac>", RAISED)

    def raised(self, base: str, exponent: str) -> str:
        return f"<msup>{_row(base)}{_row(exponent)}</msup>"

    def transposed(self, inner: str) -> str:
        return f"<msup>{_row(inner)}<mo>⊤</mo></msup>"

    def column(self, inner: str, number: int | str) -> str:
        return f"<msub>{_row(inner)}<mrow><mo>:</mo><mo>,</mo><mn>{number}</mn></mrow></msub>"

    def row(self, inner: str, number: int | str) -> str:
        return f"<msub>{_row(inner)}<mrow><mn>{number}</mn><mo>,</mo><mo>:</mo></mrow></msub>"

    def constant(self, name: str) -> str:
        return f"<mi>{_CONSTANTS[name]}</mi>"

    def part(self, inner: str, first: int, last: int, turned: bool) -> str:
        return (self.row if turned else self.column)(inner, span(first, last))

    def joined(self, parts: Sequence[str], turned: bool) -> str:
        cells = [f"<mtd>{part}</mtd>" for part in parts]
        rows = "".join(f"<mtr>{cell}</mtr>" for cell in cells) if turned else f"<mtr>{''.join(cells)}</mtr>"
        return _row(_mo("["), f"<mtable>{rows}</mtable>", _mo("]"))

    def repeated(self, inner: str, times: int, turned: bool) -> str:
        return self._of(f"<msub><mi>repeat</mi><mn>{times}</mn></msub>", inner)

    def one_hot(self, inner: str, categories: int, turned: bool) -> str:
        return self._of("<mi>onehot</mi>", inner)

    def blocks(self, inner: str, count: int, turned: bool) -> str:
        return self._of("<mi>blocks</mi>", inner)

    def diagonal(self, inner: str, count: int, turned: bool) -> str:
        return self._of("<mi>diag</mi>", inner)

    def _of(self, function: str, inner: str) -> str:
        return _row(function, "<mo>&#x2061;</mo>", self.bracket(inner))

    def called(self, function: str, inner: Piece) -> Piece:
        if function == "abs":
            return Piece(_row(_mo("|"), inner.text, _mo("|")))
        if function == "sqrt":
            return Piece(f"<msqrt>{inner.text}</msqrt>")
        if function == "exp":
            return Piece(f"<msup><mi>e</mi>{_row(inner.text)}</msup>", RAISED)
        name = {"log": "ln"}.get(function, _FUNCTIONS.get(function, function))
        return Piece(_row(f"<mi>{escape(name)}</mi>", "<mo>&#x2061;</mo>", self.bracket(inner.text)))

    def larger(self, left: str, right: str) -> str:
        return _row("<mi>max</mi>", _mo("("), left, _mo(","), right, _mo(")"))

    def case(self, then: str, condition: str, otherwise: str) -> str:
        rows = f"<mtr><mtd>{then}</mtd><mtd>{condition}</mtd></mtr><mtr><mtd>{otherwise}</mtd><mtd></mtd></mtr>"
        return _row(_mo("{"), f"<mtable columnalign='left left'>{rows}</mtable>")

    def compared(self, left: str, comparison: str, right: str) -> str:
        return _row(left, _mo(_COMPARED[comparison]), right)

    def total(self, inner: Piece, over: str) -> str:
        sign = {"all": "<mo>∑</mo>", "units": "<munder><mo>∑</mo><mo>→</mo></munder>"}
        return _row(sign.get(over, "<munder><mo>∑</mo><mo>↓</mo></munder>"), _held(self, inner))

    def contracted(self, left: str, jacobian: str) -> str:
        return self.matrix_product(left, jacobian)

    def softmax_jacobian(self, a: str) -> str:
        diagonal = _row("<mi>diag</mi>", "<mo>&#x2061;</mo>", self.bracket(a))
        return self.added(diagonal, [("-", self.matrix_product(self.transposed(a), a))])

    def sigma(self, letter: str, last: str, inner: str) -> str:
        below = _row(f"<mi>{letter}</mi>", _mo("="), "<mn>1</mn>")
        return _row(f"<munderover><mo>∑</mo>{below}<mn>{last}</mn></munderover>", inner)

    def same(self, left: str, right: str) -> str:
        return _row(_mo("["), f"<mi>{left}</mi>", _mo("="), f"<mi>{right}</mi>", _mo("]"))


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _mo(mark: str, form: str = "") -> str:
    return f"<mo{f' form={chr(39)}{form}{chr(39)}' if form else ''}>{escape(mark)}</mo>"
