"""What can be gone back to: changes taken back, and states that are too large for an address."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from clearprop.playground import link
from clearprop.playground.play import Play
from clearprop.playground.refusals import LinkRefusal

MOST_CHANGES, MOST_BYTES = 100, 64_000_000
MOST_KEPT = 16
MOST_TRIED = 400_000  # bytes that compressing may bring down to what an address takes
PREFIX = "kept."


class Undone:
    """The plays before each change, and those that were taken back; the oldest go where they are too much."""

    def __init__(self) -> None:
        self._past: list[Play] = []
        self._future: list[Play] = []

    @property
    def can_go_back(self) -> bool:
        return bool(self._past)

    @property
    def can_go_forth(self) -> bool:
        return bool(self._future)

    def remember(self, play: Play) -> None:
        """That a play is about to be changed."""
        self._future.clear()
        self._past.append(play)
        while len(self._past) > MOST_CHANGES or (len(self._past) > 1 and sum(map(weight, self._past)) > MOST_BYTES):
            del self._past[0]

    def back(self, now: Play) -> Play | None:
        """The play before the last change; None where there is none."""
        if not self._past:
            return None
        self._future.append(now)
        return self._past.pop()

    def forth(self, now: Play) -> Play | None:
        """The play that was taken back last; None where there is none."""
        if not self._future:
            return None
        self._past.append(now)
        return self._future.pop()


class Kept:
    """States by the texts that stand for them, of all pages of a server."""

    def __init__(self) -> None:
        self._plays: OrderedDict[str, Play] = OrderedDict()
        self._lock = Lock()

    def shared(self, key: str, play: Play) -> str:
        """The text of a state for an address: all of it, or where that is too long, a name that is known here."""
        if weight(play) <= MOST_TRIED:
            text = link.written(play)
            if len(text) <= link.MOST_LINK:
                return text
        with self._lock:
            self._plays[key] = play
            self._plays.move_to_end(key)
            while len(self._plays) > MOST_KEPT:
                self._plays.popitem(last=False)
        return PREFIX + key

    def find(self, text: str) -> Play | None:
        """The state that a text is the name of; None where it is no name.

        Raises:
            InputError: it is the name of a state that is not known here, or no longer.
        """
        if not text.startswith(PREFIX):
            return None
        with self._lock:
            found = self._plays.get(text.removeprefix(PREFIX))
        if found is None:
            raise LinkRefusal("link forgotten")
        return found


def weight(play: Play) -> int:
    """About how many bytes a play takes."""
    data = play.data
    slots = sum(slot.nbytes for slot in play.state.slots.values())
    return int(
        play.model.parameters.flat.nbytes + slots + data.X.nbytes + data.Y.nbytes + data.held_X.nbytes + len(data.cells)
    )
