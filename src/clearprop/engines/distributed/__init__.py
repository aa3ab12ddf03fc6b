"""Several processes that train one network, or the members of one ensemble, together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearprop.engines.distributed.settings import Distributed
from clearprop.engines.distributed.workers import Alone, Workers
from clearprop.errors import InputError

if TYPE_CHECKING:
    from clearprop.engines.base import Engine

__all__ = ["Alone", "Distributed", "Workers", "joined"]


def joined(engine: Engine, settings: Distributed | None) -> tuple[Engine, Workers]:
    """The engine, and who else computes with it: nobody, or the workers that the settings bring together.

    Raises:
        InputError: `settings` is none, there is no PyTorch, or this process is none of several.
        WorkerError: one of the others has not come within the timeout.
    """
    if settings is None:
        return engine, Alone()
    if not isinstance(settings, Distributed):
        raise InputError(f"distributed: expected Distributed(...), got {settings!r:.60}")
    from clearprop.engines.distributed.engine import DataParallel
    from clearprop.engines.distributed.group import ProcessGroup

    own = settings.own(engine)
    group = ProcessGroup.join(settings)
    return DataParallel(own, group, settings.every), group
