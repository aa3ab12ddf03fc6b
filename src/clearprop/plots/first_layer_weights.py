"""What the first layer looks at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from clearprop.errors import InputError
from clearprop.model import Model
from clearprop.plots.house import Look, axes, colorbar, colormap, finite, grid

MOST_BARS = 20


class FirstLayerWeightsDisplay:
    """The weights of layer 1: of images one image a unit, blue above 0 and orange below; else one bar an input.

    Where a network begins with column layers, layer 1 takes in what they make of the inputs: h[1], h[2] and so on, as
    in a trace; the inputs' names are not theirs.

    A bar is the root mean square of an input's weights over the units, √(Σ_j W_ij²/O), the longest first; with one unit
    it is the weight itself, blue above 0 and orange below. Weights of inputs of different sizes do not compare: scale
    the inputs first.

    Attributes:
        weights: (inputs, units).
        feature_names: a name for each input.
        image_shape: (height, width) of the inputs, or None.
        ax_, figure_: where it was drawn last.

    >>> FirstLayerWeightsDisplay([[3.0, 4.0], [0.0, 1.0]], ["age", "size"]).lengths.round(3).tolist()
    [3.536, 0.707]
    """

    ax_: Any
    figure_: Any

    def __init__(
        self,
        weights: ArrayLike,
        feature_names: Sequence[str] | None = None,
        image_shape: tuple[int, int] | None = None,
    ) -> None:
        W = finite("weights", weights)
        W = W[:, None] if W.ndim == 1 else W
        if W.ndim != 2 or not W.size:
            raise InputError(f"weights: expected shape (inputs, units), got {W.shape}")
        names = [f"x{place}" for place in range(len(W))] if feature_names is None else list(map(str, feature_names))
        if len(names) != len(W):
            raise InputError(f"feature_names: expected {len(W)}, one an input, got {len(names)}")
        if image_shape is not None and math.prod(image_shape) != len(W):
            raise InputError(f"image_shape: {image_shape} has {math.prod(image_shape)} inputs, layer 1 has {len(W)}")
        self.weights, self.feature_names, self.image_shape = W, names, image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature_names: Sequence[str] | None = None,
        image_shape: tuple[int, int] | None = None,
        ax: Any = None,
        theme: str | None = None,
    ) -> FirstLayerWeightsDisplay:
        """Draws a Model, or an estimator that has `coefs_`, as clearprop's and scikit-learn's MLPs do, or `coef_`."""
        weights = _weights(estimator)
        names = _names(estimator, len(weights)) if feature_names is None else feature_names
        return cls(weights, names, image_shape).plot(ax, theme=theme)

    @property
    def lengths(self) -> Any:
        """The length of each input's bar (inputs,); with a sign where there is one unit."""
        return self.weights[:, 0] if self.weights.shape[1] == 1 else np.sqrt(np.mean(self.weights**2, axis=1))

    def plot(self, ax: Any = None, *, theme: str | None = None) -> FirstLayerWeightsDisplay:
        """Draws on the axes, or on new ones in the theme, "light" or "dark"."""
        bars = min(len(self.weights), MOST_BARS)
        size = (6.4, 5.6) if self.image_shape else (6.4, 1.2 + 0.26 * bars)
        self.figure_, self.ax_, look = axes(ax, theme, size)
        if self.image_shape:
            self._images(look, *self.image_shape)
        else:
            self._bars(look)
        return self

    def _bars(self, look: Look) -> None:
        order = np.argsort(-np.abs(self.lengths), kind="stable")[:MOST_BARS]
        lengths = self.lengths[order]
        colours = [look["first"] if length >= 0 else look["second"] for length in lengths]
        grid(self.ax_, look, "x")
        self.ax_.barh(np.arange(len(order)), lengths, height=0.7, color=colours)
        self.ax_.set_yticks(np.arange(len(order)), [self.feature_names[place] for place in order])
        self.ax_.tick_params(axis="y", length=0)
        self.ax_.invert_yaxis()
        if (lengths < 0).any():
            self.ax_.axvline(0.0, color=look["node-line"], linewidth=1)
        one_unit = self.weights.shape[1] == 1
        self.ax_.set_xlabel("weight" if one_unit else "root mean square of its weights")
        left = len(self.weights) - len(order)
        if left:
            self.ax_.set_title(
                f"the {len(order)} longest of {len(self.weights)}", loc="left", fontsize=10, color=look["ink"]
            )

    def _images(self, look: Look, height: int, width: int) -> None:
        units = self.weights.shape[1]
        columns = math.ceil(math.sqrt(units * height / width))
        rows = math.ceil(units / columns)
        # One picture of all, with a line of nothing between two units.
        mosaic = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
        for unit in range(units):
            top, left = unit // columns * (height + 1), unit % columns * (width + 1)
            mosaic[top : top + height, left : left + width] = self.weights[:, unit].reshape(height, width)
        most = float(np.abs(self.weights).max()) or 1.0
        shades = colormap("sign", "dark" if look.dark else "light")
        image = self.ax_.imshow(mosaic, cmap=shades, vmin=-most, vmax=most, interpolation="nearest")
        self.ax_.set_axis_off()
        colorbar(self.figure_, image, self.ax_, look, "weight")
        self.ax_.set_title(
            f"layer 1, {units} unit{'' if units == 1 else 's'}", loc="left", fontsize=10, color=look["ink"]
        )


def _names(estimator: Any, inputs: int) -> Sequence[str] | None:
    """What the inputs of layer 1 are called; None for x0, x1, …"""
    models = [estimator] if isinstance(estimator, Model) else getattr(estimator, "estimators_", [])
    if len(models) and isinstance(models[0], Model) and models[0].network.columns:
        return [f"h[{number}]" for number in range(1, inputs + 1)]
    names = getattr(estimator, "feature_names_in_", None)
    return names if names is not None and len(names) == inputs else None


def _weights(estimator: Any) -> Any:
    if isinstance(estimator, Model):
        return estimator.parameters.weights[0]
    if hasattr(estimator, "coefs_"):
        return estimator.coefs_[0]
    if hasattr(estimator, "coef_"):
        return np.asarray(estimator.coef_).T
    raise InputError(f"first layer: this {type(estimator).__name__} has neither coefs_ nor coef_; fit it first")
