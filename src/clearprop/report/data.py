"""What a report tells: plain frozen data, filled by whoever trained the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rows:
    """How many rows the table had and what became of them; `dropped` ones could not be used."""

    total: int
    training: int
    held_out: int
    dropped: int = 0


@dataclass(frozen=True)
class Metric:
    """One measure on the held-out rows beside the trivial baseline's, and beside it on rows that were left out.

    `name` and `explanation` are shown as they are; where `name` is a key of `texts.METRICS` ("accuracy",
    "rmse" ...), it is written in the report's language, and so is an explanation that is left out. `share`
    says that the value is a part of one, written as a percentage. `left_out` is the measure on the training rows, each
    answered only by members that had not learnt from it. The best value is taken to be 1 where
    higher is better, else 0.
    """

    name: str
    value: float
    baseline: float
    higher_is_better: bool = True
    explanation: str = ""
    share: bool = False
    left_out: float | None = None


@dataclass(frozen=True)
class History:
    """Losses, and one metric, of each member after each epoch; a list may be empty, a value not finite.

    Each of the columns has a list a member, or is empty. `kept` has the epoch of each member's weights. `stopped` is a
    key of `texts.STOPPED` ("early stopping" ...), or a sentence shown as it is.
    """

    epochs: Sequence[int] = ()
    loss: Sequence[Sequence[float]] = ()
    left_out_loss: Sequence[Sequence[float]] = ()
    metric: str = ""
    metric_is_share: bool = False
    left_out_metric: Sequence[Sequence[float]] = ()
    kept: Sequence[int] = ()
    stopped: str = ""


@dataclass(frozen=True)
class ClassResult:
    """How one class fared on the held-out rows: how many it has, and its precision, recall and F1."""

    label: str
    rows: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ClassErrors:
    """What a classifier got wrong: `counts[true][predicted]` over the labels, and a line for each class."""

    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    classes: Sequence[ClassResult] = ()


@dataclass(frozen=True)
class NumberErrors:
    """What a regression got wrong: true and predicted values of the held-out rows."""

    true: Sequence[float]
    predicted: Sequence[float]


@dataclass(frozen=True)
class Column:
    """One column of the table as it was read.

    `kind` is a key of `texts.KINDS`, or words shown as they are. `left_out` is the reason why a column was not
    used, "" if it was. All but the name are English; on a Chinese page, phrases that `told` knows are Chinese.
    """

    name: str
    kind: str
    became: str = ""
    statistics: str = ""
    note: str = ""
    left_out: str = ""


@dataclass(frozen=True)
class Structure:
    """The network of each of `members`: what layer 1 takes in and the units by layer, and an activation for each layer.

    `parameters` counts those of all members; `temperature` is that of the ensemble. `inputs` and `outputs` name the
    numbers that layer 1 takes in and the units of the last layer, if they have names; `columns` says that column layers
    make these numbers of the inputs.
    """

    sizes: Sequence[int]
    activations: Sequence[str]
    loss: str
    parameters: int
    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    members: int = 1
    temperature: float = 1.0
    columns: bool = False


@dataclass(frozen=True)
class Report:
    """All that `render` shows. `when` is written as given (ISO 8601); `seconds` is the time training took.

    `rows_learnt` counts a row as often as a member learnt from it; `rows_per_second` are these by the time of learning
    alone.

    `task` is "classes" or "numbers", and `errors` its kind. `baseline` is a key of `texts.BASELINES`
    ("most_frequent", "mean") or words. `settings` and `versions` are names and values in English;
    `shell` and `python` are lines that load and use the model. The first metric is the one that counts.
    """

    title: str
    source: str
    target: str
    task: str
    when: str
    rows: Rows
    seconds: float
    rows_per_second: float
    rows_learnt: int
    metrics: Sequence[Metric]
    baseline: str
    history: History
    errors: ClassErrors | NumberErrors
    columns: Sequence[Column]
    structure: Structure
    settings: Sequence[tuple[str, str]] = ()
    shell: Sequence[str] = ()
    python: Sequence[str] = ()
    versions: Sequence[tuple[str, str]] = ()
