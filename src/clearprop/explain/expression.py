"""A small tree for formulas. One formula of whole matrices gives the numbers, the scalar form and the printed line."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from clearprop.explain.ref import Place, Ref

Lookup = Callable[[Ref], Any]


@dataclass(frozen=True)
class Expression:
    """A formula; each kind of node is a class below."""


@dataclass(frozen=True)
class Number(Expression):
    value: float


@dataclass(frozen=True)
class Symbol(Expression):
    """A quantity; `flipped` where a notation counts it with the other sign, which its value then has as well."""

    ref: Ref
    flipped: bool = False


@dataclass(frozen=True)
class Negative(Expression):
    inner: Expression


@dataclass(frozen=True)
class Sum(Expression):
    terms: tuple[Expression, ...]


@dataclass(frozen=True)
class Product(Expression):
    """Factors multiplied; of matrices, element by element."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True)
class Quotient(Expression):
    top: Expression
    bottom: Expression


@dataclass(frozen=True)
class Power(Expression):
    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Call(Expression):
    """A function of `FUNCTIONS`."""

    name: str
    inner: Expression


@dataclass(frozen=True)
class Larger(Expression):
    """The larger of two."""

    left: Expression
    right: Expression


@dataclass(frozen=True)
class Cases(Expression):
    """`then` where `left` compares (">", ">=", "<", "<=", "==") with `right`, else `otherwise`."""

    left: Expression
    comparison: str
    right: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class MatMul(Expression):
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Transpose(Expression):
    inner: Expression


@dataclass(frozen=True)
class Total(Expression):
    """The sum of a matrix's elements: over the "units" of a row, over the "samples" of a column, or over "all"."""

    inner: Expression
    over: str


@dataclass(frozen=True)
class Column(Expression):
    """One column of a matrix (n, m), as a matrix (n, 1)."""

    inner: Expression
    number: int


@dataclass(frozen=True)
class Row(Expression):
    """One row of a matrix (n, m), as a matrix (1, m)."""

    inner: Expression
    number: int


@dataclass(frozen=True)
class Contracted(Expression):
    """Each row (O,) times the Jacobian (O, O) of its sample: Σᵢ left[s, i] · jacobian[s, i, j]."""

    left: Expression
    jacobian: Expression


@dataclass(frozen=True)
class SoftmaxJacobian(Expression):
    """aᵢ · ([i = j] - aⱼ) for each sample, (B, O, O), `[b, i, j]` = ∂aᵢ/∂zⱼ."""

    a: Expression


@dataclass(frozen=True)
class Constant(Expression):
    """A number that has a name, one of `CONSTANTS`."""

    name: str


@dataclass(frozen=True)
class Part(Expression):
    """Some columns of a matrix, from `first` to `last`, counted from 1; where it is `turned`, some rows."""

    inner: Expression
    first: int
    last: int
    turned: bool = False


@dataclass(frozen=True)
class Joined(Expression):
    """Matrices side by side; where it is `turned`, one beneath the other."""

    parts: tuple[Expression, ...]
    turned: bool = False


@dataclass(frozen=True)
class Repeated(Expression):
    """Each column of a matrix so many times, [a, b] as [a, a, b, b]; where it is `turned`, each row."""

    inner: Expression
    times: int
    turned: bool = False


@dataclass(frozen=True)
class OneHot(Expression):
    """Each number c of a matrix (n, m) as so many, 1 at place c + 1 and else 0: (n, m·categories), or `turned` that."""

    inner: Expression
    categories: int
    turned: bool = False


@dataclass(frozen=True)
class Blocks(Expression):
    """`count` blocks, of a matrix (count·k, m), as the diagonal of one (count·k, count·m) that is 0 elsewhere.

    Where it is `turned`, of a matrix (m, count·k), (count·m, count·k).
    """

    inner: Expression
    count: int
    turned: bool = False


@dataclass(frozen=True)
class Diagonal(Expression):
    """The `count` blocks on the diagonal of a matrix, which `Blocks` has put there."""

    inner: Expression
    count: int
    turned: bool = False


@dataclass(frozen=True)
class Partial(Expression):
    """∂top/∂bottom, not worked out."""

    top: Ref
    bottom: Ref


@dataclass(frozen=True)
class Sigma(Expression):
    """Σ of `inner` for a letter from 1 to `last`: a sum over a place that stays a letter."""

    letter: str
    last: Place
    inner: Expression


@dataclass(frozen=True)
class Same(Expression):
    """1 where two places are the same, else 0."""

    left: Place
    right: Place


def _phi(z: Any) -> Any:
    return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def _Phi(z: Any) -> Any:
    from scipy import special

    return special.ndtr(z)


CONSTANTS = {"pi": math.pi}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "cos": np.cos,
    "sin": np.sin,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "sigmoid": lambda z: 1.0 / (1.0 + np.exp(-z)),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "phi": _phi,
    "Phi": _Phi,
}
_AXES: dict[str, dict[str, Any]] = {"all": {}, "units": {"axis": 1, "keepdims": True}, "samples": {"axis": 0}}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
}


