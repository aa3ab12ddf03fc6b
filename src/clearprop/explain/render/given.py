"""What a step starts from, as a compact block: matrix by matrix, with a word for what each is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clearprop.explain.explanation import Explanation, Line
from clearprop.explain.ref import SETTINGS, Ref

MOST_GIVEN = 64  # numbers of one matrix that are listed before its middle is left out
FIRST_GIVEN, LAST_GIVEN = 12, 2


@dataclass(frozen=True)
class Given:
    """What stands together: the numbers of a matrix, the matrix itself, all settings, or all that is still 0.

    Attributes:
        label: what it is, in a word or two.
        lines: its numbers, or the matrix; none where `note` says it all.
        left_out: how many numbers after the first `FIRST_GIVEN` are not among the lines.
        note: words in place of numbers.
    """

    label: str
    lines: tuple[Line, ...]
    left_out: int = 0
    note: str = ""


def given_groups(explanation: Explanation, lines: tuple[Line, ...]) -> list[Given]:
    """What was given, in the order of a reader; an optimizer's memory that is all 0 is said in one line."""
    groups: dict[Ref, list[Line]] = {}
    for line in lines:
        whole = Ref("eta") if line.ref.kind in SETTINGS else line.ref.whole
        groups.setdefault(whole, []).append(line)
    memory = [ref for ref in groups if ref.slot]
    empty = bool(memory) and not any(np.any(line.value) for ref in memory for line in groups[ref])
    found = [_given(explanation, ref, group) for ref, group in groups.items() if not (empty and ref.slot)]
    if empty:
        names = ", ".join(dict.fromkeys(ref.slot[0] for ref in memory if ref.slot))
        words = explanation.words
        found.append(Given(words.label("memory"), (), note=words.label("nothing", names=names)))
    return found


def _given(explanation: Explanation, ref: Ref, lines: list[Line]) -> Given:
    key = "settings" if ref.kind in SETTINGS else "memory" if ref.slot else ref.kind
    if ref.of_columns and ref.layer and not ref.slot:
        key = f"{explanation.trace.network.columns[ref.layer - 1].kind}.{ref.parameter[0]}"
    if ref.kind == "b" and explanation.notation.sign(ref) < 0:
        key = "thresholds"
    label = explanation.words.label(key, l=ref.layer)
    if len(lines) <= MOST_GIVEN:
        return Given(label, tuple(lines))
    shown = (*lines[:FIRST_GIVEN], *lines[-LAST_GIVEN:])
    return Given(label, shown, len(lines) - len(shown))
