"""Losses against 50-digit arithmetic, and how a batch is joined."""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest

from clearprop.engines.base import Array
from clearprop.errors import InputError
from clearprop.network.losses import LOSSES, loss, total
from clearprop.network.penalty import penalty

# Of an output a (or the last net inputs, a row of them) and a target y: the share of the loss, and its derivative.
Truth = Callable[..., tuple[mp.mpf, mp.mpf]]


def huber(a: mp.mpf, y: mp.mpf, d: float) -> tuple[mp.mpf, mp.mpf]:
    r, d = a - y, mp.mpf(d)
    return (r * r / 2, r) if abs(r) <= d else (d * abs(r) - d * d / 2, d * mp.sign(r))


def quantile(a: mp.mpf, y: mp.mpf, q: float) -> tuple[mp.mpf, mp.mpf]:
    q = mp.mpf(q)
    return (q * (y - a), -q) if y > a else ((1 - q) * (a - y), (1 - q) if a > y else mp.mpf(0))


def binary_cross_entropy(z: mp.mpf, y: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
    return y * mp.log1p(mp.exp(-z)) + (1 - y) * mp.log1p(mp.exp(z)), 1 / (1 + mp.exp(-z)) - y


OF_ONE: dict[tuple[str, str], Truth] = {
    ("half_squared_error", ""): lambda a, y: ((a - y) ** 2 / 2, a - y),
    ("mean_squared_error", ""): lambda a, y: ((a - y) ** 2 / 2, a - y),  # two outputs: (1/2) Σ r²
    ("absolute", ""): lambda a, y: (abs(a - y), mp.sign(a - y)),
    ("huber", ""): huber,
    ("quantile", ""): quantile,
    ("poisson", ""): lambda a, y: (a - y * mp.log(a), 1 - y / a),
    ("poisson", "exp"): lambda z, y: (mp.exp(z) - y * z, mp.exp(z) - y),
    ("binary_cross_entropy", "sigmoid"): binary_cross_entropy,
    ("perceptron", "step"): lambda z, y: ((int(z >= 0) - y) * z, int(z >= 0) - y),
}


@pytest.fixture(autouse=True)
def fifty_digits() -> object:
    with mp.workdps(50):
        yield


def ulps(got: float, true: mp.mpf, least: float = 0.0) -> float:
    return float(abs(mp.mpf(float(got)) - true) / mp.mpf(np.spacing(max(abs(float(true)), least))))


def outputs_and_targets(name: str, last: str) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    sizes = np.concatenate([np.geomspace(1e-300, 1e4, 120), np.linspace(0.1, 40.0, 80), np.linspace(600, 760, 40)])
    numbers = np.concatenate([sizes, -sizes, [0.0, 1.0]])
    if name == "poisson":
        numbers = numbers[numbers > 1e-200] if not last else numbers[numbers < 700]
        targets = rng.integers(0, 5, len(numbers)).astype(float)
    elif last:
        targets = rng.choice([0.0, 1.0] if last == "step" else [0.0, 1.0, 0.25], len(numbers))
    else:
        targets = np.round(numbers * rng.choice([0.0, 0.5, 1.0, 2.0], len(numbers)), 3)
    even = len(numbers) // 2 * 2
    return numbers[:even].reshape(-1, 2), targets[:even].reshape(-1, 2)


def test_every_pair_has_its_truth() -> None:
    pairs = {(name, "") for name, entry in LOSSES.items() if entry.of_output}
    pairs |= {(name, last) for name, entry in LOSSES.items() for last in entry.of_net_input}
    assert pairs == {*OF_ONE, ("cross_entropy", "softmax"), ("smoothed_cross_entropy", "softmax")}


@pytest.mark.parametrize(("name", "last"), OF_ONE)
@pytest.mark.parametrize("number", [None, 0.3])
def test_share_and_gradient(name: str, last: str, number: float | None) -> None:
    if number and LOSSES[name].parameter is None:
        number = None
    entry = loss(name if number is None else f"{name}({number})")
    pair = entry.of_net_input[last] if last else entry.of_output
    assert pair is not None
    A, Y = outputs_and_targets(name, last)
    shares, gradient = pair(A, Y, *entry.numbers)
    for a, y, share, slope in zip(A.flat, Y.flat, shares.flat, gradient.flat, strict=True):
        true_share, true_slope = OF_ONE[name, last](mp.mpf(float(a)), mp.mpf(float(y)), *entry.numbers)
        # Where a difference cancels, the error is counted against its larger term.
        cancels = name == "poisson"
        least = max(abs(float(a)) if not last else abs(float(y * a)), float(y)) if cancels else 0.0
        assert ulps(share, true_share, least) <= 4.0, (a, y)
        joint = 1.0 if name == "binary_cross_entropy" else float(y / a) if cancels and not last and y else float(y)
        assert ulps(slope, true_slope, joint if last or cancels else 0.0) <= 4.0, (a, y)


def test_cross_entropy() -> None:
    rng = np.random.default_rng(1)
    # On a grid, so that differences of net inputs are exact.
    Z = np.round(np.concatenate([rng.normal(0, s, (60, 3)) for s in (0.1, 3.0, 40.0, 300.0, 5000.0)]) * 1024) / 1024
    Y = np.where(rng.random((len(Z), 1)) < 0.5, np.eye(3)[rng.integers(0, 3, len(Z))], rng.dirichlet([1, 1, 1], len(Z)))
    shares, gradient = LOSSES["cross_entropy"].of_net_input["softmax"](Z, Y)
    for row, targets, got, slopes in zip(Z, Y, shares, gradient, strict=True):
        grown = [mp.exp(mp.mpf(float(z))) for z in row]
        # The sum of the others is added up by itself: log(1 + tiny) is 0 at 50 digits, too.
        for i in range(3):
            others = mp.fsum(grown[j] for j in range(3) if j != i) / grown[i]
            y = mp.mpf(float(targets[i]))
            assert ulps(got[i], y * mp.log1p(others)) <= 4.0
            assert ulps(slopes[i], mp.fsum(targets.tolist()) / (1 + others) - y, least=float(y)) <= 8.0


@pytest.mark.parametrize("epsilon", [0.1, 0.4])
def test_smoothed_cross_entropy(epsilon: float) -> None:
    """-Σ q log a with q = (1 - ε)·y + ε/O, and Σq·a - q, of targets that add up to 1 and of others."""
    rng = np.random.default_rng(2)
    Z = np.round(rng.normal(0.0, 3.0, (80, 3)) * 1024) / 1024
    Y = np.where(rng.random((80, 1)) < 0.5, np.eye(3)[rng.integers(0, 3, 80)], rng.random((80, 3)))
    entry = loss(f"smoothed_cross_entropy({epsilon})")
    shares, gradient = entry.of_net_input["softmax"](Z, Y, *entry.numbers)
    for row, targets, got, slopes in zip(Z, Y, shares, gradient, strict=True):
        grown = [mp.exp(mp.mpf(float(z))) for z in row]
        aims = [(1 - mp.mpf(epsilon)) * mp.mpf(float(y)) + mp.mpf(epsilon) / 3 for y in targets]
        for i in range(3):
            a = grown[i] / mp.fsum(grown)
            assert ulps(got[i], -aims[i] * mp.log(a), least=float(aims[i])) <= 8.0
            assert ulps(slopes[i], mp.fsum(aims) * a - aims[i], least=float(aims[i])) <= 8.0


def test_the_usual_smoothing_need_not_be_said() -> None:
    assert loss("smoothed_cross_entropy(0.1)") == LOSSES["smoothed_cross_entropy"]
    assert loss("smoothed_cross_entropy(0.2)").number == 0.2


def test_large_numbers_do_not_overflow() -> None:
    Z = np.array([[1e4, -1e4], [-1e4, 1e4], [0.0, 1e4]])
    Y = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    for name, last in (("cross_entropy", "softmax"), ("binary_cross_entropy", "sigmoid")):
        shares, gradient = LOSSES[name].of_net_input[last](Z, Y)
        assert np.isfinite(shares).all() and np.isfinite(gradient).all()
        assert shares.max() == 2e4 or shares.max() == 1e4


@pytest.mark.parametrize("name", LOSSES)
def test_float32_stays_float32(name: str) -> None:
    entry = LOSSES[name]
    A = np.linspace(0.1, 2.0, 12, dtype=np.float32).reshape(4, 3)
    Y = np.eye(4, 3, dtype=np.float32)
    for pair in (*([entry.of_output] if entry.of_output else []), *entry.of_net_input.values()):
        shares, gradient = pair(A, Y, *entry.numbers)
        assert shares.dtype == gradient.dtype == np.float32
        for reduction in ("mean", "sum"):
            E, back = total(shares, np.ones(4, np.float32), reduction)
            assert E.dtype == back.dtype == np.float32
    R, dR = penalty(A, 0.1, 0.2)
    assert R.dtype == dR.dtype == np.float32


@pytest.mark.parametrize("name", LOSSES)
def test_a_right_answer_costs_nothing_or_least(name: str) -> None:
    """No loss is lower than at its target, so a sign or a swapped pair cannot hide."""
    entry = LOSSES[name]
    if entry.of_output:
        Y = np.array([[1.5, 0.5]])
        at_target = entry.of_output(Y, Y, *entry.numbers)[0].sum()
        for shift in (-0.3, 0.3):
            assert entry.of_output(Y + shift, Y, *entry.numbers)[0].sum() > at_target
    for pair in entry.of_net_input.values():
        Y = np.array([[1.0, 0.0]])
        right, wrong = np.array([[3.0, -3.0]]), np.array([[-3.0, 3.0]])
        assert pair(right, Y, *entry.numbers)[0].sum() < pair(wrong, Y, *entry.numbers)[0].sum()


def test_mean_squared_error_is_the_mean_over_outputs_half_squared_error_the_sum() -> None:
    A, Y = np.array([[1.0, 2.0, 5.0]]), np.zeros((1, 3))
    assert LOSSES["mean_squared_error"].of_output(A, Y)[0].sum() == pytest.approx(10.0)
    assert LOSSES["half_squared_error"].of_output(A, Y)[0].sum() == pytest.approx(15.0)


def test_total_weighs_samples() -> None:
    shares, weights = np.array([[1.0, 2.0], [4.0, 0.0], [8.0, 8.0]]), np.array([1.0, 3.0, 0.0])
    E, back = total(shares, weights, "mean")
    assert (float(E), back.ravel().tolist()) == (15.0 / 4.0, [0.25, 0.75, 0.0])
    E, back = total(shares, weights, "sum")
    assert (float(E), back.ravel().tolist()) == (15.0, [1.0, 3.0, 0.0])


def test_a_batch_of_weight_nothing_costs_nothing() -> None:
    E, back = total(np.ones((2, 1)), np.zeros(2), "mean")
    assert float(E) == 0.0 and not back.any()


@pytest.mark.parametrize("name", LOSSES)
def test_entries_say_how_they_are_written_and_where_they_come_from(name: str) -> None:
    entry = LOSSES[name]
    assert entry.formula and entry.source
    assert entry.of_output or entry.of_net_input


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cross_entrophy", ['unknown loss "cross_entrophy"', 'did you mean "cross_entropy"?']),
        ("mse", ["unknown loss", "mean_squared_error"]),
        ("smoothed_cross_entropy(1)", ["epsilon must lie between 0 and 1"]),
        ("huber(0)", ["delta must lie between 0 and inf"]),
        ("huber(abc)", ["delta is not a number"]),
        ("quantile(1)", ["level must lie between 0 and 1"]),
        ("quantile(-0.1)", ["level must lie between 0 and 1"]),
        ("absolute(2)", ["absolute takes no number"]),
        (3, ['unknown loss "3"']),
    ],
)
def test_bad_names(name: str, words: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        loss(name)
    for word in words:
        assert word in str(raised.value)
