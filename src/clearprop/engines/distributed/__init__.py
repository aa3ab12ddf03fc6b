"""Several processes that train one network, or the members of one ensemble, together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearprop.engines.distributed.settings import Distributed
from clearprop.engines.distributed.workers import Alone

if TYPE_CHECKING:
    from clearprop.engines.base import Engine

__all__ = ["Alone", "Distributed", "joined"]


def joined(name: str, settings: Distributed | None) -> tuple[Engine, Alone]:
    """The engine of a name, and who else computes with it: nobody, or the workers that the settings bring together.

    Raises:
        InputError: `settings` is none, there is no PyTorch, or this process is none of several.
        WorkerError: one of the others has not come within the timeout.
    """
    from clearprop.engines import get_engine
    from clearprop.errors import InputError

    if settings is None:
        return get_engine(name), Alone()
    if not isinstance(settings, Distributed):
        raise InputError(f"distributed: expected Distributed(...), got {settings!r:.60}")
    from clearprop.engines.distributed.engine import DataParallel
    from clearprop.engines.distributed.group import Group

    engine = get_engine(settings.engine_name(name))
    settings.check_engine(engine)
    group = Group.join(settings)
    return DataParallel(engine, group, settings.every), group
