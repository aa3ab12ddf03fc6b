"""The native core's elementary functions: 4 units in the last place from the truth, on every instruction set."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import mpmath as mp
import numpy as np
import pytest
from scipy import special

from clearprop._native import activation as activate
from clearprop._native import elementwise, instruction_sets
from clearprop.engines.base import Array
from clearprop.network.activations import ACTIVATIONS

DTYPES = ("float32", "float64")
ULPS = {"erfc_scaled": 6.0}  # 4 where nothing is said
# By name: the truth at any precision, the truth in float64 for float32, and where the function is of interest.
FUNCTIONS: dict[str, tuple[Callable[[mp.mpf], mp.mpf], Callable[[Array], Array], tuple[float, float]]] = {
    "exp": (mp.exp, np.exp, (-750.0, 710.0)),
    "expm1": (mp.expm1, np.expm1, (-750.0, 710.0)),
    "log": (mp.log, np.log, (0.0, np.inf)),
    "log1p": (mp.log1p, np.log1p, (-1.0, np.inf)),
    "tanh": (mp.tanh, np.tanh, (-25.0, 25.0)),
    "erf": (mp.erf, special.erf, (-7.0, 7.0)),
    "erfc_scaled": (lambda x: mp.erfc(x) * mp.exp(x * x), special.erfcx, (0.0, 11.0)),
    "sine": (mp.sin, np.sin, (-1e5, 1e5)),
    "cosine": (mp.cos, np.cos, (-1e5, 1e5)),
    "sqrt": (mp.sqrt, np.sqrt, (0.0, np.inf)),
}


def computed(name: str, x: Array, instruction_set: str, *, one_by_one: bool = False) -> Array:
    y = np.empty_like(x)
    elementwise(name, x, y, one_by_one=one_by_one, instruction_set=instruction_set)
    return y


@lru_cache
def points(name: str, dtype: str) -> Array:
    """Close together near 0 and near where formulas change, of all sizes, subnormal, huge, and of random bits."""
    lowest, highest = FUNCTIONS[name][2]
    rng = np.random.default_rng(0)
    kind = np.finfo(dtype)
    few = 2500 if dtype == "float64" else 20_000
    unsigned = np.dtype(f"uint{kind.bits}")
    drawn = rng.integers(0, np.iinfo(unsigned).max, 2 * few, unsigned, endpoint=True).view(dtype)
    sizes = np.exp2(rng.uniform(kind.minexp - kind.nmant, kind.maxexp - 0.01, few)).astype(dtype)
    small = np.exp2(rng.uniform(-60, 6, 3 * few)).astype(dtype)
    # Where a function changes its formula, or its exponent: multiples of log 2 / 2, powers of √2, 1.
    steps = rng.integers(-12, 13, few)
    near = 1.0 + rng.normal(0.0, 1e-3, few)
    changes = np.concatenate([steps * np.log(2.0) / 2 * near, np.sqrt(2.0) ** steps * near, near, near - 1.0])
    ends = kind.dtype.type(np.log([kind.max, kind.smallest_normal, kind.smallest_subnormal]))
    edges = np.concatenate([end * (1 + rng.normal(0.0, 1e-3, few // 4)) for end in ends])
    within = rng.uniform(max(lowest, -800.0), min(highest, 800.0), 3 * few)
    subnormal = rng.integers(1, 1 << kind.nmant, few // 4).astype(unsigned).view(dtype)
    both = [drawn, *(sign * part for part in (sizes, small, subnormal) for sign in (1, -1))]
    x = np.concatenate([*both, *(part.astype(dtype) for part in (changes, edges, within))])
    inside = x[np.isfinite(x) & (x >= lowest) & (x <= highest)]
    outside = x[(x < lowest) | (x > highest)] if name in ("exp", "expm1", "tanh", "erf") else x[:0]
    return np.concatenate([inside, outside[: few // 4]]) if name != "erfc_scaled" else inside


@lru_cache
def truth(name: str, dtype: str) -> tuple[Array, Array]:
    """The truth as a number of the type, and what it is away from that, in units in the last place."""
    exact, in_float64, _ = FUNCTIONS[name]
    x = points(name, dtype)
    if dtype == "float32":
        with np.errstate(all="ignore"):
            true = in_float64(x.astype("float64"))
            rounded = true.astype("float32")
            rest = (true - rounded) / units(rounded)
        return rounded, np.where(np.isfinite(rounded), rest, 0.0)
    with mp.workdps(30):
        values = [exact(mp.mpf(each)) for each in x.tolist()]
        rounded = np.array([float(value) for value in values])
        triples = zip(values, rounded.tolist(), units(rounded).tolist(), strict=True)
        return rounded, np.array([float((v - r) / u) if np.isfinite(r) else 0.0 for v, r, u in triples])


def units(rounded: Array) -> Array:
    """Units in the last place."""
    below_most = np.finfo(rounded.dtype).max / 2
    size = np.minimum(np.abs(rounded), below_most)
    return np.asarray(np.spacing(size).astype("float64"))


def ulps(got: Array, true: tuple[Array, Array]) -> Array:
    """The error in units in the last place; infinite where just one of both is finite."""
    rounded, rest = true
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs((got.astype("float64") - rounded) / units(rounded) - rest)
    return np.where(np.isfinite(rounded) & np.isfinite(got), error, np.where(got == rounded, 0.0, np.inf))


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_close_to_the_truth(name: str, dtype: str, instruction_set: str) -> None:
    x = points(name, dtype)
    assert len(x) > 10_000
    error = ulps(computed(name, x, instruction_set), truth(name, dtype))
    worst = int(error.argmax())
    assert error[worst] <= ULPS.get(name, 4.0), f"{error[worst]:.2f} ulp at {x[worst]!r}"


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_lane_is_a_scalar(name: str, dtype: str, instruction_set: str) -> None:
    """The same bits, at whichever place of a vector a number stands, and in a last, partial vector."""
    x = points(name, dtype)
    alone = computed(name, x, instruction_set, one_by_one=True)
    for shift in range(16):
        assert np.array_equal(computed(name, x[shift:], instruction_set).view(np.uint8), alone[shift:].view(np.uint8))


SPECIAL: dict[str, list[tuple[float, float]]] = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (np.inf, np.inf), (-np.inf, 0.0), (1e30, np.inf), (-1e30, 0.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.inf), (-np.inf, -1.0), (1e30, np.inf), (-1e30, -1.0)],
    "log": [(1.0, 0.0), (0.0, -np.inf), (-0.0, -np.inf), (np.inf, np.inf), (-1.0, np.nan), (-np.inf, np.nan)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -np.inf), (np.inf, np.inf), (-1.5, np.nan), (-np.inf, np.nan)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (np.inf, 1.0), (-np.inf, -1.0), (1e30, 1.0)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (np.inf, 1.0), (-np.inf, -1.0), (-1e30, -1.0)],
    "erfc_scaled": [(0.0, 1.0), (-0.0, 1.0)],
    "sine": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.nan), (-np.inf, np.nan)],
    "cosine": [(0.0, 1.0), (-0.0, 1.0), (np.inf, np.nan), (-np.inf, np.nan)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (4.0, 2.0), (np.inf, np.inf), (-1.0, np.nan)],
}


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values(name: str, dtype: str, instruction_set: str) -> None:
    x, expected = np.array([*SPECIAL[name], (np.nan, np.nan)], dtype).T.copy()
    for one_by_one in (False, True):
        y = computed(name, x, instruction_set, one_by_one=one_by_one)
        np.testing.assert_array_equal(y, expected)
        real = ~np.isnan(expected)
        assert np.array_equal(np.signbit(y[real]), np.signbit(expected[real]))


SINGLE = sorted(set(ACTIVATIONS) - {"softmax"})
# There a slope changes its sign: a sum cancels, and only the error against its terms can be small.
SIGN_CHANGES = {"gelu": -0.7517915, "silu": -1.2784645, "mish": -1.1924575}


def activated(name: str, z: Array, slope: bool, instruction_set: str, *, one_by_one: bool = False) -> Array:
    y = np.empty_like(z)
    number = ACTIVATIONS[name].number or 0.0
    activate(name, number, z, y, slope=slope, one_by_one=one_by_one, instruction_set=instruction_set)
    return y


def net_inputs(name: str, dtype: str) -> Array:
    rng = np.random.default_rng(1)
    sizes = np.concatenate([np.exp2(rng.uniform(-120, 13, 4000)), rng.uniform(0.0, 50.0, 4000), [0.0]])
    z = np.concatenate([sizes, -sizes]).astype(dtype)
    return z[z < 88.0] if name == "exp" else z


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SINGLE)
def test_activations_and_slopes(name: str, dtype: str, instruction_set: str) -> None:
    """The reference's in float64, to some units in the last place, also where they are tiny or subnormal."""
    entry, z = ACTIVATIONS[name], net_inputs(name, dtype)
    for slope, formula in ((False, entry.value), (True, entry.derivative)):
        true = formula(z.astype("float64"), *entry.numbers).astype(dtype)
        error = ulps(activated(name, z, slope, instruction_set), (true, np.zeros(len(z))))
        if slope and name in SIGN_CHANGES:
            error = error[np.abs(z - SIGN_CHANGES[name]) > 0.6]
        assert error.max() <= 14.0, f"slope {slope}: {error.max():.1f} ulp"


@pytest.mark.parametrize("instruction_set", instruction_sets())
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SINGLE)
def test_an_activation_in_a_lane_is_a_scalar(name: str, dtype: str, instruction_set: str) -> None:
    z = np.concatenate([net_inputs(name, dtype), points("exp", dtype)[:20_000]])
    for slope in (False, True):
        alone = activated(name, z, slope, instruction_set, one_by_one=True)
        for shift in (0, 1, 5, 15):
            lanes = activated(name, z[shift:], slope, instruction_set)
            assert np.array_equal(lanes.view(np.uint8), alone[shift:].view(np.uint8)), slope
