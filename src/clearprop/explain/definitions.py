"""What each quantity of a step is computed from: a formula of whole matrices each, in the order of computation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from clearprop.explain import column_definitions
from clearprop.explain.expression import (
    Call,
    Column,
    Contracted,
    Expression,
    MatMul,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Total,
    Transpose,
    parse,
    simplified,
)
from clearprop.explain.ref import SETTINGS, Ref
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer

SETTING_SYMBOLS: dict[str, Expression] = {name: Symbol(Ref(name)) for name in SETTINGS}


@dataclass(frozen=True)
class Part:
    """A stretch of a step: "forward", "backward" or "update" of a layer, or the "loss" (layer 0).

    Before layer 1, with layer 0, are those of each column layer, counted from 1, and of all of them together, 0.
    """

    name: str
    layer: int = 0
    column: int = 0


@dataclass(frozen=True)
class Definition:
    """A quantity, the formula that gives it, and the part of the step it belongs to.

    `by_shares` is the formula of its elements where a person would add up each output's share first.
    """

    ref: Ref
    formula: Expression
    part: Part
    by_shares: Expression | None = None


@dataclass(frozen=True)
class Step:
    """What a step's formulas depend on, beside its numbers.

    Attributes:
        network: what is computed.
        optimizer: how the gradients are applied, or None where they are not.
        samples: how many there are.
        weighted: whether samples have weights of their own.
        dropout: whether outputs are dropped, as in training.
        sure: whether the targets of each sample add up to 1, which makes cross-entropy's gradient a - y.
    """

    network: Network
    optimizer: Optimizer | None = None
    samples: int = 1
    weighted: bool = False
    dropout: bool = False
    sure: bool = True

    @property
    def penalised(self) -> bool:
        return bool(self.network.l1 or self.network.l2)


def definitions(step: Step) -> list[Definition]:
    """Every quantity that is computed in a step, each after those it is computed from.

    >>> [d.ref.text() for d in definitions(Step(Network.parse("2-1")))]
    ['s1', 'z1', 'a1', 'E[:]', 'E', 'dE/da1', 'da1/dz1', 'delta1', 'dE/dW1', 'dE/db1']
    """
    found: list[Definition] = []
    last = len(step.network.layers)
    found += _before_layers(step, "forward")
    for layer in range(1, last + 1):
        found += [Definition(ref, formula, Part("forward", layer)) for ref, formula in _forward(step, layer)]
    found += [Definition(ref, formula, Part("loss")) for ref, formula in _loss(step)]
    for layer in range(last, 0, -1):
        backward = [Definition(ref, formula, Part("backward", layer)) for ref, formula in _backward(step, layer)]
        found += [_added_up(one, backward) for one in backward]
    found += _before_layers(step, "backward")
    for layer in range(last, 0, -1) if step.optimizer else ():
        found += [Definition(ref, formula, Part("update", layer)) for ref, formula in _update(step, layer)]
    found += _before_layers(step, "update") if step.optimizer else []
    return [replace(one, formula=simplified(one.formula)) for one in found]


def _added_up(one: Definition, layer: list[Definition]) -> Definition:
    shares = tuple(Symbol(other.ref) for other in layer if other.ref.kind == "dE[k]/da")
    if one.ref.kind != "dE/da" or not shares:
        return one
    return replace(one, by_shares=Sum(shares) if len(shares) > 1 else shares[0])


Pairs = Iterator[tuple[Ref, Expression]]


def _before_layers(step: Step, part: str) -> Iterator[Definition]:
    """What the column layers compute in a part of a step, in order: on the way back the last one first."""
    network = step.network
    numbers = range(1, len(network.columns) + 1)
    if not numbers:
        return
    order = [*numbers, 0] if part == "forward" else [0, *reversed(numbers)]
    for column in order:
        way = column_definitions.WAYS.get(part)
        pairs = way(network, column) if way else _update_columns(step, column)
        yield from (Definition(ref, formula, Part(part, 0, column)) for ref, formula in pairs)


def outputs_below(network: Network, layer: int) -> Ref:
    """What a layer takes in: the outputs of the one below; the first one what the column layers give, or the inputs."""
    if layer > 1:
        return Ref("a", layer - 1)
    return Ref("h") if network.columns else Ref("x")


def _forward(step: Step, layer: int) -> Pairs:
    described = step.network.layers[layer - 1]
    weighted = MatMul(Symbol(outputs_below(step.network, layer)), Symbol(Ref("W", layer)))
    yield Ref("s", layer), weighted
    yield Ref("z", layer), Sum((weighted, Symbol(Ref("b", layer)))) if described.bias_size else weighted
    function = described.function
    value = parse(function.formula, {"z": Symbol(Ref("z", layer)), **_number(function)})
    if step.dropout and described.dropout:
        yield Ref("f", layer), value
        value = Product((Symbol(Ref("mask", layer)), Symbol(Ref("f", layer))))
    yield Ref("a", layer), value


def _loss(step: Step) -> Pairs:
    network, function = step.network, step.network.loss_function
    if function.aim:
        yield Ref("q"), parse(function.aim_formula, {**_names_of_loss(step), "y": Symbol(Ref("y"))})
    yield Ref("share"), parse(function.formula, _names_of_loss(step))
    shares: Expression = Symbol(Ref("share"))
    if step.weighted:
        shares = Product((Symbol(Ref("w")), shares))
    yield Ref("E"), _mean(step, Total(shares, "all"))
    if step.penalised:
        yield Ref("R"), _penalty(network)
        yield Ref("J"), Sum((Symbol(Ref("E")), Symbol(Ref("R"))))


def _backward(step: Step, layer: int) -> Pairs:
    network = step.network
    delta = Symbol(Ref("delta", layer))
    joint = layer == len(network.layers) and network.joint_pair is not None
    if joint:
        gradient = network.loss_function.joint_gradient_formula
        if step.sure:
            gradient = gradient.replace("total(y) * ", "")
        yield delta.ref, _mean_of_sample(step, parse(gradient, _names_of_loss(step)))
    else:
        yield from _to_output(step, layer)
        yield from _through_activation(step, layer)
    below = Symbol(outputs_below(network, layer))
    yield Ref("dE/dW", layer), MatMul(Transpose(below), delta)
    bias = network.layers[layer - 1].bias
    if bias != "none":
        yield Ref("dE/db", layer), Total(delta, "all" if bias == "layer" else "samples")
    if step.penalised:
        yield Ref("dR/dW", layer), _penalty_gradient(network, layer)
        yield Ref("dJ/dW", layer), Sum((Symbol(Ref("dE/dW", layer)), Symbol(Ref("dR/dW", layer))))


def _to_output(step: Step, layer: int) -> Pairs:
    """∂E/∂a: from the loss, or handed back by the layer above, at first each output's share of it."""
    network = step.network
    above = layer + 1
    if layer == len(network.layers):
        gradient = parse(network.loss_function.gradient_formula, _names_of_loss(step))
        yield Ref("dE/da", layer), _mean_of_sample(step, gradient)
        return
    if above == len(network.layers) and not network.layers[-1].function.across_units:
        for k in range(1, network.outputs + 1):
            column = Column(Symbol(Ref("delta", above)), k)
            yield Ref("dE[k]/da", layer, output=k), MatMul(column, Transpose(Column(Symbol(Ref("W", above)), k)))
    yield Ref("dE/da", layer), MatMul(Symbol(Ref("delta", above)), Transpose(Symbol(Ref("W", above))))


