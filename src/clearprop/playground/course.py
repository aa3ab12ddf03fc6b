"""The losses of a run so far: as many as a drawing can show, however long it is."""

from __future__ import annotations

import math

MOST = 600


class Course:
    """Losses by the count of updates; where they become too many, every second one goes."""

    def __init__(self) -> None:
        self.points: list[tuple[int, float, float]] = []
        self.every = 1

    def __len__(self) -> int:
        return len(self.points)

    @property
    def updates(self) -> list[int]:
        return [update for update, _, _ in self.points]

    @property
    def losses(self) -> list[float]:
        return [loss for _, loss, _ in self.points]

    @property
    def held_out(self) -> list[float] | None:
        """The losses of the rows held out, or None where there are none."""
        found = [loss for _, _, loss in self.points]
        return None if all(map(math.isnan, found)) else found

    def add(self, update: int, loss: float, held_out: float | None) -> None:
        """One more; what lies at the same update or after it is forgotten.

        >>> course = Course()
        >>> for update in (0, 5, 9, 5):
        ...     course.add(update, 1.0, None)
        >>> course.updates
        [0, 5]
        """
        while self.points and self.points[-1][0] >= update:
            self.points.pop()
        # The newest is always there; of the others only one in so many updates stays.
        if len(self.points) >= 2 and self.points[-1][0] - self.points[-2][0] < self.every:
            self.points.pop()
        self.points.append((update, loss, math.nan if held_out is None else held_out))
        if len(self.points) > MOST:
            self.every = max(1, 2 * (self.points[-1][0] - self.points[0][0]) // MOST)
            self.points = [*self.points[:-1:2], self.points[-1]]

    def clear(self) -> None:
        self.points, self.every = [], 1
