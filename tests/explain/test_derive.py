"""A derivation: each formula against SymPy's derivative, in the letters of each notation."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

import clearprop as cp
from clearprop.explain.definitions import Step, definitions
from clearprop.explain.derive import Derivation, derive
from clearprop.explain.expression import (
    Call,
    Cases,
    Expression,
    Larger,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    negated,
)
from clearprop.explain.notation import NOTATIONS
from clearprop.explain.ref import Ref
from clearprop.explain.render.layout import width_of
from clearprop.explain.scalar import Elements, Shapes, placed

sympy = pytest.importorskip("sympy")
SMOOTH = ["identity", "sigmoid", "tanh", "gelu", "silu", "mish", "softplus", "exp", "softmax"]
KINKED = ["relu", "leaky_relu(0.2)", "elu(0.7)", "selu"]
DIGITS = 30


def phi(z: Any) -> Any:
    return sympy.exp(-z * z / 2) / sympy.sqrt(2 * sympy.pi)


FUNCTIONS = {
    "exp": sympy.exp,
    "log": sympy.log,
    "tanh": sympy.tanh,
    "sqrt": sympy.sqrt,
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "sigmoid": lambda z: 1 / (1 + sympy.exp(-z)),
    "softplus": lambda z: sympy.log(1 + sympy.exp(z)),
    "phi": phi,
    "Phi": lambda z: (1 + sympy.erf(z / sympy.sqrt(2))) / 2,
}
COMPARED = {">": sympy.Gt, ">=": sympy.Ge, "<": sympy.Lt, "<=": sympy.Le, "==": sympy.Eq}


def to_sympy(formula: Expression, value: Any) -> Any:
    def of(node: Expression) -> Any:
        match node:
            case Number(number):
                return sympy.nsimplify(number, rational=True)
            case Symbol(ref):
                return value(ref)
            case Negative(inner):
                return -of(inner)
            case Sum(terms):
                return sympy.Add(*map(of, terms))
            case Product(factors):
                return sympy.Mul(*map(of, factors))
            case Quotient(top, bottom):
                return of(top) / of(bottom)
            case Power(base, exponent):
                return of(base) ** of(exponent)
            case Call(name, inner):
                return FUNCTIONS[name](of(inner))
            case Larger(left, right):
                return sympy.Piecewise((of(left), sympy.Gt(of(left), of(right))), (of(right), True))
            case Cases(left, comparison, right, then, otherwise):
                return sympy.Piecewise((of(then), COMPARED[comparison](of(left), of(right))), (of(otherwise), True))
        raise TypeError(node)

    return of(formula)


class Derived:
    """A network in SymPy: its loss by the definitions of the way forward, its gradients by the derived formulas."""

    def __init__(self, network: cp.Network) -> None:
        self.shapes = Shapes(network, samples=1)
        self.definitions = {one.ref: one.formula for one in definitions(Step(network))}
        self.elements = Elements(self.shapes)
        self.derived = {
            equation.ref.whole: equation
            for chapter in derive(network).chapters
            for equation in chapter.equations
            if equation.ref.kind in ("delta", "dE/da", "dE/dW", "dE/db", "dR/dW", "dJ/dW")
        }
        self.forward = cache(self._forward)
        self.backward = cache(self._backward)

    def _forward(self, ref: Ref) -> Any:
        if ref.whole not in self.definitions:
            return sympy.Symbol(ref.text(), real=True)
        return to_sympy(self.elements.of(self.definitions[ref.whole], *ref.place), self.forward)

    def _backward(self, ref: Ref) -> Any:
        if ref.whole not in self.derived:
            return self.forward(ref)
        equation = self.derived[ref.whole]
        places = {str(letter): number for letter, number in zip(equation.ref.place, ref.place, strict=True)}
        return to_sympy(placed(equation.chain[-1], places), self.backward)


def assert_derived(network: cp.Network) -> None:
    derived = Derived(network)
    numbers = iter(range(1, 10_000))
    point: dict[Any, Any] = {}

    def at_point(formula: Any) -> Any:
        for symbol in sorted(formula.free_symbols - point.keys(), key=str):
            # One of two targets is 1, as in classification; the rest is anything, far from every kink.
            k = next(numbers)
            point[symbol] = sympy.Rational(k * 7919 % 101 - 50, 61)
        return formula.subs(point).evalf(DIGITS)

    outputs = range(1, network.outputs + 1)
    point |= {sympy.Symbol(f"y[{k}]", real=True): sympy.Integer(int(k == 1)) for k in outputs}
    E, J = derived.forward(Ref("E")), derived.forward(Ref("J" if network.l2 else "E"))
    checked = 0
    for layer, described in enumerate(network.layers, start=1):
        kinds = [("dE/dW", E, "W"), ("dJ/dW", J, "W"), ("dE/db", E, "b")]
        for kind, error, of in kinds:
            ref = Ref(kind, layer)
            if ref not in derived.derived:
                continue
            shape = derived.shapes.of(ref)
            for place in [tuple(shape)] if shape else [()]:
                given = derived.forward(Ref(of, layer, place))
                expected = at_point(sympy.diff(error, given))
                assert abs(at_point(derived.backward(ref.at(*place))) - expected) <= max(abs(expected), 1) * 1e-20, (
                    ref,
                    described,
                )
                checked += 1
    assert checked


@pytest.mark.parametrize("function", [*SMOOTH, *KINKED])
def test_every_activation(function: str) -> None:
    assert_derived(cp.Network.parse("2-2-2", hidden=function, output=function))


@pytest.mark.parametrize("bias", ["unit", "layer", "none"])
@pytest.mark.parametrize(
    ("loss", "output"),
    [
        ("half_squared_error", "sigmoid"),
        ("mean_squared_error", "tanh"),
        ("absolute", "identity"),
        ("huber(0.1)", "identity"),
        ("quantile(0.8)", "identity"),
        ("poisson", "exp"),
        ("poisson", "softplus"),
        ("binary_cross_entropy", "sigmoid"),
        ("cross_entropy", "softmax"),
        ("smoothed_cross_entropy(0.3)", "softmax"),
    ],
)
def test_every_loss(loss: str, output: str, bias: str) -> None:
    assert_derived(cp.Network.parse("2-2-2", hidden="tanh", output=output, loss=loss, bias=bias))


@pytest.mark.parametrize("layers", ["2-1", "1-2-2-1", "2-1-2-1-1"])
def test_any_depth_with_penalties(layers: str) -> None:
    assert_derived(cp.Network.parse(layers, l1=0.1, l2=0.3))


def test_sums_beside_each_other_share_letters() -> None:
    text = str(derive(cp.Network.parse("2-3-3-3-3-3", l1=0.1, l2=0.1)))
    assert "Σ_k Σ_m |W5[k->m]|" in text and "Σ_n" not in text


def test_letters_of_sums_inside_sums_differ() -> None:
    text = str(derive(cp.Network.parse("2-2-2", hidden="softmax")))
    assert "Σ_k (Σ_m delta2[m]·W2[k->m])·a1[k]·([k = j] - a1[j])" in text


def test_a_wrong_formula_is_caught() -> None:
    derived = Derived(cp.Network.parse("2-2-1"))
    ref = Ref("delta", 1)
    right = derived.derived[ref]
    derived.derived[ref] = type(right)(right.ref, right.name, (Negative(right.chain[-1]),))
    wrong = derived.backward(Ref("dE/dW", 1, (1, 1)))
    expected = sympy.diff(derived.forward(Ref("E")), derived.forward(Ref("W", 1, (1, 1))))
    point = {symbol: sympy.Rational(1, 3) for symbol in expected.free_symbols}
    assert abs((wrong - expected).subs(point).evalf()) > 1e-6


def titles(derivation: Derivation) -> list[str]:
    return [chapter.title for chapter in derivation.chapters]


def test_without_a_hidden_layer_nothing_is_handed_back() -> None:
    logistic = derive(cp.Network.parse("3-1", loss="binary_cross_entropy"))
    assert "Nothing is handed back" in titles(logistic) and "Handing back" not in titles(logistic)
    assert "logistic regression is trained by gradient descent without it" in str(logistic).replace("\n", " ")
    assert "LR" in str(derive(logistic.network, language="zh"))
    assert "delta1[j] = ∂E/∂z1[j] = a1[j] - y[j]" in str(logistic)
    assert "3·1 + 1 = 4" in str(logistic)


def test_the_text() -> None:
    text = str(derive(cp.Network.parse("2-3-1")))
    for line in (
        "delta2[j] = ∂E/∂z2[j] = ∂E/∂a2[j]·∂a2[j]/∂z2[j] = (a2[j] - y[j])·a2[j]·(1 - a2[j])",
        "dE/da1[j] = ∂E/∂z2[1]·∂z2[1]/∂a1[j] = delta2[1]·W2[j->1]",
        "dE/dW1[i->j] = ∂E/∂z1[j]·∂z1[j]/∂W1[i->j] = x[i]·delta1[j]",
        "W1'[i->j] = W1[i->j] - eta·dE/dW1[i->j]",
    ):
        assert f"    {line}\n" in text
    assert text.endswith("2·3 + 3 + 3·1 + 1 = 13")


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_notation_and_language(notation: str, language: str) -> None:
    derivation = derive(
        cp.Network.parse("2-3-2-1", bias="layer"), optimizer=cp.Adam(), notation=notation, language=language
    )
    assert len(derivation.chapters) == 7
    assert all(one.chain for chapter in derivation.chapters for one in chapter.equations)
    partials = [
        part
        for chapter in derivation.chapters
        for one in chapter.equations
        for formula in one.chain
        for part in (negated(formula) if isinstance(formula, Negative) else formula,)
        if isinstance(part, Partial)
    ]
    assert partials and str(derivation)


def test_what_is_raised_holds_together() -> None:
    adam = derive(cp.Network.parse("2-2-1", l2=0.1), optimizer=cp.Adam(), notation="nielsen")
    text = str(adam)
    assert "(dC/dw^3_ji)²" in text and "(w^3_1k)²" in text and not re.search(r"\^\d_\w+²", text)
    set_in_latex = adam.markdown()
    assert r"\right)}^{2}" in set_in_latex and "^{2}}^{2}" not in set_in_latex and "}}}^{2}" not in set_in_latex


def test_letters_of_net_out_are_told_apart() -> None:
    text = str(derive(cp.Network.parse("2-3-2"), notation="net-out"))
    assert "net_h_j = Σ_k w1_kj·i_k + b_h_j" in text
    assert "net_o_j = Σ_k w2_kj·out_h_k + b_o_j" in text
    single = str(derive(cp.Network.parse("2-3-1"), notation="net-out"))
    assert "dE/dout_h_j = ∂E/∂net_o1·∂net_o1/∂out_h_j = delta_o1·w2_j,1" in single


def sentences(derivation: Derivation, title: str) -> str:
    return next(chapter.text for chapter in derivation.chapters if chapter.title == title)


def test_what_is_said_of_the_last_layer_is_true_of_it() -> None:
    said = {
        output: sentences(derive(cp.Network.parse("2-2-2", output=output, loss=loss)), "The last layer")
        for output, loss in (
            ("tanh", "half_squared_error"),
            ("softmax", "half_squared_error"),
            ("sigmoid", "binary_cross_entropy"),
            ("step", "perceptron"),
        )
    }
    assert "a product of two factors" in said["tanh"]
    assert "a sum over the outputs" in said["softmax"]
    assert "derivative cancels" in said["sigmoid"]
    assert "holds the answer fixed" in said["step"] and "cancels" not in said["step"]
    assert "with the other sign" in sentences(derive(cp.Network.parse("2-2-1"), notation="matrix"), "The last layer")


def test_logistic_regression_is_named_only_where_it_is_one() -> None:
    perceptron = derive(cp.Network.parse("3-1", output="step", loss="perceptron"))
    assert "Nothing is handed back" in titles(perceptron) and "logistic" not in str(perceptron)
    assert "logistic" not in str(derive(cp.Network.parse("3-1")))
    classes = cp.Network.parse("3-2", output="softmax", loss="cross_entropy")
    assert "logistic regression" in str(derive(classes)).replace("\n", " ")


def test_what_is_said_of_gradients_and_update_is_true_of_them() -> None:
    plain = derive(cp.Network.parse("2-2-1"))
    assert "are averaged" in str(plain) and "Frozen" not in str(plain) and "Dropout" not in str(plain)
    assert "a step against the gradient" in sentences(plain, "The update")
    other = derive(
        cp.Network.parse("2-2-1", bias="layer", train_bias=False, reduction="sum", dropout=0.3),
        optimizer=cp.Adam(),
        notation="threshold",
    )
    assert "Dropout is not written here" in sentences(other, "Forward")
    assert "minus the sum of their deltas" in sentences(other, "The gradients")
    assert "are added up" in sentences(other, "The gradients")
    update = sentences(other, "The update")
    assert "Frozen biases" in update and "1 - ρ₁ᵗ" in update and "against" not in update
    assert "bias" not in sentences(derive(cp.Network.parse("2-2-1", bias="none")), "The gradients")


def test_chinese_lines_keep_to_the_width() -> None:
    derivation = derive(cp.Network.parse("2-2-1"), language="zh")
    said = [line for line in str(derivation).splitlines() if not line.startswith(" ")]
    assert max(map(width_of, said)) <= 100
    title, rule = said[:2]
    assert width_of(title) == len(rule)
    assert "通过后一层的每一个单元" in str(derivation).replace("\n", "")


def test_bad_input() -> None:
    with pytest.raises(cp.InputError, match="unknown notation"):
        derive(cp.Network.parse("2-1"), notation="net_out")
    with pytest.raises(cp.InputError, match="unknown language"):
        derive(cp.Network.parse("2-1"), language="de")
    with pytest.raises(cp.InputError, match="expected a Network"):
        derive("2-1")  # type: ignore[arg-type]
