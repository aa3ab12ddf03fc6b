"""The generator: the published answers, and that its numbers are what they claim to be."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from clearprop.errors import InputError
from clearprop.random import Draw, Stream, check_seed, normals, permutation, philox, uniforms, words, words_at

# The known answers of Philox4x32-10 that its authors publish: counter, key, words.
ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def numbers(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), ANSWERS)
def test_known_answers(counter: str, key: str, answer: str) -> None:
    k0, k1 = numbers(key)
    drawn = philox((k0, k1), np.array([numbers(counter)] * 2, dtype=np.uint32))
    assert drawn.tolist() == [numbers(answer)] * 2


def test_words_are_philox_of_their_place() -> None:
    seed, lane, time = 0x1234_5678_9ABC_DEF0, 5, 77
    drawn = words(seed, Stream.DROPOUT, 10, lane=lane, time=time)
    for index, word in enumerate(drawn.tolist()):
        counter = np.array([[index // 4, 0, time, Stream.DROPOUT | lane << 8]], dtype=np.uint32)
        assert word == int(philox((0x9ABC_DEF0, 0x1234_5678), counter)[0, index % 4])


@pytest.mark.parametrize("start", [0, 1, 3, 4, 5, 1000, 4 * (2**32 - 1) + 2])
@pytest.mark.parametrize("count", [0, 1, 4, 9])
def test_a_start_skips_words(start: int, count: int) -> None:
    whole = words(9, Stream.SAMPLE, 40, start=start // 4 * 4)
    assert np.array_equal(words(9, Stream.SAMPLE, count, start=start), whole[start % 4 : start % 4 + count])


@pytest.mark.parametrize("apart", [1, 2, 3, 4, 7, 2**52], ids=str)
@pytest.mark.parametrize("count", [0, 1, 9, 1000])
def test_words_of_rising_numbers_take_up_memory_for_themselves_alone(apart: int, count: int) -> None:
    rising = 5 + apart * np.arange(count)
    alone = [words(2**40, Stream.SAMPLE, 1, start=start).item() for start in rising.tolist()]
    assert words_at(2**40, Stream.SAMPLE, rising).tolist() == alone
    draw = Draw(2**40, Stream.SAMPLE, 3)
    draw.enter(rising)
    assert rising[draw.kept()].tolist() == sorted(rising[np.argsort(alone, kind="stable")[:3]].tolist())


def test_every_part_of_the_place_matters() -> None:
    draws = [
        words(0, Stream.SAMPLE, 8),
        words(1, Stream.SAMPLE, 8),
        words(2**32, Stream.SAMPLE, 8),
        words(0, Stream.SPLIT, 8),
        words(0, Stream.SAMPLE, 8, lane=1),
        words(0, Stream.SAMPLE, 8, time=1),
        words(0, Stream.SAMPLE, 8, start=8),
    ]
    assert len({draw.tobytes() for draw in draws}) == len(draws)


def chi_square(counts: np.ndarray) -> float:
    """By how many deviations χ² misses its mean, for counts that should be equal."""
    expected = counts.sum() / len(counts)
    free = len(counts) - 1
    return float((((counts - expected) ** 2 / expected).sum() - free) / math.sqrt(2 * free))


@pytest.mark.parametrize("byte", range(4))
def test_each_byte_of_the_words_is_uniform(byte: int) -> None:
    drawn = words(3, Stream.SAMPLE, 200_000)
    assert abs(chi_square(np.bincount(drawn >> 8 * byte & 0xFF, minlength=256))) < 4


def test_uniforms_are_uniform() -> None:
    drawn = uniforms(5, Stream.SAMPLE, 200_000)
    assert drawn.dtype == np.float64
    assert drawn.min() >= 0.0 and drawn.max() < 1.0
    assert abs(chi_square(np.histogram(drawn, bins=1000, range=(0, 1))[0])) < 4
    pairs = np.histogram2d(drawn[::2], drawn[1::2], bins=32, range=[(0, 1), (0, 1)])[0]
    assert abs(chi_square(pairs.ravel())) < 4
    assert (drawn * 2**53 == np.floor(drawn * 2**53)).all() and (drawn * 2**52 % 1).any()


def test_normals_have_the_moments_and_tails_of_the_normal() -> None:
    drawn = normals(5, Stream.SAMPLE, 400_001)
    deviations = math.sqrt(len(drawn))
    assert len(drawn) == 400_001
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((drawn**power).mean() - moment) < 4 * math.sqrt(variance) / deviations
    for limit, share in ((1.0, 0.31731), (2.0, 0.04550), (3.0, 0.0027)):
        got = (np.abs(drawn) > limit).mean()
        assert abs(got - share) < 4 * math.sqrt(share) / deviations
    assert abs((drawn[0:-1:2] * drawn[1::2]).mean()) < 4 / math.sqrt(200_000)


def test_fewer_are_the_beginning_of_more() -> None:
    for draw in (uniforms, normals):
        assert np.array_equal(draw(1, Stream.SAMPLE, 7), draw(1, Stream.SAMPLE, 100)[:7])


def test_permutation() -> None:
    drawn = permutation(2, Stream.SAMPLE, 1000)
    assert sorted(drawn.tolist()) == list(range(1000))
    keys = words(2, Stream.SAMPLE, 1000)
    assert (np.diff(keys[drawn].astype(np.int64)) >= 0).all()
    assert permutation(0, Stream.SAMPLE, 10).tolist() != permutation(1, Stream.SAMPLE, 10).tolist()
    assert permutation(0, Stream.SAMPLE, 0).tolist() == []


def test_frozen_numbers() -> None:
    """What a seed gives does not change from one version to the next."""
    assert words(42, Stream.SAMPLE, 4, time=1, lane=2).tolist() == [
        1054017850,
        1476450537,
        1622812680,
        1723597152,
    ]
    assert uniforms(42, Stream.INITIAL, 3).tolist() == [
        0.1260315820118052,
        0.3285213841875647,
        0.12313158328691276,
    ]
    np.testing.assert_allclose(
        normals(42, Stream.INITIAL, 3), [-0.24582198180663237, 0.45715821251458655, 0.3041537556903386], rtol=1e-14
    )


def test_seeds() -> None:
    assert check_seed(0) == 0
    assert check_seed(2**64 - 1) == check_seed(np.uint64(2**64 - 1)) == 2**64 - 1
    assert type(check_seed(np.int32(3))) is int


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "7", None, True, np.float64(3)])
def test_bad_seeds(seed: object) -> None:
    with pytest.raises(InputError, match=r"seed: expected a whole number from 0 to 2\*\*64 - 1, got"):
        check_seed(seed)


@pytest.mark.parametrize("draw", [words, uniforms, normals])
def test_streams_do_not_meet(draw: Callable[..., np.ndarray]) -> None:
    assert len({draw(0, stream, 4).tobytes() for stream in Stream}) == len(Stream)