def evaluate(formula: Expression, value: Lookup) -> Any:
    """The value of a formula, of numbers or of whole matrices.

    Args:
        formula: what to compute; it holds no letters.
        value: the value of each quantity, a number or an array.

    >>> float(evaluate(parse("1 / (1 + exp(-z))", {"z": Number(0.0)}), value=lambda ref: None))
    0.5
    """

    def of(node: Expression) -> Any:
        match node:
            case Number(number):
                return number
            case Symbol(ref, flipped):
                return -value(ref) if flipped else value(ref)
            case Negative(inner):
                return -of(inner)
            case Sum(terms):
                total = of(terms[0])
                for term in terms[1:]:
                    total = total + of(term)
                return total
            case Product(factors):
                product = of(factors[0])
                for factor in factors[1:]:
                    product = product * of(factor)
                return product
            case Quotient(top, bottom):
                return of(top) / of(bottom)
            case Power(base, exponent):
                return of(base) ** of(exponent)
            case Call(name, inner):
                return FUNCTIONS[name](of(inner))
            case Larger(left, right):
                return np.maximum(of(left), of(right))
            case Cases(left, comparison, right, then, otherwise):
                return np.where(_COMPARISONS[comparison](of(left), of(right)), of(then), of(otherwise))
            case MatMul(left, right):
                return of(left) @ of(right)
            case Transpose(inner):
                return of(inner).T
            case Column(inner, number):
                return of(inner)[:, number - 1 : number]
            case Row(inner, number):
                return of(inner)[number - 1 : number]
            case Total(inner, over):
                array = of(inner)
                return array.sum(**_AXES[over])
            case Contracted(left, jacobian):
                return np.einsum("bi,bij->bj", of(left), of(jacobian))
            case SoftmaxJacobian(a):
                A = of(a)
                return A[:, :, None] * (np.eye(A.shape[1]) - A[:, None, :])
            case Same(left, right):
                return 1.0 if left == right else 0.0
            case Constant(name):
                return CONSTANTS[name]
            case Joined(parts, turned):
                return np.concatenate([of(part) for part in parts], axis=0 if turned else 1)
            case Part() | Repeated() | OneHot() | Blocks() | Diagonal():
                A = of(node.inner)
                return _laid_out(node, A.T).T if node.turned else _laid_out(node, A)
        raise TypeError(f"no value without places: {node!r}")

    with np.errstate(all="ignore"):
        return of(formula)


