"""The network and the settings that a table is learnt with, unless asked otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from clearprop.network.spec import Dense, Network
from clearprop.optimize.optimizers import AdamW
from clearprop.optimize.schedules import OneCycle


@dataclass(frozen=True)
class Recipe:
    """How a table is learnt: the network, the optimizer, and how long."""

    network: Network
    optimizer: AdamW
    batch_size: int
    epochs: int
    patience: int

    def settings(self) -> list[tuple[str, str]]:
        """Names and values, for a person to read."""
        schedule = self.optimizer.schedule
        assert isinstance(schedule, OneCycle)
        return [
            ("optimizer", f"AdamW, weight decay {self.optimizer.weight_decay:g}"),
            ("learning rate", f"one cycle, at most {schedule.rate:g}, over {schedule.steps:,} updates"),
            ("batch size", f"{self.batch_size:,}"),
            ("epochs", f"at most {self.epochs:,}; stops after {self.patience} without improvement"),
            ("dropout", f"{self.network.layers[0].dropout:g} after each hidden layer"),
        ]


HIDDEN = (128, 128)
DROPOUT = 0.1
UPDATES = 30_000  # about so many, for a table of any size


def recipe(inputs: int, classes: int, rows: int, epochs: int | None = None) -> Recipe:
    """Two ReLU layers of 128 units with dropout, AdamW under a one-cycle schedule.

    Args:
        inputs: columns of the matrix.
        classes: how many there are; 0 for a number as the target, which is standardised.
        rows: of the training part.
        epochs: at most so many; None: as many as make about 30,000 updates, from 20 to 200.

    >>> recipe(30, classes=2, rows=400).network.sizes
    (30, 128, 128, 2)
    """
    batch_size = 32 if rows < 3_000 else 128 if rows < 30_000 else 256
    batches = -(-rows // batch_size)
    if epochs is None:
        epochs = min(200, max(20, UPDATES // batches))
    output = Dense(classes, "softmax") if classes else Dense(1, "identity")
    layers = [*(Dense(units, "relu", dropout=DROPOUT) for units in HIDDEN), output]
    return Recipe(
        network=Network(inputs, layers, "cross_entropy" if classes else "half_squared_error"),
        optimizer=AdamW(OneCycle(2e-3, steps=epochs * batches, warmup=0.15), weight_decay=0.02),
        batch_size=batch_size,
        epochs=epochs,
        patience=max(10, epochs // 5),
    )
