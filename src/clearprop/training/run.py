"""Where a run stands: parameters and state together, checked, and as tensors and plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from clearprop.engines.base import Array, State, Sums
from clearprop.errors import InputError
from clearprop.network.parameters import Parameters
from clearprop.network.spec import Network
from clearprop.optimize.optimizers import Optimizer
from clearprop.random import check_seed

_COUNTS = ("epoch", "batch", "step")


@dataclass(frozen=True)
class Run:
    """What training goes on from as if it had never stopped."""

    parameters: Parameters
    state: State

    def pack(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Tensors, and plain numbers, of which `unpack` makes the same run again, bit for bit."""
        state = self.state
        tensors = {"parameters": self.parameters.flat}
        tensors.update({f"slots/{name}": slot for name, slot in state.slots.items()})
        counts = {name: int(getattr(state, name)) for name in _COUNTS}
        return tensors, {"seed": state.seed, **counts, "sums": asdict(state.sums)}

    @staticmethod
    def unpack(network: Network, tensors: Mapping[str, Array], values: Mapping[str, Any]) -> Run:
        """What `pack` was called on; raises KeyError, TypeError or ValueError where something else comes."""
        names = sorted(name for name in tensors if name.startswith("slots/"))
        slots = {name.removeprefix("slots/"): np.array(tensors[name]) for name in names}
        sums = Sums(**{name: float(value) for name, value in values["sums"].items()})
        counts = {name: values[name] for name in ("seed", *_COUNTS)}
        return Run(Parameters(network, np.array(tensors["parameters"])), State(**counts, slots=slots, sums=sums))

    def check(self, optimizer: Optimizer, batches: int) -> Run:
        """The run, if it can go on with this optimizer and so many batches an epoch.

        Raises:
            InputError: what of the state does not fit, and to what.
        """
        state, flat = self.state, self.parameters.flat
        if not isinstance(state, State):
            raise InputError(f"state: expected the state of a result of train, got {state!r}")
        check_seed(state.seed)
        for name in _COUNTS:
            count = getattr(state, name)
            if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
                raise InputError(f"state: {name} must be a whole number from 0 up, got {count!r}")
        if set(state.slots) != set(optimizer.slots):
            raise InputError(
                f"state: it remembers {_listed(state.slots)}, but {type(optimizer).__name__} remembers "
                f"{_listed(optimizer.slots)}; give the optimizer it was trained with, or leave out state"
            )
        for name, slot in state.slots.items():
            if slot.shape != flat.shape:
                raise InputError(
                    f"state: {name} has {slot.size} numbers, but the network has {flat.size} parameters; "
                    "the state belongs to another network"
                )
            if slot.dtype != flat.dtype:
                raise InputError(f"state: {name} is {slot.dtype}, but the model is {flat.dtype}")
        if state.batch >= batches:
            raise InputError(
                f"state: it has done {state.batch} batches of an epoch that has {batches} here; "
                "give the rows and the batch size it was trained with"
            )
        return self


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