def _through_activation(step: Step, layer: int) -> Pairs:
    described = step.network.layers[layer - 1]
    function = described.function
    dropped = step.dropout and bool(described.dropout)
    names = {"z": Symbol(Ref("z", layer)), "a": Symbol(Ref("f" if dropped else "a", layer)), **_number(function)}
    yield Ref("da/dz", layer), parse(function.derivative_formula, names)
    arrived: Expression = Symbol(Ref("dE/da", layer))
    if dropped:
        arrived = Product((arrived, Symbol(Ref("mask", layer))))
    slope = Symbol(Ref("da/dz", layer))
    yield Ref("delta", layer), Contracted(arrived, slope) if function.across_units else Product((arrived, slope))


def _update(step: Step, layer: int) -> Pairs:
    assert step.optimizer is not None
    gradient = "dJ/dW" if step.penalised else "dE/dW"
    described = step.network.layers[layer - 1]
    yield from _applied(step.optimizer, "W", layer, gradient, described.weight_rate)
    if described.bias != "none" and described.train_bias:
        yield from _applied(step.optimizer, "b", layer, "dE/db", described.bias_rate)
    elif described.bias != "none":
        yield Ref("b'", layer), Symbol(Ref("b", layer))


def _update_columns(step: Step, number: int) -> Pairs:
    """What becomes of the parameters of a column layer, or, for 0, of the scale."""
    assert step.optimizer is not None
    network = step.network
    if number == 0:
        if network.scale:
            yield from _applied(step.optimizer, "scale", 0, "dE/dscale", network.scale.rate)
        return
    layer = network.columns[number - 1]
    for letter in layer.shapes:
        of = f"{letter}c"
        if letter in layer.frozen:
            yield Ref(f"{of}'", number), Symbol(Ref(of, number))
        else:
            yield from _applied(step.optimizer, of, number, f"dE/d{of}", layer.learning_rate_factor)