def _laid_out(node: Part | Repeated | OneHot | Blocks | Diagonal, A: Any) -> Any:
    match node:
        case Part(_, first, last):
            return A[:, first - 1 : last]
        case Repeated(_, times):
            return np.repeat(A, times, axis=1)
        case OneHot(_, categories):
            return (A[:, :, None] == np.arange(categories)).reshape(len(A), -1) * 1.0
        case Blocks(_, count):
            rows, columns = len(A) // count, A.shape[1]
            in_block = np.kron(np.eye(count), np.ones((rows, columns))) == 1.0
            return np.where(in_block, np.tile(A, (1, count)), 0.0)
        case Diagonal(_, count):
            blocks = A.reshape(count, len(A) // count, count, -1)
            return np.concatenate([blocks[number, :, number] for number in range(count)])


def children(node: Expression) -> tuple[Expression, ...]:
    """The parts that a node is made of, in reading order."""
    parts: list[Expression] = []
    for entry in fields(node):
        part = getattr(node, entry.name)
        if isinstance(part, Expression):
            parts.append(part)
        elif isinstance(part, tuple) and part and isinstance(part[0], Expression):
            parts.extend(part)
    return tuple(parts)


def rebuilt(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The same node with each of its parts changed."""
    changes: dict[str, Any] = {}
    for entry in fields(node):
        part = getattr(node, entry.name)
        if isinstance(part, Expression):
            changes[entry.name] = change(part)
        elif isinstance(part, tuple) and part and isinstance(part[0], Expression):
            changes[entry.name] = tuple(change(one) for one in part)
    return replace(node, **changes) if changes else node


def symbols(formula: Expression) -> list[Ref]:
    """The quantities in a formula, each once, in reading order."""
    found: dict[Ref, None] = {}
    waiting = [formula]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Symbol):
            found[node.ref] = None
        waiting.extend(reversed(children(node)))
    return list(found)


def negated(formula: Expression) -> Expression:
    """The formula with the other sign, written without a bracket more than needed: -(a - y) is y - a."""
    match formula:
        case Negative(inner):
            return inner
        case Sum(terms):
            flipped = [negated(term) for term in terms]
            flipped.sort(key=lambda term: isinstance(term, Negative))  # what is added comes first
            return Sum(tuple(flipped))
        case Number(value) if value == 0:
            return formula
    return Negative(formula)


def simplified(formula: Expression) -> Expression:
    """Signs gathered in front of products, brackets that change nothing left out, factors of 1 dropped."""
    node = rebuilt(formula, simplified)
    match node:
        case Negative(Negative(inner)):
            return inner
        case Negative(inner):
            return negated(inner)
        case Sum(terms):
            flat: list[Expression] = []
            for term in terms:
                flat.extend(term.terms if isinstance(term, Sum) else [term])
            kept = [term for term in flat if term != Number(0.0)]
            return Sum(tuple(kept)) if len(kept) > 1 else kept[0] if kept else Number(0.0)
        case Product(factors):
            return _signed_product(factors)
        case MatMul(left, right):
            signs = [isinstance(part, Negative) for part in (left, right)]
            bare = MatMul(*(part.inner if isinstance(part, Negative) else part for part in (left, right)))
            return Negative(bare) if signs[0] != signs[1] else bare
        case Transpose(Negative(inner)):
            return Negative(Transpose(inner))
        case Total(Negative(inner), over):
            return Negative(Total(inner, over))
        case Column(Negative(inner), number):
            return Negative(Column(inner, number))
        case Part(Negative(inner)) | Diagonal(Negative(inner)):
            return Negative(replace(node, inner=inner))
        case Quotient(Negative(top), bottom):
            return simplified(Negative(Quotient(top, bottom)))
        case Quotient(top, Number(1.0)):
            return top
        case Quotient(Number(0.0), _):
            return Number(0.0)
        case Power(Negative(base), Number(2.0)):
            return Power(base, Number(2.0))
    return node


def _signed_product(factors: tuple[Expression, ...]) -> Expression:
    flat: list[Expression] = []
    negative = False
    for factor in factors:
        negative ^= isinstance(factor, Negative)
        bare = factor.inner if isinstance(factor, Negative) else factor
        flat.extend(bare.factors if isinstance(bare, Product) else [bare])
    if Number(0.0) in flat:
        return Number(0.0)
    kept = [factor for factor in flat if factor != Number(1.0)]
    product = Product(tuple(kept)) if len(kept) > 1 else kept[0] if kept else Number(1.0)
    return negated(product) if negative else product


def replaced(formula: Expression, new: Callable[[Ref], Expression | None]) -> Expression:
    """The formula with some quantities written in another way; None leaves one as it is."""
    if isinstance(formula, Symbol):
        other = new(formula.ref)
        return formula if other is None else other
    return rebuilt(formula, lambda part: replaced(part, new))


def decided(formula: Expression, value: Lookup) -> Expression:
    """The formula with the branch of each case that its numbers ask for, without what that makes 0."""
    if isinstance(formula, Cases):
        holds = _COMPARISONS[formula.comparison](evaluate(formula.left, value), evaluate(formula.right, value))
        return decided(formula.then if holds else formula.otherwise, value)
    node = rebuilt(formula, lambda part: decided(part, value))
    return simplified(node) if node != formula else formula


def parse(text: str, names: Mapping[str, Expression]) -> Expression:
    """The formula of a text in Python's grammar, as the registries hold them.

    Args:
        text: such as "z if z > 0 else slope * z"; `total(…)` sums over the units of a layer.
        names: what each name in it stands for.

    >>> parse("2 * w", {"w": Symbol(Ref("W", 1))})
    Product(factors=(Number(value=2.0), Symbol(ref=Ref(kind='W', layer=1, place=(), output=0), flipped=False)))
    """

    def of(node: ast.expr) -> Expression:
        match node:
            case ast.Constant(value=value):
                return Number(float(value))  # type: ignore[arg-type]
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Negative(of(operand))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return Sum((of(left), of(right)))
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return Sum((of(left), Negative(of(right))))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return Product((of(left), of(right)))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return Quotient(of(left), of(right))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return Power(of(left), of(right))
            case ast.Call(func=ast.Name(id="max"), args=[left, right]):
                return Larger(of(left), of(right))
            case ast.Call(func=ast.Name(id="total"), args=[inner]):
                return Total(of(inner), "units")
            case ast.Call(func=ast.Name(id="softmax_jacobian"), args=[inner]):
                return SoftmaxJacobian(of(inner))
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in FUNCTIONS:
                return Call(name, of(inner))
            case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right]), body=body, orelse=orelse):
                signs: dict[type[ast.cmpop], str] = {
                    ast.Gt: ">",
                    ast.GtE: ">=",
                    ast.Lt: "<",
                    ast.LtE: "<=",
                    ast.Eq: "==",
                }
                return Cases(of(left), signs[type(op)], of(right), of(body), of(orelse))
        raise ValueError(f'formula "{text}": {ast.unparse(node)} is not known')

    return _flat(of(ast.parse(text, mode="eval").body))


def _flat(formula: Expression) -> Expression:
    """a + b + c as one sum and a · b · c as one product."""
    node = rebuilt(formula, _flat)
    match node:
        case Sum((Sum(first), *rest)):
            return Sum((*first, *rest))
        case Product((Product(first), *rest)):
            return Product((*first, *rest))
    return node
