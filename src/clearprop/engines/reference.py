"""The definition of right: NumPy, readable, slow. Every other engine is tested against it.

Each computation is a pair, a value and its way back. `record` is called with the name and the value of every quantity,
in the order in which it is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from clearprop.engines.base import Array, Member, Outcome, Plan, Samples, State, Sums, Task, Tick
from clearprop.engines.order import epoch_order
from clearprop.engines.precision import ROUNDINGS, unrounded
from clearprop.network.columns import features
from clearprop.network.losses import total
from clearprop.network.parameters import Parameters
from clearprop.network.penalty import penalty
from clearprop.network.record import Record, ignore
from clearprop.network.spec import Dense, Network
from clearprop.random import Stream, words

Masks = Callable[[int, tuple[int, int]], Array]
Rounding = Callable[[Array], Array]
WaysBack = tuple[Callable[[Array], tuple[Array, Array, Array]], Callable[[Array], Array], Callable[[Array], Array]]


def affine(
    W: Array, b: Array, A: Array, rounded: Rounding = unrounded, record: Record = ignore
) -> tuple[Array, Callable[[Array], tuple[Array, Array, Array]]]:
    """Z = A·W + b, and the way back: from Δ = ∂E/∂Z to ∂E/∂W = Aᵀ·Δ, ∂E/∂b = Σ Δ and ∂E/∂A = Δ·Wᵀ.

    The operands of the three products are rounded, and nothing else is.
    """
    A, W = rounded(A), rounded(W)

    def back(delta: Array) -> tuple[Array, Array, Array]:
        db = delta.sum(axis=0) if len(b) == W.shape[1] else delta.sum(keepdims=True)[0, : len(b)]
        delta = rounded(delta)
        return A.T @ delta, db, delta @ W.T

    S = A @ W
    record("s", S)
    return (S + b if len(b) else S), back


def dropped(A: Array, mask: Array | None, record: Record = ignore) -> tuple[Array, Callable[[Array], Array]]:
    """A ⊙ mask, and the way back; without a mask both are the identity."""
    if mask is None:
        return A, lambda dA: dA
    record("mask", mask)
    return A * mask, lambda dA: dA * mask


def dropout_masks(network: Network, seed: int, step: int, dtype: np.dtype[Any], fade: float = 1.0) -> Masks:
    """The masks of one update: 0 for the dropped outputs of a layer (from 0), 1 / (1 - share) for the others.

    The share is the layer's dropout, or what `fade` leaves of it.
    """

    def mask(layer: int, shape: tuple[int, int]) -> Array:
        share = network.layers[layer].dropout * fade
        drawn = words(seed, Stream.DROPOUT, shape[0] * shape[1], lane=layer, time=step).reshape(shape)
        return np.where(drawn >= np.uint64(share * 2.0**32), 1.0 / (1.0 - share), 0.0).astype(dtype)

    return mask


def taken_in(
    parameters: Parameters, X: Array, record: Record = ignore
) -> tuple[Array, Callable[[Array, Parameters], None]]:
    """What the first layer takes in (B, width), and the way back, which enters the gradients of the column layers."""
    network = parameters.network
    if not network.columns:
        return X, lambda dE, gradients: None
    H, features_back = features(network.columns, parameters.columns, parameters.scale, X, record)

    def back(dH: Array, gradients: Parameters) -> None:
        of_columns, gradients.scale[...] = features_back(dH)
        for own, found in zip(gradients.columns, of_columns, strict=True):
            for name, gradient in found.items():
                own[name][...] = gradient

    return H, back


def forward(parameters: Parameters, X: Array) -> tuple[Array, Array]:
    """The last layer's net inputs Z and outputs A, (B, O) each."""
    A, _ = taken_in(parameters, X)
    Z = A
    for layer, W, b in zip(parameters.network.layers, parameters.weights, parameters.biases, strict=True):
        Z, _ = affine(W, b, A)
        A = layer.function.value(Z, *layer.function.numbers)
    return Z, A