def _applied(optimizer: Optimizer, of: str, layer: int, gradient: str, factor: float) -> Pairs:
    names: dict[str, Expression] = dict(SETTING_SYMBOLS)
    names |= {"w": Symbol(Ref(of, layer)), "g": Symbol(Ref(gradient, layer)), "factor": Number(factor)}
    names |= {f"{slot}_old": Symbol(Ref(f"{slot}_old_{of}", layer)) for slot in optimizer.slots}
    for name, formula in optimizer.formulas(of == "W").items():
        ref = Ref(f"{of}'", layer) if name == "new" else Ref(f"{name}_{of}", layer)
        yield ref, parse(formula, names)
        names[name] = Symbol(ref)


def _names_of_loss(step: Step) -> Mapping[str, Expression]:
    network = step.network
    last = len(network.layers)
    names: dict[str, Expression] = {name: Symbol(Ref(name, last)) for name in ("a", "z")}
    aimed_at = Symbol(Ref("q" if network.loss_function.aim else "y"))
    return {**names, "y": aimed_at, "O": Number(float(network.outputs)), **_number(network.loss_function)}


def _number(entry: object) -> dict[str, Expression]:
    parameter, number = getattr(entry, "parameter", None), getattr(entry, "number", None)
    return {} if parameter is None or number is None else {parameter.name: Number(number)}


def _mean(step: Step, whole: Expression) -> Expression:
    """The sum over the samples as it is, or divided by their number or weight."""
    if step.network.reduction == "sum":
        return whole
    if step.weighted:
        return Quotient(whole, Total(Symbol(Ref("w")), "all"))
    return Quotient(whole, Symbol(Ref("B"))) if step.samples > 1 else whole


def _mean_of_sample(step: Step, gradient: Expression) -> Expression:
    """A sample's gradient as it counts in that of the batch."""
    return _mean(step, Product((Symbol(Ref("w")), gradient)) if step.weighted else gradient)


def _penalty(network: Network) -> Expression:
    terms: list[Expression] = []
    for layer in range(1, len(network.layers) + 1):
        W = Symbol(Ref("W", layer))
        if network.l1:
            terms.append(Product((SETTING_SYMBOLS["l1"], Total(Call("abs", W), "all"))))
        if network.l2:
            square = Total(Power(W, Number(2.0)), "all")
            terms.append(Product((Quotient(SETTING_SYMBOLS["l2"], Number(2.0)), square)))
    return Sum(tuple(terms))


def _penalty_gradient(network: Network, layer: int) -> Expression:
    W = Symbol(Ref("W", layer))
    terms: list[Expression] = []
    if network.l1:
        terms.append(Product((SETTING_SYMBOLS["l1"], Call("sign", W))))
    if network.l2:
        terms.append(Product((SETTING_SYMBOLS["l2"], W)))
    return Sum(tuple(terms))
