"""Losses over the epochs, of one member or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearprop.drawing.numerals import number
from clearprop.errors import InputError
from clearprop.plots.house import Look, axes, grid
from clearprop.training.history import History


@dataclass(frozen=True)
class Curve:
    """One member's losses: of training and, where there are any, of validation rows, from an epoch on."""

    name: str
    loss: tuple[float, ...]
    validation_loss: tuple[float, ...] = ()
    first_epoch: int = 1
    best_epoch: int | None = None

    @property
    def epochs(self) -> range:
        return range(self.first_epoch, self.first_epoch + len(self.loss))


class LossCurveDisplay:
    """Training loss in blue, validation loss in orange, the best epoch ringed.

    Of several members each has a thin line, and their mean, over the epochs that all have, a thick one. The axis is
    logarithmic beyond two decades.

    Attributes:
        curves: what is shown, one a member.
        ax_, figure_: where it was drawn last.

    >>> history = History({"loss": [0.5, 0.25], "validation_loss": [0.6, 0.7]}, monitor="validation_loss")
    >>> LossCurveDisplay([curve_of("a", history)]).curves[0].best_epoch
    1
    """

    ax_: Any
    figure_: Any

    def __init__(self, curves: Sequence[Curve]) -> None:
        if not curves or not all(curve.loss for curve in curves):
            raise InputError("loss curves: there is no epoch to show")
        self.curves = tuple(curves)

    @classmethod
    def from_history(
        cls,
        history: History | Sequence[History] | Mapping[str, History],
        *,
        ax: Any = None,
        theme: str | None = None,
    ) -> LossCurveDisplay:
        """Draws a History, several, or several by name."""
        if isinstance(history, Mapping):
            named = dict(history)
        else:
            several = [history] if isinstance(history, History) else list(history)
            named = {f"member {place}": one for place, one in enumerate(several, 1)}
        for name, one in named.items():
            if not isinstance(one, History):
                raise InputError(f"loss curves: {name}: expected a History, got {type(one).__name__}")
        return cls([curve_of(name, one) for name, one in named.items()]).plot(ax, theme=theme)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, theme: str | None = None) -> LossCurveDisplay:
        """Draws the `loss_curve_` of a fitted estimator, also of scikit-learn, and its `validation_loss_curve_`.

        After a warm start that is of the last call alone, and so of the last epochs.
        """
        loss = getattr(estimator, "loss_curve_", None)
        if loss is None or not len(loss):
            name = type(estimator).__name__
            raise InputError(
                f"loss curves: this {name} has no loss_curve_; fit it first, with a solver that has epochs"
            )
        validation = tuple(getattr(estimator, "validation_loss_curve_", None) or ())
        before = (float("nan"),) * (len(loss) - len(validation)) if validation else ()
        best = len(before) + int(np.argmin(validation)) + 1 if validation else None
        curve = Curve(type(estimator).__name__, tuple(map(float, loss)), (*before, *validation), best_epoch=best)
        return cls([curve]).plot(ax, theme=theme)

    def plot(self, ax: Any = None, *, theme: str | None = None) -> LossCurveDisplay:
        """Draws on the axes, or on new ones in the theme, "light" or "dark"."""
        self.figure_, self.ax_, look = axes(ax, theme, (6.4, 4.0))
        grid(self.ax_, look, "y")
        self._set_scale()
        ends = [
            self._draw(look, "training", "first", [curve.loss for curve in self.curves]),
            self._draw(look, "validation", "second", [curve.validation_loss for curve in self.curves]),
        ]
        self._name([end for end in ends if end])
        if len(self.curves) == 1:
            self._mark_best(look, self.curves[0])
        self.ax_.set_xlabel("epoch")
        self.ax_.set_ylabel("loss")
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        return self

    def _set_scale(self) -> None:
        values = np.array([value for curve in self.curves for value in (*curve.loss, *curve.validation_loss)])
        values = values[np.isfinite(values)]
        if len(values) and values.min() > 0.0 and values.max() > 100.0 * values.min():
            self.ax_.set_yscale("log")

    def _draw(
        self, look: Look, name: str, role: str, losses: Sequence[tuple[float, ...]]
    ) -> tuple[float, float, str, str] | None:
        """Draws one kind of loss; where its thick line ends, its name and its colour."""
        there = [(curve, loss) for curve, loss in zip(self.curves, losses, strict=True) if loss]
        if not there:
            return None
        if len(there) == 1:
            epochs, thick = np.array(there[0][0].epochs), np.array(there[0][1])
        else:
            for curve, loss in there:
                self.ax_.plot(curve.epochs, loss, color=look[role], linewidth=1, alpha=0.55)
            first = max(curve.first_epoch for curve, _ in there)
            last = min(curve.epochs[-1] for curve, _ in there)
            if last < first:
                return None
            epochs = np.arange(first, last + 1)
            thick = np.mean([loss[first - curve.first_epoch :][: len(epochs)] for curve, loss in there], axis=0)
            name = f"{name}, mean of {len(there)}"
        self.ax_.plot(
            epochs, thick, color=look[role], linewidth=2, label=name, marker="o" if len(epochs) == 1 else None
        )
        return float(epochs[-1]), float(thick[-1]), name, look[role]

    def _name(self, ends: list[tuple[float, float, str, str]]) -> None:
        """Writes each line's name at its end, names that would meet one under the other."""
        ends = sorted((end for end in ends if np.isfinite(end[1])), key=lambda end: -end[1])
        heights = [self.ax_.transData.transform((x, y))[1] for x, y, _, _ in ends]
        close = len(ends) == 2 and heights[0] - heights[1] < 14
        for place, (x, y, name, colour) in enumerate(ends):
            moved = 0 if not close else (7, -7)[place]
            self.ax_.annotate(
                name, (x, y), (8, moved), textcoords="offset points", color=colour, va="center", annotation_clip=False
            )

    def _mark_best(self, look: Look, curve: Curve) -> None:
        if curve.best_epoch is None:
            return
        shown, role = (curve.validation_loss, "second") if curve.validation_loss else (curve.loss, "first")
        value = shown[curve.best_epoch - curve.first_epoch]
        self.ax_.plot([curve.best_epoch], [value], "o", color=look[role], markerfacecolor=look["paper"], markersize=8)
        late = curve.best_epoch > curve.epochs[0] + 0.7 * len(curve.epochs)  # where the lines' names are near
        self.ax_.annotate(
            f"best: epoch {number(curve.best_epoch)}",
            (curve.best_epoch, value),
            (4 if late else 0, 12),
            textcoords="offset points",
            ha="right" if late else "center",
            color=look["ink"],
            fontsize=9,
        )


def curve_of(name: str, history: History) -> Curve:
    """The losses of a history."""
    return Curve(name, history.loss, history.validation_loss, history.first_epoch, history.best_epoch)
