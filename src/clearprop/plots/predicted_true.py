"""Predicted against true numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.drawing.numerals import number
from clearprop.errors import InputError
from clearprop.plots.house import axes, finite, grid

MOST_POINTS = 5_000


class PredictedTrueDisplay:
    """Each row as a point, the true number across and the predicted one up; what is right lies on the diagonal.

    Of more than 5,000 rows one in so many is drawn; R² and the root of the mean squared error are of all.

    Attributes:
        y_true, y_pred: (N,).
        r2, rmse: how good the predictions are; R² is NaN where the true numbers are all the same.
        ax_, figure_: where it was drawn last.

    >>> display = PredictedTrueDisplay([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])
    >>> round(display.r2, 3), round(display.rmse, 3)
    (0.5, 0.577)
    """

    ax_: Any
    figure_: Any

    def __init__(self, y_true: ArrayLike, y_pred: ArrayLike) -> None:
        self.y_true, self.y_pred = _column("y_true", y_true), _column("y_pred", y_pred)
        if len(self.y_true) != len(self.y_pred) or not len(self.y_true):
            raise InputError(
                f"predicted and true: expected as many of both, got {len(self.y_pred)} and {len(self.y_true)}"
            )
        errors = float(np.sum((self.y_pred - self.y_true) ** 2))
        spread = float(np.sum((self.y_true - self.y_true.mean()) ** 2))
        self.r2 = 1.0 - errors / spread if spread else float("nan")
        self.rmse = float(np.sqrt(errors / len(self.y_true)))

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: ArrayLike, *, ax: Any = None, theme: str | None = None
    ) -> PredictedTrueDisplay:
        """Draws what a fitted regressor predicts for X beside y (N,)."""
        return cls.from_predictions(y, estimator.predict(X), ax=ax, theme=theme)

    @classmethod
    def from_predictions(
        cls, y_true: ArrayLike, y_pred: ArrayLike, *, ax: Any = None, theme: str | None = None
    ) -> PredictedTrueDisplay:
        """Draws predictions that are there already, (N,) or (N, 1)."""
        return cls(y_true, y_pred).plot(ax, theme=theme)

    def plot(self, ax: Any = None, *, theme: str | None = None) -> PredictedTrueDisplay:
        """Draws on the axes, or on new ones in the theme, "light" or "dark"."""
        self.figure_, self.ax_, look = axes(ax, theme, (4.8, 4.8))
        every = -(-len(self.y_true) // MOST_POINTS)
        shown = len(self.y_true[::every])
        both = np.concatenate([self.y_true, self.y_pred])
        low, high = float(both.min()), float(both.max())
        room = 0.05 * (high - low) or 1.0
        ends = [low - room, high + room]
        grid(self.ax_, look)
        self.ax_.plot(ends, ends, color=look["node-line"], linewidth=1, dashes=(3, 3), zorder=1)
        opacity = float(np.clip(60 / np.sqrt(shown) / 4, 0.15, 0.7))
        self.ax_.scatter(
            self.y_true[::every], self.y_pred[::every], s=18, color=look["first"], alpha=opacity, linewidths=0, zorder=2
        )
        self.ax_.set(xlim=ends, ylim=ends, aspect="equal", xlabel="true", ylabel="predicted")
        words = f"R² {self.r2:.3f}".replace("-", "−") + f"\nroot mean squared error {number(self.rmse)}"
        self.ax_.text(0.03, 0.97, words, transform=self.ax_.transAxes, va="top", color=look["ink"], fontsize=9)
        return self


def _column(name: str, given: ArrayLike) -> NDArray[np.float64]:
    values = finite(name, given)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(f"{name}: expected one number a row, got shape {values.shape}; draw each output by itself")
    return values
