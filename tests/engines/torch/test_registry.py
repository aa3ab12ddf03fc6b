"""Whatever the registries have, has a kernel."""

from __future__ import annotations

import pytest

from clearprop.network.activations import ACTIVATIONS
from clearprop.network.losses import LOSSES
from clearprop.optimize.optimizers import OPTIMIZERS

pytest.importorskip("torch")

from clearprop.engines.torch.activations import KERNELS
from clearprop.engines.torch.losses import OF_NET_INPUT, OF_OUTPUT
from clearprop.engines.torch.update import check_optimizer


def test_every_entry_has_a_kernel() -> None:
    assert set(KERNELS) == set(ACTIVATIONS)
    assert set(OF_OUTPUT) == {name for name, loss in LOSSES.items() if loss.of_output}
    assert set(OF_NET_INPUT) == {name for name, loss in LOSSES.items() if loss.of_net_input}
    for optimizer in OPTIMIZERS.values():
        check_optimizer(optimizer())
