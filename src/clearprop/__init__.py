"""clearprop: feed-forward networks you can see through, trained at the speed of the hardware."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Where each public name lives; it is imported when it is first used, so that `import clearprop` costs next to nothing.
_HOMES = {
    "Dense": "network.spec",
    "Network": "network.spec",
    "Model": "model",
    "SGD": "optimize.optimizers",
    "Adam": "optimize.optimizers",
    "AdamW": "optimize.optimizers",
    "RMSprop": "optimize.optimizers",
    "schedules": "optimize",
    "train": "training",
    "Result": "training",
    "History": "training",
    "Callback": "training",
    "Progress": "training",
    "EarlyStopping": "training",
    "Checkpoint": "training",
    "Perceptron": "estimators",
    "save": "artefact",
    "load": "artefact",
    "TableModel": "artefact",
    "ClearpropError": "errors",
    "InputError": "errors",
    "DivergenceError": "errors",
}

__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from clearprop.errors import ClearpropError, DivergenceError, InputError
    from clearprop.model import Model
    from clearprop.network.spec import Dense, Network
    from clearprop.optimize import schedules
    from clearprop.optimize.optimizers import SGD, Adam, AdamW, RMSprop


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'clearprop' has no attribute {name!r}")
    home = import_module(f"clearprop.{_HOMES[name]}")
    value = import_module(f"clearprop.{_HOMES[name]}.{name}") if name == "schedules" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
