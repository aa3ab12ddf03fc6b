"""How pictures look: the colours of the drawings, on light and on dark, for axes of matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.drawing.style import COLOURS
from clearprop.errors import InputError, needed, unknown

THEMES = ("light", "dark")
COLORMAPS = {"amount": ("surface", "first"), "sign": ("second", "surface", "first")}

# Classes, in order; the first two are the drawings' own. On light, on dark.
CLASSES = (
    COLOURS["first"],
    COLOURS["second"],
    ("#2f7d4f", "#7fd09a"),
    ("#a03a78", "#f09cc8"),
    ("#8a6d00", "#ffd94f"),
    ("#00718f", "#6fd3ea"),
    ("#6a4fc0", "#c3b1ff"),
    ("#66625b", "#c2beb6"),
)


@dataclass(frozen=True)
class Look:
    """The colours of one theme, by the names that drawings use."""

    dark: bool

    def __getitem__(self, name: str) -> str:
        return COLOURS[name][self.dark]

    def of_class(self, number: int) -> str:
        """The colour of a class, counted from 0; after the eighth they begin again."""
        return CLASSES[number % len(CLASSES)][self.dark]


def colormap(kind: str = "amount", theme: str = "light") -> Any:
    """A colour map of matplotlib: "amount" from the ground to blue, "sign" from orange by the ground to blue.

    >>> colormap("sign").name
    'clearprop sign'
    """
    colors = needed("matplotlib.colors", "plot")
    if kind not in COLORMAPS:
        raise unknown("colour map", kind, COLORMAPS)
    look = _look(theme)
    made = colors.LinearSegmentedColormap.from_list(f"clearprop {kind}", [look[name] for name in COLORMAPS[kind]])
    return made.with_extremes(bad=look["paper"])


def finite(name: str, given: ArrayLike) -> NDArray[np.float64]:
    """What is to be drawn, as numbers; anything else is an `InputError` that says where the first such value stands."""
    values = np.asarray(given)
    if values.dtype.kind not in "biuf":
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            found = next((one for one in values.ravel() if not isinstance(one, int | float | np.number)), None)
            raise InputError(f"{name}: expected numbers to draw, found '{found}'") from None
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0][0])
        raise InputError(f"{name}: row {row} has a value that is missing or not finite; leave such rows out")
    return values


def axes(ax: Any, theme: str | None, size: tuple[float, float]) -> tuple[Any, Any, Look]:
    """Figure, axes and colours to draw with.

    Without axes a new figure is made in the theme, light unless said otherwise. Axes that are given keep their ground
    and their type; on a dark ground the dark theme's colours are drawn.
    """
    pyplot = needed("matplotlib.pyplot", "plot")
    if ax is None:
        look = _look(theme or "light")
        figure, ax = pyplot.subplots(figsize=size, layout="constrained", facecolor=look["paper"])
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
        _dress(ax, look)
        return figure, ax, look
    if not hasattr(ax, "get_facecolor") or not hasattr(ax, "plot"):
        raise InputError(f"ax: expected axes of matplotlib, got {type(ax).__name__}")
    return ax.figure, ax, _look(theme or _theme_of(ax))


def _theme_of(ax: Any) -> str:
    red, green, blue, opacity = ax.get_facecolor()
    if opacity == 0.0:
        red, green, blue, _ = needed("matplotlib.colors", "plot").to_rgba(ax.figure.get_facecolor())
    return "dark" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5 else "light"


def _look(theme: str) -> Look:
    if theme not in THEMES:
        raise unknown("theme", theme, THEMES)
    return Look(theme == "dark")


def _dress(ax: Any, look: Look) -> None:
    ax.set_facecolor(look["paper"])
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(look["node-line"])
    ax.tick_params(colors=look["muted"], which="both", labelsize=9, length=3)
    ax.xaxis.label.set_color(look["ink"])
    ax.yaxis.label.set_color(look["ink"])


def grid(ax: Any, look: Look, axis: str = "both") -> None:
    """Quiet lines behind what is drawn."""
    ax.grid(True, axis=axis, color=look["rule"], linewidth=0.8)
    ax.set_axisbelow(True)


def colorbar(figure: Any, image: Any, ax: Any, look: Look, label: str) -> Any:
    """A narrow scale of colours beside the axes."""
    bar = figure.colorbar(image, ax=ax, fraction=0.04, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=look["muted"], labelsize=9, length=0)
    bar.set_label(label, color=look["ink"])
    return bar
