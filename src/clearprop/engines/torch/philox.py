"""The generator of `clearprop.random` on tensors: the dropout masks of many steps and networks at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from clearprop.random import Stream

MASK = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


def words(
    seeds: Sequence[int],
    stream: Stream,
    count: int,
    *,
    lane: int,
    times: Sequence[int],
    device: torch.device,
    start: int = 0,
) -> Tensor:
    """`count` random 32-bit words from number `start` on, of each time and seed (times, seeds, count), as int64."""

    def along(axis: int, numbers: Sequence[int]) -> Tensor:
        shape = [1, 1, 1]
        shape[axis] = len(numbers)
        return torch.tensor([number & MASK for number in numbers], dtype=torch.int64, device=device).reshape(shape)

    k0, k1 = along(1, seeds), along(1, [seed >> 32 for seed in seeds])
    block = start // 4
    blocks = torch.arange(block, -(-(start + count) // 4), dtype=torch.int64, device=device)
    c0, c1 = (blocks & MASK)[None, None], (blocks >> 32)[None, None]
    c2 = along(0, times)
    c3 = torch.full((1, 1, 1), stream | lane << 8, dtype=torch.int64, device=device)
    for _ in range(ROUNDS):
        # The product of two 32-bit numbers wraps around in int64, with all of its bits as they are.
        first, second = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (second >> 32 & MASK) ^ c1 ^ k0,
            second & MASK,
            (first >> 32 & MASK) ^ c3 ^ k1,
            first & MASK,
        )
        k0, k1 = k0 + WEYL[0] & MASK, k1 + WEYL[1] & MASK
    return torch.stack(torch.broadcast_tensors(c0, c1, c2, c3), dim=-1).flatten(-2).narrow(-1, start - 4 * block, count)