def joined(
    network: Network, Z: Array, A: Array, samples: Samples, record: Record = ignore
) -> tuple[Array, Array, bool]:
    """E of a batch, and its derivative by the last net inputs (True) or by the outputs (False)."""
    function, joint = network.loss_function, network.joint_pair
    pair = joint or function.of_output
    assert pair is not None, "Network has checked that the loss fits the last layer"
    Y = _targets(network, samples, A.dtype)
    if function.aim:
        record("q", function.aim(Y, *function.numbers))
    shares, gradient = pair(Z if joint else A, Y, *function.numbers)
    record("share", shares)
    weights = np.ones(len(A), A.real.dtype) if samples.weights is None else samples.weights
    E, back = total(shares, weights, network.reduction)
    record("E", E)
    return E, gradient * back, joint is not None


def step(
    parameters: Parameters,
    samples: Samples,
    masks: Masks | None = None,
    record: Record = ignore,
    rounded: Rounding = unrounded,
) -> tuple[Array, Array, Parameters]:
    """E, R and the gradients of J = E + R: forward, loss, backward.

    `record` gets "z1", "delta2", "dE/dW2" and so on, the layer counted from 1, and "E", "R", "J", "share".
    """
    network, ways_back = parameters.network, []
    A, columns_back = taken_in(parameters, samples.X, record)
    Z = A
    for number, layer in enumerate(network.layers):
        tell = _of_layer(record, number)
        Z, affine_back = affine(parameters.weights[number], parameters.biases[number], A, rounded, tell)
        tell("z", Z)
        A, activation_back = layer.function.forward(Z, tell)
        tell("f", A)
        A, dropout_back = dropped(A, _mask(masks, layer, number, Z), tell)
        tell("a", A)
        ways_back.append((affine_back, activation_back, dropout_back))

    E, gradient, of_net_input = joined(network, Z, A, samples, record)

    gradients = Parameters(network, np.empty_like(parameters.flat))
    R = np.zeros((), parameters.flat.dtype)
    for number, (affine_back, activation_back, dropout_back) in reversed(list(enumerate(ways_back))):
        tell = _of_layer(record, number)
        if not of_net_input:
            tell("dE/da", gradient)
        delta = gradient if of_net_input else activation_back(dropout_back(gradient))
        tell("delta", delta)
        if record is not ignore and number == len(ways_back) - 1 and not network.layers[-1].function.across_units:
            _tell_shares(parameters, delta, ways_back[:-1], record)
        dW, gradients.biases[number][...], gradient = affine_back(delta)
        tell("dE/dW", dW)
        tell("dE/db", gradients.biases[number])
        R_of_layer, dR = penalty(parameters.weights[number], network.l1, network.l2)
        R = R + R_of_layer
        gradients.weights[number][...] = dW + dR
        tell("dR/dW", dR)
        tell("dJ/dW", gradients.weights[number])
        of_net_input = False
    columns_back(gradient, gradients)
    record("R", R)
    record("J", E + R)
    return E, R, gradients


class Reference:
    """The NumPy engine, in the float type of the parameters."""

    name = "reference"

    def check_precision(self, precision: str) -> None:
        """Rounds by itself, on any machine."""

    def predict(self, parameters: Parameters, X: Array, threads: int = 1) -> Array:
        return forward(parameters, X)[1]

    def loss(self, parameters: Parameters, samples: Samples, threads: int = 1) -> float:
        return float(value(parameters, samples))

    def loss_and_gradients(
        self, parameters: Parameters, samples: Samples, threads: int = 1
    ) -> tuple[float, Parameters]:
        E, R, gradients = step(parameters, samples)
        return float(E + R), gradients

    def train_epochs(
        self,
        parameters: Parameters,
        samples: Samples,
        plan: Plan,
        state: State,
        *,
        epochs: int,
        steps: int | None = None,
        tick: Tick | None = None,
    ) -> Outcome:
        losses: list[float] = []
        while state.epoch < epochs:
            order = epoch_order(plan.order, state.seed, state.epoch, len(samples))
            while state.batch < plan.batches(len(samples)):
                if state.step == steps or (tick and not tick(state.epoch, state.batch, state.step)):
                    return Outcome(parameters, state, np.array(losses), "stopped")
                rows = order[state.batch * plan.batch_size : (state.batch + 1) * plan.batch_size]
                parameters, state = _update(parameters, state, plan, _rows(samples, rows))
                if not np.isfinite(state.sums.loss + state.sums.penalty) or not np.isfinite(parameters.flat).all():
                    return Outcome(parameters, state.moved(step=state.step - 1), np.array(losses), "diverged")
            losses.append(state.sums.epoch_loss(parameters.network.reduction))
            state = state.moved(epoch=state.epoch + 1, batch=0, sums=Sums())
        return Outcome(parameters, state, np.array(losses), "done")

    def train_many(
        self, members: Sequence[Member], samples: Samples, *, epochs: int, threads: int = 1, tick: Tick | None = None
    ) -> list[Outcome]:
        outcomes = []
        for member in members:
            own = samples if member.rows is None else _rows(samples, member.rows)
            outcomes.append(
                self.train_epochs(
                    member.parameters, own, member.plan, member.state, epochs=epochs, steps=member.steps, tick=tick
                )
            )
        return outcomes

    def train_tasks(self, tasks: Sequence[Task], *, threads: int = 1, tick: Tick | None = None) -> list[list[Outcome]]:
        return [self.train_many(one.members, one.samples, epochs=one.epochs, tick=tick) for one in tasks]


