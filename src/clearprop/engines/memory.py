"""Whether what is learnt from a source fits in the memory that it may take up."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import DTypeLike

from clearprop.engines.source import PROCESS, STEP, Source
from clearprop.engines.streamed import rows_in_memory
from clearprop.errors import InputError, at_least, in_bytes
from clearprop.network.columns import Embedded
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer

LEARNING = 4
"""How often the parameters of a network that learns, and a batch's numbers in every layer, are in memory."""
KEPT = 2
"""How often those of every network are, also while another learns: as they are now, and as they were best."""

# Bytes a row, where rows are dealt out for networks to leave out:
DEALT = 36
"""At most while they are dealt out, and then the part of each."""
LEFT_OUT = 2
"""For each network: whether it learns from the row, and whether it leaves it out."""
JUDGED = 32
"""For each row that is left out, and as much for each of its outputs."""


def check_memory(
    source: Source,
    networks: Sequence[Network],
    optimizer: Optimizer,
    batch_size: int | None,
    dtype: DTypeLike,
    *,
    folds: int = 1,
    held_out: float = 0.0,
) -> None:
    """Raises an `InputError` where networks that learn from a source, one after another, take up more than its memory.

    No row is read.

    Args:
        batch_size: None is all rows.
        dtype: of the parameters.
        folds: into how many parts the rows are dealt out, of which each network leaves out one; 1: none leaves out any.
        held_out: the share of the rows that is kept in memory, to validate by.
    """
    itemsize, slots = np.dtype(dtype).itemsize, len(optimizer.slots)
    kept = round(held_out * len(source))
    rows = len(source) - kept
    batch = min(batch_size or rows, rows)
    row = _row_bytes(source, networks[0], itemsize)
    counts = [network.parameter_count for network in networks]
    parameters = max(counts) * (LEARNING + slots) + sum(counts) * (KEPT + slots)
    parts = {
        # They are read in the types in which they are kept, and learnt from in others.
        "windows of rows": 2 * rows_in_memory(source, batch) * row + min(len(source), STEP) * source.row_bytes,
        "rows held out": kept * row,
        f"a batch of {batch:,} rows": LEARNING * batch * max(map(_numbers_a_row, networks)) * itemsize,
        "the model" if len(networks) == 1 else f"{len(networks)} models": parameters * itemsize,
        "what is known of each row": source.known_bytes + _of_folds(rows, networks, folds),
        "Python and its libraries": PROCESS,
    }
    needed = sum(parts.values())
    if needed > source.memory:
        smaller = " or a smaller batch_size" if batch > rows_in_memory(source, 1) // 2 else ""
        listed = ", ".join(f"{name} {in_bytes(size)}" for name, size in parts.items() if size)
        raise InputError(
            f"memory: {in_bytes(source.memory)} is too little: about this much is taken up: {listed}; "
            f"give at least {at_least(needed)}{smaller}"
        )


def _row_bytes(source: Source, network: Network, itemsize: int) -> int:
    """How much a row takes up as an engine wants it."""
    _, Y = source.like
    classes = Y.ndim == 1 and network.loss_function.of_classes
    return network.inputs * itemsize + (np.dtype(np.int64).itemsize if classes else network.outputs * itemsize)


def _numbers_a_row(network: Network) -> int:
    """How many numbers a row has on its way through a network."""
    embedded = [layer for layer in network.columns if isinstance(layer, Embedded)]
    return network.inputs + sum(network.sizes) + sum(layer.count * layer.functions for layer in embedded)


def _of_folds(rows: int, networks: Sequence[Network], folds: int) -> int:
    """What is known of rows that networks leave out; they are dealt out before, and judged after, all learn."""
    if folds == 1:
        return 0
    judged = min(len(networks), folds) / folds * JUDGED * (1 + networks[0].outputs)
    return ceil(rows * (LEFT_OUT * len(networks) + max(DEALT, judged)))
