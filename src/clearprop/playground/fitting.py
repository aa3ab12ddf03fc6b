"""Networks that fit their data, and whose loss fits their last layer, whatever of these was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clearprop.network.losses import loss
from clearprop.network.spec import Dense, Network
from clearprop.playground.data import Data

USUAL = "half_squared_error"
USUAL_OF_CLASSES = {"sigmoid": "binary_cross_entropy", "softmax": "cross_entropy", "step": "perceptron"}


def fitted(
    network: Network, data: Data, layers: Sequence[Dense] | None = None, settings: Mapping[str, Any] | None = None
) -> Network:
    """The network with other layers or settings, its inputs and outputs those of the data.

    Where the loss was changed, the last activation follows; otherwise the loss follows the last activation.
    """
    settings = dict(settings or {})
    layers = list(network.layers if layers is None else layers)
    last = layers[-1]
    chosen = settings.get("loss", network.loss)
    if "loss" in settings:
        last = replace(last, activation=_activation(chosen, last.activation))
    else:
        chosen = _loss(chosen, last.activation, data)
    layers[-1] = replace(last, units=data.width(chosen, last.activation), dropout=0.0)
    inputs = len(data.inputs)
    columns, scale = (network.columns, network.scale) if inputs == network.inputs else ((), None)
    kept = {key: getattr(network, key) for key in ("l1", "l2", "reduction")}
    return Network(inputs, layers, **{**kept, **settings, "loss": chosen}, columns=columns, scale=scale)


def for_data(network: Network, data: Data) -> Network:
    """The network with a last layer that suits other data: probabilities for classes, any number for numbers."""
    last = network.layers[-1]
    kind = last.function.kind
    if data.classes is None:
        within = bool(((data.Y >= 0.0) & (data.Y <= 1.0)).all())
        if kind in ("softmax", "step") or (kind == "sigmoid" and not within):
            last, settings = replace(last, activation="identity"), {"loss": USUAL}
            return fitted(network, data, (*network.layers[:-1], last), settings)
    elif kind not in USUAL_OF_CLASSES or (network.loss == "binary_cross_entropy" and len(data.classes) > 2):
        chosen = "sigmoid" if len(data.classes) == 2 else "softmax"
        last, settings = replace(last, activation=chosen), {"loss": USUAL_OF_CLASSES[chosen]}
        return fitted(network, data, (*network.layers[:-1], last), settings)
    return fitted(network, data)


def _fits(chosen: str, activation: str) -> bool:
    function = loss(chosen)
    last = Dense(1, activation).function
    joint = last.kind in function.of_net_input
    return joint or (function.of_output is not None and (last.positive or not function.positive))


def _activation(chosen: str, now: str) -> str:
    """The last activation for a loss: what it is, if it fits."""
    if _fits(chosen, now):
        return now
    return next(iter(loss(chosen).of_net_input), "softplus")


def _loss(now: str, activation: str, data: Data) -> str:
    """The loss for a last activation: what it is, if it fits."""
    if _fits(now, activation) and not (data.classes is None and loss(now).of_classes and len(data.outputs) == 1):
        return now
    if data.classes is None:
        return USUAL
    return USUAL_OF_CLASSES.get(Dense(1, activation).function.kind, USUAL)
