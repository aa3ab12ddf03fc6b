"""What is measured: networks, their tables, and how many operations they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from clearprop.errors import unknown

Kind = Literal["train", "predict", "many"]
Optimizer = Literal["adam", "sgd", "momentum"]
MOMENTUM = 0.9
DRAWN_OPERATIONS = 2e9
"""About how much an epoch of a drawn case costs at most."""
REHEARSED_OPERATIONS = 5e9


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Args:
        name: what it is called on the command line.
        sizes: inputs, then the units of each layer.
        rows: of the table; for "predict" the rows of all calls together.
        batch: rows a step, or a call.
        kind: "train"; "predict", call after call; "many", `nets` separate networks, each on rows of its own.
        activation: of the hidden layers.
        output: "softmax" with cross-entropy, "identity" or "sigmoid" with half the squared error.
        epochs: how many are timed as one; a figure is the time of one epoch (of one call), but for `whole`.
        whole: whether the figure is the time of all epochs together.
        one_core: whether the limit is that of one core: the steps are too small to be worth a second.
        worked_example: whether it is the README's worked example, with its weights and a frozen bias a layer.

    >>> Case("case", (4, 3, 2), rows=10, batch=5).weight_count
    18
    """

    name: str
    sizes: tuple[int, ...]
    rows: int
    batch: int
    kind: Kind = "train"
    activation: str = "relu"
    output: str = "softmax"
    optimizer: Optimizer = "adam"
    rate: float = 1e-3
    epsilon: float = 1e-10  # small, since scikit-learn adds it before the correction of v, the others after
    dtype: str = "float32"
    epochs: int = 1
    whole: bool = False
    nets: int = 1
    one_core: bool = False
    worked_example: bool = False

    @staticmethod
    def from_json(values: dict[str, Any]) -> Case:
        return Case(**{**values, "sizes": tuple(values["sizes"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @cached_property
    def weight_count(self) -> int:
        """P, the weights of one network; biases are not counted."""
        return sum(inputs * units for inputs, units in pairwise(self.sizes))

    @cached_property
    def parameter_count(self) -> int:
        """The weights and biases of one network."""
        biases = len(self.sizes) - 1 if self.worked_example else sum(self.sizes[1:])
        return self.weight_count + biases

    @cached_property
    def operations(self) -> float:
        """F: multiplications and additions of the products alone, in all that is timed as one.

        Training 6·B·P - 2·B·d₀·d₁ a step (no error goes back to the inputs), prediction 2·B·P.

        >>> Case("case", (4, 3, 2), rows=10, batch=5).operations  # two steps: 2 · (6·5·18 - 2·5·4·3)
        840.0
        """
        forward = 2.0 * self.rows * self.weight_count
        if self.kind == "predict":
            return forward
        one = 3.0 * forward - 2.0 * self.rows * self.sizes[0] * self.sizes[1]
        return one * self.nets * self.epochs

    @cached_property
    def shares(self) -> int:
        """By how much the time of what is timed as one is divided to give the figure."""
        if self.kind == "predict":
            return self.rows // self.batch
        return 1 if self.whole else self.epochs

    @property
    def unit(self) -> str:
        """What the figure is the time of."""
        if self.kind == "predict":
            return f"a call of {self.batch:,} row{'s'[: self.batch > 1]}"
        if self.whole:
            return f"{self.epochs:,} steps"
        return "an epoch of all networks" if self.kind == "many" else "an epoch"

    @property
    def data_bytes(self) -> int:
        """Inputs and targets, as they are handed over."""
        target = 8 if self.output == "softmax" else self.sizes[-1] * np.dtype(self.dtype).itemsize
        return self.rows * self.nets * (self.sizes[0] * np.dtype(self.dtype).itemsize + target)

    @property
    def memory_allowance(self) -> int:
        """Bytes beside the data: three times the parameters with the optimizer's state of them, and 64 MiB."""
        slots = 0 if self.kind == "predict" else {"adam": 2, "momentum": 1, "sgd": 0}[self.optimizer]
        numbers = 3 * (1 + slots) * self.parameter_count * self.nets
        return numbers * np.dtype(self.dtype).itemsize + (64 << 20)

    def __str__(self) -> str:
        shape = "-".join(map(str, _shortened(self.sizes)))
        many = f"{self.nets:,} networks " if self.nets > 1 else ""
        how = "" if self.kind == "predict" else f", {self.optimizer}"
        rows = f"{self.rows:,} row{'s'[: self.rows != 1]}"
        return f"{many}{shape} {self.activation}, {rows}, batch {self.batch:,}{how}, {self.dtype}"

    def rehearsal(self) -> Case:
        """The same in float64 and in a few steps: there all agree to many digits, or they do not do the same work.

        In float32, sums in another order grow apart, so that a whole epoch is alike in three digits at the worst. And
        where Adam's ε is so small, it does not matter that scikit-learn adds it before the bias is corrected.
        """
        if self.worked_example:
            return self
        if self.kind == "predict":
            return replace(self, dtype="float64", rows=min(self.rows, 8 * self.batch))
        steps = max(2, min(20, int(REHEARSED_OPERATIONS / (6 * self.batch * self.weight_count))))
        rows = min(self.rows, steps * self.batch + self.batch // 2)  # with a last batch that is short
        return replace(self, dtype="float64", rows=rows, nets=min(self.nets, 8), epochs=2, epsilon=1e-14)

    def smaller(self) -> Case:
        """The same in short, for a run that only shows that all works."""
        rows = min(self.rows, max(4 * self.batch, 64)) if self.kind != "predict" else self.batch * min(4, self.shares)
        batch = min(self.batch, 64) if self.kind == "train" else self.batch
        epochs = min(self.epochs, 100 if self.worked_example else 2)
        sizes = (min(self.sizes[0], 128), *(min(units, 256) for units in self.sizes[1:]))
        rows = self.rows if self.worked_example else min(rows, 512) if self.kind == "train" else rows
        return replace(self, rows=rows, batch=batch, epochs=epochs, sizes=sizes, nets=min(self.nets, 20))


TAB = Case("tab", (30, 128, 128, 2), rows=100_000, batch=256)

CASES: tuple[Case, ...] = (
    Case(
        "tiny",
        (2, 2, 2),
        rows=1,
        batch=1,
        activation="sigmoid",
        output="sigmoid",
        optimizer="sgd",
        rate=0.5,
        dtype="float64",
        epochs=10_000,
        whole=True,
        one_core=True,
        worked_example=True,
    ),
    Case("small", (20, 64, 2), rows=20_000, batch=32, epochs=3, one_core=True),
    TAB,
    Case("mnist", (784, 256, 128, 10), rows=60_000, batch=128),
    Case("wide", (2_048, 2_048, 2_048, 10), rows=8_192, batch=512, rate=1e-4),
    replace(TAB, name="float64", dtype="float64"),
    replace(TAB, name="tanh", activation="tanh"),
    replace(TAB, name="gelu", activation="gelu"),
    Case("regression", (30, 128, 128, 1), rows=100_000, batch=256, output="identity", optimizer="momentum", rate=1e-2),
    Case("batch-1", (20, 64, 2), rows=2_000, batch=1, one_core=True),
    Case("ragged", (37, 101, 53, 7), rows=20_000, batch=100, epochs=3),
    Case("deep", (32, *[32] * 20, 2), rows=10_000, batch=128),
    Case("predict-1", (30, 128, 128, 2), rows=2_000, batch=1, kind="predict", one_core=True),
    Case("predict-10000", (30, 128, 128, 2), rows=100_000, batch=10_000, kind="predict"),
    Case("many", (20, 64, 2), rows=1_000, batch=32, kind="many", nets=1_000, epochs=5),
)


def drawn(seed: int, count: int = 3) -> list[Case]:
    """Cases of shapes drawn at random, so that no shape can be what a path was made for.

    >>> drawn(0) == drawn(0), drawn(0) == drawn(1)
    (True, False)
    """
    rng = np.random.default_rng(seed)
    cases = []
    for number in range(1, count + 1):
        hidden = [int(units) for units in np.exp(rng.uniform(np.log(8), np.log(512), rng.integers(1, 5)))]
        inputs, outputs = int(np.exp(rng.uniform(np.log(5), np.log(500)))), int(rng.integers(2, 21))
        batch = int(np.exp(rng.uniform(np.log(16), np.log(1024))))
        activation = str(rng.choice(["relu", "tanh", "gelu"]))
        case = Case(f"drawn-{number}", (inputs, *hidden, outputs), rows=1, batch=batch, activation=activation)
        rows = min(int(rng.integers(5_000, 50_000)), int(DRAWN_OPERATIONS / case.operations))
        cases.append(replace(case, rows=max(rows, batch)))
    return cases


def chosen(names: Sequence[str], seed: int) -> list[Case]:
    """The cases of these names, in the order of the list, or all and three drawn ones; a wrong name is an error."""
    known = {case.name: case for case in (*CASES, *drawn(seed))}
    for name in names:
        if name not in known:
            raise unknown("case", name, known)
    return [case for case in known.values() if not names or case.name in names]


def _shortened(sizes: tuple[int, ...]) -> tuple[int | str, ...]:
    """Equal neighbours said once, where there are many of them.

    >>> _shortened((4, *[32] * 20, 2))
    (4, '32×20', 2)
    """
    short: list[int | str] = []
    place = 0
    while place < len(sizes):
        end = place
        while end < len(sizes) and sizes[end] == sizes[place]:
            end += 1
        run = end - place
        short += [f"{sizes[place]}×{run}"] if run > 3 else [sizes[place]] * run
        place = end
    return tuple(short)
