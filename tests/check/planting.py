"""Worked steps with one slip in them, by plain NumPy: nothing here knows how the slips are found."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

import clearprop as cp
from clearprop.sheet import Claim, Sheet, Written

FUNCTIONS = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2, lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2, lambda a: 1 - a**2),
    "softplus": (lambda z: np.log(1 + np.exp(z)), lambda z: 1 / (1 + np.exp(-z)), None),
}


@dataclass
class Problem:
    """A small network with numbers in it; W[l] is (inputs, units)."""

    sizes: list[int]
    kinds: list[str]
    bias: str
    train_bias: bool
    reduction: str
    eta: float
    W: list
    b: list
    x: np.ndarray
    y: np.ndarray
    digits: int = 8
    extra: dict = field(default_factory=dict)

    @staticmethod
    def drawn(rng, square=False, hidden=True, samples=None, outputs=None, bias=None, frozen=None) -> Problem:
        depth = int(rng.integers(2 if hidden else 1, 4))
        sizes = [int(n) for n in rng.integers(2, 5, depth + 1)]
        if square:
            sizes = [sizes[0]] * (depth + 1)
        if outputs:
            sizes[-1] = outputs
        kinds = [str(rng.choice(list(FUNCTIONS))) for _ in range(depth)]
        bias = bias or str(rng.choice(["unit", "unit", "layer", "none"]))
        B = samples or int(rng.choice([1, 1, 1, 3]))
        size = {"unit": lambda n: n, "layer": lambda n: 1, "none": lambda n: 0}[bias]
        return Problem(
            sizes,
            kinds,
            bias,
            bool(rng.random() < 0.7) if frozen is None else not frozen,
            str(rng.choice(["mean", "sum"])),
            float(rng.choice([0.5, 0.1, 0.3, 0.05, 1.0])),
            [np.round(rng.uniform(-1, 1, (i, o)), 2) for i, o in pairwise(sizes)],
            [np.round(rng.uniform(-1, 1, size(o)), 2) for o in sizes[1:]],
            np.round(rng.uniform(-1, 1, (B, sizes[0])), 2),
            np.round(rng.uniform(0.05, 0.95, (B, sizes[-1])), 2),
            int(rng.integers(6, 10)),
        )

    @property
    def last(self) -> int:
        return len(self.W)

    def sheet(self, claims) -> Sheet:
        layers = [
            cp.Dense(units, kind, self.bias, self.train_bias if self.bias != "none" else True)
            for units, kind in zip(self.sizes[1:], self.kinds, strict=True)
        ]
        network = cp.Network(self.sizes[0], layers, "half_squared_error", reduction=self.reduction)
        model = cp.Model(network, self.W, [b if self.bias != "none" else None for b in self.b])
        return Sheet(model, self.x, self.y, cp.SGD(self.eta), claims=tuple(claims))

    def claims(self, chosen) -> list[Claim]:
        """Claims of whole quantities, {(id, updates): array}, written with so many decimals."""
        found = []
        for (name, updates), value in chosen.items():
            array = np.asarray(value)
            if name.startswith(("b", "dE/db")) and self.bias == "layer":
                array = array.reshape(())
            found.append(Claim(name, self._written(array), updates))
        return found

    def _written(self, array):
        if array.ndim == 0:
            return Written(f"{float(array):.{self.digits}f}")
        return tuple(self._written(row) for row in array)


def step(problem: Problem, W, b, slip: str = "", where: int = 0, how: int = 0) -> dict:
    """One step by hand; `where` is the layer of the slip, 0 all of them, `how` one of its forms."""
    p, L, eta = problem, len(W), problem.eta
    at = lambda l: where in (0, l)  # noqa: E731
    q: dict = {}
    a = p.x
    inputs = [a]
    B = len(p.x)
    for l in range(1, L + 1):
        f = FUNCTIONS[p.kinds[l - 1]][0]
        weights = (
            W[l - 1].T
            if slip == "transposed" and how in (1, 3) and at(l) and W[l - 1].shape[0] == W[l - 1].shape[1]
            else W[l - 1]
        )
        z = inputs[-1] @ weights
        if p.bias != "none" and not (slip == "bias-missing" and at(l)):
            z = z - b[l - 1] if slip == "sign" and how == 3 and at(l) else z + b[l - 1]
        q[f"z{l}"] = z
        q[f"a{l}"] = f(z)
        inputs.append(z if slip == "net-input-for-activation" and how in (0, 1) and at(l) and l < L else f(z))
    r = q[f"a{L}"] - p.y
    scale = 1 / B if p.reduction == "mean" else 1.0
    q["E"] = 0.5 * np.sum(r * r) * scale
    g = r * scale
    if slip == "half-missing":
        q["E"] *= 2
        g = 2 * g if how == 1 else g
    if slip == "square-missing":
        q["E"] = 0.5 * np.sum(np.abs(r) if how == 0 else r) * scale
    if slip == "root-for-square":
        q["E"] = 0.5 * np.sum(np.sqrt(np.abs(r))) * scale
    if slip == "mean-for-sum":
        factor = 1 / p.sizes[-1] if how in (0, 1) else (1 / B if p.reduction == "sum" else B)
        q["E"] *= factor
        g = g * factor if how in (1, 2) else g
    if slip == "sum-cut-short" and how == 2:
        q["E"] = 0.5 * np.sum((r * r)[:, :-1]) * scale
    if slip == "sign" and how == 0:
        g = -g
    back = g
    new_W, new_b = [None] * L, [None] * L
    for l in range(L, 0, -1):
        z = q[f"z{l}"]
        slope = FUNCTIONS[p.kinds[l - 1]][1](z)
        if slip == "derivative-of-activation" and at(l):
            slope = FUNCTIONS[p.kinds[l - 1]][1](q[f"a{l}"])
        if slip == "net-input-for-activation" and how == 2 and at(l) and FUNCTIONS[p.kinds[l - 1]][2]:
            slope = FUNCTIONS[p.kinds[l - 1]][2](z)
        q[f"dE/da{l}"] = back
        q[f"da{l}/dz{l}"] = slope
        delta = back * (1.0 if slip == "derivative-missing" and at(l) else slope)
        if slip == "sign" and how == 1 and at(l):
            delta = -delta
        if slip == "learning-rate-twice" and how == 0 and l == L:
            delta = delta * eta
        q[f"delta{l}"] = delta
        below = inputs[l - 1]
        if slip == "net-input-for-activation" and how == 1 and l > 1 and at(l - 1):
            below = q[f"z{l - 1}"]
        elif l > 1 and not (slip == "net-input-for-activation" and how == 0):
            below = q[f"a{l - 1}"]
        dW, db = below.T @ delta, delta.sum(axis=0)
        if slip == "transposed" and how in (0, 3) and at(l) and dW.shape[0] == dW.shape[1]:
            dW = dW.T
        if slip == "row-broadcast" and at(l):  # columns: W[to][from] += x.T @ (error row * slope column)
            e = back[0][None, :] * slope[0][:, None]
            dW = np.broadcast_to(inputs[l - 1] @ e, dW.shape).T
        if slip == "learning-rate-twice" and how == 1:
            dW, db = dW * eta, db * eta
        if p.bias == "layer":
            db = db.sum(keepdims=True)
        q[f"dE/dW{l}"] = dW
        if p.bias != "none":
            q[f"dE/db{l}"] = db
        rate = eta
        if slip == "learning-rate" and at(l):
            rate = p.extra["rate"]
        if slip == "sign" and how == 2:
            rate = -eta
        if slip == "learning-rate-twice" and how == 2:
            rate = eta * eta
        new_W[l - 1] = W[l - 1] - rate * dW
        trained = p.train_bias or slip == "bias-trained"
        new_b[l - 1] = b[l - 1] - rate * db if p.bias != "none" and trained else b[l - 1]
        handed = new_W[l - 1] if slip == "updated-early" else W[l - 1]
        if slip == "transposed" and how in (2, 3) and at(l) and handed.shape[0] == handed.shape[1]:
            handed = handed.T
        if slip == "sum-cut-short" and how == 0 and l == L:
            back = delta[:, :-1] @ handed[:, :-1].T
        elif slip == "sum-cut-short" and how == 1 and l == L:
            back = delta[:, :1] @ handed[:, :1].T
        else:
            back = delta @ handed.T
    for l in range(1, L + 1):
        q[f"W{l}'"] = new_W[l - 1]
        if p.bias != "none":
            q[f"b{l}'"] = new_b[l - 1]
    return q


def run(problem: Problem, updates: int, slip: str = "", where: int = 0, how: int = 0) -> dict:
    """The step after so many updates."""
    W, b = problem.W, problem.b
    for _ in range(updates):
        q = step(problem, W, b, slip, where, how)
        W = [q[f"W{l}'"] for l in range(1, len(W) + 1)]
        if problem.bias != "none":
            b = [q[f"b{l}'"] for l in range(1, len(W) + 1)]
    return step(problem, W, b, slip, where, how)


FORMS = {
    "updated-early": 1,
    "transposed": 4,
    "derivative-missing": 1,
    "derivative-of-activation": 1,
    "net-input-for-activation": 3,
    "half-missing": 2,
    "square-missing": 2,
    "root-for-square": 1,
    "sign": 4,
    "learning-rate": 1,
    "learning-rate-twice": 3,
    "sum-cut-short": 3,
    "bias-missing": 1,
    "bias-trained": 1,
    "mean-for-sum": 3,
    "row-broadcast": 1,
    "decimal-slipped": 3,
}


def planted(rng, slip: str) -> tuple[Sheet, dict]:
    """A sheet with a slip that shows, and what it is."""
    while True:
        how = int(rng.integers(FORMS[slip]))
        wanted: dict = {}
        if slip in ("transposed", "row-broadcast"):
            wanted["square"] = True
        if slip in ("row-broadcast",):
            wanted["samples"] = 1
        if slip in ("bias-missing", "bias-trained") or (slip == "sign" and how == 3):
            wanted["bias"] = str(rng.choice(["unit", "layer"]))
        if slip == "bias-trained":
            wanted["frozen"] = True
        if slip == "mean-for-sum" and how == 2:
            wanted["samples"] = 3
        problem = Problem.drawn(rng, **wanted)
        problem.extra["rate"] = problem.eta * float(rng.choice([10.0, 0.1, 2.0, 0.5, 0.01]))
        where = int(rng.integers(0, problem.last + 1))
        if slip == "decimal-slipped":
            sheet, shows = _of_the_pen(rng, problem, how)
        else:
            sheet, shows = _of_formulas(rng, problem, slip, where, how)
        if shows:
            return sheet, {"slip": slip, "where": where, "how": how, "problem": problem}


def _of_formulas(rng, problem, slip, where, how):
    style = int(rng.integers(4))
    true, wrong = run(problem, 0), run(problem, 0, slip, where, how)
    if style == 0:  # everything
        chosen = {(name, 0): value for name, value in wrong.items()}
    elif style == 1:  # the results alone
        chosen = {(n, 0): v for n, v in wrong.items() if n == "E" or n.startswith(("dE/dW", "W"))}
    elif style == 2:  # what came out after some updates
        n = int(rng.integers(1, 5))
        later = run(problem, n, slip, where, how)
        chosen = {("E", 0): true["E"], ("E", 1): run(problem, 1, slip, where, how)["E"]}
        chosen |= {("E", n): later["E"], (f"a{problem.last}", n): later[f"a{problem.last}"]}
    else:  # one quantity alone
        names = [n for n in wrong if not np.allclose(wrong[n], true[n], rtol=1e-6, atol=1e-9)]
        first = min(names, key=list(wrong).index, default=None)
        chosen = {(name, 0): value for name, value in true.items()}
        if first:
            chosen[first, 0] = wrong[first]
    right = {key: run(problem, key[1])[key[0]] for key in chosen}
    if not all(np.isfinite(value).all() for value in chosen.values()):
        return None, False
    # The slip must show in several digits, or there is nothing to find.
    shown = max(float(np.max(np.abs(chosen[key] - right[key]))) for key in chosen)
    return problem.sheet(problem.claims(chosen)), shown > 300 * 10.0**-problem.digits


def _of_the_pen(rng, problem, how):
    true = run(problem, 0)
    name = str(rng.choice([n for n in true if n.startswith(("a", "W", "delta")) and "/" not in n]))
    claims = problem.claims({(n, 0): v for n, v in true.items()})
    place = next(i for i, claim in enumerate(claims) if claim.id == name)
    rows = [list(row) for row in claims[place].written]
    i, j = int(rng.integers(len(rows))), int(rng.integers(len(rows[0])))
    text = rows[i][j].text
    digits = text.index(".") + 1
    if abs(float(text)) < 1e-3:
        return None, False
    if how == 0:
        text = f"{float(text) * 10.0 ** int(rng.choice([-1, 1])):.{problem.digits}f}"
    else:
        at = int(rng.integers(digits, len(text) - 4))
        text = text[:at] + text[at + 1 :] if how == 1 else text[: at + 1] + text[at:]
    if abs(float(text) - rows[i][j].value) <= 300 * 10.0**-problem.digits:
        return None, False
    rows[i][j] = Written(text)
    claims[place] = Claim(name, tuple(tuple(row) for row in rows), 0)
    return problem.sheet(claims), True
