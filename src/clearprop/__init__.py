"""clearprop: feed-forward networks you can see through, trained at the speed of the hardware."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

from clearprop.errors import ClearpropError, DivergenceError, InputError, WorkerError
from clearprop.model import Model
from clearprop.network.columns import Embedding, Periodic, PiecewiseLinear, Plain, Scale
from clearprop.network.spec import Dense, Network

if TYPE_CHECKING:
    from clearprop import export, plots
    from clearprop.artefact import TableModel, load, save
    from clearprop.check import GradientReport, WorksheetReport, check_gradients, check_worksheet
    from clearprop.engines.distributed import Distributed
    from clearprop.engines.source import ArraySource
    from clearprop.ensemble import Ensemble
    from clearprop.estimators import Autoencoder, MLPClassifier, MLPRegressor, Perceptron, together
    from clearprop.explain.derive import derive
    from clearprop.explain.trace import Trace, trace
    from clearprop.optimize import SGD, Adam, AdamW, Optimizer, RMSprop, schedules
    from clearprop.playground.opening import play
    from clearprop.table import TableSource
    from clearprop.training import (
        Callback,
        Checkpoint,
        EarlyStopping,
        History,
        Progress,
        Result,
        interrupts,
        train,
        train_many,
    )

# What is not needed to describe a network is imported when it is first used, so that `import clearprop` stays cheap.
_HOMES = {
    "SGD": "optimize",
    "Adam": "optimize",
    "AdamW": "optimize",
    "RMSprop": "optimize",
    "Optimizer": "optimize",
    "schedules": "optimize",
    "train": "training",
    "train_many": "training",
    "interrupts": "training",
    "Result": "training",
    "History": "training",
    "Callback": "training",
    "Progress": "training",
    "EarlyStopping": "training",
    "Checkpoint": "training",
    "Distributed": "engines.distributed",
    "Ensemble": "ensemble",
    "save": "artefact",
    "load": "artefact",
    "TableModel": "artefact",
    "TableSource": "table",
    "ArraySource": "engines.source",
    "Autoencoder": "estimators",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "Perceptron": "estimators",
    "together": "estimators",
    "derive": "explain",
    "trace": "explain",
    "Trace": "explain",
    "check_worksheet": "check",
    "play": "playground.opening",
    "WorksheetReport": "check",
    "check_gradients": "check",
    "GradientReport": "check",
}

# Rooms that are used by their names: cp.export.to_onnx.
_ROOMS = ("export", "plots")

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "ArraySource",
    "Autoencoder",
    "Callback",
    "Checkpoint",
    "ClearpropError",
    "Dense",
    "Distributed",
    "DivergenceError",
    "EarlyStopping",
    "Embedding",
    "Ensemble",
    "GradientReport",
    "History",
    "InputError",
    "MLPClassifier",
    "MLPRegressor",
    "Model",
    "Network",
    "Optimizer",
    "Perceptron",
    "Periodic",
    "PiecewiseLinear",
    "Plain",
    "Progress",
    "RMSprop",
    "Result",
    "Scale",
    "TableModel",
    "TableSource",
    "Trace",
    "WorkerError",
    "WorksheetReport",
    "__version__",
    "check_gradients",
    "check_worksheet",
    "derive",
    "export",
    "interrupts",
    "load",
    "play",
    "plots",
    "save",
    "schedules",
    "together",
    "trace",
    "train",
    "train_many",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"clearprop.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'clearprop' has no attribute {name!r}")
    value = getattr(import_module(f"clearprop.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
