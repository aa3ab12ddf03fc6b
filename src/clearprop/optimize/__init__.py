"""How gradients become new parameters: optimizers, and schedules of their learning rate."""

from __future__ import annotations

from clearprop.optimize import schedules
from clearprop.optimize.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "schedules"]
