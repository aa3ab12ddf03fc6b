"""PyTorch as it is: tensors, autograd, its own optimizers; many networks as stacked matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from clearprop.benchmark.cases import MOMENTUM, Case
from clearprop.benchmark.contestants import Contest, Setting, first_rows
from clearprop.benchmark.problem import Problem

torch: Any = None


def begin(problem: Problem, setting: Setting) -> Contest:
    return begin_with(problem, setting, lambda function: function)


def begin_with(problem: Problem, setting: Setting, compiled: Callable[[Any], Any]) -> Contest:
    """A contest whose functions went through `compiled`."""
    global torch
    torch = import_module("torch")
    torch.set_num_threads(setting["threads"])
    kind: Any = _Predict if problem.case.kind == "predict" else _Train
    contest: Contest = kind(problem, setting.get("optimizer"), compiled)
    return contest


def outputs_of(case: Case, parameters: Sequence[Any], x: Any) -> Any:
    """The net inputs of the last layer, from weights and biases in turn."""
    functional = torch.nn.functional
    hidden = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": functional.gelu}
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    for place, (W, b) in enumerate(layers):
        x = torch.baddbmm(b, x, W) if x.ndim == 3 else torch.addmm(b, x, W)
        if place < len(layers) - 1:
            x = hidden[case.activation](x)
    return x


class _Train:
    def __init__(self, problem: Problem, kind: str | None, compiled: Callable[[Any], Any]) -> None:
        self.problem, case = problem, problem.case
        self.many = case.kind == "many"
        self.start = tensors(problem)
        self.parameters = [one.clone() for one in self.start]
        for place, one in enumerate(self.parameters):
            one.requires_grad_(not (case.worked_example and place % 2))
        self.X, self.Y = torch.from_numpy(problem.X), torch.from_numpy(problem.Y)
        self.order = torch.from_numpy(problem.order)
        how = {"fused": kind == "fused", "foreach": kind == "foreach"}
        trained = [one for one in self.parameters if one.requires_grad]
        if case.optimizer == "adam":
            self.optimizer = torch.optim.Adam(trained, lr=case.rate, eps=case.epsilon, **how)
        else:
            momentum = MOMENTUM if case.optimizer == "momentum" else 0.0
            self.optimizer = torch.optim.SGD(trained, lr=case.rate, momentum=momentum, **how)
        self.loss = compiled(self._loss)
        self.step = compiled(self.optimizer.step)

    def reset(self) -> None:
        with torch.no_grad():
            for one, start in zip(self.parameters, self.start, strict=True):
                one.copy_(start)
        for state in self.optimizer.state.values():  # zeroed, not dropped: what is compiled knows these tensors
            for slot in state.values():
                if slot is not None:
                    slot.zero_()

    def work(self) -> None:
        case, rows = self.problem.case, self.problem.case.rows
        self.losses = []
        for _ in range(case.epochs):
            X, Y = (self.X, self.Y) if self.many or rows == 1 else (self.X[self.order], self.Y[self.order])
            total = torch.zeros(case.nets, dtype=self.X.dtype)
            axis = 1 if self.many else 0
            for x, y in zip(X.split(case.batch, axis), Y.split(case.batch, axis), strict=True):
                self.optimizer.zero_grad()
                loss = self.loss(x, y)
                loss.sum().backward()
                self.step()
                total += loss.detach() * x.shape[axis]
            self.losses.append(total / rows)

    def results(self) -> Sequence[float]:
        return [float(one) for one in torch.stack(self.losses, 1).ravel().tolist()]

    def _loss(self, x: Any, y: Any) -> Any:
        """The mean loss of the batch, of each network."""
        case = self.problem.case
        z = outputs_of(case, self.parameters, x)
        if case.output == "softmax":
            shares = torch.nn.functional.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1), reduction="none")
            return shares.reshape(case.nets, -1).mean(1)
        a = torch.sigmoid(z) if case.output == "sigmoid" else z
        return 0.5 * ((a - y) ** 2).sum(-1).mean(-1, keepdim=True)


class _Predict:
    def __init__(self, problem: Problem, kind: str | None, compiled: Callable[[Any], Any]) -> None:
        self.case, self.parameters = problem.case, tensors(problem)
        self.parts = torch.from_numpy(problem.X).split(problem.case.batch)
        self.predict = compiled(self._predict)

    def reset(self) -> None:
        pass

    def work(self) -> None:
        with torch.inference_mode():
            self.outputs = [self.predict(part) for part in self.parts]

    def results(self) -> Sequence[float]:
        return first_rows([output.numpy() for output in self.outputs[:8]])

    def _predict(self, x: Any) -> Any:
        return torch.softmax(outputs_of(self.case, self.parameters, x), -1)


def tensors(problem: Problem) -> list[Any]:
    """Weights and biases in turn; those of many networks as stacks of matrices and of rows."""
    biases = [b[:, None] if problem.case.kind == "many" else b for b in problem.biases]
    pairs = zip(problem.weights, biases, strict=True)
    return [torch.from_numpy(one) for pair in pairs for one in pair]
