"""scikit-learn's MLPClassifier and MLPRegressor, with weights, order and outputs that are the others' too."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from clearprop.benchmark.cases import MOMENTUM
from clearprop.benchmark.contestants import Contest, Setting, first_rows
from clearprop.benchmark.problem import Array, Problem


def begin(problem: Problem, setting: Setting) -> Contest:
    threadpool_limits(setting["threads"])
    warnings.simplefilter("ignore", ConvergenceWarning)  # a few epochs are all that is asked for
    return _Predict(problem) if problem.case.kind == "predict" else _Train(problem)


class _Train:
    def __init__(self, problem: Problem) -> None:
        self.problem, case = problem, problem.case
        self.X = problem.X[problem.order]
        self.Y = targets(problem)[problem.order]
        kind = MLPClassifier if case.output == "softmax" else MLPRegressor
        self.estimator = kind(
            hidden_layer_sizes=case.sizes[1:-1],
            activation={"sigmoid": "logistic"}.get(case.activation, case.activation),
            solver="adam" if case.optimizer == "adam" else "sgd",
            alpha=0.0,
            batch_size=case.batch,
            learning_rate_init=case.rate,
            epsilon=case.epsilon,
            momentum=MOMENTUM if case.optimizer == "momentum" else 0.0,
            nesterovs_momentum=False,
            max_iter=case.epochs,
            shuffle=False,
            tol=0.0,
            n_iter_no_change=case.epochs + 1,
            warm_start=True,
        )
        # A first update has it make its attributes, which are then set as the others start.
        first = {"classes": np.arange(case.sizes[-1])} if case.output == "softmax" else {}
        self.estimator.set_params(batch_size=min(case.batch, 64))
        self.estimator.partial_fit(self.X[:64], self.Y[:64], **first)
        self.estimator.set_params(batch_size=case.batch)
        if case.output == "softmax":
            self.estimator.out_activation_ = "softmax"
        self.reset()

    def reset(self) -> None:
        self.estimator.coefs_ = [W.copy() for W in self.problem.weights]
        self.estimator.intercepts_ = [b.copy() for b in self.problem.biases]
        self.estimator.loss_curve_ = []
        self.estimator.best_loss_ = math.inf
        self.estimator._no_improvement_count = 0

    def work(self) -> None:
        self.estimator.fit(self.X, self.Y)

    def results(self) -> Sequence[float]:
        return [float(loss) for loss in self.estimator.loss_curve_]


class _Predict:
    def __init__(self, problem: Problem) -> None:
        train = _Train(problem)
        self.estimator = train.estimator
        self.parts = [problem.X[one] for one in problem.batches]

    def reset(self) -> None:
        pass

    def work(self) -> None:
        self.outputs = [self.estimator.predict_proba(part) for part in self.parts]

    def results(self) -> Sequence[float]:
        return first_rows(self.outputs)


def targets(problem: Problem) -> Array:
    """One column a class: with two classes, what else would become a single logistic output stays two."""
    if problem.case.output == "softmax":
        return np.eye(problem.case.sizes[-1], dtype=np.int64)[problem.Y]
    return problem.Y.ravel()
