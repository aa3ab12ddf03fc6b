"""The one training loop, what it remembers, and what may look on."""

from __future__ import annotations

from clearprop.training.callbacks import Callback, Memory, Moment
from clearprop.training.checkpoint import Checkpoint
from clearprop.training.early_stopping import EarlyStopping
from clearprop.training.history import History
from clearprop.training.interrupts import interrupts
from clearprop.training.loop import Result, train
from clearprop.training.many import train_many
from clearprop.training.progress import Progress
from clearprop.training.split import split

__all__ = [
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "Memory",
    "Moment",
    "Progress",
    "Result",
    "interrupts",
    "split",
    "train",
    "train_many",
]
