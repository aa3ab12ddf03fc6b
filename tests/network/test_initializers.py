"""Initial values: their spread, their biases, and that a seed gives the same start for ever."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

from clearprop.errors import InputError
from clearprop.network.initializers import INITIALIZERS, initial
from clearprop.network.spec import Network

WIDE = Network.parse("80-120-60")

# Mean and deviation of the weights of a layer of I inputs and O units.
SPREADS = {
    "normal": lambda I, O: (0.0, 0.01),
    "uniform": lambda I, O: (0.5, math.sqrt(1 / 12)),
    "glorot": lambda I, O: (0.0, math.sqrt(2 / (I + O))),
    "he": lambda I, O: (0.0, math.sqrt(2 / I)),
    "lecun": lambda I, O: (0.0, math.sqrt(1 / I)),
    "zeros": lambda I, O: (0.0, 0.0),
}


def test_every_entry_has_its_spread() -> None:
    assert set(SPREADS) == set(INITIALIZERS)


@pytest.mark.parametrize("name", SPREADS)
def test_spread(name: str) -> None:
    for W in initial(WIDE, name, seed=3).weights:
        mean, deviation = SPREADS[name](*W.shape)
        assert abs(W.mean() - mean) <= 4 * deviation / math.sqrt(W.size)
        assert abs(W.std() - deviation) <= 4 * deviation / math.sqrt(W.size)


@pytest.mark.parametrize("name", ["normal", "he", "lecun"])
def test_normal_ones_have_tails_glorot_has_none(name: str) -> None:
    W = initial(WIDE, name, seed=1).weights[0]
    assert np.abs(W).max() > 3 * W.std()
    G = initial(WIDE, "glorot", seed=1).weights[0]
    assert np.abs(G).max() <= math.sqrt(6 / 200) and np.abs(G).max() > 0.99 * math.sqrt(6 / 200)


def test_biases_start_at_zero_but_for_uniform() -> None:
    for name in INITIALIZERS:
        biases = np.concatenate(initial(WIDE, name, seed=2).biases)
        assert biases.any() == (name == "uniform")
    biases = np.concatenate(initial(WIDE, "uniform", seed=2).biases)
    assert biases.min() >= 0.0 and biases.max() < 1.0 and biases.std() > 0.2


def test_scale() -> None:
    plain, scaled = initial(WIDE, "he", seed=0), initial(WIDE, "he", scale=0.5, seed=0)
    assert np.array_equal(0.5 * plain.flat, scaled.flat)
    assert np.array_equal(initial(WIDE, "normal").flat, initial(WIDE, "normal", scale=0.01).flat)


def test_layers_and_seeds_differ() -> None:
    square = Network.parse("5-5-5")
    start = initial(square, "he", seed=0)
    assert not np.isclose(start.weights[0], start.weights[1]).any()
    assert not np.isclose(start.weights[0], initial(square, "he", seed=1).weights[0]).any()


def test_float32_is_float64_rounded() -> None:
    wide, narrow = initial(WIDE, "glorot", seed=9), initial(WIDE, "glorot", seed=9, dtype="float32")
    assert narrow.flat.dtype == np.float32
    assert np.array_equal(wide.flat.astype(np.float32), narrow.flat)


def test_a_layer_starts_the_same_whatever_comes_after_it() -> None:
    short, long = initial(Network.parse("4-6-2"), "he", seed=5), initial(Network.parse("4-6-9-2"), "he", seed=5)
    assert np.array_equal(short.weights[0], long.weights[0])


def test_frozen_start() -> None:
    """What a seed gives does not change from one version to the next (uniform: no function of the system's library)."""
    flat = initial(Network.parse("3-4-2"), "uniform", seed=123).flat
    assert hashlib.sha256(flat.astype("<f8").tobytes()).hexdigest()[:16] == "e0fb2406771e5c3f"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "xavier"}, ['unknown initializer "xavier"', "glorot"]),
        ({"name": "normall"}, ['did you mean "normal"?']),
        ({"name": ["normal"]}, ["unknown initializer"]),
        ({"scale": "1"}, ["scale", "'1'"]),
        ({"scale": float("nan")}, ["scale", "nan"]),
        ({"scale": float("inf")}, ["scale", "inf"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"seed": 1.5}, ["seed", "1.5"]),
        ({"dtype": "float16"}, ['unknown dtype "float16"', "float32, float64"]),
    ],
)
def test_bad_settings(settings: dict[str, object], words: list[str]) -> None:
    with pytest.raises(InputError) as raised:
        initial(WIDE, **settings)  # type: ignore[arg-type]
    for word in words:
        assert word in str(raised.value)
