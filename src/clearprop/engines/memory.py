"""Whether what is learnt from a source fits in the memory that it may take up."""

from __future__ import annotations

from clearprop.engines.base import Plan
from clearprop.engines.source import Source
from clearprop.engines.streamed import rows_in_memory
from clearprop.errors import InputError, in_bytes
from clearprop.network.spec import Network

PROCESS = 192 << 20
"""About what Python and the libraries take up before there is any row."""

LEARNING = 4
"""How often parameters, and a batch's numbers in every layer, are in memory beside the optimizer's slots."""


def check_memory(source: Source, network: Network, plan: Plan) -> None:
    """Raises an `InputError` where two windows of a source, the model and the process are more than its memory."""
    X, _ = source.like
    windows = 2 * rows_in_memory(source, plan.batch_size) * source.row_bytes
    parameters = (LEARNING + len(plan.optimizer.slots)) * network.parameter_count * X.itemsize
    batch = LEARNING * plan.batch_size * sum(network.sizes) * X.itemsize
    needed = PROCESS + windows + parameters + batch
    if needed > source.memory:
        smaller = " or a smaller batch_size" if plan.batch_size > rows_in_memory(source, 1) // 2 else ""
        raise InputError(
            f"memory: {in_bytes(source.memory)} is too little: two windows of rows take up {in_bytes(windows)}, "
            f"the model and a batch of {plan.batch_size:,} rows {in_bytes(parameters + batch)}, and Python and its "
            f"libraries about {in_bytes(PROCESS)}; give at least {in_bytes(needed)}{smaller}"
        )
