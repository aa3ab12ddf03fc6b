"""The generator on tensors draws what `clearprop.random` draws."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.random import Stream, words

torch = pytest.importorskip("torch")

from clearprop.engines.torch import philox  # noqa: E402


@pytest.mark.parametrize("count", [1, 4, 7, 1000])
@pytest.mark.parametrize("lane", [0, 3, 2**20 + 5])
def test_words(count: int, lane: int) -> None:
    seeds, times = [0, 1, 2**32 + 7, 2**64 - 1], [0, 5, 2**31, 2**32 - 1]
    drawn = philox.words(seeds, Stream.DROPOUT, count, lane=lane, times=times, device=torch.device("cpu")).numpy()
    assert drawn.shape == (len(times), len(seeds), count)
    for i, time in enumerate(times):
        for j, seed in enumerate(seeds):
            assert np.array_equal(drawn[i, j], words(seed, Stream.DROPOUT, count, lane=lane, time=time))


@pytest.mark.parametrize("start", [0, 1, 4, 30, 2**33 + 3])
def test_words_from_somewhere(start: int) -> None:
    drawn = philox.words([5], Stream.DROPOUT, 9, lane=2, times=[7], device=torch.device("cpu"), start=start)
    assert np.array_equal(drawn.numpy()[0, 0], words(5, Stream.DROPOUT, 9, lane=2, time=7, start=start))