def value(parameters: Parameters, samples: Samples) -> Array:
    """J = E + R; parameters may be complex, for derivatives by a complex step."""
    network = parameters.network
    E, _, _ = joined(network, *forward(parameters, samples.X), samples)
    return sum((penalty(W, network.l1, network.l2)[0] for W in parameters.weights), start=E)


def _update(parameters: Parameters, state: State, plan: Plan, batch: Samples) -> tuple[Parameters, State]:
    network, dtype = parameters.network, parameters.flat.dtype
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the caller looks whether all is finite
        rate, fade = plan.optimizer.schedule.at(state.step), plan.optimizer.fading.at(state.step)
        masks = dropout_masks(network, state.seed, state.step, dtype, fade)
        E, R, gradients = step(parameters, batch, masks, rounded=ROUNDINGS[plan.precision])
        flat, slots = plan.optimizer.update(
            parameters.flat,
            gradients.flat,
            state.slots,
            rate,
            state.step,
            parameters.are_weights(),
            factors=parameters.rate_factors(),
            fade=fade,
        )
    trained = parameters.trained()
    slots = {name: np.where(trained, slot, 0.0).astype(dtype) for name, slot in slots.items()}
    weight = float(len(batch) if batch.weights is None else batch.weights.sum())
    sums = Sums(
        state.sums.loss + float(E) * (weight if network.reduction == "mean" else 1.0),
        state.sums.weight + weight,
        state.sums.penalty + float(R) * len(batch),
        state.sums.rows + len(batch),
    )
    new = Parameters(network, np.where(trained, flat, parameters.flat))
    return new, state.moved(batch=state.batch + 1, step=state.step + 1, slots=slots, sums=sums)


def _tell_shares(parameters: Parameters, delta: Array, ways_back: Sequence[WaysBack], record: Record) -> None:
    """Each output's share of ∂E/∂A (outputs, B, O), of every layer but the last, from the last Δ (B, outputs).

    An output whose activation sees the other units too has no share of its own.
    """
    shares = np.where(np.eye(delta.shape[1], dtype=bool)[:, None, :], delta, 0.0).astype(delta.dtype)
    for number, (_, activation_back, dropout_back) in reversed(list(enumerate(ways_back))):
        shares = shares @ parameters.weights[number + 1].T
        record(f"dE[k]/da{number + 1}", shares)
        shares = activation_back(dropout_back(shares))


def _of_layer(record: Record, number: int) -> Record:
    """Tells a layer's quantities by their names and its number, counted from 1: "z1", "dE/dW1", "da1/dz1"."""
    return lambda name, value: record(f"{name}{number + 1}".replace("/dz", f"{number + 1}/dz"), value)


def _mask(masks: Masks | None, layer: Dense, number: int, Z: Array) -> Array | None:
    return masks(number, (Z.shape[0], Z.shape[1])) if masks and layer.dropout else None


def _targets(network: Network, samples: Samples, dtype: np.dtype[Any]) -> Array:
    return samples.Y if samples.Y.ndim == 2 else np.eye(network.outputs, dtype=dtype)[samples.Y]


def _rows(samples: Samples, rows: Array) -> Samples:
    return Samples(samples.X[rows], samples.Y[rows], None if samples.weights is None else samples.weights[rows])
