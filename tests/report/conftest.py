"""Reports to render, filled as a training run would fill them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest

from clearprop.report import (
    ClassErrors,
    ClassResult,
    Column,
    History,
    Metric,
    NumberErrors,
    Report,
    Rows,
    Structure,
)

CELLS = [
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "points",
    "symmetry",
]
INPUTS = [f"{which} {name}" for which in ("mean", "worst", "error of") for name in CELLS]


def history(epochs: int = 60, members: int = 8) -> History:
    at = range(1, epochs + 1)
    kept = [38 + place * 5 % 13 for place in range(members)]
    loss = [[0.02 + (0.6 + place / 40) * math.exp(-epoch / 9) for epoch in at] for place in range(members)]
    left_out = [
        [0.07 + (0.5 + place / 30) * math.exp(-epoch / 8) + 0.00004 * (epoch - best) ** 2 for epoch in at]
        for place, best in enumerate(kept)
    ]
    return History(
        epochs=tuple(at),
        loss=loss,
        left_out_loss=left_out,
        metric="accuracy",
        metric_is_share=True,
        left_out_metric=[[1 - loss / 2 for loss in one] for one in left_out],
        kept=kept,
        stopped="epochs done",
    )


def results(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> tuple[ClassResult, ...]:
    found = []
    for place, label in enumerate(labels):
        right, rows, named = counts[place][place], sum(counts[place]), sum(row[place] for row in counts)
        precision = right / named if named else math.nan
        recall = right / rows if rows else math.nan
        both = precision + recall
        found.append(ClassResult(label, rows, precision, recall, 2 * precision * recall / both if both else 0.0))
    return tuple(found)


def two_classes(**changes: object) -> Report:
    labels, counts = ("benign", "malignant"), ((70, 1), (2, 41))
    columns = [
        Column(name, "number", f"(x − {14 + place}.13) / {3 + place}.52, softly clipped at ±3")
        for place, name in enumerate(INPUTS)
    ]
    columns[4] = replace(columns[4], statistics="3 missing of 455", note="its texts are read as numbers")
    columns += [
        Column("laboratory", "category", "one input for each of 2 categories"),
        Column("patient", "left out", left_out="an identifier: every row has its own number"),
        Column("unit", "left out", left_out="always 'mm'"),
    ]
    fields: dict[str, object] = {
        "title": "Breast cancer",
        "source": "breast_cancer.csv",
        "target": "diagnosis",
        "task": "classes",
        "when": "2026-03-14T09:26:53+01:00",
        "rows": Rows(569, 455, 114),
        "seconds": 0.84,
        "rows_per_second": 412345.0,
        "rows_learnt": 12_345_678,
        "metrics": (
            Metric("accuracy", 111 / 114, 71 / 114, share=True, left_out=447 / 455),
            Metric("balanced_accuracy", 0.9697, 0.5, share=True),
            Metric("log_loss", 0.0812, 0.6624, higher_is_better=False, left_out=0.0745),
        ),
        "baseline": "most_frequent",
        "history": history(),
        "errors": ClassErrors(labels, counts, results(labels, counts)),
        "columns": tuple(columns),
        "structure": Structure(
            (29, 128, 128, 2),
            ("relu", "relu", "softmax"),
            "cross_entropy",
            20_610,
            (*INPUTS, "laboratory=north", "laboratory=south"),
            labels,
            members=8,
            temperature=1.4,
        ),
        "settings": (
            ("members", "8, each without one of 8 parts of the rows"),
            ("optimizer", "AdamW, weight decay 0.01"),
            ("learning rate", "at most 0.003, in one cycle"),
            ("batch size", "32"),
            ("epochs", "60; each member keeps its best from epoch 8 on"),
            ("dropout", "0.1 after each hidden layer"),
            ("seed", "0"),
        ),
        "shell": (
            "clearprop predict model.safetensors new.csv --out predictions.csv",
            "clearprop evaluate model.safetensors held_out.csv",
        ),
        "python": (
            "import clearprop as cp",
            "",
            'model = cp.load("model.safetensors")',
            "probabilities = model.predict(X)    # (rows, 2)",
        ),
        "versions": (
            ("clearprop", "0.1.0"),
            ("Python", "3.12.8"),
            ("NumPy", "2.2.1"),
            ("platform", "Linux x86_64"),
        ),
    }
    return Report(**{**fields, **changes})  # type: ignore[arg-type]


def many_classes(size: int = 40) -> Report:
    labels = tuple(f"class {chr(97 + place % 26)}{place} of things" for place in range(size))
    counts = [[(place * 7 + other * 3) % 11 // 10 for other in range(size)] for place in range(size)]
    for place in range(size):
        counts[place][place] = 20 + place * 13 % 17
    counts[3] = [0] * size  # a class that no held-out row has
    return two_classes(
        title="Many classes",
        rows=Rows(8000, 6773, sum(map(sum, counts))),
        errors=ClassErrors(labels, counts, results(labels, counts)),
        structure=Structure((64, 256, size), ("relu", "softmax"), "cross_entropy", 26_920, (), labels),
    )


def digits() -> Report:
    labels = tuple("0123456789")
    counts = [[0] * 10 for _ in labels]
    for place in range(10):
        counts[place][place] = 33 + place * 5 % 7
    counts[8][1], counts[9][8], counts[3][5], counts[4][9] = 3, 1, 2, 1
    return two_classes(
        title="Digits",
        source="digits.parquet",
        target="digit",
        rows=Rows(1797, 1438, sum(map(sum, counts))),
        metrics=(
            Metric("accuracy", 0.9804, 0.1, share=True),
            Metric("log_loss", 0.071, 2.303, higher_is_better=False),
        ),
        errors=ClassErrors(labels, counts, results(labels, counts)),
        structure=Structure((64, 128, 10), ("relu", "softmax"), "cross_entropy", 9_610, (), labels),
    )


def numbers(rows: int = 4128) -> Report:
    true = [0.15 + 4.85 * ((place * 0.618034) % 1) ** 2 for place in range(rows)]
    spread = [math.tan(2.6 * ((place * 0.7548777) % 1 - 0.5)) for place in range(rows)]
    predicted = [max(0.1, value + 0.22 * error) for value, error in zip(true, spread, strict=True)]
    fast = [2.4 * math.exp(-epoch / 4) + 0.012 + 0.4 / epoch for epoch in range(1, 121)]
    return two_classes(
        title="House prices",
        source="california_housing.parquet",
        target="median house value",
        task="numbers",
        rows=Rows(20640, 16512, rows),
        seconds=14.2,
        metrics=(
            Metric("r2", 0.8307, -0.0004),
            Metric("rmse", 0.4711, 1.1449, higher_is_better=False),
            Metric("mae", 0.3105, 0.9061, higher_is_better=False),
        ),
        baseline="mean",
        history=History(
            epochs=tuple(range(1, 121)),
            loss=[fast],
            left_out_loss=[[loss * 1.3 + 0.003 for loss in fast]],
            kept=[120],
            stopped="epochs done",
        ),
        errors=NumberErrors(true, predicted),
        structure=Structure(
            (8, 64, 64, 1),
            ("silu", "silu", "identity"),
            "mean_squared_error",
            4801,
            tuple(CELLS[:8]),
            ("price",),
        ),
    )


@pytest.fixture(scope="session")
def samples() -> SimpleNamespace:
    return SimpleNamespace(two_classes=two_classes, many_classes=many_classes, digits=digits, numbers=numbers)
