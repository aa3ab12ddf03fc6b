"""JAX: all epochs in one compiled scan, whose arguments are donated; `vmap` for many networks."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from clearprop.benchmark.cases import MOMENTUM, Case
from clearprop.benchmark.contestants import Contest, Setting, first_rows
from clearprop.benchmark.problem import Problem

jax: Any = None
jnp: Any = None


def begin(problem: Problem, setting: Setting) -> Contest:
    global jax, jnp
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    jax.config.update("jax_enable_x64", problem.case.dtype == "float64")
    contest: Contest = (_Predict if problem.case.kind == "predict" else _Train)(problem)
    return contest


def outputs_of(case: Case, parameters: Sequence[Any], x: Any) -> Any:
    """The net inputs of the last layer, from weights and biases in turn."""
    hidden = {
        "relu": jax.nn.relu,
        "tanh": jnp.tanh,
        "sigmoid": jax.nn.sigmoid,
        "gelu": lambda z: jax.nn.gelu(z, approximate=False),
    }
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    for place, (W, b) in enumerate(layers):
        x = x @ W + b
        if place < len(layers) - 1:
            x = hidden[case.activation](x)
    return x


class _Train:
    def __init__(self, problem: Problem) -> None:
        self.problem, case = problem, problem.case
        self.data = jnp.asarray(problem.X), jnp.asarray(problem.Y)
        self.order = jnp.asarray(problem.order)
        self.reset()
        function = self._epochs
        if case.kind == "many":
            function = jax.vmap(function, in_axes=(0, None, 0, 0))
        self.epochs = jax.jit(function, donate_argnums=0).lower(self.run, self.order, *self.data).compile()

    def reset(self) -> None:
        # Copies, for what is donated is gone.
        pairs = zip(self.problem.weights, self.problem.biases, strict=True)
        parameters = [jnp.array(one) for pair in pairs for one in pair]
        many = self.problem.case.kind == "many"
        step = jnp.zeros(self.problem.case.nets, jnp.int32) if many else jnp.zeros((), jnp.int32)
        slots = [[jnp.zeros_like(one) for one in parameters] for _ in range(self._slot_count())]
        self.run = jax.block_until_ready((parameters, slots, step))

    def _slot_count(self) -> int:
        return {"adam": 2, "momentum": 1, "sgd": 0}[self.problem.case.optimizer]

    def work(self) -> None:
        self.run, losses = self.epochs(self.run, self.order, *self.data)
        self.losses = np.asarray(losses)  # waits for them

    def results(self) -> Sequence[float]:
        losses: list[float] = self.losses.ravel().tolist()
        return losses

    def _epochs(self, run: Any, order: Any, X: Any, Y: Any) -> Any:
        case = self.problem.case
        whole = case.rows // case.batch
        inner = whole * case.batch

        def epoch(run: Any, _: Any) -> Any:
            x, y = (X[order], Y[order]) if case.kind == "train" else (X, Y)
            batches = [one[:inner].reshape(whole, case.batch, *one.shape[1:]) for one in (x, y)]
            run, losses = jax.lax.scan(lambda now, batch: self._update(now, *batch), run, batches)
            total = losses.sum() * case.batch
            if inner < case.rows:
                run, loss = self._update(run, x[inner:], y[inner:])
                total += loss * (case.rows - inner)
            return run, total / case.rows

        return jax.lax.scan(epoch, run, None, length=case.epochs)

    def _update(self, run: Any, x: Any, y: Any) -> Any:
        case = self.problem.case
        parameters, slots, step = run
        loss, gradients = jax.value_and_grad(self._loss)(parameters, x, y)
        tree = jax.tree.map
        if case.optimizer == "adam":
            m = tree(lambda m, g: 0.9 * m + 0.1 * g, slots[0], gradients)
            v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, slots[1], gradients)
            time = (step + 1).astype(x.dtype)
            first, second = 1 - 0.9**time, 1 - 0.999**time
            moved = tree(
                lambda w, m, v: w - case.rate * (m / first) / (jnp.sqrt(v / second) + case.epsilon), parameters, m, v
            )
            return (moved, [m, v], step + 1), loss
        if case.optimizer == "momentum":
            gradients = tree(lambda u, g: MOMENTUM * u + g, slots[0], gradients)
            slots = [gradients]
        moved = tree(lambda w, g: w - case.rate * g, parameters, gradients)
        if case.worked_example:
            moved = [now if place % 2 else new for place, (now, new) in enumerate(zip(parameters, moved, strict=True))]
        return (moved, slots, step + 1), loss

    def _loss(self, parameters: Any, x: Any, y: Any) -> Any:
        case = self.problem.case
        z = outputs_of(case, parameters, x)
        if case.output == "softmax":
            logarithms = jax.nn.log_softmax(z)
            return -jnp.take_along_axis(logarithms, y[:, None], 1).mean()
        a = jax.nn.sigmoid(z) if case.output == "sigmoid" else z
        return 0.5 * ((a - y) ** 2).sum(-1).mean()


class _Predict:
    def __init__(self, problem: Problem) -> None:
        case = problem.case
        pairs = zip(problem.weights, problem.biases, strict=True)
        self.parameters = [jnp.asarray(one) for pair in pairs for one in pair]
        self.parts = [jnp.asarray(problem.X[one]) for one in problem.batches]
        function = jax.jit(lambda parameters, x: jax.nn.softmax(outputs_of(case, parameters, x)))
        self.predict = function.lower(self.parameters, self.parts[0]).compile()

    def reset(self) -> None:
        pass

    def work(self) -> None:
        # Ready before the next call: that is what call after call means.
        self.outputs = [self.predict(self.parameters, part).block_until_ready() for part in self.parts]

    def results(self) -> Sequence[float]:
        return first_rows([np.asarray(output) for output in self.outputs[:8]])
