"""What a model says everywhere in the plane of its two inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.errors import InputError
from clearprop.network.spec import Network
from clearprop.plots.house import Look, axes, colorbar, colormap, finite

Grid = NDArray[np.float64]


class DecisionMapDisplay:
    """The plane of two inputs: each class has its colour, the paler the less sure; or the number, the bluer the more.

    Lines mark where the likeliest class changes.

    Attributes:
        xx0, xx1: the two inputs at the points of the grid, (G, G).
        response: probabilities (G, G, classes), or numbers (G, G).
        classes: the labels of the classes; empty for numbers.
        feature_names: of the two inputs.
        ax_, figure_: where it was drawn last.
    """

    ax_: Any
    figure_: Any

    def __init__(
        self,
        xx0: Grid,
        xx1: Grid,
        response: Grid,
        classes: Sequence[Any] = (),
        feature_names: Sequence[str] = ("x0", "x1"),
    ) -> None:
        expected = (*xx0.shape, len(classes)) if len(classes) else xx0.shape
        if xx0.ndim != 2 or xx1.shape != xx0.shape or response.shape != expected:
            raise InputError(
                f"decision map: expected grids (G, G) and a response {expected}, got {xx0.shape}, {xx1.shape} and "
                f"{response.shape}"
            )
        self.xx0, self.xx1, self.response = xx0, xx1, response
        self.classes, self.feature_names = list(classes), list(feature_names)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        grid_resolution: int = 200,
        ax: Any = None,
        theme: str | None = None,
    ) -> DecisionMapDisplay:
        """Draws a fitted estimator around the rows of X (N, 2), an array or a DataFrame, with its points if y is given.

        Probabilities are those of `predict_proba`, or the outputs of a Model that ends with softmax, whose classes are
        0, 1, …; a classifier without probabilities has its predicted classes shown, all else the one number that it
        predicts.

        Raises:
            InputError: X has not two columns, or the estimator predicts several numbers.
        """
        points, names, like = _two_columns(X)
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.where(high > low, 0.08 * (high - low), 1.0)
        sides = [np.linspace(low[side] - room[side], high[side] + room[side], grid_resolution) for side in (0, 1)]
        xx0, xx1 = np.meshgrid(*sides)
        response, classes = _response(estimator, like(np.column_stack([xx0.ravel(), xx1.ravel()])))
        known = None if y is None else _targets(y, len(points), classes)
        shape = (*xx0.shape, len(classes)) if len(classes) else xx0.shape
        if response.size != np.prod(shape):
            raise InputError("decision map: the estimator predicts several numbers; a map shows one")
        display = cls(xx0, xx1, response.reshape(shape), classes, names)
        return display.plot(ax, points=None if known is None else (points, known), theme=theme)

    def plot(
        self, ax: Any = None, *, points: tuple[ArrayLike, ArrayLike] | None = None, theme: str | None = None
    ) -> DecisionMapDisplay:
        """Draws on the axes, or on new ones in the theme; `points` are rows (N, 2) and their targets (N,)."""
        self.figure_, self.ax_, look = axes(ax, theme, (6.0, 4.8))
        X, y = (np.asarray(part) for part in points) if points else (None, None)
        if self.classes:
            self._classes(look, X, y)
        else:
            self._numbers(look, X, y)
        self.ax_.set(xlim=(self.xx0.min(), self.xx0.max()), ylim=(self.xx1.min(), self.xx1.max()))
        self.ax_.set_xlabel(self.feature_names[0])
        self.ax_.set_ylabel(self.feature_names[1])
        return self

    def _classes(self, look: Look, X: Any, y: Any) -> None:
        to_rgb = _rgb(look)
        ground = to_rgb(look["paper"])
        colours = np.array([to_rgb(look.of_class(place)) for place in range(len(self.classes))])
        mixed = self.response @ colours
        even = 1.0 / len(self.classes)
        sure = (self.response.max(axis=-1, keepdims=True) - even) / (1.0 - even) if len(self.classes) > 1 else 1.0
        self._image(ground + (mixed - ground) * (0.08 + 0.42 * sure))
        for place in range(len(self.classes)):
            ahead = self.response[..., place] - np.delete(self.response, place, axis=-1).max(axis=-1, initial=0.0)
            if ahead.min() < 0.0 < ahead.max():
                self.ax_.contour(self.xx0, self.xx1, ahead, levels=[0.0], colors=look["ink"], linewidths=0.8)
        if X is None:
            self._legend(look, [])
            return
        shown = []
        for place, label in enumerate(self.classes):
            rows = np.asarray(y == label)
            if rows.any():
                shown.append(place)
                self._dots(X[rows], look, color=look.of_class(place))
        self._legend(look, shown)

    def _numbers(self, look: Look, X: Any, y: Any) -> None:
        shades = colormap("amount", "dark" if look.dark else "light")
        values = self.response.ravel() if y is None else np.concatenate([self.response.ravel(), y.ravel()])
        limits = {"vmin": float(values.min()), "vmax": float(values.max())}
        image = self._image(self.response, cmap=shades, **limits)
        colorbar(self.figure_, image, self.ax_, look, "predicted" if y is None else "predicted, and true in the dots")
        if X is not None:
            self._dots(X, look, c=y.ravel(), cmap=shades, **limits)

    def _image(self, values: Any, **options: Any) -> Any:
        extent = (self.xx0.min(), self.xx0.max(), self.xx1.min(), self.xx1.max())
        return self.ax_.imshow(
            values, extent=extent, origin="lower", aspect="auto", interpolation="bilinear", **options
        )

    def _dots(self, X: Any, look: Look, **colours: Any) -> None:
        many = len(X) > 500
        edge = look["paper"] if "color" in colours else look["node-line"]
        self.ax_.scatter(
            X[:, 0], X[:, 1], s=10 if many else 24, edgecolors=edge, linewidths=0.3 if many else 0.7, **colours
        )

    def _legend(self, look: Look, shown: list[int]) -> None:
        lines = _handles(look, shown or range(len(self.classes)))
        labels = [str(self.classes[place]) for place in shown or range(len(self.classes))]
        self.ax_.legend(
            lines, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, handletextpad=0.2,
            borderaxespad=0.2, columnspacing=1.2, labelcolor=look["ink"], fontsize=9,
        )  # fmt: skip


def _handles(look: Look, places: Any) -> list[Any]:
    from matplotlib.lines import Line2D

    return [Line2D([], [], marker="o", linestyle="", color=look.of_class(place), markersize=6) for place in places]


def _rgb(look: Look) -> Any:
    from matplotlib.colors import to_rgb

    return lambda colour: np.array(to_rgb(colour))


def _two_columns(X: Any) -> tuple[Grid, list[str], Any]:
    """The points, the names of the two inputs, and what makes of an array what the estimator was fitted on."""
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True, pass_through=True)
    is_frame = isinstance(frame, nw.DataFrame)
    names = list(map(str, frame.columns)) if is_frame else ["x0", "x1"]
    points = finite("X", frame.to_numpy() if is_frame else X)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise InputError(f"decision map: expected rows of two inputs, (N, 2), got {points.shape}; choose two columns")
    if not is_frame:
        return points, names, lambda array: array
    columns, backend = list(frame.columns), frame.implementation
    return (
        points,
        names,
        lambda array: nw.from_dict(dict(zip(columns, array.T, strict=True)), backend=backend).to_native(),
    )


def _targets(y: ArrayLike, rows: int, classes: list[Any]) -> NDArray[Any]:
    """The targets of the points, (N,): numbers, or labels of the classes."""
    known = np.asarray(y) if classes else finite("y", y)
    if known.size != rows:
        raise InputError(f"y: expected one target a row, {rows}, got shape {known.shape}")
    if not classes:
        return known.ravel()
    labels = {str(label): label for label in classes}  # 1 and "1" are the same class
    strange = next((one for one in known.ravel() if str(one) not in labels), None)
    if strange is not None:
        raise InputError(f"y: '{strange}' is none of the classes that were learnt, {', '.join(labels)}")
    return np.array([labels[str(one)] for one in known.ravel()])


def _response(estimator: Any, X: Any) -> tuple[Grid, list[Any]]:
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(X), dtype=np.float64), list(estimator.classes_)
    predicted = np.asarray(estimator.predict(X))
    network = getattr(getattr(estimator, "members", [estimator])[0], "network", None)  # of a Model or an Ensemble
    if isinstance(network, Network) and network.layers[-1].activation == "softmax":
        return predicted.astype(np.float64), list(range(network.outputs))
    if hasattr(estimator, "classes_"):
        classes = list(estimator.classes_)
        return (predicted[:, None] == np.array(classes)[None, :]).astype(np.float64), classes
    return predicted.astype(np.float64), []
