"""All tasks by name: the suite, and the tables that nobody has tuned on."""

from __future__ import annotations

from collections.abc import Sequence

from clearprop.benchmark.accuracy.bundled import BUNDLED
from clearprop.benchmark.accuracy.generated import GENERATED
from clearprop.benchmark.accuracy.task import Task
from clearprop.benchmark.accuracy.unseen import UNSEEN
from clearprop.errors import unknown

TASKS: tuple[Task, ...] = (*BUNDLED, *GENERATED, *UNSEEN)


def task(name: str) -> Task:
    """The task of a name; a wrong one is an error.

    >>> task("iris").kind
    'classes'
    """
    known = {one.name: one for one in TASKS}
    if name not in known:
        raise unknown("task", name, known)
    return known[name]


def chosen(names: Sequence[str], *, unseen: bool) -> list[Task]:
    """The tasks of these names, in the order of the list; of no names the suite, with `unseen` all.

    >>> [one.name for one in chosen(["iris", "wine"], unseen=False)]
    ['wine', 'iris']
    """
    wanted = {task(name).name for name in names}
    return [one for one in TASKS if (one.name in wanted if names else unseen or not one.unseen)]
