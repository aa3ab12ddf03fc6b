"""What a check of gradients found: as an object, as text, as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from clearprop.check.places import Place

Verdict = Literal["right", "wrong", "kink"]

WORST = 10
"""So many rows are printed."""


@dataclass(frozen=True)
class GradientRow:
    """One parameter's derivative.

    Attributes:
        place: where the parameter stands.
        numeric: the derivative as found by moving the parameter.
        value: as computed by what is checked.
        relative_error: |value - numeric| over the larger of both.
        verdict: "kink" where J has no derivative, or the numeric one cannot be had, because of a kink.
    """

    place: Place
    numeric: float
    value: float
    verdict: Verdict

    @property
    def id(self) -> str:
        return self.place.id

    @property
    def relative_error(self) -> float:
        if self.value == self.numeric:
            return 0.0
        error = abs(self.value - self.numeric) / max(abs(self.value), abs(self.numeric))
        return error if math.isfinite(error) else math.inf

    def to_json(self) -> dict[str, Any]:
        numbers = {"numeric": self.numeric, "value": self.value, "relative_error": self.relative_error}
        return {"id": self.id, **{name: _finite(one) for name, one in numbers.items()}, "verdict": self.verdict}


@dataclass(frozen=True)
class GradientReport:
    """The rows of a check, in the order of the network, and what they come to.

    Attributes:
        rows: a row for each parameter that was looked at.
        subject: what was checked: an engine, the gradients given, a PyTorch module.
        method: "complex step" or "central differences".
        parameter_count: how many parameters the network has.
        tolerance: the relative error that passes, beside what rounding explains.
        dtype: the float type whose rounding that is.
        network: in short.
        cause: what reproduces the wrong values of the first wrong layer; None where nothing known does.
        note: what else the reader has to know, or None.
    """

    rows: tuple[GradientRow, ...]
    subject: str
    method: str
    parameter_count: int
    tolerance: float
    dtype: str
    network: str
    cause: str | None = None
    note: str | None = None

    @property
    def ok(self) -> bool:
        """Whether no row is wrong."""
        return not self.of("wrong")

    @property
    def first_wrong_layer(self) -> int | None:
        """The layer with wrong rows that is nearest to the output, where the way back meets it first; from 1.

        0 stands for the column layers.
        """
        layers = [row.place.layer + 1 for row in self.of("wrong")]
        return max(layers, default=None)

    def of(self, verdict: Verdict) -> list[GradientRow]:
        """The rows of a verdict."""
        return [row for row in self.rows if row.verdict == verdict]

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, strings and lists; what is not finite is None."""
        return {
            "ok": self.ok,
            "subject": self.subject,
            "network": self.network,
            "method": self.method,
            "tolerance": self.tolerance,
            "dtype": self.dtype,
            "parameters": self.parameter_count,
            "counts": {verdict: len(self.of(verdict)) for verdict in ("right", "wrong", "kink")},
            "first_wrong_layer": self.first_wrong_layer,
            "cause": self.cause,
            "note": self.note,
            "rows": [row.to_json() for row in self.rows],
        }

    def __str__(self) -> str:
        return "\n".join([*self._summary(), *self._table()])

    def _summary(self) -> list[str]:
        right, wrong, kink = (len(self.of(verdict)) for verdict in ("right", "wrong", "kink"))
        lines = [
            f"Gradients of {self.network}, {self.subject}: {'wrong' if wrong else 'right' if right else 'not decided'}",
            f"{right} right, {wrong} wrong, {kink} at a kink, by {self.method}, "
            f"to a relative error of {self.tolerance:g} beside the rounding of {self.dtype}",
        ]
        if len(self.rows) < self.parameter_count:
            lines.append(f"a sample of {len(self.rows)} of the {self.parameter_count} parameters, even over the layers")
        if kink:
            lines.append("at a kink (of relu, |r| …) there is no derivative to compare with")
        if wrong:
            lines += self._first_wrong()
        return [*lines, self.note] if self.note else lines

    def _first_wrong(self) -> list[str]:
        layer = self.first_wrong_layer
        of_layer = (row.place.array for row in self.rows if row.place.layer + 1 == layer)
        arrays = list(dict.fromkeys(of_layer))
        counts = []
        for array in arrays:
            rows = [row for row in self.rows if row.place.array == array]
            wrong = sum(row.verdict == "wrong" for row in rows)
            if rows:
                counts.append(f"{array} {wrong} of {len(rows)} wrong")
        called = layer or "the column layers"
        lines = [f"first layer that disagrees, from the output back: {called} ({', '.join(counts)})"]
        if layer and any(row.place.layer + 1 < layer for row in self.of("wrong")):
            lines.append("errors in the layers below it may follow from it")
        return [*lines, f"likely cause: {self.cause}"] if self.cause else lines

    def _table(self) -> list[str]:
        worst = sorted(self.rows, key=_badness)[:WORST]
        if not worst:
            return []
        cells = [("id", "numeric", "checked", "relative error", "verdict")]
        for row in worst:
            error = f"{row.relative_error:.1e}"
            cells.append((row.id, f"{row.numeric:.9g}", f"{row.value:.9g}", error, row.verdict))
        widths = [max(len(line[column]) for line in cells) for column in range(5)]
        lines = [
            f"{name:<{widths[0]}}"
            + "".join(f"  {one:>{width}}" for one, width in zip(numbers, widths[1:4], strict=True))
            + f"  {verdict}"
            for name, *numbers, verdict in cells
        ]
        return ["", *lines, *([f"… and {len(self.rows) - WORST} more"] if len(self.rows) > WORST else [])]


def _badness(row: GradientRow) -> tuple[int, int, float]:
    """Wrong rows first, those nearest to the output before those that may follow from them; then as printed."""
    order = {"wrong": 0, "kink": 1, "right": 2}
    layer = row.place.layer if row.verdict == "wrong" else 0
    return order[row.verdict], -layer, -float(f"{row.relative_error:.1e}")


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
