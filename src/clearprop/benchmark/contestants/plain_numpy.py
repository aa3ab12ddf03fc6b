"""NumPy, written out: products by its BLAS, the rest in place; many networks as stacked matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from clearprop.benchmark.cases import MOMENTUM, Case
from clearprop.benchmark.contestants import Contest, Setting, first_rows
from clearprop.benchmark.problem import Array, Problem
from clearprop.errors import InputError


def begin(problem: Problem, setting: Setting) -> Contest:
    from threadpoolctl import threadpool_limits

    threadpool_limits(setting["threads"])
    return _Predict(problem) if problem.case.kind == "predict" else _Train(problem)


def forward(case: Case, Z: Array) -> tuple[Array, Array]:
    """A hidden layer's activation, and its derivative; Z is written to."""
    if case.activation == "relu":
        np.maximum(Z, 0, out=Z)
        return Z, Z > 0
    if case.activation == "tanh":
        np.tanh(Z, out=Z)
        return Z, 1 - Z * Z
    if case.activation == "sigmoid":
        A = 1 / (1 + np.exp(-Z))
        return A, A * (1 - A)
    if case.activation == "gelu":
        from scipy.special import ndtr

        share = ndtr(Z)
        density = np.exp(-0.5 * Z * Z)
        density *= 1 / math.sqrt(2 * math.pi)
        return Z * share, share + Z * density
    raise InputError(f"the benchmark's NumPy does not know {case.activation}")


def softmax(Z: Array) -> Array:
    Z -= Z.max(-1, keepdims=True)
    np.exp(Z, out=Z)
    Z /= Z.sum(-1, keepdims=True)
    return Z


class _Train:
    def __init__(self, problem: Problem) -> None:
        self.problem, self.many = problem, problem.case.kind == "many"
        self.reset()

    def reset(self) -> None:
        # Biases as rows, so that they fit under one matrix and under a stack of them.
        self.parameters = [array.copy() for array in (*self.problem.weights, *self._rows())]
        self.slots = [(np.zeros_like(one), np.zeros_like(one)) for one in self.parameters]
        self.step = 0

    def _rows(self) -> list[Array]:
        return [b[..., None, :] for b in self.problem.biases]

    def work(self) -> None:
        problem, case = self.problem, self.problem.case
        self.losses = []
        for _ in range(case.epochs):
            X, Y = (problem.X, problem.Y) if self.many else (problem.X[problem.order], problem.Y[problem.order])
            sums: Array = np.zeros(case.nets)
            for rows in problem.batches:
                x, y = (X[:, rows], Y[:, rows]) if self.many else (X[rows], Y[rows])
                sums += self._update(x, y)
            self.losses.append(sums / case.rows)

    def results(self) -> Sequence[float]:
        return [float(epoch[net]) for net in range(self.problem.case.nets) for epoch in self.losses]

    def _update(self, x: Array, y: Array) -> Array:
        case, depth = self.problem.case, len(self.problem.weights)
        weights, biases = self.parameters[:depth], self.parameters[depth:]
        A, activations, derivatives = x, [x], []
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            Z = A @ W
            Z += b
            A, derivative = forward(case, Z)
            activations.append(A)
            derivatives.append(derivative)
        Z = A @ weights[-1]
        Z += biases[-1]
        loss, delta = self._end(Z, y)
        gradients: list[Array] = [np.empty(0)] * (2 * depth)
        for place in range(depth - 1, -1, -1):
            gradients[place] = activations[place].swapaxes(-1, -2) @ delta
            gradients[depth + place] = delta.sum(-2, keepdims=True)
            if place:
                delta = delta @ weights[place].swapaxes(-1, -2)
                delta *= derivatives[place - 1]
        for place in range(depth if case.worked_example else 2 * depth):
            self._move(self.parameters[place], gradients[place], *self.slots[place])
        self.step += 1
        return loss

    def _end(self, Z: Array, y: Array) -> tuple[Array, Array]:
        """The summed loss, of each network, and ∂E/∂Z of the last layer."""
        case, rows = self.problem.case, Z.shape[-2]
        if case.output == "softmax":
            P = softmax(Z)
            own = np.take_along_axis(P, y[..., None], -1)[..., 0]
            loss = -np.log(own).sum(-1)
            np.put_along_axis(P, y[..., None], own[..., None] - 1, -1)
            P /= rows
            return loss, P
        A = 1 / (1 + np.exp(-Z)) if case.output == "sigmoid" else Z
        delta = A - y
        loss = 0.5 * (delta * delta).sum((-1, -2))
        if case.output == "sigmoid":
            delta *= A * (1 - A)
        delta /= rows
        return loss, delta

    def _move(self, w: Array, gradient: Array, m: Array, v: Array) -> None:
        case = self.problem.case
        if case.optimizer == "sgd":
            gradient *= case.rate
            w -= gradient
        elif case.optimizer == "momentum":
            m *= MOMENTUM
            m += gradient
            w -= case.rate * m
        else:
            first, second = 1 - 0.9 ** (self.step + 1), 1 - 0.999 ** (self.step + 1)
            m *= 0.9
            m += 0.1 * gradient
            v *= 0.999
            gradient *= gradient
            gradient *= 0.001
            v += gradient
            np.sqrt(v, out=gradient)
            gradient *= 1 / math.sqrt(second)
            gradient += case.epsilon
            np.divide(m, gradient, out=gradient)
            gradient *= case.rate / first
            w -= gradient


class _Predict:
    def __init__(self, problem: Problem) -> None:
        self.case, self.problem = problem.case, problem
        self.parts = [problem.X[one] for one in problem.batches]

    def reset(self) -> None:
        pass

    def work(self) -> None:
        self.outputs = [self._predict(part) for part in self.parts]

    def results(self) -> Sequence[float]:
        return first_rows(self.outputs)

    def _predict(self, A: Array) -> Array:
        *inner, last = zip(self.problem.weights, self.problem.biases, strict=True)
        for W, b in inner:
            Z = A @ W
            Z += b
            A = np.maximum(Z, 0, out=Z) if self.case.activation == "relu" else forward(self.case, Z)[0]
        Z = A @ last[0]
        Z += last[1]
        return softmax(Z) if self.case.output == "softmax" else Z
