"""Pictures of models, as Display objects in scikit-learn's manner; matplotlib draws them.

Each has class methods that compute what is shown, keeps it in attributes, and draws it with
`plot(ax=None, theme=None)`, which sets `ax_` and `figure_`. A confusion matrix is scikit-learn's own
`ConfusionMatrixDisplay`, which takes `cmap=colormap()`.
"""

from clearprop.plots.decision_map import DecisionMapDisplay
from clearprop.plots.first_layer_weights import FirstLayerWeightsDisplay
from clearprop.plots.house import colormap
from clearprop.plots.loss_curve import LossCurveDisplay
from clearprop.plots.predicted_true import PredictedTrueDisplay

__all__ = [
    "DecisionMapDisplay",
    "FirstLayerWeightsDisplay",
    "LossCurveDisplay",
    "PredictedTrueDisplay",
    "colormap",
]
