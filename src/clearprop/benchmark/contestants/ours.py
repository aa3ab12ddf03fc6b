"""clearprop, through its public functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import clearprop as cp
from clearprop.benchmark.cases import MOMENTUM, Case
from clearprop.benchmark.contestants import Contest, Setting, first_rows
from clearprop.benchmark.problem import Problem


def network_of(case: Case) -> cp.Network:
    """The case's network.

    >>> str(network_of(Case("case", (3, 4, 2), rows=10, batch=4)))
    '3-4-2 relu softmax, cross_entropy'
    """
    bias = "layer" if case.worked_example else "unit"
    layers = [cp.Dense(units, case.activation, bias, not case.worked_example) for units in case.sizes[1:-1]]
    layers.append(cp.Dense(case.sizes[-1], case.output, bias, not case.worked_example))
    loss = "cross_entropy" if case.output == "softmax" else "half_squared_error"
    return cp.Network(case.sizes[0], layers, loss)


def optimizer_of(case: Case) -> cp.Optimizer:
    if case.optimizer == "adam":
        return cp.Adam(case.rate, epsilon=case.epsilon)
    return cp.SGD(case.rate, momentum=MOMENTUM if case.optimizer == "momentum" else 0.0)


def begin(problem: Problem, setting: Setting) -> Contest:
    kinds: dict[str, Callable[[Problem, int], Contest]] = {"train": _Train, "predict": _Predict, "many": _Many}
    return kinds[problem.case.kind](problem, setting["threads"])


class _Train:
    def __init__(self, problem: Problem, threads: int) -> None:
        self.problem, self.threads = problem, threads
        case = problem.case
        self.model = cp.Model(network_of(case), problem.weights, problem.biases, dtype=case.dtype)
        self.optimizer = optimizer_of(case)

    def reset(self) -> None:
        pass

    def work(self) -> None:
        problem, case = self.problem, self.problem.case
        self.result = cp.train(
            self.model,
            problem.X,
            problem.Y,
            optimizer=self.optimizer,
            batch_size=case.batch,
            epochs=case.epochs,
            order=problem.order,
            threads=self.threads,
        )

    def results(self) -> Sequence[float]:
        return self.result.history.loss


class _Predict:
    def __init__(self, problem: Problem, threads: int) -> None:
        self.model = cp.Model(network_of(problem.case), problem.weights, problem.biases, dtype=problem.case.dtype)
        self.parts = [problem.X[one] for one in problem.batches]
        self.threads = threads

    def reset(self) -> None:
        pass

    def work(self) -> None:
        self.outputs = [self.model.predict(part, threads=self.threads) for part in self.parts]

    def results(self) -> Sequence[float]:
        return first_rows(self.outputs)


class _Many:
    def __init__(self, problem: Problem, threads: int) -> None:
        self.problem, self.threads = problem, threads
        case, network = problem.case, network_of(problem.case)
        self.models = [
            cp.Model(network, [W[net] for W in problem.weights], [b[net] for b in problem.biases], dtype=case.dtype)
            for net in range(case.nets)
        ]
        # One table, of which each network sees rows of its own: the same work as a table for each.
        self.X = problem.X.reshape(-1, case.sizes[0])
        self.Y = problem.Y.reshape(-1)
        self.rows = np.split(np.arange(case.nets * case.rows), case.nets)

    def reset(self) -> None:
        pass

    def work(self) -> None:
        case = self.problem.case
        self.trained = cp.train_many(  # type: ignore[attr-defined,unused-ignore]
            self.models,
            self.X,
            self.Y,
            optimizer=[optimizer_of(case)] * case.nets,
            seeds=list(range(case.nets)),
            rows=self.rows,
            batch_size=case.batch,
            epochs=case.epochs,
            order="sequential",
            threads=self.threads,
        )

    def results(self) -> Sequence[float]:
        return [loss for result in self.trained for loss in result.history.loss]
